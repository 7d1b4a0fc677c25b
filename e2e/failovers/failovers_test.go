package failovers_test

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/types"

	"github.com/failover-krm/failover/e2e/failovers"
	"github.com/failover-krm/failover/pkg/check"
	"github.com/failover-krm/failover/pkg/prober"
)

const shop = `apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: eg}
spec: {controllerName: gateway.envoyproxy.io/gatewayclass-controller}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: public, namespace: infra}
spec:
  gatewayClassName: eg
  listeners:
  - {name: http, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {kubernetes.io/metadata.name: web}}}}}
  - {name: shop, port: 80, protocol: HTTP, hostname: "*.example.com"}
  - {name: other, port: 8080, protocol: HTTP}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: shop, namespace: web}
spec:
  parentRefs: [{name: public, namespace: infra, port: 80}]
  hostnames: [shop.example.com]
  rules:
  - matches: [{path: {type: PathPrefix, value: /shop}, method: POST}]
    backendRefs:
    - {group: gateway.envoyproxy.io, kind: Backend, name: passive}
    - {group: gateway.envoyproxy.io, kind: Backend, name: active}
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: Backend
metadata: {name: active, namespace: web}
spec:
  endpoints:
  - fqdn: {hostname: active.example.net, port: 80}
  - fqdn: {hostname: shop.web.svc.cluster.local, port: 8080}
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: Backend
metadata: {name: passive, namespace: web}
spec:
  fallback: true
  tls: {sni: passive.example.net}
  endpoints:
  - fqdn: {hostname: passive.example.net, port: 443}
---
apiVersion: v1
kind: Service
metadata: {name: shop, namespace: web}
spec: {selector: {app: shop}, ports: [{port: 8080}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop-v2, namespace: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: shop}}
  template: {metadata: {labels: {app: shop}}, spec: {containers: [{name: app, image: "example.com/app:1"}]}}
`

func place() failovers.Place {
	return failovers.Place{Class: "side-by-side", Port: 10000, Address: netip.MustParseAddr("198.18.0.10")}
}

func move(t *testing.T, text string) failovers.Moved {
	t.Helper()
	set, err := failovers.Read("case", []byte(text))
	require.NoError(t, err)
	moved, err := failovers.Move(set, place())
	require.NoError(t, err)
	return moved
}

func TestMove(t *testing.T) {
	moved := move(t, shop)
	assert.Equal(t, []failovers.Server{
		{Name: "case.active.example.net", Address: netip.MustParseAddr("198.18.0.10"), Ports: map[int]bool{80: false}},
		{Name: "case.passive.example.net", Address: netip.MustParseAddr("198.18.0.11"), Ports: map[int]bool{443: true}},
	}, moved.Servers)
	assert.Equal(t, []string{"case-infra", "case-web"}, moved.Namespaces())

	text, err := moved.YAML()
	require.NoError(t, err)
	for _, want := range []string{
		"gatewayClassName: side-by-side", "kubernetes.io/metadata.name: case-web", "port: 10000", "port: 10001", "sni: case.passive.example.net",
		"hostname: shop.case-web.svc.cluster.local", "hostname: '*.example.com'", "replicas: 1", "image: gcr.io/k8s-staging-gateway-api/echo-basic", `value: "8080"`,
	} {
		assert.Contains(t, text, want)
	}
	assert.NotContains(t, text, "kind: GatewayClass")
	assert.Equal(t, 3, strings.Count(text, "port: 10000"), "two listeners, and who refers to them")
}

func TestSupply(t *testing.T) {
	const text = `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: shop}
spec:
  parentRefs: [{name: public, namespace: infra, sectionName: https}]
  rules: [{backendRefs: [{group: gateway.envoyproxy.io, kind: Backend, name: active}]}]
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: Backend
metadata: {name: active}
spec: {endpoints: [{fqdn: {hostname: shop.web.svc.cluster.local, port: 8080}}]}
`
	set, err := failovers.Read("case", []byte(text))
	require.NoError(t, err)
	moved, err := failovers.Move(failovers.Supply(set), place())
	require.NoError(t, err)
	assert.Equal(t, []string{"case-default", "case-infra", "case-web"}, moved.Namespaces())
	assert.Equal(t, []failovers.Server{{Name: "shop.case-web.svc.cluster.local", Address: netip.MustParseAddr("198.18.0.10"), Ports: map[int]bool{8080: false}}}, moved.Servers)
	drill, err := moved.Drill("HTTPRoute", types.NamespacedName{Namespace: "case-default", Name: "shop"}, 0)
	require.NoError(t, err)
	assert.Equal(t, 10000, drill.Port)
	assert.Equal(t, []string{"shop.case-web.svc.cluster.local"}, drill.Active)
}

