package command_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestErrorsReadTheSame feeds every case that render refuses to the function: it
// says the same, whoever calls it, and answers with the items as they came.
func TestErrorsReadTheSame(t *testing.T) {
	refused, err := filepath.Glob("../../testdata/render/error-*/expected.err")
	require.NoError(t, err)
	compared := 0
	for _, golden := range refused {
		directory := filepath.Dir(golden)
		t.Run(filepath.Base(directory), func(t *testing.T) {
			if _, err := os.Stat(filepath.Join(directory, "args")); err == nil {
				t.Skip("the function takes no arguments")
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			if !strings.Contains(string(want), "error: FailoverSpec") || !strings.HasSuffix(string(want), "exit status 1\n") {
				t.Skip("not about a FailoverSpec: such items are no business of the function, or its input is no YAML")
			}
			items := documentsOf(t, filepath.Join(directory, "input.yaml"))
			got := run(resourceList(t, "v1", items, nil))
			if strings.Contains(got.stderr, "another FailoverSpec of this package has the name") {
				t.Skip("only the name is the identity of a function's spec; render has its namespace too")
			}
			require.Equal(t, 1, got.code)
			assert.Equal(t, items, itemsOf(t, got.stdout))
			assert.Equal(t, findings(string(want)), findings(got.stderr))
			compared++
		})
	}
	assert.Greater(t, compared, 50)
}

// findings returns what is said of FailoverSpecs, without file, line and column,
// which the function knows only of items with a path, and without render's count.
func findings(messages string) []string {
	position := regexp.MustCompile(`^input\.yaml:\d+:\d+: `)
	other := regexp.MustCompile(` \(the other: [^)]*\)|, first on line \d+`)
	var found []string
	for line := range strings.Lines(messages) {
		if line = position.ReplaceAllString(line, ""); strings.Contains(line, ": FailoverSpec") {
			found = append(found, other.ReplaceAllString(line, ""))
		}
	}
	return found
}
