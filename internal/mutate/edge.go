package mutate

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/failover-krm/failover/pkg/apiserver/schema"
)

// edges has the values at which a field's meaning ends, for each type that an API
// server checks no further: zero, tiny and huge numbers, durations and sizes, and
// texts that are no regular expression, no CIDR, no hostname, or empty.
var edges = map[schema.Type][]any{
	schema.String: {
		"", "x", "a b", "a\nb", "\x01", strings.Repeat("x", 70), strings.Repeat("x", 20000), "0s", "1ms", "2ms", "0h0m0s", "1h", "99999h", "-1s",
		"(", "/(", "/(?!x)", "/[a-z]+", `\`, "10.0.0.0/8", "1.2.3.4/99", "2001:db8::/32", "10.0.0.1", "127.0.0.1", "::1", "2001:db8::1", "010.0.0.1",
		"localhost", "shop.example.com", "shop.example.com.", "10.0.0.1.", "Host", "/", "/shop/", "%ROUTE_NAME%", "%OTHER%", "50%", "GET", "get", "CONNECT", "BOGUS",
	},
	schema.IntOrString: {
		"1", "1k", "1Ki", "64Ki", "65535", "65534", "4Gi", "4294967295", "999Gi", "2147483647", "2147483648", "9E", "99999999999E", int64(1), int64(100000),
	},
	schema.Integer: {
		int64(-1), int64(0), int64(1), int64(2), int64(4), int64(7), int64(99), int64(100), int64(101), int64(199), int64(200), int64(300), int64(301),
		int64(599), int64(600), int64(65535), int64(65536), int64(5000011), int64(5000012), int64(1<<32 - 1), int64(1 << 32), int64(1 << 40),
	},
	schema.Number:  {int64(0), 0.5, int64(-1), int64(100), 100.5, 1e10},
	schema.Boolean: {true, false},
}

// Edges returns one mutant for each edge of each field of a value: another value
// of its type, or none at all, for lists no item or one twice. Fields at some paths,
// such as .spec.targetRefs, stay as they are.
func Edges(value map[string]any, node *schema.Node, fixed ...string) []Mutant {
	m := mutator{root: value, fixed: append(fixed, ".apiVersion", ".kind", ".metadata", ".status")}
	m.objectEdges(value, node, "")
	return m.mutants
}

func (m *mutator) objectEdges(object map[string]any, node *schema.Node, path string) {
	for _, name := range slices.Sorted(maps.Keys(object)) {
		at := path + "." + name
		if slices.Contains(m.fixed, at) {
			continue
		}
		field := node.Field(name)
		if field == nil && node != nil {
			field = node.Values
		}
		value := object[name]
		for _, edge := range edgesOf(value, field) {
			object[name] = edge
			m.try("%s: %.60q", at, fmt.Sprint(edge))
		}
		object[name] = value
		m.edgesInside(value, field, at)
		delete(object, name)
		m.try("%s: dropped", at)
		object[name] = value
	}
	if node != nil && node.Values != nil && len(object) > 0 {
		first := object[slices.Sorted(maps.Keys(object))[0]]
		for _, name := range []string{"", "a\nb"} {
			object[name] = first
			m.try("%s[%q]: added", path, name)
			delete(object, name)
		}
	}
}

func (m *mutator) edgesInside(value any, node *schema.Node, path string) {
	switch value := value.(type) {
	case map[string]any:
		m.objectEdges(value, node, path)
	case []any:
		for i, item := range value {
			at := fmt.Sprintf("%s[%d]", path, i)
			for _, edge := range edgesOf(item, node.Item()) {
				value[i] = edge
				m.try("%s: %.60q", at, fmt.Sprint(edge))
			}
			value[i] = item
			m.edgesInside(item, node.Item(), at)
		}
	}
}

func edgesOf(value any, node *schema.Node) []any {
	switch value := value.(type) {
	case map[string]any:
		return []any{map[string]any{}}
	case []any:
		if len(value) == 0 {
			return nil
		}
		return []any{[]any{}, append(slices.Clone(value), value[0])}
	}
	if node == nil {
		return nil
	}
	if len(node.Enum) > 0 {
		var words []any
		for _, word := range node.Enum {
			words = append(words, word)
		}
		return words
	}
	return edges[node.Type]
}

// EdgePairs returns mutants with two edges, a number of them at random: of the
// fields of one value, or where two values have different fields of their spec,
// of one each.
func EdgePairs(values []map[string]any, node *schema.Node, count int, random *rand.Rand, accepts func(map[string]any) bool, fixed ...string) []Mutant {
	singles := make([][]Mutant, len(values))
	for i, value := range values {
		for _, mutant := range Edges(value, node, fixed...) {
			if accepts(mutant.Value) {
				singles[i] = append(singles[i], mutant)
			}
		}
	}
	var pairs []Mutant
	for range 50 * count {
		if len(pairs) == count {
			break
		}
		i, j := random.IntN(len(values)), random.IntN(len(values))
		if len(singles[i]) == 0 || len(singles[j]) == 0 {
			continue
		}
		first := singles[i][random.IntN(len(singles[i]))]
		var pair Mutant
		if i == j {
			seconds := Edges(clone(first.Value).(map[string]any), node, fixed...)
			second := seconds[random.IntN(len(seconds))]
			pair = Mutant{Change: first.Change + "; " + second.Change, Value: second.Value}
		} else {
			second := singles[j][random.IntN(len(singles[j]))]
			both, disjoint := union(first.Value, second.Value, fixed)
			if !disjoint {
				continue
			}
			pair = Mutant{Change: first.Change + "; " + second.Change, Value: both}
		}
		if accepts(pair.Value) {
			pairs = append(pairs, pair)
		}
	}
	return pairs
}

// union joins the specs of two objects, and tells whether they
// have no field but the fixed ones in common.
func union(one, other map[string]any, fixed []string) (map[string]any, bool) {
	both := clone(one).(map[string]any)
	spec, isSpec := both["spec"].(map[string]any)
	more, isMore := other["spec"].(map[string]any)
	if !isSpec || !isMore {
		return nil, false
	}
	for name, value := range more {
		if slices.Contains(fixed, ".spec."+name) {
			continue
		}
		if _, there := spec[name]; there {
			return nil, false
		}
		spec[name] = clone(value)
	}
	return both, true
}
