package envoy

import (
	"net/http"
	"slices"
	"time"
)

// checkState is what the active health check knows of a host.
//
// Envoy: source/common/upstream/health_checker_base_impl.cc, and
// source/extensions/health_checkers/grpc/health_checker_impl.cc (onTimeout). It begins with hosts that
// were found healthy, and checks them at the interval: so it does once a cluster has
// had traffic.
type checkState struct {
	failedCheck bool
	// failedChecks and passedChecks are in a row.
	failedChecks, passedChecks int
	// checkLine is the connection of a check of gRPC, which goes on after a timeout, also
	// while it is being made; nil for none.
	checkLine *line
}

// check asks a host, and plans the next check for an interval after its result.
func (s *simulation) check(h *host) {
	settings := s.settings.Check
	took, passed, atOnce := s.askHost(h)
	s.after(took, func() {
		if passed {
			s.checkPassed(h)
		} else {
			s.checkFailed(h, atOnce)
		}
		s.after(settings.Interval, func() { s.check(h) })
	})
}

// askHost returns how a check ends: an answer of the wrong status is a failure at once,
// whatever the threshold.
func (s *simulation) askHost(h *host) (took time.Duration, passed, atOnce bool) {
	settings := s.settings.Check
	on := h.checkLine
	if on == nil {
		at, accepted := h.connectAt(s.now)
		made := s.newLine(settings.GRPC)
		made.stalled = at
		if on = &made; settings.GRPC && accepted {
			h.checkLine = on
			s.keepAlive(on, h, func() bool { return h.checkLine == on }, func() { h.checkLine = nil })
		}
		if at-s.now > settings.Timeout {
			return settings.Timeout, false, false
		}
		if !accepted || settings.ConnectOnly {
			return at - s.now, accepted, false
		}
	}
	at, with := on.answerAt(h, s.now)
	if at-s.now > settings.Timeout {
		return settings.Timeout, false, false
	}
	passed = slices.Contains(settings.Expected, with.status) || len(settings.Expected) == 0 && with.status == http.StatusOK
	return at - s.now, passed, !slices.Contains(settings.Retriable, with.status)
}

func (s *simulation) checkFailed(h *host, atOnce bool) {
	h.passedChecks = 0
	h.failedChecks++
	if h.failedCheck || !atOnce && h.failedChecks < s.settings.Check.Unhealthy {
		return
	}
	h.failedCheck = true
	s.note(CheckFailed, h)
	s.drain(h)
	s.healthChanged()
}

func (s *simulation) checkPassed(h *host) {
	h.failedChecks = 0
	if h.failedCheck {
		h.passedChecks++
		if h.passedChecks < s.settings.Check.Healthy {
			return
		}
		h.failedCheck = false
		s.note(CheckPassed, h)
		s.healthChanged()
	}
	if h.ejected {
		s.note(EjectionEnded, h)
		s.uneject(h)
	}
}
