package envoy_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/failover-krm/failover/pkg/envoy"
	"github.com/failover-krm/failover/pkg/envoygateway"
)

// randomScenario is a valid scenario with a random policy.
func randomScenario(random *rand.Rand) envoy.Scenario {
	duration := func(values ...string) *gwapiv1.Duration {
		return new(gwapiv1.Duration(values[random.IntN(len(values))]))
	}
	maybe := func() bool { return random.IntN(2) == 0 }
	spec := egv1a1.BackendTrafficPolicySpec{}
	if maybe() {
		spec.Retry = &egv1a1.Retry{NumRetries: new(int32(random.IntN(4)))}
		if maybe() {
			spec.Retry.NumAttemptsPerPriority = new(int32(1 + random.IntN(2)))
		}
		if maybe() {
			spec.Retry.RetryOn = &egv1a1.RetryOn{Triggers: []egv1a1.TriggerEnum{egv1a1.ConnectFailure, egv1a1.Reset, egv1a1.Error5XX}[:1+random.IntN(3)]}
		}
		if maybe() {
			spec.Retry.PerRetry = &egv1a1.PerRetryPolicy{Timeout: duration("250ms", "2s")}
		}
	}
	check := &egv1a1.HealthCheck{}
	if maybe() {
		check.Passive = &egv1a1.PassiveHealthCheck{
			Interval: duration("1s", "2s", "5s"), BaseEjectionTime: duration("5s", "10s", "30s"), MaxEjectionPercent: new(int32(random.IntN(101))),
			Consecutive5xxErrors: new(uint32(random.IntN(6))), SplitExternalLocalOriginErrors: new(maybe()),
		}
	}
	if maybe() {
		check.Active = &egv1a1.ActiveHealthCheck{Type: egv1a1.ActiveHealthCheckerTypeHTTP, Interval: duration("1s", "3s"), Timeout: duration("1s")}
	}
	spec.HealthCheck = check
	effect := envoygateway.PolicyInEffect{Spec: &spec}
	route := []string{"HTTPRoute", "GRPCRoute", "TCPRoute"}[random.IntN(3)]
	kinds := envoy.KindsOf(route)
	begin := time.Duration(1+random.IntN(5)) * time.Second
	scenario := envoy.Scenario{
		Tiers:    []int{1 + random.IntN(3), 1 + random.IntN(3)},
		Settings: envoy.SettingsOf(route, envoygateway.Rule{}, envoygateway.Attachment{Policy: effect, ClusterPolicy: effect}, "1.9.1"),
		Traffic:  envoy.Traffic{Rate: []float64{0.5, 5, 20, 100}[random.IntN(4)], Duration: 40 * time.Second, Patience: 5 * time.Second},
		Outages:  []envoy.Outage{{Kind: kinds[random.IntN(len(kinds))], Begin: begin, End: begin + time.Duration(random.IntN(20))*time.Second}},
		Workers:  1 + random.IntN(4),
	}
	if maybe() {
		stable, canary := envoy.Locality{Hosts: scenario.Tiers[0], Weight: 1 + random.Uint32N(100)}, envoy.Locality{Hosts: random.IntN(3), Weight: 10}
		scenario.Tiers[0] += canary.Hosts
		scenario.Localities = map[int][]envoy.Locality{0: {stable, canary}}
	}
	return scenario
}

// scenarios is how many are tried.
func scenarios() int {
	if os.Getenv("TEST_ALL") != "" {
		return 2000
	}
	return 100
}

// TestProperties holds what is true of every scenario.
func TestProperties(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var runner envoy.Runner
	for i := range scenarios() {
		scenario := randomScenario(random)
		require.NoError(t, scenario.Validate())
		name := fmt.Sprintf("%d: %+v", i, scenario)
		result := envoy.Simulate(scenario, uint64(i))
		assert.Equal(t, result, envoy.Simulate(scenario, uint64(i)), "the same seed, %s", name)
		again := runner.Run(scenario, uint64(i))
		assert.Equal(t, result.Requests, again.Requests, "in memory that was used, %s", name)
		assert.ElementsMatch(t, result.Events, again.Events, name)

		assert.Len(t, result.Requests, int(scenario.Traffic.Rate*scenario.Traffic.Duration.Seconds()))
		for _, request := range result.Requests {
			require.LessOrEqual(t, request.Latency, scenario.Traffic.Patience, name)
			require.Equal(t, request.Lost(), request.Reason != "", "%+v of %s", request, name)
			require.Equal(t, request.Status == 200 || request.Reason == envoy.ReasonError, request.Tier >= 0, "%+v of %s", request, name)
			retries := 0
			if scenario.Settings.Retry != nil {
				retries = scenario.Settings.Retry.NumRetries
			}
			require.LessOrEqual(t, request.Attempts, 1+retries, name)
		}
		for i := range result.Events {
			require.True(t, i == 0 || result.Events[i-1].At <= result.Events[i].At, name)
		}

		scenario.Traffic.Calm = 5 * time.Second
		short := envoy.Simulate(scenario, uint64(i))
		require.Equal(t, result.Requests[:len(short.Requests)], short.Requests, "calm ends the requests, and changes none: %s", name)
		for _, request := range result.Requests[len(short.Requests):] {
			require.False(t, request.Lost(), "%+v of %s", request, name)
		}
		scenario.Traffic.Calm = 0

		outage := scenario.Outages[0]
		scenario.Outages = nil
		calm := envoy.Simulate(scenario, uint64(i))
		assert.Zero(t, calm.Report(outage).Lost, "no outage, no loss: %s", name)
		assert.Empty(t, calm.Events, name)
	}
}

