package check

import (
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	"k8s.io/utils/ptr"

	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/envoy"
)

// healthCheckRules are about health checks that say the wrong thing, or say it too late.
var healthCheckRules = []Rule{
	{
		ID: "active-check-request", Severity: diagnostic.Warning,
		Summary: "The request of the active HTTP check does not tell whether the application works: its path, method or expectedStatuses.",
		Explanation: "Servers answer 400 to a path without its slash: both tiers are then unhealthy from the start, and Envoy sends requests to all hosts of both. The same happens where only an error is expected, " +
			"until the application fails: then it counts as healthy. A path with a scheme and a host makes the server ignore the Host header, and ask for that host. " +
			"A check with POST, PUT, PATCH or DELETE does what it asks for, at every interval, on every host, from every Envoy.",
		Fix:        "Write a path such as /healthz, the method GET, and the statuses of an application that works; the host of the check is hostname.",
		Cost:       "With a path without its slash, and with expectedStatuses: [500], 10 of 20 requests went to the standby while both tiers worked (tested with Envoy, without Envoy Gateway).",
		ofFailover: activeCheckRequest,
	},
	{
		ID: "slow-detection", Severity: diagnostic.Warning,
		Summary: "A health check takes more than a minute, or more than 100 errors in a row, to take a host out, or more than a minute to bring it back.",
		Explanation: "Until then, the traffic stays on the dead tier, or on the standby. An active check takes out a host that does not answer after unhealthyThreshold checks, each of them timeout and interval after the one before, " +
			"and brings it back after healthyThreshold of them. A passive check counts the errors in a row that one Envoy sees on one host: a success in between resets the count. " +
			"It is an error where nothing else makes the traffic leave the tier, and the check takes more than an hour or 10,000 errors. " +
			"It is information where the timeout of the active check is longer than its interval, since the check then takes longer than expected, and for the threshold of a passive check where there is an active check.",
		Fix:        "Write active: {interval: 2s, timeout: 1s, unhealthyThreshold: 2, healthyThreshold: 2} and passive: {consecutive5XxErrors: 3}.",
		ofFailover: slowDetection,
	},
	{
		ID: "check-too-fast", Severity: diagnostic.Warning,
		Summary:     "The active check has an interval under 100ms, or a timeout under 10ms.",
		Explanation: "Each Envoy checks each host that often, so the checks may overload a backend. A timeout of a few milliseconds takes out healthy hosts, whenever they or the network are slow for a moment.",
		Fix:         "Write interval: 2s and timeout: 1s.",
		ofFailover:  checkTooFast,
	},
	{
		ID: "tcp-check", Severity: diagnostic.Warning,
		Summary:     "An active TCP check is the only health check of a route for HTTP.",
		Explanation: "It passes as long as the port accepts connections. An application that answers errors, or that hangs, is never taken out, and nothing fails over.",
		Fix:         "Write an active check of type HTTP, or add a passive check. Use an active and a passive check together only with type HTTP.",
		ofFailover:  tcpCheck,
	},
}

const activePath = "spec.healthCheck.active"

func hasActive(spec *egv1a1.BackendTrafficPolicySpec) bool {
	return spec.HealthCheck != nil && spec.HealthCheck.Active != nil
}

