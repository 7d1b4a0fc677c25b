package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/types"

	"github.com/failover-krm/failover/e2e/cluster"
	"github.com/failover-krm/failover/e2e/manifests"
	"github.com/failover-krm/failover/pkg/prober"
)

// The Gateways of the drills of alerts: as Envoy Gateway makes its Envoy, and with per-endpoint stats.
var (
	plainGateway       = types.NamespacedName{Namespace: "alerts", Name: "plain"}
	perEndpointGateway = types.NamespacedName{Namespace: "alerts-per-endpoint", Name: "per-endpoint"}
)

// alertDrill is an outage, and the alerts that fire in it.
type alertDrill struct {
	name    string
	gateway types.NamespacedName
	policy  manifests.Policy
	// breaks are the tiers that answer errors; for one that is scaled to zero, scales.
	breaks []string
	scales string
	// headless tells that each pod of passive is a host.
	headless bool
	// times is how often it is broken and restored until then; 0 stands for once, until then.
	times int
	fires []string
	// serves is what the dashboard says in the outage that it did not say before.
	serves string
}

// What the dashboard says of who serves.
const (
	servesActive  = "0"
	servesEither  = "1"
	servesPassive = "2"
	servesNone    = "3"
)

var alertDrills = []alertDrill{
	{name: "ejected", gateway: plainGateway, policy: manifests.Safe, breaks: []string{"active"}, fires: []string{"FailoverServingFromPassive"}, serves: servesPassive},
	{name: "ejected-per-endpoint", gateway: perEndpointGateway, policy: manifests.Safe, breaks: []string{"active"}, fires: []string{"FailoverServingFromPassive"}, serves: servesPassive},
	{name: "checked", gateway: plainGateway, policy: manifests.ActiveOnly, breaks: []string{"active"}, fires: []string{"FailoverTierUnhealthy"}, serves: servesEither},
	{name: "checked-per-endpoint", gateway: perEndpointGateway, policy: manifests.ActiveOnly, breaks: []string{"active"}, fires: []string{"FailoverServingFromPassive"}, serves: servesPassive},
	{name: "both-checks-per-endpoint", gateway: perEndpointGateway, policy: manifests.SafeActive, breaks: []string{"active"}, fires: []string{"FailoverServingFromPassive"}, serves: servesPassive},
	{name: "standby", gateway: plainGateway, policy: manifests.ActiveOnly, breaks: []string{"passive"}, fires: []string{"FailoverTierUnhealthy"}, serves: servesEither},
	{name: "standby-per-endpoint", gateway: perEndpointGateway, policy: manifests.ActiveOnly, breaks: []string{"passive"}, fires: []string{"FailoverStandbyUnhealthy"}, serves: servesActive},
	{name: "stuck", gateway: plainGateway, policy: manifests.DefaultsOnly, breaks: []string{"active"}, fires: []string{"FailoverCannotEject"}, serves: servesActive},
	{name: "empty", gateway: plainGateway, policy: manifests.Safe, headless: true, scales: "passive", fires: []string{"FailoverStandbyWithoutHosts"}, serves: servesActive},
	{name: "empty-per-endpoint", gateway: perEndpointGateway, policy: manifests.Safe, headless: true, scales: "passive", fires: []string{"FailoverStandbyWithoutHosts"}, serves: servesActive},
	{name: "both", gateway: plainGateway, policy: manifests.ActiveOnly, breaks: []string{"active", "passive"}, fires: []string{"FailoverNoTierHealthy"}, serves: servesNone},
	{name: "flapping", gateway: plainGateway, policy: manifests.ActiveOnly, breaks: []string{"active"}, times: 3, fires: []string{"FailoverFlapping", "FailoverTierUnhealthy"}, serves: servesEither},
}

func (d alertDrill) spec() manifests.Spec {
	return manifests.Spec{Namespace: "alert-" + d.name, Hostname: d.name + ".alerts.example.com", Gateway: d.gateway, Policy: d.policy, Active: 1, Passive: 1}
}

func (d alertDrill) failoverSpec() string {
	text := d.spec().FailoverSpec()
	if d.headless {
		text = strings.Replace(text, "passive: {name: passive, workload: {", "passive: {name: passive, workload: {clusterIP: None, ", 1)
	}
	return text
}

// cluster is Envoy's name of it.
func (d alertDrill) cluster() string { return "httproute/alert-" + d.name + "/ha-failover/rule/0" }

// outLongEnough is how long a tier is out, and then in, to be seen by FailoverFlapping, which looks
// every 15 seconds.
const outLongEnough = 17 * time.Second

