package e2e

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/types"

	"github.com/failover-krm/failover/e2e/cluster"
	"github.com/failover-krm/failover/e2e/manifests"
	"github.com/failover-krm/failover/pkg/prober"
)

// runbookSpec is the FailoverSpec that docs/runbook.md is written for.
const runbookSpec = `apiVersion: failover.krm.dev/v1alpha1
kind: FailoverSpec
metadata: {name: shop, namespace: web}
spec:
  hostnames: [shop.example.com]
  gateway: {gatewayClassName: tigera-gateway-class}
  hostRewrite: Backend
  active: {workload: ` + manifests.Echo + `}
  passive: {workload: ` + manifests.Echo + `}
`

// runbookStep is a section of the runbook, what has happened before it is read, and what
// its commands must say then.
type runbookStep struct {
	section string
	before  func(*runbook, *testing.T)
	// commands is how many there are, and leaves out how many of them are not run: the
	// first ones.
	commands, leavesOut int
	says                []string
	// serves is the tier that serves in the end.
	serves string
}

var runbookSteps = []runbookStep{
	{section: "Before a planned switchover", commands: 2, says: []string{"shop-active", "web/shop (HTTPRoute, rule 0): fails over: yes"}, serves: "active"},
	{section: "Is it serving, and from where?", commands: 3, says: []string{"serving: active (Backend web/shop-active)", "10 200"}, serves: "active"},
	{section: "Is it serving, and from where?", before: (*runbook).breakActive, commands: 3, says: []string{"serving: passive (Backend web/shop-passive)", "10 200"}, serves: "passive"},
	{section: "Why does it not fail over?", commands: 7, says: []string{"ResolvedRefs=True", "shop-passive", "fails over: yes", "Accepted=True", "deployment.apps/shop-passive", "closed"}, serves: "passive"},
	{section: "Make the standby serve", before: (*runbook).restoreActive, commands: 5, says: []string{"serving: ", "backend.gateway.envoyproxy.io/shop-active patched"}, serves: "passive"},
	{section: "Hold failback", commands: 3, says: []string{"serving: "}, serves: "active"},
	{section: "Make the standby serve", commands: 5, leavesOut: 3, says: []string{"backend.gateway.envoyproxy.io/shop-active patched"}, serves: "passive"},
	{section: "Undo what was done by hand", commands: 3, says: []string{"serving: "}, serves: "active"},
	{section: "Why is a request answered with 500, 503 or 504?", before: (*runbook).failRequests, commands: 1, says: []string{"500 - via_upstream"}, serves: "active"},
	{section: "After an outage", commands: 1, says: []string{"closed"}, serves: "active"},
}

// TestRunbook runs every command of docs/runbook.md, in the states that it is read in.
func TestRunbook(t *testing.T) {
	c := startCluster(t)
	sections := map[string][]string{}
	for _, shown := range commandsOfPage(t, "../docs/runbook.md") {
		sections[shown.Section] = append(sections[shown.Section], shown.Text)
	}
	r := openRunbook(t, c)
	read := map[string]bool{}
	for _, step := range runbookSteps {
		read[step.section] = true
		if step.before != nil {
			step.before(r, t)
		}
		require.Len(t, sections[step.section], step.commands, step.section)
		said := ""
		for _, command := range sections[step.section][step.leavesOut:] {
			output, err := r.run(t, command)
			require.NoErrorf(t, err, "%s\n%s", command, output)
			said += output
		}
		t.Logf("%s\n%s", step.section, said)
		for _, text := range step.says {
			assert.Contains(t, said, text, step.section)
		}
		r.waitUntilServes(t, step.serves)
	}
	for section, commands := range sections {
		assert.True(t, read[section] || len(commands) == 0, "the commands of %q are not run", section)
	}
}

// runbook is a failover in trouble, and a shell in the directory of its FailoverSpec.
type runbook struct {
	shell
	target prober.HTTP
}

