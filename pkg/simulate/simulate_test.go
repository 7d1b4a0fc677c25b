package simulate_test

import (
	"fmt"
	"testing"
	"time"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/utils/ptr"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/failover-krm/failover/pkg/envoy"
	"github.com/failover-krm/failover/pkg/envoygateway"
	"github.com/failover-krm/failover/pkg/simulate"
)

// served is a rule with a passive check, behind clusters.
func served(clusters ...envoygateway.Cluster) simulate.Served {
	spec := &egv1a1.BackendTrafficPolicySpec{ClusterSettings: egv1a1.ClusterSettings{HealthCheck: &egv1a1.HealthCheck{Passive: &egv1a1.PassiveHealthCheck{
		Interval: ptr.To(gwapiv1.Duration("2s")), BaseEjectionTime: ptr.To(gwapiv1.Duration("10s")), MaxEjectionPercent: new(int32(100)), Consecutive5xxErrors: new(uint32(1)),
	}}}}
	policy := envoygateway.PolicyInEffect{Spec: spec}
	return simulate.Served{Name: "web/shop", Kind: "HTTPRoute", Rule: &envoygateway.Rule{}, At: &envoygateway.Attachment{Policy: policy, ClusterPolicy: policy, Clusters: clusters}, EnvoyGateway: "1.9.1"}
}

// tiers makes a cluster with a host in each tier.
func tiers(weight uint32, count int) envoygateway.Cluster {
	cluster := envoygateway.Cluster{Weight: weight}
	for range count {
		cluster.Tiers = append(cluster.Tiers, envoygateway.Tier{Backends: []envoygateway.Backend{{Hosts: []envoygateway.Host{{}}}}})
	}
	return cluster
}

// TestClusters shows what is lost where requests are split, or reach nothing.
func TestClusters(t *testing.T) {
	for _, tc := range []struct {
		name     string
		clusters []envoygateway.Cluster
		lost     int
		note     string
	}{
		{"one with two tiers", []envoygateway.Cluster{tiers(1, 2)}, 22, ""},
		{"one with a single tier", []envoygateway.Cluster{tiers(1, 1)}, 399, ""},
		{"split in halves: one is broken", []envoygateway.Cluster{tiers(1, 1), tiers(1, 1)}, 199, "split by weight: 1 of 2 requests go to the cluster that is broken"},
		{"half of the requests answered with an error in any case", []envoygateway.Cluster{tiers(1, 2), {Weight: 1, Unavailable: true}}, 200 + 12, "split by weight: 1 of 2 requests go to the cluster that is broken"},
		{"a cluster without weight", []envoygateway.Cluster{tiers(0, 1), tiers(1, 2)}, 22, "split by weight: 1 of 1 requests go to the cluster that is broken"},
		{"none", nil, 400, "no request reaches a tier"},
		{"none that is available", []envoygateway.Cluster{{Weight: 1, Unavailable: true}}, 400, "every request is answered with an error"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			options := simulate.Defaults()
			options.Kinds = []envoy.Kind{envoy.Closed}
			results, err := simulate.Run([]simulate.Served{served(tc.clusters...)}, options)
			require.NoError(t, err)
			assert.InDelta(t, tc.lost, results[0].Outages[0].Lost.Median, 2)
			assert.Equal(t, tc.note, results[0].Note)
		})
	}
}

// TestSimulator answers as Run does, also with other settings, and remembers each answer
// apart.
func TestSimulator(t *testing.T) {
	of, options := served(tiers(1, 2)), simulate.Defaults()
	results, err := simulate.Run([]simulate.Served{of}, options)
	require.NoError(t, err)
	var simulator simulate.Simulator
	for range 2 {
		for _, want := range results[0].Outages {
			want.First = envoy.Result{}
			assert.Equal(t, want, simulator.Outage(of, options, want.Kind, nil))
		}
		slow := simulator.Outage(of, options, envoy.Dropped, func(s *envoy.Settings) { s.ConnectTimeout = time.Minute })
		assert.Greater(t, slow.Lost.Median, 300, "clients leave before a connection fails")
		options.For = time.Second
		assert.Less(t, simulator.Outage(of, options, envoy.Closed, nil).Sent, 400)
		options.For = simulate.Defaults().For
	}
}

// TestSimulatorHasTime for so many different settings, and for those that it has had time
// for before.
func TestSimulatorHasTime(t *testing.T) {
	var simulator simulate.Simulator
	withInterval := func(number int) simulate.Served {
		of := served(tiers(1, 2))
		of.At.ClusterPolicy.Spec.HealthCheck.Passive.Interval = new(gwapiv1.Duration(fmt.Sprintf("%ds", number+1)))
		return of
	}
	for number := range simulate.MostSettings {
		require.True(t, simulator.HasTime(withInterval(number)), number)
	}
	assert.False(t, simulator.HasTime(withInterval(simulate.MostSettings)))
	assert.True(t, simulator.HasTime(withInterval(7)))
}

// TestRunRefuses options that Validate does not accept.
func TestRunRefuses(t *testing.T) {
	options := simulate.Defaults()
	options.Rate, options.Seeds = 0, -1
	_, err := simulate.Run(nil, options)
	require.ErrorContains(t, err, "--rate 0")
	require.ErrorContains(t, err, "--seeds -1")
}
