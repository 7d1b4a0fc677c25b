package document_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failover-krm/failover/pkg/document"
)

// TestSyntaxError: the line is the one to fix, wherever the YAML library sees it,
// and counts from the top of the input.
func TestSyntaxError(t *testing.T) {
	const tab = "not YAML: a tab where YAML needs spaces: indent with spaces"
	for _, tc := range []struct {
		reason, text string
		line         int
		want         string
	}{
		{"the first line", "a: b: c\n", 1, "not YAML: mapping values are not allowed in this context"},
		{"a later line", "a: b\nc: d: e\n", 2, "not YAML: mapping values are not allowed in this context"},
		{"a line too deep", "kind: A\nspec:\n  a: 1\n   b: 2\n", 4, "not YAML: mapping values are not allowed in this context"},
		{"a key within a list", "kind: A\na:\n- b\n- c\n  d: e\nf: g\n", 5, "not YAML: mapping values are not allowed in this context"},
		{"a key where a list item is due", "kind: A\na:\n  - b\n  - c\n  d: e\nf: g\n", 5, "not YAML: did not find expected '-' indicator"},
		{"a list within a map", "kind: A\nspec:\n  a: 1\n  b: 2\n  - c\n  d: 3\n", 5, "not YAML: did not find expected key"},
		{"a line too far left", "a:\n    b: 1\n  c: 2\n", 3, "not YAML: did not find expected key"},
		{"a key without a colon", "a: 1\nb\nc: 2\n", 2, "not YAML: could not find expected ':'"},
		{"a quote that is not closed", "a: 1\nb: \"x\nc: 2\nd: 3\n", 2, "not YAML: found unexpected end of stream"},
		{"text after a quote", "a: 1\nb: \"x\" y\nc: 2\n", 2, "not YAML: did not find expected key"},
		{"a bracket that is not closed", "a: 1\nb: [x\nc: 2\nd: 3\n", 3, "not YAML: did not find expected ',' or ']'"},
		{"a bracket that is not closed at the end", "a: 1\nb: [x\n", 2, "not YAML: did not find expected ',' or ']'"},
		{"a comma that is not there", "a: 1\nb: [\n  \"x\",\n  \"y\"\n  \"z\",\n  \"z\"]\nc: 1\n", 5, "not YAML: did not find expected ',' or ']'"},
		{"a brace in a brace", "a: {\n  b: {x: 1, y: 2},\n  c: {x: 1\n   y: 2},\n}\n", 4, "not YAML: did not find expected ',' or '}'"},
		{"an anchor that is nowhere", "x: 1\ny: *base\nz: 2\n", 2, "not YAML: alias *base has no anchor &base before it in its document, and those of other documents do not count"},
		{"an anchor of an earlier document", "x: &base 1\n---\ny: *base\n", 3, "not YAML: alias *base has no anchor &base before it in its document, and those of other documents do not count"},
		{"an asterisk without quotes", "a: 1\nhostnames: [*.example.com]\n", 2, "not YAML: \"*\" begins an alias: write \"*.example.com\", with the quotes"},
		{"only an asterisk", "hostnames:\n- *\n", 2, "not YAML: \"*\" begins an alias: write \"*\", with the quotes"},
		{"an asterisk that is the value", "hostname: *.example.com # all\n", 1, "not YAML: \"*\" begins an alias: write \"*.example.com\", with the quotes"},
		{"an ampersand without quotes", "a: &\n", 1, "not YAML: did not find expected alphabetic or numeric character"},
		{"a control character", "a: 1\nb: \x01\n", 2, "not YAML: control characters are not allowed"},
		{"bytes that are no UTF-8", "a: 1\nb: 1\nc: \xff\n", 3, "not YAML: invalid leading UTF-8 octet"},
		{"an alias within its anchor", "a: 1\n---\nb:\n  &a [*a]\n", 4, "YAML aliases that repeat more than 1048576 nodes, or contain themselves: write the values out"},
		{"a later document", "a: b\n---\nc: [\n", 3, "not YAML: did not find expected node content"},
		{"a later document, after a long one", strings.Repeat("a: b\n---\n# comment\n", 5000) + "c: d: e\n", 15001, "not YAML: mapping values are not allowed in this context"},
		{"far down", "a:\n" + strings.Repeat("- b: c\n", 5000) + "c: d\n- e\n", 5003, "not YAML: did not find expected key"},
		{"a directive of another version", "a: 1\n---\nb: 2\n...\n%YAML 3.0\n---\nc: 3\n", 5, "not YAML: found incompatible YAML document"},

		{"a tab at the very beginning", "\ta: b\n", 1, tab},
		{"a tab before a key", "a:\n\tb: c\n", 2, tab},
		{"a tab after spaces", "a:\n- b:\n  \tc: d\n", 3, tab},
		{"a tab where spaces were before", "a:\n  b: c\n\td: e\n", 3, tab},
		{"a tab before a text", "a: |\n\ttext\n", 2, tab},
		{"a tab in a line without anything", "a: b\nc: d\n\t\ne: f\n", 3, tab},
		{"another character", "a: b\nc: @x\n", 2, "not YAML: found character that cannot start any token"},
		{"another character after a tab", "a: b\nc:\t@x\n", 2, "not YAML: found character that cannot start any token"},

		{"JSON that ends too soon", "{\"a\": 1}\n{\"b\":\n [1,\n", 3, "not JSON: unexpected EOF"},
		{"JSON in which a comma is not there", "{\"a\": 1}\n{\"b\": 1\n \"c\": 2}\n", 3, "not JSON: invalid character '\"' after object key:value pair"},
		{"JSON in which a comma is too much", "{\n \"a\": 1,,\n \"c\": 2\n}\n", 2, "not YAML: did not find expected node content"},
		{"YAML in braces in which a comma is too much", "{\n a: 1,\n b: 2,,\n c: 3\n}\n", 3, "not YAML: did not find expected node content"},
		{"YAML in braces", "{\n a: 1,\n b: c: 2\n}\n", 3, "not YAML: did not find expected ',' or '}'"},
		{"JSON deeper than YAML may be", "{}\n" + strings.Repeat("[\n", 10001), 10002, "not JSON: exceeded max depth of 10000"},
		{"half of UTF-16", "\xff\xfea\x00b", 0, "not YAML: begins like UTF-16, and is not: save it as UTF-8"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			documents, err := document.Parse([]byte(tc.text), "f.yaml")
			assert.Empty(t, documents)
			var syntax *document.SyntaxError
			require.ErrorAs(t, err, &syntax)
			assert.Equal(t, document.SyntaxError{Source: "f.yaml", Line: tc.line, Reason: tc.want}, *syntax)
		})
	}
}
