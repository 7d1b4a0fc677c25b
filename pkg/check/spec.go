package check

import (
	"fmt"
	"slices"
	"strings"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	"k8s.io/utils/ptr"

	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/envoygateway"
	"github.com/failover-krm/failover/pkg/target"
)

// specRules are about what a FailoverSpec says, its profile and its target, and about
// what they promise.
var specRules = []Rule{
	{
		ID: "safe-repeats-requests", Severity: diagnostic.Warning,
		Summary: "Profile safe, and the retry may repeat a request that a backend has acted on.",
		Explanation: "Profile safe promises that no request is repeated that a backend may have acted on. The triggers reset, 5xx, gateway-error, retriable-status-codes and others " +
			"repeat one after its answer, or after its connection broke. A retry without triggers gets Envoy Gateway's default triggers, of which one repeats an answer with 503.",
		Fix:        "Write only the triggers connect-failure, refused-stream and reset-before-request, or choose profile zero-loss.",
		ofFailover: safeRepeatsRequests,
	},
	{
		ID: "zero-loss-triggers", Severity: diagnostic.Warning,
		Summary:     "Profile zero-loss, and the retry lacks a trigger without which requests are lost.",
		Explanation: "A tier that is down refuses connections, breaks those that are open, or answers 500, 502, 503 or 504; in gRPC CANCELLED, DEADLINE_EXCEEDED, INTERNAL or UNAVAILABLE. The client gets each error for which there is no trigger.",
		Fix: "Write the triggers connect-failure, reset, gateway-error and retriable-status-codes with httpStatusCodes [500], or 5xx, which stands for all of them; " +
			"for a GRPCRoute cancelled, deadline-exceeded, internal and unavailable too.",
		ofFailover: zeroLossTriggers,
	},
	{
		ID: "zero-loss-hang", Severity: diagnostic.Warning,
		Summary:     "Profile zero-loss, and an attempt that hangs does not end: perRetry.timeout is unset, or 0s.",
		Explanation: "Only perRetry.timeout ends an attempt that gets no answer, so that the request is tried on the next tier. Without it, the request's own timeout ends them all.",
		Fix:         "Write retry.perRetry.timeout, longer than the slowest correct answer, such as 2s. Also write a requestTimeout of more than twice as much, or none.",
		ofFailover:  zeroLossHang,
	},
	{
		ID: "target-without-tier-retry", Severity: diagnostic.Warning,
		Summary: "The target's Envoy Gateway is older than 1.5, so a profile cannot send a retry to the other tier.",
		Explanation: "Before Envoy Gateway 1.5 there is no numAttemptsPerPriority, and no trigger reset-before-request. A retry may stay on the dead tier: about one request is lost when " +
			"an outage begins, and about a second of traffic each time an ejection ends.",
		Fix:        "Choose a target with Envoy Gateway 1.5 or newer. An active check helps too: it keeps a dead tier out when an ejection would end.",
		Cost:       "20 of 1,200 requests were lost at 20 a second, in an outage of 20 s, where a retry may stay on the dead tier; 0 with numAttemptsPerPriority: 1.",
		ofFailover: targetWithoutTierRetry,
	},
	{
		ID: "check-host-not-rewritten", Severity: diagnostic.Warning,
		Summary: "The Host of requests is rewritten to each backend's own hostname, and an active check asks for the route's.",
		Explanation: "An active HTTP check without http.hostname asks for the hostname field of the endpoint, since Envoy Gateway 1.8, and otherwise for the hostname of the route. A filter that rewrites the Host does not " +
			"change that. A backend that answers only to its own hostname fails the check, and a standby that passes it serves while active is healthy.",
		Fix:        "Write hostname at each endpoint of the Backends, since Envoy Gateway 1.8; a FailoverSpec does this. Before 1.8, write http.hostname where all backends answer to one hostname, or remove the active check.",
		ofFailover: checkHostNotRewritten,
	},
	{
		ID: "target-assumed", Severity: diagnostic.Info, OnRender: true,
		Summary:     "A FailoverSpec has no target.",
		Explanation: "The rendered objects depend on the target: the class of its Gateway, the defaults that are written out, and the fields that a profile may use. The default target can change with a version of failover.",
		Fix:         "Write spec.target. \"failover target\" lists all targets, and recognizes the target of a cluster by its CRDs.",
		ofSet:       targetAssumed,
	},
	{
		ID: "gateway-of-two-targets", Severity: diagnostic.Warning,
		Summary:     "FailoverSpecs of different targets use one Gateway.",
		Explanation: "One Envoy Gateway runs a Gateway. It may refuse objects that are rendered for another version or distribution, or these may lack a field that it has.",
		Fix:         "Write the same spec.target in all FailoverSpecs of a Gateway: the one that runs it.",
		ofSet:       gatewayOfTwoTargets,
	},
}

