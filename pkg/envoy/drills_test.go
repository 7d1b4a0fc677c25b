package envoy_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/failover-krm/failover/pkg/envoy"
	"github.com/failover-krm/failover/pkg/envoygateway"
)

// The policies of docs/drills.md.
const (
	workshopCheck = `passive: {baseEjectionTime: 10s, interval: 2s, maxEjectionPercent: 100, consecutive5XxErrors: 1, consecutiveGatewayErrors: 0, consecutiveLocalOriginFailures: 1}`
	passiveCheck  = `passive: {interval: 2s, baseEjectionTime: 10s, maxEjectionPercent: 100, consecutive5XxErrors: 3}`
	activeCheck   = `active: {type: HTTP, interval: 2s, timeout: 1s, unhealthyThreshold: 2, healthyThreshold: 2, http: {path: /health}}`
	safe          = "timeout: {tcp: {connectTimeout: 1s}}\n" +
		"retry: {numRetries: 2, numAttemptsPerPriority: 1, retryOn: {triggers: [connect-failure, refused-stream, reset-before-request]}}\n"
	zeroLoss = "timeout: {tcp: {connectTimeout: 1s}}\n" +
		"retry: {numRetries: 2, numAttemptsPerPriority: 1, perRetry: {timeout: 2s}, retryOn: {triggers: [connect-failure, refused-stream, reset, gateway-error, retriable-status-codes], httpStatusCodes: [500]}}\n"
)

var policies = map[string]string{
	"workshop":         "healthCheck: {" + workshopCheck + "}",
	"safe":             safe + "healthCheck: {" + passiveCheck + "}",
	"safe-active":      safe + "healthCheck: {" + passiveCheck + ", " + activeCheck + "}",
	"zero-loss":        zeroLoss + "healthCheck: {" + passiveCheck + "}",
	"zero-loss-active": zeroLoss + "healthCheck: {" + passiveCheck + ", " + activeCheck + "}",
	"defaults":         "healthCheck: {passive: {}}",
	"active-only":      "healthCheck: {active: {type: HTTP, interval: 2s, timeout: 1s, unhealthyThreshold: 2, healthyThreshold: 1, http: {path: /health}}}",
	"workshop-retry":   "retry: {numRetries: 2}\nhealthCheck: {" + workshopCheck + "}",
}

func settingsOf(t testing.TB, policy string) envoy.Settings {
	t.Helper()
	return settingsOfRoute(t, "HTTPRoute", policy)
}

func settingsOfRoute(t testing.TB, route, policy string) envoy.Settings {
	t.Helper()
	var spec egv1a1.BackendTrafficPolicySpec
	require.NoError(t, yaml.UnmarshalStrict([]byte(policy), &spec))
	effect := envoygateway.PolicyInEffect{Spec: &spec}
	return envoy.SettingsOf(route, envoygateway.Rule{}, envoygateway.Attachment{Policy: effect, ClusterPolicy: effect}, "1.8.2")
}

// drill is the scenario of docs/drills.md.
func drill(settings envoy.Settings, kind envoy.Kind) envoy.Scenario {
	return envoy.Scenario{
		Tiers: []int{1, 1}, Settings: settings, Workers: 2,
		Traffic: envoy.Traffic{Rate: 20, Duration: time.Minute, Patience: 5 * time.Second},
		Outages: []envoy.Outage{{Kind: kind, Begin: 5*time.Second + 25*time.Millisecond, End: 25 * time.Second}},
	}
}

func secondsOf(d time.Duration) float64 {
	if d == envoy.Never {
		return -1
	}
	return d.Seconds()
}

// span is from the least to the most.
type span struct{ least, most float64 }

func (s span) String() string { return fmt.Sprintf("%.1f to %.1f", s.least, s.most) }

func spanOf(reports []envoy.Report, of func(envoy.Report) float64) span {
	var all []float64
	for _, report := range reports {
		all = append(all, of(report))
	}
	return span{slices.Min(all), slices.Max(all)}
}

// contains tells whether a measured span is within the predicted one and a tolerance.
func (s span) contains(measured span, tolerance float64) bool {
	return measured.least >= s.least-tolerance && measured.most <= s.most+tolerance
}

var number = regexp.MustCompile(`\d+(\.\d+)?`)

func parse(cell string) span {
	if strings.Contains(cell, "never") {
		return span{-1, -1}
	}
	var all []float64
	for _, text := range number.FindAllString(cell, -1) {
		value, _ := strconv.ParseFloat(text, 64)
		all = append(all, value)
	}
	return span{slices.Min(all), slices.Max(all)}
}

// known are what measured and predicted disagree about, by row and column, with what is
// known of the reason.
var known = map[string]string{
	"zero-loss-active/500/GET failover":     late,
	"zero-loss-active/500/GET slowest":      late,
	"zero-loss-active/hang/GET failover":    late,
	"zero-loss-active/dropped/GET failover": late,
	"zero-loss-active/dropped/GET failback": "its range is that of the phase of the checks at the outage's end, which was late",
	"safe/closed/POST failover":             late,
	"safe-active/closed/POST failover":      late,
}

const late = "breaking lagged behind its timestamp in one of the three runs: nothing is lost or waits until it is in force"

// TestDrills compares the drills that were measured with what is predicted.
func TestDrills(t *testing.T) {
	page, err := os.ReadFile("../../docs/drills.md")
	require.NoError(t, err)
	rows := 0
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(line, "|")
		if len(cells) < 10 || policies[strings.TrimSpace(cells[1])] == "" {
			continue
		}
		rows++
		policy, kind := strings.TrimSpace(cells[1]), envoy.Kind(strings.TrimSpace(cells[2]))
		t.Run(policy+"/"+string(kind)+"/"+strings.TrimSpace(cells[3]), func(t *testing.T) {
			scenario := drill(settingsOf(t, policies[policy]), kind)
			require.NoError(t, scenario.Validate())
			var reports []envoy.Report
			for seed := range uint64(20) {
				reports = append(reports, envoy.Simulate(scenario, seed).Report(scenario.Outages[0]))
			}
			for _, column := range []struct {
				name      string
				cell      string
				tolerance float64
				of        func(envoy.Report) float64
			}{
				{"lost", cells[5], 2, func(r envoy.Report) float64 { return float64(r.Lost) }},
				{"failover", cells[7], 0.3, func(r envoy.Report) float64 { return secondsOf(r.Failover) }},
				{"failback", cells[8], 0.3, func(r envoy.Report) float64 { return secondsOf(r.Failback) }},
				{"slowest", cells[9], 0.3, func(r envoy.Report) float64 { return r.Slowest.Seconds() }},
			} {
				measured, predicted := parse(column.cell), spanOf(reports, column.of)
				if column.name == "lost" {
					column.tolerance = max(column.tolerance, 0.05*measured.most)
				}
				if reason := known[strings.TrimPrefix(t.Name(), "TestDrills/")+" "+column.name]; reason != "" {
					assert.False(t, predicted.contains(measured, column.tolerance), "%s: no longer a disagreement (%s)", column.name, reason)
					continue
				}
				assert.True(t, predicted.contains(measured, column.tolerance), "%s: measured %s, predicted %s", column.name, measured, predicted)
			}
		})
	}
	assert.Equal(t, 25, rows)
}
