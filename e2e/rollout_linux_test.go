package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failover-krm/failover/e2e/cluster"
	"github.com/failover-krm/failover/e2e/drill"
	"github.com/failover-krm/failover/e2e/manifests"
	"github.com/failover-krm/failover/pkg/prober"
)

// change is what is done to the Deployment of three pods behind a headless Service, under
// load.
type change struct {
	name string
	// policy is that of the FailoverSpec, as YAML.
	policy string
	// preStop is for how many seconds a pod goes on when it is to end.
	preStop int
	// isScaled tells that the Deployment is scaled to 0 and back; otherwise it is rolled.
	isScaled bool
	// losesNothing and keepsActive are what is promised.
	losesNothing, keepsActive bool
}

const (
	safe = "{profile: safe}"
	// withoutRetry is the profile safe without its retry.
	withoutRetry = "{profile: safe, retry: {numRetries: 0}}"
	oftenInDNS   = "{profile: safe, retry: {numRetries: 0}, dns: {dnsRefreshRate: 1s, respectDnsTtl: false}}"
)

// changes are those of docs/hosts.md.
var changes = []change{
	{name: "rolled-once", policy: withoutRetry},
	{name: "rolled-dns", policy: oftenInDNS},
	{name: "rolled-safe", policy: safe},
	{name: "rolled-short", policy: withoutRetry, preStop: 2},
	{name: "rolled-prestop", policy: withoutRetry, preStop: 10, losesNothing: true, keepsActive: true},
	{name: "scaled-once", policy: withoutRetry, isScaled: true},
	{name: "scaled-safe", policy: safe, isScaled: true},
	{name: "scaled-prestop", policy: withoutRetry, preStop: 10, isScaled: true, losesNothing: true},
}

const (
	changeRate = 20
	// changeWork is how long each request takes, so that some are always under way.
	changeWork = "200ms"
	// changeAfter is when the Deployment is changed, and changeBack when it is scaled back:
	// after its pods are gone.
	changeAfter = 2 * time.Second
	changeBack  = 13 * time.Second
	changeEnd   = 22 * time.Second
)

// outcome is what became of the requests.
type outcome struct {
	lost, byPassive int
	// from and to are when passive answered first and last, after the change.
	from, to time.Duration
	// active tells whether the last request was answered by the active tier.
	active bool
	worst  time.Duration
	// rateError tells that the run proves nothing.
	rateError error
}

// TestChangedPods rolls a Deployment of three pods behind a headless Service to a new version
// under load, and scales it to 0 and back: with and without retries, and with pods that go
// on until Envoy has seen in the DNS that they are leaving. All of it happens at the same time, once or
// three times with -long, which also writes the table.
func TestChangedPods(t *testing.T) {
	c := startCluster(t)
	startGateways(t, c, []drill.Drill{{}})
	runs := 1
	if *long {
		runs = 3
	}
	outcomes := make([][]outcome, len(changes))
	for range runs + repetitions {
		due := slices.ContainsFunc(outcomes, func(of []outcome) bool { return len(of) < runs })
		if !due {
			break
		}
		for i, got := range changeAll(t, c) {
			if got.rateError == nil && len(outcomes[i]) < runs {
				outcomes[i] = append(outcomes[i], got)
			}
		}
	}
	for i, of := range changes {
		t.Run(of.name, func(t *testing.T) {
			require.Len(t, outcomes[i], runs, "runs whose rate was held")
			for _, got := range outcomes[i] {
				assert.True(t, got.active, "active serves in the end")
				if of.losesNothing {
					assert.Zero(t, got.lost, "lost requests")
				}
				if of.keepsActive {
					assert.Zero(t, got.byPassive, "requests that passive served")
				}
				if of.isScaled {
					assert.NotZero(t, got.byPassive, "passive takes over")
				}
			}
		})
	}
	t.Log("\n" + changesTable(outcomes))
	if *long && !t.Failed() {
		writeChanges(t, changesTable(outcomes))
	}
}

// changeAll makes each change once, all of them at the same time.
func changeAll(t *testing.T, c *cluster.Cluster) []outcome {
	t.Helper()
	targets := startChanges(t, c)
	outcomes, problems := make([]outcome, len(changes)), make([]error, len(changes))
	var running sync.WaitGroup
	for i, of := range changes {
		running.Go(func() { outcomes[i], problems[i] = of.run(t.Context(), c, targets[i]) })
	}
	running.Wait()
	for _, of := range changes {
		kubectl(t, c, "delete httproute,backendtrafficpolicy,backend,deployment,service --all --namespace "+of.namespace())
	}
	require.NoError(t, errors.Join(problems...))
	return outcomes
}

func (of change) namespace() string { return "changed-" + of.name }

func (of change) hostname() string { return of.namespace() + ".example.com" }

// cluster is how Envoy calls it.
func (of change) cluster() string {
	return fmt.Sprintf("httproute/%s/ha-failover/rule/0", of.namespace())
}

// containerEnd is the last line of a container that failover renders.
var containerEnd = regexp.MustCompile(`(?m)^( +)imagePullPolicy: IfNotPresent$`)

