package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/failover-krm/failover/e2e/cluster"
	"github.com/failover-krm/failover/e2e/drill"
	"github.com/failover-krm/failover/e2e/manifests"
)

// TestRecordings writes down, with -long, what three drills measure: docs/drills.md has
// their pictures.
func TestRecordings(t *testing.T) {
	if !*long {
		t.Skip("-long writes the recordings anew")
	}
	drills := []drill.Drill{
		{Policy: manifests.WorkshopPolicy, Fault: cluster.PortClosed, Method: http.MethodGet},
		{Policy: manifests.SafeActive, Fault: cluster.Hangs, Method: http.MethodGet},
		{Policy: manifests.ZeroLoss, Fault: cluster.PacketsDropped, Method: http.MethodGet},
	}
	c := startCluster(t)
	startGateways(t, c, drills)
	written := map[string]bool{}
	for range 1 + repetitions {
		for i, measured := range runDrills(t, c, drills) {
			name := fmt.Sprintf("%s-%s.json", drills[i].Policy.Name, drills[i].Fault)
			if measured.RateError != nil || written[name] {
				continue
			}
			data, err := json.Marshal(measured.Recording(drills[i], *envoyGatewayVersion))
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(filepath.Join("..", "docs", "drills", name), append(data, '\n'), 0o644))
			written[name] = true
		}
		if len(written) == len(drills) {
			return
		}
	}
	require.Len(t, written, len(drills), "drills whose rate was held")
}
