package check

import (
	"fmt"
	"math"
	"time"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	"k8s.io/utils/ptr"

	"github.com/failover-krm/failover/pkg/diagnostic"
)

// ejectionRules are about what takes a dead tier out, and brings it back.
var ejectionRules = []Rule{
	{
		ID: "no-health-check", Severity: diagnostic.Error,
		Summary: "No policy in effect has a health check, neither active nor passive.",
		Explanation: "Envoy takes every host for healthy, and the traffic stays on the dead tier. It is a warning where each retry leaves the tier: a request that cannot connect is then " +
			"served by the next tier, but every request tries the dead one first, and one that gets an error or hangs is lost.",
		Fix:        "Write a BackendTrafficPolicy for the route with healthCheck.passive {maxEjectionPercent: 100}, and better an active check beside it.",
		ofFailover: noHealthCheck,
	},
	{
		ID: "passive-never-fires", Severity: diagnostic.Error,
		Summary: "The passive health check has no threshold that can be reached.",
		Explanation: "consecutive5XxErrors 0 is never reached (unset is 5), nor is consecutiveGatewayErrors 0; consecutiveLocalOriginFailures counts only where splitExternalLocalOriginErrors " +
			"is true. consecutiveGatewayErrors does nothing before Envoy Gateway 1.6. It is a warning where each retry leaves the tier.",
		Fix:        "Write consecutive5XxErrors: 3. Without the split, a failed connection counts as a 503, and a timeout as a 504.",
		ofFailover: passiveNeverFires,
	},
	{
		ID: "max-ejection-too-low", Severity: diagnostic.Error,
		Summary: "maxEjectionPercent does not let Envoy eject the whole active tier. The default is 10.",
		Explanation: "Envoy ejects one host more as long as 100 * ejected / all hosts of the cluster stays within maxEjectionPercent. With one active and one passive host the default of 10 never " +
			"ejects any, and a 0 is dropped, so the default applies. A hostname counts as one host. It is a warning where each retry leaves the tier.",
		Fix:        "Write maxEjectionPercent: 100. With a single active host, alwaysEjectOneEndpoint: true does too (since Envoy Gateway 1.8).",
		Cost:       "healthCheck: {passive: {}}, so the defaults: 409 of 1,200 requests lost at 20 a second, in an outage of 20 s: it never fails over.",
		ofFailover: maxEjectionTooLow,
	},
	{
		ID: "hair-trigger", Severity: diagnostic.Warning,
		Summary:     "One error ejects the only host of the active tier.",
		Explanation: "The hostname of a Service is one host, however many pods are behind it. With a threshold of 1, one 5xx answer of one pod moves the whole traffic to the next tier for baseEjectionTime.",
		Fix:         "Write consecutive5XxErrors: 3. With a retry that leaves the tier, nothing more is lost by it where the port is closed.",
		ofFailover:  hairTrigger,
	},
	{
		ID: "slow-failback", Severity: diagnostic.Warning,
		Summary: "No active health check, and a baseEjectionTime above 10s.",
		Explanation: "Each ejection lasts baseEjectionTime longer than the one before, up to 300s, and only its end brings the host back. An outage of T ends with an ejection of about the square root of " +
			"2 * T * baseEjectionTime. Each end of an ejection is a try with the requests of users.",
		Fix:        "Write an active check: it brings a host back in seconds, and keeps a dead one out. Or write baseEjectionTime: 10s.",
		ofFailover: slowFailback,
	},
	{
		ID: "no-active-check", Severity: diagnostic.Info,
		Summary:     "A passive health check without an active one.",
		Explanation: "Only the requests of users find out that a tier is down, or up again. A request that hangs counts once the route's timeout ends it: where clients leave earlier, nothing is ever counted and the traffic stays.",
		Fix:         "Write healthCheck.active with a path that answers 200 where the application can serve.",
		Cost:        "Clients that leave after 5 s, an application that hangs for 20 s: 300 of 300 requests lost with profile safe.",
		ofFailover:  noActiveCheck,
	},
	{
		ID: "hc-flap", Severity: diagnostic.Warning,
		Summary:     "An active TCP check beside a passive check.",
		Explanation: "A TCP check passes while the application answers errors, and a check that passes ends an ejection at once: the passive check ejects the host, the active one brings it back, again and again.",
		Fix:         "Write an active check of type HTTP, with a path that fails where the application does.",
		Cost:        "About half of all requests, for the whole outage, where the application answers errors (predicted by a model that agrees with the drills).",
		ofFailover:  hcFlap,
	},
	{
		ID: "dead-local-origin", Severity: diagnostic.Info,
		Summary:     "consecutiveLocalOriginFailures is given, and splitExternalLocalOriginErrors is not true.",
		Explanation: "Envoy reads the threshold only where it counts failures of its own, such as a refused connection, apart. Without that they count as 503 and 504, for consecutive5XxErrors.",
		Fix:         "Remove consecutiveLocalOriginFailures, or write splitExternalLocalOriginErrors: true.",
		ofFailover:  deadLocalOrigin,
	},
}

