package command_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// simulated is a spec of the profile safe, and a fallback that never fails over.
const simulated = `apiVersion: failover.krm.dev/v1alpha1
kind: FailoverSpec
metadata: {name: shop, namespace: web}
spec:
  target: envoy-gateway-1.9
  gateway: {gatewayClassName: eg}
  active: {service: {name: shop, port: 8080}}
  passive: {service: {name: shop-standby, port: 8080}}
`

// TestSimulateKindTwice: a kind of outage that is given twice is simulated once.
func TestSimulateKindTwice(t *testing.T) {
	assert.Equal(t, run(simulated, "simulate", "--outage", "closed", "-"), run(simulated, "simulate", "--outage", "closed,closed", "-"))
	assert.Equal(t, run(simulated, "simulate", "--outage", "hang,closed", "-"), run(simulated, "simulate", "--outage", "hang", "--outage", "closed,hang", "-"))
}

// tcpSpec is one of connections.
var tcpSpec = strings.Replace(simulated, "gatewayClassName: eg", "listeners: [{name: tcp, protocol: TCP, port: 8080}]", 1) + "  tcpRoute: {}\n"

// TestSimulateGolden shows what simulate writes, in each format.
// twoGateways are under different policies, and serve one route.
const twoGateways = `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: a, namespace: web}
spec: {gatewayClassName: eg, listeners: [{name: http, protocol: HTTP, port: 80}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: b, namespace: web}
spec: {gatewayClassName: eg, listeners: [{name: http, protocol: HTTP, port: 80}, {name: other, protocol: HTTP, port: 81}]}
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: Backend
metadata: {name: active, namespace: web}
spec: {endpoints: [{ip: {address: 10.0.0.1, port: 80}}]}
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: Backend
metadata: {name: passive, namespace: web}
spec: {fallback: true, endpoints: [{ip: {address: 10.0.0.2, port: 80}}]}
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: BackendTrafficPolicy
metadata: {name: a, namespace: web}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: a}]
  healthCheck: {passive: {maxEjectionPercent: 100, consecutive5XxErrors: 1}}
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: BackendTrafficPolicy
metadata: {name: b, namespace: web}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: b}]
  healthCheck: {passive: {maxEjectionPercent: 100, consecutive5XxErrors: 5}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: shop, namespace: web}
spec:
  parentRefs: [{name: a}, {name: b}]
  rules:
    - backendRefs:
        - {group: gateway.envoyproxy.io, kind: Backend, name: active}
        - {group: gateway.envoyproxy.io, kind: Backend, name: passive}
`

// TestOrderOfParentRefs: it says nothing about who serves, and what is lost.
func TestOrderOfParentRefs(t *testing.T) {
	turned := strings.Replace(twoGateways, "[{name: a}, {name: b}]", "[{name: b}, {name: a}]", 1)
	for _, args := range [][]string{{"simulate"}, {"simulate", "-o", "json"}, {"graph", "-o", "text"}, {"graph", "-o", "svg"}} {
		got := run(twoGateways, args...)
		assert.Zero(t, got.code, got.stderr)
		assert.Contains(t, got.stdout, "on Gateway web/b http")
		assert.Equal(t, got.stdout, run(turned, args...).stdout, args)
	}
	cost := func(manifests string) string {
		_, after, _ := strings.Cut(run(manifests, "check").stdout, "fails over: ")
		return after
	}
	assert.Contains(t, cost(twoGateways), "loses 5 (closed")
	assert.Equal(t, cost(twoGateways), cost(turned))
}

