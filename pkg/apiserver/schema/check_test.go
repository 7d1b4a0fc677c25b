package schema_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/failover-krm/failover/pkg/apiserver/schema"
)

// TestCheck has each thing that a schema can ask for, on both sides of its limit.
func TestCheck(t *testing.T) {
	text := &schema.Node{Type: schema.String}
	for name, test := range map[string]struct {
		node *schema.Node
		// right are values without an error.
		right []any
		// wrong are values with one error each.
		wrong []any
		// want are those errors.
		want []string
	}{
		"string": {
			node:  text,
			right: []any{"", "x"},
			wrong: []any{int64(1), true, 1.5, nil, []any{}, map[string]any{}},
			want: []string{
				"Invalid value: 1: must be a string: put it in quotes", "Invalid value: true: must be a string: put it in quotes",
				"Invalid value: 1.5: must be a string: put it in quotes", "Invalid value: null: must be a string", "Invalid value: must be a string", "Invalid value: must be a string",
			},
		},
		"nullable": {node: &schema.Node{Type: schema.String, Nullable: true}, right: []any{nil, "x"}},
		"any":      {node: &schema.Node{}, right: []any{nil, "x", int64(1), 1.5, true, []any{nil}, map[string]any{"a": nil}}},
		"boolean": {
			node:  &schema.Node{Type: schema.Boolean},
			right: []any{true, false},
			wrong: []any{"true", "yes", int64(0)},
			want:  []string{`Invalid value: "true": must be true or false: remove the quotes`, `Invalid value: "yes": must be true or false`, "Invalid value: 0: must be true or false"},
		},
		"integer": {
			node:  &schema.Node{Type: schema.Integer},
			right: []any{int64(1), 2.0, int64(1 << 40)},
			wrong: []any{"3", "x", 1.5, true},
			want: []string{
				`Invalid value: "3": must be an integer: write 3, without quotes`, `Invalid value: "x": must be an integer`,
				"Invalid value: 1.5: must be an integer", "Invalid value: true: must be an integer",
			},
		},
		"number": {node: &schema.Node{Type: schema.Number}, right: []any{int64(1), 1.5}, wrong: []any{"1"}, want: []string{`Invalid value: "1": must be a number: write 1, without quotes`}},
		"int32": {
			node:  &schema.Node{Type: schema.Integer, Format: schema.Int32},
			right: []any{int64(2147483647), int64(-2147483648)},
			wrong: []any{int64(2147483648), int64(-2147483649)},
			want:  []string{"Invalid value: 2147483648: must be at most 2147483647", "Invalid value: -2147483649: must be at least -2147483648"},
		},
		"minimum": {
			node:  &schema.Node{Type: schema.Integer, Minimum: new(1.0)},
			right: []any{int64(1), int64(2)}, wrong: []any{int64(0)}, want: []string{"Invalid value: 0: must be at least 1"},
		},
		"maximum": {
			node:  &schema.Node{Type: schema.Number, Maximum: new(3.0)},
			right: []any{int64(3), 2.5}, wrong: []any{3.5}, want: []string{"Invalid value: 3.5: must be at most 3"},
		},
		"range": {
			node:  &schema.Node{Type: schema.Integer, Format: schema.Int32, Minimum: new(1.0), Maximum: new(65535.0)},
			right: []any{int64(1), int64(65535)}, wrong: []any{int64(0), int64(65536), int64(1 << 40)},
			want: []string{
				"Invalid value: 0: must be between 1 and 65535, inclusive", "Invalid value: 65536: must be between 1 and 65535, inclusive",
				"Invalid value: 1099511627776: must be between 1 and 65535, inclusive",
			},
		},
		"exclusive maximum": {
			node:  &schema.Node{Type: schema.Number, Maximum: new(3.0), ExclusiveMaximum: true},
			right: []any{2.5, int64(2)}, wrong: []any{int64(3), int64(4)}, want: []string{"Invalid value: 3: must be below 3", "Invalid value: 4: must be below 3"},
		},
		"exclusive range": {
			node:  &schema.Node{Type: schema.Number, Minimum: new(0.0), Maximum: new(3.0), ExclusiveMaximum: true},
			right: []any{int64(0), 2.5}, wrong: []any{int64(-1)}, want: []string{"Invalid value: -1: must be at least 0 and below 3"},
		},
		"integer or string": {
			node:  &schema.Node{Type: schema.IntOrString, Format: schema.Int32},
			right: []any{int64(1), "x"}, wrong: []any{1.5, true, int64(1 << 31)},
			want: []string{"Invalid value: 1.5: must be an integer or a string: put it in quotes", "Invalid value: true: must be an integer or a string: put it in quotes", "Invalid value: 2147483648: must be at most 2147483647"},
		},
		"quantity": {
			node:  &schema.Node{Type: schema.IntOrString, Format: schema.Quantity},
			right: []any{int64(1), 0.5, "500m", "1Gi", " 1 ", "1e3"}, wrong: []any{"", "one", "1 Gi", true},
			want: []string{
				`Invalid value: "": must be a quantity such as "500m", "2" or "128Mi"`, `Invalid value: "one": must be a quantity such as "500m", "2" or "128Mi"`,
				`Invalid value: "1 Gi": must be a quantity such as "500m", "2" or "128Mi"`, `Invalid value: true: must be a quantity such as "500m", "2" or "128Mi"`,
			},
		},
		"date-time": {
			node:  &schema.Node{Type: schema.String, Format: schema.DateTime},
			right: []any{"2026-01-02T03:04:05Z"}, wrong: []any{"2026-01-02"}, want: []string{`Invalid value: "2026-01-02": must be a time such as "2006-01-02T15:04:05Z"`},
		},
		"byte": {
			node:  &schema.Node{Type: schema.String, Format: schema.Byte},
			right: []any{"eA=="}, wrong: []any{"x"}, want: []string{`Invalid value: "x": must be base64`},
		},
		"duration": {
			node:  &schema.Node{Type: schema.String, Format: schema.Duration},
			right: []any{"1m30s"}, wrong: []any{"1d"}, want: []string{`Invalid value: "1d": must be a duration such as "500ms", "2s" or "1m30s"`},
		},
		"enum": {
			node:  &schema.Node{Type: schema.String, Enum: []string{"A", "B"}},
			right: []any{"A", "B"}, wrong: []any{"a"}, want: []string{`Unsupported value: "a": supported values: "A", "B"`},
		},
		"enum of integers": {
			node:  &schema.Node{Type: schema.Integer, Enum: []string{"301", "302"}},
			right: []any{int64(301)}, wrong: []any{int64(300)}, want: []string{`Unsupported value: "300": supported values: "301", "302"`},
		},
		"pattern": {
			node:  &schema.Node{Type: schema.String, Patterns: []*schema.Pattern{{Text: "^a"}, {Text: "z$"}}},
			right: []any{"az"}, wrong: []any{"a", "z"}, want: []string{`Invalid value: "a": must match z$`, `Invalid value: "z": must match ^a`},
		},
		"length": {
			node:  &schema.Node{Type: schema.String, MinLength: new(2), MaxLength: new(3)},
			right: []any{"ab", "abc", "äöü"}, wrong: []any{"", "a", "abcd"},
			want: []string{"Required value: must not be empty", "Invalid value: 1: must have at least 2 characters", "Too long: must have at most 3 characters"},
		},
		"length of a list": {
			node:  &schema.Node{Type: schema.Array, Items: text, MinLength: new(1), MaxLength: new(2)},
			right: []any{[]any{"a"}, []any{"a", "b"}}, wrong: []any{[]any{}, []any{"a", "b", "c"}},
			want: []string{"Invalid value: 0: must have at least 1 items", "Too many: 3: must have at most 2 items"},
		},
		"length of a map": {
			node:  &schema.Node{Type: schema.Object, Values: text, MaxLength: new(1)},
			right: []any{map[string]any{"a": "b"}}, wrong: []any{map[string]any{"a": "b", "c": "d"}, map[string]any{"a": int64(1)}},
			want: []string{"Too many: 2: must have at most 1 fields", "[a]: Invalid value: 1: must be a string: put it in quotes"},
		},
		"unique": {
			node:  &schema.Node{Type: schema.Array, Items: text, Unique: true},
			right: []any{[]any{"a", "b"}}, wrong: []any{[]any{"a", "a"}}, want: []string{`[1]: Duplicate value: "a"`},
		},
		"unique by a field": {
			node: &schema.Node{
				Type: schema.Array, Unique: true, UniqueBy: []string{"a"},
				Items: &schema.Node{Type: schema.Object, Fields: []schema.Field{{Name: "a", Node: text}, {Name: "b", Node: text}}},
			},
			right: []any{[]any{map[string]any{"a": "x", "b": "z"}, map[string]any{"a": "y", "b": "z"}}},
			wrong: []any{[]any{map[string]any{"a": "x", "b": "y"}, map[string]any{"a": "x", "b": "z"}}},
			want:  []string{`[1]: Duplicate value: {"a":"x"}`},
		},
		"fields": {
			node:  &schema.Node{Type: schema.Object, Required: []string{"port"}, Fields: []schema.Field{{Name: "name", Node: text}, {Name: "port", Node: &schema.Node{Type: schema.Integer}}}},
			right: []any{map[string]any{"port": int64(1)}},
			wrong: []any{map[string]any{}, map[string]any{"port": int64(1), "prot": "x"}, map[string]any{"port": int64(1), "other": "x"}, "x"},
			want: []string{
				"port: Required value: must be given", `prot: Forbidden: unknown field, did you mean "port"?`,
				"other: Forbidden: unknown field; known are name, port", `Invalid value: "x": must be a map with port`,
			},
		},
		"IP address": {
			node: &schema.Node{Type: schema.Object, IPAddress: true, Fields: []schema.Field{{Name: "type", Node: text}, {Name: "value", Node: text}}},
			right: []any{
				map[string]any{"type": "IPAddress", "value": "10.0.0.1"}, map[string]any{"type": "Hostname", "value": "x"}, map[string]any{"type": "IPAddress"},
			},
			wrong: []any{map[string]any{"type": "IPAddress", "value": "x"}},
			want:  []string{`value: Invalid value: "x": must be an IP address, as type says`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, value := range test.right {
				assert.Empty(t, schema.Check(test.node, value, schema.Advice{}).Errs, "%v", value)
			}
			var got []string
			for _, value := range test.wrong {
				for _, err := range schema.Check(test.node, value, schema.Advice{}).Errs {
					text := err.Error()
					if err.Field == "<nil>" {
						text = err.ErrorBody()
					}
					got = append(got, text)
				}
			}
			assert.Equal(t, test.want, got)
		})
	}
}