const passivePath = "spec.healthCheck.passive"

// unlessRetried is the severity of what only a retry that leaves the tier makes up
// for.
func (f *failover) unlessRetried() diagnostic.Severity {
	if f.retryLeavesTier() {
		return diagnostic.Warning
	}
	return ""
}

// stays is what happens to the traffic then.
func (f *failover) stays() string {
	if f.retryLeavesTier() {
		return "and every request tries a dead tier first"
	}
	return "and nothing fails over"
}

func noHealthCheck(f *failover) []finding {
	if f.at == nil || f.activeCheck() != nil || f.passiveCheck() != nil {
		return nil
	}
	found := finding{source: f.policyField("spec.healthCheck", hasHealthCheck), severity: f.unlessRetried(), unknown: f.isPolicyUnknown(), advice: "write healthCheck.passive with maxEjectionPercent: 100, and an active check"}
	if f.at.Policy.Spec != nil {
		found.reason = "neither an active nor a passive health check, so Envoy never takes a tier out, " + f.stays()
		return []finding{found}
	}
	if f.unreadablePolicy() != "" {
		return nil // which has an error of its own
	}
	found.reason = "no BackendTrafficPolicy is in effect, so Envoy never takes a tier out, and nothing fails over"
	found.advice = "write one for the route, with healthCheck.passive and maxEjectionPercent: 100"
	return []finding{found}
}

// onlyPassive returns the passive check where there is no other.
func (f *failover) onlyPassive() *egv1a1.PassiveHealthCheck {
	if f.activeCheck() != nil {
		return nil
	}
	return f.passiveCheck()
}

func passiveNeverFires(f *failover) []finding {
	passive := f.onlyPassive()
	if passive == nil || f.fires(passive) {
		return nil
	}
	reason := "consecutive5XxErrors is 0, and no other threshold counts"
	if ptr.Deref(passive.ConsecutiveGatewayErrors, 0) > 0 {
		reason = "consecutive5XxErrors is 0, and consecutiveGatewayErrors does nothing before Envoy Gateway 1.6"
	}
	return []finding{{
		source: f.policyField(passivePath+".consecutive5XxErrors", hasPassive), severity: f.unlessRetried(),
		reason: fmt.Sprintf("%s, so Envoy never ejects a host, %s", reason, f.stays()), advice: "write consecutive5XxErrors: 3",
	}}
}

func maxEjectionTooLow(f *failover) []finding {
	passive := f.onlyPassive()
	if passive == nil || !f.fires(passive) {
		return nil
	}
	percent := maxEjectionPercent(passive)
	first, all, known := f.hosts()
	found := finding{source: f.policyField(passivePath+".maxEjectionPercent", hasPassive), severity: f.unlessRetried(), unknown: !known, advice: "write 100"}
	switch {
	case !f.canEject(passive):
		// Few Services are headless, so that their names are more than one host.
		found.likely = true
		found.reason = fmt.Sprintf("maxEjectionPercent %d never ejects the whole active tier, %s of %d, %s", percent, hosts(first), all, f.stays())
	case !known && percent < 100:
		found.reason = fmt.Sprintf("whether maxEjectionPercent %d ejects the whole active tier depends on how many hosts the tiers have, which is not in these files", percent)
	default:
		return nil
	}
	return []finding{found}
}

