package v1alpha1

import (
	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/failover-krm/failover/pkg/target"
)

// profileBlocks are the parts of a BackendTrafficPolicy that a profile supplies.
// The numbers in the comments are lost requests of 1,200, sent at 20 a second
// to a real Envoy while the active tier was down for 20 seconds.
type profileBlocks struct {
	timeout *egv1a1.Timeout
	retry   *egv1a1.Retry
	passive *egv1a1.PassiveHealthCheck
	active  *egv1a1.ActiveHealthCheck
	// headlessDNS is for a workload whose pods Envoy finds by DNS.
	headlessDNS *egv1a1.DNS
}

// blocks returns the profile's own blocks for a target and a kind of route, fresh at
// each call; the custom profile has none.
func (p Profile) blocks(on target.Target, route RouteKind) profileBlocks {
	var retry *egv1a1.Retry
	switch p {
	case ProfileSafe:
		retry = safeRetry(on)
	case ProfileZeroLoss:
		retry = zeroLossRetry(on)
		if route == RouteKindGRPC {
			retry.RetryOn.Triggers = append(retry.RetryOn.Triggers, grpcTriggers...)
		}
	default:
		return profileBlocks{}
	}
	if !route.HasRequests() {
		retry = nil // no connection is repeated
	}
	return profileBlocks{
		// Envoy Gateway's default of 10s would hold every request to a host that
		// drops packets for longer than most clients wait.
		timeout: &egv1a1.Timeout{TCP: &egv1a1.TCPTimeout{ConnectTimeout: new(gwapiv1.Duration("1s"))}},
		retry:   retry,
		passive: &egv1a1.PassiveHealthCheck{
			// How often Envoy looks whether an ejection has lapsed.
			Interval: new(gwapiv1.Duration("2s")),
			// One odd 500 must not move the whole site; with the retry nothing is
			// lost either way when the port is closed.
			Consecutive5xxErrors: new(uint32(3)),
			// The first ejection; the n-th lasts n times as long. Back on the active
			// tier 13 s after it was restored, in a 20 s outage.
			BaseEjectionTime: new(gwapiv1.Duration("10s")),
			// The default of 10 never ejects one host of two: 409 lost, no failover.
			MaxEjectionPercent: new(int32(100)),
		},
		// Keeps a dead host out, where an ejection lapses, and brings a restored one
		// back in 3 s rather than 13 s.
		active: &egv1a1.ActiveHealthCheck{
			Timeout:            new(gwapiv1.Duration("1s")),
			Interval:           new(gwapiv1.Duration("2s")),
			UnhealthyThreshold: new(uint32(2)),
			HealthyThreshold:   new(uint32(2)),
		},
		// Envoy Gateway's defaults are the record's TTL, which is 30s in most clusters,
		// otherwise 30s: so long would a new pod wait, and one that is gone be tried.
		headlessDNS: &egv1a1.DNS{
			DNSRefreshRate: new(gwapiv1.Duration("5s")),
			RespectDNSTTL:  new(false),
		},
	}
}

// safeRetry repeats only what no backend has seen. Port closed: 0 lost, GET and
// POST alike.
func safeRetry(on target.Target) *egv1a1.Retry {
	triggers := []egv1a1.TriggerEnum{egv1a1.ConnectFailure, egv1a1.RefusedStream}
	if on.Has(target.ResetBeforeRequest) {
		triggers = append(triggers, egv1a1.ResetBeforeRequest)
	}
	return &egv1a1.Retry{
		NumRetries:             new(int32(2)),
		NumAttemptsPerPriority: leaveTierAfterOneAttempt(on),
		RetryOn:                &egv1a1.RetryOn{Triggers: triggers},
	}
}

// zeroLossRetry repeats whatever failed or took too long. Port closed, 500, hang
// and dropped packets: 0 lost, with GET.
func zeroLossRetry(on target.Target) *egv1a1.Retry {
	return &egv1a1.Retry{
		NumRetries:             new(int32(2)),
		NumAttemptsPerPriority: leaveTierAfterOneAttempt(on),
		RetryOn: &egv1a1.RetryOn{
			Triggers: []egv1a1.TriggerEnum{
				egv1a1.ConnectFailure, egv1a1.RefusedStream, egv1a1.Reset, egv1a1.GatewayError, egv1a1.RetriableStatusCodes,
			},
			HTTPStatusCodes: []egv1a1.HTTPStatus{500},
		},
		// Must exceed the slowest honest answer of the backend.
		PerRetry: &egv1a1.PerRetryPolicy{Timeout: new(gwapiv1.Duration("2s"))},
	}
}

// grpcTriggers repeat a call that a backend answered with an error: a server that is
// shutting down (unavailable, and cancelled for what it was working on), one that gave
// up (deadline-exceeded) and one that failed (internal), as 503, 504 and 500 are for
// HTTP. Envoy looks for them only in the headers, so for an answer without a message
// (wouldRetryFromHeaders in retry_state_impl.cc); resource-exhausted, the 429 of gRPC, is
// left out as 429 is.
var grpcTriggers = []egv1a1.TriggerEnum{egv1a1.Cancelled, egv1a1.DeadlineExceeded, egv1a1.Internal, egv1a1.Unavailable}

// leaveTierAfterOneAttempt sends a retry to the other tier. Without it, a retry
// may stay on the dead one: 20 lost where 0 are with it.
func leaveTierAfterOneAttempt(on target.Target) *int32 {
	if !on.Has(target.NumAttemptsPerPriority) {
		return nil
	}
	return new(int32(1))
}
