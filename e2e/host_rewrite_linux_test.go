package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/types"

	"github.com/failover-krm/failover/pkg/prober"
)

// TestHostRewriteWithActiveCheck has two servers that each know only their own
// hostname. With hostRewrite: Backend and an active check both are healthy, and active
// serves. Were they checked under the route's hostname, both would answer 404.
func TestHostRewriteWithActiveCheck(t *testing.T) {
	c := startCluster(t)
	spec := strings.Replace(workshopSpec(t), "spec:\n", "spec:\n  hostRewrite: Backend\n", 1)
	before, _, found := strings.Cut(spec, "  policy:\n")
	require.True(t, found, spec)
	rendered := render(t, before+"  policy:\n    healthCheck: {active: {http: {path: /healthz}}}\n")
	require.Contains(t, rendered, "hostname: active.default.svc.cluster.local\n")
	target := startWorkshop(t, c, rendered)
	for _, tier := range []string{"active", "passive"} {
		require.NoError(t, c.AnswerOnlyTo(types.NamespacedName{Namespace: "default", Name: tier}, tier+".default.svc.cluster.local"))
	}
	require.Eventually(t, func() bool { return allFrom(t, target, "active") }, 30*time.Second, time.Second, "until the checks have seen the servers")
	time.Sleep(10 * time.Second) // five intervals of the check, which would take a host out
	assert.Equal(t, times(10, "active"), tenRequests(t, target), "checked under its own hostname, active serves")
	cleanUpWorkshop(t, c, rendered)
}

func allFrom(t *testing.T, target prober.HTTP, tier string) bool {
	t.Helper()
	require.Equal(t, http.MethodGet, target.Method)
	for _, answer := range tenRequests(t, target) {
		if answer != tier {
			return false
		}
	}
	return true
}
