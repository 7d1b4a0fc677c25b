package e2e

import (
	"context"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/types"

	"github.com/failover-krm/failover/e2e/manifests"
	"github.com/failover-krm/failover/pkg/prober"
)

// TestPlugin runs failover as a plugin of the real kubectl, completion included.
func TestPlugin(t *testing.T) {
	c := startCluster(t)
	directory := t.TempDir()
	plugin := filepath.Join(directory, "kubectl-failover")
	require.NoError(t, os.Symlink(c.Failover(), plugin))
	require.NoError(t, os.WriteFile(filepath.Join(directory, "kubectl_complete-failover"), []byte("#!/bin/sh\nexec kubectl-failover __complete \"$@\"\n"), 0o755))
	kubectl := func(arguments ...string) string {
		cmd := c.Command(t.Context(), "sh", append([]string{"-c", `PATH="` + directory + `:$PATH" exec kubectl "$@"`, "sh"}, arguments...)...)
		output, err := cmd.CombinedOutput()
		require.NoError(t, err, string(output))
		return string(output)
	}
	assert.Contains(t, kubectl("failover", "version"), "failover ")
	assert.Contains(t, kubectl("failover", "status", "--help"), "kubectl failover status [FILE|DIR|-]...")
	assert.Contains(t, kubectl("__complete", "failover", "sta"), "status\t")
	assert.Contains(t, kubectl("__complete", "failover", "check", "--fail-on", "w"), "warning")
}

// TestStatus asks 'failover status' which tier serves, in calm, in an outage and after it, of
// a Gateway with two Envoys.
func TestStatus(t *testing.T) {
	c := startCluster(t)
	gateway := types.NamespacedName{Namespace: "two-envoys", Name: "shared"}
	spec := manifests.Spec{Namespace: "status", Hostname: "status.example.com", Gateway: gateway, Policy: manifests.Safe, Active: 1, Passive: 1}
	const provider = "useListenerPortAsContainerPort: true"
	two := strings.Replace(manifests.SharedGateway(gateway, 1), provider, provider+", envoyDeployment: {replicas: 2}", 1)
	require.Contains(t, two, "replicas: 2")
	require.NoError(t, c.Apply(t.Context(), two+manifests.Namespace(spec.Namespace)))
	require.NoError(t, c.Apply(t.Context(), render(t, spec.FailoverSpec())))
	waitUntilInForce(t, c, gateway.Namespace)
	t.Cleanup(func() {
		_, err := c.Kubectl(context.Background(), "", "delete", "httproute,backendtrafficpolicy,backend,deployment,service,gateway", "--all", "--namespace", spec.Namespace)
		assert.NoError(t, err)
	})
	var pods []netip.Addr
	var admins []string
	require.Eventually(t, func() (areThere bool) {
		var err error
		pods, admins, err = c.Envoys(t.Context(), gateway)
		return err == nil && len(admins) == 2
	}, time.Minute, time.Second, "two Envoys")
	// Each Envoy learns by its own requests.
	traffic, stop := context.WithCancel(t.Context())
	var sending sync.WaitGroup
	defer sending.Wait()
	defer stop()
	for _, pod := range pods {
		target := prober.HTTP{Address: net.JoinHostPort(pod.String(), "80"), Host: spec.Hostname, Path: manifests.PathOf(0)}
		sending.Go(func() {
			prober.Probe{Target: target, Rate: 10, Duration: 5 * time.Minute, Patience: time.Second}.Until(traffic, time.Now(), traffic.Done(), func(prober.Request) {})
		})
	}
	arguments := []string{"status"}
	for _, admin := range admins {
		arguments = append(arguments, "--admin=http://"+admin)
	}
	said := func() string {
		cmd := c.Command(t.Context(), c.Failover(), append(arguments, "-")...)
		cmd.Stdin = strings.NewReader(spec.FailoverSpec())
		output, err := cmd.CombinedOutput()
		if err != nil {
			return err.Error() + ": " + string(output)
		}
		return string(output)
	}
	becomes := func(serving string) string {
		t.Helper()
		last := ""
		assert.Eventually(t, func() bool { last = said(); return strings.Contains(last, serving) }, 2*time.Minute, time.Second, "%s", serving)
		if !strings.Contains(last, serving) {
			t.Log(last)
		}
		return last
	}

	calm := becomes("serving: active (Backend status/active), say all 2 Envoys")
	t.Log(calm)
	assert.Contains(t, calm, "no condition of its objects shows a problem")
	kubectl(t, c, "scale deployment/active --replicas=0 --namespace "+spec.Namespace)
	outage := becomes("serving: passive (Backend status/passive), say all 2 Envoys")
	t.Log(outage)
	assert.Contains(t, outage, "ejected by the passive check")
	kubectl(t, c, "scale deployment/active --replicas=1 --namespace "+spec.Namespace)
	becomes("serving: active (Backend status/active), say all 2 Envoys")
	kubectl(t, c, "delete backend passive --namespace "+spec.Namespace)
	gone := becomes("nothing fails over")
	assert.Contains(t, gone, "Backend status/passive: Exists is False, NotFound")
	assert.Contains(t, gone, "HTTPRoute status/ha-failover: ResolvedRefs is False")
	t.Log(gone)
}
