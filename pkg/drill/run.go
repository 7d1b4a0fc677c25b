package drill

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/failover-krm/failover/pkg/prober"
)

// Event is something that happened in a drill. Its time counts from the first request.
type Event struct {
	At   time.Duration
	Text string
}

// Observer sees a drill while it goes on. It is called by one goroutine at a time.
type Observer interface {
	// Event is told of what happens.
	Event(event Event)
	// Request is told of each request once it has ended.
	Request(request prober.Request)
}

// Outcome is what a drill came to.
type Outcome struct {
	Plan Plan
	// Start is when the first request was sent.
	Start    time.Time
	Times    Times
	Requests []prober.Request
	Events   []Event
	// Aborted is why active was restored early; empty where it was not.
	Aborted string
	// Interrupted tells that the context ended: the drill is not whole.
	Interrupted bool
	// Back tells that only active answered again at the end.
	Back bool
}

// NotRunError is why there was no drill. Nothing is broken: either nothing was, or it is
// restored.
type NotRunError struct{ error }

// Unwrap returns the reason.
func (e NotRunError) Unwrap() error { return e.error }

// NotRestoredError is why active is still broken.
type NotRestoredError struct{ error }

// Unwrap returns the reason.
func (e NotRestoredError) Unwrap() error { return e.error }

func notRun(format string, args ...any) error { return NotRunError{fmt.Errorf(format, args...)} }

// restoreLimit is how long restoring is tried.
const restoreLimit = 10 * time.Minute

// longest is more than any drill takes.
const longest = 24 * time.Hour

// run is a drill that goes on.
type run struct {
	Plan
	observer Observer
	keeper   Keeper
	outcome  *Outcome
	mutex    sync.Mutex // of the requests, and the observer
}

// Run carries out the drill. When the context ends, it restores what it has broken, and ends.
// Whatever happens, it returns only when active is restored, or could not be within ten
// minutes.
func (p Plan) Run(ctx context.Context, observer Observer, keeper Keeper) (Outcome, error) {
	outcome := Outcome{Plan: p, Start: time.Now()}
	r := &run{Plan: p, observer: observer, keeper: keeper, outcome: &outcome}
	target := p.Target
	if target.Kept {
		var closeAll func()
		target, closeAll = target.Keep()
		defer closeAll()
	}
	probe := prober.Probe{Target: target, Rate: p.Course.Rate, Duration: longest, Patience: p.Course.Patience}
	stop := make(chan struct{})
	var probing sync.WaitGroup
	// What is on its way when the drill ends still gets its answer.
	probing.Go(func() { probe.Until(context.WithoutCancel(ctx), outcome.Start, stop, r.answered) })
	err := r.course(ctx)
	close(stop)
	probing.Wait()
	return outcome, err
}

func (r *run) answered(request prober.Request) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	at, _ := slices.BinarySearchFunc(r.outcome.Requests, request, func(a, b prober.Request) int { return cmp.Compare(a.Due, b.Due) })
	r.outcome.Requests = slices.Insert(r.outcome.Requests, at, request)
	r.observer.Request(request)
}

// look shows the requests that have ended, in the order in which they were due.
func (r *run) look(at func(requests []prober.Request)) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	at(r.outcome.Requests)
}

func (r *run) since() time.Duration { return time.Since(r.outcome.Start) }

func (r *run) say(format string, args ...any) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	event := Event{r.since(), fmt.Sprintf(format, args...)}
	r.outcome.Events = append(r.outcome.Events, event)
	r.observer.Event(event)
}

// lookEvery is how often a drill looks whether something has happened.
const lookEvery = 100 * time.Millisecond

// wait waits until something is true, or so long. It tells whether the context did not end.
func (r *run) wait(ctx context.Context, longest time.Duration, until func() bool) bool {
	deadline := time.Now().Add(longest)
	for time.Now().Before(deadline) && !until() {
		select {
		case <-ctx.Done():
			return false
		case <-time.After(min(lookEvery, time.Until(deadline))):
		}
	}
	return ctx.Err() == nil
}