var (
	runbookActive  = types.NamespacedName{Namespace: "web", Name: "shop-active"}
	runbookPassive = types.NamespacedName{Namespace: "web", Name: "shop-passive"}
	runbookGateway = types.NamespacedName{Namespace: "web", Name: "shop-gateway"}
)

// openRunbook applies the failover, and makes the programs that its reader has.
func openRunbook(t *testing.T, c *cluster.Cluster) *runbook {
	t.Helper()
	r := &runbook{shell: openShell(t, c)}
	require.NoError(t, os.WriteFile(filepath.Join(r.directory, "failover.yaml"), []byte(runbookSpec), 0o644))
	require.NoError(t, c.Apply(t.Context(), manifests.Namespace(runbookActive.Namespace)))
	require.NoError(t, c.Apply(t.Context(), render(t, runbookSpec)))
	t.Cleanup(func() {
		_, err := c.Kubectl(context.Background(), "", "delete", "httproute,backendtrafficpolicy,backend,deployment,service,gateway", "--all", "--namespace", runbookActive.Namespace)
		assert.NoError(t, err)
	})
	waitUntilInForce(t, c, runbookActive.Namespace)
	address, err := c.GatewayHost(t.Context(), runbookGateway)
	require.NoError(t, err)
	r.target = prober.HTTP{Address: address, Host: "shop.example.com", Path: "/"}
	r.waitUntilServes(t, "active")

	// The cluster has no kubelet to forward a port and to read a log.
	_, admins, err := c.Envoys(t.Context(), runbookGateway)
	require.NoError(t, err)
	require.Len(t, admins, 1)
	logs, err := filepath.Glob(filepath.Join(logDirectory(), "envoy-gateway-system.envoy-web-shop-gateway-*.log"))
	require.NoError(t, err)
	require.Len(t, logs, 1)
	r.program(t, "failover", `if [ "$1" = status ]; then set -- "$@" --admin=http://`+admins[0]+`; fi`)
	r.program(t, "kubectl", `if [ "$1" = logs ]; then exec cat `+logs[0]+`; fi`)
	return r
}

// waitUntilServes sends requests until only the given tier answers.
func (r *runbook) waitUntilServes(t *testing.T, tier string) {
	t.Helper()
	isOf := func(pod string) bool {
		return strings.HasPrefix(pod, "shop-") && strings.HasPrefix(pod, "shop-passive-") == (tier == "passive")
	}
	const inARow = 10
	count := 0
	require.Eventually(t, func() bool {
		answer, err := r.target.Ask(t.Context())
		if err != nil || !isOf(answer.From) {
			count = 0
			return false
		}
		count++
		return count == inARow
	}, 2*time.Minute, 100*time.Millisecond, "%s serves", tier)
}

// breakActive makes active answer with errors.
func (r *runbook) breakActive(t *testing.T) {
	t.Helper()
	_, err := r.cluster.Break(t.Context(), runbookActive, cluster.AnswersErrors)
	require.NoError(t, err)
	r.waitUntilServes(t, "passive")
}

func (r *runbook) restoreActive(t *testing.T) {
	t.Helper()
	require.NoError(t, r.cluster.Restore(t.Context(), runbookActive, cluster.AnswersErrors))
}

// failRequests lets both tiers fail some requests.
func (r *runbook) failRequests(t *testing.T) {
	t.Helper()
	for _, tier := range []types.NamespacedName{runbookActive, runbookPassive} {
		_, err := r.cluster.Break(t.Context(), tier, cluster.AnswersErrors)
		require.NoError(t, err)
	}
	for range 5 {
		answer, err := r.target.Ask(t.Context())
		require.NoError(t, err)
		assert.Equal(t, http.StatusInternalServerError, answer.Status)
	}
	for _, tier := range []types.NamespacedName{runbookActive, runbookPassive} {
		require.NoError(t, r.cluster.Restore(t.Context(), tier, cluster.AnswersErrors))
	}
}
