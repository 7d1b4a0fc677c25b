package v1alpha1

import (
	"slices"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
)

// BackendEndpoints returns the endpoints of a tier's Backend. A workload and a
// service are reached by the DNS name of the Service.
func (fs *FailoverSpec) BackendEndpoints(tier Tier) []egv1a1.BackendEndpoint {
	switch {
	case tier.Workload != nil:
		return fs.serviceEndpoints(tier.Name, fs.Namespace, tier.Workload.Port)
	case tier.Service != nil:
		return fs.serviceEndpoints(tier.Service.Name, tier.Service.Namespace, tier.Service.Port)
	default:
		return tier.Endpoints
	}
}

func (fs *FailoverSpec) serviceEndpoints(name, namespace string, port int32) []egv1a1.BackendEndpoint {
	return []egv1a1.BackendEndpoint{{FQDN: &egv1a1.FQDNEndpoint{
		Hostname: name + "." + namespace + ".svc." + fs.Spec.ClusterDomain,
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
// needs, else its DNS name.
func hostname(endpoint egv1a1.BackendEndpoint) string {
	switch {
	case endpoint.Hostname != nil:
		return *endpoint.Hostname
	case endpoint.FQDN != nil:
		return endpoint.FQDN.Hostname
	}
	return ""
}

// hostnames returns the distinct hostnames of endpoints, sorted; one that has
// none counts as "".
func hostnames(endpoints []egv1a1.BackendEndpoint) []string {
	names := make([]string, 0, len(endpoints))
	for _, endpoint := range endpoints {
		names = append(names, hostname(endpoint))
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// addressType is how an endpoint is reached. Envoy Gateway puts the backends of
// a rule into one cluster, where alone they can fail over, only if they agree.
type addressType string

const (
	addressFQDN addressType = "FQDN"
	addressIP   addressType = "IP"
)

// addressTypeOf returns the address type that all endpoints share, or nothing.
func addressTypeOf(endpoints []egv1a1.BackendEndpoint) addressType {
	isFQDN := func(e egv1a1.BackendEndpoint) bool { return e.FQDN != nil && e.IP == nil }
	isIP := func(e egv1a1.BackendEndpoint) bool { return e.IP != nil && e.FQDN == nil }
	every := func(is func(egv1a1.BackendEndpoint) bool) bool {
		return len(endpoints) > 0 && !slices.ContainsFunc(endpoints, func(e egv1a1.BackendEndpoint) bool { return !is(e) })
	}
	switch {
	case every(isFQDN):
		return addressFQDN
	case every(isIP):
		return addressIP
	}
	return ""
}
