package e2e

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failover-krm/failover/e2e/cluster"
	"github.com/failover-krm/failover/e2e/drill"
	"github.com/failover-krm/failover/e2e/manifests"
	"github.com/failover-krm/failover/e2e/prober"
	"github.com/failover-krm/failover/pkg/check"
	"github.com/failover-krm/failover/pkg/compile"
	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/envoy"
	"github.com/failover-krm/failover/pkg/target"
)

const (
	// predictionSeed makes the random policies.
	predictionSeed = 13
	// predictionRuns is how often each drill is simulated.
	predictionRuns = 40
	// sideBySideDrills is how many drills one Envoy of a small machine can have at once.
	sideBySideDrills = 25
)

// TestPredictions drills policies, many of them random, and compares what each outage
// cost with what was predicted for it, from when it was really in force. It takes
// minutes, so only the long form does it, and writes docs/predictions.md.
func TestPredictions(t *testing.T) {
	if !*long {
		t.Skip("only with -long: TestDrills of package envoy compares the measured rows of docs/drills.md in the short form")
	}
	c := startCluster(t)
	require.NoError(t, c.Apply(t.Context(), manifests.SharedGateway(drillGateway)))
	waitUntilInForce(t, c, drillGateway.Namespace)

	var rows []comparison
	for batch := range slices.Chunk(append(drill.All(), randomDrills(75)...), sideBySideDrills) {
		for i, report := range runDrills(t, c, batch) {
			if report.RateError != nil {
				t.Log(batch[i], report.RateError)
				continue
			}
			rows = append(rows, compare(t, batch[i], report))
		}
	}
	assert.Greater(t, len(rows), 90, "drills whose rate was held")
	lost := share(rows, func(c comparison) bool { return c.lost.agrees() })
	assert.GreaterOrEqual(t, lost, 0.9, "the share of drills whose lost requests were predicted")
	path := filepath.Join("..", "docs", "predictions.md")
	require.NoError(t, os.WriteFile(path, []byte(predictionsPage(rows)), 0o644))
}

// randomDrills are outages under random policies, at random rates.
func randomDrills(count int) []drill.Drill {
	random := rand.New(rand.NewPCG(predictionSeed, 0))
	one := func(of ...string) string { return of[random.IntN(len(of))] }
	maybe := func(text string) string {
		if random.IntN(2) == 0 {
			return ""
		}
		return text
	}
	var drills []drill.Drill
	for i := range count {
		var fields, checks []string
		if random.IntN(4) > 0 {
			checks = append(checks, fmt.Sprintf("passive: {interval: %s, baseEjectionTime: %s, maxEjectionPercent: %s, consecutive5XxErrors: %s, splitExternalLocalOriginErrors: %s, consecutiveLocalOriginFailures: %s}",
				one("1s", "2s", "3s", "5s"), one("3s", "5s", "10s", "30s"), one("10", "50", "100", "100"), one("1", "2", "3", "5"), one("false", "false", "true"), one("1", "3", "5")))
		}
		active := random.IntN(3) == 0
		if active {
			checks = append(checks, fmt.Sprintf("active: {type: HTTP, interval: %s, timeout: %s, unhealthyThreshold: %s, healthyThreshold: %s, http: {path: /health}}",
				one("1s", "2s", "3s"), one("500ms", "1s"), one("1", "2", "3"), one("1", "2")))
		}
		if len(checks) > 0 {
			fields = append(fields, "healthCheck: {"+strings.Join(checks, ", ")+"}")
		}
		if retries := 1 + random.IntN(3); random.IntN(2) == 0 {
			fields = append(fields, fmt.Sprintf("retry: {numRetries: %d%s%s%s}", retries, maybe(", numAttemptsPerPriority: 1"), maybe(", perRetry: {timeout: "+one("1s", "2s")+"}"),
				maybe(", retryOn: {triggers: ["+one("connect-failure", "connect-failure, reset", "5xx", "gateway-error", "reset-before-request, refused-stream")+"]}")))
		}
		if timeouts := maybe("tcp: {connectTimeout: "+one("500ms", "1s", "3s")+"}") + maybe(", http: {requestTimeout: "+one("1s", "3s", "10s")+"}"); timeouts != "" {
			fields = append(fields, "timeout: {"+strings.TrimPrefix(timeouts, ", ")+"}")
		}
		drills = append(drills, drill.Drill{
			Policy: manifests.Policy{Name: fmt.Sprintf("random-%d", i+1), Written: "{" + strings.Join(append([]string{"profile: custom"}, fields...), ", ") + "}", ActiveCheck: active},
			Fault:  cluster.Faults[random.IntN(len(cluster.Faults))], Method: one(http.MethodGet, http.MethodGet, http.MethodPost), Rate: []int{1, 2, 5, 20, 20, 50}[random.IntN(6)],
		})
	}
	return drills
}

