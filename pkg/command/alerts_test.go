package command_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// alertsOfExamples are the alerts of examples, of which the gate also asks promtool.
var alertsOfExamples = map[string][]string{
	"workshop.rules.yaml":                   {"-o", "rules", "examples/workshop/failover.yaml"},
	"existing-services.rules.yaml":          {"-o", "rules", "examples/existing-services/failover.yaml"},
	"headless.rules.yaml":                   {"-o", "rules", "examples/headless/failover.yaml"},
	"weighted.rules.yaml":                   {"-o", "rules", "examples/weighted/failover.yaml"},
	"tcp.rules.yaml":                        {"-o", "rules", "examples/tcp/failover.yaml"},
	"rules.rules.yaml":                      {"-o", "rules", "examples/rules/failover.yaml"},
	"rules.prometheusrule.yaml":             {"--label", "release=monitoring", "examples/rules/failover.yaml"},
	"existing-services.prometheusrule.yaml": {"-o", "prometheusrule", "-n", "monitoring", "--for", "90s", "examples/existing-services/failover.yaml"},
}

func TestAlertsGolden(t *testing.T) {
	t.Chdir(filepath.Join("..", ".."))
	for name, args := range alertsOfExamples {
		t.Run(name, func(t *testing.T) {
			got := run("", append([]string{"alerts"}, args...)...)
			require.Zero(t, got.code, got.stderr)
			assert.Empty(t, got.stderr)
			golden(t, filepath.Join("testdata", "alerts", name), got.stdout)
		})
	}
}

// writtenAlert is a rule of a file of them.
type writtenAlert struct {
	Alert, Expr, For string
	Labels           map[string]string
	Annotations      map[string]string
}

// alertsOf runs the command on manifests, and returns the alerts by their names.
func alertsOf(t *testing.T, manifests string, args ...string) (alerts map[string]writtenAlert, stderr string) {
	t.Helper()
	got := run(manifests, append([]string{"alerts", "-o", "rules"}, args...)...)
	require.Zero(t, got.code, got.stderr)
	var file struct {
		Groups []struct{ Rules []writtenAlert }
	}
	require.NoError(t, yaml.Unmarshal([]byte(got.stdout), &file))
	alerts = map[string]writtenAlert{}
	for _, group := range file.Groups {
		for _, rule := range group.Rules {
			alerts[rule.Alert] = rule
		}
	}
	return alerts, got.stderr
}

// TestAlertsInDocs: the page of alerts has each with its severity and time, and the runbook has a
// section where the alert says that there is one.
func TestAlertsInDocs(t *testing.T) {
	alerts, _ := alertsOf(t, simulated+"  policy: {healthCheck: {active: {http: {path: /healthz}}}}\n")
	require.Len(t, alerts, 7)
	page, err := os.ReadFile("../../docs/alerts.md")
	require.NoError(t, err)
	runbook, err := os.ReadFile("../../docs/runbook.md")
	require.NoError(t, err)
	for name, alert := range alerts {
		anchor := strings.ToLower(name)
		assert.Contains(t, string(page), fmt.Sprintf("\n| [%s](#%s) | %s | %s | ", name, anchor, alert.Labels["severity"], alert.For))
		assert.Contains(t, string(page), "\n### "+name+"\n")
		assert.Contains(t, string(runbook), "\n### "+name+"\n")
		assert.True(t, strings.HasSuffix(alert.Annotations["runbook_url"], "/docs/runbook.md#"+anchor))
	}
}

const (
	servingFromPassive = "FailoverServingFromPassive"
	tierUnhealthy      = "FailoverTierUnhealthy"
	standbyUnhealthy   = "FailoverStandbyUnhealthy"
	standbyWithout     = "FailoverStandbyWithoutHosts"
	cannotEject        = "FailoverCannotEject"
	flapping           = "FailoverFlapping"
)

