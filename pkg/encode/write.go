package encode

import (
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
)

// YAML writes a value, as Value returns it, as Node and Text would, byte for byte. It
// does so in one pass, and leaves to them an object with a text that is more than
// one line of printable ASCII.
func YAML(value map[string]any, object runtime.Object) ([]byte, error) {
	const enough = 1 << 10 // for most objects
	w := writer{text: make([]byte, 0, enough)}
	if w.value(value, reflect.TypeOf(object), 0) {
		return w.text, nil
	}
	node, err := Node(value, object)
	if err != nil {
		return nil, err
	}
	return Text(node)
}

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
		const longest = 128 // of a key that is not written as "? key"
		if len(name) > longest || !w.string(name) {
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

// step is how far fields and items are indented.
const step = 2

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
	for i := range len(value) {
		if value[i] < ' ' || value[i] > '~' {
			return false
		}
	}
	switch {
	case isNotText(value):
		w.text = append(w.text, '"')
		w.text = append(w.text, doubleQuoted.Replace(value)...)
		w.text = append(w.text, '"')
	case isIndicator(value):
		w.text = append(w.text, '\'')
		w.text = append(w.text, strings.ReplaceAll(value, "'", "''")...)
		w.text = append(w.text, '\'')
	default:
		w.text = append(w.text, value...)
	}
	return true
}

var doubleQuoted = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// isIndicator tells whether a line of text means something else to a reader of YAML where
// it is not in quotes.
func isIndicator(value string) bool {
	last := len(value) - 1
	return strings.IndexByte(" #,[]{}&*!|>'\"%@`", value[0]) >= 0 || value[last] == ' ' || value[last] == ':' ||
		value == "-" || value == "?" || strings.HasPrefix(value, "- ") || strings.HasPrefix(value, "? ") ||
		strings.HasPrefix(value, "---") || strings.HasPrefix(value, "...") ||
		strings.Contains(value, ": ") || strings.Contains(value, " #")
}
