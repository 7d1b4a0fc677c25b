package simulate

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/failover-krm/failover/pkg/diagnostic"
)

// WriteText writes a table for each failover, or, of one kind of outage, what each
// second saw and what happened.
func WriteText(w io.Writer, failovers []Failover, options Options) error {
	for i, failover := range failovers {
		if i > 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "%s: %s, an outage of %s, %s\n", failover.Name, failover.Traffic(options), options.For, failover.tiers())
		if failover.Note != "" {
			fmt.Fprintf(w, "%s\n", diagnostic.Printable(failover.Note))
		}
		if len(failover.Outages) == 0 {
			continue
		}
		if err := failover.writeTable(w); err != nil {
			return err
		}
		if len(failover.Outages) == 1 {
			failover.Outages[0].writeStrip(w, failover.Counted())
		}
	}
	return nil
}

// Traffic says what is sent: how many a second, and of what.
func (f Failover) Traffic(options Options) string {
	text := fmt.Sprintf("%g %s a second", options.Rate, f.Counted())
	switch {
	case f.Kind == "GRPCRoute":
		return text + " (gRPC)"
	case f.Counted() == "requests":
		return text + " (" + options.Method + ")"
	}
	return text
}

func (f Failover) tiers() string {
	if len(f.Hosts) == 0 {
		return "no hosts"
	}
	var counts []string
	for _, hosts := range f.Hosts {
		counts = append(counts, fmt.Sprint(hosts))
	}
	if text := strings.Join(counts, "+"); text != "1" {
		return text + " hosts"
	}
	return "1 host"
}

func (f Failover) writeTable(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "OUTAGE\tLOST\tFAIL OVER\tFAIL BACK\tSLOWEST ANSWER")
	for _, outage := range f.Outages {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", outage.Kind, outage.Lost, outage.Failover, outage.Failback, outage.Slowest)
	}
	return table.Flush()
}

// String writes a range, or one number where all are the same.
func (r Range[T]) String() string {
	if r.Min == r.Max {
		return fmt.Sprint(r.Min)
	}
	return fmt.Sprintf("%v to %v", r.Min, r.Max)
}

// String writes a range of seconds.
func (t Times) String() string {
	least, most := seconds(t.Min), seconds(t.Max)
	if least == most {
		return least
	}
	return least + " to " + most
}

func seconds(value *float64) string {
	if value == nil {
		return "never"
	}
	return fmt.Sprintf("%.1f s", *value)
}

// cells stand for what a second saw.
const (
	cellActive  = "█"
	cellPassive = "▒"
	cellBoth    = "▓"
	cellLost    = "×"
	cellNothing = " "
)

// writeStrip writes a cell for each second of the first run, and its events in words,
// which call requests, or connections, as counted says.
func (o Outage) writeStrip(w io.Writer, counted string) {
	if len(o.First.Requests) == 0 {
		return
	}
	last := o.Over()
	fmt.Fprintln(w)
	var scale, strip strings.Builder
	for second := time.Duration(0); second < last; second += time.Second {
		if second%(10*time.Second) == 0 {
			fmt.Fprintf(&scale, "%-10s", second)
		}
		strip.WriteString(o.cell(second))
	}
	fmt.Fprintf(w, "%s\n%s\n", strings.TrimRight(scale.String(), " "), strip.String())
	fmt.Fprintf(w, "%s active  %s passive  %s both  %s some lost; the outage is from %.1f s to %.1f s (the first of the runs)\n\n",
		cellActive, cellPassive, cellBoth, cellLost, o.Outage.Begin.Seconds(), o.Outage.End.Seconds())
	for _, line := range o.Story(counted) {
		fmt.Fprintf(w, "%6.1f s  %s\n", line.At.Seconds(), line.Text)
	}
}

func (o Outage) cell(second time.Duration) string {
	var active, passive, lost bool
	for _, request := range o.First.Requests {
		if request.Sent < second || request.Sent >= second+time.Second {
			continue
		}
		lost = lost || request.Lost()
		active = active || !request.Lost() && request.Tier == o.Outage.Tier
		passive = passive || !request.Lost() && request.Tier != o.Outage.Tier
	}
	switch {
	case lost:
		return cellLost
	case active && passive:
		return cellBoth
	case active:
		return cellActive
	case passive:
		return cellPassive
	}
	return cellNothing
}
