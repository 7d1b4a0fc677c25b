package check

import (
	"fmt"
	"reflect"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/utils/ptr"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/envoygateway"
)

// tierRules are about the tiers of a cluster.
var tierRules = []Rule{
	{
		ID: "tiers-in-separate-rules", Severity: diagnostic.Error,
		Summary:     "The fallback Backend is in one rule of a route, and the primary in another.",
		Explanation: "Each rule is a cluster of its own. Envoy sends a request only to the cluster of the first rule that matches: the fallback gets only the requests that its own rule matches.",
		Fix:         "Put both Backends into the backendRefs of one rule.",
		ofFailover:  tiersInSeparateRules,
	},
	{
		ID: "rules-could-be-one", Severity: diagnostic.Info,
		Summary: "Two rules of an HTTPRoute differ only in their matches.",
		Explanation: "Each rule is a cluster of its own in Envoy, with hosts, connections and health checks of its own. It learns of an outage only from its own requests: each rule loses its first requests, " +
			"and has its own times of failover and failback. Envoy sends active checks for each of them.",
		Fix:        "Put the matches of both into one rule. This rule does not report a route rule with a name, since it may be the target of a policy.",
		ofFailover: rulesCouldBeOne,
	},
	{
		ID: "no-primary", Severity: diagnostic.Error,
		Summary:     "Every backend of a rule is a fallback, or the others have weight 0.",
		Explanation: "All backends are then in one tier, which takes the traffic from the start. A backend of weight 0 is in no cluster at all.",
		Fix:         "Remove fallback from the Backend that should serve first, and give it a weight. Weights share the traffic only within a tier.",
		ofFailover:  noPrimary,
	},
	{
		ID: "no-fallback", Severity: diagnostic.Error, Since: "1.2",
		Summary:     "No backend of a rule is a fallback, though they are called active and passive, or the fallback has weight 0.",
		Explanation: "All backends are then in one tier, and share the traffic by weight from the start: the standby serves even while active is healthy. A backend of weight 0 is in no cluster at all, and never serves.",
		Fix:         "Write fallback: true in the Backend that should stand by; keep its weight at 1. A Service can't be a fallback: make a Backend of it, with the endpoint NAME.NAMESPACE.svc.cluster.local.",
		ofFailover:  noFallback,
	},
	{
		ID: "tier-scaled-to-zero", Severity: diagnostic.Error,
		Summary:     "No pod is behind a tier: the Deployments of its Service have 0 replicas.",
		Explanation: "The standby does not answer when it is needed, or the active tier does not answer from the start.",
		Fix:         "Keep the standby running, with enough pods for the whole traffic. A standby that is too small fails when it is needed.",
		ofFailover:  tierScaledToZero,
	},
	{
		ID: "standby-too-small", Severity: diagnostic.Warning,
		Summary: "The standby has fewer than half of the active tier's pods.",
		Explanation: "Envoy moves the whole traffic at once, and does not know how much a tier can serve. An overloaded standby answers errors or hangs and is ejected too, and then no tier is left. " +
			"The rule leaves out Deployments with a HorizontalPodAutoscaler or a ScaledObject.",
		Fix:        "Give the standby enough replicas for the whole traffic, or an autoscaler with a minimum of enough replicas.",
		ofFailover: standbyTooSmall,
	},
	{
		ID: "selector-matches-no-pod", Severity: diagnostic.Error,
		Summary: "The selector of a tier's Service matches no pod of the workloads in its namespace.",
		Explanation: "A Service without pods has no endpoints. Every connection to its hostname or ClusterIP fails, so the tier does not answer: the standby when it is needed, or the active tier from the start. " +
			"The finding is information unless --complete says that there are no other workloads, and a warning where a label differs by little, or where the tier has other hosts.",
		Fix:        "Correct the selector of the Service, or the labels in the Deployment's template.",
		ofFailover: selectorMatchesNoPod,
	},
}

// count says how many of the rule's backends are fallbacks and how many are not, with
// a weight and in all.
type count struct{ weighted, all int }

func (f *failover) count() (primaries, fallbacks count) {
	for _, backend := range f.rule.Backends {
		tier := &primaries
		if f.isFallback(backend) {
			tier = &fallbacks
		}
		tier.all++
		if backend.Weight > 0 {
			tier.weighted++
		}
	}
	return primaries, fallbacks
}

