package v1alpha1

import (
	"maps"
	"slices"
)

// distribution is what a target stands for.
type distribution struct {
	// envoyGatewayMinor is the y of the Envoy Gateway 1.y inside.
	envoyGatewayMinor int
	// gatewayClassName is the class that the distribution installs.
	gatewayClassName string
}

const (
	calicoClass       = "tigera-gateway-class"
	envoyGatewayClass = "eg"
)

// distributions has every target. Calico Ingress Gateway bundles Envoy Gateway:
// 3.30 has 1.3.2, 3.31 has 1.5.9 and 3.32 has 1.8.2.
var distributions = map[Target]distribution{
	"calico-3.32":       {envoyGatewayMinor: 8, gatewayClassName: calicoClass},
	"calico-3.31":       {envoyGatewayMinor: 5, gatewayClassName: calicoClass},
	"calico-3.30":       {envoyGatewayMinor: 3, gatewayClassName: calicoClass},
	"envoy-gateway-1.9": {envoyGatewayMinor: 9, gatewayClassName: envoyGatewayClass},
	"envoy-gateway-1.8": {envoyGatewayMinor: 8, gatewayClassName: envoyGatewayClass},
	"envoy-gateway-1.7": {envoyGatewayMinor: 7, gatewayClassName: envoyGatewayClass},
	"envoy-gateway-1.6": {envoyGatewayMinor: 6, gatewayClassName: envoyGatewayClass},
	"envoy-gateway-1.5": {envoyGatewayMinor: 5, gatewayClassName: envoyGatewayClass},
	"envoy-gateway-1.4": {envoyGatewayMinor: 4, gatewayClassName: envoyGatewayClass},
	"envoy-gateway-1.3": {envoyGatewayMinor: 3, gatewayClassName: envoyGatewayClass},
}

// The minor version of Envoy Gateway that first had a field.
const (
	sinceBackendTLS             = 4
	sinceInsecureSkipVerify     = 5
	sinceNumAttemptsPerPriority = 5
	sinceResetBeforeRequest     = 5
	sinceSNI                    = 6
	sinceAutoSNI                = 9
)

// has tells whether the target's Envoy Gateway has what came with 1.minor. An
// unknown target has everything: that it is unknown is an error of its own.
func (t Target) has(minor int) bool {
	d, known := distributions[t]
	return !known || d.envoyGatewayMinor >= minor
}

// Targets returns every target, sorted.
func Targets() []Target { return slices.Sorted(maps.Keys(distributions)) }
