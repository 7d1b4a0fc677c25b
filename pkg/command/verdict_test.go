package command_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// failoverManifests are those of a failover that is right.
func failoverManifests(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "testdata", "rule", "no-active-check", "quiet.yaml"))
	require.NoError(t, err)
	return string(data)
}

// withoutKind leaves a kind out.
func withoutKind(t *testing.T, manifests, kind string) string {
	t.Helper()
	var kept []string
	for document := range strings.SplitSeq(manifests, "---\n") {
		if !strings.Contains(document, "\nkind: "+kind+"\n") {
			kept = append(kept, document)
		}
	}
	require.Len(t, kept, strings.Count(manifests, "---\n"), "%s is there once", kind)
	return strings.Join(kept, "---\n")
}

// TestVerdict is about what is not in the files, and what makes up for what.
func TestVerdict(t *testing.T) {
	right := failoverManifests(t)
	const service = "---\napiVersion: v1\nkind: Service\nmetadata: {name: active, namespace: web}\nspec: {selector: {app: active}, ports: [{port: 80}]}\n"
	for _, tc := range []struct {
		reason, manifests string
		replaced          []string
		// verdict and completeVerdict are without and with --complete.
		verdict, completeVerdict string
		// findings are ids of rules with their severities, without --complete.
		findings []string
	}{
		{reason: "all is there", manifests: right, verdict: "yes", completeVerdict: "yes"},
		{
			reason: "the Gateway is elsewhere", manifests: withoutKind(t, right, "Gateway"), verdict: "unknown", completeVerdict: "no",
			findings: []string{"info unresolvable-ref"},
		},
		{
			reason: "the Gateway is elsewhere, and may have the policy", manifests: withoutKind(t, withoutKind(t, right, "Gateway"), "BackendTrafficPolicy"),
			verdict: "unknown", completeVerdict: "no",
			findings: []string{"info no-health-check", "info unresolvable-ref"},
		},
		{reason: "the GatewayClass is elsewhere", manifests: withoutKind(t, right, "GatewayClass"), verdict: "yes", completeVerdict: "yes"},
		{
			reason: "the grant may be in the files of others", manifests: right,
			replaced: []string{"      name: passive\n", "      name: passive\n      namespace: dr\n", "  name: passive\n  namespace: web\n", "  name: passive\n  namespace: dr\n"},
			verdict:  "unknown", completeVerdict: "no",
			findings: []string{"info unresolvable-ref"},
		},
		{
			reason: "the grant is there", manifests: right + "---\napiVersion: gateway.networking.k8s.io/v1beta1\nkind: ReferenceGrant\nmetadata: {name: web, namespace: dr}\n" +
				"spec: {from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: web}], to: [{group: gateway.envoyproxy.io, kind: Backend}]}\n",
			replaced: []string{"      name: passive\n", "      name: passive\n      namespace: dr\n", "  name: passive\n  namespace: web\n", "  name: passive\n  namespace: dr\n"},
			verdict:  "yes", completeVerdict: "yes",
		},
		{
			reason: "each retry leaves the tier, and nothing else does", manifests: right,
			replaced: []string{"    active:\n      type: HTTP\n      http:\n        path: /healthz\n", "", "maxEjectionPercent: 100", "maxEjectionPercent: 10"},
			verdict:  "yes", completeVerdict: "yes",
			findings: []string{"info no-active-check", "warning max-ejection-too-low"},
		},
		{
			reason: "a percentage that is enough for one host of two", manifests: right,
			replaced: []string{"maxEjectionPercent: 100", "maxEjectionPercent: 50", "    active:\n      type: HTTP\n      http:\n        path: /healthz\n", "", "    numAttemptsPerPriority: 1\n", ""},
			verdict:  "yes", completeVerdict: "yes",
			findings: []string{"warning retry-same-tier", "info no-active-check"},
		},
		{
			reason: "Services that may be headless", manifests: right,
			replaced: []string{
				"maxEjectionPercent: 100", "maxEjectionPercent: 10", "    active:\n      type: HTTP\n      http:\n        path: /healthz\n", "",
				"    numAttemptsPerPriority: 1\n", "", "active.example.com", "active.web.svc.cluster.local",
			},
			verdict: "unknown", completeVerdict: "no",
			findings: []string{"info fqdn-without-service", "warning host-mismatch", "warning retry-same-tier", "info no-active-check", "warning max-ejection-too-low"},
		},
		{
			reason: "a TCPRoute is not split by types of address, and retries nothing", manifests: right,
			replaced: []string{
				"gateway.networking.k8s.io/v1\nkind: HTTPRoute", "gateway.networking.k8s.io/v1alpha2\nkind: TCPRoute", "kind: HTTPRoute", "kind: TCPRoute", "protocol: HTTP", "protocol: TCP",
				"  hostnames:\n  - www.example.com\n", "",
				"  - fqdn:\n      hostname: passive.example.com", "  - ip:\n      address: 192.0.2.1",
			},
			verdict: "yes", completeVerdict: "yes",
		},
		{
			reason: "a canary is no failover", manifests: right,
			replaced: []string{"  fallback: true\n", "", "name: active", "name: stable", "name: passive", "name: canary"},
		},
		{
			reason: "a Service next to a hostname", manifests: right + service, replaced: []string{"group: gateway.envoyproxy.io\n      kind: Backend\n      name: active", "name: active\n      port: 80"},
			verdict: "no", completeVerdict: "no", findings: []string{"error mixed-address-type", "warning host-mismatch"},
		},
		{
			reason:    "a Service next to a hostname, and an EnvoyProxy that is elsewhere may route to Services",
			manifests: withoutKind(t, right, "GatewayClass") + service, replaced: []string{"group: gateway.envoyproxy.io\n      kind: Backend\n      name: active", "name: active\n      port: 80"},
			verdict: "unknown", completeVerdict: "no", findings: []string{"warning mixed-address-type", "warning host-mismatch"},
		},
		{
			reason:    "a Service next to a hostname, and an EnvoyProxy that routes to Services",
			manifests: right + service + "---\napiVersion: gateway.envoyproxy.io/v1alpha1\nkind: EnvoyProxy\nmetadata: {name: proxy, namespace: web}\nspec: {routingType: Service}\n",
			replaced:  []string{"group: gateway.envoyproxy.io\n      kind: Backend\n      name: active", "name: active\n      port: 80"},
			verdict:   "yes", completeVerdict: "yes", findings: []string{"warning host-mismatch"},
		},
		{
			reason: "a route of no Gateway", manifests: right, replaced: []string{"  parentRefs:\n  - name: public\n", ""},
			verdict: "no", completeVerdict: "no", findings: []string{"error route-not-served"},
		},
		{
			reason: "a route of another controller's Gateway", manifests: right,
			replaced: []string{"gateway.envoyproxy.io/gatewayclass-controller", "example.com/controller"},
		},
		{
			reason: "an object that the API server refuses", manifests: right, replaced: []string{"consecutive5XxErrors: 3", "consecutive5XxErrors: many"},
			verdict: "no", completeVerdict: "no",
			findings: []string{"error"},
		},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			for i := 0; i < len(tc.replaced); i += 2 {
				require.Contains(t, tc.manifests, tc.replaced[i])
			}
			manifests := strings.NewReplacer(tc.replaced...).Replace(tc.manifests)
			got := run(manifests, "check")
			assert.Equal(t, tc.verdict, verdictIn(got.stdout), got.stdout)
			assert.ElementsMatch(t, tc.findings, findingsIn(got.stdout), got.stdout)
			complete := run(manifests, "check", "--complete")
			assert.Equal(t, tc.completeVerdict, verdictIn(complete.stdout), complete.stdout)
			if tc.completeVerdict == "no" {
				assert.Equal(t, 1, complete.code, "what does not fail over has an error that says why")
			} else {
				assert.Zero(t, complete.code)
			}
		})
	}
}

