package e2e

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failover-krm/failover/e2e/cluster"
	"github.com/failover-krm/failover/e2e/drill"
	"github.com/failover-krm/failover/e2e/manifests"
	"github.com/failover-krm/failover/pkg/prober"
)

const (
	switchRate = 20
	// atWork is how long each request takes, so that some are always under way.
	atWork = "500ms"
	// switchAfter is how long each tier serves, and settled when only it may serve.
	switchAfter = 10 * time.Second
	settled     = 8 * time.Second
)

// switchover changes spec.prefer under load, to passive and back, only by kubectl apply.
// Nothing is lost, requests that are under way included.
type switchover struct {
	spec            manifests.Spec
	target          prober.HTTP
	active, passive string

	requests []prober.Request
	err      error
}

// prepareSwitchovers applies one for each of some policies, and removes them at the end.
func prepareSwitchovers(t *testing.T, c *cluster.Cluster) []*switchover {
	t.Helper()
	gateway := gatewayOf(drill.Drill{})
	var all []*switchover
	for _, policy := range []manifests.Policy{manifests.Safe, manifests.SafeActive} {
		spec := manifests.Spec{Namespace: "switchover-" + policy.Name, Hostname: "switchover-" + policy.Name + ".example.com", Gateway: gateway, Policy: policy}
		prefer := func(tier string) string {
			return render(t, strings.Replace(spec.FailoverSpec(), "\nspec:\n", "\nspec:\n  prefer: "+tier+"\n", 1))
		}
		s := &switchover{spec: spec, active: prefer("active"), passive: prefer("passive")}
		require.NoError(t, c.Apply(t.Context(), manifests.Namespace(spec.Namespace)))
		require.NoError(t, c.Apply(t.Context(), s.active))
		address, err := c.GatewayHost(t.Context(), gateway)
		require.NoError(t, err)
		s.target = prober.HTTP{Address: address, Host: spec.Hostname, Path: "/test?delay=" + atWork}
		// An active check that was too early for the pod lets a minute pass before the next.
		require.Eventually(t, func() bool {
			answer, err := s.target.Ask(t.Context())
			return err == nil && isActive(answer.From)
		}, 2*time.Minute, 100*time.Millisecond, "active serves %s", spec.Namespace)
		t.Cleanup(func() {
			_, err := c.Kubectl(context.Background(), "", "delete", "httproute,backendtrafficpolicy,backend,deployment,service", "--all", "--namespace", spec.Namespace)
			assert.NoError(t, err)
		})
		all = append(all, s)
	}
	return all
}

// run sends the requests and changes the spec meanwhile.
func (s *switchover) run(ctx context.Context, c *cluster.Cluster) {
	start := time.Now()
	switched := make(chan error, 1)
	go func() {
		for i, state := range []string{s.passive, s.active} {
			time.Sleep(time.Until(start.Add(time.Duration(i+1) * switchAfter)))
			if err := c.Apply(ctx, state); err != nil {
				switched <- err
				return
			}
		}
		switched <- nil
	}()
	s.requests = prober.Probe{Target: s.target, Rate: switchRate, Duration: 3 * switchAfter, Patience: *patience}.Run(ctx, start)
	s.err = <-switched
}

// check fails the test where something was lost, or the wrong tier served.
func (s *switchover) check(t *testing.T) {
	require.NoError(t, s.err)
	served := map[string]int{}
	for _, request := range s.requests {
		assert.False(t, request.Lost(), "%+v", request)
		serves := isActive
		phase := request.Due / switchAfter
		if phase == 1 {
			serves = isPassive
		}
		if request.Due-phase*switchAfter >= settled {
			assert.True(t, serves(request.Answer.From), "%s is served by %s", request.Due, request.Answer.From)
		}
		served[request.Answer.From[:strings.IndexByte(request.Answer.From+"-", '-')]]++
	}
	t.Log(served)
}

func (s *switchover) lost() int {
	count := 0
	for _, request := range s.requests {
		if request.Lost() {
			count++
		}
	}
	return count
}
