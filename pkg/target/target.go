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

// IsKnown tells whether a target is in the table.
func (t Target) IsKnown() bool { return t.release() != nil }

// EnvoyGateway returns the version of the Envoy Gateway that a target has inside,
// such as 1.8.2, or nothing for an unknown target.
func (t Target) EnvoyGateway() string {
	if release := t.release(); release != nil {
		return release.EnvoyGateway
	}
	return ""
}

// GatewayClassName returns the class that a target installs; that of Envoy Gateway
// for an unknown target, which is an error of its own.
func (t Target) GatewayClassName() string {
	if strings.HasPrefix(string(t), calico) {
		return "tigera-gateway-class"
	}
	return "eg"
}

// release returns what a target stands for: without a patch, the newest one known.
func (t Target) release() *Release {
	var found *Release
	for i := range releases {
		if releases[i].Target == t || releases[i].minor() == t {
			found = &releases[i]
		}
	}
	return found
}

// All returns every target: those with a patch, and those without.
func All() []Target {
	var all []Target
	for _, release := range releases {
		if minor := release.minor(); !slices.Contains(all, minor) {
			all = append(all, minor)
		}
	}
	for _, release := range releases {
		all = append(all, release.Target)
	}
	return all
}

// EnvoyGateways returns the version of every Envoy Gateway that a target has
// inside, the oldest first.
func EnvoyGateways() []string {
	versions := map[string]bool{}
	for _, release := range releases {
		for _, version := range append([]string{release.EnvoyGateway}, release.Others...) {
			versions[version] = true
		}
	}
	return slices.SortedFunc(maps.Keys(versions), func(a, b string) int { return slices.Compare(numbers(a), numbers(b)) })
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

// GRPCRouteFilter is that a rule of a GRPCRoute may refer to a kind that is older.
var GRPCRouteFilter = Feature{Kind: "HTTPRouteFilter", Field: "spec", Minor: "9"}

// GatewayErrorsCount is that Envoy ejects by a field that is older: before, Envoy
// Gateway did not set what makes Envoy enforce it.
var GatewayErrorsCount = Feature{Kind: "BackendTrafficPolicy", Field: "spec.healthCheck.passive.consecutiveGatewayErrors", Minor: "6"}

// Has tells whether the target's Envoy Gateway has a feature. An unknown target
// has everything: that it is unknown is an error of its own.
func (t Target) Has(feature Feature) bool {
	return !t.IsKnown() || feature.In(t.EnvoyGateway())
}

// In tells whether a version of Envoy Gateway has the feature.
func (f Feature) In(envoyGateway string) bool {
	return number(Minor(envoyGateway)) >= number(f.Minor)
}

// Missing says that an Envoy Gateway lacks something, such as an unknown field, that
// exists since another version; its patch matters only within one minor version.
func Missing(what, envoyGateway, since string) string {
	if minor := Minor(since); minor != Minor(envoyGateway) {
		since = "1." + minor
	}
	return fmt.Sprintf("%s in Envoy Gateway %s: exists since Envoy Gateway %s", what, envoyGateway, since)
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
		parts = append(parts, number(part))
	}
	return parts
}

// number is 0 for what is no number.
func number(part string) int {
	number, _ := strconv.Atoi(part)
	return number
}