// TestFindings tells apart what is broken and what is missing, and asks for advice.
func TestFindings(t *testing.T) {
	node := &schema.Node{Type: schema.Object, Required: []string{"name"}, Fields: []schema.Field{
		{Name: "count", Node: &schema.Node{Type: schema.Integer, Maximum: new(3.0)}},
		{Name: "mode", Node: &schema.Node{Type: schema.String, Enum: []string{"A"}}},
		{Name: "name", Node: &schema.Node{Type: schema.String}},
		{Name: "size", Node: &schema.Node{Type: schema.String}},
	}}
	findings := schema.Check(node, map[string]any{"count": int64(4), "mode": "B", "moed": "A", "other": "x", "size": int64(1)}, schema.Advice{
		UnknownField: func(path *field.Path) string {
			if path.String() == "other" {
				return "came later"
			}
			return ""
		},
		UnknownValue: func(_ *field.Path, value string) string { return value + " came later" },
		OutOfRange:   func(_ *field.Path, value float64) string { return fmt.Sprintf("%g is for later", value) },
	})
	assert.Equal(t, []string{"count", "size", "mode", "moed", "other"}, texts(findings.Broken))
	assert.Equal(t, []string{"name"}, texts(findings.Missing))
	var errs []string
	for _, err := range findings.Errs {
		errs = append(errs, err.Error())
	}
	assert.Equal(t, []string{
		"name: Required value: must be given", "count: Invalid value: 4: must be at most 3: 4 is for later", `mode: Invalid value: "B": B came later`,
		"size: Invalid value: 1: must be a string: put it in quotes", `moed: Forbidden: unknown field, did you mean "mode"?`, "other: Forbidden: came later",
	}, errs)
}

