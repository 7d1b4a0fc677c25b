package envoy_test

import (
	"testing"
	"time"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/yaml"

	"github.com/failover-krm/failover/pkg/envoy"
	"github.com/failover-krm/failover/pkg/envoygateway"
)

// defaultSettings are those of a route without any policy.
func defaultSettings() envoy.Settings {
	return envoy.Settings{
		ConnectTimeout: 10 * time.Second, RequestTimeout: 15 * time.Second, PanicThreshold: 50, MergeWindow: time.Second,
		Limits: envoy.Limits{Connections: 1024, PendingRequests: 1024, Requests: 1024, Retries: 1024},
	}
}

// TestSettingsOf has what Envoy Gateway makes of each field, by its defaults and Envoy's.
func TestSettingsOf(t *testing.T) {
	ownTriggers := envoy.RetryOn{ConnectFailure: true, Statuses: true, Unavailable: true}
	for _, tc := range []struct {
		reason, policy, version, kind string
		rule                          envoygateway.Rule
		want                          func(*envoy.Settings)
	}{
		{reason: "no policy", want: func(*envoy.Settings) {}},
		{
			reason: "timeouts", policy: "timeout: {tcp: {connectTimeout: 2s}, http: {requestTimeout: 3s}}",
			want: func(s *envoy.Settings) { s.ConnectTimeout, s.RequestTimeout = 2*time.Second, 3*time.Second },
		},
		{
			reason: "a rule's timeout counts more", policy: "timeout: {http: {requestTimeout: 3s}}", rule: envoygateway.Rule{Timeouts: &gwapiv1.HTTPRouteTimeouts{Request: new(gwapiv1.Duration("4s"))}},
			want: func(s *envoy.Settings) { s.RequestTimeout = 4 * time.Second },
		},
		{
			reason: "a rule's backendRequest is for the whole request", rule: envoygateway.Rule{Timeouts: &gwapiv1.HTTPRouteTimeouts{Request: new(gwapiv1.Duration("4s")), BackendRequest: new(gwapiv1.Duration("1s"))}},
			want: func(s *envoy.Settings) { s.RequestTimeout = time.Second },
		},
		{
			reason: "a rule's retry", policy: "retry: {numRetries: 1, numAttemptsPerPriority: 1}",
			rule: envoygateway.Rule{
				Retry:    &gwapiv1.HTTPRouteRetry{Attempts: new(3), Codes: []gwapiv1.HTTPRouteRetryStatusCode{500}, Backoff: new(gwapiv1.Duration("100ms"))},
				Timeouts: &gwapiv1.HTTPRouteTimeouts{BackendRequest: new(gwapiv1.Duration("1s"))},
			},
			want: func(s *envoy.Settings) {
				s.Retry = &envoy.Retry{NumRetries: 3, On: ownTriggers, Statuses: []int{500}, PerTryTimeout: time.Second, BackOff: 100 * time.Millisecond, MaxBackOff: time.Second}
			},
		},
		{
			reason: "a retry's defaults", policy: "retry: {}",
			want: func(s *envoy.Settings) {
				s.Retry = &envoy.Retry{NumRetries: 2, On: ownTriggers, Statuses: []int{503}, BackOff: 25 * time.Millisecond, MaxBackOff: 250 * time.Millisecond}
			},
		},
		{
			reason: "a retry", policy: "retry: {numRetries: 4, numAttemptsPerPriority: 2, perRetry: {timeout: 1s, backOff: {baseInterval: 1s, maxInterval: 3s}}, retryOn: {triggers: [reset, 5xx, reset-before-request]}}",
			want: func(s *envoy.Settings) {
				s.Retry = &envoy.Retry{
					NumRetries: 4, AttemptsPerPriority: 2, On: envoy.RetryOn{Reset: true, FiveXX: true, ResetBeforeRequest: true},
					PerTryTimeout: time.Second, BackOff: time.Second, MaxBackOff: 3 * time.Second,
				}
			},
		},
		{
			reason: "a retry before Envoy Gateway 1.5", policy: "retry: {numAttemptsPerPriority: 1, retryOn: {triggers: [connect-failure, reset-before-request]}}", version: "1.3.2",
			want: func(s *envoy.Settings) {
				s.Retry = &envoy.Retry{NumRetries: 2, On: envoy.RetryOn{ConnectFailure: true}, BackOff: 25 * time.Millisecond, MaxBackOff: 250 * time.Millisecond}
			},
		},
		{
			reason: "a passive check's defaults", policy: "healthCheck: {passive: {}}",
			want: func(s *envoy.Settings) {
				s.Outlier = &envoy.OutlierDetection{
					Interval: 3 * time.Second, BaseEjectionTime: 30 * time.Second, MaxEjectionTime: 300 * time.Second, MaxEjectionPercent: 10,
					Consecutive5xx: 5, ConsecutiveLocalOrigin: 5,
				}
			},
		},
		{
			reason: "gateway errors before Envoy Gateway 1.6", policy: "healthCheck: {passive: {consecutiveGatewayErrors: 2, maxEjectionPercent: 0, baseEjectionTime: 10m}}", version: "1.5.9",
			want: func(s *envoy.Settings) {
				s.Outlier = &envoy.OutlierDetection{
					Interval: 3 * time.Second, BaseEjectionTime: 10 * time.Minute, MaxEjectionTime: 10 * time.Minute, MaxEjectionPercent: 10,
					Consecutive5xx: 5, ConsecutiveLocalOrigin: 5,
				}
			},
		},
		{
			reason: "active checks", policy: "healthCheck: {panicThreshold: 0, active: {type: TCP, unhealthyThreshold: 2}}",
			want: func(s *envoy.Settings) {
				s.PanicThreshold = 0
				s.Check = &envoy.HealthCheck{ConnectOnly: true, Interval: 3 * time.Second, Timeout: time.Second, Unhealthy: 2, Healthy: 1}
			},
		},
		{
			reason: "the statuses of an active check", policy: "healthCheck: {active: {type: HTTP, http: {path: /, expectedStatuses: [200, 204], retriableStatuses: [503]}}}",
			want: func(s *envoy.Settings) {
				s.Check = &envoy.HealthCheck{Interval: 3 * time.Second, Timeout: time.Second, Unhealthy: 3, Healthy: 1, Expected: []int{200, 204}, Retriable: []int{503}}
			},
		},
		{
			reason: "circuit breakers and load balancing", policy: "{circuitBreaker: {maxConnections: 1, maxPendingRequests: 2, maxParallelRequests: 3, maxParallelRetries: 4}, loadBalancer: {type: RoundRobin}}",
			want: func(s *envoy.Settings) {
				s.Limits, s.Balancer = envoy.Limits{Connections: 1, PendingRequests: 2, Requests: 3, Retries: 4}, envoy.RoundRobin
			},
		},
		{
			reason: "a TCPRoute has no retry", kind: "TCPRoute", policy: "retry: {}",
			want: func(s *envoy.Settings) { s.Connections = true },
		},
		{
			reason: "a GRPCRoute is of HTTP/2", kind: "GRPCRoute",
			want: func(s *envoy.Settings) { s.HTTP2 = true },
		},
		{
			reason: "the triggers of gRPC", kind: "GRPCRoute", policy: "retry: {retryOn: {triggers: [unavailable, internal, cancelled]}}",
			want: func(s *envoy.Settings) {
				s.HTTP2 = true
				s.Retry = &envoy.Retry{NumRetries: 2, On: envoy.RetryOn{Unavailable: true, Internal: true}, BackOff: 25 * time.Millisecond, MaxBackOff: 250 * time.Millisecond}
			},
		},
		{
			reason: "an active check of gRPC, and a keepalive", kind: "GRPCRoute", policy: "{healthCheck: {active: {type: GRPC, grpc: {}}}, http2: {connectionKeepalive: {interval: 2s, timeout: 1s}}}",
			want: func(s *envoy.Settings) {
				s.HTTP2 = true
				s.Check = &envoy.HealthCheck{GRPC: true, Interval: 3 * time.Second, Timeout: time.Second, Unhealthy: 3, Healthy: 1}
				s.Keepalive = &envoy.Keepalive{Interval: 2 * time.Second, Timeout: time.Second, Jitter: 15}
			},
		},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			var spec egv1a1.BackendTrafficPolicySpec
			require.NoError(t, yaml.UnmarshalStrict([]byte(tc.policy), &spec))
			if tc.version == "" {
				tc.version = "1.9.1"
			}
			want := defaultSettings()
			tc.want(&want)
			effect := envoygateway.PolicyInEffect{Spec: &spec}
			assert.Equal(t, want, envoy.SettingsOf(tc.kind, tc.rule, envoygateway.Attachment{Policy: effect, ClusterPolicy: effect}, tc.version))
		})
	}
}

// TestTimeoutWhileConnecting: a request that ends before it has a connection counts
// against no host, so that nothing is ejected (as drills showed).
func TestTimeoutWhileConnecting(t *testing.T) {
	scenario := drill(settingsOf(t, "timeout: {http: {requestTimeout: 500ms}}\nhealthCheck: {"+workshopCheck+"}"), envoy.Dropped)
	scenario.Workers, scenario.Traffic.Rate = 1, 1
	for _, event := range envoy.Simulate(scenario, 1).Events[1:] {
		assert.NotEqual(t, envoy.Ejected, event.Kind, "at %s: only the request on the open connection counts", event.At)
	}
}
