package v1alpha1

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// distribution is what a target stands for.
type distribution struct {
	// envoyGateway is the version of the Envoy Gateway inside.
	envoyGateway string
	// gatewayClassName is the class that the distribution installs.
	gatewayClassName string
}

const (
	calicoClass       = "tigera-gateway-class"
	envoyGatewayClass = "eg"
)

// distributions has every target. Calico Ingress Gateway bundles an Envoy Gateway
// of its own choice; of Envoy Gateway itself it is the newest patch of each minor
// version that the Go module proxy has.
var distributions = map[Target]distribution{
	"calico-3.32":       {envoyGateway: "1.8.2", gatewayClassName: calicoClass},
	"calico-3.31":       {envoyGateway: "1.5.9", gatewayClassName: calicoClass},
	"calico-3.30":       {envoyGateway: "1.3.2", gatewayClassName: calicoClass},
	"envoy-gateway-1.9": {envoyGateway: "1.9.1", gatewayClassName: envoyGatewayClass},
	"envoy-gateway-1.8": {envoyGateway: "1.8.3", gatewayClassName: envoyGatewayClass},
	"envoy-gateway-1.7": {envoyGateway: "1.7.2", gatewayClassName: envoyGatewayClass},
	"envoy-gateway-1.6": {envoyGateway: "1.6.3", gatewayClassName: envoyGatewayClass},
	"envoy-gateway-1.5": {envoyGateway: "1.5.9", gatewayClassName: envoyGatewayClass},
	"envoy-gateway-1.4": {envoyGateway: "1.4.3", gatewayClassName: envoyGatewayClass},
	"envoy-gateway-1.3": {envoyGateway: "1.3.3", gatewayClassName: envoyGatewayClass},
}

// EnvoyGateway returns the version of the Envoy Gateway that a target has inside,
// or nothing for an unknown target.
func (t Target) EnvoyGateway() string { return distributions[t].envoyGateway }

// envoyGatewayMinor returns the y of a target's Envoy Gateway 1.y.
func (t Target) envoyGatewayMinor() int {
	_, rest, _ := strings.Cut(t.EnvoyGateway(), ".")
	text, _, _ := strings.Cut(rest, ".")
	minor, _ := strconv.Atoi(text)
	return minor
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
	return t.EnvoyGateway() == "" || t.envoyGatewayMinor() >= minor
}

// Targets returns every target, sorted.
func Targets() []Target { return slices.Sorted(maps.Keys(distributions)) }
