package envoy

import (
	"net/http"
	"slices"
	"time"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	"k8s.io/utils/ptr"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/failover-krm/failover/pkg/envoygateway"
	"github.com/failover-krm/failover/pkg/target"
)

// What Envoy and Envoy Gateway take where a policy does not say.
const (
	DefaultConnectTimeout   = 10 * time.Second
	DefaultRequestTimeout   = 15 * time.Second
	DefaultPanicThreshold   = 50
	DefaultNumRetries       = 2
	DefaultOutlierInterval  = 3 * time.Second
	DefaultBaseEjectionTime = 30 * time.Second
	DefaultEjectionPercent  = 10
	DefaultConsecutive      = 5
	DefaultCheckInterval    = 3 * time.Second
	DefaultCheckTimeout     = time.Second
	DefaultUnhealthy        = 3
	DefaultHealthy          = 1

	defaultFaultPercent    = 100
	defaultMergeWindow     = time.Second
	defaultKeepaliveJitter = 15
	defaultLimit           = 1024
	defaultStatus          = 503
	defaultBackOff         = 25 * time.Millisecond
	maxBackOffFactor       = 10
	defaultMaxEjectionTime = 300 * time.Second
)

// The limits of what is told apart. Beyond them nothing changes but the time that
// a simulation takes.
const (
	shortest    = 10 * time.Millisecond
	mostRetries = 100
)

// SettingsOf returns what Envoy Gateway of a version makes of the policy in effect for
// a rule of a kind of route (internal/gatewayapi/clustersettings.go and
// internal/xds/translator: cluster.go, route.go).
func SettingsOf(kind string, rule envoygateway.Rule, at envoygateway.Attachment, version string) Settings {
	ofRequests, ofCluster := ptr.Deref(at.Policy.Spec, egv1a1.BackendTrafficPolicySpec{}), ptr.Deref(at.ClusterPolicy.Spec, egv1a1.BackendTrafficPolicySpec{})
	check := ptr.Deref(ofCluster.HealthCheck, egv1a1.HealthCheck{})
	settings := Settings{
		Connections:    SeesConnections(kind),
		HTTP2:          kind == grpcRoute || isHTTP2(at.Clusters),
		Keepalive:      keepaliveOf(ofCluster.HTTP2),
		ConnectTimeout: DefaultConnectTimeout,
		RequestTimeout: DefaultRequestTimeout,
		PanicThreshold: int(ptr.Deref(check.PanicThreshold, DefaultPanicThreshold)),
		Balancer:       balancerOf(ofCluster.LoadBalancer),
		MergeWindow:    defaultMergeWindow,
		Limits:         limitsOf(ofCluster.CircuitBreaker),
		Outlier:        outlierOf(check.Passive, version),
		Check:          checkOf(check.Active),
	}
	if timeout := ofCluster.Timeout; timeout != nil && timeout.TCP != nil {
		settings.ConnectTimeout = duration(timeout.TCP.ConnectTimeout, DefaultConnectTimeout)
	}
	if timeout := ofRequests.Timeout; timeout != nil && timeout.HTTP != nil {
		settings.RequestTimeout = duration(timeout.HTTP.RequestTimeout, DefaultRequestTimeout)
	}
	if timeouts := rule.Timeouts; timeouts != nil {
		settings.RequestTimeout = duration(timeouts.Request, settings.RequestTimeout)
		if rule.Retry == nil { // otherwise it is that of each attempt (processRouteTimeout)
			settings.RequestTimeout = duration(timeouts.BackendRequest, settings.RequestTimeout)
		}
	}
	if !settings.Connections {
		settings.Fault = faultOf(kind, ofRequests.FaultInjection)
	}
	switch {
	case settings.Connections:
	case rule.Retry != nil:
		settings.Retry = retryOfRule(rule)
	default:
		settings.Retry = retryOf(ofRequests.Retry, version)
	}
	settings.bound()
	return settings
}

// faultOf is nil where no request is delayed or aborted (buildFaultInjection in
// internal/gatewayapi/backendtrafficpolicy.go).
func faultOf(kind string, injection *egv1a1.FaultInjection) *Fault {
	if injection == nil {
		return nil
	}
	percent := func(value *float32) float64 { return float64(ptr.Deref(value, defaultFaultPercent)) }
	var fault Fault
	if delay := injection.Delay; delay != nil {
		fault.DelayPercent, fault.Delay = percent(delay.Percentage), duration(delay.FixedDelay, 0)
	}
	if abort := injection.Abort; abort != nil {
		fault.AbortPercent, fault.AbortStatus = percent(abort.Percentage), int(ptr.Deref(abort.HTTPStatus, 0))
		if abort.GrpcStatus != nil {
			fault.AbortStatus = statusOfGRPC(kind, *abort.GrpcStatus)
		}
	}
	if fault.DelayPercent == 0 && fault.AbortPercent == 0 {
		return nil
	}
	return &fault
}

