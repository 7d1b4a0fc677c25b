package validation_test

import (
	"fmt"
	"testing"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	"github.com/stretchr/testify/assert"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	"github.com/failover-krm/failover/pkg/api/validation"
)

// hosts returns that many endpoints.
func hosts(name string, count int) v1alpha1.Tier {
	var tier v1alpha1.Tier
	for i := range count {
		tier.Endpoints = append(tier.Endpoints, egv1a1.BackendEndpoint{FQDN: &egv1a1.FQDNEndpoint{Hostname: fmt.Sprintf("%s%d.example.com", name, i), Port: 80}})
	}
	return tier
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
		fs := &v1alpha1.FailoverSpec{
			ObjectMeta: metav1.ObjectMeta{Name: "shop", Namespace: "web"},
			Spec:       v1alpha1.Spec{Active: hosts("a", tc.active), Passive: hosts("p", tc.passive)},
		}
		fs.Spec.Policy.Profile = v1alpha1.ProfileCustom
		fs.Spec.Policy.HealthCheck = &egv1a1.HealthCheck{Passive: &egv1a1.PassiveHealthCheck{MaxEjectionPercent: &tc.percent, AlwaysEjectOneEndpoint: &tc.always}}
		v1alpha1.Default(fs)
		found := validation.Warnings(fs)
		assert.Equal(t, tc.want, len(found) > 0, "%d active and %d passive hosts, %d %%, always one: %t: %v", tc.active, tc.passive, tc.percent, tc.always, found)
	}
}
