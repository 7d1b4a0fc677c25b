package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"
)

// failoverKinds are all that failover renders, as kubectl names them.
var failoverKinds = []string{
	"httproutes.gateway.networking.k8s.io", "httproutefilters.gateway.envoyproxy.io", "backendtrafficpolicies.gateway.envoyproxy.io",
	"gateways.gateway.networking.k8s.io", "backends.gateway.envoyproxy.io", "deployments", "services",
}

// TestKubectlScripts applies specs by the scripts of examples/kubectl, changes and
// removes some, and applies again: what is no longer rendered is deleted, and what
// others made is not.
func TestKubectlScripts(t *testing.T) {
	c := startCluster(t)
	const workloads = `{hostRewrite: Backend, gateway: {gatewayClassName: nobody},
  active: {workload: {image: "registry.example.com/echo:1", port: 3000, replicas: 0}},
  passive: {workload: {image: "registry.example.com/echo:1", port: 3000, replicas: 0}}}`
	const services = `{gateway: {gatewayClassName: nobody}, active: {service: {name: a, port: 80}}, passive: {service: {name: b, port: 80}}}`
	const foreign = `
apiVersion: v1
kind: Service
metadata: {name: foreign}
spec: {ports: [{port: 80}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: foreign, labels: {app.kubernetes.io/managed-by: Helm}}
spec: {rules: [{}]}
`
	for _, tc := range []struct {
		script, namespace string
		// arguments come between the namespace and the directory.
		arguments []string
	}{
		{script: "../examples/kubectl/apply-prune.sh", namespace: "by-label"},
		{script: "../examples/kubectl/applyset.sh", namespace: "by-applyset", arguments: []string{"shop"}},
	} {
		t.Run(tc.namespace, func(t *testing.T) {
			directory := t.TempDir()
			write := func(name, spec string) {
				text := "apiVersion: failover.krm.dev/v1alpha1\nkind: FailoverSpec\nmetadata: {name: " + name + "}\nspec: " + spec + "\n"
				require.NoError(t, os.WriteFile(filepath.Join(directory, name+".yaml"), []byte(text), 0o644))
			}
			apply := func() (string, error) {
				return c.Script(t.Context(), tc.script, append(append([]string{tc.namespace}, tc.arguments...), directory)...)
			}
			left := func() []string {
				output, err := c.Kubectl(t.Context(), "", "get", "--namespace", tc.namespace, strings.Join(failoverKinds, ","), "--output", "name")
				require.NoError(t, err)
				names := strings.Fields(output)
				slices.Sort(names)
				return names
			}
			_, err := c.Kubectl(t.Context(), "", "create", "namespace", tc.namespace)
			require.NoError(t, err)
			_, err = c.Kubectl(t.Context(), foreign, "apply", "--namespace", tc.namespace, "--filename", "-")
			require.NoError(t, err)

			write("one", workloads)
			write("two", services)
			output, err := apply()
			require.NoError(t, err, output)
			assert.Len(t, left(), 2+10+5, "somebody's two, and two specs")

			require.NoError(t, os.Remove(filepath.Join(directory, "two.yaml")))
			write("three", services)
			write("one", services)
			output, err = apply()
			require.NoError(t, err, output)
			assert.Equal(t, []string{
				"backend.gateway.envoyproxy.io/one-active", "backend.gateway.envoyproxy.io/one-passive",
				"backend.gateway.envoyproxy.io/three-active", "backend.gateway.envoyproxy.io/three-passive",
				"backendtrafficpolicy.gateway.envoyproxy.io/one", "backendtrafficpolicy.gateway.envoyproxy.io/three",
				"gateway.gateway.networking.k8s.io/one-gateway", "gateway.gateway.networking.k8s.io/three-gateway",
				"httproute.gateway.networking.k8s.io/foreign", "httproute.gateway.networking.k8s.io/one", "httproute.gateway.networking.k8s.io/three",
				"service/foreign",
			}, left(), output)

			before := left()
			write("three", "{typo: 1}")
			output, err = apply()
			require.Error(t, err)
			assert.Contains(t, output, `spec.typo: Forbidden: unknown field`)
			assert.Equal(t, before, left(), "a wrong spec deletes nothing")

			write("three", services)
			output, err = c.Script(t.Context(), "-c", `failover render -n "$0" "$1" | kubectl delete -n "$0" -f -`, tc.namespace, directory)
			require.NoError(t, err, output)
			assert.Equal(t, []string{"httproute.gateway.networking.k8s.io/foreign", "service/foreign"}, left())

			output, err = apply()
			require.NoError(t, err, output)
			shell := openShell(t, c)
			for _, shown := range commandsOfPage(t, "../examples/kubectl/README.md") {
				command := strings.NewReplacer("NAMESPACE", tc.namespace, "NAME", "shop").Replace(shown.Text)
				isForApplySet := strings.Contains(command, "secret")
				if !strings.Contains(command, "-n "+tc.namespace) || isForApplySet && len(tc.arguments) == 0 {
					continue
				}
				output, err := shell.run(t, command)
				require.NoError(t, err, "%s\n%s", command, output)
			}
			assert.Equal(t, []string{"httproute.gateway.networking.k8s.io/foreign", "service/foreign"}, left(), "the last spec, by the page")
			secrets, err := c.Kubectl(t.Context(), "", "get", "secret", "--namespace", tc.namespace, "--output", "name")
			require.NoError(t, err)
			assert.Empty(t, secrets)
		})
	}
}

