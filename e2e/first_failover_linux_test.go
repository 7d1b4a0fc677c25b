package e2e

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/types"
)

// firstPages are what a reader follows first. What a page has in common with one before it is
// run once.
var firstPages = []string{"../examples/first-failover/README.md", "../README.md", "../docs/graph.md"}

// firstLeftOut has the commands of these pages that are not run here, by what they begin with.
var firstLeftOut = map[string]string{
	"helm upgrade": "Envoy Gateway runs already, and there is no registry",
	"kubectl apply -f examples/first-failover/gateway-api.yaml": "there is no operator of Calico",
	"service=":                "there is no kubelet to forward a port",
	"kubectl port-forward":    "there is no kubelet to forward a port",
	"ADDRESS=127.0.0.1":       "there is no kubelet to forward a port",
	"failover status --watch": "it runs during the drill",
	"failover graph":          "needs no cluster: TestPageCommands runs it",
}

// firstSays is what the other commands must say, by what they begin with.
var firstSays = map[string]string{
	"kubectl apply -f examples/first-failover/gateway-class.yaml":                "gatewayclass.gateway.networking.k8s.io/eg created",
	"failover render examples/first-failover/envoy-gateway.yaml | kubectl apply": "httproute.gateway.networking.k8s.io/hello-eg created",
	"kubectl wait --for=condition=Available":                                     "deployment.apps/hello-eg-passive condition met",
	"kubectl wait --for=condition=Programmed":                                    "gateway.gateway.networking.k8s.io/hello-eg-gateway condition met",
	"for i in $(seq 10)": "\"hello-eg-active-",
	"failover drill":     "active answers again",
	"failover render examples/first-failover/envoy-gateway.yaml | kubectl delete": `httproute.gateway.networking.k8s.io "hello-eg" deleted`,
	"kubectl delete -f examples/first-failover/gateway-class.yaml":                `gatewayclass.gateway.networking.k8s.io "eg" deleted`,
	"failover render examples/first-failover/calico.yaml":                         "httproute.gateway.networking.k8s.io/hello-calico created",
	"kubectl get httproutes": "hello-calico",
}

// TestFirstFailover runs the commands of the first pages, as they stand there.
func TestFirstFailover(t *testing.T) {
	c := startCluster(t)
	s := openShell(t, c)
	repository, err := filepath.Abs("..")
	require.NoError(t, err)
	require.NoError(t, os.Symlink(filepath.Join(repository, "examples"), filepath.Join(s.directory, "examples")))
	t.Cleanup(func() {
		_, err := c.Kubectl(context.Background(), "", "delete", "httproute,backendtrafficpolicy,backend,deployment,service,gateway",
			"--namespace", "default", "--selector", "app.kubernetes.io/managed-by=failover")
		assert.NoError(t, err)
	})
	// There is no kube-proxy between a client and port 80 of Envoy's pod, and a drill asks a
	// terminal before it begins.
	s.program(t, "kubectl", `[ "$*" != "apply -f examples/first-failover/gateway-class.yaml" ] || set -- apply -f gateway-class.yaml`)
	class, err := os.ReadFile(filepath.Join(repository, "examples", "first-failover", "gateway-class.yaml"))
	require.NoError(t, err)
	const parameters = "  parametersRef: {group: gateway.envoyproxy.io, kind: EnvoyProxy, name: e2e, namespace: envoy-gateway-system}\n"
	require.NoError(t, os.WriteFile(filepath.Join(s.directory, "gateway-class.yaml"), append(class, parameters...), 0o644))
	const drill = `[ "$1" != drill ] || set -- "$@" --yes --calm=1s --for=3s`
	s.program(t, "failover", drill)

	var done []string
	for _, file := range firstPages {
		for _, shown := range commandsOfPage(t, file) {
			command, _, _ := strings.Cut(shown.Text, " #")
			command = strings.TrimSpace(command)
			if slices.Contains(done, command) || valueFor(firstLeftOut, command) != "" {
				continue
			}
			done = append(done, command)
			isWatched := command == "failover drill examples/first-failover/envoy-gateway.yaml"
			stop := func() string { return "" }
			if isWatched {
				stop = s.watch(t, drill, types.NamespacedName{Namespace: "default", Name: "hello-eg-gateway"})
			}
			output, err := s.run(t, command)
			watched := stop()
			t.Logf("%s\n%s%s", command, output, watched)
			require.NoErrorf(t, err, "%s: %s", file, command)
			assert.Contains(t, output, valueFor(firstSays, command), command)
			for _, tier := range []string{"active", "passive"} {
				assert.Equal(t, isWatched, strings.Contains(watched, "serving: "+tier+" (Backend default/hello-eg-"+tier+")"), tier)
			}
		}
	}
}

// watch runs the command of the second terminal, 'failover status --watch', until it is
// stopped, which returns what it wrote.
func (s *shell) watch(t *testing.T, first string, gateway types.NamespacedName) (stop func() string) {
	t.Helper()
	_, admins, err := s.cluster.Envoys(t.Context(), gateway)
	require.NoError(t, err)
	require.Len(t, admins, 1)
	// There is no kubelet to forward a port to Envoy's administration interface.
	s.program(t, "failover", first+"\n"+`[ "$1" != status ] || set -- "$@" --admin=http://`+admins[0])
	watching := s.command(t, "exec failover status --watch examples/first-failover/envoy-gateway.yaml")
	var output bytes.Buffer
	watching.Stdout, watching.Stderr = &output, &output
	require.NoError(t, watching.Start())
	return func() string {
		require.NoError(t, watching.Process.Signal(os.Interrupt))
		_ = watching.Wait() // it says by what it was ended
		return output.String()
	}
}

// valueFor is the value of the key that a command begins with.
func valueFor(table map[string]string, command string) string {
	for begins, value := range table {
		if strings.HasPrefix(command, begins) {
			return value
		}
	}
	return ""
}
