package e2e

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failover-krm/failover/e2e/cluster"
	"github.com/failover-krm/failover/e2e/drill"
	"github.com/failover-krm/failover/e2e/manifests"
	"github.com/failover-krm/failover/e2e/predictions"
)

// TestSeveralHosts breaks one host of an active tier that has several: the heavier one
// of two backends, and one of three pods of a headless Service. What is lost, and how
// much passive serves meanwhile, is what was predicted.
func TestSeveralHosts(t *testing.T) {
	c := startCluster(t)
	startGateways(t, c, drill.All())
	var results []drill.Result
	for _, tier := range []manifests.Tier{manifests.Weighted, manifests.Headless} {
		for _, fault := range []cluster.Fault{cluster.PortClosed, cluster.AnswersErrors} {
			results = append(results, drill.Result{Drill: drill.Drill{Policy: manifests.Safe, Fault: fault, Method: http.MethodGet, ActiveTier: tier}})
		}
	}
	for range 1 + repetitions {
		runAgain(t, c, results, 1)
	}
	for _, result := range results {
		t.Run(result.Drill.String(), func(t *testing.T) {
			require.Len(t, result.Reports, 1, "runs whose rate was held")
			report := result.Reports[0]
			assert.Zero(t, report.LostBefore, "lost requests before the outage: %s", report)
			found, err := predictions.Compare(result.Drill, drill.Measured{Report: report}, *envoyGatewayVersion, *patience)
			require.NoError(t, err)
			t.Log("lost", found.Lost, "passive", found.ByPassive, "failover", found.Failover)
			assert.True(t, found.Lost.Agrees(), "lost requests, measured / predicted: %s", found.Lost)
			assert.True(t, found.ByPassive.Agrees(), "requests that passive served, measured / predicted: %s", found.ByPassive)
		})
	}
}

// TestLocalities: Envoy has the backends of a tier as weighted localities of one
// priority in one cluster.
func TestLocalities(t *testing.T) {
	c := startCluster(t)
	startGateways(t, c, drill.All())
	for _, tc := range []struct {
		tier manifests.Tier
		want []string
	}{
		{manifests.Weighted, []string{"priority 0, weight 90: active", "priority 0, weight 10: active-canary", "priority 1, weight 1: passive"}},
		{manifests.Headless, []string{"priority 0, weight 1: active", "priority 1, weight 1: passive"}},
	} {
		t.Run(tc.tier.Name, func(t *testing.T) {
			d := drill.Drill{Policy: manifests.Safe, Fault: "told", Method: http.MethodGet, ActiveTier: tc.tier}
			_, cleanUp := startDrills(t, c, []drill.Drill{d})
			defer cleanUp()
			clusters, routes := toldEnvoy(t, c, gatewayOf(d), routeOf(d))
			require.Len(t, clusters, 1, "more than one cluster splits the traffic and never fails over")
			require.Len(t, routes, 1)
			assert.Equal(t, clusters[0].Name, routes[0].Route.Cluster)
			var got []string
			for _, locality := range clusters[0].LoadAssignment.Endpoints {
				require.Len(t, locality.LbEndpoints, 1)
				name := locality.LbEndpoints[0].Endpoint.Address.SocketAddress.Address
				got = append(got, fmt.Sprintf("priority %d, weight %d: %s", locality.Priority, locality.LoadBalancingWeight, name[:len(name)-len("."+d.Namespace()+".svc.cluster.local")]))
			}
			assert.Equal(t, tc.want, got)
		})
	}
}
