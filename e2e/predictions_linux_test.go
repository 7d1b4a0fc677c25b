package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failover-krm/failover/e2e/drill"
	"github.com/failover-krm/failover/e2e/predictions"
)

const (
	// sideBySideDrills is how many drills a small machine can have at once, and
	// sideBySideRate how many requests a second of them.
	sideBySideDrills = 25
	sideBySideRate   = 550
)

// TestPredictions drills policies, many of them random, and compares what each outage
// cost with what was predicted for it, from when it was really in force. It takes
// minutes, so only the long form does it, and writes docs/predictions.md.
func TestPredictions(t *testing.T) {
	if !*long {
		t.Skip("only with -long: TestDrills of package envoy compares the measured rows of docs/drills.md in the short form")
	}
	c := startCluster(t)
	wanted := regexp.MustCompile(*only)
	drills := slices.DeleteFunc(predictions.Drills(), func(d drill.Drill) bool { return !wanted.MatchString(d.String()) })
	startGateways(t, c, drills)
	rows := make(map[string]predictions.Comparison, len(drills))
	for range 1 + repetitions {
		isDone := func(d drill.Drill) bool { return rows[d.String()].Method != "" }
		for _, batch := range batches(slices.DeleteFunc(slices.Clone(drills), isDone)) {
			for i, report := range runDrills(t, c, batch) {
				if report.RateError != nil {
					continue
				}
				row, err := predictions.Compare(batch[i], report, *envoyGatewayVersion, *patience)
				require.NoError(t, err)
				if !row.Agrees() {
					t.Log(row, "lost", row.Lost, "failover", row.Failover, "failback", row.Failback)
				}
				rows[batch[i].String()] = row
			}
		}
	}
	var inOrder []predictions.Comparison
	for _, d := range drills {
		if row, held := rows[d.String()]; held {
			inOrder = append(inOrder, row)
		}
	}
	assert.Greater(t, len(rows), len(drills)*9/10, "drills whose rate was held")
	lost := predictions.Share(inOrder, predictions.LostAgrees)
	assert.GreaterOrEqual(t, lost, 0.9, "the share of drills whose lost requests were predicted")
	if *only != "" {
		return
	}
	path := filepath.Join("..", "docs", "predictions.md")
	require.NoError(t, os.WriteFile(path, []byte(predictions.Page(inOrder, *envoyGatewayVersion)), 0o644))
}

// batches groups drills that can run side by side. Those of a batch last equally long,
// and need the same time before they can begin.
func batches(drills []drill.Drill) [][]drill.Drill {
	type kind struct {
		duration time.Duration
		checked  bool
	}
	kindOf := func(d drill.Drill) kind {
		return kind{d.Duration(), d.Policy.ActiveCheck && d.Duration() <= time.Minute}
	}
	hasRoom := func(batch []drill.Drill, d drill.Drill) bool {
		rate := d.RequestsPerSecond()
		for _, other := range batch {
			rate += other.RequestsPerSecond()
		}
		return kindOf(batch[0]) == kindOf(d) && len(batch) < sideBySideDrills && rate <= sideBySideRate
	}
	var all [][]drill.Drill
	for _, d := range drills {
		i := slices.IndexFunc(all, func(batch []drill.Drill) bool { return hasRoom(batch, d) })
		if i < 0 {
			i = len(all)
			all = append(all, nil)
		}
		all[i] = append(all[i], d)
	}
	return all
}
