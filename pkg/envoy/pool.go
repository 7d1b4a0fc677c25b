package envoy

import (
	"slices"
	"time"
)

// pool has the connections of a worker to a host, one request at a time on each.
//
// Envoy: source/common/conn_pool/conn_pool_base.cc.
type pool struct {
	host *host
	// idle connections, the last used one last.
	idle []*connection
	busy []*connection
	// connecting is how many connections are being made, and pending the attempts that
	// wait for one.
	connecting []*connection
	pending    []*attempt
}

// connection is one to a host.
type connection struct {
	pool *pool
	// draining closes it at the end of its request.
	draining, closed bool
	// attempt that is on it.
	attempt *attempt
}

// newStream gives an attempt a connection, at once or when there is one
// (ConnPoolImplBase::newStreamImpl).
func (s *simulation) newStream(a *attempt) {
	p := a.pool
	if last := len(p.idle) - 1; last >= 0 && !s.settings.Connections {
		c := p.idle[last]
		p.idle = p.idle[:last]
		if !s.attach(c, a) {
			p.idle = append(p.idle, c)
		}
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
	if len(p.pending) > len(p.connecting) && (isFirst || s.inUse.Connections < s.settings.Limits.Connections) {
		s.connect(p)
	}
}

// connect makes a new connection.
func (s *simulation) connect(p *pool) {
	c := &connection{pool: p}
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
	s.serve(c)
}

// serve gives a connection to the first that waits, or keeps it (onUpstreamReady).
func (s *simulation) serve(c *connection) {
	for len(c.pool.pending) > 0 {
		a := c.pool.pending[0]
		c.pool.pending = c.pool.pending[1:]
		s.inUse.PendingRequests--
		if s.attach(c, a) {
			return
		}
	}
	c.pool.idle = append(c.pool.idle, c)
}

// attach sends the request of an attempt, which counts as one at its host from now on, if
// the circuit breaker lets it (attachStreamToClient).
func (s *simulation) attach(c *connection, a *attempt) bool {
	if s.inUse.Requests >= s.settings.Limits.Requests {
		s.overflow(a)
		return false
	}
	c.attempt, a.connection = a, c
	c.pool.host.requests++
	s.inUse.Requests++
	c.pool.busy = append(c.pool.busy, c)
	s.sent(a)
	return true
}

// release ends the use of a connection: it is kept for the next request, or closed.
func (s *simulation) release(c *connection, keep bool) {
	c.attempt = nil
	c.pool.busy = without(c.pool.busy, c)
	if !keep || c.draining || s.settings.Connections {
		c.closed = true
		s.inUse.Connections--
		return
	}
	s.serve(c)
}

// leave takes an attempt out of the pool, whether it waits or is under way. A
// connection that is being made for it goes on.
func (s *simulation) leave(a *attempt) {
	if i := slices.Index(a.pool.pending, a); i >= 0 {
		a.pool.pending = slices.Delete(a.pool.pending, i, i+1)
		s.inUse.PendingRequests--
		return
	}
	if a.connection != nil && a.connection.attempt == a {
		s.release(a.connection, false)
	}
}

// drain closes the connections to a host that failed: idle ones and those that nothing
// waits for at once, busy ones after their request (onHostHealthFailure).
func (s *simulation) drain(h *host) {
	for _, w := range s.workers {
		p := w.pools[h.tier][h.index]
		s.inUse.Connections -= len(p.idle)
		p.idle = nil
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
	s.inUse.Connections -= len(p.idle)
	p.idle = nil
	for _, c := range slices.Clone(p.busy) {
		a := c.attempt
		s.release(c, false)
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
