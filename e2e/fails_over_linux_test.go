package e2e

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/failover-krm/failover/e2e/cluster"
	"github.com/failover-krm/failover/e2e/failovers"
	"github.com/failover-krm/failover/e2e/manifests"
	"github.com/failover-krm/failover/pkg/check"
	"github.com/failover-krm/failover/pkg/compile"
	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/prober"
	"github.com/failover-krm/failover/pkg/target"
)

// The course of every drill.
const (
	drillRate = 5 // requests a second
	calmTime  = 4 * time.Second
	// slack is what a busy machine may need beyond the time of the policy.
	slack = 3 * time.Second
	// longestReaction is how long the checks of a policy may take.
	longestReaction = 40 * time.Second
	// settledTime is the end of an outage, in which only the passive tier may serve.
	settledTime = 3 * time.Second
)

// idleCheck is how often Envoy checks the hosts of a cluster without traffic. After the
// first request, so much time may pass before the checks run at their interval.
const idleCheck = time.Minute

// sideBySide is the class of Gateways that share one Envoy.
const sideBySide = `---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: EnvoyProxy
metadata: {name: side-by-side, namespace: envoy-gateway-system}
spec:
  mergeGateways: true
  provider: {type: Kubernetes, kubernetes: {useListenerPortAsContainerPort: true}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: side-by-side}
spec:
  controllerName: gateway.envoyproxy.io/gatewayclass-controller
  parametersRef: {group: gateway.envoyproxy.io, kind: EnvoyProxy, name: side-by-side, namespace: envoy-gateway-system}
`

// TestFailsOver drills failovers side by side on one Envoy and compares what becomes of
// each with the verdict of failover check. The manifests are those of the rules of package
// check, in the short form only those of errors, and some that failover renders.
func TestFailsOver(t *testing.T) {
	c := startCluster(t)
	require.NoError(t, c.Apply(t.Context(), sideBySide))
	var drills []*sideDrill
	var applied []failovers.Moved
	for i, set := range setsToDrill(t) {
		moved, err := failovers.Move(set, placeOf(i))
		require.NoError(t, err)
		found, refused := drillsOf(t, moved)
		drills = append(drills, found...)
		if !refused {
			applied = append(applied, moved)
		}
	}
	servers, cleanUp := applySideBySide(t, c, applied)
	defer cleanUp()
	address := sideBySideAddress(t, c, applied[0])
	waitUntilAnswered(t, drills, address)
	runSideBySide(t, c, drills, servers, address)

	var results []failovers.Result
	for _, d := range drills {
		results = append(results, d.Result)
		assert.Empty(t, d.Disagreement(), "%s %s: %+v", d.Set, d.Failover, d.Outcome)
	}
	t.Log("\n" + failovers.Table(results))
	assertErrorsProven(t, results)
	if *long && !t.Failed() {
		writeVerdicts(t, results)
	}
}

// sideDrill is a drill of one failover of a set.
type sideDrill struct {
	failovers.Result
	failovers.Drill
	outage time.Duration
}

func (d *sideDrill) target(address string) prober.HTTP {
	return prober.HTTP{Address: net.JoinHostPort(address, strconv.Itoa(d.Port)), Host: d.Host, Path: d.Path, Method: d.Method, Body: bodyOf(d.Method)}
}

// rendered are those of what failover renders that need no certificates of an authority of
// one's own.
var rendered = []string{
	"examples/*/rendered.yaml",
	"testdata/render/endpoints-*/expected.yaml",
	"testdata/render/gateway-*/expected.yaml",
	"testdata/render/host-rewrite*/expected.yaml",
	"testdata/render/policy-*/expected.yaml",
	"testdata/render/warning-*/expected.yaml",
	"testdata/render/workload*/expected.yaml",
}

// setsToDrill reads the manifests.
func setsToDrill(t *testing.T) []failovers.Set {
	t.Helper()
	read := func(file, name string) failovers.Set {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		set, err := failovers.Read(name, content)
		require.NoError(t, err)
		return set.ForEnvoyGateway(*envoyGatewayVersion)
	}
	var sets []failovers.Set
	for _, rule := range check.Rules() {
		if rule.Severity == diagnostic.Error || *long {
			for _, name := range []string{"fires", "quiet"} {
				set := read(filepath.Join("../testdata/rule", rule.ID, name+".yaml"), rule.ID+"-"+name)
				if slices.ContainsFunc(set.Objects, isRoute) { // others have FailoverSpecs, and what these render is below
					sets = append(sets, set)
				}
			}
		}
	}
	if !*long {
		return sets
	}
	changes, err := os.ReadFile("testdata/variations.yaml")
	require.NoError(t, err)
	variations, err := failovers.Variations(read("../testdata/rule/no-fallback/quiet.yaml", ""), changes)
	require.NoError(t, err)
	for _, variation := range variations {
		sets = append(sets, variation.ForEnvoyGateway(*envoyGatewayVersion))
	}
	for _, pattern := range rendered {
		files, err := filepath.Glob(filepath.Join("..", pattern))
		require.NoError(t, err)
		require.NotEmpty(t, files, pattern)
		for _, file := range files {
			sets = append(sets, failovers.Supply(read(file, filepath.Base(filepath.Dir(file)))))
		}
	}
	return sets
}