// TestAlertsByPolicy: an alert is there where something can be seen by it.
func TestAlertsByPolicy(t *testing.T) {
	for _, tc := range []struct {
		reason, old, with string
		args              []string
		has, hasNot       []string
		alert, want       string
		stderr            string
	}{
		{reason: "a passive check", has: []string{servingFromPassive, standbyUnhealthy, cannotEject, flapping}, hasNot: []string{tierUnhealthy}, alert: servingFromPassive, want: "ejections_active{envoy_cluster_name=\"httproute/web/shop/rule/0\"} >= 1\n"},
		{reason: "both checks", with: "  policy: {healthCheck: {active: {http: {path: /healthz}}}}\n", has: []string{servingFromPassive, tierUnhealthy, cannotEject}, alert: tierUnhealthy, want: "health_check_healthy"},
		{reason: "only an active check", with: "  policy: {profile: custom, healthCheck: {active: {http: {path: /healthz}}}}\n", has: []string{servingFromPassive, tierUnhealthy, flapping}, hasNot: []string{cannotEject}, alert: servingFromPassive, want: "envoy_cluster_endpoint_healthy"},
		{reason: "more hosts than the manifests tell", args: []string{"--active-hosts=3"}, alert: servingFromPassive, want: ">= (envoy_cluster_membership_total{envoy_cluster_name=\"httproute/web/shop/rule/0\"} - 1)\n"},
		{
			reason: "addresses of a name outside the cluster", old: "active: {service: {name: shop, port: 8080}}", args: []string{"--active-hosts=3"},
			with:  "active: {endpoints: [{fqdn: {hostname: shop.example.net, port: 443}}]}",
			alert: servingFromPassive, want: ">= (envoy_cluster_membership_total{envoy_cluster_name=\"httproute/web/shop/rule/0\"} - 1)\n",
		},
		{reason: "more hosts of both", args: []string{"--active-hosts=3", "--passive-hosts=2"}, alert: servingFromPassive, want: ">= 3\n"},
		{
			reason: "a headless active tier of one pod, which may have none", old: "active: {service: {name: shop, port: 8080}}",
			with:  "active: {workload: {image: example.com/shop:1, port: 8080, replicas: 1, clusterIP: None}}",
			alert: servingFromPassive, want: ">= (envoy_cluster_membership_total{envoy_cluster_name=\"httproute/web/shop/rule/0\"} - 1)\n",
		},
		{
			reason: "a headless active tier without pods", old: "active: {service: {name: shop, port: 8080}}",
			with:  "active: {workload: {image: example.com/shop:1, port: 8080, replicas: 0, clusterIP: None}}",
			alert: servingFromPassive, want: ">= (envoy_cluster_membership_total{envoy_cluster_name=\"httproute/web/shop/rule/0\"} - 1)\n",
		},
		{reason: "passive preferred", with: "  prefer: passive\n", alert: standbyUnhealthy, want: "envoy_endpoint_hostname=\"shop-standby.web.svc.cluster.local\"}) > 0"},
		{
			reason: "IP addresses", old: "active: {service: {name: shop, port: 8080}}\n  passive: {service: {name: shop-standby, port: 8080}}",
			with:  "active: {endpoints: [{ip: {address: 10.0.0.1, port: 80}}, {ip: {address: \"2001:db8::1\", port: 80}}]}\n  passive: {endpoints: [{ip: {address: 10.0.0.2, port: 80}}]}",
			alert: standbyUnhealthy, want: `envoy_endpoint_address=~"10[.]0[.]0[.]1:80|\\[2001:db8::1\\]:80"}) > 0`,
		},
		{
			reason: "IPv6 addresses, of which one is not as Envoy writes it", old: "active: {service: {name: shop, port: 8080}}\n  passive: {service: {name: shop-standby, port: 8080}}",
			with:  "active: {endpoints: [{ip: {address: \"2001:DB8:0::1\", port: 80}}]}\n  passive: {endpoints: [{ip: {address: \"2001:db8::2\", port: 80}}]}",
			alert: standbyUnhealthy, want: `envoy_endpoint_address="[2001:db8::1]:80"}) > 0`,
		},
		{
			reason: "a name that both tiers have", old: "active: {service: {name: shop, port: 8080}}\n  passive: {service: {name: shop-standby, port: 8080}}",
			with:   "active: {endpoints: [{fqdn: {hostname: shop.example.net, port: 80}}]}\n  passive: {endpoints: [{fqdn: {hostname: shop.example.net, port: 81}}]}",
			hasNot: []string{standbyUnhealthy}, alert: servingFromPassive, want: "ejections_active",
			stderr: "info: web/shop (HTTPRoute, rule 0) has shop.example.net in both tiers: Envoy's metrics never tell which of them is out, even with enablePerEndpointStats; give passive another name\n",
		},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			spec := simulated + tc.with
			if tc.old != "" {
				require.Contains(t, simulated, tc.old)
				spec = strings.Replace(simulated, tc.old, tc.with, 1)
			}
			got, stderr := alertsOf(t, spec, tc.args...)
			assert.Equal(t, tc.stderr, stderr)
			for _, name := range tc.has {
				assert.Contains(t, got, name)
			}
			for _, name := range tc.hasNot {
				assert.NotContains(t, got, name)
			}
			assert.Contains(t, got[tc.alert].Expr, tc.want)
		})
	}
}

