// Package target knows the gateway distributions that can run what failover
// renders, the Envoy Gateway inside each, and what that has.
package target

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Target is a gateway distribution and its version, such as calico-3.32.
type Target string

// Default is the target where none is named.
const Default Target = "calico-3.32"

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

// All returns every target, sorted.
func All() []Target { return slices.Sorted(maps.Keys(distributions)) }

// EnvoyGateways returns the version of every Envoy Gateway that a target has
// inside, the oldest first.
func EnvoyGateways() []string {
	versions := map[string]bool{}
	for _, distribution := range distributions {
		versions[distribution.envoyGateway] = true
	}
	return slices.SortedFunc(maps.Keys(versions), func(a, b string) int { return slices.Compare(numbers(a), numbers(b)) })
}

// IsKnown tells whether a target is in the table.
func (t Target) IsKnown() bool { return distributions[t] != distribution{} }

// EnvoyGateway returns the version of the Envoy Gateway that a target has inside,
// such as 1.8.2, or nothing for an unknown target.
func (t Target) EnvoyGateway() string { return distributions[t].envoyGateway }

// GatewayClassName returns the class that a target installs; that of Envoy Gateway
// for an unknown target, which is an error of its own.
func (t Target) GatewayClassName() string {
	if !t.IsKnown() {
		return envoyGatewayClass
	}
	return distributions[t].gatewayClassName
}

// Feature is a field, or a value of a field, that came with a minor version of
// Envoy Gateway. Here are those that failover itself depends on; package
// apiserver/crd knows all others, by the CRDs.
type Feature struct {
	// Kind of Envoy Gateway's API that has it.
	Kind string
	// Field is its path.
	Field string
	// Value of the field; empty where the field itself is meant.
	Value string
	// Minor is the y of the Envoy Gateway 1.y that first had it.
	Minor string
}

// What failover itself writes only where the target has it.
var (
	BackendTLS             = Feature{Kind: "Backend", Field: "spec.tls", Minor: "4"}
	SNI                    = Feature{Kind: "Backend", Field: "spec.tls.sni", Minor: "6"}
	NumAttemptsPerPriority = Feature{Kind: "BackendTrafficPolicy", Field: "spec.retry.numAttemptsPerPriority", Minor: "5"}
	ResetBeforeRequest     = Feature{Kind: "BackendTrafficPolicy", Field: "spec.retry.retryOn.triggers", Value: "reset-before-request", Minor: "5"}
)

// EndpointCheckHost is what Envoy Gateway does with a field that is older: it asks
// an endpoint for its own hostname in an active health check, rather than for the
// route's.
var EndpointCheckHost = Feature{Kind: "Backend", Field: "spec.endpoints.hostname", Minor: "8"}

// Has tells whether the target's Envoy Gateway has a feature. An unknown target
// has everything: that it is unknown is an error of its own.
func (t Target) Has(feature Feature) bool {
	return !t.IsKnown() || slices.Compare(numbers(t.EnvoyGateway())[1:2], numbers(feature.Minor)) >= 0
}

// Missing says that an Envoy Gateway lacks something, such as an unknown field, that
// exists since another minor version.
func Missing(what, envoyGateway, since string) string {
	return fmt.Sprintf("%s in Envoy Gateway %s: exists since Envoy Gateway 1.%s", what, envoyGateway, since)
}

// Minor returns the minor version of an Envoy Gateway: the 8 of 1.8.2.
func Minor(envoyGateway string) string {
	_, rest, _ := strings.Cut(envoyGateway, ".")
	minor, _, _ := strings.Cut(rest, ".")
	return minor
}

// numbers returns the parts of a version that compare as numbers.
func numbers(version string) []int {
	var parts []int
	for part := range strings.SplitSeq(version, ".") {
		number, _ := strconv.Atoi(part)
		parts = append(parts, number)
	}
	return parts
}