// comparison is what a drill measured, beside what was predicted.
type comparison struct {
	drill.Drill
	lost, failover, failback figure
	// byPassive is how many requests of the outage passive answered.
	byPassive figure
}

// figure is a measured number and the range that was predicted. Never is -1.
type figure struct{ measured, least, most, tolerance float64 }

func (f figure) agrees() bool {
	if f.measured < 0 || f.least < 0 {
		return f.measured < 0 && f.least < 0
	}
	return f.measured >= f.least-f.tolerance && (f.most < 0 || f.measured <= f.most+f.tolerance)
}

// compare simulates a drill, from when its outage was in force until its tier worked
// again.
func compare(t *testing.T, d drill.Drill, report prober.Report) comparison {
	t.Helper()
	spec := manifests.Spec{Namespace: d.Namespace(), Hostname: d.Hostname(), Gateway: drillGateway, Policy: d.Policy, Active: d.Active}
	documents, err := document.Parse([]byte(manifests.SharedGateway(drillGateway)+spec.FailoverSpec()), "drill")
	require.NoError(t, err)
	checked, err := compile.Check(diagnostic.Subjects(documents), target.Target("envoy-gateway-"+*envoyGatewayVersion), check.Options{})
	require.NoError(t, err)
	require.Len(t, checked.Failovers, 1, "%s: %v", d, checked.Diagnostics)
	found := checked.Failovers[0]
	outage := envoy.Outage{Kind: envoy.Kind(d.Fault), Begin: report.Outage.InForce, End: report.Outage.Restored}
	if d.Active.Name != "" {
		outage.Hosts = 1
	}
	active, localities := hostsOf(d.Active)
	scenario := envoy.Scenario{
		Tiers: []int{active, 1}, Localities: localities, Workers: envoyWorkers, Outages: []envoy.Outage{outage},
		Settings: envoy.SettingsOf(found.Route.Kind, *found.OfRule, *found.At, *envoyGatewayVersion),
		Traffic:  envoy.Traffic{Rate: float64(d.RequestsPerSecond()), Duration: time.Minute, Patience: *patience},
	}
	require.NoError(t, scenario.Validate())
	var lost, failover, failback, byPassive []float64
	for seed := range uint64(predictionRuns) {
		result := envoy.Simulate(scenario, seed)
		predicted := result.Report(outage)
		byPassive = append(byPassive, float64(answeredBy(1, result, outage)))
		lost = append(lost, float64(predicted.Lost))
		failover, failback = append(failover, inSeconds(predicted.Failover)), append(failback, inSeconds(predicted.Failback))
	}
	measuredFailover := inSeconds(report.Failover)
	if measuredFailover >= 0 {
		measuredFailover -= (report.Outage.InForce - report.Outage.Broken).Seconds()
	}
	spacing := 1 / float64(d.RequestsPerSecond())
	return comparison{
		Drill:    d,
		lost:     figureOf(float64(report.Lost), lost, max(2, 0.05*float64(report.Lost))),
		failover: figureOf(measuredFailover, failover, max(0.3, spacing)),
		failback: figureOf(inSeconds(report.Failback), failback, max(0.3, spacing)),
		// Which host a request goes to is a matter of chance.
		byPassive: figureOf(float64(report.ByPassive), byPassive, 0.03*float64(report.ByActive+report.ByPassive)),
	}
}

