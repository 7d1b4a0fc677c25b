package diagram

import (
	"fmt"

	"github.com/failover-krm/failover/pkg/envoy"
	"github.com/failover-krm/failover/pkg/simulate"
)

// Simulated returns what was simulated as runs to draw: the first run of each outage, with
// the numbers of all runs.
func Simulated(failovers []simulate.Failover, options simulate.Options) []Run {
	var runs []Run
	for _, failover := range failovers {
		for _, outage := range failover.Outages {
			run := Run{
				Name:    failover.Name,
				Setting: fmt.Sprintf("%s for %s, %s", kindInWords[outage.Kind], short(options.For), failover.Traffic(options)),
				Tiers:   tierNames(failover),
				Note:    failover.Note,
				Facts: []Fact{
					{failover.Counted() + " lost", outage.LostText()},
					{"slowest answer", outage.Slowest.String()},
					{"fails over after", outage.Failover.String()},
					{"fails back after", outage.Failback.String()},
				},
			}
			run.course(outage, failover.Counted())
			runs = append(runs, run)
		}
	}
	return runs
}

// course takes what was sent, and the events, of an outage's first run, until it is over.
func (r *Run) course(outage simulate.Outage, counted string) {
	r.Begin, r.End, r.Until = outage.Outage.Begin, outage.Outage.End, outage.Over()
	for _, request := range outage.First.Requests {
		if request.Sent < r.Until {
			r.Samples = append(r.Samples, Sample{request.Sent, request.Tier, request.Lost()})
		}
	}
	for _, moment := range outage.Story(counted) {
		r.Events = append(r.Events, Event{moment.At, moment.Text})
	}
}

// kindInWords says what each kind of outage is.
var kindInWords = map[envoy.Kind]string{
	envoy.Closed:      "port closed",
	envoy.Status500:   "answers 500",
	envoy.Status503:   "answers 503",
	envoy.Unavailable: "answers UNAVAILABLE",
	envoy.Internal:    "answers INTERNAL",
	envoy.Hang:        "hangs",
	envoy.Dropped:     "packets dropped",
}

// tierNames names the tiers that are simulated, by their backends.
func tierNames(failover simulate.Failover) []string {
	names := make([]string, 0, len(failover.Hosts))
	for i := range failover.Hosts {
		names = append(names, fmt.Sprintf("priority %d", i))
	}
	if failover.At == nil {
		return names
	}
	for _, cluster := range failover.At.Clusters {
		if cluster.Unavailable || len(cluster.Tiers) != len(names) {
			continue
		}
		for i, tier := range cluster.Tiers {
			var backends []string
			for _, backend := range tier.Backends {
				backends = append(backends, backend.Ref.Name)
			}
			names[i] = few(backends)
		}
		return names
	}
	return names
}
