package render

import (
	"slices"
	"strings"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	"github.com/failover-krm/failover/pkg/target"
)

// backend makes a Backend. One of the passive tier is a fallback, which becomes
// priority 1 in Envoy's cluster.
func backend(fs *v1alpha1.FailoverSpec, of tierBackend) *egv1a1.Backend {
	made := &egv1a1.Backend{
		Spec: egv1a1.BackendSpec{
			Endpoints:    endpoints(fs, of),
			AppProtocols: of.AppProtocols,
			TLS:          of.TLS,
		},
	}
	if of.fallback {
		made.Spec.Fallback = new(true)
	}
	return made
}

// endpoints returns the endpoints of a backend. Envoy Gateway takes the Host of an active
// health check from the endpoint's hostname field, but never from its DNS name. So the
// field is filled in where a check would ask for a name that is wrong.
func endpoints(fs *v1alpha1.FailoverSpec, of tierBackend) []egv1a1.BackendEndpoint {
	endpoints := fs.BackendEndpoints(*of.Backend)
	if !fs.Spec.Target.Has(target.EndpointCheckHost) || !asksWrongHost(fs) && !asksClusterName(fs) {
		return endpoints
	}
	endpoints = slices.Clone(endpoints)
	for i, endpoint := range endpoints {
		if endpoint.Hostname == nil && endpoint.FQDN != nil {
			endpoints[i].Hostname = new(endpoint.FQDN.Hostname)
		}
	}
	return endpoints
}

// asksWrongHost tells whether an active HTTP check, which takes the route's hostname,
// does not ask for the right one: where each backend gets its own hostname as Host (under
// the client's name a standby fails its checks), and where the route has none or
// a wildcard, so that the check would ask for *.
func asksWrongHost(fs *v1alpha1.FailoverSpec) bool {
	isWildcard := func(hostname gwapiv1.Hostname) bool { return strings.HasPrefix(string(hostname), "*") }
	asksAny := len(fs.Spec.Hostnames) == 0 || slices.ContainsFunc(fs.Spec.Hostnames, isWildcard)
	return (fs.Spec.HostRewrite != "" || asksAny) && fs.Spec.Policy.ChecksRouteHostname()
}

// asksClusterName tells whether an active check of gRPC would send the name of Envoy's
// cluster as authority, which is not a hostname, and which servers may refuse for that.
func asksClusterName(fs *v1alpha1.FailoverSpec) bool {
	check := fs.Spec.Policy.HealthCheck
	return fs.Spec.RouteKind() == v1alpha1.RouteKindGRPC && check != nil && check.Active != nil && check.Active.Type == egv1a1.ActiveHealthCheckerTypeGRPC
}

func backendOrigins(path string) []origin {
	return []origin{{"metadata.name", path + ".name"}, {"spec", path}}
}

// endpointOrigins says where the one endpoint of a Service comes from.
func endpointOrigins(of tierBackend) []origin {
	const hostname, port = "spec.endpoints[0].fqdn.hostname", "spec.endpoints[0].fqdn.port"
	path := of.Path()
	switch {
	case of.Service != nil:
		return []origin{{hostname, path + ".service.name"}, {port, path + ".service.port"}}
	case of.ServiceImport != nil:
		return []origin{{hostname, path + ".serviceImport.name"}, {port, path + ".serviceImport.port"}}
	case of.Workload != nil:
		return []origin{{hostname, path + ".name"}, {port, path + ".workload.port"}}
	default:
		return nil
	}
}
