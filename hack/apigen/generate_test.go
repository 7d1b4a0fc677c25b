package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCommittedFilesAreFresh(t *testing.T) {
	files, err := generate()
	require.NoError(t, err)
	for _, name := range outputs {
		committed, err := os.ReadFile(filepath.Join("..", "..", name))
		require.NoError(t, err)
		assert.Equal(t, string(committed), string(files[name]), "%s is stale: run 'make generate'", name)
	}
}
