package encode_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	yaml2 "go.yaml.in/yaml/v2"
	"sigs.k8s.io/kustomize/kyaml/yaml"
	sigsyaml "sigs.k8s.io/yaml"

	"github.com/failover-krm/failover/pkg/encode"
)

// hostileTexts are what YAML, in one of its versions, takes for something else, or
// can write only in quotes.
var hostileTexts = []string{
	"", " ", "\n", "\n\n", "\t", "\r", "\r\n", "\u0085", "\u2028", "\u2029", "\uFEFF", "\u00a0", "\u200b", "\x00", "\x01", "\x1b", "\x7f", "\ufffd", "é", "🚀",
	"---", "...", "--- a", "# ", "#a", "a # b", ": ", "a:", "a: b", ":a", "- ", "-", "-a", "? ", "?", "=", "<<", "%a", "@a", "`a", "!a", "!!int 1", "&a", "*a", "|", ">", "'", "\"", "\\", "{a}", "[a]", "{", "]", ",", "a, b",
	"y", "Y", "n", "yes", "No", "NO", "on", "off", "true", "True", "false", "null", "Null", "~", "nan", "inf",
	"0", "-0", "+1", "017", "0o7", "0O7", "0x1F", "0X1f", "0b1", "-0b1", "1_000", "1_0_", "0_x1", "1e3", "1E400", "1e400", "1.", ".5", ".", "+.5e-3", "1.5", ".inf", "-.INF", "+.inf", ".NaN", "1:20", "190:20:30.15", "-1:20",
	"0x" + strings.Repeat("1", 80), strings.Repeat("9", 80), strings.Repeat("1_", 40) + "0", "0." + strings.Repeat("3", 80), strings.Repeat("a", 200), strings.Repeat("a ", 100),
	"2026-11-23", "2026-1-2", "2026-11-23T10:00:00Z", "2026-11-23 10:00:00 -5", "10:00",
	"\techo hi\n", "\ta", "a\tb", "a\n\tb", "\n\ta\n", " \ta\n", " lead", "trail ", " lead\n", "trail \n", "a\n b\n", "  a\nb", "a\n\n", "a\n\n\n", "\na", "a\n\nb\n", "a\r\nb\r\n", "a\u2028b\n", "\u2028a", "a\n\u0085b", "a \n b", "a\n---\nb\n", "a\n...\n", "a\n# b\n", "# a\nb\n",
}

// TestStringQuotesWhatIsNoText: and nothing else, since quotes are noise.
func TestStringQuotesWhatIsNoText(t *testing.T) {
	quoted := func(text string) bool { return encode.String(text).Style == yaml.DoubleQuotedStyle }
	for _, text := range []string{
		"", "=", "<<", "y", "NO", "off", "~", "Null", "0", "-0", "017", "0o7", "0X1f", "-0b1", "1_000", "0_x1", "1e400", "1.", ".5", ".", ".inf", "-.INF", ".NaN", "1:20", "190:20:30.15",
		"0x" + strings.Repeat("1", 80), strings.Repeat("9", 80), strings.Repeat("1_", 40) + "0", "2026-11-23", "2026-1-2", "2026-11-23T10:00:00Z", "2026-11-23 10:00:00 -5",
	} {
		assert.True(t, quoted(text), text)
	}
	for _, text := range []string{"a", "yesterday", "10s", "1.2.3", "1.2.3.4", "10.0.0.0/8", "1.2.3.4:80", "500m", "1Gi", "v1", "0xyz", "08h", "1:2:3:a", "::1", "2001:db8::1", "nullable", "-a", "+", "..", "a=b", "<a>", "2026-11", "é"} {
		assert.False(t, quoted(text), text)
	}
}

// places are where a text can be in a document.
var places = []struct {
	name string
	make func(text *yaml.Node) *yaml.Node
}{
	{"document", func(text *yaml.Node) *yaml.Node { return text }},
	{"value", func(text *yaml.Node) *yaml.Node { return mapping(plain("first"), text, plain("second"), text) }},
	{"item", func(text *yaml.Node) *yaml.Node { return list(text, plain("second"), text) }},
	{"key", func(text *yaml.Node) *yaml.Node {
		return mapping(text, plain("second"), plain("last"), plain("fourth"))
	}},
	{"key of a map", func(text *yaml.Node) *yaml.Node {
		return mapping(text, mapping(plain("first"), text), plain("last"), plain("fourth"))
	}},
	{"item of a list in a list", func(text *yaml.Node) *yaml.Node { return list(list(text, text), text) }},
	{"map in a list in a map", func(text *yaml.Node) *yaml.Node {
		return mapping(plain("first"), list(mapping(plain("first"), text, text, text), text), plain("second"), mapping(plain("third"), list(text)), plain("fourth"), text)
	}},
	{"in braces", func(text *yaml.Node) *yaml.Node {
		braces := mapping(plain("first"), text, text, list(text))
		braces.Style = yaml.FlowStyle
		return mapping(plain("first"), braces)
	}},
}