func hosts(n int32) string {
	if n == 1 {
		return "1 host"
	}
	return fmt.Sprintf("%d hosts", n)
}

func hairTrigger(f *failover) []finding {
	passive := f.passiveCheck()
	first, _, _ := f.hosts()
	if passive == nil || first != 1 || ptr.Deref(passive.Consecutive5xxErrors, defaultConsecutive5xx) != 1 {
		return nil
	}
	return []finding{{
		source: f.policyField(passivePath+".consecutive5XxErrors", hasPassive),
		reason: "consecutive5XxErrors 1 and one active host: one 5xx answer moves all traffic to the next tier", advice: "write 3",
	}}
}

// longOutage is the outage that failback is told for.
const longOutage = 10 * time.Minute

// lastEjection is about how long the last ejection of an outage lasts.
func lastEjection(outage, base time.Duration) time.Duration {
	last := time.Duration(math.Sqrt(2*outage.Seconds()*base.Seconds())) * time.Second
	return min(max(last, base), 300*time.Second).Round(10 * time.Second)
}

// slowBase is the longest baseEjectionTime that is not called slow; the profiles'.
const slowBase = 10 * time.Second

func slowFailback(f *failover) []finding {
	passive := f.onlyPassive()
	if passive == nil {
		return nil
	}
	base := seconds(passive.BaseEjectionTime, defaultBaseEjectionTime)
	if base <= slowBase {
		return nil
	}
	return []finding{{
		source: f.policyField(passivePath+".baseEjectionTime", hasPassive),
		reason: fmt.Sprintf("no active check, and baseEjectionTime %s: after an outage of %.0f minutes, active may be back only about %s later", base, longOutage.Minutes(), lastEjection(longOutage, base)),
		advice: "write an active check, or 10s",
	}}
}

func noActiveCheck(f *failover) []finding {
	passive := f.onlyPassive()
	if passive == nil || len(slowFailback(f)) > 0 {
		return nil
	}
	base := seconds(passive.BaseEjectionTime, defaultBaseEjectionTime)
	return []finding{{
		source: f.policyField("spec.healthCheck", hasPassive),
		reason: fmt.Sprintf("no active check: requests that hang until their client leaves are never counted, and after an outage of %.0f minutes active may be back only about %s later",
			longOutage.Minutes(), lastEjection(longOutage, base)),
		advice: "write healthCheck.active with a path that fails where the application does",
	}}
}

func hcFlap(f *failover) []finding {
	active, passive := f.activeCheck(), f.passiveCheck()
	if active == nil || passive == nil || active.Type != egv1a1.ActiveHealthCheckerTypeTCP || !f.isHTTP() || !f.fires(passive) {
		return nil
	}
	return []finding{{
		source: f.policyField("spec.healthCheck.active", hasHealthCheck),
		reason: "a TCP check passes while the application answers errors, and ends the ejection by the passive check at once", advice: "write a check of type HTTP",
	}}
}

func deadLocalOrigin(f *failover) []finding {
	passive := f.passiveCheck()
	if passive == nil || ptr.Deref(passive.SplitExternalLocalOriginErrors, false) || ptr.Deref(passive.ConsecutiveLocalOriginFailures, defaultLocalOrigin) == defaultLocalOrigin {
		return nil
	}
	return []finding{{
		source: f.policyField(passivePath+".consecutiveLocalOriginFailures", hasPassive),
		reason: fmt.Sprintf("consecutiveLocalOriginFailures %d does nothing without splitExternalLocalOriginErrors", *passive.ConsecutiveLocalOriginFailures),
	}}
}
