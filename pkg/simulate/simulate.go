// Package simulate tells what an outage costs a failover: many runs of package envoy,
// for each kind of outage, as ranges.
package simulate

import (
	"cmp"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/failover-krm/failover/pkg/envoy"
	"github.com/failover-krm/failover/pkg/envoygateway"
)

// Options are the traffic and the outage.
type Options struct {
	// Kinds of outage, each of which is simulated for the failovers that can have it.
	Kinds []envoy.Kind
	// Rate is the number of requests a second, Method theirs. Envoy repeats a POST as it
	// repeats a GET.
	Rate   float64
	Method string
	// Patience is how long a client waits for an answer.
	Patience time.Duration
	// Begin and For say when the outage is, counted from the first request.
	Begin, For time.Duration
	// Workers is the number of threads of Envoy.
	Workers int
	// ActiveHosts and PassiveHosts are the numbers of hosts of a backend where the
	// manifests do not say.
	ActiveHosts, PassiveHosts int
	// BrokenHosts is how many hosts of active are broken; 0 stands for all.
	BrokenHosts int
	// Seeds is the number of runs.
	Seeds int
}

// Defaults are the options where a user gives none.
func Defaults() Options {
	return Options{
		Kinds: envoy.Kinds(), Rate: 20, Method: "GET", Patience: 5 * time.Second, Begin: 5 * time.Second, For: 20 * time.Second,
		Workers: 2, ActiveHosts: 1, PassiveHosts: 1, Seeds: 20,
	}
}

// The limits of what is simulated. They keep a call below a minute.
const (
	maxRequests = 10_000_000
	maxSeeds    = 1000
	maxHosts    = 100
	maxWorkers  = 128
)

// Validate tells all that is wrong with options.
func (o Options) Validate() error {
	var errs []error
	between := func(name string, value, least, most int) {
		if value < least || value > most {
			errs = append(errs, fmt.Errorf("--%s %d: must be from %d to %d", name, value, least, most))
		}
	}
	between("workers", o.Workers, 1, maxWorkers)
	between("active-hosts", o.ActiveHosts, 1, maxHosts)
	between("passive-hosts", o.PassiveHosts, 1, maxHosts)
	if o.BrokenHosts < 0 {
		errs = append(errs, fmt.Errorf("--broken-hosts %d: must be 0, for all, or more", o.BrokenHosts))
	}
	between("seeds", o.Seeds, 1, maxSeeds)
	if !(o.Rate >= 0.01 && o.Rate <= 10000) { // nor NaN
		errs = append(errs, fmt.Errorf("--rate %g: must be from 0.01 to 10000 requests a second", o.Rate))
	}
	if o.Patience <= 0 {
		errs = append(errs, fmt.Errorf("--patience %s: must be longer than 0s", o.Patience))
	}
	if o.Begin < 0 || o.For <= 0 {
		errs = append(errs, fmt.Errorf("--begin %s, --for %s: an outage must not begin before 0s, and must last longer than 0s", o.Begin, o.For))
	}
	if len(errs) == 0 && o.Rate*(o.Begin+o.For+longestTail).Seconds()*float64(o.Seeds*len(o.Kinds)) > maxRequests {
		errs = append(errs, fmt.Errorf("more than %d requests to simulate: lower --rate, --for or --seeds", maxRequests))
	}
	return errors.Join(errs...)
}

// Served is a rule of a route, as a version of Envoy Gateway serves it.
type Served struct {
	// Name is what the rule is called in messages.
	Name string
	// Kind is that of the route, such as HTTPRoute.
	Kind string
	Rule *envoygateway.Rule
	// At is the listener that serves it; nil where none does.
	At *envoygateway.Attachment
	// EnvoyGateway is the version, such as 1.8.2.
	EnvoyGateway string
	// NotHere are backends of which it is not known what they are; while there are any,
	// nothing can be simulated.
	NotHere []string
}

// Kinds are the kinds of outage, of those that are asked for, that the failover can have.
func (s Served) Kinds(asked []envoy.Kind) []envoy.Kind {
	has := envoy.KindsOf(s.Kind)
	return slices.DeleteFunc(slices.Clone(asked), func(kind envoy.Kind) bool { return !slices.Contains(has, kind) })
}

