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
	// asked is how the check that is under way ends.
	asked checkResult
	// checkLine is the connection of a check of gRPC, which goes on after a timeout, even
	// while it is being made; nil for none.
	checkLine *line
}

// checkResult is how a check ends: an answer of the wrong status is a failure at once,
// whatever the threshold.
type checkResult struct {
	took           time.Duration
	passed, atOnce bool
}

// check asks a host.
func (s *simulation) check(on subject) {
	on.host.asked = s.askHost(on.host)
	s.after(on.host.asked.took, (*simulation).checked, on)
}

// checked takes the result of a check, and plans the next one for an interval after it.
func (s *simulation) checked(on subject) {
	if on.host.asked.passed {
		s.checkPassed(on.host)
	} else {
		s.checkFailed(on.host, on.host.asked.atOnce)
	}
	s.after(s.settings.Check.Interval, (*simulation).check, on)
}

func (s *simulation) askHost(h *host) checkResult {
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
			return checkResult{took: settings.Timeout}
		}
		if !accepted || settings.ConnectOnly {
			return checkResult{took: at - s.now, passed: accepted}
		}
	}
	at, with := on.answerAt(h, s.now)
	if at-s.now > settings.Timeout {
		return checkResult{took: settings.Timeout}
	}
	passed := slices.Contains(settings.Expected, with.status) || len(settings.Expected) == 0 && with.status == http.StatusOK
	return checkResult{at - s.now, passed, !slices.Contains(settings.Retriable, with.status)}
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
