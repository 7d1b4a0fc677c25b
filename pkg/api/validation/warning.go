package validation

import (
	"fmt"
	"slices"
	"strings"
	"time"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	"k8s.io/utils/ptr"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	"github.com/failover-krm/failover/pkg/target"
)

// Warning is about a field that is valid, but breaks what its profile promises
// or what a failover is for.
type Warning struct {
	// Field is the path of the field.
	Field string
	// Detail says what is lost, and what to write instead.
	Detail string
}

const (
	retryPath   = "spec.policy.retry"
	timeoutPath = "spec.policy.timeout"
	healthPath  = "spec.policy.healthCheck"
)

// Warnings returns what is worth a warning in a spec with its defaults filled in.
func Warnings(fs *v1alpha1.FailoverSpec) []Warning {
	warnings := append(ejectionWarnings(fs), checkHostWarnings(fs)...)
	if fs.Spec.Policy.Profile == v1alpha1.ProfileCustom {
		return warnings
	}
	warnings = append(warnings, targetWarnings(fs)...)
	warnings = append(warnings, timeoutWarnings(fs.Spec.Policy)...)
	return append(warnings, retryWarnings(fs)...)
}

// ejectionWarnings find a policy that never takes the active tier out.
func ejectionWarnings(fs *v1alpha1.FailoverSpec) []Warning {
	check := ptr.Deref(fs.Spec.Policy.HealthCheck, egv1a1.HealthCheck{})
	switch {
	case check.Active != nil:
		return nil
	case check.Passive == nil:
		return []Warning{{healthPath, "has neither active nor passive: Envoy never takes the active tier out, and nothing fails over"}}
	}
	active, passive := len(fs.BackendEndpoints(fs.Spec.Active)), len(fs.BackendEndpoints(fs.Spec.Passive))
	if active+passive == 0 {
		return nil
	}
	// Envoy ejects one host more as long as 100*ejected/all stays within it.
	needed := int32((100*active + active + passive - 1) / (active + passive))
	percent := ptr.Deref(check.Passive.MaxEjectionPercent, 0)
	if percent == 0 {
		percent = 10 // the CRD's default, and Envoy's
	}
	if percent >= needed || active == 1 && ptr.Deref(check.Passive.AlwaysEjectOneEndpoint, false) {
		return nil
	}
	return []Warning{{healthPath + ".passive.maxEjectionPercent", fmt.Sprintf(
		"is %d, so Envoy never ejects the whole active tier (%d of %d hosts) and nothing fails over: write 100", percent, active, active+passive)}}
}

// checkHostWarnings find an active check that a standby with a name of its own fails.
func checkHostWarnings(fs *v1alpha1.FailoverSpec) []Warning {
	on := fs.Spec.Target
	if fs.Spec.HostRewrite == "" || on.Has(target.EndpointCheckHost) || !fs.Spec.Policy.ChecksRouteHostname() {
		return nil
	}
	return []Warning{{healthPath + ".active.http", fmt.Sprintf(
		"asks every backend for the route's hostname, whatever hostRewrite says, in Envoy Gateway %s (since 1.%s for its own): one that answers to its own hostname alone stays unhealthy; "+
			"write hostname where all backends answer to it, or leave the active check out", on.EnvoyGateway(), target.EndpointCheckHost.Minor)}}
}

// targetWarnings say what a profile cannot do on an old target.
func targetWarnings(fs *v1alpha1.FailoverSpec) []Warning {
	on := fs.Spec.Target
	if on.Has(target.NumAttemptsPerPriority) {
		return nil
	}
	return []Warning{{"spec.target", fmt.Sprintf(
		"%s has Envoy Gateway 1.%s, which cannot send a retry to the other tier (retry.numAttemptsPerPriority, since 1.%s) and lacks the trigger %s: "+
			"a request or so is lost when an outage begins, and about a second of traffic each time an ejection lapses",
		on, target.Minor(on.EnvoyGateway()), target.NumAttemptsPerPriority.Minor, egv1a1.ResetBeforeRequest)}}
}

func timeoutWarnings(policy v1alpha1.Policy) []Warning {
	timeout := ptr.Deref(policy.Timeout, egv1a1.Timeout{})
	if timeout.TCP == nil || timeout.TCP.ConnectTimeout == nil {
		return []Warning{{timeoutPath, "replaces the profile's, and has no tcp.connectTimeout: a request to a host that drops packets waits for 10s before it is tried elsewhere; write tcp: {connectTimeout: 1s}"}}
	}
	return nil
}

