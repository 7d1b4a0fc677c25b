package document_test

import (
	"cmp"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failover-krm/failover/pkg/document"
)

func parse(t *testing.T, text string) document.Document {
	t.Helper()
	documents, err := document.Parse([]byte(text), "f.yaml")
	require.NoError(t, err)
	require.Len(t, documents, 1)
	return documents[0]
}

func TestParse(t *testing.T) {
	for _, tc := range []struct {
		reason, text string
		kinds        []string
	}{
		{"nothing is no document", "", nil},
		{"comments are no document", "# a\n---\n# b\n", nil},
		{"an empty document between others is left out", "kind: A\n---\n---\nkind: B\n", []string{"A", "B"}},
		{"a null is no document", "---\nnull\n---\nkind: A\n", []string{"A"}},
		{"JSON is YAML", `{"kind": "A"}`, []string{"A"}},
		{"Windows line ends", "kind: A\r\n---\r\nkind: B\r\n", []string{"A", "B"}},
		{"a byte order mark", "\uFEFFkind: A\n", []string{"A"}},
		{"the items of a List", "apiVersion: v1\nkind: List\nitems: [{kind: A}, ~, {kind: B}]\n", []string{"A", "B"}},
		{"another kind's items are its own", "apiVersion: v2\nkind: List\nitems: [{kind: A}]\n", []string{"List"}},
		{"a List without items", "apiVersion: v1\nkind: List\n", []string{"List"}},
		{"a List of null, as Go writes an empty one", "apiVersion: v1\nkind: List\nitems: null\n", []string{"List"}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			documents, err := document.Parse([]byte(tc.text), "f.yaml")
			require.NoError(t, err)
			var kinds []string
			for _, doc := range documents {
				kinds = append(kinds, document.Field(doc.Node, "kind"))
			}
			assert.Equal(t, tc.kinds, kinds)
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for _, tc := range []struct{ reason, text, want string }{
		{"a fault on the first line, which the library does not number", "a: b: c\n", "f.yaml:1: not YAML: mapping values are not allowed in this context"},
		{"lines count from the top of the file", "a: b\n---\nc: [\n", "f.yaml:3: not YAML: did not find expected node content"},
		{"ten megabytes of nesting", strings.Repeat("[", 10<<20), "f.yaml:1: not YAML: exceeded max depth of 10000"},
		{"an alias that contains itself", "a:\n  &a [*a]\n", "f.yaml:2: YAML aliases that repeat more than 1048576 nodes, or contain themselves: write the values out"},
		{"a List of no list", "apiVersion: v1\nkind: List\nitems: foo\n", `f.yaml:3: items of a List "foo": must be a list of objects`},
		{"a List of what is no object", "apiVersion: v1\nkind: List\nitems:\n- null\n- {}\n- 3\n", `f.yaml:6: an item of a List "3": must be an object`},
		{"a malformed List in a List", "apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: List, items: {}}]\n", "f.yaml:3: items of a List: must be a list of objects"},
		{"no text at all", "\x00\x01", "f.yaml:1: not YAML: control characters are not allowed"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			documents, err := document.Parse([]byte(tc.text), "f.yaml")
			assert.Empty(t, documents)
			var syntax *document.SyntaxError
			require.ErrorAs(t, err, &syntax)
			assert.Equal(t, tc.want, err.Error())
		})
	}
}

func TestBytesHasALimit(t *testing.T) {
	_, err := document.Bytes(endless{}, "stdin")
	require.EqualError(t, err, "stdin: longer than 256 MiB, which is the limit for one input: split it")

	broken := errors.New("broken pipe")
	_, err = document.Bytes(io.MultiReader(strings.NewReader("a"), failing{broken}), "stdin")
	assert.ErrorIs(t, err, broken)
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestValue(t *testing.T) {
	for _, tc := range []struct {
		reason, text string
		want         any
		errs         []string
	}{
		{
			reason: "types", text: `{s: a, i: 1, f: 1.5, b: true, l: [x, 2], m: {k: v}}`,
			want: map[string]any{"s": "a", "i": int64(1), "f": 1.5, "b": true, "l": []any{"x", int64(2)}, "m": map[string]any{"k": "v"}},
		},
		{reason: "a null is absent in a map and kept in a list", text: `{a: ~, b: [~]}`, want: map[string]any{"b": []any{nil}}},
		{reason: "a date stays as it is written", text: `a: 2026-11-23`, want: map[string]any{"a": "2026-11-23"}},
		{reason: "what YAML 1.1 took for booleans is text", text: `{a: yes, b: off}`, want: map[string]any{"a": "yes", "b": "off"}},
		{reason: "aliases", text: `{a: &x {k: v}, b: *x}`, want: map[string]any{"a": map[string]any{"k": "v"}, "b": map[string]any{"k": "v"}}},
		{
			reason: "a merge key gives way to what is written", text: "a: &x {k: v, l: w}\nb: {<<: *x, k: mine}\n",
			want: map[string]any{"a": map[string]any{"k": "v", "l": "w"}, "b": map[string]any{"k": "mine", "l": "w"}},
		},
		{
			reason: "the first of several merged maps wins", text: "a: {<<: [{k: 1}, {k: 2, l: 3}]}\n",
			want: map[string]any{"a": map[string]any{"k": int64(1), "l": int64(3)}},
		},
		{
			reason: "keys given twice", text: "a: {k: 1, k: 2}\nb: 1\nb: 2\n", want: map[string]any{"a": map[string]any{"k": int64(1)}, "b": int64(1)},
			errs: []string{"a.k: Forbidden: given twice, first on line 1: remove one", "b: Forbidden: given twice, first on line 2: remove one"},
		},
		{
			reason: "what JSON has no room for", text: "a: .inf\nb: !x y\nc: {[1]: 2}\n", want: map[string]any{"c": map[string]any{}},
			errs: []string{
				`a: Invalid value: ".inf": must be a finite number`,
				`b: Invalid value: "!x y": must be a string, a number, a boolean, a list or a map without a YAML tag of its own`,
				`c: Invalid value: "a list or a map as a key": a key must be a string`,
			},
		},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			got, errs := document.Value(parse(t, tc.text).Node)
			assert.Equal(t, tc.want, got)
			var texts []string
			for _, err := range errs {
				texts = append(texts, err.Error())
			}
			assert.Equal(t, tc.errs, texts)
		})
	}
}