// CanHave says which kinds of outage the failover can have.
func (s Served) CanHave() string {
	var has []string
	for _, kind := range envoy.KindsOf(s.Kind) {
		has = append(has, string(kind))
	}
	return fmt.Sprintf("%s can have %s", envoygateway.WithArticle(s.Kind), strings.Join(has, ", "))
}

// Counted is what is counted, in the plural: connections where Envoy sees only these.
func (s Served) Counted() string {
	if envoy.SeesConnections(s.Kind) {
		return "connections"
	}
	return "requests"
}

// Failover is what outages cost one failover.
type Failover struct {
	Served
	// Hosts of each tier.
	Hosts []int
	// Note says what is special about it, such as that it is split, or served nowhere.
	Note    string
	Outages []Outage

	isSplit bool
}

// Outage is what one kind of outage costs.
type Outage struct {
	Kind envoy.Kind
	// Sent is the number of requests, or connections, that are sent while it lasts.
	Sent int
	// Lost is how many were lost: During of those that were sent while the outage lasted,
	// After of those since, and those that were sent before and that it cut off.
	Lost, During, After Range[int]
	// Before is how many of BeforeSent, which were sent before it began, were lost without
	// being cut off, in the first run.
	Before, BeforeSent int
	// The times of each run, in seconds; those that never come are nil.
	Failover, Failback, Slowest Times
	// Ejection is the longest of a host, in any run.
	Ejection time.Duration
	// First is the first run, with each of its requests.
	First  envoy.Result
	Outage envoy.Outage
}

// Range is what runs came to.
type Range[T int | float64] struct {
	Min    T `json:"min"`
	Median T `json:"median"`
	Max    T `json:"max"`
}

// Times are a range of seconds; nil stands for never. Where some runs never come to
// it, Max is nil, and Min that of the others.
type Times struct {
	Min    *float64 `json:"min"`
	Median *float64 `json:"median"`
	Max    *float64 `json:"max"`
}

// Run simulates the outages of failovers.
func Run(failovers []Served, options Options) ([]Failover, error) {
	if err := options.Validate(); err != nil {
		return nil, err
	}
	results := make([]Failover, len(failovers))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, failover := range failovers {
		if len(failover.NotHere) > 0 {
			results[i] = Failover{Served: failover, Note: "not simulated: not in these files, not permitted by them, or not read: " + strings.Join(failover.NotHere, ", ") + ": give the files that have them too, or --complete where nothing else is in the cluster"}
			continue
		}
		planned := planOf(failover, options)
		kinds := failover.Kinds(options.Kinds)
		if len(kinds) == 0 {
			planned.note("not simulated: %s", failover.CanHave())
		}
		results[i] = Failover{Served: failover, Hosts: planned.scenario.Tiers, Note: strings.Join(planned.notes, "; "), isSplit: planned.isSplit, Outages: make([]Outage, len(kinds))}
		for j, kind := range kinds {
			group.Go(func() error {
				results[i].Outages[j] = runOutage(&envoy.Runner{}, planned, kind, options)
				return nil
			})
		}
	}
	_ = group.Wait() // there are no errors
	for i := range results {
		results[i].tellLostInCalm()
	}
	return results, nil
}

// tellLostInCalm notes that requests are lost without an outage too.
func (f *Failover) tellLostInCalm() {
	for _, outage := range f.Outages {
		if outage.Before > 0 && !f.isSplit {
			lost := fmt.Sprintf("%s are lost without an outage too: %d of %d before it", f.Counted(), outage.Before, outage.BeforeSent)
			f.Note = strings.TrimPrefix(f.Note+"; "+lost, "; ")
			return
		}
	}
}

const (
	// longestTail is the time after an outage in which active may come back, since no
	// ejection is longer than five minutes.
	longestTail = 330 * time.Second
	// calm is how long only active must have answered for an outage to be over.
	calm = 5 * time.Second
)

