package krm

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/failover-krm/failover/pkg/document"
)

// FuzzText: an answer with items as they came says the same as one that is written anew, and
// the next call hands on the same bytes.
func FuzzText(f *testing.F) {
	inputs, err := filepath.Glob("../../testdata/function/*/input.yaml")
	require.NoError(f, err)
	require.NotEmpty(f, inputs)
	for _, input := range inputs {
		data, err := os.ReadFile(input)
		require.NoError(f, err)
		f.Add(string(data))
	}
	f.Fuzz(func(t *testing.T, input string) {
		documents, err := document.Parse([]byte(input), "input")
		if err != nil || len(documents) != 1 || !IsResourceList(documents[0].Node) || textsOf(documents[0].Node, []byte(input)) == nil {
			return
		}
		once, err := Function(documents[0].Node, []byte(input))
		if err != nil || once.YAML == nil {
			return
		}
		answer := string(once.YAML)
		if anew, err := Function(read(t, input), nil); err == nil {
			where, differ := difference(read(t, string(anew.YAML)), read(t, answer))
			require.False(t, differ, "%s\n%s", where, answer)
		}
		again, err := Function(read(t, answer), once.YAML)
		require.NoError(t, err)
		if document.Lookup(read(t, string(again.YAML)), "results") == nil {
			require.Equal(t, answer, string(again.YAML))
		}
	})
}
