package diagnostic

import (
	"fmt"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// Results returns diagnostics as the list of results of a KRM function, at most
// a hundred of each document and severity.
func Results(diagnostics []Diagnostic) (*yaml.Node, error) {
	list := &yaml.Node{Kind: yaml.SequenceNode, Tag: yaml.NodeTagSeq}
	for _, diagnostic := range Limit(diagnostics) {
		result, err := diagnostic.result()
		if err != nil {
			return nil, fmt.Errorf("results: %w", err)
		}
		list.Content = append(list.Content, result)
	}
	return list, nil
}

// result returns a Result of the KRM functions specification.
func (d Diagnostic) result() (*yaml.Node, error) {
	fields := []resultField{{"message", optional(d.Message)}, {"severity", optional(string(d.Severity))}}
	if d.Subject == nil {
		return mappingOf(fields)
	}
	id := d.Subject.ID()
	fields = append(fields, resultField{"resourceRef", []resultField{
		{"apiVersion", optional(id.APIVersion)}, {"kind", optional(id.Kind)}, {"name", optional(id.Name)}, {"namespace", optional(id.Namespace)},
	}})
	if len(d.Field) > 0 {
		fields = append(fields, resultField{"field", []resultField{{"path", d.Field.String()}, {"currentValue", d.Value}}})
	}
	if d.Subject.File != "" {
		fields = append(fields, resultField{"file", []resultField{{"path", d.Subject.File}, {"index", optional(d.Subject.Item)}}})
	}
	if d.Rule != "" {
		fields = append(fields, resultField{"tags", []resultField{{"rule", d.Rule}}})
	}
	return mappingOf(fields)
}

// resultField is a field of a result. Its value is a list of such fields, or what the
// YAML library writes.
type resultField struct {
	name  string
	value any
}

// optional is nil for a text that is empty, or the number 0.
func optional[T string | int](value T) any {
	if value == *new(T) {
		return nil
	}
	return value
}

// mappingOf returns the fields that are not nil.
func mappingOf(fields []resultField) (*yaml.Node, error) {
	mapping := &yaml.Node{Kind: yaml.MappingNode, Tag: yaml.NodeTagMap}
	for _, field := range fields {
		value, err := valueOf(field.value)
		if err != nil {
			return nil, err
		}
		if value != nil {
			mapping.Content = append(mapping.Content, textOf(field.name), value)
		}
	}
	return mapping, nil
}

func valueOf(value any) (*yaml.Node, error) {
	switch value := value.(type) {
	case nil:
		return nil, nil
	case []resultField:
		return mappingOf(value)
	case string:
		if isProse(value) {
			return textOf(value), nil
		}
	}
	data, err := yaml.Marshal(value)
	if err != nil {
		return nil, err
	}
	node, err := yaml.Parse(string(data))
	if err != nil {
		return nil, err
	}
	return node.YNode(), nil
}

func textOf(value string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: yaml.NodeTagString, Value: value}
}

// isProse tells that a text is one for every reader of YAML, as most messages and names
// are: it is longer than any word that means something else, begins with a letter, and
// is printable ASCII. For these, the library need not be asked how to write them.
func isProse(value string) bool {
	const longestWord = len("false")
	return len(value) > longestWord && isLetter(value[0]) &&
		!strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' })
}

func isLetter(char byte) bool { return 'a' <= char|' ' && char|' ' <= 'z' }
