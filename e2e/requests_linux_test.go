package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/failover-krm/failover/pkg/prober"
)

// waitUntilServed waits until the target answers: Envoy learns
// of a route a moment after its conditions are true.
func waitUntilServed(t *testing.T, target prober.Asker) {
	t.Helper()
	require.Eventually(t, func() bool {
		var request prober.Request
		request.Answer, request.Err = target.Ask(t.Context())
		return !request.Lost()
	}, time.Minute, 50*time.Millisecond, "%+v", target)
}

// tenRequests sends what the workshop's loop sends, and returns who answered
// each: active, passive, or nobody.
func tenRequests(t *testing.T, target prober.HTTP) []string {
	t.Helper()
	requests := prober.Probe{Target: target, Rate: 20, Duration: 500 * time.Millisecond, Patience: 5 * time.Second}.Run(t.Context(), time.Now())
	require.Len(t, requests, 10)
	var answers []string
	for _, request := range requests {
		switch {
		case request.Lost():
			answers = append(answers, "nobody")
		case isActive(request.Answer.From):
			answers = append(answers, "active")
		case isPassive(request.Answer.From):
			answers = append(answers, "passive")
		default:
			answers = append(answers, request.Answer.From)
		}
	}
	return answers
}

func isActive(pod string) bool  { return strings.HasPrefix(pod, "active-") }
func isPassive(pod string) bool { return strings.HasPrefix(pod, "passive-") }

func times(n int, text string) []string {
	return strings.Fields(strings.Repeat(text+" ", n))
}
