package prober

import (
	"context"
	"sync"
	"time"
)

// Probe is a series of requests, or connections, at a constant rate.
type Probe struct {
	Target Asker
	// Rate is the number of requests a second.
	Rate float64
	// Duration is how long requests are sent.
	Duration time.Duration
	// Patience is how long each request waits for its answer.
	Patience time.Duration
}

// Request is one request of a probe. Its times count from the probe's start.
type Request struct {
	// Due is when it had to be sent, and Sent when that happened.
	Due, Sent time.Duration
	// Latency is the time from when it was due until the answer had arrived or
	// was given up.
	Latency time.Duration
	Answer  Answer
	// Err tells why there was no answer.
	Err error
}

// Run sends the requests, beginning at start, and returns when all of them are
// answered or given up.
func (p Probe) Run(ctx context.Context, start time.Time) []Request {
	interval := time.Duration(float64(time.Second) / p.Rate)
	requests := make([]Request, p.Duration/interval)
	var pending sync.WaitGroup
	for i := range requests {
		request := &requests[i]
		request.Due = time.Duration(i) * interval
		select {
		case <-ctx.Done():
			request.Err = ctx.Err()
			continue
		case <-time.After(time.Until(start.Add(request.Due))):
		}
		pending.Go(func() { p.send(ctx, start, request) })
	}
	pending.Wait()
	return requests
}

func (p Probe) send(ctx context.Context, start time.Time, request *Request) {
	ctx, cancel := context.WithDeadline(ctx, start.Add(request.Due).Add(p.Patience))
	defer cancel()
	request.Sent = time.Since(start)
	request.Answer, request.Err = p.Target.Ask(ctx)
	request.Latency = time.Since(start) - request.Due
}
