package encode

import (
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// awkwardTexts are written in quotes, or look as if they had to be.
var awkwardTexts = []string{
	"", " ", "a", "a b", " a", "a ", "#", "#a", "a#", "a #", "a # b", "a# b", ":", ":a", "a:", "a: b", "a:b", ": a", "?", "?a", "? a", "a?", "-", "-a", "- a", "--", "---", "---a", "...", "...a", "..", ".",
	"*", "*.example.com", "&a", "!a", "|", ">", "'", "'a'", "a'b", "\"", "\"a\"", "a\"b", "%a", "@a", "`a", ",", ",a", "a,b", "[", "[a]", "]", "{", "{a}", "}", "a{", "\\", "a\\b", "=", "<<", "~", "y", "No", "null", "true",
	"0", "1.5", "1e3", "0x1F", "0o7", "017", "1_000", "1:20", "2026-11-23", "2026-11-23T10:00:00Z", "2026-11-23 \"x\" \\", "10s", "1.2.3.4", "::1",
	"a\nb", "a\nb\n", "\ta", "é", "\x7f", "\u2028", strings.Repeat("a", 128), strings.Repeat("a", 129), strings.Repeat("a ", 100),
}

// randomValue makes a value of any shape; the texts are of those above, alone or joined.
func randomValue(random *rand.Rand, depth int) any {
	text := func() string {
		made := awkwardTexts[random.IntN(len(awkwardTexts))]
		if random.IntN(4) == 0 {
			made += awkwardTexts[random.IntN(len(awkwardTexts))]
		}
		return made
	}
	kinds := 8
	if depth == 0 {
		kinds = 6 // neither maps nor lists
	}
	switch random.IntN(kinds) {
	case 0:
		return random.Int64() - random.Int64()
	case 1:
		return random.IntN(2) == 0
	case 2:
		return nil
	case 3:
		return []any{map[string]any{}, []any{}, 1.0, 0.25, 1e30}[random.IntN(5)]
	case 4, 5:
		return text()
	case 6:
		items := make([]any, random.IntN(4))
		for i := range items {
			items[i] = randomValue(random, depth-1)
		}
		return items
	default:
		fields := map[string]any{}
		for range random.IntN(4) {
			fields[text()] = randomValue(random, depth-1)
		}
		return fields
	}
}

// requireSameText compares both ways to write a value, which is no object of a kind here.
func requireSameText(t *testing.T, value any) {
	t.Helper()
	for _, fields := range []map[string]any{{"value": value, "metadata": map[string]any{"name": "x", "labels": value}, "kind": "Service"}, {"list": []any{value, value}}} {
		object := &corev1.Service{}
		node, err := Node(fields, object)
		require.NoError(t, err)
		want, err := Text(node)
		require.NoError(t, err)
		got, err := YAML(fields, object)
		require.NoError(t, err)
		require.Equal(t, string(want), string(got))
	}
}

// TestYAMLAgreesWithLibrary: what is written in one pass is what the YAML library writes.
func TestYAMLAgreesWithLibrary(t *testing.T) {
	for _, text := range awkwardTexts {
		requireSameText(t, text)
		requireSameText(t, map[string]any{text: text})
		requireSameText(t, []any{text, []any{text, []any{text}}})
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 5_000 {
		requireSameText(t, randomValue(random, 5))
	}
	requireSameText(t, map[string]any{})
}

// FuzzYAMLAgreesWithLibrary does so for any text, and shapes around it.
func FuzzYAMLAgreesWithLibrary(f *testing.F) {
	for i, text := range awkwardTexts {
		f.Add(text, uint64(i))
	}
	f.Fuzz(func(t *testing.T, text string, seed uint64) {
		requireSameText(t, text)
		requireSameText(t, map[string]any{text: []any{text}, "x": text})
		requireSameText(t, randomValue(rand.New(rand.NewPCG(seed, 0)), 6))
	})
}

// TestYAMLInOnePass: the library is left out for what most objects have.
func TestYAMLInOnePass(t *testing.T) {
	value, err := Value(&corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "a", Labels: map[string]string{"a/b": "1", "c": "true", "d": ""}, Annotations: map[string]string{"host": "*.example.com", "text": `it's "so": yes`}},
		Spec:       corev1.ServiceSpec{Ports: []corev1.ServicePort{{Name: "http", Port: 80}}},
	})
	require.NoError(t, err)
	w := writer{}
	assert.True(t, w.value(value, reflect.TypeFor[*corev1.Service](), 0))
}
