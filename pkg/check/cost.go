package check

import (
	"fmt"
	"math"
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
	// Counted is what is counted: requests, or connections.
	Counted string
	// Outages has each kind that the failover can have.
	Outages []simulate.Outage
}

// Cost simulates every kind of outage. It is nil where no request reaches a tier, and
// where what keeps a failover from failing over is not simulated, such as tiers that
// are one server; for what depends on objects that are not here; and for what there is no
// time for.
// Of listeners that serve it in different ways, it is that of the one that loses most.
func (f Failover) Cost() *Cost {
	var worst *Cost
	for _, on := range f.Distinct() {
		cost := on.cost()
		if cost == nil {
			return nil
		}
		if worst == nil || cost.lost() > worst.lost() {
			worst = cost
		}
	}
	return worst
}

// lost is how many requests are lost in all outages together.
func (c *Cost) lost() int {
	lost := 0
	for _, outage := range c.Outages {
		lost += outage.Lost.Median
	}
	return lost
}

func (f Failover) cost() *Cost {
	if f.Absent || len(f.NotHere) > 0 || f.At == nil || len(f.At.Clusters) == 0 || !f.simulator.HasTime(f.Served()) {
		return nil
	}
	options := usual(runsOfVerdict)
	cost := &Cost{Rate: options.Rate, For: options.For, Counted: f.Served().Counted()}
	for _, kind := range f.Served().Kinds(options.Kinds) {
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
	var lost []string
	kinds := map[string][]string{}
	latest, never := 0.0, false
	for _, outage := range c.Outages {
		n := fmt.Sprint(outage.During.Median)
		if after := outage.After.Median; after > 0 {
			n += fmt.Sprintf(" and %d after it", after)
		}
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
		parts = append(parts, fmt.Sprintf("%s (%s)", n, strings.Join(kinds[n], ", ")))
	}
	text := fmt.Sprintf("an outage of %s at %g %s a second loses %s of %d %[3]s", c.For, c.Rate, c.Counted, strings.Join(parts, ", "), c.Outages[0].Sent)
	switch {
	case !c.failsOver():
		return text
	case never:
		return text + "; active may not be back at all"
	}
	return text + fmt.Sprintf("; active is back up to %.0f s after it", math.Ceil(latest))
}

// comparison is what an outage costs as things are, and with other settings.
type comparison struct {
	counted   string
	is, would simulate.Outage
}

// helps tells that fewer requests would be lost.
func (c comparison) helps() bool { return c.would.Lost.Median < c.is.Lost.Median }

// String writes it for a message about what is not written.
func (c comparison) String() string { return c.otherwise("with it") }

// otherwise writes it, and says what the change is.
func (c comparison) otherwise(with string) string {
	options := usual(runsOfFinding)
	after := ""
	if n := c.is.After.Median; n > 0 {
		after = fmt.Sprintf(" and %d after it", n)
	}
	return fmt.Sprintf("%d of %d %s are lost in an outage of %s%s (%s) at %g a second, and %d %s",
		c.is.During.Median, c.is.Sent, c.counted, options.For, after, c.is.Kind, options.Rate, c.would.Lost.Median, with)
}

// isSimulated tells that there is a tier to fail over to, so that a simulation says what
// a setting is worth, and time for it.
func (f *failover) isSimulated() bool {
	if f.asked.isSimulated == nil {
		f.asked.isSimulated = new(f.hasTiers() && f.Simulator.HasTime(f.served()))
	}
	return *f.asked.isSimulated
}

// asked is what several rules ask the Simulator about a failover.
type asked struct {
	isSimulated *bool
	// asIs has what outages cost as things are.
	asIs map[envoy.Kind]simulate.Outage
}

func newAsked() asked { return asked{asIs: map[envoy.Kind]simulate.Outage{}} }

// with compares what an outage costs as things are, and after a change of the settings. What
// is lost on purpose says nothing of it. Where nothing is lost, there is nothing to compare.
func (f *failover) with(kind envoy.Kind, change func(*envoy.Settings)) comparison {
	cost := func(change func(*envoy.Settings)) simulate.Outage {
		return f.Simulator.Outage(f.served(), usual(runsOfFinding), kind, func(s *envoy.Settings) { s.Fault = nil; change(s) })
	}
	is, isKnown := f.asked.asIs[kind]
	if !isKnown {
		is = cost(func(*envoy.Settings) {})
		f.asked.asIs[kind] = is
	}
	if is.Lost.Median == 0 {
		return comparison{f.served().Counted(), is, is}
	}
	return comparison{f.served().Counted(), is, cost(change)}
}

// answersError is the outage in which the application answers each request with an error.
func (f *failover) answersError() envoy.Kind {
	if slices.Contains(f.served().Kinds(envoy.Kinds()), envoy.Internal) {
		return envoy.Internal
	}
	return envoy.Status500
}

// answersUnavailable is the one in which the application says that it is not available.
func (f *failover) answersUnavailable() envoy.Kind {
	if f.answersError() == envoy.Internal {
		return envoy.Unavailable
	}
	return envoy.Status503
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
