package target

import (
	"slices"
	"strings"
)

// Release is a version of a distribution, to the patch.
type Release struct {
	// Target is its name.
	Target Target
	// EnvoyGateway is the version of the Envoy Gateway inside, as the release itself
	// installs it.
	EnvoyGateway string
	// Others are the versions of Envoy Gateway that other operators of the same release
	// install: only its CRDs tell which one a cluster has.
	Others []string
}

const (
	calico       = "calico-"
	envoyGateway = "envoy-gateway-"
)

// releases has every release, those of a distribution in their order.
//
// Which Envoy Gateway a Calico has inside is decided by its operator: the
// ENVOY_GATEWAY_VERSION in the Makefile of github.com/tigera/operator, at the tag
// whose config/calico_versions.yml names the Calico. A Calico minor is not a version of
// Envoy Gateway: it changes within. Of Envoy Gateway itself there is every version
// that some Calico has inside, and the newest patch of each minor version that the
// Go module proxy has.
var releases = []Release{
	{Target: "calico-3.30.0", EnvoyGateway: "1.3.2"}, // operator 1.38.0
	{Target: "calico-3.30.1", EnvoyGateway: "1.3.2"},
	{Target: "calico-3.30.2", EnvoyGateway: "1.3.2"},
	{Target: "calico-3.30.3", EnvoyGateway: "1.3.2"},
	{Target: "calico-3.30.4", EnvoyGateway: "1.3.2"},
	{Target: "calico-3.30.5", EnvoyGateway: "1.3.2"},
	{Target: "calico-3.30.6", EnvoyGateway: "1.5.7"}, // operator 1.38.11
	{Target: "calico-3.30.7", EnvoyGateway: "1.5.9"}, // operator 1.38.13
	{Target: "calico-3.31.0", EnvoyGateway: "1.5.0"}, // operator 1.40.0
	{Target: "calico-3.31.1", EnvoyGateway: "1.5.0"},
	{Target: "calico-3.31.2", EnvoyGateway: "1.5.0"},
	{Target: "calico-3.31.3", EnvoyGateway: "1.5.6"},                                     // operator 1.40.3
	{Target: "calico-3.31.4", EnvoyGateway: "1.5.7"},                                     // operator 1.40.7
	{Target: "calico-3.31.5", EnvoyGateway: "1.5.9", Others: []string{"1.7.2", "1.8.0"}}, // operators 1.40.8, 1.40.11, 1.40.12
	{Target: "calico-3.31.6", EnvoyGateway: "1.8.0"},                                     // operator 1.40.13
	{Target: "calico-3.31.7", EnvoyGateway: "1.8.0"},
	{Target: "calico-3.32.0", EnvoyGateway: "1.7.2", Others: []string{"1.8.0", "1.8.2"}}, // operators 1.42.0, 1.42.1, 1.43.0
	{Target: "calico-3.32.1", EnvoyGateway: "1.8.0"},                                     // operator 1.42.3
	{Target: "calico-3.33.0", EnvoyGateway: "1.8.3"},                                     // operator 1.45

	{Target: "envoy-gateway-1.3.2", EnvoyGateway: "1.3.2"},
	{Target: "envoy-gateway-1.3.3", EnvoyGateway: "1.3.3"},
	{Target: "envoy-gateway-1.4.3", EnvoyGateway: "1.4.3"},
	{Target: "envoy-gateway-1.5.0", EnvoyGateway: "1.5.0"},
	{Target: "envoy-gateway-1.5.6", EnvoyGateway: "1.5.6"},
	{Target: "envoy-gateway-1.5.7", EnvoyGateway: "1.5.7"},
	{Target: "envoy-gateway-1.5.9", EnvoyGateway: "1.5.9"},
	{Target: "envoy-gateway-1.6.3", EnvoyGateway: "1.6.3"},
	{Target: "envoy-gateway-1.7.2", EnvoyGateway: "1.7.2"},
	{Target: "envoy-gateway-1.8.0", EnvoyGateway: "1.8.0"},
	{Target: "envoy-gateway-1.8.2", EnvoyGateway: "1.8.2"},
	{Target: "envoy-gateway-1.8.3", EnvoyGateway: "1.8.3"},
	{Target: "envoy-gateway-1.9.0", EnvoyGateway: "1.9.0"},
	{Target: "envoy-gateway-1.9.1", EnvoyGateway: "1.9.1"},
}

// Releases returns every release, those of a distribution in their order.
func Releases() []Release { return slices.Clone(releases) }

// minor is the target without its patch.
func (r Release) minor() Target { return r.Target[:strings.LastIndexByte(string(r.Target), '.')] }

// Names returns all targets that mean the release: with its patch, and without if it
// is the newest one.
func (r Release) Names() []Target {
	names := []Target{r.Target}
	if newest := r.minor().release(); newest != nil && newest.Target == r.Target {
		names = append(names, r.minor())
	}
	return names
}

// Running returns the releases that have one of some versions of Envoy Gateway
// inside.
func Running(versions []string) []Release {
	return slices.DeleteFunc(Releases(), func(release Release) bool {
		return !slices.ContainsFunc(append([]string{release.EnvoyGateway}, release.Others...), func(version string) bool { return slices.Contains(versions, version) })
	})
}