func TestDrill(t *testing.T) {
	route := types.NamespacedName{Namespace: "case-web", Name: "shop"}
	both := failovers.Drill{
		Port: 10000, Host: "shop.example.com", Path: "/shop", Method: http.MethodPost,
		Active: []string{"case.active.example.net"}, Deployments: []types.NamespacedName{{Namespace: "case-web", Name: "shop-v2"}},
	}
	passive := both
	passive.Active, passive.Deployments = []string{"case.passive.example.net"}, nil
	for _, tc := range []struct {
		name, old, new string
		want           failovers.Drill
	}{
		{"the backend that is no fallback", "", "", both},
		{"the first of several that are none", "fallback: true", "fallback: false", passive},
		{"the first of several that all are", "- fqdn: {hostname: active", "fallback: true\n  endpoints:\n  - fqdn: {hostname: active", passive},
		{
			"another rule's, where it has only fallbacks", "    - {group: gateway.envoyproxy.io, kind: Backend, name: active}",
			"  - matches: [{path: {type: Exact, value: /shop}, method: POST}]\n    backendRefs: [{group: gateway.envoyproxy.io, kind: Backend, name: active}]", both,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			text := shop
			if tc.old != "" {
				require.Contains(t, shop, tc.old)
				text = strings.Replace(shop, tc.old, tc.new, 1)
				text = strings.Replace(text, "spec:\n  endpoints:\n  fallback: true", "spec:\n  fallback: true", 1)
			}
			moved := move(t, text)
			drill, err := moved.Drill("HTTPRoute", route, 0)
			require.NoError(t, err)
			assert.Equal(t, tc.want, drill)
		})
	}

	moved := move(t, shop)
	drill, err := moved.Drill("HTTPRoute", route, 0)
	require.NoError(t, err)
	assert.True(t, drill.IsActive("shop-v2-7d4b9-x2x4z"))
	assert.True(t, drill.IsActive("case.active.example.net"))
	assert.False(t, drill.IsActive("case.passive.example.net"))
	for _, tc := range []struct{ old, new, want string }{
		{"protocol: HTTP,", "protocol: HTTPS,", "the probe does not speak HTTPS to the Gateway"},
		{"{name: public, namespace: infra}", "{name: private, namespace: infra}", "its Gateway is not among the manifests"},
		{"path: {type: PathPrefix, value: /shop}", "headers: [{name: a, value: b}]", "the probe sends no request that matches by header, query or regular expression"},
	} {
		moved := move(t, strings.Replace(shop, tc.old, tc.new, 1))
		_, err := moved.Drill("HTTPRoute", route, 0)
		require.EqualError(t, err, tc.want)
	}
	_, err = moved.Drill("GRPCRoute", route, 0)
	require.EqualError(t, err, "the probe does not send the requests of a GRPCRoute")
}

func TestUndrillable(t *testing.T) {
	const policy = "kind: BackendTrafficPolicy\napiVersion: gateway.envoyproxy.io/v1alpha1\nmetadata: {name: a}\nspec: "
	for spec, want := range map[string]string{
		"{proxyProtocol: {version: V2}}": "the servers do not speak the PROXY protocol",
		"{healthCheck: {active: {type: TCP, tcp: {receive: {type: Text, text: pong}}}}}": "the servers do not know what its TCP check expects",
		"{healthCheck: {active: {type: TCP, tcp: {}}}}":                                  "",
	} {
		assert.Equal(t, want, move(t, policy+spec+"\n").Undrillable(), spec)
	}
	const backend = "---\nkind: Backend\napiVersion: gateway.envoyproxy.io/v1alpha1\nmetadata: {name: a}\nspec: "
	const fromClient = backend + "{tls: {wellKnownCACertificates: System}}\n"
	assert.Contains(t, move(t, fromClient+fromClient).Undrillable(), "a certificate for the hostname that the client asks for")
	assert.Empty(t, move(t, fromClient+backend+"{tls: {sni: a.example.com}}\n").Undrillable())
	assert.Empty(t, move(t, fromClient+backend+"{}\n").Undrillable())
}

func TestReaction(t *testing.T) {
	const policy = "kind: BackendTrafficPolicy\napiVersion: gateway.envoyproxy.io/v1alpha1\nmetadata: {name: a}\nspec: "
	for spec, want := range map[string]time.Duration{
		"{}":                                   0,
		"{healthCheck: {passive: {}}}":         2 * time.Second,
		"{healthCheck: {active: {type: TCP}}}": 11 * time.Second,
		"{healthCheck: {passive: {consecutive5XxErrors: 50}}}":                                                 11 * time.Second,
		"{healthCheck: {passive: {consecutive5XxErrors: 1, failurePercentageThreshold: 50}}}":                  4 * time.Second,
		"{healthCheck: {passive: {splitExternalLocalOriginErrors: true, consecutiveLocalOriginFailures: 10}}}": 3 * time.Second,
		"{healthCheck: {active: {interval: 1s, timeout: 500ms, unhealthyThreshold: 2}, passive: {}}}":          3500 * time.Millisecond,
	} {
		reaction, err := move(t, policy+spec+"\n").Reaction(5)
		require.NoError(t, err)
		assert.Equal(t, want, reaction, spec)
	}
}

