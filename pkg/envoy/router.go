package envoy

import "net/http"

// request is one that Envoy has accepted.
//
// Envoy: source/common/router/router.cc.
type request struct {
	Request
	// index is that of its entry in the result.
	index  int
	worker *worker
	// tried are the hosts of the attempts.
	tried []*host
	// A retry leaves out the tiers of those that were tried from one attempt to another.
	excludedFrom, excludedTo int
	// isTrying tells that an attempt is under way: in a pool, and on a connection once there
	// is one.
	isTrying   bool
	pool       *pool
	connection *connection
	// isRetry tells that one of the retries that may be under way is this.
	isRetry, done bool
}

// arrive accepts a request.
func (s *simulation) arrive() {
	req := s.spare.request()
	*req = request{Request: Request{Sent: s.now, Tier: -1}, index: len(s.result.Requests), worker: &s.workers[s.random.IntN(len(s.workers))], tried: req.tried[:0]}
	s.result.Requests = append(s.result.Requests, Request{})
	s.waiting++
	s.queue.addDeadline(ofClient, s.now+s.scenario.Traffic.Patience, req.whole())
	if s.settings.Fault != nil {
		s.inject(req)
		return
	}
	s.route(req)
}

// route begins with the attempts, and with the timeout of all of them.
func (s *simulation) route(req *request) {
	if timeout := s.settings.RequestTimeout; timeout > 0 && !s.settings.Connections {
		s.queue.addDeadline(ofRoute, s.now+timeout, req.whole())
	}
	s.try(req)
}

// try makes an attempt, on the host that the load balancer picks.
func (s *simulation) try(r *request) {
	h := s.choose(r)
	if h == nil {
		s.finish(r, http.StatusServiceUnavailable, -1, ReasonNoHost)
		return
	}
	r.Attempts++
	r.tried = append(r.tried, h)
	r.isTrying, r.pool, r.connection = true, &r.worker.pools[h.number], nil
	s.newStream(r)
}

// sent is called when the request is on its way to the server.
func (s *simulation) sent(r *request) {
	if retry := s.settings.Retry; retry != nil && retry.PerTryTimeout > 0 {
		s.queue.addDeadline(ofAttempt, s.now+retry.PerTryTimeout, r.attempt())
	}
	at, with := r.connection.answerAt(r.pool.host, s.now)
	s.queue.add(at, (*simulation).answer, subject{of: r.attempt(), with: with})
}

// answer is the server's.
func (s *simulation) answer(on subject) {
	if on.of.isOver() {
		return
	}
	r, with := on.of.request, on.with
	s.end(r)
	if !s.settings.Connections {
		s.putResult(r.pool.host, answered, with.status)
	}
	s.release(r, true)
	if s.retryReply(r, with) {
		return
	}
	reason := Reason("")
	if with.status != http.StatusOK {
		reason = ReasonError
	}
	s.finish(r, with.status, r.pool.host.tier, reason)
}

// connectFailed is an attempt without a connection: no byte of it was sent.
func (s *simulation) connectFailed(r *request) {
	s.end(r)
	s.putResult(r.pool.host, failed, 0)
	if !s.retry(r, func(on RetryOn) bool {
		return on.ConnectFailure || on.ResetBeforeRequest || on.Reset || on.GatewayError || on.FiveXX
	}) {
		s.finish(r, http.StatusServiceUnavailable, -1, ReasonConnection)
	}
}

// reset is an attempt whose connection broke. Where Envoy sees only connections, one that
// was established does not count against its host (tcp_proxy.cc, onGenericPoolFailure).
func (s *simulation) reset(r *request) {
	s.end(r)
	if !s.settings.Connections {
		s.putResult(r.pool.host, failed, 0)
	}
	if !s.retry(r, isCoveredByReset) {
		s.finish(r, http.StatusServiceUnavailable, -1, ReasonConnection)
	}
}

func isCoveredByReset(on RetryOn) bool { return on.Reset || on.GatewayError || on.FiveXX }

// perTryTimeout ends an attempt (onPerTryTimeoutCommon).
func (s *simulation) perTryTimeout(on subject) {
	r := on.of.request
	s.end(r)
	s.leave(r)
	s.putResult(r.pool.host, timedOut, 0)
	if !s.retry(r, isCoveredByReset) {
		s.finish(r, http.StatusGatewayTimeout, -1, ReasonTimeout)
	}
}

// timeOut ends a request with all its attempts (onResponseTimeout). It counts against
// a host only once there is a connection to it: updateOutlierDetection asks for the
// host that the pool has told.
func (s *simulation) timeOut(on subject) {
	r := on.of.request
	if r.isTrying {
		s.end(r)
		s.leave(r)
		if r.connection != nil {
			s.putResult(r.pool.host, timedOut, 0)
		}
	}
	s.finish(r, http.StatusGatewayTimeout, -1, ReasonTimeout)
}

// abandon ends a request whose client has left. That counts against no host.
func (s *simulation) abandon(on subject) {
	r := on.of.request
	if r.isTrying {
		s.end(r)
		s.leave(r)
	}
	s.finish(r, 0, -1, ReasonPatience)
}

// overflow is an attempt that the circuit breaker refuses. It counts for nothing.
func (s *simulation) overflow(r *request) {
	s.end(r)
	s.finish(r, http.StatusServiceUnavailable, -1, ReasonOverflow)
}

// end is that of an attempt.
func (s *simulation) end(r *request) {
	r.isTrying = false
	if r.connection != nil {
		r.pool.host.requests--
		s.inUse.Requests--
	}
	if r.isRetry {
		r.isRetry = false
		s.inUse.Retries--
	}
}

func (s *simulation) finish(r *request, status, tier int, reason Reason) {
	r.done = true
	s.waiting--
	if tier != s.home {
		s.restless = max(s.restless, s.now)
	}
	r.Status, r.Tier, r.Reason = status, tier, reason
	r.Latency = s.now - r.Sent
	s.result.Requests[r.index] = r.Request
	s.spare.requests = append(s.spare.requests, r)
}