func TestSimulateGolden(t *testing.T) {
	inert := simulated + "  policy: {profile: custom}\n"
	tls := simulated + "  hostnames: [shop.example.com]\n  tlsRoute: {}\n"
	split, err := os.ReadFile(filepath.Join("..", "..", "testdata", "rule", "mixed-address-type", "fires.yaml"))
	require.NoError(t, err)
	for _, tc := range []struct {
		name, input string
		args        []string
	}{
		{"table.txt", simulated, nil},
		{"table.json", simulated, []string{"-o", "json"}},
		{"table.csv", simulated, []string{"-o", "csv"}},
		{"strip.txt", simulated, []string{"--outage", "500"}},
		{"hosts.txt", simulated, []string{"--active-hosts", "3", "--passive-hosts", "2", "--broken-hosts", "1", "--outage", "closed,dropped", "--for", "1m", "--rate", "5"}},
		{"weights.txt", strings.Replace(simulated, "{service: {name: shop, port: 8080}}",
			"{backends: [{service: {name: shop, port: 8080}, weight: 90}, {service: {name: shop-canary, port: 8080}, weight: 10}]}", 1), []string{"--broken-hosts", "1"}},
		{"headless.txt", strings.Replace(simulated, "service: {name: shop,", "workload: {image: shop, replicas: 3, clusterIP: None,", 1), []string{"--broken-hosts", "1"}},
		{"never.txt", inert, nil},
		{"split.txt", string(split), nil},
		{"split.svg", string(split), []string{"-o", "svg", "--outage", "closed"}},
		{"hosts.svg", simulated, []string{"-o", "svg", "--active-hosts", "3", "--passive-hosts", "2", "--broken-hosts", "1", "--outage", "500,dropped", "--for", "5m", "--rate", "5"}},
		{"never.svg", inert, []string{"-o", "svg", "--outage", "closed", "--rate", "0.5"}},
		{"not-served.svg", rule(t, "route-not-served"), []string{"-o", "svg", "--outage", "hang"}},
		{"grpc.txt", simulated + "  grpcRoute: {}\n", nil},
		{"grpc-zero-loss.txt", simulated + "  grpcRoute: {}\n  policy: {profile: zero-loss}\n", nil},
		{"grpc-active-check.txt", simulated + "  grpcRoute: {}\n  policy: {healthCheck: {active: {grpc: {}}}}\n", nil},
		{"grpc-strip.txt", simulated + "  grpcRoute: {}\n", []string{"--outage", "unavailable"}},
		{"tls.txt", tls, nil},
		{"tcp.txt", tcpSpec, nil},
		{"tcp.json", tcpSpec, []string{"-o", "json"}},
		{"tcp-strip.txt", tcpSpec, []string{"--outage", "closed"}},
		{"two-gateways.txt", twoGateways, []string{"--outage", "closed,500"}},
		{"not-here.txt", rule(t, "unresolvable-ref"), nil},
		{"missing.txt", rule(t, "unresolvable-ref"), []string{"--complete", "--outage", "closed"}},
		{"in-calm.txt", simulated + "  policy: {circuitBreaker: {maxPendingRequests: 0}}\n", []string{"--outage", "closed"}},
		{"after.json", simulated + "  grpcRoute: {}\n", []string{"-o", "json", "--outage", "dropped"}},
		{"after.svg", simulated + "  grpcRoute: {}\n", []string{"-o", "svg", "--outage", "dropped"}},
		{"tcp-active-check.txt", tcpSpec + "  policy: {healthCheck: {active: {tcp: {}}}}\n", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := run(tc.input, append([]string{"simulate"}, tc.args...)...)
			assert.Zero(t, got.code, got.stderr)
			assert.Empty(t, got.stderr)
			golden(t, filepath.Join("..", "..", "testdata", "simulate", tc.name), got.stdout)
			assert.Equal(t, got, run(tc.input, append([]string{"simulate"}, tc.args...)...), "the same input gives the same bytes")
		})
	}
}

// workload is a spec whose active tier has so many pods, each a host, in text.
func workload(replicas string) string {
	return strings.Replace(simulated, "service: {name: shop,", "workload: {image: shop, clusterIP: None, replicas: "+replicas+",", 1)
}

