package encode

import (
	"bytes"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// YAML writes a value, as Value returns it, as Node and Text would, byte for byte. It
// does so in one pass, and leaves to them an object with a text that is more than
// one line of printable ASCII.
func YAML(value map[string]any, object runtime.Object) ([]byte, error) {
	if text, isPlain := inOnePass("", value, object); isPlain {
		return text, nil
	}
	node, err := Node(value, object)
	if err != nil {
		return nil, err
	}
	return Text(node)
}

// Item writes a value as YAML does, but as an item of a list that is a field of a document,
// and tells whether it could: another object is left to Node and Text. What is written has
// the form of Plain.
func Item(value map[string]any, object runtime.Object) ([]byte, bool) {
	return inOnePass("- ", value, object)
}

// inOnePass writes a value after the beginning of its first line.
func inOnePass(beginning string, value map[string]any, object runtime.Object) ([]byte, bool) {
	w := writers.Get().(*writer)
	defer writers.Put(w)
	w.text = append(w.text[:0], beginning...)
	if !w.value(value, reflect.TypeOf(object), len(beginning)) {
		return nil, false
	}
	return bytes.Clone(w.text), true
}

// writers have room for the next object; what YAML returns has the room that it needs.
var writers = sync.Pool{New: func() any { return new(writer) }}

// writer writes YAML in block style, as the YAML library does with an indentation of two
// spaces and compact lists. Its methods return false for what they leave to that.
type writer struct{ text []byte }

// value writes what begins at the current column of a line, and ends the line.
func (w *writer) value(value any, of reflect.Type, indent int) bool {
	switch value := value.(type) {
	case map[string]any:
		if len(value) > 0 {
			return w.mapping(value, layoutOf(of), indent)
		}
	case []any:
		if len(value) > 0 {
			return w.list(value, elementOf(of), indent)
		}
	}
	return w.scalar(value)
}

func (w *writer) mapping(fields map[string]any, layout *layout, indent int) bool {
	written := 0
	add := func(name string, value any, of reflect.Type) bool {
		if written > 0 {
			w.indent(indent)
		}
		written++
		if len(name) > longestKey || !w.string(name) {
			return false
		}
		w.text = append(w.text, ':')
		within := indent
		switch value := value.(type) {
		case map[string]any:
			within += step
			w.separate(len(value) > 0, within)
		case []any:
			w.separate(len(value) > 0, within)
		default:
			w.text = append(w.text, ' ')
		}
		return w.value(value, of, within)
	}
	for _, field := range layout.fields {
		if value, given := fields[field.Name]; given && !add(field.Name, value, field.of) {
			return false
		}
	}
	if written == len(fields) {
		return true
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if !layout.has[name] && !add(name, fields[name], layout.values) {
			return false
		}
	}
	return true
}

func (w *writer) list(items []any, of reflect.Type, indent int) bool {
	for i, item := range items {
		if i > 0 {
			w.indent(indent)
		}
		w.text = append(w.text, "- "...)
		if !w.value(item, of, indent+step) {
			return false
		}
	}
	return true
}

// Plain writes a node as Text does, byte for byte, and tells whether it could: a node of
// another form is left to Text, such as one with comments, with anchors, in braces, or
// with a text that is more than one line of printable ASCII. What is written has no
// form that the YAML library writes wrongly, and is written the same when it is read back.
func Plain(node *yaml.Node) ([]byte, bool) {
	const enough = 1 << 9
	w := writer{text: make([]byte, 0, enough)}
	isPlain := w.node(node, 0)
	return w.text, isPlain
}

// node writes what begins at the current column of a line, and ends the line.
func (w *writer) node(node *yaml.Node, indent int) bool {
	if !isBare(node) {
		return false
	}
	isEmpty := len(node.Content) == 0
	switch style := node.Style; {
	case node.Kind == yaml.ScalarNode:
		if !w.scalarNode(node) {
			return false
		}
	case isEmpty && style&^yaml.FlowStyle == 0 && isTagged(node, yaml.MappingNode, yaml.NodeTagMap):
		w.text = append(w.text, "{}"...)
	case isEmpty && style&^yaml.FlowStyle == 0 && isTagged(node, yaml.SequenceNode, yaml.NodeTagSeq):
		w.text = append(w.text, "[]"...)
	case style == 0 && isTagged(node, yaml.MappingNode, yaml.NodeTagMap):
		return w.fieldNodes(node.Content, indent)
	case style == 0 && isTagged(node, yaml.SequenceNode, yaml.NodeTagSeq):
		return w.itemNodes(node.Content, indent)
	default:
		return false
	}
	w.text = append(w.text, '\n')
	return true
}

// isBare tells that a node has nothing except its value.
func isBare(node *yaml.Node) bool {
	return node.Anchor == "" && node.HeadComment == "" && node.LineComment == "" && node.FootComment == ""
}

func isTagged(node *yaml.Node, kind yaml.Kind, tag string) bool {
	return node.Kind == kind && (node.Tag == "" || node.Tag == tag)
}

func (w *writer) itemNodes(items []*yaml.Node, indent int) bool {
	for i, item := range items {
		if i > 0 {
			w.indent(indent)
		}
		w.text = append(w.text, "- "...)
		if !w.node(item, indent+step) {
			return false
		}
	}
	return true
}

func (w *writer) fieldNodes(content []*yaml.Node, indent int) bool {
	for i := 0; i+1 < len(content); i += 2 {
		if i > 0 {
			w.indent(indent)
		}
		if !w.fieldNode(content[i], content[i+1], indent) {
			return false
		}
	}
	return true
}

// fieldNode writes a key and what it has.
func (w *writer) fieldNode(key, value *yaml.Node, indent int) bool {
	if key.Kind != yaml.ScalarNode || len(key.Value) > longestKey || !isBare(key) || !w.scalarNode(key) {
		return false
	}
	w.text = append(w.text, ':')
	switch value.Kind {
	case yaml.MappingNode:
		indent += step
		w.separate(len(value.Content) > 0, indent)
	case yaml.SequenceNode:
		w.separate(len(value.Content) > 0, indent)
	default:
		w.text = append(w.text, ' ')
	}
	return w.node(value, indent)
}

// scalarNode writes a text, a number in decimal, true, false or null.
func (w *writer) scalarNode(node *yaml.Node) bool {
	value := node.Value
	switch {
	case node.Tag == yaml.NodeTagString && node.Style == yaml.DoubleQuotedStyle && isLine(value):
		w.doubleQuoted(value)
	case node.Tag == yaml.NodeTagString && node.Style == yaml.SingleQuotedStyle && isLine(value):
		w.singleQuoted(value)
	case node.Tag == yaml.NodeTagString && node.Style == 0 && !isNotText(value):
		return w.string(value)
	case node.Style != 0:
		return false
	case node.Tag == yaml.NodeTagInt && isDecimal(value), node.Tag == yaml.NodeTagNull && value == "null",
		node.Tag == yaml.NodeTagBool && (value == "true" || value == "false"):
		w.text = append(w.text, value...)
	default:
		return false
	}
	return true
}

// isDecimal tells whether a text is how an integer is written here.
func isDecimal(value string) bool {
	number, err := strconv.ParseInt(value, 10, 64)
	return err == nil && strconv.FormatInt(number, 10) == value
}

// step is how far fields and items are indented.
const step = 2

// longestKey is how long a key is that is not written as "? key".
const longestKey = 128

// indent begins a line.
func (w *writer) indent(columns int) {
	for range columns {
		w.text = append(w.text, ' ')
	}
}

// separate begins a line after a colon, for what needs lines of its own.
func (w *writer) separate(ownLines bool, columns int) {
	if !ownLines {
		w.text = append(w.text, ' ')
		return
	}
	w.text = append(w.text, '\n')
	w.indent(columns)
}

// scalar writes what has no fields and no items, and ends the line.
func (w *writer) scalar(value any) bool {
	switch value := value.(type) {
	case string:
		if !w.string(value) {
			return false
		}
	case bool:
		w.text = strconv.AppendBool(w.text, value)
	case int64:
		w.text = strconv.AppendInt(w.text, value, 10)
	case map[string]any:
		w.text = append(w.text, "{}"...)
	case []any:
		w.text = append(w.text, "[]"...)
	case nil:
		w.text = append(w.text, "null"...)
	default: // a float64, which few objects have
		return false
	}
	w.text = append(w.text, '\n')
	return true
}

// string writes a text in the quotes that it needs.
func (w *writer) string(value string) bool {
	switch {
	case !isLine(value):
		return false
	case isNotText(value):
		w.doubleQuoted(value)
	case isIndicator(value):
		w.singleQuoted(value)
	default:
		w.text = append(w.text, value...)
	}
	return true
}

// isLine tells whether a text is one line of printable ASCII.
func isLine(value string) bool {
	for i := range len(value) {
		if value[i] < ' ' || value[i] > '~' {
			return false
		}
	}
	return true
}

func (w *writer) doubleQuoted(value string) {
	w.text = append(w.text, '"')
	w.text = append(w.text, escaped.Replace(value)...)
	w.text = append(w.text, '"')
}

func (w *writer) singleQuoted(value string) {
	w.text = append(w.text, '\'')
	w.text = append(w.text, strings.ReplaceAll(value, "'", "''")...)
	w.text = append(w.text, '\'')
}

// escaped escapes what ends a text in double quotes.
var escaped = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// isIndicator tells whether a line of text means something else to a reader of YAML where
// it is not in quotes.
func isIndicator(value string) bool {
	last := len(value) - 1
	return strings.IndexByte(" #,[]{}&*!|>'\"%@`", value[0]) >= 0 || value[last] == ' ' || value[last] == ':' ||
		value == "-" || value == "?" || strings.HasPrefix(value, "- ") || strings.HasPrefix(value, "? ") ||
		strings.HasPrefix(value, "---") || strings.HasPrefix(value, "...") ||
		strings.Contains(value, ": ") || strings.Contains(value, " #")
}
