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

// Interval is the time between two requests.
func (p Probe) Interval() time.Duration { return time.Duration(float64(time.Second) / p.Rate) }

// Run sends the requests, beginning at start, and returns when all of them are
// answered or given up.
func (p Probe) Run(ctx context.Context, start time.Time) []Request {
	requests := make([]Request, p.Duration/p.Interval())
	p.each(ctx, start, len(requests), nil, func(i int, request Request) { requests[i] = request })
	return requests
}

// Until sends requests, beginning at start, until stop is closed or the duration is over,
// and returns when all are answered or given up. Each is handed to done then, one at a time.
func (p Probe) Until(ctx context.Context, start time.Time, stop <-chan struct{}, done func(Request)) {
	var mutex sync.Mutex
	p.each(ctx, start, int(p.Duration/p.Interval()), stop, func(_ int, request Request) {
		mutex.Lock()
		defer mutex.Unlock()
		done(request)
	})
}

// each sends at most so many requests, and hands over what became of each.
func (p Probe) each(ctx context.Context, start time.Time, most int, stop <-chan struct{}, done func(int, Request)) {
	var pending sync.WaitGroup
	defer pending.Wait()
	for i := range most {
		request := Request{Due: time.Duration(i) * p.Interval()}
		select {
		case <-stop:
			return
		case <-ctx.Done():
			request.Err = ctx.Err()
			done(i, request)
			continue
		case <-time.After(time.Until(start.Add(request.Due))):
		}
		pending.Go(func() { done(i, p.send(ctx, start, request)) })
	}
}

func (p Probe) send(ctx context.Context, start time.Time, request Request) Request {
	ctx, cancel := context.WithDeadline(ctx, start.Add(request.Due).Add(p.Patience))
	defer cancel()
	request.Sent = time.Since(start)
	request.Answer, request.Err = p.Target.Ask(ctx)
	request.Latency = time.Since(start) - request.Due
	return request
}
