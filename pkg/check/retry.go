package check

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	"k8s.io/utils/ptr"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/envoy"
	"github.com/failover-krm/failover/pkg/target"
)

// retryRules are about the requests that find out that a tier is down.
var retryRules = []Rule{
	{
		ID: "no-retry", Severity: diagnostic.Warning,
		Summary: "Nothing is retried: no policy in effect has retry, numRetries is 0, or circuitBreaker.maxParallelRetries is 0.",
		Explanation: "Envoy retries nothing by default. The first requests of an outage are lost. Each time an ejection ends, the host returns and the first " +
			"request fails. Every request goes to the dead host until Envoy has applied the next ejection, up to a second later.",
		Fix:        "Write retry: {numRetries: 2, numAttemptsPerPriority: 1, retryOn: {triggers: [connect-failure, refused-stream, reset-before-request]}}.",
		Cost:       "22 of 1,200 requests were lost at 20 a second, in an outage of 20 s (the port closed); 0 with a retry that leaves the tier.",
		ofFailover: noRetry,
	},
	{
		ID: "retry-same-tier", Severity: diagnostic.Warning, Since: "1.5",
		Summary:     "A retry may stay on the dead tier: numAttemptsPerPriority is unset, or above numRetries.",
		Explanation: "Envoy leaves out the tiers that a request was tried on only where numAttemptsPerPriority is set. Without it, retries go to the dead host again in the second after an ejection ends.",
		Fix:         "Write numAttemptsPerPriority: 1.",
		Cost:        "20 of 1,200 requests were lost with only numRetries: 2, and 0 with numAttemptsPerPriority: 1 in addition.",
		ofFailover:  retrySameTier,
	},
	{
		ID: "route-retry-shadows", Severity: diagnostic.Warning,
		Summary:     "The rule of an HTTPRoute has retry.",
		Explanation: "It replaces the whole retry of the policy: numAttemptsPerPriority and the triggers of the policy have no effect, and a retry may stay on the dead tier.",
		Fix:         "Remove retry from the rule, and write it into the BackendTrafficPolicy.",
		ofFailover:  routeRetryShadows,
	},
	{
		ID: "retry-misses-reset", Severity: diagnostic.Warning, Since: "1.5",
		Summary:     "The retry has none of the triggers reset-before-request, reset, gateway-error and 5xx.",
		Explanation: "A connection that breaks after it was made is not a connect-failure. When a tier goes down, the requests on open connections are lost.",
		Fix:         "Add reset-before-request, which repeats no request that a backend may have seen; or reset where every request may be repeated.",
		ofFailover:  retryMissesReset,
	},
	{
		ID: "retry-misses-connect", Severity: diagnostic.Warning,
		Summary: "The retry has no trigger for a request that cannot connect.",
		Explanation: "A port that is closed, or a host that drops packets, is a connect-failure. Envoy retries it only with the triggers connect-failure, reset-before-request, reset, gateway-error and 5xx. " +
			"The status 503 that the client gets comes from Envoy itself, so retriable-status-codes and unavailable do not apply.",
		Fix:        "Write triggers: [connect-failure, refused-stream, reset-before-request].",
		Cost:       "20 of 20 requests were lost with only refused-stream, retriable-status-codes for 503 or unavailable, in an outage with the port closed; 0 with each of the other five (tested with Envoy, without Envoy Gateway).",
		ofFailover: retryMissesConnect,
	},
	{
		ID: "retry-misses-500", Severity: diagnostic.Info,
		Summary:     "The retry repeats what is answered with 502, 503 or 504, and not what is answered with 500.",
		Explanation: "gateway-error applies only to these three. An application that answers 500 loses each of its requests until it is ejected.",
		Fix:         "Add the trigger retriable-status-codes with httpStatusCodes: [500], or 5xx, where every request may be repeated.",
		Cost:        "26 of 1,200 requests were lost at 20 a second, in an outage of 20 s (the application answers 500), where no trigger repeats that; 0 with such a trigger.",
		ofFailover:  retryMisses500,
	},
	{
		ID: "retry-too-late", Severity: diagnostic.Warning,
		Summary: "The next tier gets a request too late: perRetry.backOff.baseInterval is above 1s, or perRetry.timeout leaves less of the request's timeout than an attempt may take.",
		Explanation: "Before the first retry, Envoy waits for a random time up to baseInterval, and the client waits with it. The request's timeout, 15s by default, covers all attempts and pauses: " +
			"an attempt that hangs takes perRetry.timeout of it, and what is left must be enough for the next tier.",
		Fix:        "Remove backOff, which makes baseInterval 25ms, and write a requestTimeout of more than twice perRetry.timeout.",
		Cost:       "With baseInterval: 5s, requests took 2.4 s each on average, in an outage with the port closed (tested with Envoy, without Envoy Gateway).",
		ofFailover: retryTooLate,
	},
	{
		ID: "too-many-retries", Severity: diagnostic.Warning,
		Summary:     "numRetries is above 10.",
		Explanation: "One retry reaches the next tier. Where that tier fails too, Envoy repeats each request up to numRetries times, as long as its timeout allows. The load grows when the fewest servers are left.",
		Fix:         "Write numRetries: 2.",
		ofFailover:  tooManyRetries,
	},
	{
		ID: "unsafe-retry", Severity: diagnostic.Warning,
		Summary:     "A rule matches POST or PATCH, and its retry repeats requests that a backend may have acted on.",
		Explanation: "With reset, 5xx, gateway-error or the status codes of an answer, a request goes to the next tier although the first tier may have processed it: an order is placed twice.",
		Fix:         "Use only the triggers connect-failure, refused-stream and reset-before-request, or give these methods a rule and a policy of their own.",
		ofFailover:  unsafeRetry,
	},
	{
		ID: "retry-budget", Severity: diagnostic.Warning, Since: "1.8",
		Summary: "The policy has a retryBudget with a minRetryConcurrency below 100.",
		Explanation: "While the active tier is down and not yet ejected, every request is a retry. Above minRetryConcurrency (3 if unset) Envoy retries only as long as retries are fewer than the budget's share of all requests, " +
			"and all of them are retries. So the others get the error of the first attempt, even with 100 per cent.",
		Fix:        "Remove circuitBreaker.retryBudget, so that maxParallelRetries (1024 if unset) applies. Or write a minRetryConcurrency as high as the number of requests at one time.",
		Cost:       "50 requests a second that take 0.3 s each, the port of the active tier closed, no ejection: 161 of 200 lost with 20 per cent, 33 with 100 per cent, 0 without a retryBudget.",
		ofFailover: retryBudget,
	},
	{
		ID: "connections-not-retried", Severity: diagnostic.Warning,
		Summary: "A TCPRoute or TLSRoute without an active health check.",
		Explanation: "Envoy sees only connections there, and no requests: it retries nothing, even where the policy has retry, and no answer of an application counts as an error. Each new connection to a dead tier is lost until " +
			"enough of them have failed to eject the host, and again each time the ejection ends. A host that accepts connections is never ejected.",
		Fix:        "Write healthCheck.active: it keeps a dead host out, so that only the connections of its first seconds are lost. Type HTTP also finds an application that answers errors.",
		Cost:       "26 connections were lost at 20 a second, in an outage of 20 s (the port closed): 3 at its start, the others in the second after the ejection had ended.",
		ofFailover: connectionsNotRetried,
	},
}

