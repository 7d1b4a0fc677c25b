package v1alpha1

import (
	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// GRPCRoute is what a GRPCRoute has in addition to its backends.
type GRPCRoute struct {
	// Rules, Gateway API's own type without backendRefs: the tiers are the backends
	// of each. Default: one that matches every request. At most 16.
	//
	// +optional
	// +kubebuilder:validation:MaxItems=16
	Rules []gwapiv1.GRPCRouteRule `json:"rules,omitempty"`
}

// TLSRoute says that the route is a TLSRoute. It has no fields: the hostnames are those
// of the FailoverSpec, and a TLSRoute has one rule.
type TLSRoute struct{}

// TCPRoute says that the route is a TCPRoute. It has no fields: connections of TCP are
// distinguished only by the port of their listener.
type TCPRoute struct{}

// RouteKind is the kind of route that a FailoverSpec makes.
type RouteKind string

// The kinds of route, by Gateway API's own names.
const (
	RouteKindHTTP RouteKind = "HTTPRoute"
	RouteKindGRPC RouteKind = "GRPCRoute"
	RouteKindTLS  RouteKind = "TLSRoute"
	RouteKindTCP  RouteKind = "TCPRoute"
)

// RouteKind returns the kind of route that the spec makes: the first that is given,
// where there are several, which is an error of its own.
func (s Spec) RouteKind() RouteKind {
	switch {
	case s.GRPCRoute != nil:
		return RouteKindGRPC
	case s.TLSRoute != nil:
		return RouteKindTLS
	case s.TCPRoute != nil:
		return RouteKindTCP
	}
	return RouteKindHTTP
}

// HasRequests tells whether Envoy sees requests in what the route takes, which it can
// match and repeat, rather than only connections.
func (k RouteKind) HasRequests() bool { return k == RouteKindHTTP || k == RouteKindGRPC }

// Protocols returns the protocols of the listeners that take the kind of route.
func (k RouteKind) Protocols() []gwapiv1.ProtocolType {
	switch k {
	case RouteKindTLS:
		return []gwapiv1.ProtocolType{gwapiv1.TLSProtocolType}
	case RouteKindTCP:
		return []gwapiv1.ProtocolType{gwapiv1.TCPProtocolType}
	default:
		return []gwapiv1.ProtocolType{gwapiv1.HTTPProtocolType, gwapiv1.HTTPSProtocolType}
	}
}

// setting is a field of a policy, and whether it is given.
type setting struct {
	field string
	given bool
}

// RequestSettings returns the fields that are given of what a policy says about requests,
// sorted as Envoy Gateway's type has them: it does nothing for connections
// (internal/gatewayapi/backendtrafficpolicy.go of Envoy Gateway sets only the others).
func RequestSettings(policy egv1a1.BackendTrafficPolicySpec) []string {
	var fields []string
	for _, s := range []setting{
		{"rateLimit", policy.RateLimit != nil},
		{"bandwidthLimit", policy.BandwidthLimit != nil},
		{"faultInjection", policy.FaultInjection != nil},
		{"admissionControl", policy.AdmissionControl != nil},
		{"useClientProtocol", policy.UseClientProtocol != nil},
		{"compression", len(policy.Compression) > 0}, //nolint:staticcheck // people still write it
		{"compressor", len(policy.Compressor) > 0},
		{"responseOverride", len(policy.ResponseOverride) > 0},
		{"httpUpgrade", len(policy.HTTPUpgrade) > 0},
		{"requestBuffer", policy.RequestBuffer != nil},
		{"retry", policy.Retry != nil},
		{"timeout.http", policy.Timeout != nil && policy.Timeout.HTTP != nil},
		{"http2", policy.HTTP2 != nil},
	} {
		if s.given {
			fields = append(fields, s.field)
		}
	}
	return fields
}
