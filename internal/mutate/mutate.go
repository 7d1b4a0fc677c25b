// Package mutate makes manifests out of others and out of schemas, most of them
// wrong, for tests that compare two validators.
package mutate

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/failover-krm/failover/pkg/apiserver/schema"
)

// Mutant is a value with one thing changed.
type Mutant struct {
	// Change says where and how, as "spec.port: 70000".
	Change string
	// Value is the whole of it.
	Value map[string]any
}

// All returns one mutant for each change that can be made to a value: each field
// dropped, of another type, out of range, together with an unknown one; each item
// of a list twice; each field of the schema that is not there added.
func All(value map[string]any, node *schema.Node) []Mutant {
	m := mutator{root: value}
	m.object(value, node, "")
	return m.mutants
}

type mutator struct {
	root    map[string]any
	fixed   []string
	mutants []Mutant
}

// try takes the root as it is at this moment.
func (m *mutator) try(format string, args ...any) {
	m.mutants = append(m.mutants, Mutant{Change: fmt.Sprintf(format, args...), Value: clone(m.root).(map[string]any)})
}

func (m *mutator) object(object map[string]any, node *schema.Node, path string) {
	if path == ".metadata" || path == ".status" {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		at := path + "." + name
		value := object[name]
		if at == ".apiVersion" || at == ".kind" {
			continue
		}
		delete(object, name)
		m.try("%s: dropped", at)
		for _, wrong := range wrongs(value) {
			object[name] = wrong
			m.try("%s: %.60v", at, wrong)
		}
		object[name] = value
		m.inside(value, node.Field(name), at)
	}
	object["nobodyKnows"] = "this"
	m.try("%s.nobodyKnows: added", path)
	delete(object, "nobodyKnows")
	for _, name := range node.FieldNames() {
		if _, given := object[name]; given {
			continue
		}
		for _, sample := range samples(node.Field(name), 0) {
			object[name] = sample
			m.try("%s.%s: added %.60v", path, name, sample)
		}
		delete(object, name)
	}
}

func (m *mutator) inside(value any, node *schema.Node, path string) {
	switch value := value.(type) {
	case map[string]any:
		m.object(value, node, path)
	case []any:
		for i, item := range value {
			at := fmt.Sprintf("%s[%d]", path, i)
			for _, wrong := range wrongs(item) {
				value[i] = wrong
				m.try("%s: %.60v", at, wrong)
			}
			value[i] = item
			m.inside(item, node.Item(), at)
		}
	}
}

// wrongs returns what is likely to be wrong in the place of a value.
func wrongs(value any) []any {
	switch value := value.(type) {
	case string:
		return []any{int64(7), true, "", "Not Allowed!", strings.Repeat("x", 300), []any{value}, map[string]any{"x": value}, "10s", "a.b", "*"}
	case int64:
		return []any{"seven", int64(-1), int64(0), int64(101), int64(70000), int64(1 << 33), 1.5, 2.0, false}
	case bool:
		return []any{!value, "true", int64(1)}
	case []any:
		wrong := []any{"x", []any{}, map[string]any{}}
		if len(value) > 0 {
			many := make([]any, 70)
			for i := range many {
				many[i] = value[0]
			}
			wrong = append(wrong, append(slices.Clone(value), value[0]), many, append(slices.Clone(value), nil))
		}
		return wrong
	case map[string]any:
		return []any{"x", int64(1), []any{}, map[string]any{}}
	default:
		return nil
	}
}

// samples returns values of a schema: one with what is required, and one with
// a value for each enum's word and each end of a range.
func samples(node *schema.Node, depth int) []any {
	if node == nil || depth > 6 {
		return nil
	}
	switch node.Type {
	case schema.Object:
		return objectSamples(node, depth)
	case schema.Array:
		var lists []any
		for _, item := range samples(node.Items, depth+1) {
			lists = append(lists, []any{item})
		}
		return lists
	case schema.String:
		if len(node.Enum) > 0 {
			var words []any
			for _, word := range append(slices.Clone(node.Enum), "Nonsense") {
				words = append(words, word)
			}
			return words
		}
		return []any{"10s", "x", "X y", "/path", "1Mi", "10.0.0.1"}
	case schema.Integer:
		return []any{int64(1), int64(0), int64(-5), int64(250), int64(1 << 40)}
	case schema.Number:
		return []any{1.5, int64(3)}
	case schema.Boolean:
		return []any{true, false}
	case schema.IntOrString:
		return []any{int64(5), "50%", "1Mi", "nonsense"}
	default:
		return []any{map[string]any{"free": "form"}}
	}
}

func objectSamples(node *schema.Node, depth int) []any {
	base := map[string]any{}
	for _, name := range node.Required {
		if values := samples(node.Field(name), depth+1); len(values) > 0 {
			base[name] = values[0]
		}
	}
	objects := []any{clone(base), map[string]any{}}
	if node.Values != nil {
		objects = append(objects, map[string]any{"key": "value"}, map[string]any{"key": int64(1)})
	}
	if depth > 3 {
		return objects
	}
	for _, name := range node.FieldNames() {
		for _, sample := range samples(node.Field(name), depth+1) {
			object := clone(base).(map[string]any)
			object[name] = sample
			objects = append(objects, object)
		}
	}
	return objects
}

// Random returns a value that a schema might let pass: each required field, and
// others at random.
func Random(node *schema.Node, random *rand.Rand, depth int) any {
	values := samples(node, 5)
	switch {
	case node.Type == schema.Object && node.Values == nil:
		object := map[string]any{}
		for _, field := range node.Fields {
			if slices.Contains(node.Required, field.Name) || random.IntN(2+depth) == 0 {
				object[field.Name] = Random(field.Node, random, depth+1)
			}
		}
		return object
	case node.Type == schema.Array:
		list := []any{}
		for range random.IntN(3) {
			list = append(list, Random(node.Items, random, depth+1))
		}
		return list
	case node.Type == schema.String && len(node.Enum) > 0:
		return node.Enum[random.IntN(len(node.Enum))]
	case len(values) == 0:
		return "x"
	default:
		return values[random.IntN(len(values))]
	}
}

func clone(value any) any {
	switch value := value.(type) {
	case map[string]any:
		copied := make(map[string]any, len(value))
		for name, child := range value {
			copied[name] = clone(child)
		}
		return copied
	case []any:
		copied := make([]any, len(value))
		for i, child := range value {
			copied[i] = clone(child)
		}
		return copied
	default:
		return value
	}
}
