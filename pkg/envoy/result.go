package envoy

import (
	"net/http"
	"slices"
	"time"
)

// Result is what became of a scenario.
type Result struct {
	// Requests in the order in which they were sent.
	Requests []Request
	// Events are the changes of state, in order.
	Events []Event
}

// Request is what became of one request.
type Request struct {
	// Sent counts from the first request.
	Sent time.Duration
	// Latency is how long the client waited: for the answer, or until it left.
	Latency time.Duration
	// Status of the answer; 0 where there was none in time.
	Status int
	// Tier of the host that answered; -1 where Envoy did, or nobody.
	Tier int
	// Attempts is how often a host was tried.
	Attempts int
	// Reason is why it was lost; empty for one that was not.
	Reason Reason
}

// Lost tells whether no host answered the request with status 200 in time. Where Envoy
// answers 200 in its place, as by a faultInjection, the request is lost too.
func (r Request) Lost() bool { return r.Status != http.StatusOK || r.Tier < 0 }

// IsCutOff tells whether a request was sent before an outage, and was at a host or on its
// way to one when the outage began, or later. One that a faultInjection aborts never was.
func (r Request) IsCutOff(outage Outage) bool {
	return r.Sent < outage.Begin && r.Sent+r.Latency >= outage.Begin && r.Attempts > 0
}

// Reason is why a request was lost.
type Reason string

// The reasons.
const (
	// ReasonError is an error that a host answered.
	ReasonError Reason = "answered with an error"
	// ReasonConnection is a connection that could not be made, or that broke.
	ReasonConnection Reason = "connection failed"
	// ReasonTimeout is a timeout of Envoy.
	ReasonTimeout Reason = "timed out"
	// ReasonPatience is a client that left.
	ReasonPatience Reason = "no answer in time"
	// ReasonNoHost is that no host was healthy.
	ReasonNoHost Reason = "no healthy host"
	// ReasonFault is a faultInjection.
	ReasonFault Reason = "aborted by faultInjection"
	// ReasonOverflow is a limit of the circuit breaker.
	ReasonOverflow Reason = "circuit breaker"
)

// EventKind is a kind of change.
type EventKind string

// The kinds of change.
const (
	// Ejected is a host that the passive check took out.
	Ejected EventKind = "ejected"
	// EjectionRefused is one that it would have, had the limit permitted it.
	EjectionRefused EventKind = "ejection refused"
	// EjectionEnded is an ejection that lapsed.
	EjectionEnded EventKind = "ejection lapsed"
	// CheckFailed is a host that the active check took out.
	CheckFailed EventKind = "check failed"
	// CheckPassed is one that it let back in.
	CheckPassed EventKind = "check passed"
	// UpdateDelayed is a change that waits for the merge window.
	UpdateDelayed EventKind = "update delayed"
	// UpdateDelivered is the end of that wait.
	UpdateDelivered EventKind = "update delivered"
)

// Event is a change of state.
type Event struct {
	At   time.Duration
	Kind EventKind
	// Tier and Host say which host; both are -1 for the merge window.
	Tier, Host int
}

// Never stands for something that did not happen.
const Never = time.Duration(-1)

// Report is what an outage did to the requests.
type Report struct {
	Requests int
	// Lost is the number of requests that no host answered with status 200 in time.
	Lost int
	// Failover is the time from the beginning of the outage to the first answer of
	// another tier, and Failback that from its end to the first answer of its own tier,
	// to requests sent since. Both are Never if there was none.
	Failover, Failback time.Duration
	// Slowest is the longest wait for an answer with status 200.
	Slowest time.Duration
}

// Report evaluates the requests for an outage.
func (r Result) Report(outage Outage) Report {
	report := Report{Requests: len(r.Requests), Failover: Never, Failback: Never}
	for _, request := range r.Requests {
		if request.Lost() {
			report.Lost++
			continue
		}
		report.Slowest = max(report.Slowest, request.Latency)
		if report.Failover == Never && request.Sent >= outage.Begin && request.Tier != outage.Tier {
			report.Failover = request.Sent + request.Latency - outage.Begin
		}
		if report.Failback == Never && request.Sent >= outage.End && request.Tier == outage.Tier {
			report.Failback = request.Sent + request.Latency - outage.End
		}
	}
	return report
}

// LongestEjection is the longest time that a host was ejected for; 0 where none was, or
// none came back.
func (r Result) LongestEjection() time.Duration {
	var longest time.Duration
	for i, event := range r.Events {
		if event.Kind != EjectionEnded {
			continue
		}
		for _, began := range slices.Backward(r.Events[:i]) {
			if began.Kind == Ejected && began.Tier == event.Tier && began.Host == event.Host {
				longest = max(longest, event.At-began.At)
				break
			}
		}
	}
	return longest
}
