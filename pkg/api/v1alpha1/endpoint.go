package v1alpha1

import (
	"slices"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
)

// BackendEndpoints returns the endpoints of a backend. A workload, a service and
// a serviceImport are reached by the DNS name of the Service.
func (fs *FailoverSpec) BackendEndpoints(backend Backend) []egv1a1.BackendEndpoint {
	switch {
	case backend.Workload != nil:
		return serviceEndpoints(backend.Name, fs.Namespace, fs.Spec.ClusterDomain, backend.Workload.Port)
	case backend.Service != nil:
		return serviceEndpoints(backend.Service.Name, backend.Service.Namespace, fs.Spec.ClusterDomain, backend.Service.Port)
	case backend.ServiceImport != nil:
		return serviceEndpoints(backend.ServiceImport.Name, backend.ServiceImport.Namespace, ClusterSetDomain, backend.ServiceImport.Port)
	default:
		return backend.Endpoints
	}
}

func serviceEndpoints(name, namespace, domain string, port int32) []egv1a1.BackendEndpoint {
	return []egv1a1.BackendEndpoint{{FQDN: &egv1a1.FQDNEndpoint{
		Hostname: name + "." + namespace + ".svc." + domain,
		Port:     port,
	}}}
}

// EndpointPort returns the port of an endpoint.
func EndpointPort(endpoint egv1a1.BackendEndpoint) int32 {
	switch {
	case endpoint.FQDN != nil:
		return endpoint.FQDN.Port
	case endpoint.IP != nil:
		return endpoint.IP.Port
	}
	return 0
}

// hostname returns what Envoy calls an endpoint: its hostname field, which an IP
// needs, otherwise its DNS name.
func hostname(endpoint egv1a1.BackendEndpoint) string {
	switch {
	case endpoint.Hostname != nil:
		return *endpoint.Hostname
	case endpoint.FQDN != nil:
		return endpoint.FQDN.Hostname
	}
	return ""
}

// Hostnames returns the distinct hostnames of endpoints, sorted; one that has
// none counts as "".
func Hostnames(endpoints []egv1a1.BackendEndpoint) []string {
	names := make([]string, 0, len(endpoints))
	for _, endpoint := range endpoints {
		names = append(names, hostname(endpoint))
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// ChecksRouteHostname tells whether there is an active HTTP check that names no
// host, and so asks for the route's hostname where an endpoint has none.
func (p Policy) ChecksRouteHostname() bool {
	check := p.HealthCheck
	return check != nil && check.Active != nil && check.Active.HTTP != nil && check.Active.HTTP.Hostname == nil
}