// otherRule returns the rule that has the primary for one that has only fallbacks.
func (f *failover) otherRule() *envoygateway.Rule {
	for i := range f.route.Rules {
		other := &f.route.Rules[i]
		if other.Path != f.rule.Path && len(other.Backends) > 0 && !slices.ContainsFunc(other.Backends, f.isFallback) {
			return other
		}
	}
	return nil
}

// mostMatches is how many a rule may have.
const mostMatches = 64

func rulesCouldBeOne(f *failover) []finding {
	route, isHTTPRoute := f.decoded[f.route.Object].object.(*gwapiv1.HTTPRoute)
	rule := f.httpRule()
	if !isHTTPRoute || rule == nil || rule.Name != nil || !f.hasTiers() || len(shadowedRule(f)) > 0 {
		return nil
	}
	withoutMatches := func(rule gwapiv1.HTTPRouteRule) gwapiv1.HTTPRouteRule {
		rule.Matches = nil
		return rule
	}
	for i := range route.Spec.Rules {
		other := &route.Spec.Rules[i]
		if other == rule {
			return nil
		}
		if len(rule.Matches)+len(other.Matches) <= mostMatches && reflect.DeepEqual(withoutMatches(*other), withoutMatches(*rule)) {
			return []finding{{
				source: f.rule.Source,
				reason: fmt.Sprintf("differs from spec.rules[%d] only in its matches, and is a cluster of its own, which learns of an outage only from its own requests", i), advice: "put the matches into one rule",
			}}
		}
	}
	return nil
}

func tiersInSeparateRules(f *failover) []finding {
	primaries, fallbacks := f.count()
	other := f.otherRule()
	if primaries.all > 0 || fallbacks.all == 0 || other == nil {
		return nil
	}
	return []finding{{
		source: f.rule.Source,
		reason: fmt.Sprintf("%s is a fallback, and the only backend of its rule: nothing fails over to it from %s in %s", f.rule.Backends[0].Ref, other.Backends[0].Ref, other.Path),
		advice: "put both into one rule",
	}}
}

func noPrimary(f *failover) []finding {
	primaries, fallbacks := f.count()
	backends := envoygateway.Source{Object: f.route.Object, Path: f.rule.Path + ".backendRefs"}
	switch {
	case primaries.weighted > 0 || fallbacks.weighted == 0 || f.hasMissingBackend():
		return nil
	case primaries.all > 0:
		return []finding{{source: backends, reason: "only fallbacks have a weight, so there is one tier, and nothing fails over", advice: "give the active backend a weight"}}
	case f.otherRule() != nil:
		return nil // tiers-in-separate-rules
	default:
		return []finding{{source: backends, reason: "every backend is a fallback, so there is one tier, and nothing fails over", advice: "remove fallback from the active Backend"}}
	}
}

func noFallback(f *failover) []finding {
	primaries, fallbacks := f.count()
	backends := envoygateway.Source{Object: f.route.Object, Path: f.rule.Path + ".backendRefs"}
	switch {
	case fallbacks.weighted > 0 || primaries.weighted == 0:
		return nil
	case fallbacks.all == 0 && f.hasMissingBackend() && !f.Complete:
		return nil // it may be the fallback
	case fallbacks.all > 0:
		return []finding{{source: backends, reason: "the fallback has weight 0, so it is in no cluster, and nothing fails over to it", advice: "give it a weight: fallback makes it stand by"}}
	default:
		return append([]finding{{
			source: backends, reason: "no backend is a fallback, so all of them share the traffic from the start", advice: "write fallback: true in the Backend that stands by",
		}}, f.sharedByWeight()...)
	}
}

// sharedByWeight finds the weight by which one backend of a tier is to have most of the
// traffic, as if it were the active one.
func (f *failover) sharedByWeight() []finding {
	var all uint32
	heaviest, differ := f.rule.Backends[0], false
	for _, backend := range f.rule.Backends {
		all += backend.Weight
		differ = differ || backend.Weight != heaviest.Weight
		if backend.Weight > heaviest.Weight {
			heaviest = backend
		}
	}
	if !differ {
		return nil
	}
	source := heaviest.Source
	source.Path += ".weight"
	return []finding{{
		source: source, reason: fmt.Sprintf("weight %d gives %s %d of %d requests while it is healthy, and the same when it is down", heaviest.Weight, heaviest.Ref, heaviest.Weight, all),
		advice: "remove the weights, and write fallback: true in the Backend that stands by",
	}}
}