func isRoute(object unstructured.Unstructured) bool {
	return strings.HasSuffix(object.GetKind(), "Route")
}

// placeOf returns the place of a set, which has room for so many listeners and servers.
func placeOf(number int) failovers.Place {
	const room = 10
	first := cluster.OutsideNetwork.Addr().As4()
	address := binary.BigEndian.Uint32(first[:]) + uint32(room*(number+1))
	var bytes [4]byte
	binary.BigEndian.PutUint32(bytes[:], address)
	return failovers.Place{Class: "side-by-side", Port: 10000 + room*number, Address: netip.AddrFrom4(bytes)}
}

// drillsOf returns the drills of a set, each with the verdict of failover check, which is
// given all that is in the cluster for the set. Refused tells that the set is not for this
// cluster.
func drillsOf(t *testing.T, set failovers.Moved) (drills []*sideDrill, refused bool) {
	t.Helper()
	text, err := set.YAML()
	require.NoError(t, err)
	documents, err := document.Parse([]byte(namespacesOf(set)+sideBySide+text), set.Name)
	require.NoError(t, err)
	report, err := compile.Check(diagnostic.Subjects(documents), target.Target(targets[*envoyGatewayVersion]), check.Options{Complete: true})
	require.NoError(t, err)
	found := failovers.Result{Set: set.Name, NotDrilled: set.Undrillable()}
	for _, d := range report.Diagnostics {
		switch {
		case d.Rule == "" && d.Severity == diagnostic.Error:
			found.NotDrilled = fmt.Sprintf("Envoy Gateway %s does not take it: %s: %s", *envoyGatewayVersion, d.Field, d.Message)
		case d.Severity == diagnostic.Error:
			found.Errors = append(found.Errors, d.Rule)
		case d.Severity == diagnostic.Warning:
			found.Warnings = append(found.Warnings, d.Rule)
		}
	}
	reaction, err := set.Reaction(drillRate)
	require.NoError(t, err)
	if reaction > longestReaction && found.NotDrilled == "" {
		found.NotDrilled = fmt.Sprintf("its checks take up to %s to find an outage", reaction)
	}
	for _, failover := range report.Failovers {
		d := &sideDrill{Result: found, outage: reaction + slack + settledTime}
		d.Verdict = failover.Verdict
		if len(report.Failovers) > 1 {
			d.Failover = fmt.Sprintf("%s rule %d", failover.Route.Name, failover.Rule)
		}
		route := types.NamespacedName{Namespace: failover.Route.Namespace, Name: failover.Route.Name}
		if d.Drill, err = set.Drill(failover.Route.Kind, route, failover.Rule); err != nil && d.NotDrilled == "" {
			d.NotDrilled = err.Error()
		}
		drills = append(drills, d)
	}
	assert.NotEmpty(t, drills, "%s: no failover found", set.Name)
	return drills, found.NotDrilled != ""
}

// namespacesOf returns the namespaces that a set is in, and does not make.
func namespacesOf(set failovers.Moved) string {
	var text strings.Builder
	for _, name := range set.Namespaces() {
		text.WriteString(manifests.Namespace(name))
	}
	return text.String()
}

// applySideBySide starts the servers of the sets, applies these, and returns the servers by
// their names.
func applySideBySide(t *testing.T, c *cluster.Cluster, sets []failovers.Moved) (servers map[string]*cluster.Outside, cleanUp func()) {
	t.Helper()
	servers = map[string]*cluster.Outside{}
	var namespaces, objects strings.Builder
	for _, set := range sets {
		for _, server := range set.Servers {
			started, err := c.StartOutside(server.Name, server.Address, server.Ports)
			require.NoError(t, err, server.Name)
			servers[server.Name] = started
		}
		text, err := set.YAML()
		require.NoError(t, err)
		namespaces.WriteString(namespacesOf(set))
		objects.WriteString(text)
	}
	require.NoError(t, c.Apply(t.Context(), namespaces.String()))
	require.NoError(t, c.Apply(t.Context(), objects.String()))
	return servers, func() {
		_, err := c.Kubectl(context.Background(), objects.String(), "delete", "--wait=false", "--ignore-not-found", "--filename", "-")
		for _, server := range servers {
			server.Break()
		}
		require.NoError(t, err)
	}
}

// sideBySideAddress returns that of the one Envoy, which all Gateways have.
func sideBySideAddress(t *testing.T, c *cluster.Cluster, set failovers.Moved) string {
	t.Helper()
	gateway := set.Gateways()[0]
	var address string
	require.Eventually(t, func() bool {
		host, err := c.GatewayHost(t.Context(), gateway)
		address, _, _ = net.SplitHostPort(host)
		return err == nil
	}, time.Minute, 500*time.Millisecond, "%s has an address", gateway)
	return address
}

