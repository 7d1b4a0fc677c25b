package envoy

import (
	"net/http"
	"time"
)

// synRetries are when Linux sends a SYN again that was not answered, after the first
// one: net.ipv4.tcp_syn_linear_timeouts is 4, and then the delay doubles.
var synRetries = []time.Duration{1, 2, 3, 4, 5, 7, 11, 19, 35, 67}

// firstRetransmission is when Linux sends data again that was not acknowledged, on a
// connection with a short round trip (TCP_RTO_MIN). The delay doubles each time. On a
// connection that is shared, the round trips that it is added to may be those of delayed
// acknowledgements (TCP_DELACK_MIN).
const (
	firstRetransmission = 200 * time.Millisecond
	delayedAcknowledge  = 40 * time.Millisecond
)

// line is an established connection, as far as the network goes.
type line struct {
	// retransmission is when data is sent again first, on this connection.
	retransmission time.Duration
	// stalled is until when nothing that is sent on it arrives: all of it waits for the
	// retransmission of what was lost first.
	stalled time.Duration
}

// newLine is one that requests share, or one that each has for itself.
func (s *simulation) newLine(isShared bool) line {
	if isShared {
		return line{retransmission: s.between(firstRetransmission, firstRetransmission+delayedAcknowledge)}
	}
	return line{retransmission: firstRetransmission}
}

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

// reply is what a host answers.
type reply struct {
	// status is that of HTTP. For an error of gRPC it is the one that Envoy takes it for,
	// though that of the answer is 200.
	//
	// Envoy: source/common/grpc/status.cc, grpcToHttpStatus; source/common/router/router.cc,
	// onUpstreamHeaders.
	status int
	// grpc is the error of gRPC: Unavailable or Internal, or empty for none.
	grpc Kind
}

// reply is what a host answers a request with.
func (h *host) reply(now time.Duration) reply {
	switch {
	case h.isIn(Status500, now):
		return reply{status: http.StatusInternalServerError}
	case h.isIn(Status503, now):
		return reply{status: http.StatusServiceUnavailable}
	case h.isIn(Unavailable, now):
		return reply{http.StatusServiceUnavailable, Unavailable}
	case h.isIn(Internal, now):
		return reply{http.StatusInternalServerError, Internal}
	}
	return reply{status: http.StatusOK}
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
func (l *line) arriveAt(h *host, now time.Duration) time.Duration {
	if l.stalled > now {
		return l.stalled
	}
	at := now
	for delay := l.retransmission; h.isIn(Dropped, at); delay *= 2 {
		at += delay
	}
	l.stalled = at
	return at
}

// answerAt returns when a request that is sent now is answered, and how.
func (l *line) answerAt(h *host, now time.Duration) (at time.Duration, with reply) {
	arrived := l.arriveAt(h, now)
	for h.isIn(Hang, arrived) {
		arrived = h.outageAt(arrived).End
	}
	return arrived + answerTime, h.reply(arrived)
}
