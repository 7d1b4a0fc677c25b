package main

import (
	"runtime"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/failover-krm/failover/pkg/envoy"
)

// situation is an outage, and the traffic and hosts that it meets.
type situation struct {
	kind   envoy.Kind
	length time.Duration
	rate   int
	// hosts of each of the two tiers.
	hosts int
	runs  int
}

// The grid.
var (
	lengths = []time.Duration{5 * time.Second, 20 * time.Second, time.Minute, 10 * time.Minute}
	rates   = []int{1, 5, 20, 100}
	hosts   = []int{1, 2, 3}
)

const (
	// maxSent keeps the search within minutes: an outage in which more requests are
	// sent is left out.
	maxSent = 6_000
	// manyRuns is how often a situation is run, and fewRuns how often one in which more
	// than longRun requests are sent.
	manyRuns, fewRuns, longRun = 9, 3, 1_000
	// An outage lasts from half its length to one and a half, from run to run: otherwise a
	// time to fail back would tell how the end of an outage happens to meet that of an
	// ejection.
	shortest, longest = 0.5, 1.5

	warmUp   = 6 * time.Second
	patience = 5 * time.Second
	workers  = 2
)

// kinds are those of HTTP, which the profiles are for.
func kinds() []envoy.Kind { return envoy.KindsOf("HTTPRoute") }

// situations are the grid.
func situations() []situation {
	var all []situation
	for _, kind := range kinds() {
		for _, length := range lengths {
			for _, rate := range rates {
				sent := rate * int(length.Seconds())
				runs := manyRuns
				if sent > longRun {
					runs = fewRuns
				}
				for _, hosts := range hosts {
					if sent <= maxSent {
						all = append(all, situation{kind, length, rate, hosts, runs})
					}
				}
			}
		}
	}
	return all
}

// outcome is what the runs of a situation came to.
type outcome struct {
	situation
	lost int
	// repeated are the requests that were tried more than once.
	repeated int
	// most is the most that was lost in a run.
	most int
	// failbacks are those of the runs that failed over.
	failbacks []time.Duration
	slowest   time.Duration
}

// tails are the times after an outage in which active may come back; no ejection is
// longer than five minutes.
var tails = []time.Duration{15 * time.Second, time.Minute, 330 * time.Second}

func (s situation) run(settings envoy.Settings) outcome {
	result := outcome{situation: s}
	for i := range s.runs {
		part := (float64(i) + 0.5) / float64(s.runs)
		length := time.Duration((shortest + part*(longest-shortest)) * float64(s.length))
		// In each run, the outage begins at another time between two requests.
		at := warmUp + time.Duration(part*float64(time.Second)/float64(s.rate))
		outage := envoy.Outage{Kind: s.kind, Begin: at, End: at + length}
		scenario := envoy.Scenario{
			Tiers: []int{s.hosts, s.hosts}, Settings: settings, Workers: workers, Outages: []envoy.Outage{outage},
			Traffic: envoy.Traffic{Rate: float64(s.rate), Patience: patience},
		}
		var run envoy.Result
		var report envoy.Report
		for _, tail := range tails {
			scenario.Traffic.Duration = outage.End + tail
			run = envoy.Simulate(scenario, uint64(i))
			report = run.Report(outage)
			if report.Failback != envoy.Never {
				break
			}
		}
		result.lost += report.Lost
		result.most = max(result.most, report.Lost)
		for _, request := range run.Requests {
			if request.Attempts > 1 {
				result.repeated++
			}
		}
		if report.Failover != envoy.Never {
			result.failbacks = append(result.failbacks, report.Failback)
		}
		result.slowest = max(result.slowest, report.Slowest)
	}
	return result
}

// flapping is what a host costs that comes and goes: for a minute, it answers with 500
// for some seconds and is well for some, more of them from run to run.
func flapping(settings envoy.Settings) outcome {
	const down, total = 4 * time.Second, time.Minute
	result := outcome{situation: situation{kind: envoy.Status500, rate: 20, hosts: 1, runs: manyRuns}}
	for i := range result.runs {
		up := time.Second + time.Duration(i)*500*time.Millisecond
		var outages []envoy.Outage
		for at := warmUp; at < warmUp+total; at += down + up {
			outages = append(outages, envoy.Outage{Kind: result.kind, Begin: at, End: at + down})
		}
		scenario := envoy.Scenario{
			Tiers: []int{1, 1}, Settings: settings, Workers: workers, Outages: outages,
			Traffic: envoy.Traffic{Rate: float64(result.rate), Duration: warmUp + total + tails[0], Patience: patience},
		}
		report := envoy.Simulate(scenario, uint64(i)).Report(outages[0])
		result.lost += report.Lost
		result.most = max(result.most, report.Lost)
	}
	return result
}

// found is what a variant comes to.
type found struct {
	variant
	outcomes []outcome
	flapping outcome
}

// search runs all situations with all variants.
func search(variants []variant, in []situation) []found {
	results := make([]found, len(variants))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, v := range variants {
		group.Go(func() error {
			results[i] = found{variant: v, flapping: flapping(v.settings)}
			for _, s := range in {
				results[i].outcomes = append(results[i].outcomes, s.run(v.settings))
			}
			return nil
		})
	}
	_ = group.Wait() // none fails
	return results
}

// oneHost keeps the situations of one host a tier.
func oneHost(all []situation) []situation {
	return slices.DeleteFunc(slices.Clone(all), func(s situation) bool { return s.hosts > 1 })
}

// ofOneHost is what was found with one host a tier.
func (f found) ofOneHost() found {
	f.outcomes = where(f.outcomes, func(o outcome) bool { return o.hosts == 1 })
	return f
}

// quickSituations are a few of them, once each.
func quickSituations() []situation {
	few := oneHost(situations())
	few = slices.DeleteFunc(few, func(s situation) bool { return s.rate > 20 || s.length > time.Minute })
	for i := range few {
		few[i].runs = 1
	}
	return few
}
