package playground

import (
	"slices"
	"strings"
	"unicode/utf8"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/failover-krm/failover/pkg/document"
)

// set returns the edit that gives a field of a document a value. There is none where
// neither the field nor a map above it is written out.
func set(root *yaml.Node, path []string, value string) []Edit {
	if at := document.Lookup(root, strings.Join(path, ".")); at != nil && at.Kind == yaml.ScalarNode {
		length := utf8.RuneCountInString(at.Value)
		if at.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
			length += len(`""`)
		}
		return []Edit{{Line: at.Line, Column: at.Column, Length: length, Text: value}}
	}
	for i := len(path) - 1; i > 0; i-- {
		above := document.Lookup(root, strings.Join(path[:i], "."))
		if above != nil && above.Kind == yaml.MappingNode && len(above.Content) > 0 {
			return []Edit{inserted(above, path[i:], value)}
		}
	}
	return nil
}

// inserted writes a field before the first one of a map, in the map's own style.
func inserted(above *yaml.Node, path []string, value string) Edit {
	first := above.Content[0]
	text := value
	for i, key := range slices.Backward(path) {
		text = key + ": " + text
		if i > 0 {
			text = "{" + text + "}"
		}
	}
	if above.Style&yaml.FlowStyle != 0 {
		text += ", "
	} else {
		text += "\n" + strings.Repeat(" ", first.Column-1)
	}
	return Edit{Line: first.Line, Column: first.Column, Text: text}
}
