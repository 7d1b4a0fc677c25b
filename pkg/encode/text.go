package encode

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// Text returns a node as a YAML document that every reader reads back the same:
// where the YAML library would write the style of a text wrongly, it changes that
// style in the node. The encoder is only for this document, since one for several
// keeps every event that it ever wrote.
func Text(node *yaml.Node) ([]byte, error) {
	correctStyles(node)
	var text bytes.Buffer
	encoder := yaml.NewEncoder(&text)
	if err := encoder.Encode(node); err != nil {
		return nil, err
	}
	err := encoder.Close()
	return text.Bytes(), err
}

// correctStyles gives another style to the texts of which the YAML library writes
// the one they have wrongly.
func correctStyles(node *yaml.Node) {
	node.Style = rightStyle(node)
	for _, child := range node.Content {
		correctStyles(child)
	}
}

// HasWrongStyles tells whether there is a text in a node of which the YAML library would
// write the style that it has wrongly.
func HasWrongStyles(node *yaml.Node) bool {
	return node.Style != rightStyle(node) || slices.ContainsFunc(node.Content, HasWrongStyles)
}

// rightStyle returns the style of a node, or another one where the YAML library would write
// that wrongly.
func rightStyle(node *yaml.Node) yaml.Style {
	blockStyles := yaml.LiteralStyle | yaml.FoldedStyle
	isBlock := node.Style&blockStyles != 0 || node.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) == 0 && strings.Contains(node.Value, "\n")
	switch {
	case node.Kind != yaml.ScalarNode:
	case isBlock && strings.HasPrefix(node.Value, "\t"):
		// It leaves out the number that says where the indentation ends.
		return node.Style&^blockStyles | yaml.DoubleQuotedStyle
	case node.Style&yaml.FoldedStyle != 0 && strings.Contains(node.Value, "\n"):
		// It adds a line at the end, or after a paragraph, every time.
		return node.Style&^blockStyles | yaml.LiteralStyle
	}
	return node.Style
}

// String returns a text as a node, in quotes where a reader might not take it for
// the text that it is: one of YAML 1.1, as kubectl's, one of YAML 1.2, or the YAML
// library.
func String(value string) *yaml.Node {
	node := &yaml.Node{Kind: yaml.ScalarNode, Tag: yaml.NodeTagString, Value: value}
	if !utf8.ValidString(value) {
		node.Value = strings.ToValidUTF8(value, "\uFFFD") // YAML has no room for other bytes
	}
	if isNotText(node.Value) || strings.ContainsAny(value, "\u2028\u2029") {
		node.Style = yaml.DoubleQuotedStyle
	}
	return node
}

// isNotText tells whether a reader takes a plain text for something else.
func isNotText(value string) bool {
	if value == "" || strings.IndexByte("0123456789+-.", value[0]) < 0 {
		return isWord(value)
	}
	return mayBeNumber(value) && number().MatchString(strings.ReplaceAll(value, "_", "")) || mayBeDate(value) && date().MatchString(value)
}

// mayBeNumber tells whether a text has no character that no number has, such as "10s" has: to
// match expressions takes the most time here.
func mayBeNumber(value string) bool {
	return strings.Trim(value, "0123456789+-.:_abcdefxoinABCDEFXOIN") == ""
}

// mayBeDate tells whether a text has a hyphen where a date has one.
func mayBeDate(value string) bool {
	const year = len("2026")
	return len(value) > year && value[year] == '-'
}

// isWord tells whether a text is nothing, a boolean, the merge key or the value key.
func isWord(value string) bool {
	if len(value) > len("false") {
		return false
	}
	switch strings.ToLower(value) {
	case "", "~", "null", "y", "n", "yes", "no", "on", "off", "true", "false", "<<", "=":
		return true
	}
	return false
}

var (
	// number is one of any base and size, without its underscores.
	number = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)^[-+]?(?:0b[01]+|0o[0-7]+|0x[0-9a-f]+|[0-9]+(?::[0-5]?[0-9])+(?:\.[0-9]*)?|(?:[0-9]+\.?[0-9]*|\.[0-9]*)(?:e[-+]?[0-9]+)?|\.inf|\.nan)$`)
	})
	// date may have a time.
	date = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?s)^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt \t].*)?$`)
	})
)
