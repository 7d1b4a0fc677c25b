package simulate

import (
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/failover-krm/failover/pkg/envoy"
	"github.com/failover-krm/failover/pkg/envoygateway"
)

// plan is what of a failover is simulated.
type plan struct {
	scenario envoy.Scenario
	// broken is the tier that outages break: the one that serves first.
	broken int
	// active is how many hosts that tier has; of a large one, fewer are simulated.
	active int
	// lost is the part of all requests that is lost in any case. Where the traffic is
	// split, the scenario has the part that the first cluster gets.
	lost    float64
	isSplit bool
	// notes say what is special about it.
	notes []string
}

func (p *plan) note(format string, values ...any) {
	p.notes = append(p.notes, fmt.Sprintf(format, values...))
}

// brokenHosts is how many of the hosts that are simulated break; 0 stands for all. Of those
// of a large tier it is the same part, but neither none nor all where it is some.
func (p *plan) brokenHosts(options Options) int {
	if options.BrokenHosts == 0 || options.BrokenHosts >= p.active {
		return 0
	}
	simulated := p.scenario.Tiers[p.broken]
	part := math.Round(float64(options.BrokenHosts) * float64(simulated) / float64(p.active))
	return min(max(1, int(part)), simulated-1)
}

// ActiveHosts is how many hosts the tier that serves first has; 0 where nothing serves.
func (s Served) ActiveHosts(options Options) int { return planOf(s, options).active }

func planOf(failover Served, options Options) plan {
	p := plan{scenario: envoy.Scenario{Workers: options.Workers, Traffic: envoy.Traffic{Rate: options.Rate, Patience: options.Patience}}}
	if failover.At == nil || len(failover.At.Clusters) == 0 {
		p.lost = 1
		p.note("no request reaches a tier")
		return p
	}
	p.scenario.Settings = envoy.SettingsOf(failover.Kind, *failover.Rule, *failover.At, failover.EnvoyGateway)
	var total, unavailable uint32
	var first *envoygateway.Cluster
	for i := range failover.At.Clusters {
		cluster := &failover.At.Clusters[i]
		total += cluster.Weight
		switch {
		case cluster.Unavailable:
			unavailable += cluster.Weight
		case first == nil && cluster.Weight > 0:
			first = cluster
		}
	}
	if first == nil {
		p.lost = 1
		p.note("every request is answered with an error")
		return p
	}
	if len(failover.At.Clusters) > 1 && total > 0 {
		p.isSplit = true
		p.scenario.Traffic.Rate *= float64(first.Weight) / float64(total)
		p.lost = float64(unavailable) / float64(total)
		p.note("split by weight: %d of %d requests go to the cluster that is broken", first.Weight, total)
	}
	p.addTiers(*first, options)
	p.noteFault(failover.At.Policy)
	return p
}

// addTiers counts the hosts of each tier, and of each backend where a tier has several.
// After a tier that serves, one without pods is left out, since nothing takes over there.
func (p *plan) addTiers(cluster envoygateway.Cluster, options Options) {
	scenario := &p.scenario
	scenario.Localities = map[int][]envoy.Locality{}
	isServed := false
	for i, tier := range cluster.Tiers {
		unknown := options.PassiveHosts
		if i == 0 {
			unknown = options.ActiveHosts
		}
		localities, hosts, refusing := hostsOf(tier, unknown)
		all := hosts
		switch {
		case hosts == 0 && isServed:
			return
		case hosts == 0 && refusing > 0:
			p.note("%s has no pod, and refuses every connection", nameOf(tier))
			scenario.Dead = append(scenario.Dead, i)
			scenario.Tiers = append(scenario.Tiers, min(refusing, maxHosts))
			continue
		case hosts == 0:
			p.note("%s has no host", nameOf(tier))
			scenario.Tiers = append(scenario.Tiers, 0)
			continue
		}
		if hosts > maxHosts {
			localities, hosts = shrink(localities, all)
			p.note("%s has %d hosts, of which %d are simulated", nameOf(tier), all, hosts)
		}
		if len(localities) > 1 {
			scenario.Localities[i] = localities
		}
		scenario.Tiers = append(scenario.Tiers, hosts)
		if !isServed && i > 0 {
			p.note("%s serves, and is what breaks", nameOf(tier))
		}
		if !isServed {
			isServed, p.broken, p.active = true, i, all
		}
	}
	if !isServed {
		scenario.Tiers, scenario.Dead, p.lost, p.notes = nil, nil, 1, []string{"no tier has a pod"}
		return
	}
	switch broken := p.brokenHosts(options); {
	case options.BrokenHosts > p.active:
		p.note("all hosts of active are broken, since it has no %d", options.BrokenHosts)
	case broken > 0 && broken != options.BrokenHosts:
		p.note("%d broken hosts are simulated as %d", options.BrokenHosts, broken)
	}
}

func nameOf(tier envoygateway.Tier) string { return fmt.Sprintf("priority %d", tier.Priority) }

// hostsOf counts the hosts of a tier, by backend, and the addresses that have no pod
// behind them.
func hostsOf(tier envoygateway.Tier, unknown int) (localities []envoy.Locality, hosts, refusing int) {
	for _, backend := range tier.Backends {
		locality := envoy.Locality{Weight: backend.Weight}
		if backend.Dynamic {
			locality.Hosts = unknown
		}
		for _, host := range backend.Hosts {
			switch {
			case host.Pods != nil && *host.Pods == 0:
				refusing += host.CountOr(0)
			default:
				locality.Hosts += host.CountOr(unknown)
			}
		}
		hosts += locality.Hosts
		localities = append(localities, locality)
	}
	return localities, hosts, refusing
}

// shrink brings a tier down to the hosts that are simulated, in the same proportions. Each
// backend keeps one, so that there may be a few more.
func shrink(localities []envoy.Locality, all int) (shrunk []envoy.Locality, hosts int) {
	shrunk = slices.Clone(localities)
	for i, locality := range localities {
		if locality.Hosts > 0 {
			shrunk[i].Hosts = max(1, locality.Hosts*maxHosts/all)
		}
		hosts += shrunk[i].Hosts
	}
	return shrunk, hosts
}

// noteFault names the policy that injects faults, and what these are.
func (p *plan) noteFault(policy envoygateway.PolicyInEffect) {
	fault := p.scenario.Settings.Fault
	if fault == nil {
		return
	}
	var does []string
	if fault.AbortPercent > 0 {
		does = append(does, fmt.Sprintf("aborts %s of the requests", percent(fault.AbortPercent)))
	}
	if fault.DelayPercent > 0 {
		does = append(does, fmt.Sprintf("delays %s of the requests by %s", percent(fault.DelayPercent), fault.Delay))
	}
	i := slices.IndexFunc(policy.From, func(layer envoygateway.PolicyLayer) bool { return layer.Spec.FaultInjection != nil })
	from := "the policy in effect"
	if i >= 0 {
		from = policy.From[i].Object.String()
	}
	p.note("faultInjection of %s %s", from, strings.Join(does, ", and "))
	if fault.AbortPercent > 0 && fault.AbortStatus == http.StatusOK {
		p.note("what it aborts is answered with status 200 by Envoy, and by no tier: it counts as lost")
	}
}

// percent writes a share as it is written in a policy, where it is a float32.
func percent(value float64) string { return strconv.FormatFloat(value, 'f', -1, 32) + " %" }