// waitUntilAnswered waits until those answer that are to fail over, and gives the others as
// long: all of them are in one snapshot of Envoy's configuration, or in the next.
func waitUntilAnswered(t *testing.T, drills []*sideDrill, address string) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	var waiting sync.WaitGroup
	for _, d := range drills {
		if d.NotDrilled != "" || d.Verdict != check.Yes {
			continue
		}
		waiting.Go(func() {
			for time.Now().Before(deadline) {
				if answer, err := d.target(address).Ask(t.Context()); err == nil && answer.Status == http.StatusOK {
					return
				}
				time.Sleep(200 * time.Millisecond)
			}
			t.Logf("%s does not answer", d.Set)
		})
	}
	waiting.Wait()
	time.Sleep(slack)
	if *long {
		time.Sleep(idleCheck)
	}
}

// runSideBySide carries out all drills, none of which begins at the same moment as another.
func runSideBySide(t *testing.T, c *cluster.Cluster, drills []*sideDrill, servers map[string]*cluster.Outside, address string) {
	t.Helper()
	begin := time.Now()
	var running sync.WaitGroup
	for i, d := range drills {
		if d.NotDrilled != "" {
			continue
		}
		start := begin.Add(time.Duration(i) * 70 * time.Millisecond)
		running.Go(func() { assert.NoError(t, d.run(t.Context(), c, servers, address, start), d.Set) })
	}
	running.Wait()
}

// run probes, and breaks the active tier meanwhile.
func (d *sideDrill) run(ctx context.Context, c *cluster.Cluster, servers map[string]*cluster.Outside, address string, start time.Time) error {
	var broken time.Duration
	var fault error
	var breaking sync.WaitGroup
	breaking.Go(func() {
		time.Sleep(time.Until(start.Add(calmTime)))
		broken = time.Since(start)
		for _, name := range d.Active {
			servers[name].Break()
		}
		for _, deployment := range d.Deployments {
			_, err := c.Break(ctx, deployment, cluster.PortClosed)
			fault = errors.Join(fault, err)
		}
	})
	end := calmTime + d.outage
	requests := prober.Probe{Target: d.target(address), Rate: drillRate, Duration: end, Patience: *patience}.Run(ctx, start)
	breaking.Wait()
	d.Outcome = failovers.NewOutcome(requests, d.IsActive, broken, end-settledTime)
	return fault
}

// assertErrorsProven fails the test for a rule of an error whose manifests do not show what
// it says: those that it finds something in do not fail over, and the others do.
func assertErrorsProven(t *testing.T, results []failovers.Result) {
	t.Helper()
	bySet := map[string][]failovers.Result{}
	for _, result := range results {
		bySet[result.Set] = append(bySet[result.Set], result)
	}
	stays := func(result failovers.Result) bool { return !result.Outcome.FailsOver() }
	for _, rule := range check.Rules() {
		if rule.Severity != diagnostic.Error {
			continue
		}
		fires, quiet := bySet[rule.ID+"-fires"], bySet[rule.ID+"-quiet"]
		require.NotEmpty(t, fires, rule.ID)
		require.NotEmpty(t, quiet, rule.ID)
		if reason := cmp.Or(fires[0].NotDrilled, quiet[0].NotDrilled); reason != "" {
			t.Logf("%s is not proven: %s", rule.ID, reason)
			continue
		}
		assert.Contains(t, fires[0].Errors, rule.ID, "it finds the error after the move")
		assert.True(t, slices.ContainsFunc(fires, stays), "%s: all that it finds something in fails over: %+v", rule.ID, fires)
		assert.False(t, slices.ContainsFunc(quiet, stays), "%s: what it finds nothing in does not fail over: %+v", rule.ID, quiet)
	}
}

func writeVerdicts(t *testing.T, results []failovers.Result) {
	t.Helper()
	drilled := 0
	for _, result := range results {
		if result.NotDrilled == "" {
			drilled++
		}
	}
	text := fmt.Sprintf(verdictsPage, *envoyGatewayVersion, drilled, len(results)-drilled, drillRate, failovers.Table(results))
	require.NoError(t, os.WriteFile(filepath.Join("..", "docs", "verdicts.md"), []byte(text), 0o644))
}

const verdictsPage = `# What is said to fail over, and what does

Each line is a failover of its own on a real Envoy, under Envoy Gateway %s: what ` + "`failover check --complete`" + ` says of its
manifests, and what became of the requests while its active tier was down. Verdict and drill agree in all of the %d that were
drilled; for the %d others the last column says why not.

- The manifests called RULE-fires and RULE-quiet are those of the page of the [rule](rules/README.md), unless that has a FailoverSpec. The
  others are changes of one set of manifests (e2e/testdata/variations.yaml), the examples, and cases of testdata/render.
- *Found* has the errors, in bold, and the warnings.
- *Before* is who answered before the outage, of %d requests a second for 4 seconds: only active, unless the traffic is split.
- *In the outage* is who answered in its last 3 seconds. It began with the ports of the active tier closed, and lasted as long
  as the checks of the policy take to find that, and 6 seconds more.
- It *fails over* if only active answers before the outage, and only passive at its end. So two tiers that share the
  traffic do not, though requests are served in both.

%s
Written by ` + "`E2E_ENVOY_GATEWAY=1.9.1 go test . -run TestFailsOver -args -long`" + ` in e2e/.
`
