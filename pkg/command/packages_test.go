package command_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestContributingListsEveryPackage: the table of packages names each of them, and
// nothing that is not there.
func TestContributingListsEveryPackage(t *testing.T) {
	page, err := os.ReadFile("../../CONTRIBUTING.md")
	require.NoError(t, err)
	listed := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(string(page), -1) {
		listed[row[1]] = true
		assert.DirExists(t, filepath.Join("..", "..", row[1]))
	}
	for _, root := range []string{"pkg", "internal", "fn"} {
		require.NoError(t, fs.WalkDir(os.DirFS("../.."), root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.IsDir() {
				return err
			}
			files, err := filepath.Glob(filepath.Join("..", "..", path, "*.go"))
			if len(files) > 0 {
				assert.True(t, listed[filepath.ToSlash(path)], "%s is not in the table of CONTRIBUTING.md", path)
			}
			return err
		}))
	}
}