const retryPath = "spec.retry"

func noRetry(f *failover) []finding {
	if f.at == nil || !f.isHTTP() || f.rule.Retry != nil {
		return nil
	}
	lost := "the first requests of an outage are lost, and about a second of traffic each time an ejection ends"
	if f.isSimulated() {
		compared := f.with(envoy.Closed, f.retryNextTier)
		if !compared.helps() {
			return nil
		}
		lost = compared.String()
	}
	const advice = "write retry with numAttemptsPerPriority: 1"
	retry := f.retry()
	given := f.requestPolicy().Retry
	switch {
	case given != nil && numRetries(given) > 0 && !f.permitsRetries():
		return []finding{{
			source: f.policyField("spec.circuitBreaker.maxParallelRetries", hasCircuitBreaker), reason: "maxParallelRetries is 0, so that nothing is retried: " + lost, advice: "remove it, or write a number",
		}}
	case retry != nil && numRetries(retry) > 0:
		return nil
	case retry != nil:
		return []finding{{source: f.policyField(retryPath+".numRetries", hasRetry), reason: "numRetries is 0: " + lost, advice: "write 2, and numAttemptsPerPriority: 1"}}
	case f.at.Policy.Spec == nil:
		return nil // no-health-check says that there is no policy
	default:
		return []finding{{source: f.policyField(retryPath, hasRetry), reason: "no retry: " + lost, advice: advice, unknown: f.isPolicyUnknown()}}
	}
}

