//go:build unix

package command_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failover-krm/failover/pkg/command"
)

// fakeKubectl answers as the kubectl of a cluster that runs the failover of drillSpec. Its
// directory has the state: the number of replicas of active.
const fakeKubectl = `#!/bin/sh
cd "$(dirname "$0")"
echo "$*" >> calls
case "$*" in
"get gateways"*) cat gateway.json ;;
"get httproutes"*) cat route.json ;;
"get services shop "*) echo '{"spec": {"selector": {"app": "shop"}}}' ;;
"get services standby "*) echo '{"spec": {"selector": {"app": "standby"}}}' ;;
"get deployments,statefulsets"*) cat workloads.json ;;
"scale deployment/shop"*" --replicas=0")
  [ "$(cat replicas)" = 2 ] || { echo "error: Expected replicas to be 2, was $(cat replicas)" >&2; exit 1; }
  [ ! -e fails-to-break ] || { echo "Error from server (Forbidden): not you" >&2; exit 1; }
  [ -e has-no-effect ] || echo 0 > replicas ;;
"get deployment/shop --namespace=web"*) echo "{\"spec\": {\"replicas\": $(cat replicas)}}" ;;
"scale deployment/shop"*" --replicas=2")
  if [ -e fails-to-restore ]; then rm fails-to-restore; echo "Unable to connect to the server" >&2; exit 1; fi
  echo 2 > replicas ;;
"rollout status deployment/shop"*) ;;
*) echo "unexpected: $*" >&2; exit 1 ;;
esac
`

const drillSpec = `apiVersion: failover.krm.dev/v1alpha1
kind: FailoverSpec
metadata: {name: shop, namespace: web}
spec:
  target: envoy-gateway-1.9.1
  hostnames: [shop.example.com]
  active: {service: {name: shop, port: 8080}}
  passive: {service: {name: standby, port: 8080}}
`

// orderDrill is a record of another failover than that of drillSpec.
const orderDrill = `apiVersion: failover.krm.dev/v1alpha1
kind: FailoverDrill
metadata:
  name: orders
  namespace: web
spec:
  kind: HTTPRoute
  rule: 0
  date: "2026-11-02T09:30:00Z"
  result: kept
  outage: scales Deployment web/shop to 0
  for: 20s
  sent: 800
  lost: 0
`

// clusterOfDrill is a cluster that is not there: a kubectl, and a gateway that answers as
// Envoy would.
type clusterOfDrill struct {
	directory, address string
	// lost is how many requests are lost after active has stopped.
	lost atomic.Int32
}

func newClusterOfDrill(t *testing.T, active string) *clusterOfDrill {
	t.Helper()
	c := &clusterOfDrill{directory: t.TempDir()}
	c.write(t, "replicas", "2")
	c.write(t, "gateway.json", `{"metadata": {"name": "shop-gateway"}, "spec": {"listeners": [{"name": "http", "protocol": "HTTP", "port": 80}]},
  "status": {"addresses": [{"value": "127.0.0.1"}], "conditions": [{"type": "Programmed", "status": "True"}]}}`)
	c.write(t, "route.json", `{"status": {"parents": [{"parentRef": {"name": "shop-gateway"}, "conditions": [{"type": "Accepted", "status": "True"}]}]}}`)
	c.write(t, "workloads.json", `{"items": [
  {"kind": "Deployment", "metadata": {"name": "shop", "namespace": "web", "uid": "1"}, "spec": {"replicas": 2, "template": {"metadata": {"labels": {"app": "shop"}}}}},
  {"kind": "Deployment", "metadata": {"name": "standby", "namespace": "web", "uid": "2"}, "spec": {"replicas": 1, "template": {"metadata": {"labels": {"app": "standby"}}}}}]}`)
	require.NoError(t, os.WriteFile(filepath.Join(c.directory, "kubectl"), []byte(fakeKubectl), 0o755))
	c.write(t, "shop.yaml", drillSpec)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "shop.example.com", r.Host)
		state, err := os.ReadFile(filepath.Join(c.directory, "replicas"))
		assert.NoError(t, err)
		switch {
		case strings.TrimSpace(string(state)) != "0":
			fmt.Fprintf(w, `{"pod": %q}`, active)
		case c.lost.Add(-1) >= 0:
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			fmt.Fprint(w, `{"pod": "standby-5d4f8c7b9-abcde"}`)
		}
	}))
	t.Cleanup(server.Close)
	c.address = server.Listener.Addr().String()
	return c
}

func (c *clusterOfDrill) write(t *testing.T, name, content string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(c.directory, name), []byte(content), 0o600))
}

func (c *clusterOfDrill) undo() string { return filepath.Join(c.directory, "undo.json") }

