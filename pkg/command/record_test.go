package command_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestWrongRecord: a wrong record of a drill is an error of check alone, which reads it.
func TestWrongRecord(t *testing.T) {
	manifests, err := os.ReadFile(filepath.Join("..", "..", "testdata", "rule", "drill-due", "quiet.yaml"))
	require.NoError(t, err)
	const record = "---\napiVersion: failover.krm.dev/v1alpha1\nkind: FailoverDrill\nmetadata: {name: shop}\n"
	for command, code := range map[string]int{"check": 1, "alerts": 0, "dashboard": 0, "adopt": 0, "graph": 0, "simulate": 0} {
		t.Run(command, func(t *testing.T) {
			got := run(string(manifests)+record, command, "-")
			assert.Equal(t, code, got.code, got.stderr)
			if code == 0 {
				assert.NotContains(t, got.stderr, "FailoverDrill")
			}
		})
	}
}
