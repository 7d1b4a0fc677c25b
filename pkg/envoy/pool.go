package envoy

import (
	"slices"
	"time"
)

// pool has the connections of a worker to a host: of HTTP/1.1 with one request at a time
// on each, of HTTP/2 one for all requests.
//
// Envoy: source/common/conn_pool/conn_pool_base.cc.
type pool struct {
	host *host
	// ready connections can take a request, the last used one last; busy ones cannot.
	ready []*connection
	busy  []*connection
	// connecting is how many connections are being made, and pending the attempts that
	// wait for one.
	connecting []*connection
	pending    []*attempt
}

// connection is one to a host.
type connection struct {
	line
	pool *pool
	// draining closes it at the end of its requests.
	draining, closed bool
	// attempts that are on it.
	attempts []*attempt
}

// newStream gives an attempt a connection, at once or when there is one
// (ConnPoolImplBase::newStreamImpl).
func (s *simulation) newStream(a *attempt) {
	p := a.pool
	if last := len(p.ready) - 1; last >= 0 && !s.settings.Connections {
		s.attach(p.ready[last], a)
		return
	}
	if s.inUse.PendingRequests >= s.settings.Limits.PendingRequests {
		s.overflow(a)
		return
	}
	s.inUse.PendingRequests++
	p.pending = append(p.pending, a)
	// A pool without any connection may have one beyond the limit.
	isFirst := len(p.busy)+len(p.connecting) == 0
	isNeeded := len(p.pending) > len(p.connecting)
	if s.settings.HTTP2 {
		isNeeded = len(p.connecting) == 0
	}
	if isNeeded && (isFirst || s.inUse.Connections < s.settings.Limits.Connections) {
		s.connect(p)
	}
}

// connect makes a new connection.
func (s *simulation) connect(p *pool) {
	c := &connection{pool: p, line: s.newLine(s.settings.HTTP2)}
	p.connecting = append(p.connecting, c)
	s.inUse.Connections++
	at, accepted := p.host.connectAt(s.now)
	if deadline := s.now + s.settings.ConnectTimeout; at > deadline {
		at, accepted = deadline, false
	}
	s.queue.add(at, func() {
		if c.closed {
			return
		}
		p.connecting = without(p.connecting, c)
		if accepted {
			s.connected(c)
			return
		}
		s.inUse.Connections--
		// All that wait fail with one connection (purgePendingStreams).
		failed := p.pending
		p.pending = nil
		s.inUse.PendingRequests -= len(failed)
		for _, a := range failed {
			s.connectFailed(a)
		}
	})
}

func (s *simulation) connected(c *connection) {
	s.putResult(c.pool.host, connected, 0)
	if s.settings.HTTP2 {
		s.keepAlive(&c.line, c.pool.host, func() bool { return !c.closed }, func() { s.breakConnection(c) })
	}
	s.serve(c)
}

// serve gives a connection to those that wait, as far as it can take them
// (onUpstreamReady).
func (s *simulation) serve(c *connection) {
	p := c.pool
	p.ready = append(p.ready, c)
	for len(p.pending) > 0 && slices.Contains(p.ready, c) {
		a := p.pending[0]
		p.pending = p.pending[1:]
		s.inUse.PendingRequests--
		s.attach(c, a)
	}
}

// attach sends the request of an attempt, which counts as one at its host from now on, if
// the circuit breaker lets it (attachStreamToClient).
func (s *simulation) attach(c *connection, a *attempt) {
	if s.inUse.Requests >= s.settings.Limits.Requests {
		s.overflow(a)
		return
	}
	c.attempts, a.connection = append(c.attempts, a), c
	c.pool.host.requests++
	s.inUse.Requests++
	if !s.settings.HTTP2 {
		c.pool.ready = without(c.pool.ready, c)
		c.pool.busy = append(c.pool.busy, c)
	}
	s.sent(a)
}

// release ends the use of a connection by an attempt: it is kept for the next one, or
// closed. One of HTTP/2 outlives a request that is given up.
func (s *simulation) release(a *attempt, keep bool) {
	c := a.connection
	c.attempts = without(c.attempts, a)
	switch {
	case s.settings.HTTP2 && (!c.draining || len(c.attempts) > 0):
	case s.settings.HTTP2 || !keep || c.draining || s.settings.Connections:
		c.pool.busy = without(c.pool.busy, c)
		c.closed = true
		s.inUse.Connections--
	default:
		c.pool.busy = without(c.pool.busy, c)
		s.serve(c)
	}
}

// leave takes an attempt out of the pool, whether it waits or is under way. A
// connection that is being made for it goes on.
func (s *simulation) leave(a *attempt) {
	if i := slices.Index(a.pool.pending, a); i >= 0 {
		a.pool.pending = slices.Delete(a.pool.pending, i, i+1)
		s.inUse.PendingRequests--
		return
	}
	if a.connection != nil && slices.Contains(a.connection.attempts, a) {
		s.release(a, false)
	}
}

// drain closes the connections to a host that failed: idle ones and those that nothing
// waits for at once, the others after their requests (onHostHealthFailure).
func (s *simulation) drain(h *host) {
	for _, w := range s.workers {
		p := w.pools[h.tier][h.index]
		for _, c := range p.ready {
			if len(c.attempts) > 0 {
				p.busy = append(p.busy, c)
				continue
			}
			c.closed = true
			s.inUse.Connections--
		}
		p.ready = nil
		for _, c := range p.busy {
			c.draining = true
		}
		if len(p.pending) == 0 {
			for _, c := range p.connecting {
				c.closed = true
			}
			s.inUse.Connections -= len(p.connecting)
			p.connecting = nil
		}
	}
}

// breakConnections is what a process does that ends.
func (s *simulation) breakConnections(p *pool) {
	for _, c := range slices.Concat(p.ready, p.busy) {
		s.breakConnection(c)
	}
}

// breakConnection ends a connection, and every attempt that is on it.
func (s *simulation) breakConnection(c *connection) {
	if c.closed {
		return
	}
	c.pool.ready, c.pool.busy = without(c.pool.ready, c), without(c.pool.busy, c)
	s.inUse.Connections--
	attempts := c.attempts
	c.closed, c.attempts = true, nil
	for _, a := range attempts {
		s.reset(a)
	}
}

func without[T comparable](list []T, item T) []T {
	if i := slices.Index(list, item); i >= 0 {
		return slices.Delete(list, i, i+1)
	}
	return list
}

// What a round trip to a host takes, and an answer that it gives at once.
const (
	connectTime = 300 * time.Microsecond
	answerTime  = time.Millisecond
)
