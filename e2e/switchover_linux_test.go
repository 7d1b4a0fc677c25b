package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failover-krm/failover/e2e/drill"
	"github.com/failover-krm/failover/e2e/manifests"
	"github.com/failover-krm/failover/e2e/prober"
)

const (
	switchoverRate = 20
	// atWork is how long each request takes, so that some are always under way.
	atWork = "500ms"
	// switchAfter is how long each tier serves, and settled when it must serve alone.
	switchAfter = 8 * time.Second
	settled     = 6 * time.Second
)

// TestSwitchover changes spec.prefer under load, to passive and back, by kubectl apply
// alone. Nothing is lost, requests that are under way included.
func TestSwitchover(t *testing.T) {
	c := startCluster(t)
	gateway := gatewayOf(drill.Drill{})
	startGateways(t, c, []drill.Drill{{}})
	for _, policy := range []manifests.Policy{manifests.Safe, manifests.SafeActive} {
		t.Run(policy.Name, func(t *testing.T) {
			t.Parallel()
			spec := manifests.Spec{Namespace: "switchover-" + policy.Name, Hostname: "switchover-" + policy.Name + ".example.com", Gateway: gateway, Policy: policy}
			prefer := func(tier string) string {
				return render(t, strings.Replace(spec.FailoverSpec(), "\nspec:\n", "\nspec:\n  prefer: "+tier+"\n", 1))
			}
			active, passive := prefer("active"), prefer("passive")
			require.NoError(t, c.Apply(t.Context(), manifests.Namespace(spec.Namespace)))
			require.NoError(t, c.Apply(t.Context(), active))
			address, err := c.GatewayHost(t.Context(), gateway)
			require.NoError(t, err)
			target := prober.Target{Address: address, Host: spec.Hostname, Path: "/test?delay=" + atWork}
			waitUntilServed(t, target)
			defer kubectl(t, c, "delete httproute,backendtrafficpolicy,backend,deployment,service --all --namespace "+spec.Namespace)

			start := time.Now()
			switched := make(chan error, 1)
			go func() {
				for i, state := range []string{passive, active} {
					time.Sleep(time.Until(start.Add(time.Duration(i+1) * switchAfter)))
					if err := c.Apply(t.Context(), state); err != nil {
						switched <- err
						return
					}
				}
				switched <- nil
			}()
			requests := prober.Probe{Target: target, Rate: switchoverRate, Duration: 3 * switchAfter, Patience: *patience}.Run(t.Context(), start)
			require.NoError(t, <-switched)

			served := map[string]int{}
			for _, request := range requests {
				assert.False(t, request.Lost(), "%+v", request)
				serves := isActive
				phase := request.Due / switchAfter
				if phase == 1 {
					serves = isPassive
				}
				if request.Due-phase*switchAfter >= settled {
					assert.True(t, serves(request.Answer.Pod), "%s is served by %s", request.Due, request.Answer.Pod)
				}
				served[request.Answer.Pod[:strings.IndexByte(request.Answer.Pod+"-", '-')]]++
			}
			t.Log(served)
		})
	}
}
