package diagnostic

import (
	"cmp"
	"fmt"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// Results returns diagnostics as the list of results of a KRM function, at most
// a hundred of each document and severity.
func Results(diagnostics []Diagnostic) (*yaml.Node, error) {
	kept := Limit(diagnostics)
	list := &yaml.Node{Kind: yaml.SequenceNode, Tag: yaml.NodeTagSeq, Content: make([]*yaml.Node, 0, len(kept))}
	names := map[string]*yaml.Node{}
	for _, diagnostic := range kept {
		result, err := diagnostic.result(names)
		if err != nil {
			return nil, fmt.Errorf("results: %w", err)
		}
		list.Content = append(list.Content, result)
	}
	return list, nil
}

// result returns a Result of the KRM functions specification. The names of its fields are
// nodes that all results share.
func (d Diagnostic) result(names map[string]*yaml.Node) (*yaml.Node, error) {
	result := newObject(names)
	result.addText("message", d.Message)
	result.addText("severity", string(d.Severity))
	if d.Subject == nil {
		return result.node, result.err
	}
	id := d.Subject.ID()
	ref := newObject(names)
	ref.addText("apiVersion", id.APIVersion)
	ref.addText("kind", id.Kind)
	ref.addText("name", id.Name)
	ref.addText("namespace", id.Namespace)
	result.addObject("resourceRef", ref)
	if len(d.Field) > 0 {
		field := newObject(names)
		field.add("path", d.Field.String())
		if d.Value != nil {
			field.add("currentValue", d.Value)
		}
		result.addObject("field", field)
	}
	if d.Subject.File != "" {
		file := newObject(names)
		file.add("path", d.Subject.File)
		if d.Subject.Item != 0 {
			file.add("index", d.Subject.Item)
		}
		result.addObject("file", file)
	}
	if d.Rule != "" {
		tags := newObject(names)
		tags.add("rule", d.Rule)
		result.addObject("tags", tags)
	}
	return result.node, result.err
}

// object is a map that is being made, until there is an error.
type object struct {
	node  *yaml.Node
	names map[string]*yaml.Node
	err   error
}

func newObject(names map[string]*yaml.Node) *object {
	const most = 6 // fields
	return &object{node: &yaml.Node{Kind: yaml.MappingNode, Tag: yaml.NodeTagMap, Content: make([]*yaml.Node, 0, 2*most)}, names: names}
}

func (o *object) addNode(name string, value *yaml.Node, err error) {
	key := o.names[name]
	if key == nil {
		key = textOf(name)
		o.names[name] = key
	}
	o.node.Content = append(o.node.Content, key, value)
	o.err = cmp.Or(o.err, err)
}

func (o *object) addObject(name string, value *object) { o.addNode(name, value.node, value.err) }

// addText adds a text that is not empty.
func (o *object) addText(name, value string) {
	if value != "" {
		o.add(name, value)
	}
}

// add adds what the YAML library writes.
func (o *object) add(name string, value any) {
	node, err := valueOf(value)
	o.addNode(name, node, err)
}

func valueOf(value any) (*yaml.Node, error) {
	if text, isText := value.(string); isText && isProse(text) {
		return textOf(text), nil
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
// are: it begins with a letter, is printable ASCII, and is no word with another meaning.
// For these, the library need not be asked how to write them.
func isProse(value string) bool {
	return value != "" && isLetter(value[0]) && !isWordOfYAML(value) &&
		!strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' })
}

func isLetter(char byte) bool { return 'a' <= char|' ' && char|' ' <= 'z' }

// isWordOfYAML tells whether a word is nothing, or a boolean.
func isWordOfYAML(value string) bool {
	if len(value) > len("false") {
		return false
	}
	switch strings.ToLower(value) {
	case "null", "y", "n", "yes", "no", "on", "off", "true", "false":
		return true
	}
	return false
}