// runOutage simulates an outage. What it returns of the first run is good until the next run of
// the runner.
func runOutage(runner *envoy.Runner, planned plan, kind envoy.Kind, options Options) Outage {
	result := Outage{Kind: kind, Sent: int(options.Rate * options.For.Seconds())}
	if len(planned.scenario.Tiers) == 0 {
		result.Lost = Range[int]{result.Sent, result.Sent, result.Sent}
		result.During = result.Lost
		return result
	}
	var all, during, after []int
	var failover, failback, slowest []time.Duration
	// Each run is in the memory of the one before, so that the first one comes last.
	for seed := options.Seeds - 1; seed >= 0; seed-- {
		run, outage := runOnce(runner, planned, kind, seed, options)
		report := run.Report(outage)
		lost := lossesOf(run, outage)
		if lost.before > 0 || planned.scenario.Settings.Fault != nil {
			lost.after = 0 // what is lost in any case says nothing of the outage
		}
		lost.during += int(planned.lost * float64(result.Sent))
		all, during, after = append(all, lost.cutOff+lost.during+lost.after), append(during, min(lost.during, result.Sent)), append(after, lost.after)
		failover, failback, slowest = append(failover, report.Failover), append(failback, report.Failback), append(slowest, report.Slowest)
		result.Ejection = max(result.Ejection, run.LongestEjection())
		if seed == 0 {
			result.First, result.Outage = run, outage
			result.Before, result.BeforeSent = lost.before, lost.sentBefore
		}
	}
	result.Lost, result.During, result.After = rangeOf(all), rangeOf(during), rangeOf(after)
	result.Failover, result.Failback, result.Slowest = timesOf(failover), timesOf(failback), timesOf(slowest)
	return result
}

// losses are the requests that are lost, by when they were sent: before an outage, while it
// lasted, and since. Of those before, it cut some off.
type losses struct {
	sentBefore, before, cutOff, during, after int
}

func lossesOf(run envoy.Result, outage envoy.Outage) losses {
	var lost losses
	for _, request := range run.Requests {
		if request.Sent < outage.Begin {
			lost.sentBefore++
		}
		switch {
		case !request.Lost():
		case request.IsCutOff(outage):
			lost.cutOff++
		case request.Sent < outage.Begin:
			lost.before++
		case request.Sent < outage.End:
			lost.during++
		default:
			lost.after++
		}
	}
	return lost
}

func rangeOf(counts []int) Range[int] {
	slices.Sort(counts)
	return Range[int]{counts[0], counts[len(counts)/2], counts[len(counts)-1]}
}

// LostText says how many of what was sent in the outage are lost, and how many after it.
func (o Outage) LostText() string {
	text := fmt.Sprintf("%s of %d", o.During, o.Sent)
	if o.After.Max > 0 {
		text += fmt.Sprintf(", and %s after it", o.After)
	}
	return text
}

// runOnce simulates until active is back, or cannot be expected any more. In each run,
// the outage begins at another time between two requests.
func runOnce(runner *envoy.Runner, planned plan, kind envoy.Kind, seed int, options Options) (envoy.Result, envoy.Outage) {
	scenario := planned.scenario
	phase := time.Duration((float64(seed) + 0.5) / float64(options.Seeds) * float64(time.Second) / scenario.Traffic.Rate)
	outage := envoy.Outage{Kind: kind, Tier: planned.broken, Hosts: planned.brokenHosts(options), Begin: options.Begin + phase}
	outage.End = outage.Begin + options.For
	scenario.Outages = []envoy.Outage{outage}
	scenario.Traffic.Duration, scenario.Traffic.Calm = outage.End+longestTail, calm
	return runner.Run(scenario, uint64(seed)), outage
}

// timesOf returns the range of times, of which those that never come are the longest.
func timesOf(times []time.Duration) Times {
	slices.SortFunc(times, func(a, b time.Duration) int {
		switch {
		case a == envoy.Never && b == envoy.Never:
			return 0
		case a == envoy.Never:
			return 1
		case b == envoy.Never:
			return -1
		}
		return cmp.Compare(a, b)
	})
	at := func(i int) *float64 {
		if times[i] == envoy.Never {
			return nil
		}
		seconds := times[i].Round(time.Millisecond).Seconds()
		return &seconds
	}
	return Times{at(0), at(len(times) / 2), at(len(times) - 1)}
}
