//go:build unix

package command_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failover-krm/failover/internal/page"
)

// pages are those whose commands are run.
var pages = []string{"*.md", "docs/*.md", "docs/*/*.md", "e2e/*.md", "examples/*/*.md", "site/*.md", "web/*.md"}

// elsewhere has the commands that TestPageCommands does not run.
var elsewhere = []struct {
	page string
	// begins is what the command begins with.
	begins string
	// needs is why it is not run here.
	needs string
	// by is the test that runs it instead; empty for none.
	by string
}{
	{"CONTRIBUTING.md", "go test ./pkg/command -update", "changes this repository", ""},
	{"CONTRIBUTING.md", "git diff testdata", "a Git repository", ""},
	{"CONTRIBUTING.md", "go test ./pkg/command -run", "ten minutes; .ci/run fuzzes the same function for ten seconds", ""},
	{"README.md", "helm upgrade", "Helm, a registry of charts, and a cluster with a kubelet", ""},
	{"README.md", "kubectl apply -f examples/first-failover/gateway-api.yaml", "a cluster with Calico's operator", ""},
	{"README.md", "kubectl", "a cluster", "TestFirstFailover"},
	{"README.md", "failover render examples/first-failover", "a cluster", "TestFirstFailover"},
	{"README.md", "failover drill", "a cluster", "TestFirstFailover"},
	{"docs/alerts.md", "failover alerts --label", "a cluster with the CRDs of the Prometheus Operator", ""},
	{"docs/alerts.md", "promtool", "promtool", "TestAlertRules"},
	{"docs/checking.md", "helm template", "Helm", ""},
	{"docs/graph.md", "kubectl", "a cluster", "TestFirstFailover"},
	{"docs/install.md", "kubectl get crd", "a cluster", "TestTarget"},
	{"docs/install.md", "docker build", "Docker", "TestContainerImage"},
	{"docs/install.md", "kpt fn eval", "kpt and Docker", "TestContainerInKpt"},
	{"docs/performance.md", "", "minutes, and a machine without other work", ""},
	{"docs/playground.md", "make serve", "does not end; .ci/run builds the playground and opens it in a browser", ""},
	{"docs/release.md", "", "a release; the test of hack/release builds twice and compares", ""},
	{"docs/runbook.md", "", "a cluster", "TestRunbook"},
	{"examples/adopt/README.md", "kustomize build", "a cluster", "TestAdoptedExample"},
	{"examples/argocd/README.md", "docker", "Docker and a registry of images", "TestArgoCDPlugin"},
	{"examples/argocd/README.md", "kubectl", "a cluster with Argo CD", "TestArgoCDPlugin"},
	{"examples/first-failover/README.md", "service=", "a cluster with a kubelet, which forwards ports", ""},
	{"examples/first-failover/README.md", "kubectl port-forward", "a cluster with a kubelet, which forwards ports", ""},
	{"examples/first-failover/README.md", "", "a cluster", "TestFirstFailover"},
	{"examples/kpt/README.md", "kpt fn render", "kpt", "TestKpt"},
	{"examples/kubectl/README.md", "failover render DIR", "a cluster", "TestKubectlScripts"},
	{"examples/kubectl/README.md", "sh applyset.sh", "a cluster", "TestKubectlScripts"},
	{"examples/kubectl/README.md", "for kind in", "a cluster", "TestKubectlScripts"},
	{"examples/kubectl/README.md", "kubectl delete", "a cluster", "TestKubectlScripts"},
	{"examples/workshop/README.md", "", "a cluster", "TestWorkshop"},
}

// desk is where the reader of a page runs its commands.
type desk struct {
	// in is the working directory, from the root of the repository.
	in string
	// files are those of the reader, in the working directory: the file or the directory of
	// the repository that each is a copy of.
	files map[string]string
	// prepare does more, such as to write a kubectl that answers as that of a cluster.
	prepare func(t *testing.T, directory string)
}

// desks of the pages whose commands need more than the repository as it is.
var desks = map[string]desk{
	"docs/adopt.md":  {files: map[string]string{"manifests": "examples/adopt/manifests"}},
	"docs/alerts.md": {files: map[string]string{"failover.yaml": "examples/existing-services/failover.yaml"}},
	"docs/checking.md": {files: map[string]string{
		"policy.yaml": "testdata/pages/policy.yaml", "timeout.yaml": "testdata/pages/timeout.yaml",
		"manifests": "examples/adopt/manifests",
	}},
	"docs/drilling.md": {prepare: clusterToDrill},
	"docs/graph.md": {files: map[string]string{
		"failover.yaml": "examples/existing-services/failover.yaml", "manifests": "examples/adopt/manifests",
	}},
	"docs/simulation.md":       {files: map[string]string{"manifests/failover.yaml": "testdata/pages/zero-loss.yaml"}},
	"docs/status.md":           {prepare: clusterWithTwoEnvoys},
	"examples/fleet/README.md": {in: "examples/fleet"},
	"examples/flux/README.md": {files: map[string]string{
		"failover/render.sh": "examples/flux/render.sh", "failover/specs/shop.yaml": "examples/kustomize/base/shop.yaml",
	}, prepare: gitRepository},
	"examples/kustomize/README.md": {in: "examples/kustomize"},
}

