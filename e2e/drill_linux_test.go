package e2e

import (
	"cmp"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/types"

	"github.com/failover-krm/failover/e2e/cluster"
	"github.com/failover-krm/failover/e2e/drill"
	"github.com/failover-krm/failover/e2e/echo"
	"github.com/failover-krm/failover/e2e/manifests"
	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	"github.com/failover-krm/failover/pkg/prober"
)

// drillGateways is the namespace of the Gateways of drills.
const drillGateways = "drills"

// gatewayOf is the Gateway of a drill, whose Envoy has as many threads as the drill asks for.
func gatewayOf(d drill.Drill) types.NamespacedName {
	return types.NamespacedName{Namespace: drillGateways, Name: fmt.Sprintf("workers-%d", d.Threads())}
}

// byGateway groups drills by their Gateways.
func byGateway(drills []drill.Drill) map[types.NamespacedName][]drill.Drill {
	groups := map[types.NamespacedName][]drill.Drill{}
	for _, d := range drills {
		groups[gatewayOf(d)] = append(groups[gatewayOf(d)], d)
	}
	return groups
}

// startGateways makes the Gateways of the drills.
func startGateways(t *testing.T, c *cluster.Cluster, drills []drill.Drill) {
	t.Helper()
	for gateway, of := range byGateway(drills) {
		require.NoError(t, c.Apply(t.Context(), manifests.SharedGateway(gateway, of[0].Threads(), portsOf(of)...)))
	}
	waitUntilInForce(t, c, drillGateways)
}

// portsOf are those of the listeners for the TCPRoutes of drills.
func portsOf(drills []drill.Drill) []int {
	var ports []int
	for _, d := range drills {
		if d.Port > 0 {
			ports = append(ports, d.Port)
		}
	}
	return ports
}

// repetitions is how often drills are tried again whose rate was not held, as
// happens on a machine that has other work to do.
const repetitions = 2

// TestDrills carries out all drills side by side on one Envoy: once, or three
// times with -long, which also writes their table.
func TestDrills(t *testing.T) {
	c := startCluster(t)
	startGateways(t, c, drill.All())
	runs := 1
	if *long {
		runs = 3
	}

	results := make([]drill.Result, 0, len(drill.All()))
	for _, d := range drill.All() {
		results = append(results, drill.Result{Drill: d})
	}
	for range runs + repetitions {
		runAgain(t, c, results, runs)
	}

	for _, result := range results {
		t.Run(result.Drill.String(), func(t *testing.T) {
			require.Len(t, result.Reports, runs, "runs whose rate was held")
			assertPromise(t, result)
		})
	}
	if t.Failed() {
		return
	}
	t.Log("\n" + drill.Table(results))
	if *long {
		writeDrills(t, results)
	}
}

// runAgain carries out, once, each drill that has fewer runs than wanted, and
// adds the reports of those whose rate was held.
func runAgain(t *testing.T, c *cluster.Cluster, results []drill.Result, wanted int) {
	t.Helper()
	var due []*drill.Result
	var drills []drill.Drill
	for i := range results {
		if len(results[i].Reports) < wanted {
			due = append(due, &results[i])
			drills = append(drills, results[i].Drill)
		}
	}
	if len(drills) == 0 {
		return
	}
	for i, report := range runDrills(t, c, drills) {
		if report.RateError == nil {
			due[i].Reports = append(due[i].Reports, report.Report)
		}
	}
}

// runDrills carries out each drill once, on resources made for this run only.
func runDrills(t *testing.T, c *cluster.Cluster, drills []drill.Drill) []drill.Measured {
	t.Helper()
	targets, cleanUp := startDrills(t, c, drills)
	defer cleanUp()

	reports := make([]drill.Measured, len(drills))
	problems := make([]error, len(drills))
	begin := time.Now()
	var running sync.WaitGroup
	for i, d := range drills {
		// Spread in this way, no two drills send a request or break their tier at
		// the same moment.
		start := begin.Add(time.Duration(i) * (100*time.Millisecond + 50*time.Millisecond/time.Duration(len(drills))))
		running.Go(func() { reports[i], problems[i] = d.Run(t.Context(), c, targets[i], start, *patience) })
	}
	running.Wait()
	for i, problem := range problems {
		require.NoError(t, problem, drills[i])
		for _, report := range reports[i].OfRules {
			t.Log(drills[i], report)
		}
	}
	return reports
}

