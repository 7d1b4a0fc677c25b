package command_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestRecordOfAWrongSpec: whether a record is of a failover cannot be told where a spec is refused.
func TestRecordOfAWrongSpec(t *testing.T) {
	for spec, isTold := range map[string]bool{
		drillSpec: false,
		strings.Replace(drillSpec, "port: 8080", "port: 0", 1):      false,
		strings.Replace(drillSpec, "name: shop,", "name: cart,", 1): true,
	} {
		got := run(spec+"---\n"+strings.Replace(orderDrill, "name: orders", "name: shop", 1), "check", "--date", "2026-11-27", "-")
		assert.Equal(t, isTold, strings.Contains(got.stdout, "is not a failover in these files"), got.stdout)
	}
}

// TestImpossibleRecord: all that no drill can have is told at once.
func TestImpossibleRecord(t *testing.T) {
	record := strings.NewReplacer("for: 20s", "for: -20s", "lost: 0", "lost: 900\n  failover: -1s\n  failback: -2s").Replace(orderDrill)
	got := run(record, "check", "-")
	assert.Equal(t, 1, got.code)
	for _, wrong := range []string{
		"spec.lost: Invalid value: 900: must not be more than spec.sent, which is 800\n",
		`spec.for: Invalid value: "-20s": must be longer than 0s` + "\n",
		`spec.failover: Invalid value: "-1s": must be 0s or longer` + "\n",
		`spec.failback: Invalid value: "-2s": must be 0s or longer` + "\n",
	} {
		assert.Contains(t, got.stdout, wrong)
	}
}

// TestWrongRecord: only check reports a wrong record of a drill, which reads the records.
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
