package drill

import (
	"slices"
	"time"

	"github.com/failover-krm/failover/pkg/prober"
)

// Times are those of the commands of a drill. They count from the first request.
type Times struct {
	// Broken is when active was about to be broken, and InForce when the commands had ended.
	Broken, InForce time.Duration
	// Restoring is when active was about to be restored, and Restored when it was ready.
	Restoring, Restored time.Duration
}

// Window is a time in which requests are lost: one after the other, or within a second.
type Window struct {
	// Begin and End are when the first and the last of them were due.
	Begin, End time.Duration
	Lost       int
}

// Figures are what an outage did to requests, measured or simulated.
type Figures struct {
	// Begin is when active stopped to answer, as seen from outside, and End when it could
	// again.
	Begin, End time.Duration
	// Sent is the number of requests since the outage began, and Lost how many of them were
	// not answered with success. During is how many were sent before its end, and of
	// these LostDuring were lost.
	Sent, Lost, During, LostDuring int
	// Reasons counts the lost requests by what the client saw.
	Reasons map[string]int
	// ByActive and ByPassive are how many requests of the outage each tier answered.
	ByActive, ByPassive int
	// Failover is the time from the outage's beginning to the first answer of an unbroken
	// run of passive, and Failback that from its end to the first of an unbroken run of
	// active. A run is unbroken where all requests of the second after it are answered
	// by the same tier. prober.Never is for none.
	Failover, Failback time.Duration
	// Windows are when requests were lost.
	Windows []Window
	// Slow is the number of requests that were served, but more slowly than the limit, and
	// Slowest the longest wait of one that was served.
	Slow    int
	Slowest time.Duration
}

// unbroken is how long a run of answers of one tier must be to count.
const unbroken = time.Second

// figuresOf evaluates requests, in the order in which they were due, for an outage.
func figuresOf(requests []prober.Request, begin, end, slow time.Duration) Figures {
	figures := Figures{Begin: begin, End: end, Failover: prober.Never, Failback: prober.Never, Windows: windowsOf(requests, begin), Reasons: map[string]int{}}
	for i, request := range requests {
		if request.Due < begin {
			continue
		}
		isDuring := request.Due < end
		figures.Sent++
		if isDuring {
			figures.During++
		}
		if request.Lost() {
			figures.Lost++
			figures.Reasons[request.Reason()]++
			if isDuring {
				figures.LostDuring++
			}
			continue
		}
		figures.Slowest = max(figures.Slowest, request.Latency)
		if slow > 0 && request.Latency > slow {
			figures.Slow++
		}
		from := request.Answer.From
		switch {
		case isDuring && from == active:
			figures.ByActive++
		case isDuring && from == passive:
			figures.ByPassive++
		}
		if figures.Failover == prober.Never && from == passive && isUnbroken(requests[i:], end) {
			figures.Failover = request.Due + request.Latency - begin
		}
		if figures.Failback == prober.Never && !isDuring && from == active && isUnbroken(requests[i:], never) {
			figures.Failback = max(0, request.Due+request.Latency-end)
		}
	}
	return figures
}

// never is later than all requests.
const never = time.Duration(1<<63 - 1)

// isUnbroken tells whether the tier of the first request answers all of the next second's too,
// as far as they are before the end.
func isUnbroken(requests []prober.Request, end time.Duration) bool {
	first := requests[0]
	for _, request := range requests {
		if request.Due > first.Due+unbroken || request.Due >= end {
			return true
		}
		if request.Lost() || request.Answer.From != first.Answer.From {
			return false
		}
	}
	return true
}

// windowsOf returns the windows since the outage began.
func windowsOf(requests []prober.Request, begin time.Duration) []Window {
	var windows []Window
	isServed := false
	for _, request := range requests {
		switch last := len(windows) - 1; {
		case request.Due < begin:
		case !request.Lost():
			isServed = true
			continue
		case last >= 0 && (!isServed || request.Due-windows[last].End <= time.Second):
			windows[last].End = request.Due
			windows[last].Lost++
		default:
			windows = append(windows, Window{request.Due, request.Due, 1})
		}
		isServed = false
	}
	return windows
}

// seen returns when an outage was in force as seen from outside: from the first request after
// the break that active did not answer, until it was restored or, where it had been silent,
// answered again. It is not seen where active answered everything.
func seen(requests []prober.Request, times Times) (begin, end time.Duration, isSeen bool) {
	end = times.Restored
	isSilent, first := true, never
	for _, request := range requests {
		answered := request.Due + request.Latency
		isActive := !request.Lost() && request.Answer.From == active
		switch {
		case request.Due < times.Broken:
		case !isSeen && !isActive && request.Due < times.Restoring:
			begin, isSeen = request.Due, true
		case isSeen && isActive && answered < times.Restoring:
			isSilent = false
		case isSeen && isActive: // a request that waited gets its answer then, too
			first = min(first, answered)
		}
	}
	if isSilent {
		end = min(end, first)
	}
	return begin, end, isSeen
}

// restoredByOthers tells whether active, which had not answered, did again for a second before
// it was restored.
func restoredByOthers(requests []prober.Request, begin time.Duration, times Times) bool {
	silent := false
	var since, last time.Duration = never, 0
	for _, request := range requests {
		if request.Due < begin || request.Due+request.Latency >= times.Restoring {
			continue
		}
		if request.Lost() || request.Answer.From != active {
			silent = silent || request.Due-begin >= unbroken
			since = never
			continue
		}
		if silent {
			since, last = min(since, request.Due), request.Due
		}
	}
	return since != never && last-since >= unbroken
}

// quantile is the latency that the given part of served requests does not exceed.
func quantile(requests []prober.Request, part float64) time.Duration {
	var latencies []time.Duration
	for _, request := range requests {
		if !request.Lost() {
			latencies = append(latencies, request.Latency)
		}
	}
	if len(latencies) == 0 {
		return 0
	}
	slices.Sort(latencies)
	return latencies[int(part*float64(len(latencies)-1))]
}