// startDrills applies the resources of the drills and returns, for each rule of each,
// where its active tier answers.
func startDrills(t *testing.T, c *cluster.Cluster, drills []drill.Drill) (targets [][]prober.Asker, cleanUp func()) {
	t.Helper()
	var namespaces, besides, specs strings.Builder
	for _, d := range drills {
		spec := d.Spec(gatewayOf(d))
		namespaces.WriteString(manifests.Namespace(d.Namespace()))
		besides.WriteString(spec.Besides())
		specs.WriteString(spec.FailoverSpec())
	}
	require.NoError(t, c.Apply(t.Context(), namespaces.String()))
	if besides.Len() > 0 {
		// These come first, so that the names of the Services have all addresses from the beginning.
		require.NoError(t, c.Apply(t.Context(), besides.String()))
	}
	require.NoError(t, c.Apply(t.Context(), render(t, specs.String())))
	for _, d := range drills {
		address, err := c.GatewayHost(t.Context(), gatewayOf(d))
		require.NoError(t, err)
		ofRules := targetsOf(t, d, address)
		for _, target := range ofRules {
			waitUntilServed(t, target)
		}
		assertNothingSpeaksAgainst(t, c, d.Namespace())
		if d.Policy.Fields != "" && d.ActiveTier.Name == "" && d.Route == "" && d.RuleCount() == 1 {
			assertFailsOver(t, c, gatewayOf(d), routeOf(d), d.Policy)
		}
		if d.NoMergeWindow {
			waitUntilPatched(t, c, d)
		}
		targets = append(targets, ofRules)
	}
	for gateway, of := range byGateway(drills) {
		waitUntilAllHosts(t, c, gateway, of)
		waitUntilChecked(t, c, gateway, of)
	}
	return targets, func() {
		for _, d := range drills {
			kubectl(t, c, "delete httproute,grpcroute,tlsroute,tcproute,backendtrafficpolicy,backend,deployment,service --all --namespace "+d.Namespace())
		}
		kubectl(t, c, "delete envoypatchpolicy --all --namespace "+drillGateways)
	}
}

// targetsOf is where each rule of a drill answers, behind the address of a Gateway's first
// listener.
func targetsOf(t *testing.T, d drill.Drill, address string) []prober.Asker {
	t.Helper()
	host, _, err := net.SplitHostPort(address)
	require.NoError(t, err)
	switch d.Route {
	case v1alpha1.RouteKindGRPC:
		target := echo.Calls(address, d.Hostname())
		if d.Kept {
			var closeAll func()
			target, closeAll = target.Keep()
			t.Cleanup(closeAll)
		}
		return []prober.Asker{target}
	case v1alpha1.RouteKindTLS:
		return []prober.Asker{echo.Connection{Address: net.JoinHostPort(host, strconv.Itoa(manifests.TLSPort)), ServerName: d.Hostname()}}
	case v1alpha1.RouteKindTCP:
		return []prober.Asker{echo.Connection{Address: net.JoinHostPort(host, strconv.Itoa(d.Port))}}
	}
	var targets []prober.Asker
	for rule := range d.RuleCount() {
		targets = append(targets, prober.HTTP{Address: address, Host: d.Hostname(), Path: manifests.PathOf(rule), Method: d.Method, Body: bodyOf(d.Method)})
	}
	return targets
}

// bodyOf is what a request of the method carries.
func bodyOf(method string) []byte {
	if method == http.MethodPost {
		return []byte(`{"order": 1}`)
	}
	return nil
}

func routeOf(d drill.Drill) types.NamespacedName {
	return types.NamespacedName{Namespace: d.Namespace(), Name: "ha-failover"}
}

// waitUntilPatched waits until Envoy has the patch of a drill.
func waitUntilPatched(t *testing.T, c *cluster.Cluster, d drill.Drill) {
	t.Helper()
	require.Eventually(t, func() bool {
		clusters, _ := toldEnvoy(t, c, gatewayOf(d), routeOf(d))
		return len(clusters) == 1 && clusters[0].CommonLbConfig.UpdateMergeWindow == "0s"
	}, time.Minute, time.Second, "the merge window of %s", d)
}

// clustersOf is how Envoy calls the clusters of a drill, one for each rule.
func clustersOf(d drill.Drill) []string {
	kind := cmp.Or(d.Route, v1alpha1.RouteKindHTTP)
	var clusters []string
	for rule := range d.RuleCount() {
		if !kind.HasRequests() {
			rule = -1 // its one rule has no number
		}
		clusters = append(clusters, fmt.Sprintf("%s/%s/ha-failover/rule/%d", strings.ToLower(string(kind)), d.Namespace(), rule))
	}
	return clusters
}

