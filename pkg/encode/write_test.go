package encode

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// awkwardTexts are written in quotes, or look as if they had to be.
var awkwardTexts = []string{
	"", " ", "a", "a b", " a", "a ", "#", "#a", "a#", "a #", "a # b", "a# b", ":", ":a", "a:", "a: b", "a:b", ": a", "?", "?a", "? a", "a?", "-", "-a", "- a", "--", "---", "---a", "...", "...a", "..", ".",
	"*", "*.example.com", "&a", "!a", "|", ">", "'", "'a'", "a'b", "\"", "\"a\"", "a\"b", "%a", "@a", "`a", ",", ",a", "a,b", "[", "[a]", "]", "{", "{a}", "}", "a{", "\\", "a\\b", "=", "<<", "~", "y", "No", "null", "true",
	"0", "1.5", "1e3", "0x1F", "0o7", "017", "1_000", "1:20", "2026-11-23", "2026-11-23T10:00:00Z", "2026-11-23 \"x\" \\", "10s", "1.2.3.4", "::1",
	"a\nb", "a\nb\n", "\ta", "é", "\x7f", "\u2028", strings.Repeat("a", 128), strings.Repeat("a", 129), strings.Repeat("a ", 100),
}

// randomValue makes a value of any shape; the texts are of those above, single or joined.
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

// anyObject has room for any value.
type anyObject struct {
	metav1.TypeMeta `json:",inline"`
	*Inlined        `json:",inline"`
	Value           any            `json:"value"`
	Metadata        map[string]any `json:"metadata,omitempty"`
	Status          any            `json:"status"`
}

// Inlined is not there in some of them.
type Inlined struct {
	List []any `json:"list,omitempty"`
}

func (o *anyObject) DeepCopyObject() runtime.Object { return o }

// requireSameText compares both ways to write a value.
func requireSameText(t *testing.T, value any) {
	t.Helper()
	for _, object := range []*anyObject{
		{Value: value, Metadata: map[string]any{"name": "x", "labels": value}, TypeMeta: metav1.TypeMeta{Kind: "Service", APIVersion: "v1"}, Status: value},
		{Inlined: &Inlined{List: []any{value, value}}},
		{},
	} {
		fields, err := Value(object)
		require.NoError(t, err)
		node, err := Node(fields, object)
		require.NoError(t, err)
		plain, isPlain := Plain(node)
		want, err := Text(node)
		require.NoError(t, err)
		if isPlain {
			require.Equal(t, string(want), string(plain))
			requireReadBack(t, plain)
		}
		got, err := YAML(object)
		require.NoError(t, err)
		require.Equal(t, string(want), string(got))

		if item, isPlain := Item(object); isPlain {
			inList, err := Text(&yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{node}})
			require.NoError(t, err)
			require.Equal(t, string(inList), string(item))
		}
	}
}

// requireReadBack: what Plain has written is read, and written the same in both ways.
func requireReadBack(t *testing.T, plain []byte) {
	t.Helper()
	read, err := yaml.Parse(string(plain))
	require.NoError(t, err)
	again, isPlain := Plain(read.YNode())
	require.True(t, isPlain, string(plain))
	require.Equal(t, string(plain), string(again))
	text, err := Text(read.YNode())
	require.NoError(t, err)
	require.Equal(t, string(plain), string(text))
}

// requirePlain compares both ways to write a document, where Plain does.
func requirePlain(t *testing.T, document string) {
	t.Helper()
	read, err := yaml.Parse(document)
	if err != nil {
		return
	}
	if plain, isPlain := Plain(read.YNode()); isPlain {
		text, err := Text(read.YNode())
		require.NoError(t, err)
		require.Equal(t, string(text), string(plain))
		requireReadBack(t, plain)
	}
}

// TestPlain: what people write in their own way is left to the YAML library.
func TestPlain(t *testing.T) {
	for document, isPlain := range map[string]bool{
		"a: b\nc:\n- d\n- e: 1\n  f: true\n": true,
		"a: {}\nb: []\nc: null\nd: -1\n":     true,
		"a: \"b\"\nc: 'd'\n\"e\": f\n":       true,
		"a: b # c\n":                         false,
		"# a\nb: c\n":                        false,
		"a: &b c\nd: *b\n":                   false,
		"a: {b: c}\n":                        false,
		"a: [b]\n":                           false,
		"a: |\n  b\n":                        false,
		"a: >-\n  b\n":                       false,
		"a: !b c\n":                          false,
		"a: !!str 1\n":                       false,
		"a: 0x1F\n":                          false,
		"a: 1.5\n":                           false,
		"a: 2026-11-23\n":                    false,
		"a: ~\n":                             false,
		"a: é\n":                             false,
		"a: on\n":                            false,
		"<<: {}\n":                           false,
	} {
		read, err := yaml.Parse(document)
		require.NoError(t, err)
		_, got := Plain(read.YNode())
		assert.Equal(t, isPlain, got, document)
		requirePlain(t, document)
	}
}

// FuzzPlain does so for any document.
func FuzzPlain(f *testing.F) {
	for _, text := range awkwardTexts {
		f.Add(text)
		f.Add("a: " + text + "\nb: 'c'\n" + text + ":\n- " + text + "\n- d\n")
	}
	f.Fuzz(requirePlain)
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
	_, isPlain := inOnePass("", &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "a", Labels: map[string]string{"a/b": "1", "c": "true", "d": ""}, Annotations: map[string]string{"host": "*.example.com", "text": `it's "so": yes`}},
		Spec:       corev1.ServiceSpec{Ports: []corev1.ServicePort{{Name: "http", Port: 80}}},
	})
	assert.True(t, isPlain)
}

// TestWhatMayBeNumberOrDate: what is not looked at closely is neither a number nor a date.
func TestWhatMayBeNumberOrDate(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	const characters = "0123456789+-.:_abcdefxoinABCDEFXOINT tszZ\n"
	numbers, dates := 0, 0
	for range 300_000 {
		text := make([]byte, 1+random.IntN(10))
		for i := range text {
			text[i] = characters[random.IntN(len(characters))]
		}
		if random.IntN(3) == 0 {
			text = append([]byte("2026-1-2"), text...)
		}
		if number().Match(bytes.ReplaceAll(text, []byte("_"), nil)) {
			numbers++
			require.True(t, mayBeNumber(string(text)), "%q", text)
		}
		if date().Match(text) {
			dates++
			require.True(t, mayBeDate(string(text)), "%q", text)
		}
	}
	assert.Greater(t, numbers, 100)
	assert.Greater(t, dates, 100)
}
