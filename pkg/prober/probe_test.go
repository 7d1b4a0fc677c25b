package prober_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failover-krm/failover/pkg/prober"
)

func TestProbeHoldsItsRateWhileTheServerHangs(t *testing.T) {
	var connections sync.Map
	var asked atomic.Int32
	hang := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		connections.Store(r.RemoteAddr, true)
		assert.Equal(t, "www.example.com", r.Host)
		if asked.Add(1) <= 5 {
			<-hang
			return
		}
		fmt.Fprint(w, `{"pod": "active-1"}`)
	}))
	defer server.Close()
	defer close(hang)
	probe := prober.Probe{
		Target: prober.HTTP{
			Address: strings.TrimPrefix(server.URL, "http://"), Host: "www.example.com", Path: "/test", Method: http.MethodPost,
		},
		Rate: 50, Duration: 400 * time.Millisecond, Patience: 300 * time.Millisecond,
	}

	requests := probe.Run(t.Context(), time.Now())

	require.Len(t, requests, 20)
	for i, request := range requests {
		assert.Equal(t, time.Duration(i)*20*time.Millisecond, request.Due)
		if i < 5 {
			assert.True(t, request.Lost())
			assert.GreaterOrEqual(t, request.Latency, probe.Patience)
			continue
		}
		assert.False(t, request.Lost())
		assert.Equal(t, "active-1", request.Answer.From)
		assert.Less(t, request.Latency, probe.Patience)
	}
	distinct := 0
	connections.Range(func(any, any) bool { distinct++; return true })
	assert.Equal(t, 20, distinct, "a connection each")
}

func TestReport(t *testing.T) {
	const ms = time.Millisecond
	answered := func(due time.Duration, pod string, latency time.Duration) prober.Request {
		return prober.Request{Due: due, Sent: due, Latency: latency, Answer: prober.Answer{Status: http.StatusOK, From: pod}}
	}
	refused := func(due time.Duration) prober.Request {
		return prober.Request{Due: due, Sent: due, Latency: ms, Answer: prober.Answer{Status: http.StatusServiceUnavailable}}
	}
	gaveUp := prober.Request{Due: 250 * ms, Sent: 250 * ms, Err: context.DeadlineExceeded}
	cut := prober.Request{Due: 99 * ms, Sent: 99 * ms, Latency: 20 * ms, Err: errors.New("reset")}
	outage := prober.Outage{
		Times:   prober.Times{Broken: 100 * ms, InForce: 110 * ms, Restored: 400 * ms},
		Active:  func(pod string) bool { return pod == "a" },
		Passive: func(pod string) bool { return pod == "p" },
	}

	tests := []struct {
		name     string
		requests []prober.Request
		want     prober.Report
	}{
		{
			name: "fails over and back",
			requests: []prober.Request{
				answered(0, "a", 2*ms), refused(150 * ms), answered(200*ms, "p", 70*ms), gaveUp,
				answered(450*ms, "p", ms), answered(500*ms, "a", ms),
			},
			want: prober.Report{
				Requests: 6, Lost: 2, Reasons: map[string]int{"status 503": 1, "no answer in time": 1},
				Failover: 170 * ms, Failback: 101 * ms, Worst: 70 * ms, ByPassive: 1,
			},
		},
		{
			name:     "never fails over",
			requests: []prober.Request{refused(0), refused(150 * ms), refused(450 * ms)},
			want: prober.Report{
				Requests: 3, Lost: 3, LostBefore: 1, Reasons: map[string]int{"status 503": 3},
				Failover: prober.Never, Failback: prober.Never,
			},
		},
		{
			name:     "breaks while it works on a request",
			requests: []prober.Request{cut},
			want: prober.Report{
				Requests: 1, Lost: 1, CutOff: 1, Reasons: map[string]int{"connection failed": 1},
				Failover: prober.Never, Failback: prober.Never,
			},
		},
		{
			name:     "an answer of active from before the end is no failback",
			requests: []prober.Request{answered(390*ms, "a", 50*ms)},
			want:     prober.Report{Requests: 1, Failover: prober.Never, Failback: prober.Never, Worst: 50 * ms, ByActive: 1},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.want.Outage = outage.Times
			assert.Equal(t, test.want, prober.NewReport(test.requests, outage))
		})
	}
}

func TestReportTellsWhetherTheRateWasHeld(t *testing.T) {
	outage := prober.Outage{
		Active:  func(string) bool { return false },
		Passive: func(string) bool { return false },
	}
	requests := make([]prober.Request, 100)
	requests[0].Sent = 60 * time.Millisecond
	require.NoError(t, prober.NewReport(requests, outage).RateError, "one late request of a hundred")
	requests[1].Sent = 60 * time.Millisecond
	require.Error(t, prober.NewReport(requests, outage).RateError, "two")
	requests[1].Sent, requests[0].Sent = 0, 2*time.Second
	require.Error(t, prober.NewReport(requests, outage).RateError, "one, but by seconds")
}