func activeCheckRequest(f *failover) []finding {
	active := f.activeCheck()
	if active == nil || active.Type != egv1a1.ActiveHealthCheckerTypeHTTP || active.HTTP == nil {
		return nil
	}
	var findings []finding
	add := func(name, reason, advice string) {
		findings = append(findings, finding{source: f.policyField(activePath+".http."+name, hasActive), reason: reason, advice: advice})
	}
	// Whether it works depends on the servers, and most don't take it.
	addLikely := func(name, reason, advice string) {
		add(name, reason, advice)
		last := &findings[len(findings)-1]
		last.severity, last.unknown, last.likely = diagnostic.Error, true, true
	}
	switch path := active.HTTP.Path; {
	case strings.Contains(path, "://"):
		add("path", fmt.Sprintf("%s has a scheme and a host, which a server uses in place of the Host header", path), "write only the path, and write the host as hostname")
	case !strings.HasPrefix(path, "/"):
		addLikely("path", fmt.Sprintf("%s does not begin with a slash, so servers answer 400 and both tiers are unhealthy from the start", path), "write /"+path)
	}
	switch method := strings.ToUpper(ptr.Deref(active.HTTP.Method, "GET")); method {
	case "POST", "PUT", "PATCH", "DELETE":
		if method != "POST" || active.HTTP.RequestBody == nil {
			add("method", fmt.Sprintf("each check is a %s, from every Envoy, to every host", method), "write GET")
		}
	case "TRACE":
		addLikely("method", "most servers refuse TRACE, so both tiers are unhealthy from the start", "write GET")
	}
	const statusAdvice = "write the statuses of an application that works, such as 200"
	isError := func(status egv1a1.HTTPStatus) bool { return status >= http.StatusInternalServerError }
	switch expected := active.HTTP.ExpectedStatuses; {
	case !slices.ContainsFunc(expected, isError):
	case !slices.ContainsFunc(expected, func(status egv1a1.HTTPStatus) bool { return !isError(status) }):
		addLikely("expectedStatuses", "only an application that answers an error counts as healthy, so both tiers are unhealthy from the start", statusAdvice)
	default:
		add("expectedStatuses", "an application that answers an error counts as healthy too", statusAdvice)
	}
	return findings
}

// Limits of what a health check may take to detect an outage.
const (
	slowestDetection = time.Minute
	mostErrors       = 100
	// Beyond these, a health check without another one comes too late for any outage.
	neverDetected = time.Hour
	neverCounted  = 10_000
)

func slowDetection(f *failover) []finding {
	return append(slowActiveCheck(f), slowPassiveCheck(f)...)
}

func slowActiveCheck(f *failover) []finding {
	active := f.activeCheck()
	if active == nil {
		return nil
	}
	timeout, interval := seconds(active.Timeout, envoy.DefaultCheckTimeout), seconds(active.Interval, envoy.DefaultCheckInterval)
	unhealthy, healthy := ptr.Deref(active.UnhealthyThreshold, envoy.DefaultUnhealthy), ptr.Deref(active.HealthyThreshold, envoy.DefaultHealthy)
	out, back := times(unhealthy, timeout+interval), times(healthy, interval)
	switch {
	case out > slowestDetection || back > slowestDetection:
		found := finding{
			source: f.policyField(activePath, hasActive),
			reason: fmt.Sprintf("the active check takes up to %s to take out a host that does not answer (unhealthyThreshold %d, timeout %s, interval %s), and up to %s to bring it back (healthyThreshold %d)",
				roughly(out), unhealthy, short(timeout), short(interval), roughly(back), healthy),
			advice: "lower interval and thresholds",
		}
		if out > neverDetected && !f.ejects() && !f.retryLeavesTier() {
			found.severity = diagnostic.Error
		}
		return []finding{found}
	case timeout > interval && interval >= shortestInterval:
		return []finding{{
			source: f.policyField(activePath+".timeout", hasActive), severity: diagnostic.Info,
			reason: fmt.Sprintf("timeout %s is longer than interval %s: a host that hangs is taken out after up to %s", short(timeout), short(interval), roughly(out)), advice: "lower it",
		}}
	}
	return nil
}

// times multiplies a duration, up to the longest that there is.
func times(n uint32, duration time.Duration) time.Duration {
	if float64(n)*float64(duration) >= math.MaxInt64 {
		return math.MaxInt64
	}
	return time.Duration(n) * duration
}