// TestAlertsAndDashboardExitCodes: nothing is written of what is refused, and what cannot be
// watched is named.
func TestAlertsAndDashboardExitCodes(t *testing.T) {
	for _, tc := range []struct {
		reason, input string
		args          []string
		code          int
		stderr        string
	}{
		{"a failover that fails over", simulated, nil, 0, ""},
		{"one that does not eject", rule(t, "max-ejection-too-low"), nil, 0, ""},
		{"one that is split", rule(t, "mixed-address-type"), nil, 0, "info: left out: web/shop (HTTPRoute, rule 0): "},
		{"one without a check", simulated + "  policy: {profile: custom, retry: {}}\n", nil, 0, "info: left out: web/shop (HTTPRoute, rule 0): neither an active nor a passive health check, so Envoy never takes a tier out, and nothing fails over\n"},
		{"one whose standby is elsewhere", strings.ReplaceAll(rule(t, "max-ejection-too-low"), "kind: Backend\nmetadata:\n  name: passive", "kind: Backend\nmetadata:\n  name: other"), nil, 0, "Backend web/passive is not in these files: give the file that has it too\n"},
		{"one whose active tier is not read", replaced(t, rule(t, "max-ejection-too-low"), "    - group: gateway.envoyproxy.io\n      kind: Backend\n      name: active\n", "    - group: multicluster.x-k8s.io\n      kind: ServiceImport\n      name: active\n      port: 80\n"), nil, 0, "info: left out: web/shop (HTTPRoute, rule 0): ServiceImport web/active is not read\n"},
		{"a route with a dot in its name", strings.ReplaceAll(rule(t, "max-ejection-too-low"), "kind: HTTPRoute\nmetadata:\n  name: shop", "kind: HTTPRoute\nmetadata:\n  name: shop.v1"), nil, 0, "without dots"},
		{"a spec that is wrong", strings.Replace(simulated, "port: 8080", "port: 80800", 1), nil, 1, "error: FailoverSpec web/shop: spec.active.service.port"},
		{"one that is wrong next to one that is right", simulated + "---\n" + strings.NewReplacer("name: shop,", "name: other,", "port: 8080", "port: 80800").Replace(simulated), nil, 1, "error: FailoverSpec web/other"},
		{"no failover", "kind: ConfigMap\napiVersion: v1\nmetadata: {name: x}\n", nil, 0, "info: no failover found in stdin\n"},
		{"not YAML", "{", nil, 2, "error: "},
		{"no hosts", simulated, []string{"--active-hosts=0"}, 2, "error: --active-hosts 0, --passive-hosts 1: each tier has at least one host\n"},
		{"an unknown target", simulated, []string{"--target", "istio"}, 2, `error: --target "istio"`},
	} {
		for _, command := range []string{"alerts", "dashboard"} {
			t.Run(command+", "+tc.reason, func(t *testing.T) {
				got := run(tc.input, append([]string{command}, tc.args...)...)
				assert.Equal(t, tc.code, got.code, got.stderr)
				assert.Contains(t, got.stderr, tc.stderr)
				if tc.stderr == "" {
					assert.Empty(t, got.stderr)
					assert.NotEmpty(t, got.stdout)
				} else {
					assert.Empty(t, got.stdout)
				}
			})
		}
	}
}

// TestAlertsOfTwoGateways: the metrics of their Envoys have one name for the failover.
func TestAlertsOfTwoGateways(t *testing.T) {
	unlike := strings.Replace(twoGateways, "maxEjectionPercent: 100, consecutive5XxErrors: 1}", "maxEjectionPercent: 100, consecutive5XxErrors: 1}, active: {type: TCP, tcp: {}}", 1)
	require.NotEqual(t, twoGateways, unlike)
	turned := strings.Replace(unlike, "[{name: a}, {name: b}]", "[{name: b}, {name: a}]", 1)
	require.NotEqual(t, turned, unlike)

	alerts, stderr := alertsOf(t, unlike)
	assert.Contains(t, alerts, tierUnhealthy)
	assert.Equal(t, "info: web/shop (HTTPRoute, rule 0) is served by Gateway web/a in one way, and by Gateway web/b in another, under one name in Envoy's metrics: "+
		"the result is for Gateway web/a, the first of its parentRefs; give all of them the same policies, or give each its own route\n", stderr)

	alerts, stderr = alertsOf(t, turned)
	assert.NotContains(t, alerts, tierUnhealthy)
	assert.Contains(t, stderr, "the result is for Gateway web/b, the first")

	alerts, stderr = alertsOf(t, twoGateways)
	assert.Contains(t, alerts, servingFromPassive)
	assert.Empty(t, stderr, "what differs makes no other alerts")
}