// drill runs the command, in a short form of its own.
func (c *clusterOfDrill) drill(args ...string) (stdout, stderr string, code int) {
	var out, errs strings.Builder
	all := append([]string{
		"drill", "--kubectl=" + filepath.Join(c.directory, "kubectl"), "--address=" + c.address, "--undo-file=" + c.undo(),
		"--calm=500ms", "--for=1500ms", "--wait=10s", "--rate=40", "--timeout=1s", filepath.Join(c.directory, "shop.yaml"),
	}, args...)
	code = command.Run(all, strings.NewReader(""), &out, &errs)
	return out.String(), errs.String(), code
}

const activePod = "shop-7c9d8b6f5-vwxyz"

func TestDrill(t *testing.T) {
	tests := []struct {
		name   string
		active string
		change func(t *testing.T, c *clusterOfDrill)
		args   []string
		code   int
		// stdout and stderr are texts of these; stdout is empty where none is given.
		stdout, stderr string
		// unchanged tells that nothing is broken, and replicas what active has at the end; empty
		// for 2.
		unchanged bool
		replicas  string
	}{
		{name: "fails over", args: []string{"--yes"}, stdout: "lost               3 of "},
		{name: "budget kept", args: []string{"--yes", "--max-lost=3"}, stdout: "budget kept"},
		{name: "budget exceeded", args: []string{"--yes", "--max-lost=2"}, code: 1, stdout: "3 requests were lost, and --max-lost is 2", stderr: "aborted: 3 requests are lost, and --max-lost is 2"},
		{name: "dry run", args: []string{"--dry-run"}, stdout: "kubectl scale deployment/shop --namespace=web --current-replicas=2 --replicas=0", unchanged: true},
		{name: "nobody to ask", code: 2, stderr: "give --yes, or --dry-run", unchanged: true},
		{name: "passive answers already", active: "standby-5d4f8c7b9-abcde", args: []string{"--yes"}, code: 2, stderr: "passive answers already", unchanged: true},
		{name: "an unknown pod answers", active: "other", args: []string{"--yes"}, code: 2, stderr: "answers are of neither tier", unchanged: true},
		{
			name: "requests are lost already", args: []string{"--yes"}, code: 2, stderr: "requests are lost already", unchanged: true,
			change: func(t *testing.T, c *clusterOfDrill) { c.write(t, "replicas", "0"); c.lost.Store(5) },
		},
		{
			name: "not programmed", args: []string{"--yes"}, code: 2, stderr: "is not Programmed after 1s: Programmed is False, AddressNotAssigned: no address", unchanged: true,
			change: func(t *testing.T, c *clusterOfDrill) {
				c.write(t, "gateway.json", `{"status": {"conditions": [{"type": "Programmed", "status": "False", "reason": "AddressNotAssigned", "message": "no address"}]}}`)
			},
		},
		{
			name: "not applied", args: []string{"--yes"}, code: 2, stderr: "the cluster has no HTTPRoute web/shop: apply the manifests first", unchanged: true,
			change: func(t *testing.T, c *clusterOfDrill) { c.write(t, "route.json", "") },
		},
		{
			name: "no workload", args: []string{"--yes"}, code: 2, stderr: "no Deployment or StatefulSet in the cluster is behind Service web/shop", unchanged: true,
			change: func(t *testing.T, c *clusterOfDrill) { c.write(t, "workloads.json", `{"items": []}`) },
		},
		{
			name: "cannot be broken", args: []string{"--yes"}, code: 2, stderr: "active could not be broken: kubectl scale deployment/shop --namespace=web --current-replicas=2 --replicas=0: Error from server (Forbidden): not you",
			change: func(t *testing.T, c *clusterOfDrill) { c.write(t, "fails-to-break", "") },
		},
		{
			name: "scaled by somebody else meanwhile", args: []string{"--yes"}, code: 2, stderr: "Expected replicas to be 2, was 5", replicas: "5",
			change: func(t *testing.T, c *clusterOfDrill) { c.write(t, "replicas", "5") },
		},
		{name: "two ways", args: []string{"--yes", "--break=true", "--restore=true", "--way=scale"}, code: 2, stderr: "--break replaces --way", unchanged: true},
		{
			name: "no effect", args: []string{"--yes"}, code: 2, stderr: "the break had no effect",
			change: func(t *testing.T, c *clusterOfDrill) { c.write(t, "has-no-effect", "") },
		},
		{
			name: "cannot be restored at first", args: []string{"--yes"}, stdout: "lost               3 of ", stderr: "restoring has failed, and is tried again",
			change: func(t *testing.T, c *clusterOfDrill) { c.write(t, "fails-to-restore", "") },
		},
		{
			name: "an earlier drill was not finished", args: []string{"--yes"}, code: 2, stderr: "an earlier drill was not finished; restore what it left by 'failover drill --restore", unchanged: true,
			change: func(t *testing.T, c *clusterOfDrill) { c.write(t, "undo.json", "{}") },
		},
		{
			name: "all that is wrong with the flags", code: 2, unchanged: true,
			args:   []string{"--yes", "--rate=0", "--way=crash", "--active-is=pod", "--header=x", "--path=test", "--max-lost=many"},
			stderr: "--rate 0: must be from",
		},
		{
			name: "what is in the file of the record is not overwritten", args: []string{"--yes", "--record"}, code: 2, unchanged: true,
			change: func(t *testing.T, c *clusterOfDrill) { c.write(t, "shop.drill.yaml", "kind: ConfigMap\n") },
			stderr: "shop.drill.yaml has other documents than records of drills, and is not overwritten",
		},
		{name: "another route", args: []string{"--yes", "--route=web/other"}, code: 2, stderr: "must choose one of web/shop (HTTPRoute, rule 0)", unchanged: true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			active := test.active
			if active == "" {
				active = activePod
			}
			c := newClusterOfDrill(t, active)
			c.lost.Store(3)
			if test.change != nil {
				test.change(t, c)
			}
			stdout, stderr, code := c.drill(test.args...)
			assert.Equal(t, test.code, code, stderr)
			assert.NotContains(t, strings.ReplaceAll(stderr, "error: ", "!"), "!!", "one prefix a line")
			assert.Contains(t, stderr, test.stderr)
			if test.stdout == "" {
				assert.Empty(t, stdout)
			}
			assert.Contains(t, stdout, test.stdout)
			calls, _ := os.ReadFile(filepath.Join(c.directory, "calls")) // there are none where the flags are wrong
			if test.unchanged {
				assert.NotContains(t, string(calls), "scale")
				return
			}
			state, err := os.ReadFile(filepath.Join(c.directory, "replicas"))
			require.NoError(t, err)
			replicas := "2"
			if test.replicas != "" {
				replicas = test.replicas
			}
			assert.Equal(t, replicas, strings.TrimSpace(string(state)), "active is restored")
			assert.Contains(t, string(calls), "get deployment/shop --namespace=web")
			assert.NoFileExists(t, c.undo())
		})
	}
}

