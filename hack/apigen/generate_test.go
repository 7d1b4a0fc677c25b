package main

import (
	"os"
	"path"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCommittedFilesAreFresh(t *testing.T) {
	root := filepath.Join("..", "..")
	files, err := generate(root)
	require.NoError(t, err)
	for name, content := range files {
		committed, err := os.ReadFile(filepath.Join(root, name))
		require.NoError(t, err, "run 'make generate'")
		assert.Equal(t, string(committed), string(content), "%s is stale: run 'make generate'", name)
	}
	for _, directory := range []string{commandPages, manualPages} {
		entries, err := os.ReadDir(filepath.Join(root, directory))
		require.NoError(t, err)
		for _, entry := range entries {
			assert.Contains(t, files, path.Join(directory, entry.Name()), "of no command: run 'make generate'")
		}
	}
}