// run breaks the tiers until the alerts fire, and restores them; or does so several times until then.
func (d alertDrill) run(ctx context.Context, c *cluster.Cluster, p prometheus) error {
	each := func(do func(types.NamespacedName) error) error {
		for _, tier := range d.breaks {
			if err := do(types.NamespacedName{Namespace: d.spec().Namespace, Name: tier}); err != nil {
				return err
			}
		}
		return nil
	}
	scale := func(replicas int) error {
		_, err := c.Kubectl(ctx, "", "scale", "deployment/"+d.scales, fmt.Sprintf("--replicas=%d", replicas), "--namespace", d.spec().Namespace)
		return err
	}
	healthy := func(hosts int) error {
		return p.await(ctx, fmt.Sprintf("envoy_cluster_membership_healthy{envoy_cluster_name=%q} == %d", d.cluster(), hosts))
	}
	begin := func() error {
		return each(func(tier types.NamespacedName) error {
			_, err := c.Break(ctx, tier, cluster.AnswersErrors)
			return err
		})
	}
	end := func() error {
		return each(func(tier types.NamespacedName) error { return c.Restore(ctx, tier, cluster.AnswersErrors) })
	}
	if d.scales != "" {
		begin, end = func() error { return scale(0) }, func() error { return scale(1) }
	}
	begun := time.Now()
	fires := func() error {
		for _, alert := range d.fires {
			// Before, when the first health checks had not passed, it may have fired too.
			sinceBegun := int(time.Since(begun).Seconds()) + 1
			if err := p.await(ctx, fmt.Sprintf("last_over_time(ALERTS{alertstate=\"firing\", envoy_cluster_name=%q, alertname=%q}[%ds])", d.cluster(), alert, sinceBegun)); err != nil {
				return err
			}
		}
		return nil
	}
	steps := []func() error{begin, fires, end, func() error { return healthy(2) }}
	if d.times > 0 {
		wait := func() error { time.Sleep(outLongEnough); return nil }
		one := []func() error{begin, func() error { return healthy(1) }, wait, end, func() error { return healthy(2) }, wait}
		steps = append(slices.Repeat(one, d.times), fires)
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// TestAlerts has a real Prometheus with the output of 'failover alerts', which scrapes real Envoys.
// All alerts are silent in calm, and in an outage those fire that are meant for it, and no other.
func TestAlerts(t *testing.T) {
	c := startCluster(t)
	perEndpoint := strings.Replace(manifests.SharedGateway(perEndpointGateway, 1), "concurrency: 1\n", "concurrency: 1\n  telemetry: {metrics: {enablePerEndpointStats: true}}\n", 1)
	require.Contains(t, perEndpoint, "enablePerEndpointStats")
	all := manifests.SharedGateway(plainGateway, 1) + perEndpoint
	var specs strings.Builder
	for _, d := range alertDrills {
		all += manifests.Namespace(d.spec().Namespace)
		specs.WriteString(d.failoverSpec())
	}
	require.NoError(t, c.Apply(t.Context(), all))
	require.NoError(t, c.Apply(t.Context(), render(t, specs.String())))
	waitUntilInForce(t, c, plainGateway.Namespace, perEndpointGateway.Namespace)
	t.Cleanup(func() {
		for _, d := range alertDrills {
			_, err := c.Kubectl(context.Background(), "", "delete", "httproute,backendtrafficpolicy,backend,deployment,service", "--all", "--namespace", d.spec().Namespace)
			assert.NoError(t, err)
		}
		for _, gateway := range []types.NamespacedName{plainGateway, perEndpointGateway} {
			_, err := c.Kubectl(context.Background(), "", "delete", "gateway", gateway.Name, "--namespace", gateway.Namespace)
			assert.NoError(t, err)
		}
	})
	traffic, stop := context.WithCancel(t.Context())
	var sending sync.WaitGroup
	defer sending.Wait()
	defer stop()
	for _, d := range alertDrills {
		address, err := c.GatewayHost(t.Context(), d.gateway)
		require.NoError(t, err)
		target := prober.HTTP{Address: address, Host: d.spec().Hostname, Path: manifests.PathOf(0)}
		waitUntilServed(t, target)
		sending.Go(func() {
			prober.Probe{Target: target, Rate: 5, Duration: 10 * time.Minute, Patience: time.Second}.Until(traffic, time.Now(), traffic.Done(), func(prober.Request) {})
		})
	}
	alerts := c.Command(t.Context(), c.Failover(), "alerts", "--output=rules", "--for=5s", "-")
	alerts.Stdin = strings.NewReader(specs.String())
	var complaint bytes.Buffer
	alerts.Stderr = &complaint
	rules, err := alerts.Output()
	require.NoError(t, err, complaint.String())
	assert.Empty(t, complaint.String())
	p := startPrometheus(t, c, string(rules))

	assertDotEndsName(t, c, p)

	checked := 0
	for _, d := range alertDrills {
		if d.policy.ActiveCheck {
			checked++
		}
	}
	// Envoy lets a minute pass after the first check, as waitUntilChecked says.
	require.NoError(t, p.await(t.Context(), fmt.Sprintf("count(envoy_cluster_membership_healthy{envoy_cluster_name=~\"httproute/alert-.*\"} == 2) == %d", len(alertDrills))))
	require.NoError(t, p.await(t.Context(), fmt.Sprintf("count(increase(envoy_cluster_health_check_attempt{envoy_cluster_name=~\"httproute/alert-.*\"}[10s]) > 2) == %d", checked)))
	require.NoError(t, p.await(t.Context(), "absent(ALERTS)"))
	dashboard := dashboardOf(t, c, specs.String())
	begin := time.Now()
	time.Sleep(30 * time.Second)
	assert.Empty(t, p.seen(t, "ALERTS", time.Since(begin)), "alerts in calm, pending ones too")
	for _, d := range alertDrills {
		assert.Equal(t, servesActive, p.most(t, dashboard.serving(t, d), time.Since(begin)), "%s, in calm", d.name)
	}

	var running sync.WaitGroup
	problems := make([]error, len(alertDrills))
	for i, d := range alertDrills {
		running.Go(func() { problems[i] = d.run(t.Context(), c, p) })
	}
	running.Wait()
	fired := p.seen(t, `ALERTS{alertstate="firing"}`, time.Since(begin))
	for i, d := range alertDrills {
		t.Run(d.name, func(t *testing.T) {
			require.NoError(t, problems[i])
			assert.Equal(t, d.fires, fired[d.cluster()])
			assert.Equal(t, d.serves, p.most(t, dashboard.serving(t, d), time.Since(begin)))
			dashboard.assertAnswers(t, p, d)
		})
	}
	// What looks back for longer fires on.
	assert.NoError(t, p.await(t.Context(), `absent(ALERTS{alertname!~"FailoverFlapping|FailoverCannotEject"})`), "alerts after the outages")
}

// TestAlertRules has promtool read the alerts of the examples, and what each of them fires on.
func TestAlertRules(t *testing.T) {
	if unavailable != nil {
		skip(t, unavailable)
	}
	for _, of := range []struct{ verb, files string }{{"check", "*.rules.yaml"}, {"test", "*.test.yaml"}} {
		files, err := filepath.Glob(filepath.Join("..", "testdata", "alerts", of.files))
		require.NoError(t, err)
		require.NotEmpty(t, files)
		output, err := exec.CommandContext(t.Context(), installed.Promtool, append([]string{of.verb, "rules"}, files...)...).CombinedOutput()
		require.NoError(t, err, string(output))
	}
}

// assertDotEndsName has a route with a dot in its name, for which 'failover alerts' writes nothing.
func assertDotEndsName(t *testing.T, c *cluster.Cluster, p prometheus) {
	t.Helper()
	var route map[string]any
	require.NoError(t, json.Unmarshal([]byte(kubectl(t, c, "get httproute ha-failover --output json --namespace alert-checked")), &route))
	route["metadata"] = map[string]any{"name": "shop.v1", "namespace": "alert-checked"}
	route["spec"].(map[string]any)["hostnames"] = []string{"dot.alerts.example.com"}
	text, err := json.Marshal(route)
	require.NoError(t, err)
	require.NoError(t, c.Apply(t.Context(), string(text)))
	require.NoError(t, p.await(t.Context(), `{envoy_cluster_name="httproute/alert-checked/shop"}`), "the metrics of shop.v1")
	kubectl(t, c, "delete httproute shop.v1 --namespace alert-checked")
}

// dashboard is what 'failover dashboard' prints, as far as it asks Prometheus.
type dashboard struct {
	Type    string
	Title   string
	Targets []struct{ Expr string }
	Panels  []dashboard
}

func dashboardOf(t *testing.T, c *cluster.Cluster, specs string) (whole dashboard) {
	t.Helper()
	cmd := c.Command(t.Context(), c.Failover(), "dashboard", "-")
	cmd.Stdin = strings.NewReader(specs)
	output, err := cmd.Output()
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(output, &whole))
	return whole
}

// row has the panels about a failover.
func (d dashboard) row(t *testing.T, of alertDrill) []dashboard {
	t.Helper()
	for _, row := range d.Panels {
		if strings.HasPrefix(row.Title, "alert-"+of.name+"/") {
			return row.Panels
		}
	}
	require.Fail(t, "no row about "+of.name)
	return nil
}

// serving asks who serves a failover.
func (d dashboard) serving(t *testing.T, of alertDrill) string {
	t.Helper()
	first := d.row(t, of)[0]
	require.Equal(t, "state-timeline", first.Type)
	return first.Targets[0].Expr
}

// assertAnswers fails the test for a panel about a failover that shows nothing.
func (d dashboard) assertAnswers(t *testing.T, p prometheus, of alertDrill) {
	t.Helper()
	for _, panel := range d.row(t, of) {
		for _, target := range panel.Targets {
			answer, err := p.ask(t.Context(), strings.ReplaceAll(target.Expr, "$__rate_interval", "1m"))
			require.NoError(t, err)
			isThere := of.gateway == perEndpointGateway || !strings.Contains(target.Expr, "endpoint_rq")
			assert.Equal(t, isThere, len(answer) > 0, target.Expr)
		}
	}
}

// prometheus is a running one.
type prometheus struct{ address string }

// startPrometheus starts a Prometheus that scrapes the Envoys of the drills each second, with a file
// of rules. It ends with the test.
func startPrometheus(t *testing.T, c *cluster.Cluster, rules string) prometheus {
	t.Helper()
	directory := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(directory, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		return path
	}
	file := write("failover.rules.yml", rules)
	output, err := exec.CommandContext(t.Context(), installed.Promtool, "check", "rules", file).CombinedOutput()
	require.NoError(t, err, string(output))
	var targets []string
	for _, gateway := range []types.NamespacedName{plainGateway, perEndpointGateway} {
		var pods []netip.Addr
		require.Eventually(t, func() bool {
			pods, _, err = c.Envoys(t.Context(), gateway)
			return err == nil && len(pods) == 1
		}, time.Minute, time.Second)
		targets = append(targets, fmt.Sprintf("%q", net.JoinHostPort(pods[0].String(), "19001")))
	}
	config := write("prometheus.yml", fmt.Sprintf(`global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [%s]
scrape_configs:
- {job_name: envoy, metrics_path: /stats/prometheus, static_configs: [{targets: [%s]}]}
`, file, strings.Join(targets, ", ")))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := prometheus{listener.Addr().String()}
	require.NoError(t, listener.Close())
	server := exec.CommandContext(t.Context(), installed.Prometheus, "--config.file="+config, "--storage.tsdb.path="+filepath.Join(directory, "data"), "--web.listen-address="+p.address)
	var log bytes.Buffer
	server.Stdout, server.Stderr = &log, &log
	require.NoError(t, server.Start())
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
		if t.Failed() {
			t.Log(log.String())
		}
	})
	require.NoError(t, p.await(t.Context(), fmt.Sprintf("count(up == 1) == %d", len(targets))))
	return p
}

