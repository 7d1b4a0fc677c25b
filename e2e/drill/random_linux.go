package drill

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/failover-krm/failover/e2e/cluster"
	"github.com/failover-krm/failover/e2e/manifests"
)

// seed makes the random drills.
const seed = 13

// Random returns outages of the usual course under random policies, at random rates.
func Random(count int) []Drill {
	r := random{rand.New(rand.NewPCG(seed, 0))}
	var drills []Drill
	for i := range count {
		written, active := r.policy(func() string { return "" }, r.httpCheck, nil)
		drills = append(drills, Drill{
			Policy: manifests.Policy{Name: fmt.Sprintf("random-%d", i+1), Written: written, ActiveCheck: active},
			Fault:  cluster.Faults[r.IntN(len(cluster.Faults))], Method: r.one(http.MethodGet, http.MethodGet, http.MethodPost), Rate: []float64{1, 2, 5, 20, 20, 50}[r.IntN(6)],
		})
	}
	return drills
}

// RandomVaried returns outages of a random course, under random policies that also have
// what those of Random leave out.
func RandomVaried(count int) []Drill {
	r := random{rand.New(rand.NewPCG(seed, 1))}
	faults := append([]cluster.Fault{cluster.AnswersUnavailable}, cluster.Faults...)
	var drills []Drill
	for i := range count {
		written, active := r.policy(
			func() string { return ", consecutiveGatewayErrors: " + r.one("0", "1", "2", "4") },
			func() string {
				if r.IntN(2) == 0 {
					return r.tcpCheck()
				}
				return r.httpCheck()
			},
			func() string { return "panicThreshold: " + r.one("0", "30", "100") },
		)
		d := Drill{
			Policy: manifests.Policy{Name: fmt.Sprintf("varied-%d", i+1), Written: written, ActiveCheck: active},
			Fault:  faults[r.IntN(len(faults))], Method: r.one(http.MethodGet, http.MethodPost),
			Rate:          []float64{0.5, 2, 5, 20, 20, 100}[r.IntN(6)],
			Outage:        []time.Duration{5, 10, 20, 20, 60, 120}[r.IntN(6)] * time.Second,
			Active:        1 + r.IntN(3),
			Passive:       1 + r.IntN(3),
			Workers:       []int{1, 2, 2, 4}[r.IntN(4)],
			NoMergeWindow: r.IntN(5) == 0,
		}
		if d.Active > 1 && r.IntN(2) == 0 {
			d.Broken = 1 + r.IntN(d.Active-1)
		}
		if r.IntN(4) == 0 {
			d.PassiveToo = Second{After: time.Duration(r.IntN(2)) * d.Outage / 5, For: d.Outage * 3 / 5}
		}
		drills = append(drills, d)
	}
	return drills
}

// random chooses.
type random struct{ *rand.Rand }

func (r random) one(of ...string) string { return of[r.IntN(len(of))] }

func (r random) maybe(text string) string {
	if r.IntN(2) == 0 {
		return ""
	}
	return text
}

// policy is a random one. What is different is what a passive check has as well, what the
// active check is, and what a health check has as well.
func (r random) policy(passiveToo, check, checkToo func() string) (written string, active bool) {
	var fields, checks []string
	if r.IntN(4) > 0 {
		checks = append(checks, fmt.Sprintf("passive: {interval: %s, baseEjectionTime: %s, maxEjectionPercent: %s, consecutive5XxErrors: %s, splitExternalLocalOriginErrors: %s, consecutiveLocalOriginFailures: %s%s}",
			r.one("1s", "2s", "3s", "5s"), r.one("3s", "5s", "10s", "30s"), r.one("10", "50", "100", "100"), r.one("1", "2", "3", "5"), r.one("false", "false", "true"), r.one("1", "3", "5"), passiveToo()))
	}
	if active = r.IntN(3) == 0; active {
		checks = append(checks, check())
	}
	if checkToo != nil && r.IntN(3) == 0 {
		checks = append(checks, checkToo())
	}
	if len(checks) > 0 {
		fields = append(fields, "healthCheck: {"+strings.Join(checks, ", ")+"}")
	}
	if retries := 1 + r.IntN(3); r.IntN(2) == 0 {
		fields = append(fields, fmt.Sprintf("retry: {numRetries: %d%s%s%s}", retries, r.maybe(", numAttemptsPerPriority: 1"), r.maybe(", perRetry: {timeout: "+r.one("1s", "2s")+"}"),
			r.maybe(", retryOn: {triggers: ["+r.one("connect-failure", "connect-failure, reset", "5xx", "gateway-error", "reset-before-request, refused-stream")+"]}")))
	}
	if timeouts := r.maybe("tcp: {connectTimeout: "+r.one("500ms", "1s", "3s")+"}") + r.maybe(", http: {requestTimeout: "+r.one("1s", "3s", "10s")+"}"); timeouts != "" {
		fields = append(fields, "timeout: {"+strings.TrimPrefix(timeouts, ", ")+"}")
	}
	return "{" + strings.Join(append([]string{"profile: custom"}, fields...), ", ") + "}", active
}

func (r random) httpCheck() string {
	return fmt.Sprintf("active: {type: HTTP, interval: %s, timeout: %s, unhealthyThreshold: %s, healthyThreshold: %s, http: {path: /health}}",
		r.one("1s", "2s", "3s"), r.one("500ms", "1s"), r.one("1", "2", "3"), r.one("1", "2"))
}

func (r random) tcpCheck() string {
	return fmt.Sprintf("active: {type: TCP, interval: %s, timeout: %s, unhealthyThreshold: %s, healthyThreshold: %s, tcp: {}}",
		r.one("1s", "2s", "3s"), r.one("500ms", "1s"), r.one("1", "2", "3"), r.one("1", "2"))
}