// startChanges applies all failovers, and returns where each answers, once Envoy knows all
// pods.
func startChanges(t *testing.T, c *cluster.Cluster) []prober.HTTP {
	t.Helper()
	gateway := gatewayOf(drill.Drill{})
	var namespaces, rendered strings.Builder
	for _, of := range changes {
		namespaces.WriteString(manifests.Namespace(of.namespace()))
		rendered.WriteString("---\n" + of.rendered(t))
	}
	require.NoError(t, c.Apply(t.Context(), namespaces.String()))
	require.NoError(t, c.Apply(t.Context(), rendered.String()))
	address, err := c.GatewayHost(t.Context(), gateway)
	require.NoError(t, err)
	targets := make([]prober.HTTP, 0, len(changes))
	for _, of := range changes {
		target := prober.HTTP{Address: address, Host: of.hostname(), Path: "/?delay=" + changeWork}
		waitUntilServed(t, target)
		targets = append(targets, target)
	}
	const threePodsAndTheStandby = 4
	require.Eventually(t, func() bool {
		hosts := hostsOf(t, c, gateway)
		return !slices.ContainsFunc(changes, func(of change) bool { return hosts[of.cluster()] != threePodsAndTheStandby })
	}, time.Minute, 100*time.Millisecond, "all pods")
	return targets
}

// rendered is what is applied for the change.
func (of change) rendered(t *testing.T) string {
	t.Helper()
	gateway := gatewayOf(drill.Drill{})
	headless := strings.Replace(manifests.Echo, "{", "{clusterIP: None, replicas: 3, readinessProbe: {httpGet: {path: /healthz, port: 3000}}, ", 1)
	rendered := render(t, fmt.Sprintf(`apiVersion: failover.krm.dev/v1alpha1
kind: FailoverSpec
metadata: {name: ha-failover, namespace: %s}
spec:
  hostnames: [%s]
  gateway: {namespace: %s, name: %s}
  active: {name: active, workload: %s}
  passive: {name: passive, workload: %s}
  policy: %s
`, of.namespace(), of.hostname(), gateway.Namespace, gateway.Name, headless, manifests.Echo, of.policy))
	if of.preStop == 0 {
		return rendered
	}
	return containerEnd.ReplaceAllString(rendered, fmt.Sprintf("$0\n${1}lifecycle: {preStop: {sleep: {seconds: %d}}}", of.preStop))
}

// run changes the pods under load.
func (of change) run(ctx context.Context, c *cluster.Cluster, target prober.HTTP) (outcome, error) {
	start := time.Now()
	var problems [2]error
	at := func(when time.Duration, arguments string) error {
		time.Sleep(time.Until(start.Add(when)))
		_, err := c.Kubectl(ctx, "", strings.Fields(arguments+" --namespace "+of.namespace())...)
		return err
	}
	var changing sync.WaitGroup
	changing.Go(func() {
		if !of.isScaled {
			problems[0] = at(changeAfter, "set env deployment/active VERSION=2")
			problems[1] = at(0, "rollout status deployment/active --timeout 20s")
			return
		}
		problems[0] = at(changeAfter, "scale deployment/active --replicas 0")
		problems[1] = at(changeBack, "scale deployment/active --replicas 3")
	})
	requests := prober.Probe{Target: target, Rate: changeRate, Duration: changeEnd, Patience: *patience}.Run(ctx, start)
	changing.Wait()
	report := prober.NewReport(requests, prober.Outage{Active: isActive, Passive: isPassive})
	got := outcome{lost: report.Lost, worst: report.Worst, rateError: report.RateError}
	for _, request := range requests {
		if isPassive(request.Answer.From) {
			got.byPassive++
			got.to = request.Due + request.Latency - changeAfter
			if got.byPassive == 1 {
				got.from = got.to
			}
		}
		got.active = isActive(request.Answer.From)
	}
	return got, errors.Join(problems[:]...)
}

// changesTable is the table of docs/hosts.md.
func changesTable(outcomes [][]outcome) string {
	var table strings.Builder
	table.WriteString("| three pods are | a pod that leaves | policy | lost | served by passive | first and last of these (s) | worst answer (s) |\n|---|---|---|---|---|---|---|\n")
	for i, of := range changes {
		what, leaves := "rolled", "ends at once"
		if of.isScaled {
			what = "scaled to 0 and back"
		}
		if of.preStop > 0 {
			leaves = fmt.Sprintf("goes on for %d s", of.preStop)
		}
		policy := map[string]string{safe: "`safe`", withoutRetry: "`safe` without its retry", oftenInDNS: "the same, with `dnsRefreshRate: 1s`"}[of.policy]
		var lost, byPassive, times, worst []string
		for _, got := range outcomes[i] {
			lost, byPassive = append(lost, strconv.Itoa(got.lost)), append(byPassive, strconv.Itoa(got.byPassive))
			between := "-"
			if got.byPassive > 0 {
				between = fmt.Sprintf("%.1f to %.1f", got.from.Seconds(), got.to.Seconds())
			}
			times = append(times, between)
			worst = append(worst, fmt.Sprintf("%.1f", got.worst.Seconds()))
		}
		fmt.Fprintf(&table, "| %s | %s | %s | %s | %s | %s | %s |\n", what, leaves, policy, strings.Join(lost, ", "), strings.Join(byPassive, ", "), strings.Join(times, ", "), strings.Join(worst, ", "))
	}
	return table.String()
}

// changesInPage is the table in the page, between two comments.
var changesInPage = regexp.MustCompile("(?s)(<!-- from TestChangedPods -->\n).*(<!-- to here -->)")

func writeChanges(t *testing.T, table string) {
	t.Helper()
	path := filepath.Join("..", "docs", "hosts.md")
	page, err := os.ReadFile(path)
	require.NoError(t, err)
	require.True(t, changesInPage.Match(page), "%s: the place of the table", path)
	require.NoError(t, os.WriteFile(path, changesInPage.ReplaceAll(page, []byte("${1}"+table+"${2}")), 0o644))
}
