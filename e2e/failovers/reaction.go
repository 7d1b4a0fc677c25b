package failovers

import (
	"time"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// mergeWindow is how long Envoy may wait before it applies another change of a host's
// health.
const mergeWindow = time.Second

// Reaction is how long the slowest check of the set's policies takes to find that a tier is
// down, with so many requests a second.
func (s Set) Reaction(rate int) (time.Duration, error) {
	var slowest time.Duration
	for _, object := range s.of("BackendTrafficPolicy") {
		var policy egv1a1.BackendTrafficPolicy
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &policy); err != nil {
			return 0, err
		}
		checks := ptr.Deref(policy.Spec.HealthCheck, egv1a1.HealthCheck{})
		slowest = max(slowest, ofActive(checks.Active), ofPassive(checks.Passive, rate))
	}
	return slowest, nil
}

// What the CRDs' defaults are.
const (
	checkInterval  = 3 * time.Second
	checkTimeout   = time.Second
	checkThreshold = 3
	errorThreshold = 5
)

func ofActive(check *egv1a1.ActiveHealthCheck) time.Duration {
	if check == nil {
		return 0
	}
	return time.Duration(ptr.Deref(check.UnhealthyThreshold, checkThreshold))*seconds(check.Interval, checkInterval) +
		seconds(check.Timeout, checkTimeout) + mergeWindow
}

func ofPassive(check *egv1a1.PassiveHealthCheck, rate int) time.Duration {
	if check == nil {
		return 0
	}
	errors := max(ptr.Deref(check.Consecutive5xxErrors, errorThreshold), ptr.Deref(check.ConsecutiveGatewayErrors, 0))
	if ptr.Deref(check.SplitExternalLocalOriginErrors, false) {
		errors = max(errors, ptr.Deref(check.ConsecutiveLocalOriginFailures, errorThreshold))
	}
	reaction := time.Duration(errors)*time.Second/time.Duration(rate) + mergeWindow
	if check.FailurePercentageThreshold != nil {
		reaction = max(reaction, seconds(check.Interval, checkInterval)+mergeWindow)
	}
	return reaction
}

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
