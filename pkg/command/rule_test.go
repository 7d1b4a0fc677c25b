package command_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestRuleBoundaries is about where a rule begins and ends, in addition to the pair of
// manifests that each has.
func TestRuleBoundaries(t *testing.T) {
	const (
		sessionAtStandby = "      sessionName: shop\n"
		passiveHost      = "hostname: passive.example.com"
		noActive         = "    active:\n      type: HTTP\n      http:\n        path: /healthz\n"
		literalRewrite   = "  - filters:\n    - type: URLRewrite\n      urlRewrite:\n        hostname: passive.example.com\n    backendRefs:"
		backendRefs      = "  - backendRefs:"
		consecutive      = "consecutive5XxErrors: 3"
		autoscaler       = "---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: passive, namespace: web}\n" +
			"spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: passive}, minReplicas: 2, maxReplicas: 20}\n"
		newerDrill = "---\napiVersion: failover.krm.dev/v1alpha1\nkind: FailoverDrill\nmetadata: {name: shop, namespace: web}\n" +
			"spec: {kind: HTTPRoute, rule: 0, date: '2027-01-02T00:00:00Z', result: kept, outage: a script, for: 20s, sent: 800, lost: 2}\n"
		worseDrill = "---\napiVersion: failover.krm.dev/v1alpha1\nkind: FailoverDrill\nmetadata: {name: shop, namespace: web}\n" +
			"spec: {kind: HTTPRoute, rule: 0, date: '2026-11-02T09:30:00Z', result: exceeded, outage: a script, for: 20s, sent: 800, lost: 0, failover: 4.1s}\n"
		scaledObject = "---\napiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata: {name: passive, namespace: web}\nspec: {scaleTargetRef: {name: passive}}\n"
		statefulSet  = "---\napiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: pasive, namespace: web}\n" +
			"spec: {serviceName: passive, selector: {matchLabels: {app: pasive}}, template: {metadata: {labels: {app: pasive}}, spec: {containers: [{name: a, image: b}]}}}\n"
	)
	for _, tc := range []struct {
		// rule whose manifests are changed, and whether it finds something then.
		rule, reason string
		// quiet takes those that are right.
		quiet    bool
		replaced []string
		added    string
		args     []string
		want     string
	}{
		{rule: "bad-endpoint", reason: "any name under localhost", quiet: true, replaced: []string{passiveHost, "hostname: standby.localhost"}, want: "error"},
		{rule: "bad-endpoint", reason: "a name that begins so", quiet: true, replaced: []string{passiveHost, "hostname: localhost.example.com"}},
		{rule: "bad-endpoint", reason: "the address of no host", quiet: true, replaced: []string{"fqdn:\n      " + passiveHost, "ip:\n      address: 0.0.0.0"}, want: "error"},
		{rule: "bad-endpoint", reason: "a multicast address", quiet: true, replaced: []string{"fqdn:\n      " + passiveHost, "ip:\n      address: 224.0.0.1"}, want: "error"},
		{rule: "bad-endpoint", reason: "the tier has another host", want: "warning", replaced: []string{"  - fqdn:\n      hostname: localhost", "  - fqdn:\n      hostname: passive.example.com\n      port: 80\n  - fqdn:\n      hostname: localhost"}},

		{rule: "host-mismatch", reason: "the standby's name is the client's", replaced: []string{"www.example.com", "passive.example.com"}},
		{rule: "host-mismatch", reason: "active is elsewhere too, so calm times show it", replaced: []string{"active.web.svc.cluster.local", "active.example.com"}},
		{rule: "host-mismatch", reason: "in a cluster of the same mesh", replaced: []string{passiveHost, "hostname: passive.web.svc.clusterset.local"}},
		{rule: "host-mismatch", reason: "a fixed rewrite", replaced: []string{backendRefs, literalRewrite}},
		{
			rule: "host-mismatch", reason: "a filter that is not in the files may rewrite it",
			replaced: []string{backendRefs, "  - filters:\n    - type: ExtensionRef\n      extensionRef: {group: gateway.envoyproxy.io, kind: HTTPRouteFilter, name: host}\n    backendRefs:"},
		},
		{
			rule: "host-mismatch", reason: "a Service that is a name elsewhere", replaced: []string{passiveHost, "hostname: passive.web.svc.cluster.local"}, want: "warning",
			added: "---\napiVersion: v1\nkind: Service\nmetadata: {name: passive, namespace: web}\nspec: {type: ExternalName, externalName: passive.example.com}\n",
		},

		{
			rule: "hc-host-wildcard", reason: "a wildcard next to a name comes first", quiet: true, want: "warning",
			replaced: []string{"        hostname: www.example.com\n", "", "  rules:", "  hostnames:\n  - www.example.com\n  - '*.example.com'\n  rules:"},
		},
		{rule: "hc-host-wildcard", reason: "the listener has a hostname", replaced: []string{"    port: 80\n    protocol: HTTP", "    port: 80\n    hostname: www.example.com\n    protocol: HTTP"}},
		{
			rule: "hc-host-wildcard", reason: "the endpoints have hostnames", args: []string{"--target", "envoy-gateway-1.8"},
			replaced: []string{"  - fqdn:\n      hostname: active", "  - hostname: active.example.com\n    fqdn:\n      hostname: active", "  - fqdn:\n      hostname: passive", "  - hostname: passive.example.com\n    fqdn:\n      hostname: passive"},
		},
		{
			rule: "hc-host-wildcard", reason: "the endpoints have hostnames, which Envoy Gateway does not ask for yet", args: []string{"--target", "envoy-gateway-1.7"}, want: "warning",
			replaced: []string{"  - fqdn:\n      hostname: active", "  - hostname: active.example.com\n    fqdn:\n      hostname: active", "  - fqdn:\n      hostname: passive", "  - hostname: passive.example.com\n    fqdn:\n      hostname: passive"},
		},

		{rule: "hc-h2c", reason: "gRPC", want: "warning", replaced: []string{
			"  appProtocols: [gateway.envoyproxy.io/h2c]\n", "", "kind: HTTPRoute", "kind: GRPCRoute",
		}},

		{
			rule: "tls-name-from-client", reason: "a rewrite to the backend's comes too late", want: "warning",
			replaced: []string{backendRefs, "  - filters:\n    - type: ExtensionRef\n      extensionRef: {group: gateway.envoyproxy.io, kind: HTTPRouteFilter, name: host}\n    backendRefs:"},
			added:    "---\napiVersion: gateway.envoyproxy.io/v1alpha1\nkind: HTTPRouteFilter\nmetadata: {name: host, namespace: web}\nspec: {urlRewrite: {hostname: {type: Backend}}}\n",
		},
		{rule: "tls-name-from-client", reason: "a fixed rewrite", replaced: []string{backendRefs, literalRewrite, "hostname: active.example.com", "hostname: passive.example.com"}},
		{rule: "tls-name-from-client", reason: "names under the route's wildcard", replaced: []string{"- www.example.com", "- '*.example.com'"}},
		{rule: "tls-name-from-client", reason: "one of them has sni, which tls-name-unchecked is about", replaced: []string{"  fallback: true\n  tls:\n", "  fallback: true\n  tls:\n    sni: passive.example.com\n"}},
		{
			rule: "tls-name-unchecked", reason: "the other has TLS and sni", want: "warning",
			replaced: []string{"kind: Backend\nmetadata:\n  name: active\n  namespace: web\nspec:\n", "kind: Backend\nmetadata:\n  name: active\n  namespace: web\nspec:\n  tls: {wellKnownCACertificates: System, sni: active.example.com}\n"},
		},

		{rule: "failure-percent-inert", reason: "hosts of the standby don't count", want: "warning", quiet: true, replaced: []string{
			"  - fqdn:\n      hostname: active-5.example.com\n      port: 80\n", "", "  - fqdn:\n      " + passiveHost + "\n      port: 80\n",
			"  - fqdn:\n      hostname: p1.example.com\n      port: 80\n  - fqdn:\n      hostname: p2.example.com\n      port: 80\n",
		}},
		{rule: "passive-never-fires", reason: "the percentage of failures takes 5 hosts", want: "error", replaced: []string{"consecutive5XxErrors: 0", "consecutive5XxErrors: 0\n      failurePercentageThreshold: 50"}},
		{rule: "dead-gateway-errors", reason: "from 1.6 on they count", args: []string{"--target", "envoy-gateway-1.6"}},
		{rule: "hair-trigger", reason: "gateway errors", want: "warning", quiet: true, replaced: []string{consecutive, consecutive + "\n      consecutiveGatewayErrors: 1"}},

		{rule: "one-host-for-many-pods", reason: "a threshold of 1 is hair-trigger's", replaced: []string{"consecutive5XxErrors: 3", "consecutive5XxErrors: 1"}},
		{rule: "one-host-for-many-pods", reason: "so many in a row take too long", replaced: []string{"consecutive5XxErrors: 3", "consecutive5XxErrors: 10"}},
		{rule: "one-host-for-many-pods", reason: "gateway errors are counted apart", want: "info", replaced: []string{"consecutive5XxErrors: 3", "consecutive5XxErrors: 10\n      consecutiveGatewayErrors: 2"}},
		{rule: "one-host-for-many-pods", reason: "nothing ejects it", replaced: []string{"maxEjectionPercent: 100", "maxEjectionPercent: 10"}},
		{rule: "one-host-for-many-pods", reason: "one pod", replaced: []string{"replicas: 3", "replicas: 1"}},

		{rule: "panic-sends-to-dead", reason: "one of two is half, and half is enough", replaced: []string{"  - fqdn:\n      hostname: passive-3.example.com\n      port: 80\n", ""}},
		{rule: "panic-sends-to-dead", reason: "one of two is too few for 51", want: "info", quiet: true, replaced: []string{"panicThreshold: 0", "panicThreshold: 51", "  - fqdn:\n      hostname: passive-3.example.com\n      port: 80\n", ""}},

		{rule: "sticky-failback", reason: "a cookie of a day", want: "warning", quiet: true, replaced: []string{"absoluteTimeout: 5m", "absoluteTimeout: 24h"}},
		{rule: "sticky-failback", reason: "a timeout that Envoy is not told", want: "warning", replaced: []string{sessionAtStandby, sessionAtStandby + "      absoluteTimeout: 5m\n"}},

		{rule: "retry-budget", reason: "nothing is retried anyway", replaced: []string{"numRetries: 2\n    numAttemptsPerPriority: 1", "numRetries: 0"}},
		{rule: "retry-budget", reason: "a hundred per cent loses some, too", want: "warning", replaced: []string{"numerator: 20", "numerator: 100"}},
		{rule: "connections-not-retried", reason: "an HTTPRoute has requests", replaced: []string{"kind: TCPRoute", "kind: HTTPRoute", "protocol: TCP", "protocol: HTTP"}},

		{rule: "drill-due", reason: "90 days ago", quiet: true, args: []string{"--date", "2027-01-31"}},
		{rule: "drill-due", reason: "91 days ago, counted in days of UTC", quiet: true, args: []string{"--date", "2027-02-01"}, want: "info"},
		{rule: "drill-due", reason: "far dates", quiet: true, args: []string{"--date", "9999-12-31"}, replaced: []string{"2026-11-02T", "0001-01-02T"}, want: "info"},
		{rule: "drill-due", reason: "later on the same day", quiet: true, args: []string{"--date", "2026-11-02"}},
		{rule: "drill-due", reason: "on a later day", quiet: true, args: []string{"--date", "2026-11-01"}, want: "info"},
		{rule: "drill-due", reason: "beyond its budget", quiet: true, args: []string{"--date", "2026-11-27"}, replaced: []string{"result: kept", "result: exceeded"}, want: "info"},
		{rule: "drill-due", reason: "a newer record of the same", quiet: true, args: []string{"--date", "2027-02-02"}, added: newerDrill},
		{rule: "drill-due", reason: "a worse record of the same time", quiet: true, args: []string{"--date", "2026-11-27"}, added: worseDrill, want: "info"},
		{rule: "drill-due", reason: "no drill is recorded at all", quiet: true, replaced: []string{"kind: FailoverDrill\nmetadata:\n  name: shop", "kind: Other\nmetadata:\n  name: shop"}},
		{rule: "drill-due", reason: "another rule of the route was drilled", quiet: true, replaced: []string{"rule: 0", "rule: 1"}, want: "info"},
		{rule: "drill-due", reason: "a record of no failover", quiet: true, args: []string{"--date", "2026-11-27"}, added: strings.Replace(worseDrill, "name: shop", "name: other", 1), want: "info"},
		{
			rule: "drill-due", reason: "neither the route nor the record has a namespace", quiet: true, args: []string{"--date", "2026-11-27"},
			replaced: []string{"  namespace: web\n", ""},
		},

		{rule: "standby-too-small", reason: "an autoscaler decides", added: autoscaler},
		{rule: "standby-too-small", reason: "KEDA decides", added: scaledObject},
		{rule: "standby-too-small", reason: "no pod at all is another rule's", replaced: []string{"replicas: 2", "replicas: 0"}},
		{rule: "selector-matches-no-pod", reason: "nothing else is there", args: []string{"--complete"}, want: "error"},
		{rule: "selector-matches-no-pod", reason: "pods of another kind", args: []string{"--complete"}, added: statefulSet},
		{rule: "selector-matches-no-pod", reason: "another application's pods", want: "info", replaced: []string{"app: pasive", "app: elsewhere"}},

		{rule: "implicit-namespace", reason: "the route has none", quiet: true, want: "warning", replaced: []string{"kind: HTTPRoute\nmetadata:\n  name: shop\n  namespace: web\n", "kind: HTTPRoute\nmetadata:\n  name: shop\n"}},
		{rule: "implicit-namespace", reason: "the policy has none", quiet: true, want: "warning", replaced: []string{"kind: BackendTrafficPolicy\nmetadata:\n  name: shop\n  namespace: web\n", "kind: BackendTrafficPolicy\nmetadata:\n  name: shop\n"}},
		{rule: "implicit-namespace", reason: "nothing has one", quiet: true, replaced: []string{"  namespace: web\n", ""}},

		{rule: "no-active-check", reason: "of connections connections-not-retried says more", quiet: true, replaced: []string{
			noActive, "", "v1\nkind: HTTPRoute", "v1alpha2\nkind: TCPRoute", "kind: HTTPRoute", "kind: TCPRoute", "protocol: HTTP\n", "protocol: TCP\n",
		}},
	} {
		t.Run(tc.rule+": "+tc.reason, func(t *testing.T) {
			name := "fires.yaml"
			if tc.quiet {
				name = "quiet.yaml"
			}
			directory := filepath.Join("..", "..", "testdata", "rule", tc.rule)
			data, err := os.ReadFile(filepath.Join(directory, name))
			require.NoError(t, err)
			for i := 0; i < len(tc.replaced); i += 2 {
				require.Contains(t, string(data), tc.replaced[i])
			}
			manifests := strings.NewReplacer(tc.replaced...).Replace(string(data)) + tc.added
			got := run(manifests, append([]string{"check", "--target", ruleTarget(t, directory)}, tc.args...)...)
			found := slices.DeleteFunc(findingsIn(got.stdout), func(finding string) bool { return !strings.HasSuffix(finding, " "+tc.rule) })
			require.Contains(t, got.stdout, "): fails over: ", "the failover is one still")
			if tc.want == "" {
				assert.Empty(t, found, got.stdout)
				return
			}
			assert.Contains(t, found, tc.want+" "+tc.rule, got.stdout)
		})
	}
}

