package encode

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/failover-krm/failover/pkg/typed"
)

// YAML writes an object as Value, Node and Text would, byte for byte. It does so in one
// pass, and leaves to them an object with a text that is more than one line of printable
// ASCII.
func YAML(object runtime.Object) ([]byte, error) {
	if text, isPlain := inOnePass("", object); isPlain {
		return text, nil
	}
	value, err := Value(object)
	if err != nil {
		return nil, err
	}
	node, err := Node(value, object)
	if err != nil {
		return nil, err
	}
	return Text(node)
}

// Item writes an object as YAML does, but as an item of a list that is a field of a
// document, and tells whether it could: another object is left to Node and Text. What is
// written has the form of Plain.
func Item(object runtime.Object) ([]byte, bool) { return inOnePass("- ", object) }

// inOnePass writes an object after the beginning of its first line.
func inOnePass(beginning string, object runtime.Object) ([]byte, bool) {
	w := writers.Get().(*writer)
	defer writers.Put(w)
	w.text = append(w.text[:0], beginning...)
	value := reflect.Indirect(reflect.ValueOf(object))
	if value.Kind() != reflect.Struct || !w.fields(value, "status", place{indent: len(beginning)}) {
		return nil, false
	}
	return bytes.Clone(w.text), true
}

// writers have room for the next object; what YAML returns has the room that it needs.
var writers = sync.Pool{New: func() any { return new(writer) }}

// writer writes YAML in block style, as the YAML library does with an indentation of two
// spaces and compact lists. Its methods return false for what they leave to that.
type writer struct{ text []byte }

// place is where a value is written.
type place struct {
	// indent is the column of its fields and items.
	indent int
	// afterColon tells that it is the value of a field: what is in lines of its own begins
	// on the next one.
	afterColon bool
}

// begin begins the first line of a value that has lines of its own.
func (w *writer) begin(at place) {
	if at.afterColon {
		w.text = append(w.text, '\n')
		w.indent(at.indent)
	}
}

// word writes a value of one word, and ends the line.
func (w *writer) word(text string, at place) {
	if at.afterColon {
		w.text = append(w.text, ' ')
	}
	w.text = append(append(w.text, text...), '\n')
}

// resolve returns what a value points to, or what it says that its JSON is; nothing where
// that is null.
func resolve(of *goType, value reflect.Value) (*goType, reflect.Value, error) {
	for !typed.IsNil(value) {
		switch {
		case of.marshalsJSON:
			decoded, err := marshaled(value.Interface().(json.Marshaler))
			if decoded == nil {
				return nil, reflect.Value{}, err
			}
			value = reflect.ValueOf(decoded)
			return typeOf(value.Type()), value, nil
		case value.Kind() == reflect.Pointer:
			of, value = of.element.get(), value.Elem()
		case value.Kind() == reflect.Interface:
			value = value.Elem()
			of = typeOf(value.Type())
		default:
			return of, value, nil
		}
	}
	return nil, reflect.Value{}, nil
}

// value writes a value that resolve returned, and ends the line.
func (w *writer) value(of *goType, value reflect.Value, at place) bool {
	switch value.Kind() {
	case reflect.Struct:
		return w.fields(value, "", at)
	case reflect.Map:
		return w.mapping(of, value, at)
	case reflect.Slice:
		if value.Type().Elem().Kind() != reflect.Uint8 {
			return w.list(of, value, at)
		}
	}
	if at.afterColon {
		w.text = append(w.text, ' ')
	}
	return w.scalar(value)
}

// fields writes a struct without one of its fields.
func (w *writer) fields(value reflect.Value, without string, at place) bool {
	written := 0
	layout := layoutOf(value.Type())
	for i := range layout.fields {
		field := &layout.fields[i]
		fieldValue, given := field.in(value)
		if !given || field.Absent(fieldValue) || field.Name == without {
			continue
		}
		of, child, err := resolve(field.get(), fieldValue)
		switch {
		case err != nil:
			return false
		case !child.IsValid():
			continue
		}
		before := len(w.text)
		if field.key == nil || !w.field(field.key, of, child, written == 0, at) {
			return false
		}
		if field.omitsEmpty && string(bytes.TrimLeft(w.text[before:], "\n ")) == field.Name+": {}\n" {
			w.text = w.text[:before]
			continue
		}
		written++
	}
	if written == 0 {
		w.word("{}", at)
	}
	return true
}

