package builtin

import (
	"strconv"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/failover-krm/failover/pkg/document"
)

// breaks are the places where a value does not have the form of its schema.
type breaks struct {
	paths []document.Path
	// at has the paths as text, above those of what they are in.
	at, above map[string]bool
}

func newBreaks(paths []*field.Path) breaks {
	b := breaks{at: map[string]bool{}, above: map[string]bool{}}
	for _, broken := range paths {
		path := document.ParsePath(broken.String())
		b.paths = append(b.paths, path)
		b.at[path.String()] = true
		for i := range path {
			b.above[path[:i].String()] = true
		}
	}
	return b
}

// without returns a value that lacks what is broken.
func (b breaks) without(value map[string]any) map[string]any {
	if len(b.paths) == 0 {
		return value
	}
	value = runtime.DeepCopyJSON(value)
	for _, path := range b.paths {
		remove(value, path)
	}
	return value
}

// remove takes out a field of a map; an item of a list becomes null, so that the
// others keep their index.
func remove(value any, path document.Path) {
	for i, step := range path {
		isLast := i == len(path)-1
		switch parent := value.(type) {
		case map[string]any:
			if isLast {
				delete(parent, step.Name)
			}
			value = parent[step.Name]
		case []any:
			index, err := strconv.Atoi(step.Name)
			if err != nil || index >= len(parent) {
				return
			}
			if isLast {
				parent[index] = nil
			}
			value = parent[index]
		default:
			return
		}
	}
}

// explain tells whether an error may only be there because something broken is
// missing: it is about that, what is in it, or what it is in.
func (b breaks) explain(err *field.Error) bool {
	if len(b.paths) == 0 {
		return false
	}
	path := document.ParsePath(err.Field)
	if b.above[path.String()] {
		return true
	}
	for i := range path {
		if b.at[path[:i+1].String()] {
			return true
		}
	}
	return false
}
