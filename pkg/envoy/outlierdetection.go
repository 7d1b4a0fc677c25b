package envoy

import (
	"net/http"
	"time"
)

// outlierState is what the passive health check knows of a host.
//
// Envoy: source/common/upstream/outlier_detection_impl.cc.
type outlierState struct {
	ejected bool
	// backOff is the number by which the base ejection time is multiplied.
	backOff                int
	ejectedAt, returnedAt  time.Duration
	fiveXX, gateway, local int
	failures, total        int // in the current interval
}

// result is how an attempt ended, for the passive health check.
type result int

const (
	// connected is a connection that was established.
	connected result = iota
	// answered is an answer of the server.
	answered
	// failed is a connection that failed or was reset.
	failed
	// timedOut is an attempt that Envoy gave up.
	timedOut
)

const (
	// percentageHosts and percentageRequests are how many hosts must have had how
	// many requests in an interval for FailurePercentage to count.
	percentageHosts    = 5
	percentageRequests = 50
)

// putResult counts the end of an attempt (putResultWithLocalExternalSplit,
// putResultNoLocalExternalSplit).
func (s *simulation) putResult(h *host, r result, status int) {
	od := s.settings.Outlier
	if od == nil {
		return
	}
	switch {
	case r == connected && od.SplitLocalOrigin:
		h.local = 0
	case r == connected && s.settings.Connections:
		s.putCode(h, http.StatusOK)
	case r == connected:
	case r == answered:
		s.putCode(h, status)
	case od.SplitLocalOrigin:
		h.local++
		if h.local == od.ConsecutiveLocalOrigin {
			s.consecutive(h, &h.local)
		}
	case r == timedOut:
		s.putCode(h, http.StatusGatewayTimeout)
	default:
		s.putCode(h, http.StatusServiceUnavailable)
	}
}

// putCode counts an answer (putHttpResponseCode). A counter ejects where it equals
// its threshold, not above.
func (s *simulation) putCode(h *host, status int) {
	od := s.settings.Outlier
	h.total++
	if status < http.StatusInternalServerError {
		h.fiveXX, h.gateway = 0, 0
		return
	}
	h.failures++
	if isGatewayError(status) {
		h.gateway++
		if h.gateway == od.ConsecutiveGatewayErrors {
			s.consecutive(h, &h.gateway)
		}
	} else {
		h.gateway = 0
	}
	h.fiveXX++
	if h.fiveXX == od.Consecutive5xx {
		s.consecutive(h, &h.fiveXX)
	}
}

func isGatewayError(status int) bool {
	return status >= http.StatusBadGateway && status <= http.StatusGatewayTimeout
}

// consecutive ejects a host for consecutive errors. The counter starts again, whether
// or not it may be ejected (onConsecutiveErrorWorker).
func (s *simulation) consecutive(h *host, counter *int) {
	if h.ejected {
		return
	}
	s.eject(h)
	*counter = 0
}

// eject takes a host out, as far as the limit permits (ejectHost).
func (s *simulation) eject(h *host) {
	od := s.settings.Outlier
	ejected, all := 0, 0
	for _, tier := range s.tiers {
		for _, other := range tier {
			all++
			if other.ejected {
				ejected++
			}
		}
	}
	if 100*(ejected+1) > od.MaxEjectionPercent*all && (!od.AlwaysEjectOne || ejected > 0) {
		s.note(EjectionRefused, h)
		return
	}
	if time.Duration(h.backOff)*od.BaseEjectionTime < od.MaxEjectionTime+od.BaseEjectionTime {
		h.backOff++
	}
	h.ejected, h.ejectedAt = true, s.now
	s.note(Ejected, h)
	s.drain(h)
	s.healthChanged()
}

// uneject brings a host back (unejectHost).
func (s *simulation) uneject(h *host) {
	h.ejected, h.returnedAt = false, s.now
	h.fiveXX, h.gateway, h.local = 0, 0, 0
	s.healthChanged()
}

// tick ends ejections at each interval, and then lowers the back-off of hosts that
// have been back for an interval (onIntervalTimer, checkHostForUneject).
func (s *simulation) tick(subject) {
	od := s.settings.Outlier
	s.eachHost(func(h *host) {
		if h.ejected && min(time.Duration(h.backOff)*od.BaseEjectionTime, od.MaxEjectionTime) <= s.now-h.ejectedAt {
			s.note(EjectionEnded, h)
			s.uneject(h)
		}
	})
	s.failurePercentage()
	s.eachHost(func(h *host) {
		if !h.ejected && h.backOff > 0 && s.now-h.returnedAt >= od.Interval+s.between(0, clockSlack) {
			h.backOff--
		}
	})
	// The timer is armed at the end of its own work, so that ticks drift.
	s.after(od.Interval+s.between(tickDriftMin, tickDriftMax), (*simulation).tick, subject{})
}

// The drift of a tick, as measured on a calm machine.
const (
	tickDriftMin = 100 * time.Microsecond
	tickDriftMax = 800 * time.Microsecond
)

// clockSlack is by how much a tick may seem early: it reads the clock at its beginning,
// and hosts are brought back somewhat later. So it is open whether the first tick after
// a host's return lowers its back-off: of 8 Envoys, 5 did.
const clockSlack = time.Millisecond

// failurePercentage ejects hosts by the share of requests that failed in an interval
// (processSuccessRateEjections).
func (s *simulation) failurePercentage() {
	od := s.settings.Outlier
	counted := 0
	s.eachHost(func(h *host) {
		if !h.ejected && h.total >= percentageRequests {
			counted++
		}
	})
	s.eachHost(func(h *host) {
		if od.FailurePercentage > 0 && counted >= percentageHosts && !h.ejected && h.total >= percentageRequests && 100*h.failures >= od.FailurePercentage*h.total {
			s.eject(h)
		}
	})
	s.eachHost(func(h *host) { h.failures, h.total = 0, 0 })
}
