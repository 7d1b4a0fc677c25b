package command_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/distribution/reference"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// failoverSpec is one without a policy of its own.
const failoverSpec = `apiVersion: failover.krm.dev/v1alpha1
kind: FailoverSpec
metadata: {name: shop, namespace: web}
spec:
  active: {service: {name: shop, port: 8080}}
  passive: {service: {name: standby, port: 8080}}
`

// replaced replaces texts that are there, in pairs.
func replaced(t *testing.T, text string, pairs ...string) string {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		require.Contains(t, text, pairs[i])
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// TestAcceptedThoughItDoesNotFailOver has what an API server accepts, and what never
// fails over, or too late, or does not do what it looks like: each has to be
// named. Once, all of these were accepted without a word.
func TestAcceptedThoughItDoesNotFailOver(t *testing.T) {
	right := failoverManifests(t)
	route := strings.Split(right, "---\n")[2]
	withoutPassive, _, _ := strings.Cut(right, "    passive:\n")
	const (
		active  = "    active:\n      type: HTTP\n      http:\n        path: /healthz\n"
		retry   = "  retry:\n    numRetries: 2\n    numAttemptsPerPriority: 1\n    retryOn:\n      triggers: [connect-failure, refused-stream, reset-before-request]\n"
		service = "---\napiVersion: v1\nkind: Service\nmetadata: {name: shop, namespace: web}\nspec: {selector: {app: active}, ports: [{port: 80}]}\n"
	)
	manifests := func(pairs ...string) string { return replaced(t, right, pairs...) }
	passive := func(pairs ...string) string { return manifests(append([]string{active, ""}, pairs...)...) }
	check := func(text string) string { return manifests(active, "    active: "+text+"\n") }
	with := func(text string) string { return right + "  " + text + "\n" }
	spec := func(pairs ...string) string { return replaced(t, failoverSpec, pairs...) }
	policy := func(text string) string { return failoverSpec + "  policy: " + text + "\n" }
	standby := func(text string) string { return spec("{service: {name: standby, port: 8080}}", text) }
	listener := func(text string) string { return manifests("    port: 80\n    protocol: HTTP\n", text) }

	for _, tc := range []struct {
		what, manifests string
		// want is the severity and the rule, or the end of the message, of a finding.
		want string
	}{
		{"passive: all thresholds 0", passive("consecutive5XxErrors: 3", "consecutive5XxErrors: 0\n      consecutiveGatewayErrors: 0\n      consecutiveLocalOriginFailures: 0"), "warning passive-never-fires"},
		{"passive: all thresholds 0 and no retry", passive("consecutive5XxErrors: 3", "consecutive5XxErrors: 0", retry, ""), "error passive-never-fires"},
		{"passive: all thresholds 0 next to an active check", manifests("consecutive5XxErrors: 3", "consecutive5XxErrors: 0"), "info passive-never-fires"},
		{"passive: consecutive5XxErrors 1000000", passive("consecutive5XxErrors: 3", "consecutive5XxErrors: 1000000"), "warning slow-detection"},
		{"passive: consecutive5XxErrors 1000000 and no retry", passive("consecutive5XxErrors: 3", "consecutive5XxErrors: 1000000", retry, ""), "error slow-detection"},
		{"passive: baseEjectionTime 1ms", passive("baseEjectionTime: 10s", "baseEjectionTime: 1ms"), "warning short-ejection"},
		{"passive: interval 1h", passive("interval: 2s", "interval: 1h"), "warning slow-failback"},

		{"active: a path without its slash", check("{type: HTTP, http: {path: healthz}}"), "warning active-check-request"},
		{"active: a path with a host", check("{type: HTTP, http: {path: 'http://example.com/healthz'}}"), "warning active-check-request"},
		{"active: method BOGUS", check("{type: HTTP, http: {path: /healthz, method: BOGUS}}"), "error spec.healthCheck.active.http.method"},
		{"active: method DELETE", check("{type: HTTP, http: {path: /healthz, method: DELETE}}"), "warning active-check-request"},
		{"active: expectedStatuses [500]", check("{type: HTTP, http: {path: /healthz, expectedStatuses: [500]}}"), "warning active-check-request"},
		{"active: unhealthyThreshold 1000000", check("{type: HTTP, unhealthyThreshold: 1000000, http: {path: /healthz}}"), "warning slow-detection"},
		{"active: interval 1h", check("{type: HTTP, interval: 1h, http: {path: /healthz}}"), "warning slow-detection"},
		{"active: interval 1ms", check("{type: HTTP, interval: 1ms, http: {path: /healthz}}"), "warning check-too-fast"},
		{"active: timeout above interval", check("{type: HTTP, interval: 2s, timeout: 10s, http: {path: /healthz}}"), "info slow-detection"},
		{"active: TCP next to passive", check("{type: TCP, tcp: {}}"), "warning hc-flap"},
		{"active: only TCP", replaced(t, withoutPassive, active, "    active: {type: TCP, tcp: {}}\n"), "warning tcp-check"},

		{"panicThreshold 100", manifests("  healthCheck:\n", "  healthCheck:\n    panicThreshold: 100\n"), "warning high-panic-threshold"},
		{"circuitBreaker all 0", with("circuitBreaker: {maxConnections: 0, maxPendingRequests: 0, maxParallelRequests: 0, maxParallelRetries: 0}"), "error circuit-breaker-zero"},
		{"maxParallelRetries 0", with("circuitBreaker: {maxParallelRetries: 0}"), "warning no-retry"},
		{"endpointOverride by header", with("loadBalancer: {type: RoundRobin, endpointOverride: {extractFrom: [{header: x-endpoint}]}}"), "warning endpoint-override"},

		{"shop.web.svc next to shop.web.svc.cluster.local", manifests("active.example.com", "shop.web.svc", "passive.example.com", "shop.web.svc.cluster.local") + service, "error same-place"},
		{"shop.web.svc next to Service shop", standby("{endpoints: [{fqdn: {hostname: shop.web.svc, port: 8080}}]}"), "error same-place"},
		{"an IPv6 address in two spellings", manifests("  - fqdn:\n      hostname: active.example.com", "  - ip:\n      address: '2001:db8::1'", "  - fqdn:\n      hostname: passive.example.com", "  - ip:\n      address: '2001:0db8:0:0::1'"), "error same-place"},
		{"one Service on two ports", standby("{service: {name: shop, port: 8081}}"), "warning same-place"},
		{"an endpoint twice in a tier", manifests("  - fqdn:\n      hostname: active.example.com\n      port: 80\n", strings.Repeat("  - fqdn:\n      hostname: active.example.com\n      port: 80\n", 2)), "warning same-place"},
		{"passive is the spec's own hostname", standby("{endpoints: [{fqdn: {hostname: www.example.com, port: 80}}]}") + "  hostnames: [www.example.com]\n", "warning own-hostname"},
		{"localhost.localdomain", manifests("active.example.com", "localhost.localdomain"), "error bad-endpoint"},
		{"replicas 0", standby("{workload: {image: shop, port: 8080, replicas: 0}}"), "error tier-scaled-to-zero"},

		{"zero-loss whose retry lacks 500", policy("{profile: zero-loss, retry: {numRetries: 2, numAttemptsPerPriority: 1, perRetry: {timeout: 2s}, retryOn: {triggers: [connect-failure, reset, gateway-error]}}}"), "warning zero-loss-triggers"},
		{"zero-loss, requestTimeout 2.1s with perRetry 2s", policy("{profile: zero-loss, timeout: {tcp: {connectTimeout: 1s}, http: {requestTimeout: 2100ms}}}"), "warning retry-too-late"},
		{"zero-loss, matches of POST", policy("{profile: zero-loss}") + "  matches: [{method: POST}]\n", "warning unsafe-retry"},
		{"safe, retryOn only refused-stream", policy("{retry: {numRetries: 2, numAttemptsPerPriority: 1, retryOn: {triggers: [refused-stream]}}}"), "warning retry-misses-connect"},
		{"safe, backOff 1h", policy("{retry: {numRetries: 2, numAttemptsPerPriority: 1, perRetry: {backOff: {baseInterval: 1h}}, retryOn: {triggers: [connect-failure, reset-before-request]}}}"), "warning retry-too-late"},
		{"safe, requestTimeout below connectTimeout", policy("{timeout: {tcp: {connectTimeout: 2s}, http: {requestTimeout: 1s}}}"), "warning slow-connect"},
		{"safe, connectTimeout 1h", policy("{timeout: {tcp: {connectTimeout: 1h}}}"), "warning slow-connect"},
		{"safe, numRetries 1000000", policy("{retry: {numRetries: 1000000, numAttemptsPerPriority: 1, retryOn: {triggers: [connect-failure, reset-before-request]}}}"), "warning too-many-retries"},

		{"port 443 without tls", manifests("passive.example.com\n      port: 80", "passive.example.com\n      port: 443"), "warning tls-mismatch"},
		{"tls on port 80", manifests("  fallback: true\n", "  fallback: true\n  tls: {wellKnownCACertificates: System, sni: passive.example.com}\n"), "warning tls-mismatch"},
		{"wss without tls", manifests("  fallback: true\n", "  fallback: true\n  appProtocols: [gateway.envoyproxy.io/wss]\n"), "warning tls-mismatch"},
		{"an HTTPS listener without tls", listener("    port: 443\n    protocol: HTTPS\n"), "error spec.listeners[0].tls"},
		{"HTTP and HTTPS on one port", listener("    port: 80\n    protocol: HTTP\n  - name: https\n    port: 80\n    protocol: HTTPS\n    tls: {certificateRefs: [{name: www}]}\n"), "error spec.listeners[1]"},
		{"a certificate in another namespace without a grant", listener("    port: 443\n    protocol: HTTPS\n    tls: {certificateRefs: [{name: www, namespace: certificates}]}\n"), "info route-not-served"},
		{
			"two specs, one Gateway, one hostname",
			failoverSpec + "  gateway: {name: public}\n  hostnames: [www.example.com]\n---\n" + spec("name: shop, namespace", "name: checkout, namespace") + "  gateway: {name: public}\n  hostnames: [www.example.com]\n",
			"warning shadowed-rule",
		},
		{"two routes, one Gateway, one hostname", right + "---\n" + replaced(t, route, "  name: shop\n", "  name: checkout\n"), "warning shadowed-rule"},
		{"mergeType Foo", with("mergeType: Foo"), "warning merge-type"},
		{"mergeType Foo in a spec", policy("{mergeType: Foo}"), "warning merge-type"},
		{"last-applied-configuration as an annotation", failoverSpec + "  annotations: {kubectl.kubernetes.io/last-applied-configuration: '{}'}\n", "warning last-applied-annotation"},
		{"image :::///@@@", standby("{workload: {image: ':::///@@@', port: 8080}}"), "warning invalid-image"},
		{"a hostname label of 64 characters", failoverSpec + "  hostnames: [" + strings.Repeat("a", 64) + ".example.com]\n", "warning bad-hostname"},
		{"a hostname label of 64 characters, of a tier", manifests("passive.example.com", strings.Repeat("a", 64)+".example.com"), "error bad-hostname"},

		{"kind Httproute", manifests("kind: HTTPRoute\nmetadata", "kind: Httproute\nmetadata"), `error did you mean "HTTPRoute"?`},
		{"an HTTPRoute without apiVersion", manifests("apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata", "kind: HTTPRoute\nmetadata"), "error apiVersion"},
		{"an HTTPRoute without kind", manifests("kind: HTTPRoute\nmetadata", "metadata"), "error kind"},
		{"kind BackendTrafficPolicies", manifests("kind: BackendTrafficPolicy", "kind: BackendTrafficPolicies"), `error did you mean "BackendTrafficPolicy"?`},
		{"the same object twice", right + "---\n" + route, "warning duplicate-object"},
		{
			"Recreate with rollingUpdate",
			"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: shop}\nspec: {selector: {matchLabels: {app: shop}}, strategy: {type: Recreate, rollingUpdate: {maxSurge: 1}}, " +
				"template: {metadata: {labels: {app: shop}}, spec: {containers: [{name: shop, image: shop}]}}}\n",
			"error spec.strategy.rollingUpdate",
		},
		{"Service sessionAffinity Foo", "apiVersion: v1\nkind: Service\nmetadata: {name: shop}\nspec: {sessionAffinity: Foo, ports: [{port: 80}]}\n", "error spec.sessionAffinity"},
	} {
		t.Run(tc.what, func(t *testing.T) {
			got := run(tc.manifests, "check", "--target", ruleTarget(t, "."))
			severity, named, _ := strings.Cut(tc.want, " ")
			isNamed := false
			for line := range strings.Lines(got.stdout) {
				isNamed = isNamed || strings.Contains(line, ": "+severity+": ") && (strings.HasSuffix(line, " ("+named+")\n") || strings.HasSuffix(line, named+"\n") || strings.Contains(line, ": "+named+": "))
			}
			assert.True(t, isNamed, "%s, of\n%s", tc.want, got.stdout)
			if severity == "error" {
				assert.Equal(t, 1, got.code)
				assert.NotContains(t, got.stdout, "fails over: yes: from active to passive")
			}
		})
	}
}

// TestWhatFindingsDependOn has what makes one finding graver than another, or no
// finding at all.
func TestWhatFindingsDependOn(t *testing.T) {
	right := failoverManifests(t)
	documents := strings.Split(right, "---\n")
	route, policy := documents[2], documents[5]
	const (
		active = "    active:\n      type: HTTP\n      http:\n        path: /healthz\n"
		rule   = "  - backendRefs:\n    - group: gateway.envoyproxy.io\n      kind: Backend\n      name: active\n    - group: gateway.envoyproxy.io\n      kind: Backend\n      name: passive\n"
	)
	manifests := func(pairs ...string) string { return replaced(t, right, pairs...) }
	check := func(text string) string { return manifests(active, "    active: "+text+"\n") }
	hosts := func(names ...string) string {
		var text strings.Builder
		for _, name := range names {
			text.WriteString("  - fqdn:\n      hostname: " + name + ".example.com\n      port: 80\n")
		}
		return text.String()
	}
	// Another route, with a policy of its own, that Envoy Gateway puts first.
	first := func(pairs ...string) string {
		return "---\n" + replaced(t, route, append([]string{"  name: shop\n", "  name: first\n"}, pairs...)...) +
			"---\n" + replaced(t, policy, "  name: shop\n  namespace", "  name: first\n  namespace", "    name: shop\n", "    name: first\n")
	}
	likely := func(rule string) (findings, complete []string) {
		return []string{"warning " + rule}, []string{"error " + rule}
	}
	likelyCheck, completeCheck := likely("active-check-request")
	likelyTLS, completeTLS := likely("tls-mismatch")
	for _, tc := range []struct {
		what, manifests string
		// The findings and the verdict without --complete, and with it where that is
		// another.
		findings        []string
		verdict         string
		complete        []string
		completeVerdict string
	}{
		{
			what: "a standby with a host of its own next to one of the active tier", manifests: manifests(hosts("passive"), hosts("passive", "active")),
			findings: []string{"warning same-place"}, verdict: "yes",
		},
		{
			what: "a standby whose hosts are all the active tier's", manifests: manifests(hosts("active"), hosts("a", "b", "c"), hosts("passive"), hosts("c", "a")),
			findings: []string{"error same-place", "error same-place"}, verdict: "no",
		},
		{
			what: "a Service of another cluster", verdict: "yes",
			manifests: manifests("active.example.com", "shop.web.svc.cluster-a.local", "passive.example.com", "shop.web.svc.clusterset.local") +
				"---\napiVersion: v1\nkind: Service\nmetadata: {name: shop, namespace: web}\nspec: {ports: [{port: 80}]}\n",
		},
		{what: "a Service that other clusters export", verdict: "yes", completeVerdict: "yes", manifests: manifests("passive.example.com", "shop.web.svc.clusterset.local")},
		{
			what: "a ListenerSet in place of the Gateway", verdict: "unknown",
			manifests: manifests("  parentRefs:\n  - name: public\n", "  parentRefs:\n  - kind: ListenerSet\n    name: public\n") +
				"---\napiVersion: gateway.networking.k8s.io/v1\nkind: ListenerSet\nmetadata: {name: public, namespace: web}\nspec: {parentRef: {name: public}, listeners: [{name: http, port: 81, protocol: HTTP}]}\n",
			findings: []string{"info unresolvable-ref"},
		},
		{
			what: "a ListenerSet in place of the Gateway, whose policy may be in effect", verdict: "unknown",
			manifests: replaced(t, manifests("  parentRefs:\n  - name: public\n", "  parentRefs:\n  - kind: ListenerSet\n    name: public\n"),
				policy, replaced(t, policy, "kind: HTTPRoute", "kind: Gateway", "    name: shop\n", "    name: public\n")),
			findings: []string{"info unresolvable-ref", "info no-health-check"},
		},
		{
			what: "a ServiceImport in place of the active Backend", verdict: "unknown",
			manifests: manifests(rule, strings.Replace(rule, "group: gateway.envoyproxy.io\n      kind: Backend\n      name: active", "group: multicluster.x-k8s.io\n      kind: ServiceImport\n      name: active\n      port: 80", 1)),
			findings:  []string{"info unresolvable-ref", "warning host-mismatch"},
		},
		{
			what: "a third Backend, of weight 0, that is not there", verdict: "yes",
			manifests: manifests(rule, rule+"    - group: gateway.envoyproxy.io\n      kind: Backend\n      name: canary\n      weight: 0\n"),
			findings:  []string{"info unresolvable-ref"},
		},
		{
			what: "another policy, of a UDPRoute", verdict: "yes",
			manifests: right + "---\n" + replaced(t, policy, "  name: shop\n  namespace", "  name: dns\n  namespace", "kind: HTTPRoute", "kind: UDPRoute", "    name: shop\n", "    name: dns\n") +
				"---\napiVersion: gateway.networking.k8s.io/v1alpha2\nkind: UDPRoute\nmetadata: {name: dns, namespace: web}\nspec: {parentRefs: [{name: public}], rules: [{backendRefs: [{name: dns, port: 53}]}]}\n",
		},
		{what: "one address on two ports", manifests: manifests("passive.example.com\n      port: 80", "active.example.com\n      port: 81"), verdict: "yes"},
		{
			what: "a tier with one bad hostname of two", manifests: manifests(hosts("passive"), hosts("passive", strings.Repeat("p", 64))),
			findings: []string{"warning bad-hostname"}, verdict: "yes",
		},
		{
			what: "a path without its slash", manifests: check("{type: HTTP, http: {path: healthz}}"),
			findings: likelyCheck, verdict: "unknown", complete: completeCheck, completeVerdict: "no",
		},
		{
			what: "only errors are expected", manifests: check("{type: HTTP, http: {path: /healthz, expectedStatuses: [500, 503]}}"),
			findings: likelyCheck, verdict: "unknown", complete: completeCheck, completeVerdict: "no",
		},
		{what: "errors are expected too", manifests: check("{type: HTTP, http: {path: /healthz, expectedStatuses: [200, 500]}}"), findings: likelyCheck, verdict: "yes"},
		{what: "a refusal is expected", manifests: check("{type: HTTP, http: {path: /healthz, expectedStatuses: [200, 401]}}"), verdict: "yes"},
		{what: "a check by HEAD", manifests: check("{type: HTTP, http: {path: /healthz, method: head}}"), verdict: "yes"},
		{
			what: "a check by TRACE", manifests: check("{type: HTTP, http: {path: /healthz, method: TRACE}}"),
			findings: likelyCheck, verdict: "unknown", complete: completeCheck, completeVerdict: "no",
		},
		{what: "a check by POST", manifests: check("{type: HTTP, http: {path: /healthz, method: POST}}"), findings: likelyCheck, verdict: "yes"},
		{what: "a check by POST with a body", manifests: check("{type: HTTP, http: {path: /healthz, method: POST, requestBody: {type: Text, text: ping}}}"), verdict: "yes"},
		{
			what:      "an active check that takes hours, and nothing else",
			manifests: replaced(t, check("{type: HTTP, interval: 1h, http: {path: /healthz}}"), "consecutive5XxErrors: 3", "consecutive5XxErrors: 0", "    numAttemptsPerPriority: 1\n", ""),
			findings:  []string{"error slow-detection", "info passive-never-fires", "warning retry-same-tier"}, verdict: "no",
		},
		{
			what: "the same match twice in a route", manifests: manifests(rule, rule+rule),
			findings: []string{"error shadowed-rule"}, verdict: "yes", // that of the first rule
		},
		{
			what:      "one match of two is another route's",
			manifests: manifests("  - backendRefs:", "  - matches:\n    - path: {value: /}\n    - path: {value: /cart}\n    backendRefs:") + first(),
			findings:  []string{"warning shadowed-rule"}, verdict: "yes",
		},
		{
			what: "the same match for another hostname", verdict: "yes",
			manifests: manifests("www.example.com", "a.example.com") + first("www.example.com", "b.example.com"),
		},
		{
			what: "the same match for another section of a Gateway that is elsewhere", verdict: "unknown",
			manifests: withoutKind(t, manifests("  - name: public\n  hostnames:\n", "  - name: public\n    sectionName: https\n  hostnames:\n"), "Gateway") +
				first("  - name: public\n  hostnames:\n", "  - name: public\n    sectionName: http\n  hostnames:\n"),
			findings: []string{"info unresolvable-ref", "info unresolvable-ref"},
			complete: []string{"error unresolvable-ref", "error unresolvable-ref"}, completeVerdict: "no",
		},
		{
			what: "the same match for the same section of a Gateway that is elsewhere", verdict: "unknown",
			manifests: withoutKind(t, right, "Gateway") + first(),
			findings:  []string{"info unresolvable-ref", "info unresolvable-ref", "warning shadowed-rule"},
			complete:  []string{"error unresolvable-ref", "error unresolvable-ref", "error shadowed-rule"}, completeVerdict: "no",
		},
		{
			what:      "the same match of two GRPCRoutes",
			manifests: replaced(t, right+first(), "kind: HTTPRoute", "kind: GRPCRoute"),
			findings:  []string{"warning hc-h2c", "warning hc-h2c", "warning shadowed-rule"}, verdict: "yes",
			complete: []string{"warning hc-h2c", "warning hc-h2c", "error shadowed-rule"}, completeVerdict: "yes", // the first one
		},
		{
			what:      "a retry for reset-before-request only, and no health check that fires",
			manifests: manifests(active, "", "consecutive5XxErrors: 3", "consecutive5XxErrors: 0", "[connect-failure, refused-stream, reset-before-request]", "[reset-before-request]"),
			findings:  []string{"info no-active-check", "warning passive-never-fires"}, verdict: "yes",
		},
		{
			what:      "the circuit breaker permits no retry, and no health check fires",
			manifests: manifests(active, "", "consecutive5XxErrors: 3", "consecutive5XxErrors: 0") + "  circuitBreaker: {maxParallelRetries: 0}\n",
			findings:  []string{"info no-active-check", "error passive-never-fires", "warning no-retry"}, verdict: "no",
		},
		{
			what: "a retry budget instead of maxParallelRetries", manifests: right + "  circuitBreaker: {maxParallelRetries: 0, retryBudget: {percent: {numerator: 20}}}\n",
			findings: []string{"warning retry-budget"}, verdict: "yes",
		},
		{
			what: "a policy of the Gateway next to mergeType Foo",
			manifests: right + "  mergeType: Foo\n---\n" +
				replaced(t, policy, "  name: shop\n  namespace", "  name: public\n  namespace", "kind: HTTPRoute", "kind: Gateway", "    name: shop\n", "    name: public\n"),
			findings: []string{"warning merge-type", "error unresolvable-ref"}, verdict: "no",
		},
		{
			what: "plain text to 443", manifests: manifests("passive.example.com\n      port: 80", "passive.example.com\n      port: 443"),
			findings: likelyTLS, verdict: "unknown", complete: completeTLS, completeVerdict: "no",
		},
		{
			what: "a TCPRoute to 443", verdict: "yes",
			manifests: manifests("gateway.networking.k8s.io/v1\nkind: HTTPRoute", "gateway.networking.k8s.io/v1alpha2\nkind: TCPRoute", "kind: HTTPRoute", "kind: TCPRoute",
				"protocol: HTTP", "protocol: TCP", "  hostnames:\n  - www.example.com\n", "", "passive.example.com\n      port: 80", "passive.example.com\n      port: 443"),
		},
	} {
		t.Run(tc.what, func(t *testing.T) {
			if tc.completeVerdict == "" {
				tc.complete, tc.completeVerdict = tc.findings, tc.verdict
			}
			got := run(tc.manifests, "check", "--target", ruleTarget(t, "."))
			assert.ElementsMatch(t, tc.findings, findingsIn(got.stdout), got.stdout)
			assert.Equal(t, tc.verdict, verdictIn(got.stdout), got.stdout)
			got = run(tc.manifests, "check", "--target", ruleTarget(t, "."), "--complete")
			assert.ElementsMatch(t, tc.complete, findingsIn(got.stdout), got.stdout)
			assert.Equal(t, tc.completeVerdict, verdictIn(got.stdout), got.stdout)
		})
	}
}

// TestDuplicateObjects: what files of one directory have twice, and not what overlays
// have.
func TestDuplicateObjects(t *testing.T) {
	const service = "apiVersion: v1\nkind: Service\nmetadata: {name: shop, namespace: web}\nspec: {ports: [{port: 80}]}\n"
	t.Chdir(t.TempDir())
	for name, content := range map[string]string{
		"a/first.yaml": service, "a/second.yaml": service, "a/third.yaml": strings.Replace(service, "80", "81", 1), "b/first.yaml": service,
	} {
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
		require.NoError(t, os.WriteFile(name, []byte(content), 0o644))
	}
	got := run("", "check", ".")
	const message = "Service web/shop: metadata.name: another Service of this name is in the same directory (%s:3:12), and one overwrites the other: remove or rename one (duplicate-object)\n"
	first, second, third := filepath.Join("a", "first.yaml"), filepath.Join("a", "second.yaml"), filepath.Join("a", "third.yaml")
	assert.True(t, strings.HasPrefix(got.stdout, second+":3:12: info: "+fmt.Sprintf(message, first)+third+":3:12: warning: "+fmt.Sprintf(message, first)+"checked 4 of 4 "), got.stdout)
}

// TestRightManifestsGetNothing: what the cases above are made of has no fault.
func TestRightManifestsGetNothing(t *testing.T) {
	got := run(failoverManifests(t), "check", "--target", ruleTarget(t, "."), "--complete", "--fail-on", "info")
	assert.Zero(t, got.code, got.stdout)
	got = run(failoverSpec, "check", "--fail-on", "warning")
	assert.Zero(t, got.code, got.stdout)
}

// TestImages: an image is wrong exactly where it is to the library that the kubelet reads
// it with.
func TestImages(t *testing.T) {
	sha := func(algorithm, digit string, count int) string {
		return "@" + algorithm + ":" + strings.Repeat(digit, count)
	}
	for _, image := range []string{
		"x", "x:1", "shop", "shop:v1", "a/b", "a/b/c:1.2.3-rc_1", "a--b/c__d.e", "example.com/x:1", "localhost/x", "localhost:5000/x", "[::1]:5000/x:1",
		"example.com:443/shop:v1" + sha("sha256", "a", 64), "shop" + sha("sha256", "0", 64), "shop" + sha("sha512", "0", 128), "shop" + sha("sha384", "0", 96),
		"Registry/shop", "shop:" + strings.Repeat("a", 128),
		"Shop", "shop:", "shop:1:2", ":1", "a..b", "-a", "a/-b", "a//b", "a/", "/a", "shop v1", "shop:-1", "https://example.com/shop", "example.com/Shop:1", "example.com:port/shop",
		strings.Repeat("a", 64), "shop" + sha("sha256", "a", 63), "shop" + sha("sha256", "A", 64), "shop" + sha("md5", "a", 32), "shop@", "shop:" + strings.Repeat("a", 129),
		"@" + strings.Repeat("a", 64), "shop\n", "[::1/x", "x_/y", "a.b_c/d",
	} {
		t.Run(image, func(t *testing.T) {
			_, err := reference.ParseNormalizedNamed(image)
			got := run(replaced(t, rule(t, "invalid-image"), `":::///@@@"`, fmt.Sprintf("%q", image)), "check")
			if err == nil {
				assert.NotContains(t, got.stdout, "is not a valid image")
			} else {
				assert.Contains(t, got.stdout, "is not a valid image", err)
			}
		})
	}
}

// TestArticles: the name of a kind has the article that is spoken before it.
func TestArticles(t *testing.T) {
	right := failoverManifests(t)
	for want, pairs := range map[string][]string{
		"allows an HTTPRoute of namespace web":                 {"    protocol: HTTP\n", "    protocol: HTTP\n    allowedRoutes: {namespaces: {from: All}, kinds: [{kind: GRPCRoute}]}\n"},
		"a backendRef to an HTTPRoute is not supported here":   {"      kind: Backend\n      name: active", "      kind: HTTPRoute\n      name: active"},
		"permits Backend other/active to an HTTPRoute of name": {"      name: active", "      name: active\n      namespace: other"},
	} {
		got := run(replaced(t, right, pairs...), "check", "--complete")
		assert.Contains(t, got.stdout, want)
	}
}
