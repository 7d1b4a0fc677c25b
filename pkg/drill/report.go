package drill

import (
	"fmt"
	"time"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	"github.com/failover-krm/failover/pkg/diagram"
	"github.com/failover-krm/failover/pkg/prober"
)

// Result is how a drill ended.
type Result string

// The results.
const (
	// Kept is for a drill within its budget.
	Kept Result = v1alpha1.DrillKept
	// Exceeded is for one beyond it.
	Exceeded Result = v1alpha1.DrillExceeded
	// Interrupted is for one that was ended from outside.
	Interrupted Result = "interrupted"
)

// Phase is a part of a drill.
type Phase struct {
	Name       string
	Begin, End time.Duration
	// Sent is the number of requests that were due in it, and Lost how many of them were lost.
	Sent, Lost int
}

// Report is what is told of a drill.
type Report struct {
	Outcome
	Figures
	Result Result
	// Exceeds says what of the budget was exceeded.
	Exceeds []string
	Phases  []Phase
	// SlowLimit is the latency in calm that 99 of 100 requests did not exceed.
	SlowLimit time.Duration
	// Resolution is the time between two requests, and RateHeld how many were really sent a
	// second.
	Resolution time.Duration
	RateHeld   float64
	// RateError tells that requests were sent too late: the figures are not reliable.
	RateError error
	// Prediction is nil where there is none, and NoPrediction then says why.
	Prediction   *Prediction
	NoPrediction string
}

// Report evaluates what the drill came to.
func (o Outcome) Report() Report {
	report := Report{Outcome: o, Result: Kept, Resolution: prober.Probe{Rate: o.Plan.Course.Rate}.Interval()}
	calm := before(o.Requests, o.Times.Broken)
	report.SlowLimit = quantile(calm, 0.99)
	begin, end, isSeen := seen(o.Requests, o.Times)
	if !isSeen {
		begin = o.Times.Restored
	}
	report.Figures = figuresOf(o.Requests, begin, end, report.SlowLimit)
	report.Phases = phasesOf(o.Requests, o.Times, begin, end)
	if last := len(o.Requests) - 1; last > 0 {
		report.RateHeld = float64(last) / (o.Requests[last].Sent - o.Requests[0].Sent).Seconds()
	}
	report.RateError = prober.RateError(o.Requests)
	switch {
	case o.Interrupted:
		report.NoPrediction = "the drill was interrupted"
	case restoredByOthers(o.Requests, begin, o.Times):
		report.NoPrediction = "active answered again before it was restored here: something else restored it, such as a controller that syncs the cluster with a repository"
	case o.Plan.Kind == "":
		report.NoPrediction = "it is not known what kind of outage --break makes: give --outage"
	default:
		report.Prediction = o.Plan.predict(report.Figures, o.Requests[len(o.Requests)-1].Due+report.Resolution)
	}
	report.Exceeds = report.exceeds()
	switch {
	case o.Interrupted:
		report.Result = Interrupted
	case len(report.Exceeds) > 0:
		report.Result = Exceeded
	}
	return report
}

// exceeds says what of the budget is exceeded.
func (r Report) exceeds() []string {
	budget := r.Plan.Course.Budget
	var exceeded []string
	if limit, isLimited := budget.MostLost(r.During); isLimited && float64(r.Lost) > limit {
		exceeded = append(exceeded, fmt.Sprintf("%d requests were lost, and --max-lost is %s", r.Lost, budget.Lost))
	}
	for _, of := range []struct {
		what, flag string
		limit      *time.Duration
		value      time.Duration
	}{
		{"fails over", "max-failover", budget.Failover, r.Failover},
		{"fails back", "max-failback", budget.Failback, r.Failback},
	} {
		switch {
		case of.limit == nil:
		case of.value == prober.Never:
			exceeded = append(exceeded, fmt.Sprintf("never %s, and --%s is %s", of.what, of.flag, of.limit))
		case of.value > *of.limit:
			exceeded = append(exceeded, fmt.Sprintf("%s after %s, and --%s is %s", of.what, prober.Seconds(of.value), of.flag, of.limit))
		}
	}
	return exceeded
}

func before(requests []prober.Request, end time.Duration) []prober.Request {
	for i, request := range requests {
		if request.Due >= end {
			return requests[:i]
		}
	}
	return requests
}

// phasesOf divides a drill: calm, the outage until passive answers, and so on.
func phasesOf(requests []prober.Request, times Times, begin, end time.Duration) []Phase {
	if len(requests) == 0 {
		return nil
	}
	over := requests[len(requests)-1].Due + 1
	phases := []Phase{
		{Name: "calm", End: times.Broken},
		{Name: "breaking", Begin: times.Broken, End: begin},
		{Name: "outage", Begin: begin, End: end},
		{Name: "failback", Begin: end, End: over},
	}
	for _, request := range requests {
		for i := range phases {
			if request.Due >= phases[i].Begin && request.Due < phases[i].End {
				phases[i].Sent++
				if request.Lost() {
					phases[i].Lost++
				}
				break
			}
		}
	}
	return phases
}

// Run is the drill as a picture.
func (r Report) Run() diagram.Run {
	run := diagram.Run{
		Name: r.Plan.Failover.Name(), Tiers: []string{active, passive},
		Setting: fmt.Sprintf("drill of %s: %s, %g requests a second", r.Start.UTC().Format(time.DateTime), describe(r.Plan.Break), r.Plan.Course.Rate),
		Begin:   r.Begin, End: r.End,
		Facts: []diagram.Fact{
			{Name: "requests lost", Value: fmt.Sprintf("%d of %d", r.Lost, r.Sent)},
			{Name: "slowest answer", Value: prober.Seconds(r.Slowest)},
			{Name: "fails over after", Value: prober.Seconds(r.Failover)},
			{Name: "fails back after", Value: prober.Seconds(r.Failback)},
		},
	}
	tierOf := map[string]int{active: 0, passive: 1}
	for _, request := range r.Requests {
		tier, isKnown := tierOf[request.Answer.From]
		run.Samples = append(run.Samples, diagram.Sample{At: request.Due, Tier: tier, Lost: request.Lost() || !isKnown})
	}
	for _, event := range r.Events {
		run.Events = append(run.Events, diagram.Event{At: event.At, Text: event.Text})
	}
	return run
}

func (r Report) lostText() string {
	return fmt.Sprintf("%d of %d since the outage began", r.Lost, r.Sent)
}
