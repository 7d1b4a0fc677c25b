package check

import (
	"slices"
	"time"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	"k8s.io/utils/ptr"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/failover-krm/failover/pkg/envoy"
	"github.com/failover-krm/failover/pkg/envoygateway"
	"github.com/failover-krm/failover/pkg/target"
)

// defaultMinRetryConcurrency is Envoy's, of a retry budget.
const defaultMinRetryConcurrency = 3

// has tells whether the Envoy Gateway has what came with a minor version.
func (s *set) has(feature target.Feature) bool { return feature.In(s.version) }

// requestPolicy and clusterPolicy are in effect; empty without one.
func (f *failover) requestPolicy() egv1a1.BackendTrafficPolicySpec {
	if f.at == nil {
		return egv1a1.BackendTrafficPolicySpec{}
	}
	return ptr.Deref(f.at.Policy.Spec, egv1a1.BackendTrafficPolicySpec{})
}

func (f *failover) clusterPolicy() egv1a1.BackendTrafficPolicySpec {
	if f.at == nil {
		return egv1a1.BackendTrafficPolicySpec{}
	}
	return ptr.Deref(f.at.ClusterPolicy.Spec, egv1a1.BackendTrafficPolicySpec{})
}

// isPolicyUnknown tells that the Gateway is not among the manifests, and a policy of
// its own would be in effect here.
func (f *failover) isPolicyUnknown() bool {
	return f.decoded[f.at.Gateway] == nil && (f.at.Policy.Spec == nil || f.at.Policy.Spec.MergeType != nil)
}

// isPolicyUnread tells that the policy in effect may be that of a Gateway that is known only
// to an object that is not read, such as a ListenerSet.
func (f *failover) isPolicyUnread() bool {
	return f.isPolicyUnknown() && f.at.Gateway.Kind != "Gateway"
}

// policyField returns where a field of the policy in effect stands, or would: in the
// most specific policy that has it, otherwise in the most specific one, otherwise in the rule.
func (f *failover) policyField(path string, isSet func(*egv1a1.BackendTrafficPolicySpec) bool) envoygateway.Source {
	if f.at == nil || len(f.at.ClusterPolicy.From) == 0 {
		return f.rule.Source
	}
	layers := f.at.ClusterPolicy.From
	at := layers[0]
	for _, layer := range slices.Backward(layers) {
		if isSet(layer.Spec) {
			at = layer
		}
	}
	return envoygateway.Source{Object: at.Object, Path: path}
}

func hasPassive(spec *egv1a1.BackendTrafficPolicySpec) bool {
	return spec.HealthCheck != nil && spec.HealthCheck.Passive != nil
}

func hasHealthCheck(spec *egv1a1.BackendTrafficPolicySpec) bool { return spec.HealthCheck != nil }

func hasRetry(spec *egv1a1.BackendTrafficPolicySpec) bool { return spec.Retry != nil }

func hasTimeout(spec *egv1a1.BackendTrafficPolicySpec) bool { return spec.Timeout != nil }

func (f *failover) healthCheck() egv1a1.HealthCheck {
	return ptr.Deref(f.clusterPolicy().HealthCheck, egv1a1.HealthCheck{})
}

func (f *failover) activeCheck() *egv1a1.ActiveHealthCheck { return f.healthCheck().Active }

func (f *failover) passiveCheck() *egv1a1.PassiveHealthCheck { return f.healthCheck().Passive }

// isHTTP tells whether Envoy sees requests, which can be retried.
func (f *failover) isHTTP() bool {
	return f.route.Object.Kind == "HTTPRoute" || f.route.Object.Kind == "GRPCRoute"
}

// retry is the policy's, unless the rule of an HTTPRoute has its own, or the circuit
// breaker permits none.
func (f *failover) retry() *egv1a1.Retry {
	if !f.isHTTP() || f.rule.Retry != nil || !f.permitsRetries() {
		return nil
	}
	return f.requestPolicy().Retry
}

func numRetries(retry *egv1a1.Retry) int32 {
	return ptr.Deref(retry.NumRetries, envoy.DefaultNumRetries)
}

func triggers(retry *egv1a1.Retry) []egv1a1.TriggerEnum {
	if retry.RetryOn == nil || len(retry.RetryOn.Triggers) == 0 {
		return []egv1a1.TriggerEnum{egv1a1.ConnectFailure, egv1a1.RefusedStream, egv1a1.Unavailable, egv1a1.Cancelled, egv1a1.RetriableStatusCodes}
	}
	return retry.RetryOn.Triggers
}

// attemptsInTier is how many attempts a retry makes before it leaves a tier; 0 for
// one that does not.
func attemptsInTier(retry *egv1a1.Retry) int32 {
	if attempts := ptr.Deref(retry.NumAttemptsPerPriority, 0); attempts <= numRetries(retry) {
		return attempts
	}
	return 0
}

// retryLeavesTier tells whether a request that cannot connect is tried on the next
// tier.
func (f *failover) retryLeavesTier() bool {
	retry := f.retry()
	return retry != nil && attemptsInTier(retry) > 0 && f.retriesConnect(retry)
}

