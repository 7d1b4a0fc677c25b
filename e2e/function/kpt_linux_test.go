package function

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestKpt edits a package and renders it again and again, as a user does.
func TestKpt(t *testing.T) {
	needSandbox(t)
	directory := t.TempDir()
	write := func(name, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(directory, name), []byte(text), 0o644))
	}
	render := func() outcome {
		return run(t, withFailover(), "", installed.Kpt, "fn", "render", "--allow-exec", directory)
	}
	const kptfile = "apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata: {name: shop}\npipeline:\n  mutators:\n  - exec: failover\n  validators:\n  - exec: failover check --fail-on warning\n"
	spec, err := os.ReadFile("../../examples/kpt/shop.yaml")
	require.NoError(t, err)
	write("Kptfile", kptfile)
	write("shop.yaml", string(spec))
	write("foreign.yaml", "# somebody's\napiVersion: v1\nkind: ConfigMap # with comments\nmetadata: {name: foreign}\n")

	rendering := render()
	require.Zero(t, rendering.status, rendering.stderr)
	once := readAll(t, directory)
	assert.Len(t, once, 4)
	assert.Equal(t, kptfile, once["Kptfile"], "no churn")
	assert.Contains(t, once["foreign.yaml"], "kind: ConfigMap # with comments")

	rendered := strings.Replace(once["shop-failover.yaml"], "kind: Service\n", "kind: Service # a user's comment\n", 1)
	write("shop-failover.yaml", rendered)
	rendering = render()
	require.Zero(t, rendering.status, rendering.stderr)
	once["shop-failover.yaml"] = rendered
	assert.Equal(t, once, readAll(t, directory), "a second render changes nothing, and keeps comments")

	write("shop.yaml", strings.Replace(string(spec), "port: 8080", "port: 80800", 1))
	rendering = render()
	require.NotZero(t, rendering.status)
	assert.Contains(t, rendering.stderr, "shop.yaml: error: FailoverSpec web/shop: spec.active.workload.port: Invalid value: 80800: must be between 1 and 65535, inclusive")
	assert.Equal(t, rendered, readAll(t, directory)["shop-failover.yaml"])

	write("shop.yaml", strings.Replace(string(spec), "name: shop", "name: store", 1))
	rendering = render()
	require.Zero(t, rendering.status, rendering.stderr)
	renamed := readAll(t, directory)
	assert.NotContains(t, renamed, "shop-failover.yaml")
	assert.Contains(t, renamed["store-failover.yaml"], "hostname: store-active.web.svc.cluster.local")

	require.NoError(t, os.Remove(filepath.Join(directory, "shop.yaml")))
	rendering = render()
	require.Zero(t, rendering.status, rendering.stderr)
	assert.Len(t, readAll(t, directory), 2, "the Kptfile and what is somebody's")
}

func readAll(t *testing.T, directory string) map[string]string {
	t.Helper()
	files := map[string]string{}
	entries, err := os.ReadDir(directory)
	require.NoError(t, err)
	for _, entry := range entries {
		data, err := os.ReadFile(filepath.Join(directory, entry.Name()))
		require.NoError(t, err)
		files[entry.Name()] = string(data)
	}
	return files
}