// gitRepository has the directory in a new one.
func gitRepository(t *testing.T, directory string) {
	t.Helper()
	require.NoError(t, exec.CommandContext(t.Context(), "git", "init", "--quiet", directory).Run())
}

// clusterToDrill has the failover of docs/drilling.md, in the cluster of TestDrill.
func clusterToDrill(t *testing.T, directory string) {
	t.Helper()
	c := newClusterOfDrill(t, activePod)
	for _, name := range []string{"kubectl", "gateway.json", "route.json", "workloads.json", "replicas"} {
		data, err := os.ReadFile(filepath.Join(c.directory, name))
		require.NoError(t, err)
		text := strings.NewReplacer(`standby"`, `shop-standby"`, "services standby", "services shop-standby", "127.0.0.1", "203.0.113.7").Replace(string(data))
		require.NoError(t, os.WriteFile(filepath.Join(directory, name), []byte(text), 0o755))
	}
	spec := strings.Replace(drillSpec, "name: standby", "name: shop-standby", 1)
	require.NoError(t, os.WriteFile(filepath.Join(directory, "failover.yaml"), []byte(spec), 0o644))
}

// clusterWithTwoEnvoys has the failover of docs/status.md, of which active is ejected.
func clusterWithTwoEnvoys(t *testing.T, directory string) {
	t.Helper()
	const clusters = `{"cluster_statuses": [{"name": "httproute/web/shop/rule/0", "host_statuses": [
  {"address": {"socket_address": {"address": "10.0.0.1", "port_value": 8080}}, "hostname": "shop.web.svc.cluster.local", "health_status": {"eds_health_status": "HEALTHY", "failed_outlier_check": true},
    "stats": [{"name": "rq_total", "value": "8"}, {"name": "rq_error", "value": "3"}]},
  {"address": {"socket_address": {"address": "10.0.0.2", "port_value": 8080}}, "hostname": "standby.web.svc.cluster.local", "priority": 1, "health_status": {"eds_health_status": "HEALTHY"},
    "stats": [{"name": "rq_total", "value": "8"}]}]}]}`
	envoy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(clusters)) }))
	t.Cleanup(envoy.Close)
	kubectl := `#!/bin/sh
case "$*" in
"get pods"*) echo '{"items": [{"metadata": {"namespace": "envoy-gateway-system", "name": "envoy-a"}}, {"metadata": {"namespace": "envoy-gateway-system", "name": "envoy-b"}}]}' ;;
"port-forward"*) echo "Forwarding from ` + envoy.Listener.Addr().String() + ` -> 19000"; exec sleep 60 ;;
"get "*) echo '{"status": {}}' ;;
*) echo "unexpected: $*" >&2; exit 1 ;;
esac
`
	require.NoError(t, os.WriteFile(filepath.Join(directory, "kubectl"), []byte(kubectl), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(directory, "failover.yaml"), []byte(drillSpec), 0o644))
}

// TestPageCommands runs every command that a page shows, and compares what it prints with
// what the page says that it prints.
func TestPageCommands(t *testing.T) {
	t.Chdir(moduleRoot)
	isUsed := make([]bool, len(elsewhere))
	total := 0
	for _, file := range pageFiles(t) {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		lines := strings.Split(string(text), "\n")
		here := slices.DeleteFunc(page.Commands(lines), func(c page.Command) bool {
			i := slices.IndexFunc(elsewhere, func(e struct{ page, begins, needs, by string }) bool {
				return e.page == file && strings.HasPrefix(c.Text, e.begins)
			})
			if i >= 0 {
				isUsed[i] = true
			}
			return i >= 0
		})
		total += len(here)
		if len(here) > 0 {
			t.Run(file, func(t *testing.T) { runPage(t, file, lines, here) })
		}
	}
	assert.Greater(t, total, 20)
	for i, e := range elsewhere {
		assert.True(t, isUsed[i], "no command of %s begins with %q: take it out of the table", e.page, e.begins)
	}
}