// retriesConnect tells whether a retry is for what cannot connect: no byte of such
// a request was sent, so that reset-before-request is one of the triggers.
func (s *set) retriesConnect(retry *egv1a1.Retry) bool {
	return containsAny(triggers(retry), egv1a1.ConnectFailure, egv1a1.Reset, egv1a1.Error5XX, egv1a1.GatewayError) ||
		s.has(target.ResetBeforeRequest) && containsAny(triggers(retry), egv1a1.ResetBeforeRequest)
}

func containsAny[T comparable](list []T, wanted ...T) bool {
	return slices.ContainsFunc(wanted, func(w T) bool { return slices.Contains(list, w) })
}

// gatewayErrorsCount tells whether consecutiveGatewayErrors does anything.
func (s *set) gatewayErrorsCount() bool { return s.has(target.GatewayErrorsCount) }

// percentageHosts is how many hosts must have traffic for failurePercentageThreshold to
// count. Envoy has a setting for it, and Envoy Gateway has none.
const percentageHosts = 5

// fires tells whether a passive check ever ejects a host, as far as the number of hosts
// is known.
func (f *failover) fires(passive *egv1a1.PassiveHealthCheck) bool {
	first, _, known := f.hosts()
	return ptr.Deref(passive.Consecutive5xxErrors, envoy.DefaultConsecutive) > 0 ||
		ptr.Deref(passive.ConsecutiveGatewayErrors, 0) > 0 && f.gatewayErrorsCount() ||
		ptr.Deref(passive.SplitExternalLocalOriginErrors, false) && ptr.Deref(passive.ConsecutiveLocalOriginFailures, envoy.DefaultConsecutive) > 0 ||
		passive.FailurePercentageThreshold != nil && (!known || first >= percentageHosts)
}

// ejects tells whether a passive check takes the whole of the first tier out, as far
// as the number of hosts is known.
func (f *failover) ejects() bool {
	passive := f.passiveCheck()
	return passive != nil && f.fires(passive) && f.canEject(passive)
}

func maxEjectionPercent(passive *egv1a1.PassiveHealthCheck) int32 {
	if percent := ptr.Deref(passive.MaxEjectionPercent, 0); percent != 0 {
		return percent
	}
	return envoy.DefaultEjectionPercent // Envoy Gateway drops a 0
}

func (f *failover) canEject(passive *egv1a1.PassiveHealthCheck) bool {
	first, all, _ := f.hosts()
	return all == 0 || maxEjectionPercent(passive) >= needed(first, all) ||
		first == 1 && ptr.Deref(passive.AlwaysEjectOneEndpoint, false)
}

// needed is the maxEjectionPercent that lets Envoy eject so many hosts: it ejects one
// more as long as 100*ejected/all stays within the percentage.
func needed(first, all int32) int32 { return (100*first + all - 1) / all }

// hosts counts those of the first tier and of all. A hostname is one host, and so is
// what does not resolve; known tells that none of that was needed.
func (f *failover) hosts() (first, all int32, known bool) {
	known = true
	count := func(backend envoygateway.Backend) int32 {
		if backend.Invalid != nil || len(backend.Hosts) == 0 {
			known = false
			return 1
		}
		var hosts int32
		for _, host := range backend.Hosts {
			if host.Count == nil {
				known = false
			}
			hosts += ptr.Deref(host.Count, 1)
		}
		return hosts
	}
	for i, backend := range f.rule.Backends {
		if backend.Weight == 0 {
			continue
		}
		hosts := count(backend)
		all += hosts
		if !f.isFallback(backend) && (i == 0 || f.hasFallback()) {
			first += hosts
		}
	}
	return first, all, known
}

func (f *failover) hasFallback() bool { return slices.ContainsFunc(f.rule.Backends, f.isFallback) }

// seconds reads a duration of Gateway API, as Go's parser does; otherwise where there
// is none, or a bad one.
func seconds(duration *gwapiv1.Duration, otherwise time.Duration) time.Duration {
	if duration == nil {
		return otherwise
	}
	parsed, err := time.ParseDuration(string(*duration))
	if err != nil {
		return otherwise
	}
	return parsed
}

// connectTimeout is how long an attempt waits for a connection.
func (f *failover) connectTimeout() (timeout time.Duration, isSet bool) {
	settings := ptr.Deref(f.clusterPolicy().Timeout, egv1a1.Timeout{})
	if settings.TCP == nil || settings.TCP.ConnectTimeout == nil {
		return envoy.DefaultConnectTimeout, false
	}
	return seconds(settings.TCP.ConnectTimeout, envoy.DefaultConnectTimeout), true
}

// requestTimeout is how long a request may take, with all its attempts; 0 forever.
func (f *failover) requestTimeout() time.Duration {
	timeout := envoy.DefaultRequestTimeout
	if settings := f.requestPolicy().Timeout; settings != nil && settings.HTTP != nil {
		timeout = seconds(settings.HTTP.RequestTimeout, timeout)
	}
	if f.rule.Timeouts != nil {
		timeout = seconds(f.rule.Timeouts.Request, timeout)
	}
	return timeout
}
