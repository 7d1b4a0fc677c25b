package envoy

import "time"

// Keepalive is that of connections of HTTP/2.
type Keepalive struct {
	// Interval is the time between a PING and the answer to the one before. Up to Jitter
	// per cent are added to it.
	Interval time.Duration
	Jitter   int
	// Timeout closes the connection where there is no answer.
	Timeout time.Duration
}

// keepAlive plans the next PING on a connection, and closes it where that is not answered.
//
// Envoy: source/common/http/http2/codec_impl.cc, sendKeepalive, onKeepaliveResponse and
// onKeepaliveResponseTimeout.
func (s *simulation) keepAlive(l *line, h *host, isOpen func() bool, shut func()) {
	settings := s.settings.Keepalive
	if settings == nil {
		return
	}
	next := settings.Interval + s.between(0, settings.Interval*time.Duration(settings.Jitter)/100)
	if s.now < settings.Interval {
		next = s.between(0, next) // a connection of before the first request
	}
	s.after(next, func(s *simulation, _ subject) {
		if !isOpen() {
			return
		}
		if at, _ := l.answerAt(h, s.now); at-s.now <= settings.Timeout {
			s.queue.add(at, func(s *simulation, _ subject) { s.keepAlive(l, h, isOpen, shut) }, subject{})
			return
		}
		s.after(settings.Timeout, func(*simulation, subject) {
			if isOpen() {
				shut()
			}
		}, subject{})
	}, subject{})
}
