package diagram

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/failover-krm/failover/pkg/check"
	"github.com/failover-krm/failover/pkg/envoygateway"
)

func thingOf(object envoygateway.Object) Thing {
	return Thing{Kind: object.Kind, Name: strings.TrimPrefix(object.Namespace+"/"+object.Name, "/"), object: object}
}

// listenerOf returns where clients come in: the first listener that serves the rule.
func listenerOf(failover check.Failover) Thing {
	if failover.At == nil {
		return notServed(failover)
	}
	at := failover.At
	thing := thingOf(at.Gateway)
	if at.Listener == "" {
		thing.Wrong = notHere
		if slices.ContainsFunc(failover.Parents, func(parent envoygateway.Parent) bool {
			return parent.Gateway == at.Gateway && parent.Reason == envoygateway.ReasonNotRead
		}) {
			thing.Wrong = notRead
		}
	} else {
		thing.Kind = "listener " + at.Listener + " of " + thing.Kind
		thing.Facts = append(thing.Facts, fmt.Sprintf("%s, port %d", at.Protocol, at.Port))
	}
	if hostnames := few(at.Hostnames); hostnames != "" && hostnames != "*" {
		thing.Facts = append(thing.Facts, hostnames)
	}
	var others []string
	for _, other := range failover.Alike {
		name := other.Listener
		if other.Gateway != at.Gateway || name == "" {
			name = strings.TrimSpace(other.Gateway.String() + " " + name)
		}
		if other.Port != 0 {
			name += fmt.Sprintf(" (%s, port %d)", other.Protocol, other.Port)
		}
		others = append(others, name)
	}
	if len(others) > 0 {
		thing.Facts = append(thing.Facts, "and on "+few(others))
	}
	return thing
}

// notServed says why no listener serves the route.
func notServed(failover check.Failover) Thing {
	thing := Thing{Name: "no Gateway"}
	for i, parent := range failover.Parents {
		if i == 0 {
			thing = thingOf(parent.Gateway)
		}
		if parent.Message != "" {
			thing.Facts = append(thing.Facts, parent.Message)
		}
	}
	thing.Wrong = "no request comes in"
	return thing
}

func routeOf(failover check.Failover) Thing {
	rule := failover.OfRule
	thing := thingOf(failover.Route)
	thing.Kind = fmt.Sprintf("rule %d of %s", failover.Rule, thing.Kind)
	if rule.Name != "" {
		thing.Kind = fmt.Sprintf("rule %d, %s, of %s", failover.Rule, rule.Name, failover.Route.Kind)
	}
	thing.Facts = matchesOf(failover)
	switch {
	case rule.Refused != nil:
		thing.Wrong, thing.Facts = "refused", append(thing.Facts, rule.Refused.Message)
	case len(failover.NotHere) > 0:
	case failover.At != nil && failover.At.Outcome == envoygateway.OutcomeDirectResponse:
		thing.Wrong = fmt.Sprintf("answered %d", failover.At.Status)
		for _, cause := range failover.At.Causes {
			thing.Facts = append(thing.Facts, cause.Message)
		}
	}
	return thing
}

// policiesOf returns the policies in effect, and those that are ignored.
func policiesOf(failover check.Failover) []Thing {
	var policies []Thing
	names := map[envoygateway.Object]bool{}
	if at := failover.At; at != nil {
		for _, layer := range slices.Concat(at.Policy.From, at.ClusterPolicy.From) {
			if !names[layer.Object] {
				policies = append(policies, thingOf(layer.Object))
			}
			names[layer.Object] = true
		}
		if len(policies) == 0 {
			policies = append(policies, Thing{Kind: "BackendTrafficPolicy", Name: "none in effect"})
		}
		// Merged ones are one policy to Envoy; what is in effect stands at the last.
		policies[len(policies)-1].Facts = settingsOf(failover)
	}
	if failover.At != nil {
		for _, cause := range failover.At.Causes {
			if cause.Object.Kind == "BackendTrafficPolicy" && !names[cause.Object] {
				policy := thingOf(cause.Object)
				policy.Wrong, policy.Facts = "refused", []string{cause.Message}
				policies = append(policies, policy)
				names[cause.Object] = true
			}
		}
	}
	for _, ignored := range failover.Ignored {
		if !names[ignored.Policy] {
			policy := thingOf(ignored.Policy)
			policy.Wrong, policy.Facts = wrongIgnored, []string{ignored.Reason}
			policies = append(policies, policy)
		}
		names[ignored.Policy] = true
	}
	return policies
}