func (r *run) course(ctx context.Context) error {
	if err := r.calm(ctx); err != nil {
		return err
	}
	undo := Undo{Failover: r.Failover.Name(), Cluster: r.Kubectl.Flags, Restore: r.Restore}
	if err := r.keeper.Keep(undo); err != nil {
		return NotRunError{err}
	}
	times := &r.outcome.Times
	times.Broken = r.since()
	r.say("active is broken: %s", describe(r.Break))
	breakError := r.breakActive(ctx)
	times.InForce = r.since()
	if breakError == nil {
		r.outage(ctx)
	}
	if ctx.Err() != nil {
		r.outcome.Interrupted = true
		r.say("interrupted: active is restored first")
	}

	times.Restoring = r.since()
	r.say("active is being restored: %s", describe(r.Restore))
	restoring, cancel := context.WithTimeout(context.WithoutCancel(ctx), restoreLimit)
	defer cancel()
	if err := undo.Run(restoring, r.Kubectl, func(err error) { r.say("restoring has failed, and is tried again: %v", err) }); err != nil {
		return NotRestoredError{err}
	}
	times.Restored = r.since()
	if err := r.keeper.Forget(); err != nil {
		return fmt.Errorf("active is restored, but the file for that could not be removed: %w", err)
	}
	r.say("active is restored")
	if breakError != nil && !r.outcome.Interrupted {
		return notRun("active could not be broken: %w", breakError)
	}
	if r.outcome.Interrupted {
		return nil
	}
	isSeen := false
	r.look(func(requests []prober.Request) { _, _, isSeen = seen(requests, *times) })
	if !isSeen {
		return notRun("the break had no effect: active went on answering every request of the %s", (times.Restoring - times.Broken).Round(time.Second))
	}
	r.failback(ctx)
	return nil
}

// breakActive runs the commands that break active, one after the other. Those of the user can
// be interrupted.
func (r *run) breakActive(ctx context.Context) error {
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), commandLimit)
	defer cancel()
	for _, step := range r.Break {
		with := limited
		if step.Shell != "" {
			with = ctx
		}
		if err := step.run(with, r.Kubectl); err != nil || ctx.Err() != nil {
			return err
		}
	}
	return nil
}

func describe(steps []Step) string {
	texts := make([]string, 0, len(steps))
	for _, step := range steps {
		texts = append(texts, step.String())
	}
	return strings.Join(texts, "; ")
}

// calm waits for some time in which active must answer all requests.
func (r *run) calm(ctx context.Context) error {
	r.say("calm: requests are sent, and nothing is broken yet")
	length := r.Course.Calm
	hasAll := func() (hasAll bool) {
		r.look(func(requests []prober.Request) {
			hasAll = r.since() >= length && len(requests) >= int((length-lookEvery)/r.probeInterval())
		})
		return hasAll
	}
	if !r.wait(ctx, length+r.Course.Patience, hasAll) {
		r.outcome.Interrupted = true
		return notRun("interrupted; nothing was broken")
	}
	sent, reasons, from := 0, map[string]int{}, map[string]int{}
	r.look(func(requests []prober.Request) {
		sent = len(requests)
		for _, request := range requests {
			if request.Lost() {
				reasons[detail(request)]++
			} else {
				from[request.Answer.From]++
			}
		}
	})
	switch {
	case sent == 0:
		return notRun("no request was sent within %s: give a longer --calm, or a higher --rate", length)
	case len(reasons) > 0:
		return notRun("nothing was broken, since requests are lost already: of %d, %s (sent: %s)", sent, counts(reasons), r.request())
	case from[active] == sent:
		return nil
	case from[passive] > 0 && from[""]+from[both] == 0:
		return notRun("nothing was broken, since passive answers already: %d of %d requests", from[passive], sent)
	case from[both] > 0:
		return notRun("nothing was broken, since %d of %d answers have the marks of both tiers: give an --active-is and a --passive-is that match only one of them", from[both], sent)
	}
	return notRun("nothing was broken, since %d of %d answers are of neither tier: they have neither %s nor %s; give --active-is, which %s",
		from[""], sent, r.Marks.describe(r.Marks.Active, passive), r.Marks.describe(r.Marks.Passive, active), markForm)
}