// runPage runs commands of a page, whose lines these are, in their order.
func runPage(t *testing.T, file string, lines []string, commands []page.Command) {
	d := newDesk(t, file)
	moved := 0 // how much longer the page has become
	for _, c := range commands {
		if missing := missingProgram(c.Text); missing != "" {
			t.Logf("not run, since %s is not on the PATH: %s", missing, c.Text)
			continue
		}
		printed := d.run(t, c)
		switch {
		case *update && c.IsWhole():
			output := strings.Split(strings.TrimSuffix(printed, "\n"), "\n")
			lines = slices.Replace(lines, c.First+moved, c.First+moved+len(c.Shown), output...)
			moved += len(output) - len(c.Shown)
		case len(c.Shown) > 0:
			assert.Regexp(t, c.Pattern(), printed, "%s:%d: run 'go test ./pkg/command -run Page -update' and read the diff", file, c.First)
		}
	}
	if *update {
		golden(t, file, strings.Join(lines, "\n"))
	}
}

// TestCommandsOfPagesAreRunElsewhere: the tests that the table names are there.
func TestCommandsOfPagesAreRunElsewhere(t *testing.T) {
	var sources strings.Builder
	for _, pattern := range []string{"e2e/*_test.go", "e2e/function/*_test.go"} {
		files, err := filepath.Glob(filepath.Join(moduleRoot, pattern))
		require.NoError(t, err)
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			sources.Write(text)
		}
	}
	for _, e := range elsewhere {
		assert.NotEmpty(t, e.needs, e.page)
		if e.by != "" {
			assert.Contains(t, sources.String(), "func "+e.by+"(t *testing.T)", e.page)
		}
	}
}

func pageFiles(t *testing.T) []string {
	t.Helper()
	var files []string
	for _, pattern := range pages {
		some, err := filepath.Glob(pattern)
		require.NoError(t, err)
		files = append(files, some...)
	}
	return files
}

// missingProgram is the program of a command that only some machines have, and this one has not.
func missingProgram(command string) string {
	for _, program := range []string{"kustomize", "jq"} {
		if !regexp.MustCompile(`(^|\| )` + program + " ").MatchString(command) {
			continue
		}
		if _, err := exec.LookPath(program); err != nil {
			return program
		}
	}
	return ""
}

// atDesk is a directory with the reader's files, and the environment of the reader's shell.
type atDesk struct {
	directory   string
	environment []string
}

// newDesk copies what the commands of a page may read, since they may write next to it.
func newDesk(t *testing.T, file string) atDesk {
	t.Helper()
	root := t.TempDir()
	require.NoError(t, os.CopyFS(filepath.Join(root, "examples"), os.DirFS("examples")))
	repository, err := os.Getwd()
	require.NoError(t, err)
	require.NoError(t, os.Symlink(filepath.Join(repository, "testdata"), filepath.Join(root, "testdata")))
	d := desks[file]
	directory := filepath.Join(root, d.in)
	for name, of := range d.files {
		to := filepath.Join(directory, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(to), 0o755))
		if info, err := os.Stat(of); err == nil && info.IsDir() {
			require.NoError(t, os.CopyFS(to, os.DirFS(of)))
			continue
		}
		data, err := os.ReadFile(of)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(to, data, 0o644))
	}
	programs := t.TempDir()
	if d.prepare != nil {
		d.prepare(t, directory)
	}
	program, err := os.Executable()
	require.NoError(t, err)
	failover := fmt.Sprintf("#!/bin/sh\nexec env %s=1 '%s' \"$@\"\n", asCommand, program)
	require.NoError(t, os.WriteFile(filepath.Join(programs, "failover"), []byte(failover), 0o755))
	return atDesk{directory, append(os.Environ(), "PATH="+programs+":"+directory+":"+os.Getenv("PATH"))}
}

// run runs a command, and returns what it prints. It may fail only where the page shows that.
func (d atDesk) run(t *testing.T, c page.Command) string {
	t.Helper()
	shell := exec.CommandContext(t.Context(), "bash", "--noprofile", "--norc", "-o", "pipefail", "-c", c.Text)
	shell.Dir, shell.Env = d.directory, d.environment
	var printed bytes.Buffer
	shell.Stdout, shell.Stderr = &printed, &printed
	if err := shell.Run(); len(c.Shown) == 0 {
		require.NoError(t, err, "%s\n%s", c.Text, printed.String())
	} else if err != nil {
		_, isExit := errors.AsType[*exec.ExitError](err)
		require.True(t, isExit, "%s: %v", c.Text, err)
	}
	return printed.String()
}
