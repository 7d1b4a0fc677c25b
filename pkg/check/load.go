package check

import (
	"fmt"
	"strings"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	"k8s.io/utils/ptr"

	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/envoy"
)

// loadRules are about how a policy spreads and limits the traffic of a cluster.
var loadRules = []Rule{
	{
		ID: "circuit-breaker-zero", Severity: diagnostic.Error,
		Summary: "circuitBreaker has a limit of 0.",
		Explanation: "The limits are those of the whole cluster, all tiers together. With maxPendingRequests: 0 or maxParallelRequests: 0, Envoy itself answers 503 to every request; 0 does not mean unlimited. " +
			"With maxConnections: 0 there is one connection to each host for each thread of Envoy, and for HTTP/1.1 one request at a time, which is a warning.",
		Fix:        "Remove the field, which makes it 1024, or write the number that the smallest tier can take.",
		Cost:       "20 of 20 requests were lost with maxPendingRequests: 0, and with maxParallelRequests: 0 (tested with Envoy, without Envoy Gateway).",
		ofFailover: circuitBreakerZero,
	},
	{
		ID: "high-panic-threshold", Severity: diagnostic.Warning, Since: "1.4",
		Summary: "panicThreshold is above Envoy's own, 50.",
		Explanation: "Where the tiers together don't have enough healthy hosts for all traffic, Envoy assumes that the health checks of a tier with fewer healthy hosts than this percentage are wrong, and sends its traffic to all " +
			"its hosts, even to dead ones. With 100, this happens as soon as one host is down and the standby cannot take its traffic.",
		Fix:        "Remove panicThreshold. With 0, Envoy never sends requests to a host that it knows to be dead.",
		Cost:       "With one of two active hosts down, and the standby down too, 14 of 20 requests were lost with panicThreshold: 100 (tested with Envoy, without Envoy Gateway).",
		ofFailover: highPanicThreshold,
	},
	{
		ID: "endpoint-override", Severity: diagnostic.Warning, Since: "1.5",
		Summary:     "loadBalancer.endpointOverride lets a request choose its host.",
		Explanation: "Whoever writes the header decides which host serves the request, of any tier, even of the standby while active is healthy. Envoy uses the tiers only where the header names no healthy host.",
		Fix:         "Remove endpointOverride, or remove the header from what clients send with a ClientTrafficPolicy: headers: {earlyRequestHeaders: {remove: [NAME]}}.",
		Cost:        "5 of 5 requests with the standby's address in the header went there while the active tier was healthy (tested with Envoy, without Envoy Gateway).",
		ofFailover:  endpointOverride,
	},
}

func hasCircuitBreaker(spec *egv1a1.BackendTrafficPolicySpec) bool {
	return spec.CircuitBreaker != nil
}

// isZero tells whether a limit is given, as 0.
func isZero(limit *int64) bool { return ptr.Deref(limit, 1) == 0 }

func circuitBreakerZero(f *failover) []finding {
	breaker := f.clusterPolicy().CircuitBreaker
	if breaker == nil || !f.isHTTP() {
		return nil
	}
	var findings []finding
	add := func(name, reason string, severity diagnostic.Severity) {
		findings = append(findings, finding{source: f.policyField("spec.circuitBreaker."+name, hasCircuitBreaker), reason: name + " is 0, so " + reason, advice: "remove it, or write a number", severity: severity})
	}
	const refused = "Envoy answers 503 to every request"
	if isZero(breaker.MaxPendingRequests) {
		add("maxPendingRequests", refused, "")
	}
	if isZero(breaker.MaxParallelRequests) {
		add("maxParallelRequests", refused, "")
	}
	if isZero(breaker.MaxConnections) {
		add("maxConnections", "each thread of Envoy has one connection to a host, and for HTTP/1.1 one request at a time", diagnostic.Warning)
	}
	return findings
}

// permitsRetries tells whether the circuit breaker lets anything be retried.
func (f *failover) permitsRetries() bool {
	breaker := f.clusterPolicy().CircuitBreaker
	return breaker == nil || breaker.RetryBudget != nil || !isZero(breaker.MaxParallelRetries)
}

func highPanicThreshold(f *failover) []finding {
	threshold := ptr.Deref(f.healthCheck().PanicThreshold, envoy.DefaultPanicThreshold)
	if threshold <= envoy.DefaultPanicThreshold {
		return nil
	}
	return []finding{{
		source: f.policyField("spec.healthCheck.panicThreshold", hasHealthCheck),
		reason: fmt.Sprintf("where neither tier can take all traffic, dead hosts get requests too unless %d %% of their tier are healthy", threshold), advice: "remove it, or write 0",
	}}
}

func endpointOverride(f *failover) []finding {
	balancer := f.clusterPolicy().LoadBalancer
	if balancer == nil || balancer.EndpointOverride == nil {
		return nil
	}
	var headers []string
	for _, source := range balancer.EndpointOverride.ExtractFrom {
		if source.Header != nil {
			headers = append(headers, *source.Header)
		}
	}
	if len(headers) == 0 {
		return nil
	}
	return []finding{{
		source: f.policyField("spec.loadBalancer.endpointOverride", func(spec *egv1a1.BackendTrafficPolicySpec) bool { return spec.LoadBalancer != nil }),
		reason: fmt.Sprintf("whoever sends the header %s chooses the host, of any tier", strings.Join(headers, " or ")), advice: "remove it, or remove the header from what clients send",
	}}
}
