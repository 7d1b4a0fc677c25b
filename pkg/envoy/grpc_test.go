package envoy_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/failover-krm/failover/pkg/envoy"
)

// reportOf is what an outage as in docs/drills.md does to calls of gRPC under a policy.
func reportOf(t *testing.T, policy string, kind envoy.Kind) envoy.Report {
	t.Helper()
	scenario := drill(settingsOfRoute(t, "GRPCRoute", policy), kind)
	return envoy.Simulate(scenario, 1).Report(scenario.Outages[0])
}

// TestAnswersOfGRPC: an error in the headers counts as the status of HTTP that stands for
// it, and is repeated only by the trigger of its own name.
func TestAnswersOfGRPC(t *testing.T) {
	const passive = "healthCheck: {passive: {interval: 2s, baseEjectionTime: 60s, maxEjectionPercent: 100, "
	for _, tc := range []struct {
		reason, policy string
		kind           envoy.Kind
		lost           int
	}{
		{"unavailable is 503, a gateway error", passive + "consecutive5XxErrors: 100, consecutiveGatewayErrors: 2}}", envoy.Unavailable, 2},
		{"internal is 500, which is none", passive + "consecutive5XxErrors: 100, consecutiveGatewayErrors: 2}}", envoy.Internal, 100},
		{"both count as 5xx", passive + "consecutive5XxErrors: 4}}", envoy.Internal, 4},
		{"as no failure of the connection", passive + "consecutive5XxErrors: 100, splitExternalLocalOriginErrors: true, consecutiveLocalOriginFailures: 1}}", envoy.Unavailable, 100},
		{"the trigger of the name", "retry: {numAttemptsPerPriority: 1, retryOn: {triggers: [unavailable]}}", envoy.Unavailable, 0},
		{"that of another", "retry: {numAttemptsPerPriority: 1, retryOn: {triggers: [unavailable]}}", envoy.Internal, 400},
		{"the triggers of HTTP", "retry: {numAttemptsPerPriority: 1, retryOn: {triggers: [5xx, gateway-error, reset, retriable-status-codes], httpStatusCodes: [500, 503]}}", envoy.Unavailable, 400},
		{"the default triggers have unavailable", "retry: {numAttemptsPerPriority: 1}", envoy.Unavailable, 0},
		{"and not internal", "retry: {numAttemptsPerPriority: 1}", envoy.Internal, 400},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			assert.InDelta(t, tc.lost, reportOf(t, tc.policy, tc.kind).Lost, 1)
		})
	}
}

// TestSharedConnection: all calls of a worker share a connection to a host, so that all of
// them wait where packets are dropped, until TCP tries again; nothing is ejected meanwhile.
func TestSharedConnection(t *testing.T) {
	report := reportOf(t, policies["safe"], envoy.Dropped)
	assert.Greater(t, report.Lost, 400)
	assert.Equal(t, envoy.Never, report.Failover)
	assert.Greater(t, report.Failback, 5*time.Second)

	zeroLoss := reportOf(t, policies["zero-loss"], envoy.Dropped)
	assert.Zero(t, zeroLoss.Lost, "an attempt that takes too long is repeated, and counts")
	assert.InDelta(t, 2, zeroLoss.Failover.Seconds(), 0.1)

	assert.Zero(t, reportOf(t, policies["safe"], envoy.Closed).Lost, "a connection that breaks is made anew, on the next tier")
}

// TestKeepalive: a PING that is not answered ends the connection, and what is on it, so that
// the host is ejected.
func TestKeepalive(t *testing.T) {
	policy := policies["safe"] + "\nhttp2: {connectionKeepalive: {interval: 2s, timeout: 1s, intervalJitter: 0}}"
	for _, kind := range []envoy.Kind{envoy.Dropped, envoy.Hang} {
		report := reportOf(t, policy, kind)
		assert.LessOrEqual(t, report.Failover, 3100*time.Millisecond, kind)
		assert.GreaterOrEqual(t, report.Failover, time.Second, kind)
	}
	scenario := drill(settingsOfRoute(t, "GRPCRoute", policy), envoy.Closed)
	scenario.Outages = nil
	assert.Zero(t, envoy.Simulate(scenario, 1).Report(envoy.Outage{}).Lost, "an answer keeps it open")
	without := settingsOfRoute(t, "GRPCRoute", "http2: {connectionKeepalive: {timeout: 1s}}")
	assert.Nil(t, without.Keepalive, "without an interval, there is no PING")
}

// TestConnectionOfCheck: a check of gRPC that times out keeps its connection, which stalls
// after packets were dropped; one of HTTP connects anew.
func TestConnectionOfCheck(t *testing.T) {
	failback := func(check string) time.Duration {
		return reportOf(t, safe+"healthCheck: {active: {interval: 2s, timeout: 1s, unhealthyThreshold: 2, healthyThreshold: 2, "+check+"}}", envoy.Dropped).Failback
	}
	assert.Less(t, failback("type: HTTP, http: {path: /health}"), 5*time.Second)
	assert.Greater(t, failback("type: GRPC, grpc: {}"), 7*time.Second)
}