func retryWarnings(fs *v1alpha1.FailoverSpec) []Warning {
	policy := fs.Spec.Policy
	retry := ptr.Deref(policy.Retry, egv1a1.Retry{})
	if retry.NumRetries != nil && *retry.NumRetries == 0 {
		return []Warning{{retryPath + ".numRetries", "is 0, so nothing is retried: the first requests of an outage are lost, and about a second of traffic at each lapse of an ejection"}}
	}
	var warnings []Warning
	if ptr.Deref(retry.NumAttemptsPerPriority, 0) == 0 && fs.Spec.Target.Has(target.NumAttemptsPerPriority) {
		warnings = append(warnings, Warning{
			retryPath,
			"replaces the profile's, and has no numAttemptsPerPriority: a retry may stay on the dead tier, and about a second of traffic is lost at each lapse of an ejection; write numAttemptsPerPriority: 1",
		})
	}
	if policy.Profile == v1alpha1.ProfileSafe {
		return append(warnings, safeRetryWarnings(retry)...)
	}
	return append(warnings, zeroLossRetryWarnings(policy, retry)...)
}

// harmlessTriggers fire only for a request that no backend can have acted on.
var harmlessTriggers = []egv1a1.TriggerEnum{egv1a1.ConnectFailure, egv1a1.RefusedStream, egv1a1.ResetBeforeRequest}

func safeRetryWarnings(retry egv1a1.Retry) []Warning {
	triggers := triggersOf(retry)
	if len(triggers) == 0 {
		return []Warning{{
			retryPath + ".retryOn",
			"has no triggers, so Envoy Gateway's own apply, which repeat a request that a backend answered with 503; profile safe promises not to: write triggers",
		}}
	}
	var repeating []string
	for _, trigger := range triggers {
		if !slices.Contains(harmlessTriggers, trigger) {
			repeating = append(repeating, string(trigger))
		}
	}
	if len(repeating) == 0 {
		return nil
	}
	return []Warning{{retryPath + ".retryOn.triggers", fmt.Sprintf(
		"%s may repeat a request that a backend has acted on, which profile safe promises not to: remove it, or choose profile zero-loss", strings.Join(repeating, ", "))}}
}

// lossTriggers are those without which profile zero-loss lost requests.
var lossTriggers = []egv1a1.TriggerEnum{egv1a1.ConnectFailure, egv1a1.Reset, egv1a1.GatewayError}

func zeroLossRetryWarnings(policy v1alpha1.Policy, retry egv1a1.Retry) []Warning {
	var warnings []Warning
	triggers := triggersOf(retry)
	var missing []string
	for _, trigger := range lossTriggers {
		if !slices.Contains(triggers, trigger) && !slices.Contains(triggers, egv1a1.Error5XX) {
			missing = append(missing, string(trigger))
		}
	}
	if len(missing) > 0 {
		warnings = append(warnings, Warning{
			retryPath + ".retryOn.triggers",
			"lacks " + strings.Join(missing, ", ") + ", without which profile zero-loss loses requests",
		})
	}
	if retry.PerRetry == nil || retry.PerRetry.Timeout == nil || seconds(*retry.PerRetry.Timeout) == 0 {
		return append(warnings, Warning{
			retryPath + ".perRetry.timeout",
			"is not set, or 0s, so a request that hangs is never tried on the passive tier; write more than the slowest honest answer takes, such as 2s",
		})
	}
	if policy.Timeout != nil && policy.Timeout.HTTP != nil && policy.Timeout.HTTP.RequestTimeout != nil {
		whole, attempt := seconds(*policy.Timeout.HTTP.RequestTimeout), seconds(*retry.PerRetry.Timeout)
		if whole > 0 && whole <= attempt {
			warnings = append(warnings, Warning{timeoutPath + ".http.requestTimeout", fmt.Sprintf(
				"%s ends a request before its first attempt does (retry.perRetry.timeout %s), so one that hangs is never tried on the passive tier: raise it, or lower that",
				*policy.Timeout.HTTP.RequestTimeout, *retry.PerRetry.Timeout)})
		}
	}
	return warnings
}

func triggersOf(retry egv1a1.Retry) []egv1a1.TriggerEnum {
	if retry.RetryOn == nil {
		return nil
	}
	return retry.RetryOn.Triggers
}

// seconds reads a Gateway API duration, which Go's parser understands; a bad one,
// which is an error elsewhere, counts as none.
func seconds(duration gwapiv1.Duration) time.Duration {
	parsed, _ := time.ParseDuration(string(duration))
	return parsed
}
