package prober

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
)

// Times are those of an outage. They count from the probe's start.
type Times struct {
	// Broken is when the tier was about to be broken, InForce when that was done,
	// and Restored when it worked again.
	Broken, InForce, Restored time.Duration
}

// Outage is what happened to the active tier.
type Outage struct {
	Times
	// Active and Passive tell whether a pod is of that tier.
	Active, Passive func(pod string) bool
}

// Never stands for something that did not happen while the probe ran.
const Never = time.Duration(-1)

// Report tells what an outage did to the requests of a probe.
type Report struct {
	// Outage is when it was.
	Outage   Times
	Requests int
	// Lost is the number of requests that were not answered with status 200.
	Lost int
	// LostBefore is how many of them were lost before the outage began.
	LostBefore int
	// CutOff is how many of them the tier may already have been working on when
	// it was broken. Only a policy that repeats every request can save those.
	CutOff int
	// Reasons counts the lost requests by what the client saw.
	Reasons map[string]int
	// ByActive and ByPassive are how many requests of the outage each tier answered.
	ByActive, ByPassive int
	// Failover is the time from the outage's beginning to the first request that
	// passive answered, and Failback that from its end to the first that active
	// answered. Both are Never if there was none.
	Failover, Failback time.Duration
	// Worst is the longest wait for an answer with status 200.
	Worst time.Duration
	// RateError tells that the requests were not sent when they were due. Such
	// a run measures the prober and proves nothing.
	RateError error
}

// NewReport evaluates the requests of a probe.
func NewReport(requests []Request, outage Outage) Report {
	report := Report{
		Outage:    outage.Times,
		Requests:  len(requests),
		Failover:  Never,
		Failback:  Never,
		RateError: RateError(requests),
	}
	for _, request := range requests {
		if request.Lost() {
			report.countLost(request, outage)
			continue
		}
		report.Worst = max(report.Worst, request.Latency)
		if request.Due >= outage.InForce && request.Due < outage.Restored {
			switch {
			case outage.Active(request.Answer.From):
				report.ByActive++
			case outage.Passive(request.Answer.From):
				report.ByPassive++
			}
		}
		if report.Failover == Never && request.Due >= outage.Broken && outage.Passive(request.Answer.From) {
			report.Failover = request.Due + request.Latency - outage.Broken
		}
		if report.Failback == Never && request.Due >= outage.Restored && outage.Active(request.Answer.From) {
			report.Failback = request.Due + request.Latency - outage.Restored
		}
	}
	return report
}

func (r *Report) countLost(request Request, outage Outage) {
	r.Lost++
	if r.Reasons == nil {
		r.Reasons = map[string]int{}
	}
	r.Reasons[request.Reason()]++
	switch {
	case request.Due+request.Latency < outage.Broken:
		r.LostBefore++
	case request.Sent < outage.InForce:
		r.CutOff++
	}
}

// Reason is why the request was lost, as its client saw it.
func (r Request) Reason() string {
	switch {
	case errors.Is(r.Err, context.DeadlineExceeded):
		return "no answer in time"
	case r.Err != nil:
		return "connection failed"
	}
	if r.Answer.GRPC != codes.OK {
		return "gRPC status " + r.Answer.GRPC.String()
	}
	return fmt.Sprintf("status %d", r.Answer.Status)
}

// Lost reports whether the request was not answered with status 200, or OK by gRPC.
func (r Request) Lost() bool {
	return r.Err != nil || !r.Answer.isOK()
}

func (r Request) lateness() time.Duration {
	return r.Sent - r.Due
}

const (
	// latenessAllowed is how late a request may be sent that counts as on time.
	latenessAllowed = 50 * time.Millisecond
	// onTimeNeeded is the part of the requests that has to be on time.
	onTimeNeeded = 0.99
	// latenessTolerated is how late no request may be.
	latenessTolerated = time.Second
)

// RateError tells that requests were not sent when they were due; nil where nearly all were.
func RateError(requests []Request) error {
	late := 0
	var latest Request
	for _, request := range requests {
		if request.lateness() > latest.lateness() {
			latest = request
		}
		if request.lateness() > latenessAllowed {
			late++
		}
	}
	if float64(len(requests)-late) >= onTimeNeeded*float64(len(requests)) && latest.lateness() <= latenessTolerated {
		return nil
	}
	return fmt.Errorf("the rate was not held: %d of %d requests were late, the latest, due after %s, by %s",
		late, len(requests), Seconds(latest.Due), Seconds(latest.lateness()))
}

// String is the report in one line.
func (r Report) String() string {
	parts := []string{
		fmt.Sprintf("%d of %d lost", r.Lost, r.Requests),
		fmt.Sprintf("%d of them cut off", r.CutOff),
		"failover after " + Seconds(r.Failover),
		"failback after " + Seconds(r.Failback),
		"worst answer after " + Seconds(r.Worst),
	}
	for _, reason := range slices.Sorted(maps.Keys(r.Reasons)) {
		parts = append(parts, fmt.Sprintf("%d times %s", r.Reasons[reason], reason))
	}
	if r.RateError != nil {
		parts = append(parts, r.RateError.Error())
	}
	return strings.Join(parts, ", ")
}

// Seconds writes a duration as seconds, and Never as "never".
func Seconds(d time.Duration) string {
	if d == Never {
		return "never"
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}
