package render

import (
	"fmt"
	"slices"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
)

const kindHTTPRoute = "HTTPRoute"

// httpRoute makes the route. Each rule has all tiers, since only the backends of one
// rule share a cluster in Envoy.
func httpRoute(fs *v1alpha1.FailoverSpec, backends []tierBackend) *gwapiv1.HTTPRoute {
	var rules []gwapiv1.HTTPRouteRule
	for _, rule := range rulesOf(fs) {
		made := gwapiv1.HTTPRouteRule{
			Name: rule.Name, Matches: rule.Matches, Filters: slices.Clone(rule.Filters), Timeouts: rule.Timeouts, SessionPersistence: rule.SessionPersistence,
		}
		for _, backend := range backends {
			made.BackendRefs = append(made.BackendRefs, backendRef(fs, backend))
		}
		if fs.Spec.HostRewrite != "" {
			made.Filters = append(made.Filters, gwapiv1.HTTPRouteFilter{
				Type: gwapiv1.HTTPRouteFilterExtensionRef,
				ExtensionRef: &gwapiv1.LocalObjectReference{
					Group: egv1a1.GroupName,
					Kind:  egv1a1.KindHTTPRouteFilter,
					Name:  gwapiv1.ObjectName(fs.Name),
				},
			})
		}
		rules = append(rules, made)
	}
	return &gwapiv1.HTTPRoute{
		TypeMeta:   metav1.TypeMeta{APIVersion: gwapiv1.GroupVersion.String(), Kind: kindHTTPRoute},
		ObjectMeta: objectMeta(fs, fs.Name, routeComponent, nil),
		Spec: gwapiv1.HTTPRouteSpec{
			CommonRouteSpec: gwapiv1.CommonRouteSpec{ParentRefs: []gwapiv1.ParentReference{parentRef(fs.Spec.Gateway)}},
			Hostnames:       fs.Spec.Hostnames,
			Rules:           rules,
		},
	}
}

// rulesOf returns the rules of the route; spec.matches is the short form of one.
func rulesOf(fs *v1alpha1.FailoverSpec) []v1alpha1.Rule {
	if len(fs.Spec.Rules) > 0 {
		return fs.Spec.Rules
	}
	return []v1alpha1.Rule{{Matches: fs.Spec.Matches}}
}

// ruleOrigins says where the rules come from that the spec has, and which backend each
// of their references is to. The last filter of each may be that of hostRewrite.
func ruleOrigins(fs *v1alpha1.FailoverSpec, backends []tierBackend) []origin {
	var origins []origin
	for i, rule := range rulesOf(fs) {
		path := fmt.Sprintf("spec.rules[%d]", i)
		for j, backend := range backends {
			if backend.Number > 0 {
				origins = append(origins, origin{fmt.Sprintf("%s.backendRefs[%d]", path, j), backend.Path()})
			}
		}
		if len(fs.Spec.Rules) > 0 {
			origins = append(origins,
				origin{fmt.Sprintf("%s.filters[%d]", path, len(rule.Filters)), "spec.hostRewrite"},
				origin{path + ".backendRefs", "spec"}, origin{path, path})
		}
	}
	return origins
}

var routeOrigins = []origin{
	{"metadata.name", "metadata.name"},
	{"spec.rules[0].matches", "spec.matches"},
	{"spec.rules[0].filters", "spec.hostRewrite"},
	{"spec.parentRefs[0]", "spec.gateway"},
	{"spec", "spec"},
}

func parentRef(gateway v1alpha1.Gateway) gwapiv1.ParentReference {
	ref := gwapiv1.ParentReference{
		Group:     new(gwapiv1.Group(gwapiv1.GroupName)),
		Kind:      new(gwapiv1.Kind(kindGateway)),
		Namespace: new(gwapiv1.Namespace(gateway.Namespace)),
		Name:      gwapiv1.ObjectName(gateway.Name),
	}
	if gateway.SectionName != "" {
		ref.SectionName = &gateway.SectionName
	}
	return ref
}

func backendRef(fs *v1alpha1.FailoverSpec, backend tierBackend) gwapiv1.HTTPBackendRef {
	return gwapiv1.HTTPBackendRef{BackendRef: gwapiv1.BackendRef{
		BackendObjectReference: gwapiv1.BackendObjectReference{
			Group:     new(gwapiv1.Group(egv1a1.GroupName)),
			Kind:      new(gwapiv1.Kind(egv1a1.KindBackend)),
			Name:      gwapiv1.ObjectName(backend.Name),
			Namespace: new(gwapiv1.Namespace(fs.Namespace)),
			Port:      commonPort(fs.BackendEndpoints(*backend.Backend)),
		},
		Weight: backend.Weight,
	}}
}

// commonPort returns the port that all endpoints share. It is there for readers:
// Envoy Gateway takes the ports from the Backend.
func commonPort(endpoints []egv1a1.BackendEndpoint) *gwapiv1.PortNumber {
	port := v1alpha1.EndpointPort(endpoints[0])
	for _, endpoint := range endpoints[1:] {
		if v1alpha1.EndpointPort(endpoint) != port {
			return nil
		}
	}
	return &port
}