// TestSimulateNotes: what is simulated differently from what it looks like is said, in
// text and in JSON.
func TestSimulateNotes(t *testing.T) {
	one, two := strings.Replace(workload("1"), "name: shop,", "name: other,", 1), workload("4")
	withoutPods := strings.Replace(workload("0"), "clusterIP: None, ", "", 1)
	fault := func(text string) string { return simulated + "  policy: {faultInjection: " + text + "}\n" }
	for _, tc := range []struct {
		reason, input string
		args          []string
		// note is that of the first failover, hosts and lost those of it.
		note, hosts string
		least, most int
	}{
		{"active without pods, behind an address", withoutPods, nil, "priority 0 has no pod, and refuses every connection; priority 1 serves, and is what breaks", "[1,1]", 399, 400},
		{"active without pods, each a host", workload("0"), nil, "priority 0 has no host; priority 1 serves, and is what breaks", "[0,1]", 399, 400},
		{"no tier has pods", strings.Replace(workload("0"), "service: {name: shop-standby,", "workload: {image: shop, replicas: 0,", 1), nil, "no tier has a pod", "[]", 400, 400},
		{"many hosts", workload("250"), nil, "priority 0 has 250 hosts, of which 100 are simulated", "[100,1]", 0, 0},
		{"more broken hosts than are simulated", workload("250"), []string{"--broken-hosts", "150"}, "priority 0 has 250 hosts, of which 100 are simulated; 150 broken hosts are simulated as 60", "[100,1]", 0, 5},
		{"all but one", workload("250"), []string{"--broken-hosts", "249"}, "249 broken hosts are simulated as 99", "[100,1]", 0, 5},
		{"fewer hosts than are to break", one + "---\n" + two, []string{"--broken-hosts", "3"}, "all hosts of active are broken, since it has no 3", "[1,1]", 0, 0},
		{"aborted requests", fault("{abort: {httpStatus: 503, percentage: 50}}"), nil, "BackendTrafficPolicy web/shop aborts 50 % of the requests", "[1,1]", 150, 250},
		{"delayed requests", fault("{delay: {fixedDelay: 6s, percentage: 25}}"), nil, "BackendTrafficPolicy web/shop delays 25 % of the requests by 6s", "[1,1]", 50, 150},
		{"delays before the outage", fault("{delay: {fixedDelay: 10s, percentage: 50}}"), nil, "BackendTrafficPolicy web/shop delays 50 % of the requests by 10s; requests are lost without an outage too: 54 of 101 before it", "[1,1]", 170, 230},
		{
			"aborted by gRPC, for a client of HTTP", fault("{abort: {grpcStatus: 14}}"), nil,
			"aborts 100 % of the requests; what it aborts is answered with status 200 by Envoy, and by no tier: it counts as lost; requests are lost without an outage too: 101 of 101 before it", "[1,1]", 400, 400,
		},
		{"a small share", fault("{abort: {httpStatus: 500, percentage: 0.0001}}"), nil, "aborts 0.0001 % of the requests", "[1,1]", 0, 0},
		{"no request is delayed or aborted", fault("{delay: {fixedDelay: 6s, percentage: 0}, abort: {httpStatus: 503, percentage: 0}}"), nil, "", "[1,1]", 0, 0},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			args := append([]string{"simulate", "--outage", "closed", "--seeds", "3"}, tc.args...)
			got := run(tc.input, append(args, "-o", "json")...)
			require.Zero(t, got.code, got.stderr)
			var output struct {
				Failovers []struct {
					Note    string
					Hosts   json.RawMessage
					Outages []struct{ Lost struct{ Min, Max int } }
				}
			}
			require.NoError(t, json.Unmarshal([]byte(got.stdout), &output))
			first := output.Failovers[0]
			assert.Contains(t, first.Note, tc.note)
			assert.Equal(t, tc.note == "", first.Note == "", first.Note)
			assert.JSONEq(t, tc.hosts, string(first.Hosts))
			assert.GreaterOrEqual(t, first.Outages[0].Lost.Min, tc.least)
			assert.LessOrEqual(t, first.Outages[0].Lost.Max, tc.most)
			text := run(tc.input, args...)
			assert.Contains(t, text.stdout, tc.note)
		})
	}
}

// TestSimulateWeightsOfManyHosts: backends of more hosts than are simulated keep their weights.
func TestSimulateWeightsOfManyHosts(t *testing.T) {
	weighted := func(many, few string) string {
		return strings.Replace(workload("0"), "{workload: {image: shop, clusterIP: None, replicas: 0, port: 8080}}",
			"{backends: [{name: many, workload: {image: shop, clusterIP: None, replicas: "+many+", port: 8080}, weight: 10}, {name: few, workload: {image: shop, clusterIP: None, replicas: "+few+", port: 8080}, weight: 90}]}", 1)
	}
	const args = "simulate --outage 500 --for 1s --rate 200 --seeds 3 -o json"
	cost := func(manifests, broken string) string {
		got := run(manifests, append(strings.Fields(args), "--broken-hosts", broken)...)
		require.Zero(t, got.code, got.stderr)
		return got.stdout
	}
	// The hosts of the backend that gets a tenth of the requests are broken.
	note := regexp.MustCompile(`(?m)^ *"note": "priority 0 has 1000 hosts, of which 100 are simulated; 750 broken hosts are simulated as 75",\n`)
	assert.Equal(t, cost(weighted("75", "25"), "75"), note.ReplaceAllString(cost(weighted("750", "250"), "750"), ""))
}

