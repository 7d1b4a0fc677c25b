package document

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Path is the place of a field in a document, such as spec.listeners[0].name or
// metadata.labels[app.kubernetes.io/name]. The empty path is the document.
type Path []Step

// Step leads to a field of a map, or to an item of a list.
type Step struct {
	// Name is that of the field, the key of a map, or an item's index.
	Name string
	// InBrackets tells that it is written as [name] rather than as .name.
	InBrackets bool
}

// ParsePath reads what field.Path writes, which for no path at all is <nil>. What
// is in brackets ends where another step or nothing follows.
func ParsePath(text string) Path {
	if text == "<nil>" {
		return nil
	}
	path := make(Path, 0, strings.Count(text, ".")+strings.Count(text, "[")+1)
	for text != "" {
		if inner, found := strings.CutPrefix(text, "["); found {
			end := endOfBrackets(inner)
			path = append(path, Step{Name: inner[:end], InBrackets: true})
			text = strings.TrimPrefix(inner[end:], "]")
			continue
		}
		text = strings.TrimPrefix(text, ".")
		end := strings.IndexAny(text, ".[")
		if end < 0 {
			end = len(text)
		}
		path = append(path, Step{Name: text[:end]})
		text = text[end:]
	}
	return path
}

func endOfBrackets(text string) int {
	for i := range len(text) {
		if text[i] == ']' && (i+1 == len(text) || text[i+1] == '.' || text[i+1] == '[') {
			return i
		}
	}
	return len(text)
}

// String writes a path as field.Path does; the empty path is nothing.
func (p Path) String() string {
	var text strings.Builder
	for i, step := range p {
		switch {
		case step.InBrackets:
			text.WriteString("[" + step.Name + "]")
		case i == 0:
			text.WriteString(step.Name)
		default:
			text.WriteString("." + step.Name)
		}
	}
	return text.String()
}

// NewPath returns an empty path with room for the steps of most values: no path in them is
// copied as it gets longer.
func NewPath() Path {
	const common = 32
	return make(Path, 0, common)
}

// FieldPath returns the same path in the form that errors have.
func (p Path) FieldPath() *field.Path {
	var path *field.Path
	for _, step := range p {
		if step.InBrackets {
			path = path.Key(step.Name)
		} else {
			path = path.Child(step.Name)
		}
	}
	return path
}

// Below returns what follows a path that this one begins with.
func (p Path) Below(above Path) (rest Path, found bool) {
	if len(p) < len(above) || !slices.EqualFunc(p[:len(above)], above, func(a, b Step) bool { return a.Name == b.Name }) {
		return nil, false
	}
	return p[len(above):], true
}

// Within tells whether a path is another one, or below it.
func (p Path) Within(above Path) bool {
	_, found := p.Below(above)
	return found
}

// Join returns the path of what is at another path, seen from this one.
func (p Path) Join(below Path) Path { return slices.Concat(p, below) }

// Child returns the path of a key of a map, in brackets where a dot or a bracket
// in it would be read as the end of a step.
func Child(path *field.Path, key string) *field.Path {
	if needsBrackets(key, path == nil) {
		return path.Key(key)
	}
	return path.Child(key)
}

// child does so in the memory of the path.
func (p Path) child(key string) Path {
	return append(p, Step{Name: key, InBrackets: needsBrackets(key, len(p) == 0)})
}

func needsBrackets(key string, isFirst bool) bool {
	return strings.ContainsAny(key, ".[]/") || isFirst && key == ""
}