// verdictIn returns the one verdict in the output of check, or nothing.
func verdictIn(output string) string {
	_, rest, _ := strings.Cut(output, "): fails over: ")
	verdict, _, _ := strings.Cut(rest, ":")
	return verdict
}

// findingsIn returns the severity and the rule of each finding.
func findingsIn(output string) []string {
	var found []string
	for line := range strings.Lines(output) {
		fields := strings.SplitN(line, ": ", 3)
		if !strings.HasPrefix(line, "stdin:") || len(fields) < 3 {
			continue
		}
		rule := ""
		if i := strings.LastIndex(line, " ("); i >= 0 && strings.HasSuffix(line, ")\n") {
			rule = " " + strings.TrimSuffix(line[i+2:], ")\n")
		}
		found = append(found, fields[1]+rule)
	}
	return found
}

// TestVerdictOfOverlays: objects of one name in several directories are of one set
// each, with what only one of them has.
func TestVerdictOfOverlays(t *testing.T) {
	right := failoverManifests(t)
	policy := right[strings.LastIndex(right, "---\n"):]
	t.Chdir(t.TempDir())
	for name, content := range map[string]string{
		"base/shop.yaml": strings.TrimSuffix(right, policy),
		"eu/policy.yaml": policy,
		"eu/shop.yaml":   strings.TrimSuffix(right, policy),
		"us/shop.yaml":   strings.ReplaceAll(strings.TrimSuffix(right, policy), "  fallback: true\n", ""),
	} {
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
		require.NoError(t, os.WriteFile(name, []byte(content), 0o644))
	}
	got := run("", "check", ".")
	assert.Contains(t, got.stdout, "failovers: 3 (yes: 2, no: 1, unknown: 0)", got.stdout)
	assert.Contains(t, got.stdout, filepath.Join("us", "shop.yaml")+":31:5: error: HTTPRoute web/shop: spec.rules[0].backendRefs: no backend is a fallback", got.stdout)
}