// TestAdoptedExample compares an adopted failover with what runs, as its page shows it: only
// what the page says is added, and nothing is removed.
func TestAdoptedExample(t *testing.T) {
	c := startCluster(t)
	const namespaces = "apiVersion: v1\nkind: Namespace\nmetadata: {name: store}\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: store-dr}\n"
	require.NoError(t, c.Apply(t.Context(), namespaces))
	_, err := c.Kubectl(t.Context(), "", "apply", "--filename", "../examples/adopt/manifests")
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := c.Kubectl(context.Background(), "", "delete", "--filename", "../examples/adopt/manifests")
		assert.NoError(t, err)
	})
	shell := openShell(t, c)
	require.NoError(t, os.CopyFS(filepath.Join(shell.directory, "adopted"), os.DirFS("../examples/adopt/adopted")))
	require.NoError(t, os.Symlink(installed.Kustomize, filepath.Join(shell.directory, "kustomize")))
	commands := commandsOfPage(t, "../examples/adopt/README.md")
	command := commands[len(commands)-1].Text
	require.Contains(t, command, "kubectl diff")
	difference, err := shell.run(t, command)
	require.Error(t, err, "there is a difference")
	t.Log(difference)
	changed := regexp.MustCompile(`(?m)^[-+] .*`).FindAllString(difference, -1)
	require.NotEmpty(t, changed)
	for _, line := range changed {
		assert.Regexp(t, `^\+    (failover\.krm\.dev|app\.kubernetes\.io)/|^\+      (namespace: store|port: 8080)$|^[-+]  generation: `, line)
	}
}

// TestFluxScript renders as the example for Flux does, and finds what was not
// rendered anew.
func TestFluxScript(t *testing.T) {
	c := startCluster(t)
	const script = "../examples/flux/render.sh"
	directory := t.TempDir()
	specs, rendered := filepath.Join(directory, "specs"), filepath.Join(directory, "rendered", "failover.yaml")
	require.NoError(t, os.Mkdir(specs, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(specs, "workshop.yaml"), []byte(workshopSpec(t)), 0o644))

	_, err := c.Script(t.Context(), script, "--check", specs, rendered)
	require.Error(t, err, "never rendered")
	output, err := c.Script(t.Context(), script, specs, rendered)
	require.NoError(t, err, output)
	want, err := os.ReadFile("../examples/workshop/rendered.yaml")
	require.NoError(t, err)
	got, err := os.ReadFile(rendered)
	require.NoError(t, err)
	assert.Equal(t, string(want), string(got))
	output, err = c.Script(t.Context(), script, "--check", specs, rendered)
	require.NoError(t, err, output)

	changed := strings.Replace(workshopSpec(t), "www.example.com", "shop.example.com", 1)
	require.NoError(t, os.WriteFile(filepath.Join(specs, "workshop.yaml"), []byte(changed), 0o644))
	output, err = c.Script(t.Context(), script, "--check", specs, rendered)
	require.Error(t, err)
	assert.Contains(t, output, "shop.example.com")

	require.NoError(t, os.WriteFile(filepath.Join(specs, "workshop.yaml"), []byte("kind: FailoverSpec\n"), 0o644))
	output, err = c.Script(t.Context(), script, specs, rendered)
	require.Error(t, err, output)
	now, err := os.ReadFile(rendered)
	require.NoError(t, err)
	assert.Equal(t, string(got), string(now), "a wrong spec leaves the file as it is")
}

// TestArgoCDPlugin runs the commands of the plugin where and as Argo CD does.
func TestArgoCDPlugin(t *testing.T) {
	c := startCluster(t)
	data, err := os.ReadFile("../examples/argocd/plugin.yaml")
	require.NoError(t, err)
	type command struct {
		Command []string `json:"command"`
	}
	var plugin struct {
		Spec struct {
			Discover struct {
				Find command `json:"find"`
			} `json:"discover"`
			Generate command `json:"generate"`
		} `json:"spec"`
	}
	require.NoError(t, yaml.Unmarshal(data, &plugin))
	inDirectory := func(command []string, directory, namespace string) (string, error) {
		require.Equal(t, []string{"sh", "-c"}, command[:2])
		return c.Script(t.Context(), "-c", "cd \"$1\" && export ARGOCD_APP_NAMESPACE=\"$2\"\n"+command[2], "argocd", directory, namespace)
	}
	const spec, manifest = "apiVersion: failover.krm.dev/v1alpha1\nkind: FailoverSpec\nmetadata: {name: shop}\nspec: {active: {service: {name: a, port: 80}}, passive: {service: {name: b, port: 80}}}\n",
		"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n"
	for _, tc := range []struct {
		reason string
		files  map[string]string
		found  bool
	}{
		{"only specs", map[string]string{"a.yaml": spec, "b.yml": "# a comment\n" + spec}, true},
		{"plain manifests", map[string]string{"a.yaml": manifest}, false},
		{"both would lose the manifests", map[string]string{"a.yaml": spec, "b.yaml": manifest}, false},
		{"no YAML", map[string]string{"README.md": spec}, false},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			directory := t.TempDir()
			for name, text := range tc.files {
				require.NoError(t, os.WriteFile(filepath.Join(directory, name), []byte(text), 0o644))
			}
			output, err := inDirectory(plugin.Spec.Discover.Find.Command, directory, "web")
			assert.Equal(t, tc.found, err == nil && output != "", "Argo CD takes a success with output for a match: %s", output)
		})
	}
	directory := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(directory, "a.yaml"), []byte(spec), 0o644))
	rendered, err := inDirectory(plugin.Spec.Generate.Command, directory, "web")
	require.NoError(t, err, rendered)
	assert.Equal(t, 5, strings.Count(rendered, "\n  namespace: web\n"))
	for _, script := range []string{plugin.Spec.Discover.Find.Command[2], plugin.Spec.Generate.Command[2]} {
		require.NoError(t, exec.CommandContext(t.Context(), "sh", "-n", "-c", script).Run())
	}
}