// TestTexts compares random maps with what Value says of them.
func TestTexts(t *testing.T) {
	keys := []string{"a", "b", "c", "\"1\"", "1", "~", "*k", "[x]"}
	values := []string{"x", "'1'", "1", "true", "~", "", "2026-11-28", "!!binary eA==", "!x y", "[x]", "{a: b}", "*t", "*k"}
	random := rand.New(rand.NewPCG(9, 0))
	entry := func() string {
		if random.IntN(8) == 0 {
			return "<<: " + []string{"*m", "[*m, {a: z, c: 2}]", "{b: y}", "x"}[random.IntN(4)]
		}
		return keys[random.IntN(len(keys))] + " : " + values[random.IntN(len(values))]
	}
	for range 5000 {
		text := "t: &t text\nk: &k key\nm: &m {a: 1, b: b, key: ~}\nmap:\n"
		for range 1 + random.IntN(5) {
			text += "  " + entry() + "\n"
		}
		node := document.Lookup(parse(t, text).Node, "map")
		want := map[string]string{}
		value, _ := document.Value(node)
		for key, field := range value.(map[string]any) {
			if text, isText := field.(string); isText {
				want[key] = text
			}
		}
		require.Equal(t, want, document.Texts(node), text)
	}
	assert.Empty(t, document.Texts(parse(t, "[a]").Node))
}