// tiersOf returns what serves: the tiers of the one cluster, or the clusters that share
// the requests, and after them the backends that get none.
func tiersOf(failover check.Failover) (tiers []Tier, split bool) {
	if len(failover.NotHere) > 0 {
		return tiersNotKnown(failover), false
	}
	drawn := map[string]bool{}
	var total uint32
	for _, cluster := range failover.Clusters {
		total += cluster.Weight
	}
	split = len(failover.Clusters) > 1
	for _, cluster := range failover.Clusters {
		share := fmt.Sprintf("weight %d of %d", cluster.Weight, total)
		if cluster.Unavailable {
			tier := Tier{Kind: Unavailable, Which: share, Wrong: fmt.Sprintf("answered %d", cluster.Status)}
			if !split {
				tier.Which = "every request"
			}
			for i := range failover.OfRule.Backends {
				if backend := &failover.OfRule.Backends[i]; backend.Invalid != nil && backend.Weight > 0 {
					tier.Backends = append(tier.Backends, backendOf(failover, backend, 0))
					drawn[backend.Path] = true
				}
			}
			tiers = append(tiers, tier)
			continue
		}
		for _, of := range cluster.Tiers {
			tier := Tier{Which: fmt.Sprintf("priority %d", of.Priority)}
			switch {
			case split:
				tier.Kind, tier.Which, tier.Wrong = Shared, share, "split"
			case of.Priority > 0:
				tier.Kind, tier.Which = Standby, tier.Which+", fallback"
			}
			var weights uint32
			for _, backend := range of.Backends {
				weights += backend.Weight
			}
			if len(of.Backends) == 1 {
				weights = 0
			}
			for i := range of.Backends {
				tier.Backends = append(tier.Backends, backendOf(failover, &of.Backends[i], weights))
				drawn[of.Backends[i].Path] = true
			}
			tiers = append(tiers, tier)
		}
	}
	slices.SortStableFunc(tiers, func(a, b Tier) int { return cmp.Compare(a.Kind, b.Kind) })
	tiers = append(tiers, leftOver(failover, drawn)...)
	for i := range tiers {
		tiers[i].Name = nameOf(tiers[i].Backends)
	}
	return tiers, split
}

// tiersNotKnown returns each backend by itself: what is not here may be of any tier.
func tiersNotKnown(failover check.Failover) []Tier {
	var tiers []Tier
	for i := range failover.OfRule.Backends {
		tier := Tier{Kind: Standby, Which: "tier not known", Backends: []Thing{backendOf(failover, &failover.OfRule.Backends[i], 0)}}
		tier.Name = nameOf(tier.Backends)
		tiers = append(tiers, tier)
	}
	return tiers
}

// leftOver returns the backends that are in no cluster.
func leftOver(failover check.Failover, drawn map[string]bool) []Tier {
	var tiers []Tier
	for i := range failover.OfRule.Backends {
		backend := &failover.OfRule.Backends[i]
		if drawn[backend.Path] {
			continue
		}
		tier := Tier{Kind: Unused, Which: "in no cluster", Wrong: "gets nothing", Backends: []Thing{backendOf(failover, backend, 0)}}
		if backend.Weight == 0 {
			tier.Which = "weight 0"
		}
		tiers = append(tiers, tier)
	}
	return tiers
}

// backendOf returns a backend; weights are those of its tier, 0 for a single one.
func backendOf(failover check.Failover, backend *envoygateway.Backend, weights uint32) Thing {
	thing := thingOf(backend.Ref)
	thing.backend = backend
	if weights > 0 {
		thing.Facts = append(thing.Facts, fmt.Sprintf("weight %d of %d", backend.Weight, weights))
	}
	switch {
	case backend.IsUnread():
		thing.Wrong = notRead
	case backend.Weight == 0 && backend.Invalid != nil && backend.Invalid.Reason == envoygateway.ReasonBackendNotFound:
		thing.Wrong = notHere
	case slices.Contains(failover.NotHere, backend.Ref):
		thing.Wrong = notHere
		if backend.Invalid.Reason == envoygateway.ReasonRefNotPermitted {
			thing.Facts = append(thing.Facts, "its ReferenceGrant is "+notHere)
		}
	case backend.Invalid != nil:
		thing.Wrong, thing.Facts = "missing", append(thing.Facts, backend.Invalid.Message)
		if backend.Invalid.Reason != envoygateway.ReasonBackendNotFound {
			thing.Wrong = "refused"
		}
	case backend.Dynamic:
		thing.Facts = append(thing.Facts, "the host that the request names")
	case len(backend.Hosts) == 0:
		thing.Facts = append(thing.Facts, "no host")
	}
	const most = 4
	for i, host := range backend.Hosts {
		if i == most && len(backend.Hosts) > most+1 {
			thing.Facts = append(thing.Facts, fmt.Sprintf("and %d more hosts", len(backend.Hosts)-most))
			break
		}
		thing.Facts = append(thing.Facts, host.String())
	}
	if with := spoken(backend); with != "" {
		thing.Facts = append(thing.Facts, with)
	}
	return thing
}

// spoken says how Envoy speaks to a backend, where that is not plain HTTP/1.1 or TCP.
func spoken(backend *envoygateway.Backend) string {
	var parts []string
	switch backend.Protocol {
	case "HTTP2":
		parts = append(parts, "HTTP/2")
	case "GRPC":
		parts = append(parts, "gRPC")
	}
	if tls := backend.TLS; tls != nil {
		switch {
		case tls.InsecureSkipVerify:
			parts = append(parts, "TLS, not verified")
		case tls.SNI != "":
			parts = append(parts, "TLS to "+tls.SNI)
		default:
			parts = append(parts, "TLS")
		}
	}
	return strings.Join(parts, ", ")
}

// nameOf names backends in short.
func nameOf(backends []Thing) string {
	var names []string
	for _, backend := range backends {
		names = append(names, backend.object.Name)
	}
	return few(names)
}

// few writes the first of a list, and how many more there are.
func few(items []string) string {
	const most = 3
	if len(items) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(items[:most-1], ", "), len(items)-most+1)
	}
	return strings.Join(items, ", ")
}