// TestPathsLeadToTheValue: each error has the path of its own value, at any depth, and
// whatever came before it.
func TestPathsLeadToTheValue(t *testing.T) {
	node := &schema.Node{Type: schema.Object}
	node.Fields = []schema.Field{
		{Name: "below", Node: node},
		{Name: "list", Node: &schema.Node{Type: schema.Array, Items: node}},
		{Name: "map", Node: &schema.Node{Type: schema.Object, Values: node}},
		{Name: "number", Node: &schema.Node{Type: schema.Integer}},
	}
	const depth = 50
	findings := schema.Check(node, wrongBelow("", depth), schema.Advice{})
	assert.Len(t, findings.Errs, 5*depth+1)
	for i, err := range findings.Errs {
		assert.Equal(t, err.Field, err.BadValue)
		assert.Equal(t, err.Field, findings.Broken[i].String())
	}
}

// wrongBelow returns a value in which each number is a text that has its path.
func wrongBelow(path string, depth int) map[string]any {
	value := map[string]any{"number": path + "number"}
	if depth > 0 {
		value["below"] = wrongBelow(path+"below.", depth-1)
		value["list"] = []any{wrongBelow(path+"list[0].", 0), wrongBelow(path+"list[1].", 0)}
		value["map"] = map[string]any{"a": wrongBelow(path+"map[a].", 0), "b/c": wrongBelow(path+"map[b/c].", 0)}
	}
	return value
}

func texts(paths []*field.Path) []string {
	var texts []string
	for _, path := range paths {
		texts = append(texts, path.String())
	}
	return texts
}