// The profiles whose promises the rules know.
const (
	profileSafe     = "safe"
	profileZeroLoss = "zero-loss"
)

// profile returns that of the FailoverSpec that the failover is rendered from, or
// nothing.
func (f *failover) profile() string {
	if spec := f.decoded[f.route.Object].Spec; spec != nil {
		return spec.Profile
	}
	return ""
}

// retryOfProfile returns the retry in effect of a failover that has a profile; nil
// where nothing is retried, which no-retry says.
func (f *failover) retryOfProfile(name string) *egv1a1.Retry {
	retry := f.retry()
	if f.profile() != name || retry == nil || numRetries(retry) == 0 {
		return nil
	}
	return retry
}

func safeRepeatsRequests(f *failover) []finding {
	retry := f.retryOfProfile(profileSafe)
	if retry == nil || len(unsafeRetry(f)) > 0 {
		return nil
	}
	if retry.RetryOn == nil || len(retry.RetryOn.Triggers) == 0 {
		return []finding{{
			source: f.policyField(retryPath+".retryOn", hasRetry),
			reason: "no triggers, so Envoy Gateway's own apply, which repeat a request that a backend answered with 503; profile safe promises not to do that",
			advice: "write triggers: [connect-failure, refused-stream, reset-before-request]",
		}}
	}
	// These fire only for a request that no backend can have acted on.
	harmless := []egv1a1.TriggerEnum{egv1a1.ConnectFailure, egv1a1.RefusedStream, egv1a1.ResetBeforeRequest}
	var repeating []string
	for _, trigger := range retry.RetryOn.Triggers {
		if !slices.Contains(harmless, trigger) {
			repeating = append(repeating, string(trigger))
		}
	}
	if len(repeating) == 0 {
		return nil
	}
	return []finding{{
		source: f.policyField(retryPath+".retryOn.triggers", hasRetry),
		reason: fmt.Sprintf("%s may repeat a request that a backend has acted on, which profile safe promises not to do", strings.Join(repeating, ", ")),
		advice: "remove it, or choose profile zero-loss",
	}}
}

