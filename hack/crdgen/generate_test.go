package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCommittedFilesAreFresh(t *testing.T) {
	t.Parallel()
	for path, generate := range outputs {
		source, err := generate()
		require.NoError(t, err)
		committed, err := os.ReadFile(filepath.Join("..", "..", path))
		require.NoError(t, err)
		assert.Equal(t, string(committed), string(source), "%s is stale: run 'make generate'", path)
	}
}
