package diagram

import (
	"fmt"
	"slices"
	"strings"

	"github.com/failover-krm/failover/pkg/check"
	"github.com/failover-krm/failover/pkg/envoy"
	"github.com/failover-krm/failover/pkg/envoygateway"
)

// phasesOf tells who serves in calm times, in an outage and after it, by what is
// simulated of an outage of the first tier, of the first kind: its port is closed.
func phasesOf(tiers []Tier, split bool, failover check.Failover) []Phase {
	first, cost := firstOf(tiers), failover.Cost()
	if first >= 0 && cost != nil && cost.Outages[0].Outage == (envoy.Outage{}) { // there was nothing to break
		return phasesWithoutPods(tiers, split)
	}
	if cost != nil && !split { // tiers without pods before the one that serves are down
		first = max(first, cost.Outages[0].Outage.Tier)
	}
	phases := phasesFrom(tiers, split, failover, first, cost)
	for _, phase := range phases {
		for i := range first {
			phase.Roles[i] = Down
		}
	}
	return phases
}

// phasesWithoutPods are those of a failover of which no tier has a pod.
func phasesWithoutPods(tiers []Tier, split bool) []Phase {
	roles := rolesOf(tiers, split, -1, -1)
	for i := range roles {
		if roles[i] == StandsBy {
			roles[i] = Down
		}
	}
	const text = "no pod is there to serve"
	return []Phase{{"calm", roles, text}, {"outage", roles, text}, {"failback", roles, text}}
}

// notKnownFor says why it is not known what becomes of the requests.
func notKnownFor(failover check.Failover) string {
	if slices.ContainsFunc(failover.OfRule.Backends, envoygateway.Backend.IsUnread) {
		return notRead
	}
	return notHere
}

func phasesFrom(tiers []Tier, split bool, failover check.Failover, first int, cost *check.Cost) []Phase {
	phases := []Phase{{Name: "calm"}, {Name: "outage"}, {Name: "failback"}}
	if len(failover.NotHere) > 0 {
		for i := range phases {
			phases[i].Roles, phases[i].Text = slices.Repeat([]Role{NotKnown}, len(tiers)), "depends on what is "+notKnownFor(failover)
		}
		return phases
	}
	if first < 0 || failover.Absent {
		for i := range phases {
			phases[i].Roles, phases[i].Text = rolesOf(tiers, split, -1, -1), "no request reaches a backend"
		}
		return phases
	}
	phases[0].Roles = rolesOf(tiers, split, first, -1)
	phases[0].Text = servesIn(tiers, split, first)
	phases[2].Roles, phases[2].Text = phases[0].Roles, phases[0].Text
	next := -1
	if !split {
		next = nextOf(tiers, first)
	}
	switch {
	case cost == nil && failover.Verdict == check.No:
		phases[1].Roles, phases[1].Text = rolesOf(tiers, split, -1, first), "it does not fail over, for the reason above"
		return phases
	case cost == nil && next >= 0: // there is no time to simulate so many
		phases[1].Roles, phases[1].Text = rolesOf(tiers, split, next, first), serves(tiers[next])
		return phases
	case cost == nil:
		phases[1].Roles, phases[1].Text = rolesOf(tiers, split, first, first), "nothing takes over"
		return phases
	}
	outage := cost.Outages[0]
	lost := fmt.Sprintf("%s of %d %s are lost", outage.During, outage.Sent, cost.Counted)
	if outage.After.Max > 0 {
		lost += fmt.Sprintf(", and %s after it", outage.After)
	}
	if outage.Lost.Max == 0 {
		lost = "no " + strings.TrimSuffix(cost.Counted, "s") + " is lost"
	}
	lost += fmt.Sprintf(" (%s, %s, %g %s a second)", closedPort, short(cost.For), cost.Rate, cost.Counted)
	if outage.Before > 0 {
		phases[0].Text += fmt.Sprintf(", but %d of %d %s are lost", outage.Before, outage.BeforeSent, cost.Counted)
		if outage.Before == outage.BeforeSent {
			phases[0].Text = "every " + strings.TrimSuffix(cost.Counted, "s") + " is lost"
		}
		phases[2].Text = phases[0].Text
	}
	if outage.Failover.Min == nil || next < 0 {
		phases[1].Roles = rolesOf(tiers, split, -1, first)
		phases[1].Text = "nothing takes over: " + lost
		if split {
			phases[1].Roles = rolesOf(tiers, split, first, first)
			phases[1].Text = fmt.Sprintf("no tier takes over the requests of %s: %s", tiers[first].Name, lost)
		}
		return phases
	}
	phases[1].Roles = rolesOf(tiers, split, next, first)
	phases[1].Text = fmt.Sprintf("%s, %s after the outage began; %s", serves(tiers[next]), outage.Failover, lost)
	phases[2].Text = fmt.Sprintf("%s again, %s after the outage", serves(tiers[first]), outage.Failback)
	if outage.Failback.Max == nil {
		phases[2].Text = fmt.Sprintf("%s may not be back at all", tiers[first].Name)
	}
	return phases
}

// closedPort is what the first kind of outage is called in a sentence.
const closedPort = "port closed"

// firstOf returns the tier that serves in calm times, nextOf the one after it; -1 for
// none.
func firstOf(tiers []Tier) int { return nextOf(tiers, -1) }

func nextOf(tiers []Tier, after int) int {
	for i := after + 1; i < len(tiers); i++ {
		if tiers[i].Kind < Unavailable {
			return i
		}
	}
	return -1
}

// rolesOf returns what each tier does where one serves and one is down; -1 for none. What
// is split serves together, except the one that is down.
func rolesOf(tiers []Tier, split bool, serving, down int) []Role {
	roles := make([]Role, len(tiers))
	for i, tier := range tiers {
		switch {
		case i == down:
			roles[i] = Down
		case tier.Kind == Unavailable:
			roles[i] = Errors
		case tier.Kind == Unused:
			roles[i] = Idle
		case i == serving || split && serving >= 0:
			roles[i] = Serves
		default:
			roles[i] = StandsBy
		}
	}
	return roles
}

// serves says that a tier does.
func serves(tier Tier) string {
	if len(tier.Backends) > 1 {
		return tier.Name + " serve"
	}
	return tier.Name + " serves"
}

func servesIn(tiers []Tier, split bool, first int) string {
	if !split {
		return serves(tiers[first])
	}
	var parts []string
	for _, tier := range tiers {
		switch tier.Kind {
		case Shared:
			parts = append(parts, fmt.Sprintf("%s %s", serves(tier), strings.TrimPrefix(tier.Which, "weight ")))
		case Unavailable:
			parts = append(parts, fmt.Sprintf("%s are %s", strings.TrimPrefix(tier.Which, "weight "), tier.Wrong))
		}
	}
	return strings.Join(parts, ", ")
}
