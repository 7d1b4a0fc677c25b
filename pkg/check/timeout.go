package check

import (
	"fmt"
	"time"

	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/envoy"
)

// timeoutRules are about how long a request waits for a dead tier.
var timeoutRules = []Rule{
	{
		ID: "slow-connect", Severity: diagnostic.Warning,
		Summary: "connectTimeout is unset, which means 10 s, or is 10 s or more; or the attempts on a dead tier take as long as the timeout of the whole request.",
		Explanation: "A host whose node is gone drops packets. Each request waits for connectTimeout before Envoy tries another tier, and clients leave. The route's timeout, 15 s by default, " +
			"covers all attempts. Where it ends before the attempts on the dead tier end, no time is left for the next tier.",
		Fix:        "Write timeout: {tcp: {connectTimeout: 1s}}, and a requestTimeout well above it.",
		Cost:       "202 of 1,200 requests were lost at 20 a second, in an outage of 20 s with packets dropped; 2 with connectTimeout: 1s and a retry that leaves the tier.",
		ofFailover: slowConnect,
	},
}

func slowConnect(f *failover) []finding {
	if f.at == nil || f.at.Policy.Spec == nil {
		return nil
	}
	connect, isSet := f.connectTimeout()
	source := f.policyField("spec.timeout", hasTimeout)
	if connect >= envoy.DefaultConnectTimeout {
		found := finding{source: source, unknown: f.isPolicyUnknown() && !isSet, advice: "write tcp: {connectTimeout: 1s}"}
		found.reason = fmt.Sprintf("a request to a host that drops packets waits for %s before Envoy tries another tier", roughly(connect))
		if isSet {
			found.source.Path += ".tcp.connectTimeout"
			found.advice = "write 1s"
		} else {
			found.reason = "no tcp.connectTimeout: " + found.reason
		}
		if f.isSimulated() {
			if compared := f.with(envoy.Dropped, func(s *envoy.Settings) { s.ConnectTimeout = time.Second }); compared.helps() {
				found.reason += ": " + compared.otherwise("with 1s")
			}
		}
		return []finding{found}
	}
	retry, request := f.retry(), f.requestTimeout()
	if retry == nil || attemptsInTier(retry) == 0 || request == 0 {
		return nil
	}
	if settings := f.requestPolicy().Timeout; settings.HTTP != nil && settings.HTTP.RequestTimeout != nil {
		source.Path += ".http.requestTimeout"
	}
	attempts := connect * time.Duration(attemptsInTier(retry))
	if request > attempts {
		return nil
	}
	return []finding{{
		source: source,
		reason: fmt.Sprintf("a request ends after %s, before its attempts on a dead tier end (%d of %s), so Envoy never tries the next tier", request, attemptsInTier(retry), connect),
		advice: "lower connectTimeout, or raise the request's timeout",
	}}
}
