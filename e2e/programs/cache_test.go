package programs

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCached(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	pin := filepath.Join(t.TempDir(), "go.mod")
	require.NoError(t, os.WriteFile(pin, []byte("module one"), 0o600))
	made := 0
	write := func(path string) error {
		made++
		return os.WriteFile(path, []byte("program"), 0o755)
	}
	interrupted := func(path string) error {
		return errors.Join(write(path), errors.New("interrupted"))
	}

	_, err := cached([]string{pin}, "program", interrupted)
	require.ErrorContains(t, err, "interrupted")

	path, err := cached([]string{pin}, "program", write)
	require.NoError(t, err)
	assert.FileExists(t, path)
	assert.Equal(t, 2, made, "an interrupted one is made again")

	again, err := cached([]string{pin}, "program", write)
	require.NoError(t, err)
	assert.Equal(t, path, again)
	assert.Equal(t, 2, made, "a finished one is not")

	require.NoError(t, os.WriteFile(pin, []byte("module two"), 0o600))
	other, err := cached([]string{pin}, "program", write)
	require.NoError(t, err)
	assert.NotEqual(t, path, other, "a changed pin has a place of its own")

	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	assert.Len(t, entries, 1, "nothing unfinished is left")
}
