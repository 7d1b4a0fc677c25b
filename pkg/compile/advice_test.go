package compile_test

import (
	"fmt"
	"slices"
	"testing"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	"github.com/failover-krm/failover/pkg/compile"
	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/target"
)

// hosts returns a tier of that many endpoints.
func hosts(name string, count int) v1alpha1.Tier {
	var tier v1alpha1.Tier
	for i := range count {
		tier.Endpoints = append(tier.Endpoints, egv1a1.BackendEndpoint{FQDN: &egv1a1.FQDNEndpoint{Hostname: fmt.Sprintf("%s%d.example.com", name, i), Port: 80}})
	}
	return tier
}

// findings returns what rules found in a spec, which must compile all the same.
func findings(t *testing.T, fs *v1alpha1.FailoverSpec) []diagnostic.Diagnostic {
	t.Helper()
	objects, diagnostics, err := compile.Specs(fs)
	require.NoError(t, err)
	assert.NotEmpty(t, objects)
	assert.False(t, diagnostic.Failed(diagnostics), "what a spec says is what is meant: %v", diagnostics)
	return diagnostics
}

// TestNeverEjected: Envoy ejects a host as long as 100*ejected/all stays within
// maxEjectionPercent, so the last active one needs 100*active/all, rounded up.
func TestNeverEjected(t *testing.T) {
	for _, tc := range []struct {
		active, passive int
		percent         int32
		always          bool
		want            bool
	}{
		{1, 1, 50, false, false},
		{1, 1, 49, false, true},
		{1, 1, 10, false, true},
		{1, 1, 10, true, false},
		{1, 1, 0, false, true},
		{2, 1, 66, false, true},
		{2, 1, 67, false, false},
		{2, 1, 66, true, true},
		{1, 2, 33, false, true},
		{1, 2, 34, false, false},
		{3, 1, 75, false, false},
		{3, 1, 74, false, true},
		{1, 9, 10, false, false},
		{1, 10, 9, false, true},
	} {
		fs := shop()
		fs.Spec.Active, fs.Spec.Passive = hosts("a", tc.active), hosts("p", tc.passive)
		fs.Spec.Policy.Profile = v1alpha1.ProfileCustom
		fs.Spec.Policy.HealthCheck = &egv1a1.HealthCheck{Passive: &egv1a1.PassiveHealthCheck{MaxEjectionPercent: &tc.percent, AlwaysEjectOneEndpoint: &tc.always}}
		found := findings(t, fs)
		got := slices.ContainsFunc(found, func(d diagnostic.Diagnostic) bool {
			return d.Rule == "max-ejection-too-low" && d.Severity == diagnostic.Warning && d.Field.String() == "spec.policy.healthCheck.passive.maxEjectionPercent"
		})
		assert.Equal(t, tc.want, got, "%d active and %d passive hosts, %d %%, always one: %t: %v", tc.active, tc.passive, tc.percent, tc.always, found)
	}
}

// TestProfilesKeepTheirPromise: a profile has no warning for any target that has what it
// needs, and the two things that are good to know where they are not written.
func TestProfilesKeepTheirPromise(t *testing.T) {
	for _, profile := range []v1alpha1.Profile{v1alpha1.ProfileSafe, v1alpha1.ProfileZeroLoss} {
		for _, on := range append(target.All(), "") {
			for _, active := range []*egv1a1.ActiveHealthCheck{nil, {Type: egv1a1.ActiveHealthCheckerTypeHTTP, HTTP: &egv1a1.HTTPActiveHealthChecker{Path: "/healthz"}}} {
				fs := shop()
				fs.Spec.Target, fs.Spec.Policy.Profile, fs.Spec.Hostnames = on, profile, []gwapiv1.Hostname{"www.example.com"}
				var want []string
				if on == "" {
					want = append(want, "info target-assumed")
				} else if !on.Has(target.NumAttemptsPerPriority) {
					want = append(want, "warning target-without-tier-retry")
				}
				if active == nil {
					want = append(want, "info no-active-check")
				} else {
					fs.Spec.Policy.HealthCheck = &egv1a1.HealthCheck{Active: active}
				}
				var got []string
				for _, found := range findings(t, fs) {
					got = append(got, fmt.Sprintf("%s %s", found.Severity, found.Rule))
				}
				assert.ElementsMatch(t, want, got, "%s on %q, active check: %t", profile, on, active != nil)
			}
		}
	}
}