func (f *failover) hasMissingBackend() bool {
	return slices.ContainsFunc(f.rule.Backends, func(backend envoygateway.Backend) bool { return f.decoded[backend.Ref] == nil })
}

func tierScaledToZero(f *failover) []finding {
	var findings []finding
	for _, backend := range f.rule.Backends {
		for _, host := range backend.Hosts {
			if ptr.Deref(host.Pods, 1) == 0 && len(host.PodsFrom) > 0 {
				findings = append(findings, finding{source: host.PodsFrom[0], reason: fmt.Sprintf("no pod is behind %s, so the tier of %s does not answer", host.Service, backend.Ref), advice: "keep it running"})
			}
		}
	}
	return findings
}

// pods counts those behind backends, where that is known and no autoscaler changes it.
func (f *failover) pods(of func(envoygateway.Backend) bool) (pods int32, known bool) {
	seen := map[envoygateway.Object]bool{}
	for _, backend := range f.weighted() {
		if !of(backend) {
			continue
		}
		for _, host := range backend.Hosts {
			if host.Service == nil || host.Pods == nil || slices.ContainsFunc(host.PodsFrom, f.isAutoscaled) {
				return 0, false
			}
			if host.Type == envoygateway.AddressTypeIP || !seen[*host.Service] {
				pods += *host.Pods
			}
			seen[*host.Service] = true
		}
	}
	return pods, len(seen) > 0
}

func standbyTooSmall(f *failover) []finding {
	active, activeKnown := f.pods(func(backend envoygateway.Backend) bool { return !f.isFallback(backend) })
	standby, standbyKnown := f.pods(f.isFallback)
	if !activeKnown || !standbyKnown || standby == 0 || 2*standby >= active {
		return nil
	}
	for _, backend := range f.weighted() {
		if !f.isFallback(backend) || len(backend.Hosts[0].PodsFrom) == 0 {
			continue
		}
		return []finding{{
			source: backend.Hosts[0].PodsFrom[0],
			reason: fmt.Sprintf("the standby has %s for the traffic of %d: it gets all of it at once, and an overloaded standby is ejected too", counted(standby, "pod"), active),
			advice: "give it enough for the whole traffic",
		}}
	}
	return nil
}

// counted writes a number and what it counts.
func counted(n int32, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// hasOtherHost tells whether Envoy has a host other than those with a fault for the requests
// of a backend: in its tier, or in a cluster of its own.
func (f *failover) hasOtherHost(backend envoygateway.Backend, isFaulty func(envoygateway.Host) bool) bool {
	return slices.ContainsFunc(f.weighted(), func(other envoygateway.Backend) bool {
		isTogether := other.Path == backend.Path || f.cluster() != nil && f.isFallback(other) == f.isFallback(backend)
		return isTogether && slices.ContainsFunc(other.Hosts, func(host envoygateway.Host) bool { return !isFaulty(host) })
	})
}

func selectorMatchesNoPod(f *failover) []finding {
	var findings []finding
	for _, backend := range f.weighted() {
		for _, host := range backend.Hosts {
			if host.Service == nil || host.Pods != nil || f.decoded[*host.Service] == nil {
				continue
			}
			service, isService := f.decoded[*host.Service].object.(*corev1.Service)
			if !isService || len(service.Spec.Selector) == 0 || service.Spec.Type == corev1.ServiceTypeExternalName {
				continue
			}
			pods, selector := f.workloads.pods[host.Service.Namespace], labels.Set(service.Spec.Selector)
			if pods == nil || pods.match(selector) {
				continue
			}
			found := finding{
				source:  envoygateway.Source{Object: *host.Service, Path: "spec.selector"},
				reason:  fmt.Sprintf("no pod of these files has %s, so %s does not answer", selector, backend.Ref),
				unknown: true,
			}
			if f.hasOtherHost(backend, func(other envoygateway.Host) bool { return other.Service != nil && *other.Service == *host.Service }) {
				found.severity = diagnostic.Warning
			}
			if meant := pods.like(selector); meant != nil {
				found.likely, found.advice = true, fmt.Sprintf("did you mean %s?", meant)
			}
			findings = append(findings, found)
		}
	}
	return findings
}
