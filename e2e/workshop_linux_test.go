package e2e

import (
	_ "embed"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/types"

	"github.com/failover-krm/failover/e2e/cluster"
	"github.com/failover-krm/failover/e2e/manifests"
	"github.com/failover-krm/failover/pkg/prober"
)

//go:embed testdata/drill.yaml
var workshopDrill string

var workshopGateway = types.NamespacedName{Namespace: "default", Name: "ha-failover-gateway"}

// TestWorkshop follows the workshop word for word, from what failover renders of
// its spec.
func TestWorkshop(t *testing.T) {
	c := startCluster(t)
	rendered := render(t, workshopSpec(t))
	target := startWorkshop(t, c, rendered)
	assertUnchanged(t, c, rendered)

	assert.Equal(t, times(10, "active"), tenRequests(t, target), "before the drill")
	assertFailsOver(t, c, workshopGateway, types.NamespacedName{Namespace: "default", Name: "ha-failover"}, manifests.WorkshopPolicy)

	require.NoError(t, c.Apply(t.Context(), workshopDrill))
	kubectl(t, c, "rollout status deployment active --timeout 60s")
	answers := tenRequests(t, target)
	assert.Contains(t, []string{"nobody", "passive"}, answers[0], "the request that finds the active tier down may be lost")
	assert.Equal(t, times(9, "passive"), answers[1:], "after the drill")

	cleanUpWorkshop(t, c, rendered)
}

// assertUnchanged makes sure that what was applied is what is there: a second
// apply changes nothing, by either way of applying.
func assertUnchanged(t *testing.T, c *cluster.Cluster, rendered string) {
	t.Helper()
	again, err := c.Kubectl(t.Context(), rendered, "apply", "--filename", "-")
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(again), "\n")
	assert.Len(t, lines, 9)
	for _, line := range lines {
		assert.True(t, strings.HasSuffix(line, " unchanged"), line)
	}
	difference, err := c.Kubectl(t.Context(), rendered, "diff", "--filename", "-")
	require.NoError(t, err, "kubectl diff exits with 1 where there is a difference")
	assert.Empty(t, difference)

	// The first server-side apply takes the fields over; a Deployment counts the
	// annotation that goes with that as a change.
	var generations []string
	for range 2 {
		_, err = c.Kubectl(t.Context(), rendered, "apply", "--server-side", "--force-conflicts", "--filename", "-")
		require.NoError(t, err)
		generations = append(generations, kubectl(t, c, "get deployment,backend,gateway,backendtrafficpolicy,httproute --namespace default"+
			" --selector app.kubernetes.io/name=ha-failover --output jsonpath={.items[*].metadata.generation}"))
	}
	assert.Equal(t, generations[0], generations[1])
	assert.Len(t, strings.Fields(generations[1]), 7)
	difference, err = c.Kubectl(t.Context(), rendered, "diff", "--server-side", "--force-conflicts", "--filename", "-")
	require.NoError(t, err)
	assert.Empty(t, difference)
}

// startWorkshop applies the resources of the workshop, and returns where they
// answer once they do.
func startWorkshop(t *testing.T, c *cluster.Cluster, rendered string) prober.HTTP {
	t.Helper()
	require.NoError(t, c.Apply(t.Context(), rendered))
	waitUntilInForce(t, c, workshopGateway.Namespace)
	address, err := c.GatewayHost(t.Context(), workshopGateway)
	require.NoError(t, err)
	target := prober.HTTP{Address: address, Host: "www.example.com", Path: "/test", Method: http.MethodGet}
	waitUntilServed(t, target)
	return target
}

// cleanUpWorkshop deletes what was rendered and makes sure that nothing is left.
func cleanUpWorkshop(t *testing.T, c *cluster.Cluster, rendered string) {
	t.Helper()
	_, err := c.Kubectl(t.Context(), rendered, "delete", "--filename", "-")
	require.NoError(t, err)
	kubectl(t, c, "wait deployment,service --for=delete --timeout 60s --namespace envoy-gateway-system"+
		" --selector gateway.envoyproxy.io/owning-gateway-name=ha-failover-gateway")
	left := kubectl(t, c, "get deployment,service,gateway,httproute,backend,backendtrafficpolicy --namespace default --output name")
	assert.Equal(t, []string{"service/kubernetes"}, strings.Fields(left), "what the API server makes for itself")
}

func kubectl(t *testing.T, c *cluster.Cluster, arguments string) (output string) {
	t.Helper()
	output, err := c.Kubectl(t.Context(), "", strings.Fields(arguments)...)
	require.NoError(t, err)
	return output
}
