package render

import (
	"slices"

	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
)

// grpcRoute makes the route of gRPC: each of its rules has all tiers.
func grpcRoute(fs *v1alpha1.FailoverSpec, backends []tierBackend) *gwapiv1.GRPCRoute {
	made := &gwapiv1.GRPCRoute{Spec: gwapiv1.GRPCRouteSpec{CommonRouteSpec: commonRouteSpec(fs), Hostnames: fs.Spec.Hostnames}}
	for _, rule := range fs.Spec.GRPCRoute.Rules {
		for _, ref := range backendRefs(fs, backends) {
			rule.BackendRefs = append(rule.BackendRefs, gwapiv1.GRPCBackendRef{BackendRef: ref})
		}
		if fs.Spec.HostRewrite != "" {
			rule.Filters = append(slices.Clone(rule.Filters), gwapiv1.GRPCRouteFilter{Type: gwapiv1.GRPCRouteFilterExtensionRef, ExtensionRef: routeFilterRef(fs)})
		}
		made.Spec.Rules = append(made.Spec.Rules, rule)
	}
	return made
}

var grpcRouteOrigins = slices.Concat([]origin{{"spec.rules", "spec.grpcRoute.rules"}}, routeOrigins)