// TestProfilesGetNoWarning: what failover writes by default has nothing to warn of.
func TestProfilesGetNoWarning(t *testing.T) {
	root, err := filepath.Abs(filepath.Join("..", "..", "testdata", "render"))
	require.NoError(t, err)
	for _, name := range []string{"minimal", "policy-safe", "policy-safe-with-active-check", "policy-zero-loss", "policy-zero-loss-with-active-check"} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(filepath.Join(root, name))
			got := run("", "check", "--fail-on", "warning", "input.yaml")
			assert.Zero(t, got.code, got.stdout)
			assert.Contains(t, got.stdout, "failovers: 1 (yes: 0, no: 0, unknown: 1), errors: 0, warnings: 0") // the Services are not there
		})
	}
}

// TestExamplesFailOver: no example of this repository has an error.
func TestExamplesFailOver(t *testing.T) {
	t.Chdir(filepath.Join("..", ".."))
	got := run("", "check", "examples")
	assert.Zero(t, got.code, got.stdout)
	assert.Contains(t, got.stdout, "no: 0, ")
	for line := range strings.Lines(got.stdout) {
		if strings.Contains(line, ": warning: ") {
			assert.True(t, strings.HasPrefix(line, filepath.Join("examples", "workshop")+string(filepath.Separator)), line)
		}
	}
}

// TestCheckFunctionLeavesInformationOut unless that is to fail.
func TestCheckFunctionLeavesInformationOut(t *testing.T) {
	items := documentsOf(t, filepath.Join("..", "..", "testdata", "rule", "no-active-check", "fires.yaml"))
	list := resourceList(t, "v1", items, nil)
	got := run(list, "check")
	assert.Zero(t, got.code)
	assert.Empty(t, got.stderr)
	assert.NotContains(t, got.stdout, "no-active-check")
	got = run(list, "check", "--fail-on", "info")
	assert.Equal(t, 1, got.code)
	assert.Contains(t, got.stderr, "(no-active-check)")
	assert.Contains(t, got.stdout, "rule: no-active-check")
}
