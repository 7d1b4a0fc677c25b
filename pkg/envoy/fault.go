package envoy

import "time"

// Fault is what Envoy does to requests before it sends them to a host.
type Fault struct {
	// DelayPercent of the requests wait for Delay.
	DelayPercent float64
	Delay        time.Duration
	// AbortPercent of them are then answered with AbortStatus by Envoy itself, even where
	// that is 200.
	AbortPercent float64
	AbortStatus  int
}

// inject delays and aborts a request, each by chance.
//
// Envoy: source/extensions/filters/http/fault/fault_filter.cc, decodeHeaders and
// postDelayInjection. The router has not seen the request yet, so that its timeouts do not
// run, and no attempt is repeated.
func (s *simulation) inject(r *request) {
	if s.chance(s.settings.Fault.DelayPercent) {
		s.after(s.settings.Fault.Delay, (*simulation).injectAbort, subject{of: r.whole()})
		return
	}
	s.injectAbort(subject{of: r.whole()})
}

func (s *simulation) injectAbort(on subject) {
	fault := s.settings.Fault
	switch {
	case on.of.isOver(): // the client has left
	case s.chance(fault.AbortPercent):
		s.finish(on.of.request, fault.AbortStatus, -1, ReasonFault)
	default:
		s.route(on.of.request)
	}
}

// chance is true in so many per cent of all cases.
func (s *simulation) chance(percent float64) bool { return s.random.Float64()*100 < percent }
