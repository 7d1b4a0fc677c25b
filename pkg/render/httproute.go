package render

import (
	"slices"

	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
)

// httpRoute makes the route. Each rule has all tiers, since only the backends of one
// rule share a cluster in Envoy.
func httpRoute(fs *v1alpha1.FailoverSpec, backends []tierBackend) *gwapiv1.HTTPRoute {
	var rules []gwapiv1.HTTPRouteRule
	for _, rule := range httpRules(fs) {
		made := gwapiv1.HTTPRouteRule{
			Name: rule.Name, Matches: rule.Matches, Filters: slices.Clone(rule.Filters), Timeouts: rule.Timeouts, SessionPersistence: rule.SessionPersistence,
		}
		for _, ref := range backendRefs(fs, backends) {
			made.BackendRefs = append(made.BackendRefs, gwapiv1.HTTPBackendRef{BackendRef: ref})
		}
		if fs.Spec.HostRewrite != "" {
			made.Filters = append(made.Filters, gwapiv1.HTTPRouteFilter{Type: gwapiv1.HTTPRouteFilterExtensionRef, ExtensionRef: routeFilterRef(fs)})
		}
		rules = append(rules, made)
	}
	return &gwapiv1.HTTPRoute{Spec: gwapiv1.HTTPRouteSpec{
		CommonRouteSpec: commonRouteSpec(fs),
		Hostnames:       fs.Spec.Hostnames,
		Rules:           rules,
	}}
}

// httpRules returns the rules of the route; spec.matches is the short form of one.
func httpRules(fs *v1alpha1.FailoverSpec) []v1alpha1.Rule {
	if len(fs.Spec.Rules) > 0 {
		return fs.Spec.Rules
	}
	return []v1alpha1.Rule{{Matches: fs.Spec.Matches}}
}

var httpRouteOrigins = slices.Concat([]origin{
	{"spec.rules[0].matches", "spec.matches"},
	{"spec.rules[0].filters", "spec.hostRewrite"},
}, routeOrigins)
