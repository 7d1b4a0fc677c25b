package predictions_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/failover-krm/failover/e2e/cluster"
	"github.com/failover-krm/failover/e2e/drill"
	"github.com/failover-krm/failover/e2e/manifests"
	"github.com/failover-krm/failover/e2e/predictions"
	"github.com/failover-krm/failover/pkg/prober"
)

// TestDrills: each has a name of its own, and a policy that is valid and can be simulated.
func TestDrills(t *testing.T) {
	const version, patience = "1.9.1", 5 * time.Second
	names, namespaces := map[string]bool{}, map[string]bool{}
	for _, d := range append(predictions.Drills(), drill.Shapes(true)...) {
		assert.False(t, names[d.String()], "%s twice", d)
		assert.False(t, namespaces[d.Namespace()], "%s twice", d.Namespace())
		names[d.String()], namespaces[d.Namespace()] = true, true
		assert.Empty(t, validation.IsDNS1123Label(d.Namespace()), d.Namespace())

		settings, err := predictions.Settings(d, version)
		require.NoError(t, err, "%s", d)
		times := func(after, length time.Duration) prober.Times {
			return prober.Times{InForce: 5*time.Second + after, Restored: 5*time.Second + after + length}
		}
		scenario := predictions.Scenario(d, settings, times(0, d.OutageLength()), times(d.PassiveToo.After, d.PassiveToo.For), patience)
		require.NoError(t, scenario.Validate(), "%s", d)
		for _, outage := range scenario.Outages {
			assert.Less(t, outage.End, scenario.Traffic.Duration, "%s", d)
		}
	}
}

func TestFigure(t *testing.T) {
	const never = -1
	for _, tc := range []struct {
		figure predictions.Figure
		text   string
	}{
		{predictions.Figure{Measured: 22, Least: 22, Most: 22, Tolerance: 2}, "22 / 22"},
		{predictions.Figure{Measured: 25, Least: 20, Most: 23, Tolerance: 2}, "25 / 20 to 23"},
		{predictions.Figure{Measured: 26, Least: 20, Most: 23, Tolerance: 2}, "**26 / 20 to 23**"},
		{predictions.Figure{Measured: 0.5, Least: 1, Most: 2.25, Tolerance: 0.3}, "**0.5 / 1 to 2.2**"},
		{predictions.Figure{Measured: never, Least: never, Most: never}, "never / never"},
		{predictions.Figure{Measured: never, Least: 3, Most: never}, "never / 3 to never"},
		{predictions.Figure{Measured: 9, Least: 3, Most: never}, "9 / 3 to never"},
		{predictions.Figure{Measured: never, Least: 3, Most: 4}, "**never / 3 to 4**"},
		{predictions.Figure{Measured: 3, Least: never, Most: never}, "**3 / never**"},
	} {
		assert.Equal(t, tc.text, tc.figure.String())
	}
}

func TestPage(t *testing.T) {
	same := predictions.Figure{Measured: 1, Least: 1, Most: 1}
	row := predictions.Comparison{
		Drill: drill.Drill{
			Policy: manifests.Safe, Fault: cluster.Hangs, Method: "GET", Rate: 0.5, Active: 2, Broken: 1, Workers: 4, NoMergeWindow: true,
			PassiveToo: drill.Second{After: 5 * time.Second, For: 10 * time.Second},
		},
		Lost: predictions.Figure{Measured: 7, Least: 1, Most: 2, Tolerance: 2}, Failover: same, Failback: same,
	}
	page := predictions.Page([]predictions.Comparison{row}, "1.9.1")
	const besides = "2+1 hosts, 1 broken, passive 5 s to 15 s, 4 workers, no merge window"
	assert.Contains(t, page, "| all | 1 | 0 % | 100 % | 100 % |\n")
	assert.Contains(t, page, "| safe | hang | GET, 0.5/s | "+besides+" | **7 / 1 to 2** | 1 / 1 | 1 / 1 |\n")
	assert.Contains(t, page, "| safe/hang/GET, 0.5/s, "+besides+" | **7 / 1 to 2** | 1 / 1 | 1 / 1 | not known |\n")
	assert.NotContains(t, page, "120 s", "no line for a group without drills")
}

// TestMostlyAgrees: one run of three may differ, and a single one may not.
func TestMostlyAgrees(t *testing.T) {
	ofLost := func(lost ...float64) predictions.Repeated {
		var runs predictions.Repeated
		for _, measured := range lost {
			runs = append(runs, predictions.Comparison{Lost: predictions.Figure{Measured: measured, Least: 26, Most: 26, Tolerance: 2}})
		}
		return runs
	}
	assert.True(t, ofLost(26).MostlyAgrees())
	assert.False(t, ofLost(29).MostlyAgrees())
	assert.False(t, ofLost(29, 26).MostlyAgrees())
	assert.True(t, ofLost(29, 26, 27).MostlyAgrees())
	assert.False(t, ofLost(29, 26, 30).MostlyAgrees())
	assert.False(t, ofLost().MostlyAgrees(), "no run")
}