// TestNeverEjects: what never ejects, and has no retry that leaves the tier, never fails
// over.
func TestNeverEjects(t *testing.T) {
	for _, kind := range envoy.KindsOf("HTTPRoute") {
		for _, policy := range []string{"healthCheck: {passive: {}}", "retry: {numRetries: 2}", "{}"} {
			scenario := drill(settingsOf(t, policy), kind)
			report := envoy.Simulate(scenario, 1).Report(scenario.Outages[0])
			assert.Equal(t, envoy.Never, report.Failover, "%s %s", kind, policy)
			assert.NotZero(t, report.Lost)
		}
	}
}

// TestZeroLoss: the profile of that name loses nothing, in any kind of outage.
func TestZeroLoss(t *testing.T) {
	ofGRPC := strings.Replace(policies["zero-loss"], "retriable-status-codes]", "retriable-status-codes, cancelled, deadline-exceeded, internal, unavailable]", 1)
	for route, policy := range map[string]string{"HTTPRoute": policies["zero-loss-active"], "GRPCRoute": ofGRPC} {
		for _, kind := range envoy.KindsOf(route) {
			for seed := range uint64(20) {
				scenario := drill(settingsOfRoute(t, route, policy), kind)
				assert.Zero(t, envoy.Simulate(scenario, seed).Report(scenario.Outages[0]).Lost, "%s, %s, seed %d", route, kind, seed)
			}
		}
	}
}

// TestStatusesOfChecks: a status that is expected passes, a retriable one fails after
// the threshold, and any other one at once.
func TestStatusesOfChecks(t *testing.T) {
	lost := func(http string) int {
		scenario := drill(settingsOf(t, "healthCheck: {active: {type: HTTP, interval: 1s, unhealthyThreshold: 4, http: {path: /, "+http+"}}}"), envoy.Status503)
		return envoy.Simulate(scenario, 1).Report(scenario.Outages[0]).Lost
	}
	assert.Equal(t, 399, lost("expectedStatuses: [200, 503]"))
	assert.InDelta(t, 3.5*20, lost("retriableStatuses: [503]"), 11)
	assert.InDelta(t, 0.5*20, lost("expectedStatuses: [200]"), 11)
}

// TestMergeWindow: without the window, the workshop's policy loses two requests.
func TestMergeWindow(t *testing.T) {
	scenario := drill(settingsOf(t, policies["workshop"]), envoy.Closed)
	scenario.Settings.MergeWindow = 0
	assert.Equal(t, 2, envoy.Simulate(scenario, 1).Report(scenario.Outages[0]).Lost)
}

// TestPassiveBrokenToo: with a panic threshold of 0, Envoy answers 503 while both tiers
// are out.
func TestPassiveBrokenToo(t *testing.T) {
	scenario := drill(settingsOf(t, policies["workshop"]+"\n"), envoy.Closed)
	scenario.Settings.PanicThreshold = 0
	scenario.Outages = append(scenario.Outages, envoy.Outage{Kind: envoy.Closed, Tier: 1, Begin: 8 * time.Second, End: 14 * time.Second})
	noHost := 0
	for _, request := range envoy.Simulate(scenario, 1).Requests {
		if request.Reason == envoy.ReasonNoHost {
			noHost++
		}
	}
	assert.Greater(t, noHost, 5*20, "most of the six seconds")
}

// TestTierWithoutHosts: all requests go to the next tier, and none is lost. A tier of
// addresses that refuse costs a request when Envoy finds out, each time an ejection lapses.
func TestTierWithoutHosts(t *testing.T) {
	scenario := drill(settingsOf(t, policies["workshop"]+"\n"), envoy.Closed)
	scenario.Outages, scenario.Tiers = nil, []int{0, 1}
	require.NoError(t, scenario.Validate())
	for _, request := range envoy.Simulate(scenario, 1).Requests {
		require.Equal(t, 1, request.Tier)
	}
	scenario.Tiers, scenario.Dead = []int{1, 1}, []int{0}
	require.NoError(t, scenario.Validate())
	lost := 0
	for _, request := range envoy.Simulate(scenario, 1).Requests {
		require.NotZero(t, request.Tier)
		if request.Lost() {
			lost++
		}
	}
	assert.Greater(t, lost, 20)
	assert.Less(t, lost, len(envoy.Simulate(scenario, 1).Requests)/2)
}