// metric is one of an answer.
type metric struct {
	Labels map[string]string `json:"metric"`
	// Value has the time and the value.
	Value []any
}

func (p prometheus) ask(ctx context.Context, query string) ([]metric, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.address+"/api/v1/query?query="+url.QueryEscape(query), nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	var answer struct {
		Error string
		Data  struct{ Result []metric }
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return nil, err
	}
	if answer.Error != "" {
		return nil, fmt.Errorf("%s: %s", query, answer.Error)
	}
	return answer.Data.Result, nil
}

// await waits until a query has an answer.
func (p prometheus) await(ctx context.Context, query string) error {
	ctx, cancel := context.WithTimeout(ctx, 150*time.Second)
	defer cancel()
	for {
		samples, err := p.ask(ctx, query)
		if len(samples) > 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: never: %w", query, err)
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// most is the highest value that an expression had lately.
func (p prometheus) most(t *testing.T, expression string, lately time.Duration) any {
	t.Helper()
	answer, err := p.ask(t.Context(), fmt.Sprintf("max_over_time((%s)[%ds:1s])", expression, int(lately.Seconds())))
	require.NoError(t, err)
	require.Len(t, answer, 1)
	return answer[0].Value[1]
}

// seen has the names of the alerts of each cluster that there were lately.
func (p prometheus) seen(t *testing.T, alerts string, lately time.Duration) map[string][]string {
	t.Helper()
	samples, err := p.ask(t.Context(), fmt.Sprintf("count by (envoy_cluster_name, alertname) (count_over_time(%s[%ds]))", alerts, int(lately.Seconds())))
	require.NoError(t, err)
	names := map[string][]string{}
	for _, s := range samples {
		cluster := s.Labels["envoy_cluster_name"]
		names[cluster] = append(names[cluster], s.Labels["alertname"])
	}
	for _, cluster := range slices.Collect(maps.Keys(names)) {
		slices.Sort(names[cluster])
	}
	return names
}
