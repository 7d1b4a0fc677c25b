package drill

import (
	"time"

	"github.com/failover-krm/failover/pkg/envoy"
	"github.com/failover-krm/failover/pkg/prober"
	"github.com/failover-krm/failover/pkg/simulate"
)

// Prediction compares what was measured with what was simulated for the same outage, by the same
// definitions.
type Prediction struct {
	Lost, Failover, Failback Figure
}

// Agrees tells whether all figures do.
func (p Prediction) Agrees() bool {
	return p.Lost.Agrees() && p.Failover.Agrees() && p.Failback.Agrees()
}

// runs is how often the outage is simulated.
const runs = 40

// How far a measured number may be from those of the runs.
const (
	lostTolerance = 2
	lostShare     = 0.05
	timeTolerance = 300 * time.Millisecond
)

// predict simulates the outage that was measured, with the same traffic until the same time.
func (p Plan) predict(measured Figures, until time.Duration) *Prediction {
	if p.Kind == "" {
		return nil
	}
	options := simulate.Defaults()
	options.Rate, options.Patience, options.Workers, options.Seeds = p.Course.Rate, p.Course.Patience, p.Course.Workers, runs
	if p.Target.Kept && (p.Target.GRPC || p.Target.HTTP2) {
		options.Workers = 1 // that which has the connection
	}
	outage := envoy.Outage{Kind: p.Kind, Begin: measured.Begin, End: measured.End}
	var lost, failover, failback []float64
	for _, result := range simulate.Runs(p.Failover.Served(), options, outage, until) {
		figures := figuresOf(requestsOf(result), measured.Begin, measured.End, 0)
		lost = append(lost, float64(figures.Lost))
		failover, failback = append(failover, inSeconds(figures.Failover)), append(failback, inSeconds(figures.Failback))
	}
	if len(lost) == 0 {
		return nil
	}
	tolerance := max(timeTolerance.Seconds(), 2/p.Course.Rate)
	return &Prediction{
		Lost:     FigureOf(float64(measured.Lost), lost, max(lostTolerance, lostShare*float64(measured.Lost))),
		Failover: FigureOf(inSeconds(measured.Failover), failover, tolerance),
		Failback: FigureOf(inSeconds(measured.Failback), failback, tolerance),
	}
}

// requestsOf are those of a simulation, as a prober would have seen them.
func requestsOf(result envoy.Result) []prober.Request {
	requests := make([]prober.Request, 0, len(result.Requests))
	for _, simulated := range result.Requests {
		request := prober.Request{Due: simulated.Sent, Sent: simulated.Sent, Latency: simulated.Latency, Answer: prober.Answer{Status: simulated.Status}}
		if !simulated.Lost() {
			request.Answer.From = active
			if simulated.Tier > 0 {
				request.Answer.From = passive
			}
		}
		requests = append(requests, request)
	}
	return requests
}

// inSeconds is -1 for never.
func inSeconds(d time.Duration) float64 {
	if d == prober.Never {
		return -1
	}
	return d.Seconds()
}