// TestFault: a share of the requests is aborted or delayed, of which the tiers see nothing.
func TestFault(t *testing.T) {
	for _, tc := range []struct {
		fault      string
		kind       string
		lost, slow float64
	}{
		{"{abort: {httpStatus: 503, percentage: 50}}", "HTTPRoute", 0.5, 0},
		{"{abort: {httpStatus: 503}}", "HTTPRoute", 1, 0},
		{"{abort: {grpcStatus: 14, percentage: 25}}", "GRPCRoute", 0.25, 0},
		{"{abort: {grpcStatus: 14, percentage: 25}}", "HTTPRoute", 0.25, 0},
		{"{abort: {grpcStatus: 0, percentage: 25}}", "GRPCRoute", 0.25, 0},
		{"{abort: {httpStatus: 200, percentage: 25}}", "HTTPRoute", 0.25, 0},
		{"{delay: {fixedDelay: 1s, percentage: 25}}", "HTTPRoute", 0, 0.25},
		{"{delay: {fixedDelay: 1s, percentage: 50}, abort: {httpStatus: 500, percentage: 50}}", "HTTPRoute", 0.5, 0.5},
		{"{delay: {fixedDelay: 1m, percentage: 50}}", "HTTPRoute", 0.5, 0.5},
		{"{abort: {httpStatus: 503, percentage: 0}}", "HTTPRoute", 0, 0},
	} {
		t.Run(tc.kind+" "+tc.fault, func(t *testing.T) {
			scenario := drill(settingsOfRoute(t, tc.kind, "faultInjection: "+tc.fault), envoy.Closed)
			scenario.Outages = nil
			lost, slow := 0., 0.
			result := envoy.Simulate(scenario, 1)
			for _, request := range result.Requests {
				if request.Lost() {
					lost++
				}
				if request.Latency >= time.Second {
					slow++
				}
			}
			all := float64(len(result.Requests))
			assert.InDelta(t, tc.lost, lost/all, 0.06)
			assert.InDelta(t, tc.slow, slow/all, 0.06)
			assert.Empty(t, result.Events)
		})
	}
}

func TestValidate(t *testing.T) {
	err := envoy.Scenario{
		Tiers:      []int{1, -1},
		Dead:       []int{2},
		Localities: map[int][]envoy.Locality{0: {{Hosts: 1, Weight: 1}, {Hosts: 1, Weight: 1}}},
		Outages:    []envoy.Outage{{Tier: 2, Begin: 2 * time.Second, End: time.Second}, {Hosts: 2}},
	}.Validate()
	assert.EqualError(t, err, "tier 0 has 1 hosts, and its localities have 2\n"+
		"tier 1 has -1 hosts: must be at least 0\n"+
		"there is no host\n"+
		"tier 2 is dead: there are 2 tiers\n"+
		"rate, duration and patience of the traffic must be greater than 0\n"+
		"0 workers: must be at least 1\n"+
		"an outage of tier 2: there are 2 tiers\n"+
		"an outage from 2s to 1s: must not end before it begins, nor begin before 0s\n"+
		"an outage of 2 hosts of tier 0, which has 1")
}

// BenchmarkSimulate is a minute at 20 requests a second.
func BenchmarkSimulate(b *testing.B) {
	for _, name := range []string{"workshop", "safe", "zero-loss-active"} {
		b.Run(name, func(b *testing.B) {
			scenario := drill(settingsOf(b, policies[name]), envoy.Closed)
			var runner envoy.Runner
			for b.Loop() {
				runner.Run(scenario, 1)
			}
		})
	}
}

// TestLeastRequest: what waits for a connection is not at its host yet, neither for the
// balancer nor for the circuit breaker. So a host that drops packets gets its share of
// requests until it is ejected, and one that hangs gets few.
func TestLeastRequest(t *testing.T) {
	lost := func(kind envoy.Kind, limits string) (sum float64) {
		scenario := drill(settingsOf(t, "{"+limits+"}"), kind)
		scenario.Tiers, scenario.Outages[0].Hosts = []int{2, 1}, 1
		const seeds = 20
		for seed := range uint64(seeds) {
			sum += float64(envoy.Simulate(scenario, seed).Report(scenario.Outages[0]).Lost) / seeds
		}
		return sum
	}
	// Half of them, and a quarter while one request a worker is stuck on a connection from before.
	assert.InDelta(t, 20*(5*0.25+15*0.5), lost(envoy.Dropped, ""), 20)
	assert.InDelta(t, 20*(5*0.25+15*0.5), lost(envoy.Dropped, "circuitBreaker: {maxParallelRequests: 10}"), 20)
	assert.InDelta(t, 15*20*0.25, lost(envoy.Hang, ""), 20)
}
