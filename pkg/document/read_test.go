package document_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/failover-krm/failover/pkg/document"
)

// TestParseStreams: documents are read whatever stands between them, and each
// name is found where it is.
func TestParseStreams(t *testing.T) {
	type found struct {
		name string
		at   document.Position
	}
	at := func(name string, line, column int) found {
		return found{name, document.Position{Line: line, Column: column}}
	}
	for _, tc := range []struct {
		reason, text string
		want         []found
	}{
		{"a byte order mark", "\uFEFFname: A\n", []found{at("A", 1, 1)}},
		{"a byte order mark before ---", "name: A\n\uFEFF---\nname: B\n", []found{at("A", 1, 1), at("B", 3, 1)}},
		{"a byte order mark after ---", "name: A\n---\n\uFEFFname: B\n", []found{at("A", 1, 1), at("B", 3, 1)}},
		{"a byte order mark after a comment", "name: A\n---\n# c\n\uFEFFname: B\n", []found{at("A", 1, 1), at("B", 4, 1)}},
		{"a byte order mark in a text", "name: \"A\\\n  \uFEFF\"\n", []found{at("A\uFEFF", 1, 1)}},
		{"%YAML 1.1", "%YAML 1.1\n---\nname: A\n", []found{at("A", 3, 1)}},
		{"%YAML 1.2", "%YAML 1.2\n---\nname: A\n", []found{at("A", 3, 1)}},
		{"%YAML 1.2 in every document", "# c\n%YAML 1.2 # c\r\n---\r\nname: A\r\n...\r\n%YAML 1.2\r\n---\r\nname: B\r\n", []found{at("A", 4, 1), at("B", 8, 1)}},
		{"a tag's directive is kept", "%YAML 1.2\n%TAG !y! tag:yaml.org,2002:\n---\nname: !y!str 1\n", []found{at("1", 4, 1)}},
		{"what looks like a directive in a text", "name: |\n  %YAML 1.2\n", []found{at("%YAML 1.2\n", 1, 1)}},
		{"the end of a document", "name: A\n...\n# c\nname: B\n...\n", []found{at("A", 1, 1), at("B", 4, 1)}},
		{"something after ---", "--- {name: A}\n--- # c\nname: B\n---\t# d\nname: C\n", []found{at("A", 1, 6), at("B", 3, 1), at("C", 5, 1)}},
		{"--- in a text is none", "name: |\n  a\n  ---\n  b\n---\nname: ----\n", []found{at("a\n---\nb\n", 1, 1), at("----", 6, 1)}},
		{"one anchor in two documents", "name: &a A\nx: *a\n---\nname: &a B\nx: *a\n", []found{at("A", 1, 1), at("B", 4, 1)}},
		{"UTF-16", "\xFE\xFF\x00n\x00a\x00m\x00e\x00:\x00 \x00A\x00\n\x00-\x00-\x00-\x00\n\x00n\x00a\x00m\x00e\x00:\x00 \xD8\x3D\xDE\x80", []found{at("A", 1, 1), at("🚀", 3, 1)}},
		{"UTF-16, the other way round", "\xFF\xFEn\x00a\x00m\x00e\x00:\x00 \x00A\x00", []found{at("A", 1, 1)}},
		{"a replacement character in UTF-16", "\xFF\xFEn\x00a\x00m\x00e\x00:\x00 \x00\xFD\xFF", []found{at("\uFFFD", 1, 1)}},

		{"JSON as Python writes it", `{"é": "\ud83d\ude80", "name": "\ud83d\ude80 \/ \u00e9"}`, []found{at("🚀 / é", 1, 23)}},
		{"JSON values in one line", `{"name": "A"}{"name": "B"} {"name": "C"}`, []found{at("A", 1, 2), at("B", 1, 15), at("C", 1, 29)}},
		{"JSON values in lines of their own", "{\"name\": \"A\"}\n\n{\n\t\"name\":\r\n\"B\"}\n", []found{at("A", 1, 2), at("B", 4, 2)}},
		{"JSON between YAML", "name: A\n---\n# c\n\n{\"x\": \"\\ud83d\\ude80\",\n \"name\": \"B\"}\n{\"name\": \"C\"}\n---\nname: D\n", []found{at("A", 1, 1), at("B", 6, 2), at("C", 7, 2), at("D", 9, 1)}},
		{"nulls in JSON", "{\"name\": \"A\"} null {\"name\": \"B\"}", []found{at("A", 1, 2), at("B", 1, 21)}},
		{"JSON with a comment is YAML", "{\"name\": \"A\"} # c\n", []found{at("A", 1, 2)}},
		{"a List in JSON", `{"apiVersion": "v1", "kind": "List", "items": [{"name": "A"}, {"name": "B"}]}`, []found{at("A", 1, 49), at("B", 1, 64)}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			documents, err := document.Parse([]byte(tc.text), "f.yaml")
			require.NoError(t, err)
			var got []found
			for _, doc := range documents {
				got = append(got, found{document.Field(doc.Node, "name"), document.NewIndex(doc.Node).Position(document.ParsePath("name"))})
			}
			assert.Equal(t, tc.want, got)
		})
	}
}