// hostsOf is what a simulation has to know of an active tier.
func hostsOf(tier manifests.Tier) (int, map[int][]envoy.Locality) {
	if tier.Name == "" {
		return 1, nil
	}
	hosts := 0
	var localities []envoy.Locality
	for _, backend := range tier.Backends {
		hosts += backend.Hosts
		localities = append(localities, envoy.Locality{Hosts: backend.Hosts, Weight: backend.Weight})
	}
	return hosts, map[int][]envoy.Locality{0: localities}
}

// answeredBy counts the requests of an outage that a tier answered.
func answeredBy(tier int, result envoy.Result, outage envoy.Outage) int {
	count := 0
	for _, request := range result.Requests {
		if !request.Lost() && request.Tier == tier && outage.Begin <= request.Sent && request.Sent < outage.End {
			count++
		}
	}
	return count
}

// envoyWorkers is how many threads Envoy has in the suite: as many as the machine has
// processors, of which it sees two.
const envoyWorkers = 2

func figureOf(measured float64, predicted []float64, tolerance float64) figure {
	// What never happens is later than anything else.
	slices.SortFunc(predicted, func(a, b float64) int {
		switch {
		case a == b:
			return 0
		case a < 0 || b >= 0 && a > b:
			return 1
		}
		return -1
	})
	return figure{measured, predicted[0], predicted[len(predicted)-1], tolerance}
}

func inSeconds(d time.Duration) float64 {
	if d < 0 {
		return -1
	}
	return d.Seconds()
}

func share(rows []comparison, agrees func(comparison) bool) float64 {
	count := 0
	for _, row := range rows {
		if agrees(row) {
			count++
		}
	}
	return float64(count) / float64(len(rows))
}

func (f figure) String() string {
	number := func(value float64) string {
		if value < 0 {
			return "never"
		}
		return strings.TrimSuffix(fmt.Sprintf("%.1f", value), ".0")
	}
	predicted := number(f.least)
	if number(f.most) != predicted {
		predicted += " to " + number(f.most)
	}
	text := number(f.measured) + " / " + predicted
	if !f.agrees() {
		return "**" + text + "**"
	}
	return text
}

// predictionsPage is docs/predictions.md.
func predictionsPage(rows []comparison) string {
	var page strings.Builder
	percent := func(of func(comparison) bool) string { return fmt.Sprintf("%.0f %%", 100*share(rows, of)) }
	fmt.Fprintf(&page, `# What was predicted, and what was measured

%d drills on a real Envoy, under Envoy Gateway %s, each beside %d runs of the [simulation](simulation.md): an outage of 20 s in a minute of
requests. The first ones are those of [drills](drills.md); the others have random policies, which are below. The simulation is told
when the outage was really in force, and nothing else.

A figure is measured / predicted. It agrees within 2 requests or 5 %%, or within 0.3 s or the time between two requests. Those that
do not agree are in bold.

| | agree |
|---|---|
| lost requests | %s |
| time to fail over | %s |
| time to fail back | %s |

| policy | broken by | requests | lost | failover (s) | failback (s) |
|---|---|---|---|---|---|
`, len(rows), *envoyGatewayVersion, predictionRuns,
		percent(func(c comparison) bool { return c.lost.agrees() }), percent(func(c comparison) bool { return c.failover.agrees() }), percent(func(c comparison) bool { return c.failback.agrees() }))
	for _, row := range rows {
		fmt.Fprintf(&page, "| %s | %s | %s, %d/s | %s | %s | %s |\n", row.Policy.Name, row.Fault, row.Method, row.RequestsPerSecond(), row.lost, row.failover, row.failback)
	}
	page.WriteString("\n## The random policies\n\n| policy | is |\n|---|---|\n")
	for _, row := range rows {
		if strings.HasPrefix(row.Policy.Name, "random-") {
			fmt.Fprintf(&page, "| %s | `%s` |\n", row.Policy.Name, strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(row.Policy.Written, "{profile: custom"), ", "), "}"))
		}
	}
	page.WriteString("\nWritten by `make predictions`.\n")
	return page.String()
}