// TestSimulateRequests: every request of the first run is in the JSON.
func TestSimulateRequests(t *testing.T) {
	got := run(simulated, "simulate", "-o", "json", "--requests", "--outage", "500", "--seeds", "1")
	require.Zero(t, got.code, got.stderr)
	var output struct {
		Failovers []struct {
			Outages []struct {
				Lost     struct{ Min, Max int }
				Requests []struct{ Status int }
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(got.stdout), &output))
	outage := output.Failovers[0].Outages[0]
	lost := 0
	for _, request := range outage.Requests {
		if request.Status != 200 {
			lost++
		}
	}
	assert.Equal(t, outage.Lost.Max, lost)
	assert.Equal(t, outage.Lost.Min, lost)
	assert.Greater(t, len(outage.Requests), 20*(5+20+5), "before, in and after the outage")
}

// TestSimulateExitCodes has what scripts rely on.
func TestSimulateExitCodes(t *testing.T) {
	inert := simulated + "  policy: {profile: custom}\n"
	for _, tc := range []struct {
		reason, input string
		args          []string
		code          int
		stderr        string
	}{
		{"within the budget", simulated, []string{"--outage", "closed", "--max-lost", "0", "--max-failover", "1s", "--max-failback", "20s"}, 0, ""},
		{"more requests lost", simulated, []string{"--outage", "500", "--max-lost", "5"}, 1, "error: web/shop (HTTPRoute, rule 0): 500: loses up to 26 requests, of 400 in the outage, and --max-lost is 5\n"},
		{"a larger part of them", simulated, []string{"--outage", "500", "--max-lost", "1%"}, 1, "and --max-lost is 1%"},
		{"a part that is kept", simulated, []string{"--outage", "500", "--max-lost", "10%"}, 0, ""},
		{"never over", inert, []string{"--outage", "closed", "--max-failover", "1s"}, 1, "closed: never fails over, and --max-failover is 1s\n"},
		{"late back", simulated, []string{"--outage", "closed", "--max-failback", "1s"}, 1, "fails back after up to 1"},
		{"a spec that is wrong", strings.Replace(simulated, "port: 8080", "port: 80800", 1), nil, 1, "error: FailoverSpec web/shop: spec.active.service.port"},
		{"no failover", "kind: ConfigMap\napiVersion: v1\nmetadata: {name: x}\n", nil, 0, "info: no failover found in stdin\n"},
		{"not YAML", "{", nil, 2, "error: "},
		{"an unknown kind", simulated, []string{"--outage", "flood"}, 2, `--outage "flood"`},
		{"no time", simulated, []string{"--for", "0s"}, 2, "must last longer than 0s"},
		{"all that is wrong", simulated, []string{"--rate", "0", "--seeds", "0", "--outage", "flood"}, 2, "unavailable, internal, hang, dropped\nerror: --seeds 0: must be from 1 to 1000\nerror: --rate 0: must be from 0.01 to 10000 requests a second\n"},
		{"a rate that is no number", simulated, []string{"--rate", "NaN"}, 2, "--rate NaN: must be from 0.01 to 10000"},
		{"a budget of what there is not", tcpSpec, []string{"--outage", "500", "--max-lost", "0"}, 2, "error: --outage 500: a TCPRoute can have closed, hang, dropped\n"},
		{
			"a budget for what is missing", rule(t, "unresolvable-ref"),
			[]string{"--max-lost", "0"},
			2,
			"error: web/shop (HTTPRoute, rule 0): the budget is not tested: not simulated: not in these files, not permitted by them, or not read: Backend web/pasive: give the files that have them too, or --complete where nothing else is in the cluster\n",
		},
		{
			"a budget beyond one of two", simulated + "---\n" + strings.ReplaceAll(tcpSpec, "name: shop,", "name: tcp,"),
			[]string{"--outage", "500", "--max-lost", "0"},
			2,
			"error: web/shop (HTTPRoute, rule 0): 500: loses up to 26 requests, of 400 in the outage, and --max-lost is 0\nerror: web/tcp (TCPRoute, rule 0): the budget is not tested: not simulated: a TCPRoute can have closed, hang, dropped\n",
		},
		{"nobody stands by", rule(t, "tier-scaled-to-zero"), []string{"--outage", "closed", "--max-lost", "0"}, 1, "closed: loses up to 400 requests, of 400 in the outage"},
		{"lost after the outage too", simulated + "  grpcRoute: {}\n", []string{"--outage", "dropped", "--max-lost", "0"}, 1, ", of 400 in the outage and those after it, and --max-lost is 0\n"},
		{"cut off by the outage", simulated + "  policy: {profile: custom, faultInjection: {delay: {fixedDelay: 1s}}}\n", []string{"--outage", "closed", "--max-lost", "0"}, 1, "closed: loses up to 400 requests, of 400 in the outage and those that it cut off,"},
		{"too much", simulated, []string{"--rate", "10000", "--for", "1h"}, 2, "lower --rate, --for or --seeds"},
		{"a kind that a TCPRoute cannot have", tcpSpec, []string{"--outage", "closed,500", "--max-lost", "30"}, 0, "info: web/shop (TCPRoute, rule 0): --outage 500 is left out: a TCPRoute can have closed, hang, dropped\n"},
		{"a kind that a GRPCRoute cannot have", simulated + "  grpcRoute: {}\n", []string{"--outage", "503,closed"}, 0, "info: web/shop (GRPCRoute, rule 0): --outage 503 is left out: a GRPCRoute can have closed, unavailable, internal, hang, dropped\n"},
		{"kinds that an HTTPRoute cannot have", simulated, []string{"--outage", "internal,unavailable"}, 2, "error: --outage internal,unavailable: an HTTPRoute can have closed, 500, 503, hang, dropped\n"},
		{"a kind that one of two can have", simulated + "---\n" + strings.ReplaceAll(tcpSpec, "name: shop,", "name: tcp,"), []string{"--outage", "500"}, 0, "info: web/tcp (TCPRoute, rule 0): --outage 500 is left out: a TCPRoute can have closed, hang, dropped\n"},
		{"no kind", simulated, []string{"--outage="}, 2, `error: --outage "": must be one of closed, 500,`},
		{"connections lost", tcpSpec, []string{"--outage", "closed", "--max-lost", "5"}, 1, "loses up to 27 connections, of 400 in the outage"},
		{"a budget that is none", simulated, []string{"--max-lost", "few"}, 2, `--max-lost "few": must be`},
		{"more than all", simulated, []string{"--max-lost", "101%"}, 2, `--max-lost "101%": must be a whole number of requests, such as 5, or a part of those that are sent in the outage, from 0% to 100%, such as 0.1%`},
		{"half a request", simulated, []string{"--max-lost", "0.5"}, 2, `--max-lost "0.5": must be a whole number`},
		{"an empty budget", simulated, []string{"--max-lost="}, 2, `--max-lost "": must not be empty`},
		{"less than no time", simulated, []string{"--max-failover", "-1s", "--max-failback", "-2s"}, 2, "error: --max-failover -1s: must be 0s or longer\nerror: --max-failback -2s: must be 0s or longer\n"},
		{"more hosts than any tier has", simulated, []string{"--broken-hosts", "2"}, 2, "error: --broken-hosts 2: no active tier has so many hosts: must be from 0 to 1; --active-hosts says how many there are where the manifests do not\n"},
		{"hosts of a name outside the cluster", strings.Replace(simulated, "active: {service: {name: shop, port: 8080}}", "active: {endpoints: [{fqdn: {hostname: shop.example.net, port: 443}}]}", 1), []string{"--broken-hosts", "3", "--active-hosts", "3", "--outage", "closed"}, 0, ""},
		{"hosts of a name of a cluster set", strings.Replace(simulated, "active: {service: {", "active: {serviceImport: {", 1), []string{"--broken-hosts", "3", "--active-hosts", "3", "--outage", "closed"}, 0, ""},
		{"fewer hosts than none", simulated, []string{"--broken-hosts", "-1"}, 2, "error: --broken-hosts -1: must be 0, for all, or more\n"},
		{"as many hosts as there are", simulated, []string{"--broken-hosts", "3", "--active-hosts", "3", "--outage", "closed"}, 0, ""},
		{"requests without JSON", simulated, []string{"--requests"}, 2, "--requests is for -o json: add that, or leave it out"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			got := run(tc.input, append([]string{"simulate"}, tc.args...)...)
			assert.Equal(t, tc.code, got.code, got.stderr)
			if tc.stderr == "" {
				assert.Empty(t, got.stderr)
			}
			assert.Contains(t, got.stderr, tc.stderr)
			if tc.code == 2 {
				assert.Equal(t, strings.Contains(got.stderr, "not tested"), got.stdout != "", "what is simulated is shown")
			}
		})
	}
}