// TestAlertsOfCopies: the same failover from two directories is in one file of rules once.
func TestAlertsOfCopies(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, directory := range []string{"a", "b"} {
		require.NoError(t, os.Mkdir(directory, 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(directory, "spec.yaml"), []byte(simulated), 0o644))
	}
	_, stderr := alertsOf(t, "", "a", "b")
	assert.Equal(t, "info: left out: web/shop (HTTPRoute, rule 0): it is given more than once, and only the first is used: give the files of one cluster at a time\n", stderr)
}

// TestAlertsOfEnvoyProxy: metrics that an EnvoyProxy takes away are named.
func TestAlertsOfEnvoyProxy(t *testing.T) {
	for _, tc := range []struct{ metrics, stderr string }{
		{"{enablePerEndpointStats: true, prometheus: {disable: false}}", ""},
		{`{clusterStatName: "%ROUTE_KIND%/%ROUTE_NAMESPACE%/%ROUTE_NAME%/rule/%ROUTE_RULE_NUMBER%"}`, ""},
		{`{clusterStatName: "%ROUTE_NAME%"}`, "warning: EnvoyProxy infra/public: spec.telemetry.metrics.clusterStatName \"%ROUTE_NAME%\" gives clusters other names: at its Gateways, the queries written here find nothing for HTTPRoutes and GRPCRoutes; remove the field\n"},
		{"{prometheus: {disable: true}}", "warning: EnvoyProxy infra/public: spec.telemetry.metrics.prometheus.disable \"true\" removes all metrics: at its Gateways, the queries written here find nothing; remove the field\n"},
		{"{matches: [{type: Prefix, value: http}]}", "warning: EnvoyProxy infra/public: spec.telemetry.metrics.matches removes metrics: at its Gateways, the queries written here find nothing, unless it keeps all metrics of \"cluster.\"\n"},
	} {
		proxy := "---\napiVersion: gateway.envoyproxy.io/v1alpha1\nkind: EnvoyProxy\nmetadata: {name: public, namespace: infra}\nspec:\n  telemetry: {metrics: " + tc.metrics + "}\n"
		for _, command := range []string{"alerts", "dashboard"} {
			got := run(simulated+proxy, command)
			assert.Zero(t, got.code)
			assert.NotEmpty(t, got.stdout)
			assert.Equal(t, tc.stderr, got.stderr)
		}
	}
}

// TestAlertsOfLongName: a cluster takes names of up to 253 characters.
func TestAlertsOfLongName(t *testing.T) {
	names := map[string]bool{}
	for _, end := range []string{"a", "b"} {
		long := strings.Repeat("x", 252) + end
		got := run(strings.ReplaceAll(rule(t, "max-ejection-too-low"), "name: shop\n", "name: "+long+"\n"), "alerts")
		require.Zero(t, got.code, got.stderr)
		var object struct{ Metadata struct{ Name string } }
		require.NoError(t, yaml.Unmarshal([]byte(got.stdout), &object))
		assert.Len(t, object.Metadata.Name, 253)
		names[object.Metadata.Name] = true
	}
	assert.Len(t, names, 2)
}

// TestAlertsInOneNamespace: routes of several namespaces keep an object each.
func TestAlertsInOneNamespace(t *testing.T) {
	specs := strings.Replace(simulated, "name: shop, namespace: web", "name: c, namespace: a-b", 1) + "---\n" +
		strings.Replace(simulated, "name: shop, namespace: web", "name: b-c, namespace: a", 1)
	got := run(specs, "alerts", "-n", "monitoring")
	require.Zero(t, got.code, got.stderr)
	assert.Equal(t, 2, strings.Count(got.stdout, "\nkind: PrometheusRule\n"))
	for _, name := range []string{"httproute-a-b.c", "httproute-a.b-c"} {
		assert.Contains(t, got.stdout, "\n  name: "+name+"\n")
	}
}