// waitUntilAllHosts waits until Envoy has all hosts of the drills on a Gateway.
func waitUntilAllHosts(t *testing.T, c *cluster.Cluster, gateway types.NamespacedName, drills []drill.Drill) {
	t.Helper()
	require.Eventually(t, func() bool {
		hosts := hostsOf(t, c, gateway)
		for _, d := range drills {
			for _, cluster := range clustersOf(d) {
				if hosts[cluster] != d.Tiers()[0]+d.Tiers()[1] {
					return false
				}
			}
		}
		return true
	}, time.Minute, time.Second, "all hosts on %s", gateway)
}

// hostsOf returns how many hosts Envoy has in each cluster.
func hostsOf(t *testing.T, c *cluster.Cluster, gateway types.NamespacedName) map[string]int {
	t.Helper()
	var known struct {
		Clusters []struct {
			Name  string
			Hosts []any `json:"host_statuses"`
		} `json:"cluster_statuses"`
	}
	hosts := map[string]int{}
	if err := c.AskEnvoy(t.Context(), gateway, "/clusters?format=json", &known); err != nil {
		return hosts
	}
	for _, cluster := range known.Clusters {
		hosts[cluster.Name] = len(cluster.Hosts)
	}
	return hosts
}

// waitUntilChecked waits until the active health checks on a Gateway run at their
// interval. Envoy checks a new cluster once, and if there was no traffic yet, it lets a
// minute pass before the next check, whatever happens meanwhile.
func waitUntilChecked(t *testing.T, c *cluster.Cluster, gateway types.NamespacedName, drills []drill.Drill) {
	t.Helper()
	const checksAtInterval = 3 // of each host
	require.Eventually(t, func() bool {
		var statistics struct {
			Stats []struct {
				Name  string
				Value int
			}
		}
		if err := c.AskEnvoy(t.Context(), gateway, "/stats?format=json&filter=health_check.attempt", &statistics); err != nil {
			return false
		}
		attempts := map[string]int{}
		for _, statistic := range statistics.Stats {
			attempts[statistic.Name] = statistic.Value
		}
		for _, d := range drills {
			for _, cluster := range clustersOf(d) {
				if d.Policy.ActiveCheck && attempts["cluster."+cluster+".health_check.attempt"] < checksAtInterval*(d.Tiers()[0]+d.Tiers()[1]) {
					return false
				}
			}
		}
		return true
	}, 2*time.Minute, time.Second, "active health checks on %s", gateway)
}

// assertPromise fails the test where a policy did not keep its promise.
func assertPromise(t *testing.T, result drill.Result) {
	for _, report := range result.Reports {
		assert.NotEqual(t, prober.Never, report.Failback, "active serves again")
		assert.Zero(t, report.LostBefore, "lost requests before the outage: %s", report)
		if result.Drill.LosesNothing() {
			lost := report.Lost
			if !result.Drill.Policy.RepeatsAll {
				lost -= report.CutOff
			}
			assert.Zero(t, lost, "lost requests: %s", report)
			assert.NotEqual(t, prober.Never, report.Failover, "passive takes over")
		}
	}
}

func writeDrills(t *testing.T, results []drill.Result) {
	t.Helper()
	path := filepath.Join("..", "docs", "drills.md")
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	page, err := os.ReadFile(path)
	require.NoError(t, err)
	_, shapes, _ := strings.Cut(string(page), shapesHeading) // TestShapes writes them
	text := fmt.Sprintf(drillsPage, *envoyGatewayVersion, *patience, drill.Table(results)) + shapesHeading + shapes
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
}

const drillsPage = `# What an outage costs

Each line is a policy on a real Envoy, whose active tier is broken at 5 s and restored at 25 s of a minute. The drills run
side by side, as specs of their own on one Envoy, under Envoy Gateway %s. In each, a probe sends 20 requests a second: 1,200
in all, each on a new connection, none waiting for another.

- *Lost* is a request that is not answered with status 200 within %s. *Cut off* are those of them that the active tier
  may have been working on when it was broken: only a policy that repeats every request can save them.
- *Failover* counts from the outage to the first answer of the passive tier, *failback* from its end to the first
  answer of the active one.
- *Worst answer* is the longest wait for an answer with status 200.

%s
## As pictures

What became of each request in three of them, as it was measured and recorded next to this page, in
[drills](drills). [The simulation](simulation.md) has the same pictures of what it predicts.

![The policy of the workshop, with the port closed](pictures/drill-workshop-closed.svg)

![The profile safe with an active check, while the application hangs](pictures/drill-safe-active-hang.svg)

![The profile zero-loss, while packets are dropped](pictures/drill-zero-loss-dropped.svg)

Written by ` + "`make drills`" + `.
`