func mapping(content ...*yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.MappingNode, Tag: yaml.NodeTagMap, Content: content}
}

func list(content ...*yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.SequenceNode, Tag: yaml.NodeTagSeq, Content: content}
}

func plain(text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: yaml.NodeTagString, Value: text}
}

// styles are those that a text can come with, and ours.
var styles = map[string]yaml.Style{
	"ours": 0, "literal": yaml.LiteralStyle, "folded": yaml.FoldedStyle, "single": yaml.SingleQuotedStyle, "double": yaml.DoubleQuotedStyle, "tagged": yaml.TaggedStyle | yaml.FoldedStyle,
}

// valueOf is what every reader must find.
func valueOf(node *yaml.Node) any {
	switch node.Kind {
	case yaml.MappingNode:
		fields := map[string]any{}
		for i := 0; i < len(node.Content); i += 2 {
			fields[node.Content[i].Value] = valueOf(node.Content[i+1])
		}
		return fields
	case yaml.SequenceNode:
		items := []any{}
		for _, item := range node.Content {
			items = append(items, valueOf(item))
		}
		return items
	default:
		return node.Value
	}
}

// requireReadBack writes a document, and reads it as everybody does.
func requireReadBack(t *testing.T, node *yaml.Node, what string) {
	t.Helper()
	want := valueOf(node)
	written, err := encode.Text(node)
	require.NoError(t, err, what)

	var v3, v2, sigs any
	require.NoError(t, yaml.Unmarshal(written, &v3), what, string(written))
	require.Equal(t, want, v3, what, string(written))
	require.NoError(t, yaml2.UnmarshalStrict(written, &v2), what, string(written))
	require.Equal(t, want, withTextKeys(v2), what, string(written))
	require.NoError(t, sigsyaml.UnmarshalStrict(written, &sigs), what, string(written))
	require.Equal(t, want, sigs, what, string(written))
	parsed, err := yaml.Parse(string(written))
	require.NoError(t, err, what, string(written))
	require.Equal(t, want, valueOf(parsed.YNode()), what, string(written))

	again, err := encode.Text(parsed.YNode())
	require.NoError(t, err)
	require.Equal(t, string(written), string(again), what)
}

// withTextKeys makes maps as the newer readers do.
func withTextKeys(value any) any {
	switch value := value.(type) {
	case map[any]any:
		fields := map[string]any{}
		for key, field := range value {
			fields[fmt.Sprint(key)] = withTextKeys(field)
		}
		return fields
	case []any:
		for i, item := range value {
			value[i] = withTextKeys(item)
		}
	}
	return value
}

func requireTextsReadBack(t *testing.T, text string) {
	t.Helper()
	for _, place := range places {
		for name, style := range styles {
			node := encode.String(text)
			if name != "ours" {
				node = plain(node.Value)
				node.Style = style
			}
			requireReadBack(t, place.make(node), fmt.Sprintf("%q, %s, as %s", text, name, place.name))
		}
	}
}

// TestTextReadsBack: whatever a text is, wherever it is, and whichever style it
// came with, all readers find the same.
func TestTextReadsBack(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		var text strings.Builder
		for range 2 + random.IntN(3) {
			text.WriteString(hostileTexts[random.IntN(len(hostileTexts))])
		}
		requireTextsReadBack(t, text.String())
	}
	requireTextsReadBack(t, "no \xff UTF-8")
}

// FuzzTextReadsBack does so for each of the hostile texts.
func FuzzTextReadsBack(f *testing.F) {
	for _, text := range hostileTexts {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if utf8.ValidString(text) {
			requireTextsReadBack(t, text)
		}
	})
}

// TestTextKeepsStyles: only what the YAML library writes wrongly gets another
// style.
func TestTextKeepsStyles(t *testing.T) {
	const kept = `single: 'a'
double: "b"
literal: |
  c
   d
numbered: |2
   e
kept: |+
  f

stripped: |-
  g
folded: >-
  one line
tagged: !!str 1
flow: [a, 'b', {c: "d"}]
`
	parsed, err := yaml.Parse(kept)
	require.NoError(t, err)
	written, err := encode.Text(parsed.YNode())
	require.NoError(t, err)
	assert.Equal(t, kept, string(written))

	parsed, err = yaml.Parse("a: |2\n  \techo\nb: >2\n  \techo\nc: >\n  two\n  lines\n\n  and one\nd: >+\n  kept\n\n\ne: f\n")
	require.NoError(t, err)
	written, err = encode.Text(parsed.YNode())
	require.NoError(t, err)
	assert.Equal(t, "a: \"\\techo\\n\"\nb: \"\\techo\\n\"\nc: |\n  two lines\n  and one\nd: |+\n  kept\n\n\ne: f\n", string(written))
}