// TestParseLists: the items of any list are documents.
func TestParseLists(t *testing.T) {
	for _, tc := range []struct {
		reason, text string
		want         []string
	}{
		{
			"the API server leaves out what the list says", "apiVersion: g/v1\nkind: HTTPRouteList\nitems:\n- metadata: {name: a}\n- metadata: {name: b}\n",
			[]string{"apiVersion: g/v1\nkind: HTTPRoute\nmetadata: {name: a}\n", "apiVersion: g/v1\nkind: HTTPRoute\nmetadata: {name: b}\n"},
		},
		{
			"what an item says holds", "apiVersion: apps/v1\nkind: DeploymentList\nitems: [{apiVersion: apps/v2, a: 1}, {kind: B}, ~, {apiVersion: v3, kind: C}]\n",
			[]string{"{kind: Deployment, apiVersion: apps/v2, a: 1}\n", "{apiVersion: apps/v1, kind: B}\n", "{apiVersion: v3, kind: C}\n"},
		},
		{"aliases", "apiVersion: v1\nkind: PodList\nx: &x {a: 1}\ny: &y [*x]\nitems: *y\n", []string{"&x {apiVersion: v1, kind: Pod, a: 1}\n"}},
		{"no items", "apiVersion: v1\nkind: PodList\nitems: []\n", nil},
		{"lists in a List", "apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: PodList, items: [{a: 1}]}, {kind: B}]\n", []string{"{apiVersion: v1, kind: Pod, a: 1}\n", "{kind: B}\n"}},
		{"nothing is added to the items of a List", "apiVersion: v1\nkind: List\nitems: [{a: 1}]\n", []string{"{a: 1}\n"}},
		{"another group's ResourceList is a list", "apiVersion: example.com/v1\nkind: ResourceList\nitems: [{a: 1}]\n", []string{"{apiVersion: example.com/v1, kind: Resource, a: 1}\n"}},
		{"the input of a KRM function is one document", "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n- a: 1\n", []string{"apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n- a: 1\n"}},
		{"a kind that ends so without items", "apiVersion: v1\nkind: AllowList\nspec: {items: [{a: 1}]}\n", []string{"apiVersion: v1\nkind: AllowList\nspec: {items: [{a: 1}]}\n"}},
		{"items that are no objects", "apiVersion: v1\nkind: AllowList\nitems: [a, b]\n", []string{"apiVersion: v1\nkind: AllowList\nitems: [a, b]\n"}},
		{"a kind without apiVersion", "kind: PodList\nitems: [{a: 1}]\n", []string{"kind: PodList\nitems: [{a: 1}]\n"}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			documents, err := document.Parse([]byte(tc.text), "f.yaml")
			require.NoError(t, err)
			var got []string
			for _, doc := range documents {
				text, err := yaml.NewRNode(doc.Node).String()
				require.NoError(t, err)
				got = append(got, text)
			}
			assert.Equal(t, tc.want, got)
		})
	}
	documents, err := document.Parse([]byte("apiVersion: v1\nkind: PodList\nitems:\n- a: 1\n- b: 2\n"), "f.yaml")
	require.NoError(t, err)
	assert.Equal(t, document.Position{Line: 5, Column: 3}, document.NewIndex(documents[1].Node).Position(document.ParsePath("kind")), "a field that was added is where the item is")
}

