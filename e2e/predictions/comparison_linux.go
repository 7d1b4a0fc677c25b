package predictions

import (
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/failover-krm/failover/e2e/drill"
	"github.com/failover-krm/failover/e2e/manifests"
	"github.com/failover-krm/failover/pkg/check"
	"github.com/failover-krm/failover/pkg/compile"
	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/document"
	live "github.com/failover-krm/failover/pkg/drill"
	"github.com/failover-krm/failover/pkg/envoy"
	"github.com/failover-krm/failover/pkg/prober"
	"github.com/failover-krm/failover/pkg/target"
)

// runs is how often each drill is simulated.
const runs = 40

// Comparison is what a drill measured, and what was predicted.
type Comparison struct {
	drill.Drill
	Lost, Failover, Failback Figure
	// ByPassive is how many requests of the outage passive answered.
	ByPassive Figure
}

// Figure is a measured number and the range that was predicted.
type Figure = live.Figure

// Agrees tells whether all figures do.
func (c Comparison) Agrees() bool {
	return c.Lost.Agrees() && c.Failover.Agrees() && c.Failback.Agrees()
}

// Settings are those of Envoy for a drill, under a version of Envoy Gateway.
func Settings(d drill.Drill, version string) (envoy.Settings, error) {
	gateway := types.NamespacedName{Namespace: "drills", Name: "drills"}
	var ports []int
	if d.Port > 0 {
		ports = append(ports, d.Port)
	}
	documents, err := document.Parse([]byte(manifests.SharedGateway(gateway, d.Threads(), ports...)+d.Spec(gateway).FailoverSpec()), "drill")
	if err != nil {
		return envoy.Settings{}, err
	}
	checked, err := compile.Check(diagnostic.Subjects(documents), target.Target("envoy-gateway-"+version), check.Options{})
	if err != nil {
		return envoy.Settings{}, err
	}
	isInvalid := func(d diagnostic.Diagnostic) bool { return d.Rule == "" && d.Severity == diagnostic.Error }
	if len(checked.Failovers) != d.RuleCount() || slices.ContainsFunc(checked.Diagnostics, isInvalid) {
		return envoy.Settings{}, fmt.Errorf("%s: %d failovers, not one for each rule, or invalid: %v", d, len(checked.Failovers), checked.Diagnostics)
	}
	found := checked.Failovers[0]
	settings := envoy.SettingsOf(found.Route.Kind, *found.OfRule, *found.At, version)
	if d.NoMergeWindow {
		settings.MergeWindow = 0
	}
	return settings, nil
}

// Scenario is a drill as it is simulated, with the outages of the given times.
func Scenario(d drill.Drill, settings envoy.Settings, active, passive prober.Times, patience time.Duration) envoy.Scenario {
	scenario := envoy.Scenario{
		Tiers: d.Tiers(), Workers: d.Threads(), Settings: settings,
		Traffic: envoy.Traffic{Rate: d.RequestsPerSecond(), Duration: d.Duration(), Patience: patience},
		Outages: []envoy.Outage{{Kind: envoy.Kind(d.Fault), Hosts: d.BrokenHosts(), Begin: active.InForce, End: active.Restored}},
	}
	if d.Kept {
		scenario.Workers = 1 // that which has the connection
	}
	for _, backend := range d.ActiveTier.Backends {
		if scenario.Localities == nil {
			scenario.Localities = map[int][]envoy.Locality{}
		}
		scenario.Localities[0] = append(scenario.Localities[0], envoy.Locality{Hosts: backend.Hosts, Weight: backend.Weight})
	}
	if d.PassiveToo.For > 0 {
		scenario.Outages = append(scenario.Outages, envoy.Outage{Kind: envoy.Kind(d.Fault), Tier: 1, Begin: passive.InForce, End: passive.Restored})
	}
	return scenario
}

// Compare simulates a drill, from when its outage was in force until its tier worked
// again.
func Compare(d drill.Drill, measured drill.Measured, version string, patience time.Duration) (Comparison, error) {
	settings, err := Settings(d, version)
	if err != nil {
		return Comparison{}, err
	}
	scenario := Scenario(d, settings, measured.Outage, measured.Passive, patience)
	if err := scenario.Validate(); err != nil {
		return Comparison{}, fmt.Errorf("%s: %w", d, err)
	}
	var lost, failover, failback, byPassive []float64
	for seed := range uint64(runs) {
		result := envoy.Simulate(scenario, seed)
		predicted := result.Report(scenario.Outages[0])
		byPassive = append(byPassive, float64(answeredByPassive(result, scenario.Outages[0])))
		lost = append(lost, float64(predicted.Lost))
		failover, failback = append(failover, inSeconds(predicted.Failover)), append(failback, inSeconds(predicted.Failback))
	}
	measuredFailover := inSeconds(measured.Failover)
	if measuredFailover >= 0 {
		measuredFailover -= (measured.Outage.InForce - measured.Outage.Broken).Seconds()
	}
	spacing := max(0.3, 1/d.RequestsPerSecond())
	return Comparison{
		Drill:    d,
		Lost:     live.FigureOf(float64(measured.Lost), lost, max(2, 0.05*float64(measured.Lost))),
		Failover: live.FigureOf(measuredFailover, failover, spacing),
		Failback: live.FigureOf(inSeconds(measured.Failback), failback, spacing),
		// Which host a request goes to is a matter of chance.
		ByPassive: live.FigureOf(float64(measured.ByPassive), byPassive, 0.03*float64(measured.ByActive+measured.ByPassive)),
	}, nil
}

func answeredByPassive(result envoy.Result, outage envoy.Outage) int {
	count := 0
	for _, request := range result.Requests {
		if !request.Lost() && request.Tier == 1 && outage.Begin <= request.Sent && request.Sent < outage.End {
			count++
		}
	}
	return count
}

func inSeconds(d time.Duration) float64 {
	if d < 0 {
		return -1
	}
	return d.Seconds()
}
