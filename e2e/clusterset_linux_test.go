package e2e

import (
	"fmt"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/types"

	"github.com/failover-krm/failover/e2e/cluster"
	"github.com/failover-krm/failover/e2e/drill"
	"github.com/failover-krm/failover/e2e/manifests"
	"github.com/failover-krm/failover/pkg/prober"
)

// TestServiceImport has a standby that is a ServiceImport: a server elsewhere, whose name
// of the cluster set is one of the cluster's DNS, as a mesh makes it. It takes over when
// the active tier is down, and nothing is lost.
func TestServiceImport(t *testing.T) {
	const namespace, standby = "cluster-set", "shop.cluster-set.svc.clusterset.local"
	c := startCluster(t)
	gateway := gatewayOf(drill.Drill{})
	startGateways(t, c, []drill.Drill{{}})
	_, err := c.StartOutside(standby, netip.MustParseAddr("198.19.255.1"), map[int]bool{8080: false})
	require.NoError(t, err)
	rendered := render(t, fmt.Sprintf(`apiVersion: failover.krm.dev/v1alpha1
kind: FailoverSpec
metadata: {name: shop, namespace: %s}
spec:
  hostnames: [shop.example.com]
  gateway: {namespace: %s, name: %s}
  active: {name: active, workload: %s}
  passive: {serviceImport: {name: shop, port: 8080}}
`, namespace, gateway.Namespace, gateway.Name, manifests.Echo))
	require.NoError(t, c.Apply(t.Context(), manifests.Namespace(namespace)))
	require.NoError(t, c.Apply(t.Context(), rendered))
	defer kubectl(t, c, "delete httproute,backendtrafficpolicy,backend,deployment,service --all --namespace "+namespace)
	address, err := c.GatewayHost(t.Context(), gateway)
	require.NoError(t, err)
	target := prober.HTTP{Address: address, Host: "shop.example.com", Path: "/", Method: http.MethodGet}
	waitUntilServed(t, target)

	clusters, _ := toldEnvoy(t, c, gateway, types.NamespacedName{Namespace: namespace, Name: "shop"})
	require.Len(t, clusters, 1, "more than one cluster splits the traffic and never fails over")
	active := types.NamespacedName{Namespace: namespace, Name: "active"}
	outage := prober.Outage{Active: isActive, Passive: func(pod string) bool { return pod == standby }}
	start := time.Now()
	broken := make(chan error, 1)
	go func() {
		time.Sleep(time.Until(start.Add(3*time.Second + 25*time.Millisecond)))
		outage.Broken = time.Since(start)
		inForce, err := c.Break(t.Context(), active, cluster.PortClosed)
		outage.InForce = inForce.Sub(start)
		if err == nil {
			time.Sleep(time.Until(start.Add(8 * time.Second)))
			err = c.Restore(t.Context(), active, cluster.PortClosed)
		}
		outage.Restored = time.Since(start)
		broken <- err
	}()
	requests := prober.Probe{Target: target, Rate: 20, Duration: 22 * time.Second, Patience: *patience}.Run(t.Context(), start)
	require.NoError(t, <-broken)
	report := prober.NewReport(requests, outage)
	t.Log(report)
	assert.LessOrEqual(t, report.Lost-report.CutOff, 0, "lost requests: %s", report)
	assert.NotEqual(t, prober.Never, report.Failover, "the other cluster takes over")
	assert.NotEqual(t, prober.Never, report.Failback, "active serves again")
	assert.Greater(t, report.ByPassive, 80, "requests of the outage that the other cluster serves")
}