// TestParseJSON compares with what the YAML library makes of JSON that it knows.
func TestParseJSON(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 0))
		value := map[string]any{"value": randomValue(random, 0)}
		data, err := json.Marshal(value)
		require.NoError(t, err)
		if seed%2 == 1 {
			var indented bytes.Buffer
			require.NoError(t, json.Indent(&indented, data, "", "  "))
			data = indented.Bytes()
		}
		documents, err := document.Parse(data, "f.json")
		require.NoError(t, err)
		require.Len(t, documents, 1)
		var want yaml.Node
		require.NoError(t, yaml.Unmarshal(data, &want))
		require.Equal(t, want.Content[0], documents[0].Node, string(data))
	}
}

func randomValue(random *rand.Rand, depth int) any {
	text := func() string {
		const alphabet = "ab: ,[]{}\"\\/\n\té&*#"
		runes := []rune(alphabet)
		var text strings.Builder
		for range random.IntN(6) {
			text.WriteRune(runes[random.IntN(len(runes))])
		}
		return text.String()
	}
	switch kind := random.IntN(8); {
	case kind < 2 && depth < 4:
		items := make([]any, random.IntN(4))
		for i := range items {
			items[i] = randomValue(random, depth+1)
		}
		return items
	case kind < 4 && depth < 4:
		fields := map[string]any{}
		for range random.IntN(4) {
			fields[text()] = randomValue(random, depth+1)
		}
		return fields
	default:
		return []any{text(), random.Int64() - 1<<62, random.Uint64(), random.NormFloat64(), random.IntN(2) == 0, nil, -1, 0.5}[random.IntN(8)]
	}
}

// TestJSONNumbers: a number of JSON is a number, however large.
func TestJSONNumbers(t *testing.T) {
	for number, want := range map[string]string{
		`1`: yaml.NodeTagInt, `-0`: yaml.NodeTagInt, `1.0`: yaml.NodeTagFloat, `1e3`: yaml.NodeTagFloat, `1E400`: yaml.NodeTagFloat,
		`123456789012345678901234567890`: yaml.NodeTagFloat, `18446744073709551615`: yaml.NodeTagInt,
	} {
		doc := parse(t, `{"n": `+number+`}`)
		node := document.Lookup(doc.Node, "n")
		assert.Equal(t, want, node.ShortTag(), number)
		assert.Equal(t, number, node.Value)
	}
	_, errs := document.Value(parse(t, `{"n": 1E400}`).Node)
	require.Len(t, errs, 1)
	assert.Equal(t, `n: Invalid value: "1E400": must be a finite number`, errs[0].Error())
}

// TestParseAtOnce: a stream that is read at once is read to the same nodes as one whose
// documents are read one by one, which a byte order mark makes of it.
func TestParseAtOnce(t *testing.T) {
	texts := plainTexts(t)
	random := rand.New(rand.NewPCG(1, 2))
	const most = 12
	several := 0
	for range 500 {
		var stream strings.Builder
		for range random.IntN(most) {
			stream.WriteString(texts[random.IntN(len(texts))])
			stream.WriteString([]string{"---\n", "\n--- \n\n", "---\n---\n", ""}[random.IntN(4)])
		}
		want, wantErr := document.Parse([]byte("\uFEFF"+stream.String()), "f.yaml")
		got, err := document.Parse([]byte(stream.String()), "f.yaml")
		require.Equal(t, wantErr, err, stream.String())
		require.Equal(t, want, got, stream.String())
		if len(got) > 1 {
			several++
		}
	}
	assert.Greater(t, several, 100, "most are right")
}

