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
	// connecting are the connections that are being made, and pending the requests that
	// wait for one.
	connecting []*connection
	pending    []*request
}

// connection is one to a host.
type connection struct {
	line
	pool *pool
	// accepted tells how it ends that it is being made. draining closes it at the end of its
	// requests.
	accepted, draining, closed bool
	// requests that are on it.
	requests []*request
}

// newStream gives a request a connection, at once or when there is one
// (ConnPoolImplBase::newStreamImpl).
func (s *simulation) newStream(r *request) {
	p := r.pool
	if last := len(p.ready) - 1; last >= 0 && !s.settings.Connections {
		s.attach(p.ready[last], r)
		return
	}
	if s.inUse.PendingRequests >= s.settings.Limits.PendingRequests {
		s.overflow(r)
		return
	}
	s.inUse.PendingRequests++
	p.pending = append(p.pending, r)
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
	c := s.spare.connection()
	*c = connection{pool: p, line: s.newLine(s.settings.HTTP2), requests: c.requests[:0]}
	p.connecting = append(p.connecting, c)
	s.inUse.Connections++
	at, accepted := p.host.connectAt(s.now)
	if deadline := s.now + s.settings.ConnectTimeout; at > deadline {
		at, accepted = deadline, false
	}
	c.accepted = accepted
	s.queue.add(at, (*simulation).connectionMade, subject{connection: c})
}

// connectionMade is called when a connection is there, or could not be made.
func (s *simulation) connectionMade(on subject) {
	c := on.connection
	if c.closed {
		return
	}
	p := c.pool
	p.connecting = without(p.connecting, c)
	if c.accepted {
		s.connected(c)
		return
	}
	s.inUse.Connections--
	s.spare.connections = append(s.spare.connections, c)
	// All that wait fail with one connection (purgePendingStreams). None is tried again at once,
	// so that none is put in the place of one that is still to fail.
	failed := p.pending
	p.pending = p.pending[:0]
	s.inUse.PendingRequests -= len(failed)
	for _, r := range failed {
		s.connectFailed(r)
	}
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
		r := p.pending[0]
		p.pending = p.pending[:copy(p.pending, p.pending[1:])]
		s.inUse.PendingRequests--
		s.attach(c, r)
	}
}

// attach sends a request, which counts as one at its host from now on, if the circuit
// breaker lets it (attachStreamToClient).
func (s *simulation) attach(c *connection, r *request) {
	if s.inUse.Requests >= s.settings.Limits.Requests {
		s.overflow(r)
		return
	}
	c.requests, r.connection = append(c.requests, r), c
	c.pool.host.requests++
	s.inUse.Requests++
	if !s.settings.HTTP2 {
		c.pool.ready = without(c.pool.ready, c)
		c.pool.busy = append(c.pool.busy, c)
	}
	s.sent(r)
}

// release ends the use of a connection by a request: it is kept for the next one, or
// closed. One of HTTP/2 outlives a request that is given up.
func (s *simulation) release(r *request, keep bool) {
	c := r.connection
	c.requests = without(c.requests, r)
	switch {
	case s.settings.HTTP2 && (!c.draining || len(c.requests) > 0):
	case s.settings.HTTP2 || !keep || c.draining || s.settings.Connections:
		c.pool.busy = without(c.pool.busy, c)
		c.closed = true
		s.inUse.Connections--
		if !s.settings.HTTP2 { // for which PINGs may be planned
			s.spare.connections = append(s.spare.connections, c)
		}
	default:
		c.pool.busy = without(c.pool.busy, c)
		s.serve(c)
	}
}

// leave takes a request out of the pool, whether it waits or is under way. A
// connection that is being made for it goes on.
func (s *simulation) leave(r *request) {
	if slices.Contains(r.pool.pending, r) {
		r.pool.pending = without(r.pool.pending, r)
		s.inUse.PendingRequests--
		return
	}
	if r.connection != nil && slices.Contains(r.connection.requests, r) {
		s.release(r, false)
	}
}

// drain closes the connections to a host that failed: idle ones and those that nothing
// waits for at once, the others after their requests (onHostHealthFailure).
func (s *simulation) drain(h *host) {
	for _, w := range s.workers {
		p := &w.pools[h.number]
		for _, c := range p.ready {
			if len(c.requests) > 0 {
				p.busy = append(p.busy, c)
				continue
			}
			c.closed = true
			s.inUse.Connections--
		}
		p.ready = p.ready[:0]
		for _, c := range p.busy {
			c.draining = true
		}
		if len(p.pending) == 0 {
			for _, c := range p.connecting {
				c.closed = true
			}
			s.inUse.Connections -= len(p.connecting)
			p.connecting = p.connecting[:0]
		}
	}
}

// breakConnections is what a process does that ends.
func (s *simulation) breakConnections(p *pool) {
	for _, c := range slices.Concat(p.ready, p.busy) {
		s.breakConnection(c)
	}
}

// breakConnection ends a connection, and the attempt of every request that is on it.
func (s *simulation) breakConnection(c *connection) {
	if c.closed {
		return
	}
	c.pool.ready, c.pool.busy = without(c.pool.ready, c), without(c.pool.busy, c)
	s.inUse.Connections--
	requests := c.requests
	c.closed, c.requests = true, nil
	for _, r := range requests {
		s.reset(r)
	}
}

// without removes an item. Unlike slices.Delete, it leaves the room behind the others as it
// is: none of them is garbage.
func without[T comparable](list []T, item T) []T {
	if i := slices.Index(list, item); i >= 0 {
		return list[:i+copy(list[i:], list[i+1:])]
	}
	return list
}

// What a round trip to a host takes, and an answer that it gives at once.
const (
	connectTime = 300 * time.Microsecond
	answerTime  = time.Millisecond
)
