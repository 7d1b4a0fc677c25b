package check

import (
	"fmt"
	"math"
	"strings"
	"time"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	"k8s.io/utils/ptr"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/envoy"
	"github.com/failover-krm/failover/pkg/envoygateway"
	"github.com/failover-krm/failover/pkg/simulate"
	"github.com/failover-krm/failover/pkg/target"
)

// ejectionRules are about what takes a dead tier out, and brings it back.
var ejectionRules = []Rule{
	{
		ID: "no-health-check", Severity: diagnostic.Error,
		Summary: "No policy in effect has a health check, neither active nor passive.",
		Explanation: "Envoy treats every host as healthy, and the traffic stays on the dead tier. It is a warning where each retry leaves the tier: then the next tier serves a request that cannot " +
			"connect, but every request tries the dead tier first, and a request that gets an error or hangs is lost.",
		Fix:        "Write a BackendTrafficPolicy for the route with healthCheck.passive {maxEjectionPercent: 100}. An active check in addition is better.",
		ofFailover: noHealthCheck,
	},
	{
		ID: "passive-never-fires", Severity: diagnostic.Error,
		Summary: "The passive health check can reach none of its thresholds.",
		Explanation: "Envoy never reaches a consecutive5XxErrors of 0 (5 if unset) or a consecutiveGatewayErrors of 0; consecutiveLocalOriginFailures counts only where splitExternalLocalOriginErrors " +
			"is true. consecutiveGatewayErrors has no effect before Envoy Gateway 1.6, and failurePercentageThreshold has none with fewer than 5 active hosts. It is a warning where each retry leaves the tier, and " +
			"information where there is an active check, which is then the only check that works.",
		Fix:        "Write consecutive5XxErrors: 3. Without the split, a failed connection counts as a 503, and a timeout as a 504.",
		ofFailover: passiveNeverFires,
	},
	{
		ID: "max-ejection-too-low", Severity: diagnostic.Error,
		Summary: "maxEjectionPercent does not let Envoy eject the whole active tier. The default is 10.",
		Explanation: "Envoy ejects one more host only as long as 100 * ejected / all hosts of the cluster is at most maxEjectionPercent. With one active and one passive host the default of 10 never " +
			"ejects any. Envoy Gateway ignores a 0, so the default applies. A hostname counts as one host. It is a warning where each retry leaves the tier.",
		Fix:        "Write maxEjectionPercent: 100. With a single active host, alwaysEjectOneEndpoint: true has the same effect (since Envoy Gateway 1.8).",
		Cost:       "With healthCheck: {passive: {}}, which is the defaults: 409 of 1,200 requests were lost at 20 a second, in an outage of 20 s. It never fails over.",
		ofFailover: maxEjectionTooLow,
	},
	{
		ID: "hair-trigger", Severity: diagnostic.Warning,
		Summary:     "One error ejects the only host of the active tier.",
		Explanation: "The hostname of a Service is one host, however many pods are behind it. With a threshold of 1, one error of one pod moves the whole traffic to the next tier for baseEjectionTime. The error is a 5xx for consecutive5XxErrors, and 502, 503 or 504 for consecutiveGatewayErrors.",
		Fix:         "Write 3 for the threshold. With a retry that leaves the tier, this loses no additional request where the port is closed. With several pods, a headless Service (clusterIP: None) makes each pod a host: docs/hosts.md.",
		ofFailover:  hairTrigger,
	},
	{
		ID: "one-host-for-many-pods", Severity: diagnostic.Info,
		Summary: "Several pods are one host of the active tier, behind a ClusterIP, and one pod that fails can eject them all.",
		Explanation: "The hostname of a Service with a ClusterIP is one host. Envoy does not know which pod answered. Where one of N pods fails, it reaches the threshold of errors in a row by chance, after about N^threshold requests. It then ejects the Service, " +
			"with the pods that work. The traffic moves to the next tier until the ejection ends, and then this begins again. The rule finds nothing where it takes more than 12,000 requests, ten minutes at 20 a second. A threshold of 1 is hair-trigger's.",
		Fix: "Make the Service headless (clusterIP: None), so that each pod is a host, and Envoy ejects only the pod that fails. In a FailoverSpec that is workload.clusterIP: None. This depends more on DNS: docs/hosts.md. " +
			"Or ignore the finding, where the pods fail together or not at all.",
		ofFailover: oneHostForManyPods,
	},
	{
		ID: "slow-failback", Severity: diagnostic.Warning,
		Summary: "No active health check, and a baseEjectionTime or an interval of the passive check above 10s.",
		Explanation: "Each ejection lasts baseEjectionTime longer than the one before, up to 300s, and only its end brings the host back. An outage of T ends with an ejection of about the square root of " +
			"2 * T * baseEjectionTime. At the end of each ejection, Envoy tries the host with the requests of users. Envoy ends ejections only at an interval.",
		Fix:        "Write an active check: it brings a host back in seconds, and keeps a dead host out. Or write baseEjectionTime: 10s and interval: 2s.",
		ofFailover: slowFailback,
	},
	{
		ID: "short-ejection", Severity: diagnostic.Warning,
		Summary: "No active health check, and a baseEjectionTime under 1s.",
		Explanation: "An ejection ends at the first interval after baseEjectionTime. Where the tier is still down, all requests go to it until the next ejection, for up to a second: " +
			"without a retry that leaves the tier they are lost, and with such a retry they wait.",
		Fix:        "Write baseEjectionTime: 10s, or an active check, which keeps a dead host out.",
		ofFailover: shortEjection,
	},
	{
		ID: "no-active-check", Severity: diagnostic.Info, OnRender: true,
		Summary:     "A passive health check without an active one.",
		Explanation: "Envoy learns only from the requests of users that a tier is down, or up again. It counts a request that hangs when the route's timeout ends it. Where clients leave earlier, Envoy counts nothing and the traffic stays.",
		Fix:         "Write healthCheck.active with a path that answers 200 where the application can serve.",
		Cost:        "With clients that leave after 5 s and an application that hangs for 20 s, 300 of 300 requests were lost with profile safe.",
		ofFailover:  noActiveCheck,
	},
	{
		ID: "hc-flap", Severity: diagnostic.Warning,
		Summary:     "A policy has an active TCP check and a passive check.",
		Explanation: "A TCP check passes while the application answers errors, and a check that passes ends an ejection at once: the passive check ejects the host, the active one brings it back, again and again.",
		Fix:         "Write an active check of type HTTP, with a path that fails where the application does.",
		Cost:        "About half of all requests, for the whole outage, where the application answers errors (predicted by a model that agrees with the drills).",
		ofFailover:  hcFlap,
	},
	{
		ID: "dead-local-origin", Severity: diagnostic.Info,
		Summary:     "consecutiveLocalOriginFailures is given, and splitExternalLocalOriginErrors is not true.",
		Explanation: "Envoy uses the threshold only where it counts its own failures, such as a refused connection, separately. Otherwise they count as 503 and 504, for consecutive5XxErrors.",
		Fix:         "Remove consecutiveLocalOriginFailures, or write splitExternalLocalOriginErrors: true.",
		ofFailover:  deadLocalOrigin,
	},
	{
		ID: "dead-gateway-errors", Severity: diagnostic.Info,
		Summary:     "consecutiveGatewayErrors is given, and the Envoy Gateway is older than 1.6.",
		Explanation: "Envoy ejects by consecutive gateway errors only where it is told to enforce that, which Envoy Gateway does since 1.6. Before 1.6, only the other thresholds count.",
		Fix:         "Write consecutive5XxErrors, which counts the same errors. Or run Envoy Gateway 1.6.",
		ofFailover:  deadGatewayErrors,
	},
	{
		ID: "failure-percent-inert", Severity: diagnostic.Warning, Since: "1.6",
		Summary: "failurePercentageThreshold is given, and the active tier has fewer than 5 hosts.",
		Explanation: "Envoy ejects by the percentage of failures only where 5 hosts have had 50 requests each in an interval. The hosts of the standby have no requests, so they do not count. " +
			"The hostname of a Service counts as one host.",
		Fix:        "Remove failurePercentageThreshold, and write consecutive5XxErrors: 3.",
		Cost:       "Every request of the outage is lost: with 1 and with 4 active hosts that answer 500, and consecutive5XxErrors: 0, Envoy ejected none of them; with 5 hosts, it ejected all of them.",
		ofFailover: failurePercentInert,
	},
	{
		ID: "hc-h2c", Severity: diagnostic.Warning,
		Summary: "An active HTTP check of a backend that is for HTTP/2 or gRPC.",
		Explanation: "Envoy's check speaks HTTP/1.1, even where the requests use HTTP/2. A server that accepts only HTTP/2, as most gRPC servers do, fails the check. Then no host of its tier is healthy, " +
			"and where this is true for all tiers, Envoy sends the requests to all of them, the standby included.",
		Fix:        "Use a check of type GRPC where the server has gRPC health checking. Or make sure that the server answers HTTP/1.1 on the port as well, as many do.",
		ofFailover: checkHTTP2,
	},
	{
		ID: "panic-sends-to-dead", Severity: diagnostic.Info, Since: "1.4",
		Summary: "Where too few hosts of the standby are healthy, Envoy sends requests to dead hosts of all tiers.",
		Explanation: "While the active tier is down, and fewer than panicThreshold per cent (50 if unset) of the standby's hosts are healthy, Envoy ignores health: it shares the requests among all hosts, " +
			"those of the dead tier included. This happens only where the standby has several hosts.",
		Fix:        "Write panicThreshold: 0: then the healthy hosts get all requests. But while no host is healthy, Envoy answers 503, even where a wrong health check is the cause.",
		Cost:       "149 of 200 requests were lost, with the active host down and 1 of 3 hosts of the standby healthy; 0 with panicThreshold: 0, or with 2 of 3 healthy.",
		ofFailover: panicSendsToDead,
	},
	{
		ID: "sticky-failback", Severity: diagnostic.Warning,
		Summary: "The rule of an HTTPRoute has sessionPersistence.",
		Explanation: "A client that the standby served has a session with it. It stays on the standby after the active tier is back, as long as the standby is healthy. With a cookie, it stays until the cookie ends: " +
			"at absoluteTimeout where cookieConfig.lifetimeType is Permanent, and otherwise when the browser closes. Clients of the active tier go to the standby when their host is ejected.",
		Fix:        "Write cookieConfig: {lifetimeType: Permanent} and a short absoluteTimeout, or remove sessionPersistence if the tiers do not share sessions.",
		Cost:       "No request is lost; but after an outage of a few seconds, a client with the cookie got all of its answers from the standby, and a new client from the active tier.",
		ofFailover: stickyFailback,
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
	found := finding{source: f.policyField("spec.healthCheck", hasHealthCheck), severity: f.unlessRetried(), unknown: f.isPolicyUnknown(), isUnread: f.isPolicyUnread(), advice: "write healthCheck.passive with maxEjectionPercent: 100, and an active check"}
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
	passive := f.passiveCheck()
	if passive == nil || f.fires(passive) {
		return nil
	}
	severity, stays := f.unlessRetried(), f.stays()
	if f.activeCheck() != nil {
		severity, stays = diagnostic.Info, "and only the active check takes a tier out"
	}
	reason := "consecutive5XxErrors is 0, and no other threshold counts"
	switch {
	case passive.FailurePercentageThreshold != nil:
		first, _, _ := f.hosts()
		reason = fmt.Sprintf("consecutive5XxErrors is 0, and failurePercentageThreshold needs %d active hosts, and there %s", percentageHosts, are(first))
	case ptr.Deref(passive.ConsecutiveGatewayErrors, 0) > 0:
		reason = "consecutive5XxErrors is 0, and consecutiveGatewayErrors does nothing before Envoy Gateway 1.6"
	}
	return []finding{{
		source: f.policyField(passivePath+".consecutive5XxErrors", hasPassive), severity: severity,
		reason: fmt.Sprintf("%s, so Envoy never ejects a host, %s", reason, stays), advice: "write consecutive5XxErrors: 3",
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
		found.reason = fmt.Sprintf("maxEjectionPercent %d never ejects the whole active tier, %s of %d, %s", percent, counted(first, "host"), all, f.stays())
	case !known && percent < 100:
		found.reason = fmt.Sprintf("whether maxEjectionPercent %d ejects the whole active tier depends on how many hosts the tiers have, which is not in these files", percent)
	default:
		return nil
	}
	return []finding{found}
}

func hairTrigger(f *failover) []finding {
	passive := f.passiveCheck()
	first, _, _ := f.hosts()
	if passive == nil || first != 1 {
		return nil
	}
	found := finding{advice: "write 3"}
	switch {
	case ptr.Deref(passive.Consecutive5xxErrors, envoy.DefaultConsecutive) == 1:
		found.source = f.policyField(passivePath+".consecutive5XxErrors", hasPassive)
		found.reason = "consecutive5XxErrors 1 and one active host: one 5xx answer"
	case ptr.Deref(passive.ConsecutiveGatewayErrors, 0) == 1 && f.gatewayErrorsCount():
		found.source = f.policyField(passivePath+".consecutiveGatewayErrors", hasPassive)
		found.reason = "consecutiveGatewayErrors 1 and one active host: one 502, 503 or 504"
	default:
		return nil
	}
	if pods, known := f.pods(func(backend envoygateway.Backend) bool { return !f.isFallback(backend) }); known && pods > 1 {
		found.reason += fmt.Sprintf(" of one of its %d pods", pods)
		found.advice += ", or " + f.headlessAdvice()
	}
	found.reason += " moves all traffic to the next tier"
	if f.isSimulated() {
		kind := f.answersError()
		if strings.HasSuffix(found.source.Path, ".consecutiveGatewayErrors") {
			kind = f.answersUnavailable()
		}
		moved := f.Simulator.Outage(f.served(), oneRequest(), kind, nil)
		if moved.Failover.Min == nil {
			return nil // no error moves it
		}
		if back := moved.Failback.Median; back != nil {
			found.reason += fmt.Sprintf(", for %.0f s", *back)
		}
	}
	return []finding{found}
}

// manyRequests is how many an ejection by chance may take: ten minutes at 20 a second.
const manyRequests = 12000

func oneHostForManyPods(f *failover) []finding {
	if !f.ejects() {
		return nil
	}
	_, threshold := f.lowestThreshold(f.passiveCheck())
	if first, _, _ := f.hosts(); threshold == 0 || threshold == 1 && first == 1 {
		return nil
	}
	var findings []finding
	for _, backend := range f.weighted() {
		if f.isFallback(backend) {
			continue
		}
		for _, host := range backend.Hosts {
			pods := ptr.Deref(host.Pods, 0)
			if pods < 2 || ptr.Deref(host.Count, 0) != 1 || len(host.PodsFrom) == 0 {
				continue
			}
			// The mean of tries until a run of failures, each of probability 1/pods.
			n := float64(pods)
			requests := (math.Pow(n, float64(threshold)) - 1) / (1 - 1/n)
			if requests > manyRequests {
				continue
			}
			findings = append(findings, finding{
				source: host.PodsFrom[0],
				reason: fmt.Sprintf("%d pods are one host to Envoy, by the ClusterIP of %s: while one of them fails, about every %.0f requests have %d errors in a row, which eject all %d",
					pods, host.Service, requests, threshold, pods),
				advice: "write " + f.headlessAdvice() + ", or ignore this where they fail together",
			})
		}
	}
	return findings
}

// headlessAdvice says how each pod becomes a host, in a FailoverSpec or in a Service.
func (f *failover) headlessAdvice() string {
	if f.decoded[f.route.Object].Origin != nil {
		return "clusterIP: None in the workload, which makes each pod a host"
	}
	return "clusterIP: None in the Service, which makes each pod a host"
}

// oneRequest is an outage that a single request sees.
func oneRequest() simulate.Options {
	options := usual(runsOfFinding)
	options.For = time.Duration(float64(time.Second) / options.Rate)
	return options
}

// longOutage is the outage that failback is told for.
const longOutage = 10 * time.Minute

// lastEjection is how long the last ejection of a long outage lasts.
func (f *failover) lastEjection() time.Duration {
	if !f.isSimulated() {
		return f.aboutLastEjection()
	}
	options := usual(runsOfFinding)
	options.For = longOutage
	if longest := f.Simulator.Outage(f.served(), options, envoy.Closed, nil).Ejection; longest > 0 {
		return longest.Round(10 * time.Second)
	}
	return f.aboutLastEjection()
}

// aboutLastEjection does without a simulation, for which every render would wait. Each
// ejection lasts baseEjectionTime longer than the one before, so that n of them take
// n*(n+1)/2 of it.
func (f *failover) aboutLastEjection() time.Duration {
	base := seconds(f.passiveCheck().BaseEjectionTime, envoy.DefaultBaseEjectionTime)
	last := time.Duration(math.Sqrt(2*longOutage.Seconds()*base.Seconds())) * time.Second
	return min(max(last, base), 300*time.Second).Round(10 * time.Second)
}

// slowBase is the longest baseEjectionTime, and the longest interval, that is not
// called slow; the former is the profiles'.
const slowBase = 10 * time.Second

func slowFailback(f *failover) []finding {
	passive := f.onlyPassive()
	if passive == nil {
		return nil
	}
	base, interval := seconds(passive.BaseEjectionTime, envoy.DefaultBaseEjectionTime), seconds(passive.Interval, envoy.DefaultOutlierInterval)
	switch {
	case base <= slowBase && interval <= slowBase:
		return nil
	case base <= slowBase:
		return []finding{{
			source: f.policyField(passivePath+".interval", hasPassive),
			reason: fmt.Sprintf("no active check, and interval %s: an ejection ends only at an interval, so active may be back up to %s later", short(interval), roughly(interval)),
			advice: "write an active check, or 2s",
		}}
	}
	return []finding{{
		source: f.policyField(passivePath+".baseEjectionTime", hasPassive),
		reason: fmt.Sprintf("no active check, and baseEjectionTime %s: after an outage of %.0f minutes, active may be back only about %s later", base, longOutage.Minutes(), f.lastEjection()),
		advice: "write an active check, or 10s",
	}}
}

// shortestEjection is the shortest baseEjectionTime that is not called short.
const shortestEjection = time.Second

func shortEjection(f *failover) []finding {
	passive := f.onlyPassive()
	if passive == nil || !f.fires(passive) {
		return nil
	}
	base := seconds(passive.BaseEjectionTime, envoy.DefaultBaseEjectionTime)
	if base >= shortestEjection {
		return nil
	}
	reason := fmt.Sprintf("baseEjectionTime %s: a dead host is back at the next interval (%s), and gets requests until it is ejected again", base, seconds(passive.Interval, envoy.DefaultOutlierInterval))
	if f.isSimulated() {
		if compared := f.with(envoy.Closed, func(s *envoy.Settings) { s.Outlier.BaseEjectionTime = 10 * time.Second }); compared.helps() {
			reason += ": " + compared.otherwise("with 10s")
		}
	}
	return []finding{{source: f.policyField(passivePath+".baseEjectionTime", hasPassive), reason: reason, advice: "write 10s"}}
}

func noActiveCheck(f *failover) []finding {
	passive := f.onlyPassive()
	if passive == nil || len(slowFailback(f)) > 0 || len(shortEjection(f)) > 0 || !f.isHTTP() { // connections-not-retried
		return nil
	}
	reason := "no active check"
	if f.isSimulated() {
		if compared := f.with(envoy.Hang, withActiveCheck); compared.helps() {
			reason += ": " + compared.otherwise("with one, since a request that hangs until its client leaves is never counted")
		}
	} else {
		reason += ": requests that hang until their client leaves are never counted"
	}
	return []finding{{
		source: f.policyField("spec.healthCheck", hasPassive), reason: fmt.Sprintf("%s; after an outage of %.0f minutes active may be back only about %s later", reason, longOutage.Minutes(), f.aboutLastEjection()),
		advice: "write healthCheck.active with a path that fails where the application does",
	}}
}

// withActiveCheck adds the active check that profiles have.
func withActiveCheck(s *envoy.Settings) {
	s.Check = &envoy.HealthCheck{Interval: 2 * time.Second, Timeout: time.Second, Unhealthy: 2, Healthy: 2}
}

func hcFlap(f *failover) []finding {
	active, passive := f.activeCheck(), f.passiveCheck()
	if active == nil || passive == nil || active.Type != egv1a1.ActiveHealthCheckerTypeTCP || !f.isHTTP() || !f.fires(passive) {
		return nil
	}
	reason := "a TCP check passes while the application answers errors, and ends the ejection by the passive check at once"
	if f.isSimulated() {
		if compared := f.with(f.answersError(), withHTTPCheck); compared.helps() {
			reason += ": " + compared.otherwise("with a check of type HTTP")
		}
	}
	return []finding{{source: f.policyField("spec.healthCheck.active", hasHealthCheck), reason: reason, advice: "write one"}}
}

// withHTTPCheck makes the active check ask the application.
func withHTTPCheck(s *envoy.Settings) { s.Check.ConnectOnly = false }

func deadLocalOrigin(f *failover) []finding {
	passive := f.passiveCheck()
	if passive == nil || ptr.Deref(passive.SplitExternalLocalOriginErrors, false) || ptr.Deref(passive.ConsecutiveLocalOriginFailures, envoy.DefaultConsecutive) == envoy.DefaultConsecutive {
		return nil
	}
	return []finding{{
		source: f.policyField(passivePath+".consecutiveLocalOriginFailures", hasPassive),
		reason: fmt.Sprintf("consecutiveLocalOriginFailures %d does nothing without splitExternalLocalOriginErrors", *passive.ConsecutiveLocalOriginFailures),
	}}
}

func deadGatewayErrors(f *failover) []finding {
	passive := f.passiveCheck()
	if passive == nil || ptr.Deref(passive.ConsecutiveGatewayErrors, 0) == 0 || f.gatewayErrorsCount() || !f.fires(passive) {
		return nil
	}
	return []finding{{
		source: f.policyField(passivePath+".consecutiveGatewayErrors", hasPassive),
		reason: fmt.Sprintf("consecutiveGatewayErrors %d does nothing in Envoy Gateway %s (since 1.%s)", *passive.ConsecutiveGatewayErrors, f.version, target.GatewayErrorsCount.Minor),
		advice: "write consecutive5XxErrors, which counts the same errors",
	}}
}

func failurePercentInert(f *failover) []finding {
	passive := f.passiveCheck()
	first, _, known := f.hosts()
	if passive == nil || passive.FailurePercentageThreshold == nil || first >= percentageHosts {
		return nil
	}
	return []finding{{
		source: f.policyField(passivePath+".failurePercentageThreshold", hasPassive),
		reason: fmt.Sprintf("failurePercentageThreshold does nothing: it needs %d active hosts, and there %s", percentageHosts, are(first)),
		advice: "write consecutive5XxErrors", unknown: !known, likely: true, // few Services are headless
	}}
}

// are says how many there are.
func are(n int32) string {
	if n == 1 {
		return "is 1"
	}
	return fmt.Sprintf("are %d", n)
}

func checkHTTP2(f *failover) []finding {
	active := f.activeCheck()
	if active == nil || active.HTTP == nil {
		return nil
	}
	for _, backend := range f.weighted() {
		if backend.Invalid != nil || backend.Protocol != "HTTP2" && backend.Protocol != "GRPC" {
			continue
		}
		return []finding{{
			source: f.policyField("spec.healthCheck.active.http", hasHealthCheck),
			reason: fmt.Sprintf("the check speaks HTTP/1.1, and %s is for %s: a server that accepts only that is never healthy", backend.Ref, map[string]string{"HTTP2": "HTTP/2", "GRPC": "gRPC"}[backend.Protocol]),
			advice: "use a check of type GRPC, or answer HTTP/1.1 on the port as well",
		}}
	}
	return nil
}

func panicSendsToDead(f *failover) []finding {
	check := f.healthCheck()
	first, all, known := f.hosts()
	standby := all - first
	threshold := int64(ptr.Deref(check.PanicThreshold, envoy.DefaultPanicThreshold))
	if f.at == nil || check.Active == nil && check.Passive == nil || !known || !f.hasTiers() || standby < 2 || 100/int64(standby) >= threshold {
		return nil
	}
	// With so many healthy hosts there is no panic.
	enough := (int64(standby)*threshold + 99) / 100
	return []finding{{
		source: f.policyField("spec.healthCheck.panicThreshold", hasHealthCheck),
		reason: fmt.Sprintf("while the active tier is down, and fewer than %d of the standby's %s are healthy, Envoy sends requests to the dead hosts of both", enough, counted(standby, "host")),
		advice: "write 0 if the healthy hosts must get all requests",
	}}
}

func stickyFailback(f *failover) []finding {
	rule := f.httpRule()
	if f.at == nil || rule == nil || rule.SessionPersistence == nil || !f.hasTiers() {
		return nil
	}
	until := "until its session ends"
	if timeout := rule.SessionPersistence.AbsoluteTimeout; timeout != nil && isPermanent(rule.SessionPersistence) {
		until = fmt.Sprintf("for up to %s", *timeout)
		if seconds(timeout, longOutage) <= longOutage {
			return nil
		}
	}
	source := f.rule.Source
	source.Path += ".sessionPersistence"
	return []finding{{source: source, reason: "a client that the standby served keeps to it " + until + ", though the active tier is back", advice: "write a Permanent cookie with a short absoluteTimeout"}}
}

// isPermanent tells whether Envoy gives the cookie of a session a lifetime.
func isPermanent(session *gwapiv1.SessionPersistence) bool {
	isCookie := ptr.Deref(session.Type, gwapiv1.CookieBasedSessionPersistence) == gwapiv1.CookieBasedSessionPersistence
	return isCookie && session.CookieConfig != nil && ptr.Deref(session.CookieConfig.LifetimeType, "") == gwapiv1.PermanentCookieLifetimeType
}