func TestAlertsRefusesFlags(t *testing.T) {
	for _, tc := range []struct {
		args   []string
		stderr string
	}{
		{[]string{"-o", "rule"}, `error: --output "rule": did you mean "rules"? It must be one of prometheusrule, rules`},
		{[]string{"--for", "1500ms"}, "error: --for 1.5s: must be whole seconds, 0s or more\n"},
		{[]string{"-n", "Web"}, "error: --namespace \"Web\": must be 1 to 63 lower-case letters, digits and \"-\", and begin and end with a letter or digit\n"},
		{[]string{"-n", ""}, `error: --namespace "": must be 1 to 63`},
		{[]string{"--for", "1d"}, "error: --for \"1d\": must be a duration such as 90s, 5m or 24h\nRun 'failover alerts --help' for usage.\n"},
		{[]string{"--active-hosts", "many"}, "error: --active-hosts \"many\": must be a whole number\n"},
		{[]string{"--label", "release"}, "error: --label \"release\": must be KEY=VALUE, such as release=monitoring\n"},
		{[]string{"--label", "re lease=a"}, `error: --label "re lease=a": the key must be 1 to 63 letters, digits, "-", "_" and ".", and begin and end with a letter or digit`},
		{[]string{"--label", "release=a b"}, `error: --label "release=a b": the value must be at most 63 letters`},
		{[]string{"--label", "a=1", "--label", "a=2"}, "error: --label \"a=2\": a is given twice: give it once\n"},
		{[]string{"--label", "app.kubernetes.io/managed-by=x"}, `app.kubernetes.io/managed-by is a label that failover sets itself, "failover": leave it out`},
		{[]string{"-o", "rules", "--label", "release=monitoring", "-n", "web"}, "error: --label is for -o prometheusrule: a file of rules is not an object\nerror: --namespace is for -o prometheusrule"},
	} {
		got := run(simulated, append([]string{"alerts"}, tc.args...)...)
		assert.Equal(t, 2, got.code)
		assert.Empty(t, got.stdout)
		assert.Contains(t, got.stderr, tc.stderr)
	}
	got := run("", "__complete", "alerts", "-o", "")
	assert.Contains(t, got.stdout, "prometheusrule\nrules\n")
}

// TestDashboardGolden has the dashboard of one failover, and that of several.
func TestDashboardGolden(t *testing.T) {
	t.Chdir(filepath.Join("..", ".."))
	for name, args := range map[string][]string{
		"existing-services.json": {"examples/existing-services/failover.yaml"},
		"several.json":           {"--title", "Shops", "examples/tcp/failover.yaml", "examples/rules/failover.yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			got := run("", append([]string{"dashboard"}, args...)...)
			require.Zero(t, got.code, got.stderr)
			assert.Empty(t, got.stderr)
			golden(t, filepath.Join("testdata", "dashboard", name), got.stdout)
			assertDashboard(t, got.stdout)
		})
	}
	got := run(simulated, "dashboard", "--title", "")
	assert.Equal(t, 2, got.code)
	assert.Contains(t, got.stderr, "error: --title: must not be empty\n")
}

// dashboardPanel is a panel, as far as it has a place and queries.
type dashboardPanel struct {
	ID      int
	Type    string
	GridPos struct{ X, Y, W, H int }
	Targets []struct{ RefID, Expr string }
	Panels  []dashboardPanel
}

// assertDashboard fails the test for ids that are there twice, panels that overlap, and panels
// without a query.
func assertDashboard(t *testing.T, text string) {
	t.Helper()
	var dashboard struct{ Panels []dashboardPanel }
	require.NoError(t, json.Unmarshal([]byte(text), &dashboard))
	require.NotEmpty(t, dashboard.Panels)
	ids := map[int]bool{}
	var check func([]dashboardPanel)
	check = func(panels []dashboardPanel) {
		taken := map[[2]int]bool{}
		for _, p := range panels {
			assert.False(t, ids[p.ID], "the id %d is there twice", p.ID)
			ids[p.ID] = true
			for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
				for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
					assert.False(t, taken[[2]int{x, y}], "panel %d overlaps another one", p.ID)
					taken[[2]int{x, y}] = true
				}
			}
			if p.Type != "row" {
				assert.NotEmpty(t, p.Targets, "panel %d", p.ID)
			}
			letters := map[string]bool{}
			for _, target := range p.Targets {
				assert.False(t, letters[target.RefID])
				letters[target.RefID] = true
			}
			check(p.Panels)
		}
	}
	check(dashboard.Panels)
}
