package e2e

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failover-krm/failover/e2e/drill"
	"github.com/failover-krm/failover/e2e/manifests"
)

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