// TestDrillDue says which rule of a route is due, why, and how to drill it.
func TestDrillDue(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "..", "testdata", "rule", "drill-due", "quiet.yaml"))
	require.NoError(t, err)
	for _, tc := range []struct {
		reason, date string
		replaced     []string
		want         string
	}{
		{
			"a rule of several", "2026-11-27",
			[]string{"  rules:\n", "  rules:\n  - matches: [{path: {value: /a}}]\n    backendRefs: [{name: plain, port: 80}]\n"},
			"rule 1 was never drilled, according to the records in these files: drill it with 'failover drill --record --route web/shop --rule 1 FILE'",
		},
		{
			"beyond its budget by a time", "2026-11-27",
			[]string{"result: kept", "result: exceeded", "  failover: 100ms\n  failback: 14.3s", "  failover: 4.1s"},
			"the last drill, on 2026-11-02, exceeded its budget: requests lost 0 of 800, failover 4.1s, failback never: drill it with 'failover drill --record --route web/shop FILE'",
		},
		{"old", "2027-02-01", nil, "the last drill was on 2026-11-02, 91 days ago: drill it"},
		{"of no failover", "2026-11-27", []string{"rule: 0", "rule: 7"}, "info: FailoverDrill web/shop: metadata.name: rule 7 of HTTPRoute web/shop is not a failover in these files"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			got := run(strings.NewReplacer(tc.replaced...).Replace(string(data)), "check", "--date", tc.date, "-")
			assert.Contains(t, got.stdout, tc.want)
		})
	}
}

