package envoy

import (
	"net/http"
	"time"
)

// synRetries are when Linux sends a SYN again that was not answered, after the first
// one: net.ipv4.tcp_syn_linear_timeouts is 4, and then the delay doubles.
var synRetries = []time.Duration{1, 2, 3, 4, 5, 7, 11, 19, 35, 67}

// firstRetransmission is when Linux sends data again that was not acknowledged, on a
// connection with a short round trip (TCP_RTO_MIN). The delay doubles each time.
const firstRetransmission = 200 * time.Millisecond

// outageAt returns the outage that a host is in; nil where it is well.
func (h *host) outageAt(now time.Duration) *Outage {
	for i := range h.outages {
		if o := &h.outages[i]; o.Begin <= now && now < o.End {
			return o
		}
	}
	return nil
}

// isIn tells whether a host is in an outage of a kind.
func (h *host) isIn(kind Kind, now time.Duration) bool {
	outage := h.outageAt(now)
	return outage != nil && outage.Kind == kind
}

// status is what a host answers a request with.
func (h *host) status(now time.Duration) int {
	switch {
	case h.isIn(Status500, now):
		return http.StatusInternalServerError
	case h.isIn(Status503, now):
		return http.StatusServiceUnavailable
	}
	return http.StatusOK
}

// connectAt returns when a connection that is begun now is there, and false where
// it is refused then.
func (h *host) connectAt(now time.Duration) (at time.Duration, accepted bool) {
	outage := h.outageAt(now)
	switch {
	case outage == nil:
		return now + connectTime, true
	case outage.Kind == Closed:
		return now + connectTime, false
	case outage.Kind == Dropped:
		for _, retry := range synRetries {
			if at := now + retry*time.Second; !h.isIn(Dropped, at) {
				return at + connectTime, !h.isIn(Closed, at)
			}
		}
		return now + 2*synRetries[len(synRetries)-1]*time.Second, false
	}
	return now + connectTime, true
}

// arriveAt returns when data that is sent now arrives at the other side.
func (h *host) arriveAt(now time.Duration) time.Duration {
	at := now
	for delay := firstRetransmission; h.isIn(Dropped, at); delay *= 2 {
		at += delay
	}
	return at
}

// answerAt returns when a request that is sent now is answered, with what status.
func (h *host) answerAt(now time.Duration) (at time.Duration, status int) {
	arrived := h.arriveAt(now)
	for h.isIn(Hang, arrived) {
		arrived = h.outageAt(arrived).End
	}
	return arrived + answerTime, h.status(arrived)
}
