// Package schema validates values by structural schemas, which are Go data: the
// compiler lays them out, so that a process has nothing to parse first.
package schema

import (
	"cmp"
	"slices"
	"strings"

	"github.com/failover-krm/failover/pkg/apiserver/cel"
	"github.com/failover-krm/failover/pkg/document"
)

// Type is the JSON type that a schema asks for.
type Type string

// The types that values of a manifest have.
const (
	Object      Type = "object"
	Array       Type = "array"
	String      Type = "string"
	Integer     Type = "integer"
	Number      Type = "number"
	Boolean     Type = "boolean"
	IntOrString Type = "int-or-string"
	// Any is for what upstream hands on unread.
	Any Type = ""
)

// words says to a user what a value of a type is in YAML.
var words = map[Type]string{
	Object: "a map", Array: "a list", String: "a string", Integer: "an integer", Number: "a number",
	Boolean: "true or false", IntOrString: "an integer or a string",
}

// Node is the structural schema of a value. A nil Node knows nothing.
type Node struct {
	Type Type
	// Default is the value, as JSON, that the API server gives a field that is not
	// there; empty where there is none.
	Default string
	// Fields of an object, sorted by name.
	Fields []Field
	// Required are the names of the fields that must be there.
	Required []string
	// Values of an object that is a map, Items of an array.
	Values, Items *Node
	// Enum has all allowed strings, or integers as text.
	Enum []string
	// Patterns that a string must match, all of them.
	Patterns []*Pattern
	// Format is OpenAPI's, where it says more than the type.
	Format Format
	// Minimum and Maximum of a number, MinLength and MaxLength of a string, a list
	// or a map; nil where there is none.
	Minimum, Maximum     *float64
	MinLength, MaxLength *int
	// ExclusiveMaximum tells that a number must be below Maximum.
	ExclusiveMaximum bool
	// Unique tells that no item of a list may be there twice, or no two with the
	// same UniqueBy fields, where there are any.
	Unique   bool
	UniqueBy []string
	// Nullable tells that an item of a list may be null.
	Nullable bool
	// IPAddress tells that value must be an IP where type is IPAddress, as Gateway
	// API has it.
	IPAddress bool
	// Rules are the x-kubernetes-validations of the value.
	Rules []Rule
	// HasRules tells that there are rules here or somewhere below.
	HasRules bool
}

// Format is how a value is read on.
type Format string

// The formats that an API server checks.
const (
	Byte     Format = "byte"
	DateTime Format = "date-time"
	Duration Format = "duration"
	Int32    Format = "int32"
	Quantity Format = "quantity"
)

// Rule is a CEL rule of a CRD.
type Rule struct {
	// Text is the rule as the CRD has it.
	Text string
	// Message is what the CRD says where the rule is false.
	Message string
	// Expr is the rule, parsed and type-checked.
	Expr cel.Expr
}

// Field is a field of an object.
type Field struct {
	// Name is the field's name in JSON.
	Name string
	// Node is the schema of its value.
	Node *Node
}

// Field returns the schema of a field, or nil where there is none.
func (n *Node) Field(name string) *Node {
	if n == nil {
		return nil
	}
	i, found := slices.BinarySearchFunc(n.Fields, name, func(f Field, name string) int { return cmp.Compare(f.Name, name) })
	if !found {
		return nil
	}
	return n.Fields[i].Node
}

// FieldNames returns the names of all fields, sorted.
func (n *Node) FieldNames() []string {
	if n == nil {
		return nil
	}
	names := make([]string, 0, len(n.Fields))
	for _, field := range n.Fields {
		names = append(names, field.Name)
	}
	return names
}

// Item returns the schema of the items of a list, or nil.
func (n *Node) Item() *Node {
	if n == nil {
		return nil
	}
	return n.Items
}

// wanted says what a value must be: its type, and what that looks like.
func (n *Node) wanted() string {
	switch {
	case n.Type == Object && len(n.Required) > 0:
		return words[n.Type] + " with " + strings.Join(n.Required, ", ")
	case n.Type == Object && len(n.Fields) > 0:
		return words[n.Type] + " of " + strings.Join(n.FieldNames(), ", ")
	case n.Type == String && len(n.Enum) > 0:
		return words[n.Type] + ", one of " + strings.Join(n.Enum, ", ")
	case n.isQuantity():
		return `a quantity such as "500m", "2" or "128Mi"`
	case n.Type == String && n.Format == DateTime:
		return words[n.Type] + `, a time such as "2006-01-02T15:04:05Z"`
	case n.Type == String && n.Format == Duration || len(n.Patterns) == 1 && patternWords[n.Patterns[0].Text] == durationWords:
		return words[n.Type] + `, a duration such as "500ms" or "2s"`
	}
	return words[n.Type]
}

// isQuantity tells whether a value is a Kubernetes quantity.
func (n *Node) isQuantity() bool {
	return n.Format == Quantity || n.Type == IntOrString && len(n.Patterns) > 0
}

// At returns the schema of a path, or nil.
func (n *Node) At(path document.Path) *Node {
	for _, step := range path {
		switch {
		case n == nil:
			return nil
		case step.InBrackets:
			n = cmp.Or(n.Items, n.Values)
		default:
			n = n.Field(step.Name)
		}
	}
	return n
}

// find returns the path of the nearest field of a name, maps within maps, or nil.
// What is below metadata, status, a list or a map of any keys does not count: there
// are too many fields of one name.
func (n *Node) find(name string) []string {
	type place struct {
		node *Node
		path []string
	}
	queue := []place{{node: n}}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		for _, field := range at.node.Fields {
			path := append(slices.Clone(at.path), field.Name)
			if field.Name == name {
				return path
			}
			if field.Name != "status" && field.Name != "metadata" {
				queue = append(queue, place{field.Node, path})
			}
		}
	}
	return nil
}
