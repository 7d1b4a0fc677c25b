package render

import (
	"fmt"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	"github.com/failover-krm/failover/pkg/target"
)

// route makes the route of the kind that the spec wants.
func route(fs *v1alpha1.FailoverSpec, backends []tierBackend) Resource {
	switch fs.Spec.RouteKind() {
	case v1alpha1.RouteKindGRPC:
		return grpcRoute(fs, backends)
	case v1alpha1.RouteKindTLS:
		return tlsRoute(fs, backends)
	case v1alpha1.RouteKindTCP:
		return tcpRoute(fs, backends)
	default:
		return httpRoute(fs, backends)
	}
}

// routeVersions has the versions of Gateway API in which targets store a kind of route,
// the newest first, and since which Envoy Gateway 1.y. Without an entry it is always v1.
var routeVersions = map[v1alpha1.RouteKind][]target.Feature{
	v1alpha1.RouteKindTLS: {
		{Kind: "TLSRoute", Field: "apiVersion", Value: "v1", Minor: "8"},
		{Kind: "TLSRoute", Field: "apiVersion", Value: "v1alpha3", Minor: "6"},
		{Kind: "TLSRoute", Field: "apiVersion", Value: "v1alpha2", Minor: "0"},
	},
	v1alpha1.RouteKindTCP: {
		{Kind: "TCPRoute", Field: "apiVersion", Value: "v1", Minor: "9"},
		{Kind: "TCPRoute", Field: "apiVersion", Value: "v1alpha2", Minor: "0"},
	},
}

// routeGroupVersionKinds returns all versions of a kind of route that are made for some
// target.
func routeGroupVersionKinds(kind v1alpha1.RouteKind) []schema.GroupVersionKind {
	versions := routeVersions[kind]
	if len(versions) == 0 {
		return []schema.GroupVersionKind{gatewayAPI(string(kind))}
	}
	var kinds []schema.GroupVersionKind
	for _, version := range versions {
		kinds = append(kinds, schema.GroupVersionKind{Group: gwapiv1.GroupName, Version: version.Value, Kind: string(kind)})
	}
	return kinds
}

// routeGroupVersionKind is the kind of the spec's route, in the version that the target
// stores.
func routeGroupVersionKind(fs *v1alpha1.FailoverSpec) schema.GroupVersionKind {
	kind := fs.Spec.RouteKind()
	version := gwapiv1.GroupVersion.Version
	for _, candidate := range routeVersions[kind] {
		if fs.Spec.Target.Has(candidate) {
			version = candidate.Value
			break
		}
	}
	return schema.GroupVersionKind{Group: gwapiv1.GroupName, Version: version, Kind: string(kind)}
}

// routeOrigins are those of every kind of route.
var routeOrigins = []origin{
	{"metadata.name", "metadata.name"},
	{"spec.parentRefs[0]", "spec.gateway"},
	{"spec", "spec"},
}

// specRule is what a spec says of a rule of its route.
type specRule struct {
	// path of the rule; none where the spec does not have it as such.
	path string
	// filters is how many it has of its own.
	filters int
}

// specRules returns one for each rule of the route.
func specRules(fs *v1alpha1.FailoverSpec) []specRule {
	var rules []specRule
	for i, rule := range fs.Spec.Rules {
		rules = append(rules, specRule{fmt.Sprintf("spec.rules[%d]", i), len(rule.Filters)})
	}
	if route := fs.Spec.GRPCRoute; route != nil {
		for i, rule := range route.Rules {
			rules = append(rules, specRule{fmt.Sprintf("spec.grpcRoute.rules[%d]", i), len(rule.Filters)})
		}
	}
	if len(rules) == 0 {
		return []specRule{{}}
	}
	return rules
}

// ruleOrigins says where the rules come from that the spec has, and which backend each
// of their references is to. The last filter of each may be that of hostRewrite.
func ruleOrigins(fs *v1alpha1.FailoverSpec, backends []tierBackend) []origin {
	var origins []origin
	for i, rule := range specRules(fs) {
		made := fmt.Sprintf("spec.rules[%d]", i)
		for j, backend := range backends {
			if backend.Number > 0 {
				origins = append(origins, origin{fmt.Sprintf("%s.backendRefs[%d]", made, j), backend.Path()})
			}
		}
		if rule.path != "" {
			origins = append(origins,
				origin{fmt.Sprintf("%s.filters[%d]", made, rule.filters), "spec.hostRewrite"},
				origin{made + ".backendRefs", "spec"}, origin{made, rule.path})
		}
	}
	return origins
}

func commonRouteSpec(fs *v1alpha1.FailoverSpec) gwapiv1.CommonRouteSpec {
	return gwapiv1.CommonRouteSpec{ParentRefs: []gwapiv1.ParentReference{parentRef(fs.Spec.Gateway)}}
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

// backendRefs has the Backends of all tiers, which are those of each rule.
func backendRefs(fs *v1alpha1.FailoverSpec, backends []tierBackend) []gwapiv1.BackendRef {
	refs := make([]gwapiv1.BackendRef, 0, len(backends))
	for _, backend := range backends {
		refs = append(refs, gwapiv1.BackendRef{
			BackendObjectReference: gwapiv1.BackendObjectReference{
				Group:     new(gwapiv1.Group(egv1a1.GroupName)),
				Kind:      new(gwapiv1.Kind(egv1a1.KindBackend)),
				Name:      gwapiv1.ObjectName(backend.Name),
				Namespace: new(gwapiv1.Namespace(fs.Namespace)),
				Port:      commonPort(fs.BackendEndpoints(*backend.Backend)),
			},
			Weight: backend.Weight,
		})
	}
	return refs
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