func TestIndex(t *testing.T) {
	const text = `kind: A
spec:
  labels: {app: x, app.kubernetes.io/name: y}
  list:
  - a: 1
  - b: 2
  base: &base {port: 1}
  merged: {<<: *base, name: n}
  alias: *base
`
	doc := parse(t, "# a comment\n---\n"+text)
	for path, want := range map[string]document.Position{
		"":                                    {3, 1},
		"kind":                                {3, 1},
		"spec":                                {4, 1},
		"spec.labels[app.kubernetes.io/name]": {5, 20},
		"spec.labels[app]":                    {5, 12},
		"spec.list[1].b":                      {8, 5},
		"spec.list[1]":                        {8, 5},
		"spec.list[7].b":                      {6, 3},
		"spec.merged.port":                    {9, 16},
		"spec.alias.port":                     {9, 16},
		"spec.missing.field":                  {4, 1},
		"metadata.name":                       {3, 1},
	} {
		assert.Equal(t, want, document.NewIndex(doc.Node).Position(document.ParsePath(path)), path)
	}
	for path, want := range map[string]string{
		"kind": "A", "spec.labels[app.kubernetes.io/name]": "y", "spec.list[1].b": "2", "spec.list[2].b": "", "spec.list[x]": "",
		"spec.merged.port": "1", "spec.merged.name": "n", "spec.alias.port": "1", "spec.labels": "", "spec.missing": "", "kind.a": "",
	} {
		assert.Equal(t, want, document.Field(doc.Node, path), path)
		assert.Equal(t, want, document.NewIndex(doc.Node).Field(document.ParsePath(path)), path)
	}
	assert.Nil(t, document.Lookup(doc.Node, "spec.missing"))
}

// TestIndexOfMerges: the fields of a map count first, then those of its merge keys in their
// order; and what the index finds, Lookup does.
func TestIndexOfMerges(t *testing.T) {
	doc := parse(t, strings.Join([]string{
		"name: &name key",
		"a: &a {own: a, first: a, second: a, ? [list] : 1}",
		"b: &b {<<: *a, first: b}",
		"c: {<<: [*b, text, {third: i}], own: c, *name : x}",
		"d: {<<: *b, <<: *a}",
	}, "\n"))
	index := document.NewIndex(doc.Node)
	for path, want := range map[string]struct {
		text string
		at   document.Position
	}{
		"c.own":    {"c", document.Position{Line: 4, Column: 33}},
		"c.first":  {"b", document.Position{Line: 3, Column: 16}},
		"c.second": {"a", document.Position{Line: 2, Column: 26}},
		"c.third":  {"i", document.Position{Line: 4, Column: 21}},
		"c.key":    {"x", document.Position{Line: 1, Column: 7}},
		"c.<<":     {"", document.Position{Line: 4, Column: 1}},
		"c.list":   {"", document.Position{Line: 4, Column: 1}},
		"d.own":    {"a", document.Position{Line: 2, Column: 8}},
		"d.first":  {"b", document.Position{Line: 3, Column: 16}},
	} {
		assert.Equal(t, want.at, index.Position(document.ParsePath(path)), path)
		assert.Equal(t, want.text, index.Field(document.ParsePath(path)), path)
		assert.Equal(t, want.text, document.Field(doc.Node, path), path)
	}
}

func TestPath(t *testing.T) {
	for text, names := range map[string][]string{
		"<nil>":                    nil,
		"":                         nil,
		"spec":                     {"spec"},
		"spec.list[1].b":           {"spec", "list", "1", "b"},
		"spec.labels[a.b/c]":       {"spec", "labels", "a.b/c"},
		"spec.labels[a[0]].x":      {"spec", "labels", "a[0]", "x"},
		"spec.labels[a]b].x":       {"spec", "labels", "a]b", "x"},
		"spec.listeners[0].tls[0]": {"spec", "listeners", "0", "tls", "0"},
		"[0].a":                    {"0", "a"},
	} {
		path := document.ParsePath(text)
		var got []string
		for _, step := range path {
			got = append(got, step.Name)
		}
		assert.Equal(t, names, got, text)
		assert.Equal(t, strings.TrimPrefix(text, "<nil>"), path.String())
		assert.Equal(t, cmp.Or(text, "<nil>"), path.FieldPath().String())
	}
	rest, found := document.ParsePath("spec.list[1].b").Below(document.ParsePath("spec.list"))
	assert.True(t, found)
	assert.Equal(t, "[1].b", rest.String())
	assert.Equal(t, "spec.active[1].b", document.ParsePath("spec.active").Join(rest).String())
	assert.False(t, document.ParsePath("spec.lists").Within(document.ParsePath("spec.list")))
	assert.True(t, document.ParsePath("spec").Within(nil))
}

func TestSuggest(t *testing.T) {
	known := []string{"hostnames", "matches", "policy", "passive"}
	for word, want := range map[string]string{
		"hostname": "hostnames", "HostNames": "hostnames", "polcy": "policy", "pasive": "passive", "zzz": "", "": "",
	} {
		assert.Equal(t, want, document.Suggest(word, known), word)
	}
}
