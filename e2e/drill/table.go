//go:build linux

package drill

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/failover-krm/failover/pkg/prober"
)

// Result is what the runs of one drill came to.
type Result struct {
	Drill   Drill
	Reports []prober.Report
}

// Table writes results as a Markdown table. Where runs differ, it shows the
// range.
func Table(results []Result) string {
	var table strings.Builder
	table.WriteString("| policy | broken by | requests | runs | lost | of them cut off | failover | failback | worst answer |\n")
	table.WriteString("|---|---|---|---|---|---|---|---|---|\n")
	for _, result := range results {
		fmt.Fprintf(&table, "| %s | %s | %s | %d | %s | %s | %s | %s | %s |\n",
			result.Drill.Policy.Name, result.Drill.Fault, result.Drill.Method, len(result.Reports),
			result.lost(), result.cutOff(),
			result.seconds(func(r prober.Report) time.Duration { return r.Failover }),
			result.seconds(func(r prober.Report) time.Duration { return r.Failback }),
			result.seconds(func(r prober.Report) time.Duration { return r.Worst }),
		)
	}
	return table.String()
}

func (r Result) lost() string {
	return r.count(func(report prober.Report) int { return report.Lost })
}

func (r Result) cutOff() string {
	return r.count(func(report prober.Report) int { return report.CutOff })
}

func (r Result) count(of func(prober.Report) int) string {
	var all []int
	for _, report := range r.Reports {
		all = append(all, of(report))
	}
	least, most := slices.Min(all), slices.Max(all)
	if least == most {
		return fmt.Sprint(least)
	}
	return fmt.Sprintf("%d to %d", least, most)
}

func (r Result) seconds(of func(prober.Report) time.Duration) string {
	var all []time.Duration
	for _, report := range r.Reports {
		all = append(all, of(report))
	}
	least, most := prober.Seconds(slices.Min(all)), prober.Seconds(slices.Max(all))
	if least == most {
		return least
	}
	return least + " to " + most
}