func zeroLossTriggers(f *failover) []finding {
	retry := f.retryOfProfile(profileZeroLoss)
	if retry == nil {
		return nil
	}
	var missing []string
	if !containsAny(triggers(retry), egv1a1.Error5XX) {
		missing = f.missingOfHTTP(retry)
	}
	advice := "add what is missing"
	if len(missing) > 0 {
		advice += ", or 5xx"
	}
	if f.route.Object.Kind == "GRPCRoute" {
		advice = "add what is missing"
		for _, trigger := range []egv1a1.TriggerEnum{egv1a1.Cancelled, egv1a1.DeadlineExceeded, egv1a1.Internal, egv1a1.Unavailable} {
			if !slices.Contains(triggers(retry), trigger) {
				missing = append(missing, string(trigger))
			}
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return []finding{{
		source: f.policyField(retryPath+".retryOn.triggers", hasRetry),
		reason: "lacks " + enumerate(missing) + ", without which profile zero-loss loses requests", advice: advice,
	}}
}

// missingOfHTTP returns what a retry without 5xx lacks of the triggers that stand for it.
func (f *failover) missingOfHTTP(retry *egv1a1.Retry) []string {
	var missing []string
	if !f.retriesConnect(retry) {
		missing = append(missing, string(egv1a1.ConnectFailure))
	}
	for _, trigger := range []egv1a1.TriggerEnum{egv1a1.Reset, egv1a1.GatewayError} {
		if !slices.Contains(triggers(retry), trigger) {
			missing = append(missing, string(trigger))
		}
	}
	if !containsAny(triggers(retry), egv1a1.RetriableStatusCodes) || !slices.Contains(ptr.Deref(retry.RetryOn, egv1a1.RetryOn{}).HTTPStatusCodes, 500) {
		missing = append(missing, string(egv1a1.RetriableStatusCodes)+" with httpStatusCodes [500]")
	}
	return missing
}

func zeroLossHang(f *failover) []finding {
	retry := f.retryOfProfile(profileZeroLoss)
	if retry == nil || seconds(ptr.Deref(retry.PerRetry, egv1a1.PerRetryPolicy{}).Timeout, 0) > 0 {
		return nil // retry-too-late knows how long it may be
	}
	return []finding{{
		source: f.policyField(retryPath+".perRetry.timeout", hasRetry),
		reason: "it is not set, or 0s, so a request that hangs is never tried on the passive tier", advice: "write more than the slowest correct answer takes, such as 2s",
	}}
}

func targetWithoutTierRetry(f *failover) []finding {
	if f.has(target.NumAttemptsPerPriority) || f.retryOfProfile(profileSafe) == nil && f.retryOfProfile(profileZeroLoss) == nil {
		return nil
	}
	return []finding{{
		source: f.rule.Source, inSpec: "spec.target",
		reason: fmt.Sprintf("%s has Envoy Gateway %s, which cannot send a retry to the other tier (retry.numAttemptsPerPriority, since 1.%s) and lacks the trigger %s: "+
			"about one request is lost when an outage begins, and about a second of traffic each time an ejection ends",
			f.decoded[f.route.Object].Spec.Target, f.version, target.NumAttemptsPerPriority.Minor, egv1a1.ResetBeforeRequest),
	}}
}

func checkHostNotRewritten(f *failover) []finding {
	active := f.activeCheck()
	if active == nil || active.HTTP == nil || active.HTTP.Hostname != nil || len(checkHostWildcard(f)) > 0 {
		return nil
	}
	if rewrite := f.hostRewrite(); rewrite == nil || rewrite.by != egv1a1.BackendHTTPHostnameModifier || !f.asksRouteHostname() {
		return nil
	}
	found := finding{
		source: f.policyField("spec.healthCheck.active.http", hasHealthCheck),
		reason: "the check asks for the route's hostname, even where the Host is rewritten: a backend that answers only to its own hostname stays unhealthy",
		advice: "write hostname at each endpoint of the Backends",
	}
	if !f.has(target.EndpointCheckHost) {
		found.reason = fmt.Sprintf("the check asks every backend for the route's hostname in Envoy Gateway %s, even where the Host is rewritten: a backend that answers only to its own hostname stays unhealthy", f.version)
		found.advice = "write hostname where all backends answer to it, or remove the active check"
	}
	return []finding{found}
}

func targetAssumed(s *set) []finding {
	var findings []finding
	for _, route := range s.result.Routes {
		spec := s.decoded[route.Object].Spec
		if spec == nil || !spec.TargetAssumed || !s.checked[route.Object] {
			continue
		}
		findings = append(findings, finding{
			source: envoygateway.Source{Object: route.Object}, inSpec: "spec.target",
			reason: fmt.Sprintf("not given, %s (Envoy Gateway %s) is assumed", spec.Target, spec.Target.EnvoyGateway()),
		})
	}
	return findings
}

func gatewayOfTwoTargets(s *set) []finding {
	first := map[envoygateway.Object]*decoded{}
	var findings []finding
	for _, route := range s.result.Routes {
		at := s.decoded[route.Object]
		if at.Spec == nil {
			continue
		}
		for _, parent := range route.Parents {
			other := first[parent.Gateway]
			if other == nil {
				first[parent.Gateway] = at
				continue
			}
			if sameRelease(at.Spec.Target, other.Spec.Target) {
				continue
			}
			findings = append(findings, finding{
				source: envoygateway.Source{Object: route.Object}, inSpec: "spec.target",
				reason: fmt.Sprintf("%s is for %s here, and for %s in %s", parent.Gateway, at.Spec.Target, other.Spec.Target, diagnostic.DisplayName(other.Spec.Subject.ID())),
				advice: "write the same target in both, that of the Envoy Gateway that runs it",
			})
		}
	}
	return findings
}

// sameRelease tells whether two targets are one distribution with one Envoy Gateway.
func sameRelease(a, b target.Target) bool {
	return a.EnvoyGateway() == b.EnvoyGateway() && a.GatewayClassName() == b.GatewayClassName()
}
