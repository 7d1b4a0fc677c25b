package command_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failover-krm/failover/pkg/command"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

// A case is a folder: what goes in, and exactly what a user sees. expected.yaml
// is stdout; expected.err is stderr, and the exit status where it is not 0.

func TestRenderGolden(t *testing.T) {
	forEachCase(t, "render", func(*testing.T) result {
		args := []string{"render", "input.yaml"}
		if flags, err := os.ReadFile("args"); err == nil {
			args = append([]string{"render"}, strings.Fields(string(flags))...)
		}
		return run("", args...)
	})
}

func TestFunctionGolden(t *testing.T) {
	forEachCase(t, "function", func(t *testing.T) result {
		input, err := os.ReadFile("input.yaml")
		require.NoError(t, err)
		return run(string(input))
	})
}

type result struct {
	stdout, stderr string
	code           int
}

func run(stdin string, args ...string) result {
	var stdout, stderr bytes.Buffer
	code := command.Run(args, strings.NewReader(stdin), &stdout, &stderr)
	return result{stdout.String(), stderr.String(), code}
}

func (r result) messages() string {
	if r.code == 0 {
		return r.stderr
	}
	return fmt.Sprintf("%sexit status %d\n", r.stderr, r.code)
}

func forEachCase(t *testing.T, face string, runCase func(*testing.T) result) {
	root, err := filepath.Abs(filepath.Join("..", "..", "testdata", face))
	require.NoError(t, err)
	entries, err := os.ReadDir(root)
	require.NoError(t, err)
	require.NotEmpty(t, entries)
	for _, entry := range entries {
		t.Run(entry.Name(), func(t *testing.T) {
			t.Chdir(filepath.Join(root, entry.Name()))
			got := runCase(t)
			golden(t, "expected.yaml", got.stdout)
			golden(t, "expected.err", got.messages())
			if got.code != 0 && face == "render" {
				assert.Empty(t, got.stdout, "nothing may be printed on failure")
			}
		})
	}
}

// golden compares with a file that is absent where there is nothing to see.
func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if got == "" {
			_ = os.Remove(name)
			return
		}
		require.NoError(t, os.WriteFile(name, []byte(got), 0o644))
		return
	}
	want, err := os.ReadFile(name)
	if !os.IsNotExist(err) {
		require.NoError(t, err)
	}
	assert.Equal(t, string(want), got, "run 'go test ./pkg/command -update' and read the diff")
}