// statusOfGRPC is the status of HTTP that stands for one of gRPC. A client of HTTP sees the
// 200 in which it comes, and not the status of gRPC.
//
// Envoy: source/extensions/filters/http/fault/fault_filter.cc, abortStatus;
// source/common/http/utility.cc, prepareLocalReply.
func statusOfGRPC(kind string, status int32) int {
	const unavailable = 14
	switch {
	case kind != grpcRoute || status == 0:
		return http.StatusOK
	case status == unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// isHTTP2 tells whether a cluster speaks it: one backend is enough.
func isHTTP2(clusters []envoygateway.Cluster) bool {
	for _, cluster := range clusters {
		for _, tier := range cluster.Tiers {
			if slices.ContainsFunc(tier.Backends, envoygateway.Backend.SpeaksHTTP2) {
				return true
			}
		}
	}
	return false
}

// keepaliveOf is nil where no PING is sent at an interval.
func keepaliveOf(settings *egv1a1.HTTP2Settings) *Keepalive {
	if settings == nil || settings.ConnectionKeepalive == nil {
		return nil
	}
	given := settings.ConnectionKeepalive
	keepalive := &Keepalive{Interval: duration(given.Interval, 0), Timeout: duration(given.Timeout, 0), Jitter: int(ptr.Deref(given.IntervalJitter, defaultKeepaliveJitter))}
	if keepalive.Interval <= 0 || keepalive.Timeout <= 0 {
		return nil
	}
	return keepalive
}

// bound keeps settings within what is told apart.
func (s *Settings) bound() {
	atLeast := func(values ...*time.Duration) {
		for _, value := range values {
			if *value != 0 {
				*value = max(*value, shortest)
			}
		}
	}
	atLeast(&s.ConnectTimeout, &s.RequestTimeout)
	if s.Retry != nil {
		s.Retry.NumRetries = min(s.Retry.NumRetries, mostRetries)
		atLeast(&s.Retry.PerTryTimeout, &s.Retry.BackOff, &s.Retry.MaxBackOff)
	}
	if s.Keepalive != nil {
		atLeast(&s.Keepalive.Interval, &s.Keepalive.Timeout)
	}
	if s.Outlier != nil {
		s.Outlier.Interval = max(s.Outlier.Interval, shortest)
	}
	if s.Check != nil {
		s.Check.Interval, s.Check.Timeout = max(s.Check.Interval, shortest), max(s.Check.Timeout, shortest)
	}
}

func balancerOf(policy *egv1a1.LoadBalancer) Balancer {
	if policy == nil {
		return LeastRequest
	}
	switch policy.Type {
	case egv1a1.RoundRobinLoadBalancerType:
		return RoundRobin
	case egv1a1.RandomLoadBalancerType, egv1a1.ConsistentHashLoadBalancerType:
		return Random
	default:
		return LeastRequest
	}
}

func limitsOf(breaker *egv1a1.CircuitBreaker) Limits {
	limit := func(value *int64) int { return int(ptr.Deref(value, defaultLimit)) }
	b := ptr.Deref(breaker, egv1a1.CircuitBreaker{})
	return Limits{Connections: limit(b.MaxConnections), PendingRequests: limit(b.MaxPendingRequests), Requests: limit(b.MaxParallelRequests), Retries: limit(b.MaxParallelRetries)}
}

// ownTriggers are those that Envoy Gateway takes where none is written.
var ownTriggers = RetryOn{ConnectFailure: true, Statuses: true, Unavailable: true}

func retryOf(policy *egv1a1.Retry, version string) *Retry {
	if policy == nil {
		return nil
	}
	retry := &Retry{
		NumRetries: int(ptr.Deref(policy.NumRetries, DefaultNumRetries)),
		On:         ownTriggers,
		Statuses:   []int{defaultStatus},
		BackOff:    defaultBackOff,
	}
	if target.NumAttemptsPerPriority.In(version) {
		retry.AttemptsPerPriority = int(ptr.Deref(policy.NumAttemptsPerPriority, 0))
	}
	if on := policy.RetryOn; on != nil {
		if len(on.Triggers) > 0 {
			has := func(trigger egv1a1.TriggerEnum) bool { return slices.Contains(on.Triggers, trigger) }
			retry.On = RetryOn{
				ConnectFailure: has(egv1a1.ConnectFailure), Reset: has(egv1a1.Reset), ResetBeforeRequest: has(egv1a1.ResetBeforeRequest) && target.ResetBeforeRequest.In(version),
				GatewayError: has(egv1a1.GatewayError), FiveXX: has(egv1a1.Error5XX), Statuses: has(egv1a1.RetriableStatusCodes),
				Unavailable: has(egv1a1.Unavailable), Internal: has(egv1a1.Internal),
			}
		}
		retry.Statuses = nil
		for _, status := range on.HTTPStatusCodes {
			retry.Statuses = append(retry.Statuses, int(status))
		}
	}
	if each := policy.PerRetry; each != nil {
		retry.PerTryTimeout = duration(each.Timeout, 0)
		if each.BackOff != nil {
			retry.BackOff = duration(each.BackOff.BaseInterval, defaultBackOff)
			retry.MaxBackOff = duration(each.BackOff.MaxInterval, 0)
		}
	}
	if retry.MaxBackOff == 0 {
		retry.MaxBackOff = maxBackOffFactor * retry.BackOff
	}
	return retry
}

// retryOfRule is that of an HTTPRoute's rule, which takes the place of the policy's. It
// has Envoy Gateway's own triggers.
func retryOfRule(rule envoygateway.Rule) *Retry {
	retry := &Retry{NumRetries: ptr.Deref(rule.Retry.Attempts, DefaultNumRetries), On: ownTriggers, Statuses: []int{defaultStatus}, BackOff: defaultBackOff}
	if len(rule.Retry.Codes) > 0 {
		retry.Statuses = nil
		for _, status := range rule.Retry.Codes {
			retry.Statuses = append(retry.Statuses, int(status))
		}
	}
	retry.BackOff = duration(rule.Retry.Backoff, defaultBackOff)
	retry.MaxBackOff = maxBackOffFactor * retry.BackOff
	if rule.Timeouts != nil {
		retry.PerTryTimeout = duration(rule.Timeouts.BackendRequest, 0)
	}
	return retry
}

func outlierOf(passive *egv1a1.PassiveHealthCheck, version string) *OutlierDetection {
	if passive == nil {
		return nil
	}
	outlier := &OutlierDetection{
		Interval:               duration(passive.Interval, DefaultOutlierInterval),
		BaseEjectionTime:       duration(passive.BaseEjectionTime, DefaultBaseEjectionTime),
		MaxEjectionPercent:     int(ptr.Deref(passive.MaxEjectionPercent, DefaultEjectionPercent)),
		AlwaysEjectOne:         ptr.Deref(passive.AlwaysEjectOneEndpoint, false),
		Consecutive5xx:         int(ptr.Deref(passive.Consecutive5xxErrors, DefaultConsecutive)),
		ConsecutiveLocalOrigin: int(ptr.Deref(passive.ConsecutiveLocalOriginFailures, DefaultConsecutive)),
		SplitLocalOrigin:       ptr.Deref(passive.SplitExternalLocalOriginErrors, false),
		FailurePercentage:      int(ptr.Deref(passive.FailurePercentageThreshold, 0)),
	}
	if target.GatewayErrorsCount.In(version) {
		outlier.ConsecutiveGatewayErrors = int(ptr.Deref(passive.ConsecutiveGatewayErrors, 0))
	}
	if outlier.MaxEjectionPercent == 0 {
		outlier.MaxEjectionPercent = DefaultEjectionPercent // Envoy Gateway drops a 0
	}
	outlier.MaxEjectionTime = max(defaultMaxEjectionTime, outlier.BaseEjectionTime)
	return outlier
}

func checkOf(active *egv1a1.ActiveHealthCheck) *HealthCheck {
	if active == nil {
		return nil
	}
	check := &HealthCheck{
		ConnectOnly: active.Type == egv1a1.ActiveHealthCheckerTypeTCP && (active.TCP == nil || active.TCP.Receive == nil),
		GRPC:        active.Type == egv1a1.ActiveHealthCheckerTypeGRPC,
		Interval:    duration(active.Interval, DefaultCheckInterval),
		Timeout:     duration(active.Timeout, DefaultCheckTimeout),
		Unhealthy:   int(ptr.Deref(active.UnhealthyThreshold, DefaultUnhealthy)),
		Healthy:     int(ptr.Deref(active.HealthyThreshold, DefaultHealthy)),
	}
	if active.HTTP != nil {
		for _, status := range active.HTTP.ExpectedStatuses {
			check.Expected = append(check.Expected, int(status))
		}
		for _, status := range active.HTTP.RetriableStatuses {
			check.Retriable = append(check.Retriable, int(status))
		}
	}
	return check
}

// duration reads one of Gateway API, as Go's parser does; otherwise where there is none,
// or a bad one.
func duration(text *gwapiv1.Duration, otherwise time.Duration) time.Duration {
	if text == nil {
		return otherwise
	}
	parsed, err := time.ParseDuration(string(*text))
	if err != nil {
		return otherwise
	}
	return parsed
}
