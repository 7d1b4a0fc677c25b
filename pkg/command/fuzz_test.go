package command_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/failover-krm/failover/pkg/document"
)

// addCorpus seeds a fuzz test with every golden case of a face.
func addCorpus(f *testing.F, face string) {
	inputs, err := filepath.Glob(filepath.Join("..", "..", "testdata", face, "*", "input.yaml"))
	require.NoError(f, err)
	require.NotEmpty(f, inputs)
	for _, input := range inputs {
		data, err := os.ReadFile(input)
		require.NoError(f, err)
		f.Add(string(data))
	}
}

func FuzzRender(f *testing.F) {
	addCorpus(f, "render")
	f.Fuzz(func(t *testing.T, input string) {
		got := run(input, "render", "-")
		require.Contains(t, []int{0, 1, 2}, got.code)
		if got.code != 0 {
			assert.Empty(t, got.stdout, "nothing may be printed on failure")
			assert.Contains(t, got.stderr, "error: ")
			return
		}
		assert.NotContains(t, got.stderr, "error: ")
		documents, err := document.Parse([]byte(got.stdout), "stdout")
		require.NoError(t, err, got.stdout)
		require.NotEmpty(t, documents)
		for _, doc := range documents {
			for _, path := range []string{"apiVersion", "kind", "metadata.name", "metadata.namespace"} {
				assert.NotEmpty(t, document.Field(doc.Node, path), path)
			}
			_, errs := document.Value(doc.Node)
			assert.Empty(t, errs)
		}
	})
}

func FuzzFunction(f *testing.F) {
	addCorpus(f, "function")
	f.Fuzz(func(t *testing.T, input string) {
		got := run(input)
		require.Contains(t, []int{0, 1, 2}, got.code)
		if got.code != 0 {
			assert.Regexp(t, `(error|warning|info): `, got.stderr, "a FailoverCheck says what it fails on")
			if got.stdout != "" {
				assert.Equal(t, contentOf(t, input), contentOf(t, got.stdout), "the original items come back")
				assert.Contains(t, got.stdout, "severity: ")
			}
			return
		}
		assert.Equal(t, foreign(contentOf(t, input)), foreign(contentOf(t, got.stdout)), "what others made stays as it is, in its order")
		again := run(got.stdout)
		if again.code == 0 {
			assert.Equal(t, contentOf(t, got.stdout), contentOf(t, again.stdout), "a second run changes nothing")
		}
	})
}

// itemContent is what an item says, aliases written out, comments and style left
// out.
type itemContent struct {
	digest string
	// owned tells that the function may have made it.
	owned bool
}

func foreign(items []itemContent) []itemContent {
	return slices.DeleteFunc(items, func(item itemContent) bool { return item.owned })
}

// contentOf returns what the items of a ResourceList say.
func contentOf(t *testing.T, resourceList string) []itemContent {
	t.Helper()
	documents, err := document.Parse([]byte(resourceList), "list")
	require.NoError(t, err, resourceList)
	require.Len(t, documents, 1)
	items := document.Lookup(documents[0].Node, "items")
	if items == nil {
		return []itemContent{}
	}
	contents := make([]itemContent, 0, len(items.Content))
	digests := map[*yaml.Node]string{}
	for _, item := range items.Content {
		owned := document.Field(item, "metadata.annotations[failover.krm.dev/owner]") != ""
		contents = append(contents, itemContent{content(item, digests), owned})
	}
	return contents
}

// content says what a node says; the parts of it by their digests, since aliases
// can make it huge.
func content(node *yaml.Node, digests map[*yaml.Node]string) string {
	if node.Kind == yaml.AliasNode {
		return content(node.Alias, digests)
	}
	if digest, known := digests[node]; known {
		return digest
	}
	hash := sha256.New()
	fmt.Fprintf(hash, "%d %s %q", node.Kind, node.ShortTag(), node.Value)
	for _, child := range node.Content {
		fmt.Fprint(hash, content(child, digests))
	}
	digests[node] = fmt.Sprintf("%s %x", node.ShortTag(), hash.Sum(nil))
	return digests[node]
}
