package diagram

import (
	"fmt"
	"time"

	"github.com/failover-krm/failover/pkg/envoy"
	"github.com/failover-krm/failover/pkg/simulate"
)

// Measured is what a drill on a real Envoy measured, as it is written down.
type Measured struct {
	// Name is that of the drill's policy, and Kind how the tier was broken.
	Name string     `json:"name"`
	Kind envoy.Kind `json:"kind"`
	// Method and Rate are those of the requests.
	Method string  `json:"method"`
	Rate   float64 `json:"rate"`
	// EnvoyGateway is its version.
	EnvoyGateway string   `json:"envoyGateway"`
	Tiers        []string `json:"tiers"`
	// Begin and End are when the tier was broken and restored, in milliseconds from the
	// first request.
	Begin int64 `json:"begin"`
	End   int64 `json:"end"`
	// Requests has of each when it was due and how long it took, in milliseconds, its
	// status (0 for no answer) and the index of the tier that answered (-1 for none).
	Requests [][4]int64 `json:"requests"`
}

// Run returns what was measured as a run to draw. It is told as a simulated one is, but
// that nobody saw what Envoy did.
func (m Measured) Run() Run {
	milliseconds := func(n int64) time.Duration { return time.Duration(n) * time.Millisecond }
	outage := simulate.Outage{Kind: m.Kind, Outage: envoy.Outage{Kind: m.Kind, Begin: milliseconds(m.Begin), End: milliseconds(m.End)}}
	for _, request := range m.Requests {
		outage.First.Requests = append(outage.First.Requests, envoy.Request{
			Sent: milliseconds(request[0]), Latency: milliseconds(request[1]), Status: int(request[2]), Tier: int(request[3]),
		})
	}
	report := outage.First.Report(outage.Outage)
	run := Run{
		Name: m.Name, Tiers: m.Tiers,
		Setting: fmt.Sprintf("%s for %s, %g requests a second (%s), measured with Envoy Gateway %s", kindInWords[m.Kind], short((outage.Outage.End - outage.Outage.Begin).Round(time.Second)), m.Rate, m.Method, m.EnvoyGateway),
		Facts: []Fact{
			{"requests lost", fmt.Sprintf("%d of %d", report.Lost, report.Requests)},
			{"slowest answer", seconds(report.Slowest)},
			{"fails over after", seconds(report.Failover)},
			{"fails back after", seconds(report.Failback)},
		},
	}
	run.course(outage, "requests")
	return run
}

// seconds writes a time, or that it never comes.
func seconds(d time.Duration) string {
	if d == envoy.Never {
		return "never"
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}