func retrySameTier(f *failover) []finding {
	retry := f.retry()
	if retry == nil || numRetries(retry) == 0 || attemptsInTier(retry) > 0 || !f.has(target.NumAttemptsPerPriority) {
		return nil
	}
	what := "no numAttemptsPerPriority"
	if attempts := ptr.Deref(retry.NumAttemptsPerPriority, 0); attempts > 0 {
		what = fmt.Sprintf("numAttemptsPerPriority %d is above numRetries %d", attempts, numRetries(retry))
	}
	what += ", so a retry may stay on the dead tier"
	if f.isSimulated() {
		compared := f.with(envoy.Closed, func(s *envoy.Settings) { s.Retry.AttemptsPerPriority = 1 })
		if !compared.helps() {
			return nil
		}
		what += ": " + compared.String()
	}
	return []finding{{source: f.policyField(retryPath, hasRetry), reason: what, advice: "write numAttemptsPerPriority: 1"}}
}

func routeRetryShadows(f *failover) []finding {
	if f.at == nil || f.rule.Retry == nil {
		return nil
	}
	source := f.rule.Source
	source.Path += ".retry"
	reason := "it replaces the policy's retry, so a retry may stay on the dead tier"
	if f.isSimulated() && f.has(target.NumAttemptsPerPriority) {
		if compared := f.with(envoy.Closed, f.retryNextTier); compared.helps() {
			reason += ": " + compared.otherwise("with the retry of a policy")
		}
	}
	return []finding{{source: source, reason: reason, advice: "write it into the BackendTrafficPolicy, with numAttemptsPerPriority: 1"}}
}

func retryMissesReset(f *failover) []finding {
	retry := f.retry()
	if retry == nil || numRetries(retry) == 0 || !f.has(target.ResetBeforeRequest) || f.profile() == profileZeroLoss || // zero-loss-triggers
		containsAny(triggers(retry), egv1a1.ResetBeforeRequest, egv1a1.Reset, egv1a1.Error5XX, egv1a1.GatewayError) {
		return nil
	}
	return []finding{{
		source: f.policyField(retryPath+".retryOn.triggers", hasRetry),
		reason: "no trigger for a connection that breaks, so the requests on open connections are lost when a tier goes down", advice: "add reset-before-request",
	}}
}

func retryMissesConnect(f *failover) []finding {
	retry := f.retry()
	if retry == nil || numRetries(retry) == 0 || f.retriesConnect(retry) || f.profile() == profileZeroLoss { // zero-loss-triggers
		return nil
	}
	reason := "no trigger for a request that cannot connect, so it is lost"
	if f.isSimulated() {
		if compared := f.with(envoy.Closed, func(s *envoy.Settings) { s.Retry.On.ConnectFailure = true }); compared.helps() {
			reason += ": " + compared.String()
		}
	}
	return []finding{{source: f.policyField(retryPath+".retryOn.triggers", hasRetry), reason: reason, advice: "add connect-failure"}}
}

func retryMisses500(f *failover) []finding {
	retry := f.retry()
	if retry == nil || numRetries(retry) == 0 || f.answersError() != envoy.Status500 || !containsAny(triggers(retry), egv1a1.GatewayError) || containsAny(triggers(retry), egv1a1.Error5XX) ||
		f.profile() == profileZeroLoss { // zero-loss-triggers
		return nil
	}
	if containsAny(triggers(retry), egv1a1.RetriableStatusCodes) && slices.Contains(retry.RetryOn.HTTPStatusCodes, http.StatusInternalServerError) {
		return nil
	}
	reason := "gateway-error repeats what is answered with 502, 503 or 504, and not what is answered with 500"
	if f.isSimulated() {
		compared := f.with(f.answersError(), func(s *envoy.Settings) {
			s.Retry.On.Statuses, s.Retry.Statuses = true, append(s.Retry.Statuses, http.StatusInternalServerError)
		})
		if compared.helps() {
			reason += ": " + compared.otherwise("with that")
		}
	}
	return []finding{{source: f.policyField(retryPath+".retryOn", hasRetry), reason: reason, advice: "add retriable-status-codes, with httpStatusCodes: [500]"}}
}

// longestBackOff is the longest pause before a retry that is not called long.
const longestBackOff = time.Second

