package programs

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFailoverOfTwoClones(t *testing.T) {
	goCache, err := exec.Command("go", "env", "GOCACHE").Output()
	require.NoError(t, err)
	t.Setenv("GOCACHE", strings.TrimSpace(string(goCache))) // otherwise the new cache below would be Go's too
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	var built []string
	for _, clone := range []string{"one", "another"} {
		repository := filepath.Join(t.TempDir(), clone)
		for name, text := range map[string]string{
			"go.mod":              "module example.com/failover\n",
			"fn/failover/main.go": fmt.Sprintf("package main\n\nfunc main() { print(%q) }\n", clone),
		} {
			path := filepath.Join(repository, name)
			require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
			require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		}
		path, err := buildOwn(repository, "./fn/failover")(t.Context())
		require.NoError(t, err)
		built = append(built, path)
	}
	said, err := exec.Command(built[0]).CombinedOutput()
	require.NoError(t, err)
	assert.Equal(t, "one", string(said))
	assert.Equal(t, "failover", filepath.Base(built[0]), "it is looked up on the PATH by this name")
}