// detail is why a request was lost, with the error of one that had no answer.
func detail(request prober.Request) string {
	if request.Err != nil && !errors.Is(request.Err, context.DeadlineExceeded) {
		return request.Err.Error()
	}
	return request.Reason()
}

func (r *run) probeInterval() time.Duration { return prober.Probe{Rate: r.Course.Rate}.Interval() }

// outage waits while active is broken, and tells what is seen.
func (r *run) outage(ctx context.Context) {
	r.say("the break is done; active is restored in %s", r.Course.For)
	toldFailover, toldLost := false, false
	r.wait(ctx, r.Course.For, func() bool {
		figures, isSeen := r.sofar()
		if !isSeen {
			return false
		}
		if !toldLost && figures.Lost > 0 {
			toldLost = true
			r.say("requests are lost")
		}
		if !toldFailover && figures.Failover != prober.Never {
			toldFailover = true
			r.say("passive answers, %s after active stopped; lost so far: %d", prober.Seconds(figures.Failover), figures.Lost)
		}
		r.outcome.Aborted = r.overBudget(figures)
		if r.outcome.Aborted != "" {
			r.say("aborted: %s", r.outcome.Aborted)
		}
		return r.outcome.Aborted != ""
	})
}

// sofar are the figures while active is broken.
func (r *run) sofar() (figures Figures, isSeen bool) {
	r.look(func(requests []prober.Request) {
		now := r.since()
		var begin time.Duration
		begin, _, isSeen = seen(requests, Times{Broken: r.outcome.Times.Broken, Restoring: now, Restored: now})
		figures = figuresOf(requests, begin, now, 0)
	})
	return figures, isSeen
}

// overBudget tells what of the budget is exceeded already.
func (r *run) overBudget(figures Figures) string {
	budget := r.Course.Budget
	if limit, isLimited := budget.MostLost(int(r.Course.Rate * r.Course.For.Seconds())); isLimited && float64(figures.Lost) > limit {
		return fmt.Sprintf("%d requests are lost, and --max-lost is %s", figures.Lost, budget.Lost)
	}
	if budget.Failover != nil && figures.Failover == prober.Never && figures.End-figures.Begin > *budget.Failover+unbroken+lookEvery {
		return fmt.Sprintf("passive does not answer after %s, and --max-failover is %s", prober.Seconds(figures.End-figures.Begin), budget.Failover)
	}
	return ""
}

// failback waits until only active has answered for a while.
func (r *run) failback(ctx context.Context) {
	told := false
	restored := r.outcome.Times.Restored
	r.wait(ctx, r.Course.Wait, func() bool {
		now := r.since()
		last, first := restored, never // of what active did not answer, and of what it did since
		r.look(func(requests []prober.Request) {
			for _, request := range requests {
				switch {
				case request.Due < restored:
				case request.Lost() || request.Answer.From != active:
					last, first = max(last, request.Due), never
				default:
					first = min(first, request.Due)
				}
			}
		})
		if !told && first != never && now-first >= unbroken {
			told = true
			r.say("active answers again, %s after it was restored", prober.Seconds(first-restored))
		}
		r.outcome.Back = first != never && now-last >= back
		if limit := r.Course.Budget.Failback; !r.outcome.Back && r.outcome.Aborted == "" && limit != nil && first == never && now-restored > *limit+unbroken {
			r.outcome.Aborted = fmt.Sprintf("active does not answer %s after it was restored, and --max-failback is %s", prober.Seconds(now-restored), limit)
			r.say("no longer watched: %s", r.outcome.Aborted)
			return true
		}
		return r.outcome.Back
	})
	if ctx.Err() != nil {
		r.outcome.Interrupted = true
		r.say("interrupted: active is restored")
		return
	}
	if !r.outcome.Back && r.outcome.Aborted == "" {
		r.say("other tiers than active still answer %s after it was restored", r.Course.Wait)
	}
}

func counts(reasons map[string]int) string {
	var texts []string
	for reason, count := range reasons {
		texts = append(texts, fmt.Sprintf("%d %s", count, reason))
	}
	slices.Sort(texts)
	return strings.Join(texts, ", ")
}