func retryTooLate(f *failover) []finding {
	retry := f.retry()
	if retry == nil || retry.PerRetry == nil || numRetries(retry) == 0 {
		return nil
	}
	var findings []finding
	request := f.requestTimeout()
	if retry.PerRetry.BackOff != nil {
		if pause := seconds(retry.PerRetry.BackOff.BaseInterval, 0); pause > longestBackOff {
			reason := fmt.Sprintf("a request that fails on a dead tier waits for up to %s before it is tried on the next", roughly(pause))
			if request > 0 && pause > request {
				reason += fmt.Sprintf(", and ends after %s", request)
			}
			findings = append(findings, finding{source: f.policyField(retryPath+".perRetry.backOff.baseInterval", hasRetry), reason: reason, advice: "remove it, which makes it 25ms"})
		}
	}
	attempt, attempts := seconds(retry.PerRetry.Timeout, 0), time.Duration(attemptsInTier(retry))
	if left := request - attempt*attempts; request > 0 && attempt > 0 && attempts > 0 && left < attempt {
		findings = append(findings, finding{
			source: f.policyField(retryPath+".perRetry.timeout", hasRetry),
			reason: fmt.Sprintf("a request ends after %s, and its attempts on a tier that hangs take %s: %s are left for the next tier", request, attempt*attempts, max(left, 0)),
			advice: "raise the request's timeout, or lower this",
		})
	}
	return findings
}

// mostRetries is the largest numRetries that is not called large.
const mostRetries = 10

func tooManyRetries(f *failover) []finding {
	retry := f.retry()
	if retry == nil || numRetries(retry) <= mostRetries {
		return nil
	}
	return []finding{{
		source: f.policyField(retryPath+".numRetries", hasRetry),
		reason: fmt.Sprintf("numRetries %d: where both tiers fail, Envoy repeats each request as often as its timeout allows", numRetries(retry)), advice: "write 2",
	}}
}

func unsafeRetry(f *failover) []finding {
	retry := f.retry()
	if retry == nil || numRetries(retry) == 0 {
		return nil
	}
	var unsafe []string
	for _, trigger := range triggers(retry) {
		switch trigger {
		case egv1a1.Reset, egv1a1.Error5XX, egv1a1.GatewayError, egv1a1.RetriableStatusCodes:
			unsafe = append(unsafe, string(trigger))
		}
	}
	method := f.unsafeMethod()
	if len(unsafe) == 0 || method == "" {
		return nil
	}
	return []finding{{
		source: f.policyField(retryPath+".retryOn.triggers", hasRetry),
		reason: fmt.Sprintf("%s may repeat a %s that a backend has acted on", strings.Join(unsafe, ", "), method),
		advice: "use only connect-failure, refused-stream and reset-before-request",
	}}
}

// unsafeMethod returns a method of the rule's matches that must not be repeated.
func (f *failover) unsafeMethod() gwapiv1.HTTPMethod {
	rule := f.httpRule()
	if rule == nil {
		return ""
	}
	for _, match := range rule.Matches {
		if method := ptr.Deref(match.Method, ""); method == gwapiv1.HTTPMethodPost || method == gwapiv1.HTTPMethodPatch {
			return method
		}
	}
	return ""
}

// enoughRetries is a minRetryConcurrency that is not called small.
const enoughRetries = 100

func retryBudget(f *failover) []finding {
	retry, breaker := f.retry(), f.clusterPolicy().CircuitBreaker
	if retry == nil || numRetries(retry) == 0 || breaker == nil || breaker.RetryBudget == nil {
		return nil
	}
	least := ptr.Deref(breaker.RetryBudget.MinRetryConcurrency, defaultMinRetryConcurrency)
	if least >= enoughRetries {
		return nil
	}
	hasBudget := func(spec *egv1a1.BackendTrafficPolicySpec) bool {
		return spec.CircuitBreaker != nil && spec.CircuitBreaker.RetryBudget != nil
	}
	return []finding{{
		source: f.policyField("spec.circuitBreaker.retryBudget", hasBudget),
		reason: fmt.Sprintf("while the active tier is down every request is a retry. Envoy lets only a part of them through where there are more than %d at one time: the others are lost", least),
		advice: "remove it, or raise minRetryConcurrency",
	}}
}

func connectionsNotRetried(f *failover) []finding {
	if f.at == nil || f.isHTTP() || f.activeCheck() != nil || f.passiveCheck() == nil {
		return nil
	}
	found := finding{
		source: f.policyField("spec.healthCheck", hasPassive),
		reason: fmt.Sprintf("a %s retries nothing: each new connection to a dead tier is lost until it is ejected, and again each time the ejection ends", f.route.Object.Kind),
		advice: "write an active check, which keeps a dead host out",
	}
	for _, layer := range f.at.ClusterPolicy.From {
		if layer.Spec.Retry != nil {
			found.source = f.policyField(retryPath, hasRetry)
			found.reason = fmt.Sprintf("retry does nothing for a %s: each new connection to a dead tier is lost until it is ejected, and again each time the ejection ends", f.route.Object.Kind)
		}
	}
	return []finding{found}
}