// keyOf writes a name as the key of a map, and a colon; nil where it is not written on the
// line of its value.
func keyOf(name string) []byte {
	var w writer
	if len(name) > longestKey || !w.string(name) {
		return nil
	}
	return append(w.text, ':')
}

// field writes a field of a map.
func (w *writer) field(key []byte, of *goType, value reflect.Value, isFirst bool, at place) bool {
	if isFirst {
		w.begin(at)
	} else {
		w.indent(at.indent)
	}
	w.text = append(w.text, key...)
	within := place{indent: at.indent, afterColon: true}
	if value.Kind() != reflect.Slice {
		within.indent += step
	}
	return w.value(of, value, within)
}

// mapping writes the values of a map by name, without nulls.
func (w *writer) mapping(of *goType, value reflect.Value, at place) bool {
	if texts, isTexts := reflect.TypeAssert[map[string]string](value); isTexts {
		return w.texts(texts, at)
	}
	names := value.MapKeys()
	slices.SortFunc(names, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	written := 0
	for _, name := range names {
		of, child, err := resolve(of.element.get(), value.MapIndex(name))
		switch {
		case err != nil:
			return false
		case !child.IsValid():
			continue
		}
		if key := keyOf(name.String()); key == nil || !w.field(key, of, child, written == 0, at) {
			return false
		}
		written++
	}
	if written == 0 {
		w.word("{}", at)
	}
	return true
}

// texts does so for labels and annotations, without reflection.
func (w *writer) texts(texts map[string]string, at place) bool {
	for i, name := range slices.Sorted(maps.Keys(texts)) {
		if i == 0 {
			w.begin(at)
		} else {
			w.indent(at.indent)
		}
		if len(name) > longestKey || !w.string(name) {
			return false
		}
		w.text = append(w.text, ": "...)
		if !w.string(texts[name]) {
			return false
		}
		w.text = append(w.text, '\n')
	}
	if len(texts) == 0 {
		w.word("{}", at)
	}
	return true
}

func (w *writer) list(of *goType, value reflect.Value, at place) bool {
	for i := range value.Len() {
		if i == 0 {
			w.begin(at)
		} else {
			w.indent(at.indent)
		}
		w.text = append(w.text, "- "...)
		within := place{indent: at.indent + step}
		of, item, err := resolve(of.element.get(), value.Index(i))
		switch {
		case err != nil:
			return false
		case !item.IsValid():
			w.word("null", within)
		case !w.value(of, item, within):
			return false
		}
	}
	if value.Len() == 0 {
		w.word("[]", at)
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
func (w *writer) scalar(value reflect.Value) bool {
	switch {
	case value.Kind() == reflect.String:
		if !w.string(value.String()) {
			return false
		}
	case value.Kind() == reflect.Slice: // of bytes
		if !w.string(base64.StdEncoding.EncodeToString(value.Bytes())) {
			return false
		}
	case value.Kind() == reflect.Bool:
		w.text = strconv.AppendBool(w.text, value.Bool())
	case value.CanInt():
		w.text = strconv.AppendInt(w.text, value.Int(), 10)
	case value.CanUint() && value.Uint() <= math.MaxInt64:
		w.text = strconv.AppendUint(w.text, value.Uint(), 10)
	default: // a float, which few objects have
		return false
	}
	w.text = append(w.text, '\n')
	return true
}

// string writes a text in the quotes that it needs.
func (w *writer) string(value string) bool {
	switch {
	case isName(value):
		w.text = append(w.text, value...)
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

// isName tells whether a text is of letters, digits, and signs that mean nothing to a reader of
// YAML, begins with a letter, and is no word that means something.
func isName(value string) bool {
	if value == "" || !isLetter(value[0]) {
		return false
	}
	for i := range len(value) {
		if char := value[i]; !isLetter(char) && (char < '0' || '9' < char) && strings.IndexByte("-_./", char) < 0 {
			return false
		}
	}
	return !isWord(value)
}

func isLetter(char byte) bool { return 'a' <= char && char <= 'z' || 'A' <= char && char <= 'Z' }

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
