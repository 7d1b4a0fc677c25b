package simulate

import (
	"time"

	"github.com/failover-krm/failover/pkg/envoy"
)

// Runs simulates one outage of a failover as often as the options say, each for the given
// time. The options' own outage is not used. There are none where no request reaches a tier.
func Runs(of Served, options Options, outage envoy.Outage, duration time.Duration) []envoy.Result {
	scenario := planOf(of, options).scenario
	if len(scenario.Tiers) == 0 {
		return nil
	}
	scenario.Traffic.Duration = duration
	scenario.Outages = []envoy.Outage{outage}
	results := make([]envoy.Result, options.Seeds)
	for seed := range results {
		results[seed] = envoy.Simulate(scenario, uint64(seed))
	}
	return results
}
