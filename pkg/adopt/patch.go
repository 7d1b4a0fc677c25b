package adopt

import (
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	"github.com/failover-krm/failover/pkg/document"
)

// Patch is what is to be done to an object that a FailoverSpec makes, so that it is
// what it was.
type Patch struct {
	// APIVersion, Kind, Namespace and Name are those of the object.
	APIVersion, Kind, Namespace, Name string
	// Operations are a JSON patch (RFC 6902). Without one, the object is to be deleted.
	Operations []Operation
}

// Deletes tells whether the patch deletes the object.
func (p Patch) Deletes() bool { return len(p.Operations) == 0 }

// File returns the name of a file for the patch of a FailoverSpec.
func (p Patch) File(spec string) string {
	name := spec + "-" + strings.ToLower(p.Kind)
	if p.Name != spec {
		name += "-" + p.Name
	}
	return name + "-patch.yaml"
}

// Operation is one of a JSON patch.
type Operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value,omitempty"`
}

// difference is a field that has another value in what is rendered.
type difference struct {
	Operation
	// path is that of the field in what is rendered.
	path document.Path
	// rendered is the value there; nil where there is none.
	rendered any
}

// differences says how to get from what is rendered to what is wanted.
func differences(rendered, wanted any, path document.Path) []difference {
	was, areMaps := rendered.(map[string]any)
	is, isMap := wanted.(map[string]any)
	if areMaps && isMap {
		return fieldDifferences(was, is, path)
	}
	wasItems, areLists := rendered.([]any)
	items, isList := wanted.([]any)
	if areLists && isList {
		return itemDifferences(wasItems, items, path)
	}
	if reflect.DeepEqual(rendered, wanted) {
		return nil
	}
	return []difference{{Operation{"replace", pointer(path), wanted}, path, rendered}}
}

func fieldDifferences(rendered, wanted map[string]any, path document.Path) []difference {
	names := maps.Clone(rendered)
	maps.Copy(names, wanted)
	var found []difference
	for _, name := range slices.Sorted(maps.Keys(names)) {
		at := path.Join(document.Path{{Name: name, InBrackets: strings.ContainsAny(name, "./")}})
		was, isRendered := rendered[name]
		is, isWanted := wanted[name]
		switch {
		case isRendered && isWanted:
			found = append(found, differences(was, is, at)...)
		case isWanted:
			found = append(found, difference{Operation{"add", pointer(at), is}, at, nil})
		case !isOwnLabel(at):
			found = append(found, difference{Operation{"remove", pointer(at), nil}, at, was})
		}
	}
	return found
}

// isOwnLabel tells whether a path is that of a label which is new to an object that is
// adopted, and harmless.
func isOwnLabel(path document.Path) bool {
	own := []string{v1alpha1.LabelName, v1alpha1.LabelComponent, v1alpha1.LabelManagedBy}
	rest, found := path.Below(document.ParsePath("metadata.labels"))
	return found && len(rest) == 1 && slices.Contains(own, rest[0].Name)
}

// itemDifferences says which items are added, where that is all; otherwise it compares item by
// item, and what is left over stands at the end.
func itemDifferences(rendered, wanted []any, path document.Path) []difference {
	item := func(i int) document.Path {
		return path.Join(document.Path{{Name: strconv.Itoa(i), InBrackets: true}})
	}
	add := func(i int) difference {
		return difference{Operation{"add", pointer(item(i)), wanted[i]}, item(i), nil}
	}
	var added, found []difference
	matched := 0
	for i := range wanted {
		if matched < len(rendered) && reflect.DeepEqual(rendered[matched], wanted[i]) {
			matched++
		} else {
			added = append(added, add(i))
		}
	}
	if matched == len(rendered) {
		return added
	}
	for i := range min(len(rendered), len(wanted)) {
		found = append(found, differences(rendered[i], wanted[i], item(i))...)
	}
	for i := len(rendered); i < len(wanted); i++ {
		found = append(found, add(i))
	}
	for i := len(rendered) - 1; i >= len(wanted); i-- {
		found = append(found, difference{Operation{"remove", pointer(item(i)), nil}, item(i), rendered[i]})
	}
	return found
}

// pointer writes a path as JSON patches do (RFC 6901).
func pointer(path document.Path) string {
	var text strings.Builder
	for _, step := range path {
		text.WriteString("/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(step.Name))
	}
	return text.String()
}