// TestHairTriggerOfSeveralPods: one pod of several moves all, which a threshold or a headless
// Service ends.
func TestHairTriggerOfSeveralPods(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "..", "testdata", "rule", "one-host-for-many-pods", "fires.yaml"))
	require.NoError(t, err)
	got := run(strings.Replace(string(data), "consecutive5XxErrors: 3", "consecutive5XxErrors: 1", 1), "check", "-")
	assert.Contains(t, got.stdout, "one 5xx answer of one of its 3 pods moves all traffic to the next tier")
	assert.Contains(t, got.stdout, ": write 3, or clusterIP: None in the Service, which makes each pod a host (hair-trigger)\n")
}

// TestNineFaults: every fault of nine manifests that an API server takes is found, each
// at its place.
func TestNineFaults(t *testing.T) {
	t.Chdir(filepath.Join("..", "..", "testdata", "check", "nine-faults"))
	got := run("", "check", "--complete", "input.yaml")
	for fault, place := range map[string]string{
		"a selector that matches no pod":                   "25:3: error: Service web/active: spec.selector: ",
		"a port that the Service does not have":            "69:7: error: Backend web/active: spec.endpoints[0].fqdn.port: ",
		"an IP address next to a hostname":                 "78:5: error: Backend web/passive: spec.endpoints[0]: ",
		"no fallback":                                      "103:5: error: HTTPRoute web/shop: spec.rules[0].backendRefs: ",
		"weights instead of it":                            "107:7: error: HTTPRoute web/shop: spec.rules[0].backendRefs[0].weight: ",
		"a Backend that is not there":                      "112:7: error: HTTPRoute web/shop: spec.rules[0].backendRefs[2]: ",
		"a policy in another namespace":                    "123:5: error: BackendTrafficPolicy default/shop: spec.targetRefs[0]: HTTPRoute default/shop is not in these files",
		"no policy, since its target is not there":         "103:5: error: HTTPRoute web/shop: spec.rules[0]: no BackendTrafficPolicy is in effect",
		"a passive check that ejects a tenth of the hosts": "127:5: error: BackendTrafficPolicy default/shop: spec.healthCheck.passive.maxEjectionPercent: ",
	} {
		assert.Contains(t, got.stdout, "input.yaml:"+place, fault)
	}
}
