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
	// tried are the hosts of earlier attempts, the first in a place of its own: most
	// requests have no other. triedTiers are their tiers, where retries ask for them.
	tried      []*host
	first      [1]*host
	triedTiers []bool
	// excluded are the tiers that a retry leaves out.
	excluded []bool
	current  *attempt
	// isRetry tells that one of the retries that may be under way is this.
	isRetry, done bool
}

// attempt is a request on its way to a host.
type attempt struct {
	request    *request
	pool       *pool
	connection *connection
	ended      bool
}

// arrive accepts a request.
func (s *simulation) arrive() {
	req := &request{Request: Request{Sent: s.now, Tier: -1}, index: len(s.result.Requests), worker: s.workers[s.random.IntN(len(s.workers))]}
	req.tried = req.first[:0]
	if s.asksForTiers() {
		req.triedTiers = make([]bool, len(s.tiers))
	}
	s.result.Requests = append(s.result.Requests, Request{})
	s.waiting++
	s.queue.addDeadline(ofClient, s.now+s.scenario.Traffic.Patience, req)
	if s.settings.Fault != nil {
		s.inject(req)
		return
	}
	s.route(req)
}

// route begins with the attempts, and with the timeout of all of them.
func (s *simulation) route(req *request) {
	if timeout := s.settings.RequestTimeout; timeout > 0 && !s.settings.Connections {
		s.queue.addDeadline(ofRoute, s.now+timeout, req)
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
	if r.triedTiers != nil {
		r.triedTiers[h.tier] = true
	}
	a := &attempt{request: r, pool: r.worker.pools[h.tier][h.index]}
	r.current = a
	s.newStream(a)
}

// sent is called when the request is on its way to the server.
func (s *simulation) sent(a *attempt) {
	if retry := s.settings.Retry; retry != nil && retry.PerTryTimeout > 0 {
		s.after(retry.PerTryTimeout, func() {
			if !a.ended {
				s.perTryTimeout(a)
			}
		})
	}
	at, with := a.connection.answerAt(a.pool.host, s.now)
	s.queue.add(at, func() {
		if !a.ended {
			s.answer(a, with)
		}
	})
}

// answer is the server's.
func (s *simulation) answer(a *attempt, with reply) {
	s.end(a)
	if !s.settings.Connections {
		s.putResult(a.pool.host, answered, with.status)
	}
	s.release(a, true)
	if s.retryReply(a.request, with) {
		return
	}
	reason := Reason("")
	if with.status != http.StatusOK {
		reason = ReasonError
	}
	s.finish(a.request, with.status, a.pool.host.tier, reason)
}

// connectFailed is an attempt without a connection: no byte of it was sent.
func (s *simulation) connectFailed(a *attempt) {
	s.end(a)
	s.putResult(a.pool.host, failed, 0)
	if !s.retry(a.request, func(on RetryOn) bool {
		return on.ConnectFailure || on.ResetBeforeRequest || on.Reset || on.GatewayError || on.FiveXX
	}) {
		s.finish(a.request, http.StatusServiceUnavailable, -1, ReasonConnection)
	}
}

// reset is an attempt whose connection broke. Where Envoy sees connections alone, one that
// was established does not count against its host (tcp_proxy.cc, onGenericPoolFailure).
func (s *simulation) reset(a *attempt) {
	s.end(a)
	if !s.settings.Connections {
		s.putResult(a.pool.host, failed, 0)
	}
	if !s.retry(a.request, isCoveredByReset) {
		s.finish(a.request, http.StatusServiceUnavailable, -1, ReasonConnection)
	}
}

func isCoveredByReset(on RetryOn) bool { return on.Reset || on.GatewayError || on.FiveXX }

// perTryTimeout ends an attempt (onPerTryTimeoutCommon).
func (s *simulation) perTryTimeout(a *attempt) {
	s.end(a)
	s.leave(a)
	s.putResult(a.pool.host, timedOut, 0)
	if !s.retry(a.request, isCoveredByReset) {
		s.finish(a.request, http.StatusGatewayTimeout, -1, ReasonTimeout)
	}
}

// timeOut ends a request with all its attempts (onResponseTimeout). It counts against
// a host only once there is a connection to it: updateOutlierDetection asks for the
// host that the pool has told.
func (s *simulation) timeOut(r *request) {
	if a := r.current; a != nil && !a.ended {
		s.end(a)
		s.leave(a)
		if a.connection != nil {
			s.putResult(a.pool.host, timedOut, 0)
		}
	}
	s.finish(r, http.StatusGatewayTimeout, -1, ReasonTimeout)
}

// abandon ends a request whose client has left. That counts for nothing.
func (s *simulation) abandon(r *request) {
	if a := r.current; a != nil && !a.ended {
		s.end(a)
		s.leave(a)
	}
}

// overflow is an attempt that the circuit breaker refuses. It counts for nothing.
func (s *simulation) overflow(a *attempt) {
	s.end(a)
	s.finish(a.request, http.StatusServiceUnavailable, -1, ReasonOverflow)
}

func (s *simulation) end(a *attempt) {
	a.ended = true
	if a.connection != nil {
		a.pool.host.requests--
		s.inUse.Requests--
	}
	if a.request.isRetry {
		a.request.isRetry = false
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
}
