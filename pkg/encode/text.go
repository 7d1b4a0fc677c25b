package encode

import (
	"bytes"
	"io"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// Text returns a node as a YAML document.
func Text(node *yaml.Node) ([]byte, error) {
	var text bytes.Buffer
	// An encoder for each: one for all keeps every event it ever wrote.
	err := Write(&text, node)
	return text.Bytes(), err
}

// Write writes a node as a YAML document.
func Write(w io.Writer, node *yaml.Node) error {
	encoder := yaml.NewEncoder(w)
	if err := encoder.Encode(node); err != nil {
		return err
	}
	return encoder.Close()
}

// String quotes what a YAML 1.1 reader, as kubectl's, would not read as
// a string, as the YAML library does for Go strings.
func String(value string) *yaml.Node {
	node := &yaml.Node{Kind: yaml.ScalarNode, Tag: yaml.NodeTagString, Value: value}
	if mayNotBeString(value) {
		var encoded yaml.Node
		if err := encoded.Encode(value); err == nil {
			node.Style = encoded.Style & (yaml.DoubleQuotedStyle | yaml.SingleQuotedStyle)
		}
	}
	return node
}

// mayNotBeString is a quick look that spares most strings a YAML parser: what is
// not a string is one of these words, or begins like a number or a merge key.
func mayNotBeString(value string) bool {
	if value == "" || len(value) > 64 {
		return false
	}
	if strings.ContainsRune("0123456789+-.~<=", rune(value[0])) {
		return true
	}
	return len(value) <= 5 && slices.Contains([]string{"y", "n", "yes", "no", "on", "off", "true", "false", "null"}, strings.ToLower(value))
}