// FuzzParseAtOnce does as TestParseAtOnce.
func FuzzParseAtOnce(f *testing.F) {
	for _, text := range []string{
		"a: 1\n---\nb: 2\n", "a\n---\n--- |+\n b\n\n---\n? - c\n", "- [a, \n---\n]", "--- 'a\n\n  b'\n---\n{c: d}\n---\n[]", "a: *b\n---\na: &b", "a\n...\n%YAML 1.1\n---\nb",
		"a: |\n  b\n---\n\n\n--- !!str\n---\tc", "apiVersion: v1\nkind: List\nitems: [a]\n---\n}", "a\u2028---\nb\r---\nc", "a # b\n---\n# c\n\nd",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "\uFEFF") || strings.HasPrefix(text, "\xFE\xFF") || strings.HasPrefix(text, "\xFF\xFE") {
			return // it has marks of its own
		}
		want, wantErr := document.Parse([]byte("\uFEFF"+text), "f.yaml")
		got, err := document.Parse([]byte(text), "f.yaml")
		require.Equal(t, wantErr, err)
		require.Equal(t, want, got)
	})
}

// plainTexts returns the YAML files of the repository without their comments, anchors and marks.
func plainTexts(t *testing.T) []string {
	t.Helper()
	var texts []string
	require.NoError(t, filepath.WalkDir("../..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".yaml" {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var text strings.Builder
		for line := range strings.Lines(string(data)) {
			if !strings.ContainsAny(line, "#&\uFEFF") {
				text.WriteString(line)
			}
		}
		const long = 20_000
		if text.Len() < long {
			texts = append(texts, text.String())
		}
		return nil
	}))
	return texts
}

// FuzzParse: what the YAML library reads as a stream is read the same, document
// by document.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"a: 1\n---\nb: 2\n", "# c\n---\n# d\n...\n", "%TAG ! !x\n---\na\n...\n%YAML 1.1\n---\nb", "a: |\n  x\n---\n- b\n...", "{\"a\": [1]}\n", "--- a\n--- 'b\n  c'\n",
		"\uFEFFa: 1\r\n---\r\nb: 2", "a\n...\n...\n---\n", "---\n---\n...\n# c", "a: &a 1\nb: *a", "- - a\n  - b\n# c\n", "\"a\\\n  b\"", "%FOO\n---\na\n",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		documents, err := document.Parse([]byte(text), "f.yaml")
		want, wantErr := decodeStream(text)
		// What the stream has wrong, or not as it is meant: marks within it, UTF-16,
		// aliases across documents; and lists.
		if wantErr != nil || !utf8.ValidString(text) || strings.ContainsAny(text, "\uFEFF\x00*") || strings.Contains(text, "List") {
			return
		}
		require.NoError(t, err)
		got := []*yaml.Node{}
		for _, doc := range documents {
			got = append(got, doc.Node)
		}
		require.Equal(t, withoutComments(want), withoutComments(got))
	})
}

// decodeStream returns the documents that the YAML library finds.
func decodeStream(text string) ([]*yaml.Node, error) {
	decoder := yaml.NewDecoder(strings.NewReader(text))
	nodes := []*yaml.Node{}
	for {
		var root yaml.Node
		err := decoder.Decode(&root)
		if errors.Is(err, io.EOF) {
			return nodes, nil
		}
		if err != nil {
			return nil, err
		}
		if content := root.Content[0]; content.ShortTag() != yaml.NodeTagNull {
			nodes = append(nodes, content)
		}
	}
}

// withoutComments leaves out what may belong to either of two documents.
func withoutComments(nodes []*yaml.Node) []*yaml.Node {
	for _, node := range nodes {
		node.HeadComment, node.LineComment, node.FootComment = "", "", ""
		withoutComments(node.Content)
	}
	return nodes
}