// TestDrillByCommands breaks and restores by command lines.
func TestDrillByCommands(t *testing.T) {
	c := newClusterOfDrill(t, activePod)
	state := filepath.Join(c.directory, "replicas")
	c.write(t, "shop.drill.yaml", orderDrill)
	stdout, stderr, code := c.drill("--yes", "--break=echo 0 > "+state, "--restore=echo 2 > "+state, "--active-is=json:pod=^shop-", "-o=json",
		"--report=junit="+filepath.Join(c.directory, "drill.xml"), "--log="+filepath.Join(c.directory, "drill.jsonl"), "--record")
	assert.Zero(t, code, stderr)
	assert.Contains(t, stdout, `"noPredictionReason": "it is not known what kind of outage --break makes: give --outage"`)
	for name, has := range map[string]string{"drill.xml": "<testsuite ", "drill.jsonl": `"tier":"passive"`, "shop.drill.yaml": "kind: FailoverDrill"} {
		content, err := os.ReadFile(filepath.Join(c.directory, name))
		require.NoError(t, err)
		assert.Contains(t, string(content), has)
	}
	records, err := os.ReadFile(filepath.Join(c.directory, "shop.drill.yaml"))
	require.NoError(t, err)
	assert.Contains(t, string(records), orderDrill, "the record of another failover stays")
	// The record is next to the spec, in what other commands read.
	var out, errs strings.Builder
	assert.Zero(t, command.Run([]string{"check", "--fail-on=warning", c.directory}, strings.NewReader(""), &out, &errs), out.String()+errs.String())
	assert.Zero(t, command.Run([]string{"render", c.directory}, strings.NewReader(""), &out, &errs), errs.String())
}

// TestDrillRestore finishes a drill that was killed.
func TestDrillRestore(t *testing.T) {
	c := newClusterOfDrill(t, activePod)
	c.write(t, "replicas", "0")
	c.write(t, "undo.json", `{"failover": "web/shop (HTTPRoute, rule 0)", "cluster": null, "restore": [{"kubectl": ["scale", "deployment/shop", "--namespace=web", "--replicas=2"]}]}`)
	c.write(t, "fails-to-restore", "")
	var out, errs strings.Builder
	code := command.Run([]string{"drill", "--kubectl=" + filepath.Join(c.directory, "kubectl"), "--restore", c.undo()}, strings.NewReader(""), &out, &errs)
	assert.Zero(t, code, errs.String())
	assert.Empty(t, out.String())
	assert.Contains(t, errs.String(), "active of web/shop (HTTPRoute, rule 0) is restored")
	assert.NoFileExists(t, c.undo())
	for _, name := range []string{c.undo(), filepath.Join(c.directory, "gateway.json")} {
		code := command.Run([]string{"drill", "--restore", name}, strings.NewReader(""), &out, &errs)
		assert.Equal(t, 2, code)
	}
	assert.Contains(t, errs.String(), "is not a file that a drill has written")
}
