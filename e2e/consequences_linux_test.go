package e2e

import (
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failover-krm/failover/e2e/cluster"
	"github.com/failover-krm/failover/pkg/prober"
)

// TestConsequences applies what an API server takes and Envoy Gateway does not, shows
// what failover says of it, what becomes of the traffic, and that the fix which the
// message names heals it.
func TestConsequences(t *testing.T) {
	c := startCluster(t)
	rendered := render(t, workshopSpec(t))
	target := startWorkshop(t, c, rendered)
	const policy, route = "backendtrafficpolicy/passive-health-check", "httproute/ha-failover"

	t.Run("a policy that is not accepted: 500", func(t *testing.T) {
		patch(t, c, policy, `{"spec": {"retry": {"perRetry": {"backOff": {"baseInterval": "0s"}}}}}`)
		assertRefused(t, c, policy, "spec.retry.perRetry.backOff.baseInterval: Invalid value: \"0s\": must be longer than 0s", "the route would answer 500 to every request")
		eventuallyAnswers(t, target, http.StatusInternalServerError)
		assert.Equal(t, "False", conditionOf(t, c, policy, "ancestors", "Accepted"))
		patch(t, c, policy, `{"spec": {"retry": null}}`)
		eventuallyAnswers(t, target, http.StatusOK)
	})

	t.Run("a policy that freezes the Gateway", func(t *testing.T) {
		patch(t, c, policy, `{"spec": {"healthCheck": {"passive": {"interval": "0s"}}}}`)
		assertRefused(t, c, policy, "spec.healthCheck.passive.interval: Invalid value: \"0s\": must be longer than 0s", "no change would reach this Gateway's Envoy any more, with every status green")
		patch(t, c, route, `{"spec": {"hostnames": ["www.example.com", "new.example.com"]}}`)
		time.Sleep(10 * time.Second) // a change arrives within one
		fresh := target
		fresh.Host = "new.example.com"
		eventuallyAnswers(t, fresh, http.StatusNotFound)
		eventuallyAnswers(t, target, http.StatusOK)
		for _, object := range []string{policy, route} {
			assert.Equal(t, "True", conditionOf(t, c, object, map[string]string{policy: "ancestors", route: "parents"}[object], "Accepted"), "every status is green")
		}
		patch(t, c, policy, `{"spec": {"healthCheck": {"passive": {"interval": "2s"}}}}`)
		eventuallyAnswers(t, fresh, http.StatusOK)
		patch(t, c, route, `{"spec": {"hostnames": ["www.example.com"]}}`)
	})

	t.Run("a route that is left out: 404", func(t *testing.T) {
		const rules = `{"spec": {"rules": [{"matches": [{"path": {"type": "%TYPE", "value": "%VALUE"}}], "backendRefs": [
			{"group": "gateway.envoyproxy.io", "kind": "Backend", "name": "active"}, {"group": "gateway.envoyproxy.io", "kind": "Backend", "name": "passive"}]}]}}`
		patch(t, c, route, strings.NewReplacer("%TYPE", "RegularExpression", "%VALUE", "/(?!x)").Replace(rules))
		assertRefused(t, c, route, "must be a regular expression in the syntax of RE2", "the rule would be left out, and its requests be answered 404")
		eventuallyAnswers(t, target, http.StatusNotFound)
		patch(t, c, route, strings.NewReplacer("%TYPE", "RegularExpression", "%VALUE", "/te.t").Replace(rules))
		eventuallyAnswers(t, target, http.StatusOK)
	})
	cleanUpWorkshop(t, c, rendered)
}

func patch(t *testing.T, c *cluster.Cluster, object, change string) {
	t.Helper()
	_, err := c.Kubectl(t.Context(), "", "patch", object, "--namespace", "default", "--type", "merge", "--patch", change)
	require.NoError(t, err, "the API server takes it")
}

// assertRefused gives failover the object as it is in the cluster.
func assertRefused(t *testing.T, c *cluster.Cluster, object, message, consequence string) {
	t.Helper()
	failover := exec.CommandContext(t.Context(), installed.Failover, "check", "--target", targets[*envoyGatewayVersion], "-")
	failover.Stdin = strings.NewReader(kubectl(t, c, "get "+object+" --namespace default --output yaml"))
	output, err := failover.CombinedOutput()
	require.Error(t, err, string(output))
	assert.Contains(t, string(output), message)
	assert.Contains(t, string(output), consequence)
}

func eventuallyAnswers(t *testing.T, target prober.HTTP, status int) {
	t.Helper()
	var last prober.Answer
	require.Eventually(t, func() bool {
		answer, err := target.Ask(t.Context())
		last = answer
		return err == nil && answer.Status == status
	}, 30*time.Second, 200*time.Millisecond, "wanted status %d", status)
	assert.Equal(t, status, last.Status)
}

// conditionOf returns the status of a condition of the first parent or ancestor.
func conditionOf(t *testing.T, c *cluster.Cluster, object, list, name string) string {
	t.Helper()
	return kubectl(t, c, "get "+object+" --namespace default --output jsonpath={.status."+list+"[0].conditions[?(@.type==\""+name+"\")].status}")
}