// request is one that a server answers; nobody, where there is none.
func request(due time.Duration, server string) prober.Request {
	answer := prober.Answer{Status: http.StatusOK, From: server}
	if server == "" {
		answer = prober.Answer{Status: http.StatusServiceUnavailable}
	}
	return prober.Request{Due: due, Sent: due, Answer: answer}
}

func TestOutcome(t *testing.T) {
	isActive := func(server string) bool { return server == "active" }
	for _, tc := range []struct {
		name          string
		calm, settled []string
		failsOver     bool
		table         string
	}{
		{"fails over", []string{"active", "active"}, []string{"passive", "passive"}, true, "| active | passive | yes |"},
		{"stays", []string{"active", "active"}, []string{"", ""}, false, "| active | lost | no |"},
		{"is split", []string{"active", "passive"}, []string{"passive", "passive"}, false, "| active 50 %, passive 50 % | passive | no |"},
		{"loses one", []string{"active", "active"}, []string{"passive", "", "passive"}, false, "| active | passive 66 %, lost 33 % | no |"},
		{"is not broken", []string{"active"}, []string{"active"}, false, "| active | active | no |"},
		{"has lost one before", []string{"active", ""}, []string{"passive"}, false, "| active 50 %, lost 50 % | passive | no |"},
		{"serves nobody", nil, nil, false, "|  |  | no |"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			requests := []prober.Request{request(5*time.Second, "")} // while the policy reacts
			for _, server := range tc.calm {
				requests = append(requests, request(0, server))
			}
			for _, server := range tc.settled {
				requests = append(requests, request(8*time.Second, server))
			}
			outcome := failovers.NewOutcome(requests, isActive, 4*time.Second, 8*time.Second)
			assert.Equal(t, tc.failsOver, outcome.FailsOver())
			assert.Contains(t, failovers.Table([]failovers.Result{{Outcome: outcome}}), tc.table)
		})
	}
}

func TestDisagreement(t *testing.T) {
	failsOver := failovers.Outcome{Calm: failovers.Answers{Active: 1}, Settled: failovers.Answers{Passive: 1}}
	for _, tc := range []struct {
		result failovers.Result
		want   string
	}{
		{failovers.Result{Verdict: check.Yes, Outcome: failsOver}, ""},
		{failovers.Result{Verdict: check.Yes}, "it is said to fail over, and does not"},
		{failovers.Result{Verdict: check.No}, ""},
		{failovers.Result{Verdict: check.No, Outcome: failsOver}, "it is said not to fail over, and does"},
		{failovers.Result{Verdict: check.Yes, Errors: []string{"no-retry"}, Outcome: failsOver}, "there is an error, and it fails over"},
		{failovers.Result{Verdict: check.Unknown}, ""},
		{failovers.Result{Verdict: check.Yes, NotDrilled: "TLS"}, ""},
	} {
		assert.Equal(t, tc.want, tc.result.Disagreement(), "%+v", tc.result)
	}
}

func TestVariations(t *testing.T) {
	set, err := failovers.Read("shop", []byte(strings.ReplaceAll(shop, "fallback: true", "fallback: false")))
	require.NoError(t, err)
	variations, err := failovers.Variations(set, []byte("b: {passive: {spec: {fallback: true, tls: null}}}\na: {route: {kind: TCPRoute}}\n"))
	require.NoError(t, err)
	require.Len(t, variations, 2)
	assert.Equal(t, "a", variations[0].Name)
	text, err := variations[1].YAML()
	require.NoError(t, err)
	assert.Contains(t, text, "fallback: true")
	assert.NotContains(t, text, "tls:")
	text, err = set.YAML()
	require.NoError(t, err)
	assert.Contains(t, text, "tls:", "the set is as it was")

	_, err = failovers.Variations(set, []byte("a: {standby: {spec: {}}}"))
	require.EqualError(t, err, "a: no object is called standby")
}

func TestForEnvoyGateway(t *testing.T) {
	const route = "apiVersion: gateway.networking.k8s.io/v1\nkind: TCPRoute\nmetadata: {name: a}\n"
	for version, want := range map[string]string{"1.8.2": "gateway.networking.k8s.io/v1alpha2", "1.9.1": "gateway.networking.k8s.io/v1"} {
		set, err := failovers.Read("case", []byte(route))
		require.NoError(t, err)
		assert.Equal(t, want, set.ForEnvoyGateway(version).Objects[0].GetAPIVersion())
	}
}