// short writes a duration as a manifest has it, such as 1h.
func short(duration time.Duration) string {
	text := duration.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// roughly writes a duration in one unit.
func roughly(duration time.Duration) string {
	switch {
	case duration < 2*time.Minute, duration == time.Hour:
		return short(duration)
	case duration < 2*time.Hour:
		return fmt.Sprintf("%.0f minutes", duration.Minutes())
	case duration < 48*time.Hour:
		return fmt.Sprintf("%.0f hours", duration.Hours())
	default:
		return fmt.Sprintf("%.0f days", duration.Hours()/24)
	}
}

func slowPassiveCheck(f *failover) []finding {
	passive := f.passiveCheck()
	if passive == nil || passive.FailurePercentageThreshold != nil {
		return nil
	}
	name, errors := f.lowestThreshold(passive)
	if errors <= mostErrors {
		return nil
	}
	found := finding{
		source: f.policyField(passivePath+"."+name, hasPassive),
		reason: fmt.Sprintf("%s %d: each Envoy ejects a host only after so many errors of it in a row", name, errors), advice: "write 3",
	}
	switch {
	case f.activeCheck() != nil:
		found.severity = diagnostic.Info
	case errors > neverCounted && !f.retryLeavesTier():
		found.severity = diagnostic.Error
	}
	return []finding{found}
}

// lowestThreshold returns the threshold of a passive check that is reached first, by
// the errors that all of them count; 0 where there is none.
func (s *set) lowestThreshold(passive *egv1a1.PassiveHealthCheck) (name string, errors uint32) {
	thresholds := []struct {
		name   string
		errors uint32
		counts bool
	}{
		{"consecutive5XxErrors", ptr.Deref(passive.Consecutive5xxErrors, envoy.DefaultConsecutive), true},
		{"consecutiveGatewayErrors", ptr.Deref(passive.ConsecutiveGatewayErrors, 0), s.gatewayErrorsCount()},
		{"consecutiveLocalOriginFailures", ptr.Deref(passive.ConsecutiveLocalOriginFailures, envoy.DefaultConsecutive), ptr.Deref(passive.SplitExternalLocalOriginErrors, false)},
	}
	for _, threshold := range thresholds {
		if threshold.counts && threshold.errors > 0 && (errors == 0 || threshold.errors < errors) {
			name, errors = threshold.name, threshold.errors
		}
	}
	return name, errors
}

// Limits of how often a host may be checked, and of how fast it must answer.
const (
	shortestInterval = 100 * time.Millisecond
	shortestTimeout  = 10 * time.Millisecond
)

func checkTooFast(f *failover) []finding {
	active := f.activeCheck()
	if active == nil {
		return nil
	}
	var findings []finding
	if interval := seconds(active.Interval, envoy.DefaultCheckInterval); interval > 0 && interval < shortestInterval {
		findings = append(findings, finding{
			source: f.policyField(activePath+".interval", hasActive),
			reason: fmt.Sprintf("interval %s: each Envoy sends each host up to %.0f checks a second", interval, 1/interval.Seconds()), advice: "write 2s",
		})
	}
	if timeout := seconds(active.Timeout, envoy.DefaultCheckTimeout); timeout < shortestTimeout {
		findings = append(findings, finding{
			source: f.policyField(activePath+".timeout", hasActive),
			reason: fmt.Sprintf("timeout %s: a host that is slow for a moment counts as down", timeout), advice: "write 1s",
		})
	}
	return findings
}

func tcpCheck(f *failover) []finding {
	active, passive := f.activeCheck(), f.passiveCheck()
	if active == nil || active.Type != egv1a1.ActiveHealthCheckerTypeTCP || !f.isHTTP() || passive != nil && f.fires(passive) {
		return nil
	}
	reason := "a TCP check passes as long as the port accepts connections: an application that answers errors or hangs stays"
	if f.isSimulated() {
		if compared := f.with(f.answersError(), withHTTPCheck); compared.helps() {
			reason += ": " + compared.otherwise("with a check of type HTTP")
		}
	}
	return []finding{{source: f.policyField(activePath, hasActive), reason: reason, advice: "write one"}}
}
