package check

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/failover-krm/failover/pkg/envoy"
	"github.com/failover-krm/failover/pkg/simulate"
	"github.com/failover-krm/failover/pkg/target"
)

// usual is the traffic and the outage that costs are told for: those of "failover
// simulate", in so many runs.
func usual(runs int) simulate.Options {
	options := simulate.Defaults()
	options.Seeds = runs
	return options
}

// The runs behind a verdict, and behind a finding, which render waits for too.
const (
	runsOfVerdict = 3
	runsOfFinding = 1
)

// Cost is what an outage costs a failover, by simulation.
type Cost struct {
	// Rate is the number of requests a second, and For how long the outage lasts.
	Rate float64
	For  time.Duration
	// Outages has each kind.
	Outages []simulate.Outage
}

// Cost simulates every kind of outage. It is nil where no request reaches a tier, and
// where what keeps a failover from failing over is not simulated, such as tiers that
// are one server; and for what there is no time for.
func (f Failover) Cost() *Cost {
	if f.At == nil || len(f.At.Clusters) == 0 || !f.simulator.HasTime(f.Served()) {
		return nil
	}
	options := usual(runsOfVerdict)
	cost := &Cost{Rate: options.Rate, For: options.For}
	for _, kind := range options.Kinds {
		cost.Outages = append(cost.Outages, f.simulator.Outage(f.Served(), options, kind, nil))
	}
	if f.Verdict == No && cost.failsOver() {
		return nil
	}
	return cost
}

// failsOver tells whether another tier ever answers.
func (c *Cost) failsOver() bool {
	return slices.ContainsFunc(c.Outages, func(outage simulate.Outage) bool { return outage.Failover.Min != nil })
}

// String writes the cost in a line, with the median of the requests lost.
func (c *Cost) String() string {
	var lost []int
	kinds := map[int][]string{}
	latest, never := 0.0, false
	for _, outage := range c.Outages {
		n := outage.Lost.Median
		if kinds[n] == nil {
			lost = append(lost, n)
		}
		kinds[n] = append(kinds[n], string(outage.Kind))
		if outage.Failback.Max == nil {
			never = true
		} else {
			latest = max(latest, *outage.Failback.Max)
		}
	}
	var parts []string
	for _, n := range lost {
		parts = append(parts, fmt.Sprintf("%d (%s)", n, strings.Join(kinds[n], ", ")))
	}
	text := fmt.Sprintf("an outage of %s at %g requests a second loses %s of %d requests", c.For, c.Rate, strings.Join(parts, ", "), c.Outages[0].Sent)
	switch {
	case !c.failsOver():
		return text
	case never:
		return text + "; active may not be back at all"
	}
	return text + fmt.Sprintf("; active is back up to %.0f s after it", latest)
}

// comparison is what an outage costs as things are, and with other settings.
type comparison struct{ is, would simulate.Outage }

// helps tells that fewer requests would be lost.
func (c comparison) helps() bool { return c.would.Lost.Median < c.is.Lost.Median }

// String writes it for a message about what is not written.
func (c comparison) String() string { return c.otherwise("with it") }

// otherwise writes it, and says what the change is.
func (c comparison) otherwise(with string) string {
	return fmt.Sprintf("%s, and %d %s", lost(c.is), c.would.Lost.Median, with)
}

// lost says what an outage costs.
func lost(outage simulate.Outage) string {
	return fmt.Sprintf("%d of %d requests are lost in an outage of %s (%s) at %g a second", outage.Lost.Median, outage.Sent, usual(runsOfFinding).For, outage.Kind, usual(runsOfFinding).Rate)
}

// isSimulated tells that there is a tier to fail over to, so that a simulation says what
// a setting is worth, and time for it.
func (f *failover) isSimulated() bool { return f.hasTiers() && f.Simulator.HasTime(f.served()) }

// with compares what an outage costs as things are, and after a change of the settings.
func (f *failover) with(kind envoy.Kind, change func(*envoy.Settings)) comparison {
	return comparison{f.Simulator.Outage(f.served(), usual(runsOfFinding), kind, nil), f.Simulator.Outage(f.served(), usual(runsOfFinding), kind, change)}
}

// served is what of the failover is simulated.
func (f *failover) served() simulate.Served {
	return simulate.Served{Kind: f.route.Object.Kind, Rule: f.rule, At: f.at, EnvoyGateway: f.version}
}

// retryNextTier is a retry that repeats what cannot connect, on the next tier where the
// version can.
func (f *failover) retryNextTier(s *envoy.Settings) {
	const limit, backOff = 1024, 25 * time.Millisecond
	s.Limits.Retries = max(s.Limits.Retries, limit)
	s.Retry = &envoy.Retry{NumRetries: 2, On: envoy.RetryOn{ConnectFailure: true, ResetBeforeRequest: true}, BackOff: backOff, MaxBackOff: 10 * backOff}
	if f.has(target.NumAttemptsPerPriority) {
		s.Retry.AttemptsPerPriority = 1
	}
}
