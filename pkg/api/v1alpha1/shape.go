package v1alpha1

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/failover-krm/failover/pkg/document"
)

// schemaType is the JSON type that a schema asks for.
type schemaType string

const (
	typeObject      schemaType = "a map"
	typeArray       schemaType = "a list"
	typeString      schemaType = "a string"
	typeInteger     schemaType = "an integer"
	typeNumber      schemaType = "a number"
	typeBoolean     schemaType = "true or false"
	typeIntOrString schemaType = "an integer or a string"
	// typeAny is for what upstream hands on unread.
	typeAny schemaType = "anything"
)

// schemaNode is the JSON Schema of a value as Go data, which the compiler lays
// out so that a process has nothing to parse before it can judge a spec. It is
// generated from the same source as the JSON Schema.
type schemaNode struct {
	Type schemaType
	// Fields of an object, sorted by name.
	Fields   []schemaField
	Required []string
	// Values of an object that is a map, Items of an array.
	Values, Items *schemaNode
	// Enum has all allowed strings, or integers as text.
	Enum []string
	// Patterns that a string must match, all of them.
	Patterns []string
	// Minimum and Maximum of a number, MinLength and MaxLength of a string, a list
	// or a map; nil where there is none.
	Minimum, Maximum     *float64
	MinLength, MaxLength *int
}

// schemaField is a field of an object.
type schemaField struct {
	Name string
	Node *schemaNode
}

func (n *schemaNode) field(name string) *schemaNode {
	i, found := slices.BinarySearchFunc(n.Fields, name, func(f schemaField, name string) int { return cmp.Compare(f.Name, name) })
	if !found {
		return nil
	}
	return n.Fields[i].Node
}

func (n *schemaNode) fieldNames() []string {
	names := make([]string, 0, len(n.Fields))
	for _, field := range n.Fields {
		names = append(names, field.Name)
	}
	return names
}

// shape is how far a document has the form of a FailoverSpec.
type shape struct {
	errs field.ErrorList
	// broken are the paths at which nothing more can be said: a value of the wrong
	// type or out of range, an unknown field, and the field it was meant to be.
	broken []string
	// missing are the paths of required fields that are not there.
	missing []string
	// root is the document, for values as they are written.
	root *yaml.Node
}

// checkShape judges the value of a document by the schema.
func checkShape(root *yaml.Node, value any) *shape {
	s := &shape{root: root}
	s.check(&failoverSpecSchema, value, nil)
	return s
}

func (s *shape) check(node *schemaNode, value any, path *field.Path) {
	if node.Type == typeAny {
		return
	}
	switch value := value.(type) {
	case map[string]any:
		if s.isType(path, node, typeObject) {
			s.checkLength(node, len(value), path)
			s.checkObject(node, value, path)
		}
	case []any:
		if s.isType(path, node, typeArray) {
			s.checkLength(node, len(value), path)
			for i, item := range value {
				s.check(node.Items, item, path.Index(i))
			}
		}
	case string:
		if s.isType(path, node, typeString, typeIntOrString) {
			s.checkString(node, value, path)
		}
	case int64:
		if s.isType(path, node, typeInteger, typeNumber, typeIntOrString) && s.checkEnum(node, strconv.FormatInt(value, 10), path) {
			s.checkRange(node, float64(value), path)
		}
	case float64:
		if node.Type == typeIntOrString && len(node.Patterns) > 0 { // a quantity such as 0.5
			s.checkPatterns(node, fmt.Sprint(s.written(path)), path)
			return
		}
		isInteger := value == float64(int64(value))
		if isInteger && s.isType(path, node, typeInteger, typeNumber) || !isInteger && s.isType(path, node, typeNumber) {
			s.checkRange(node, value, path)
		}
	case bool:
		s.isType(path, node, typeBoolean)
	default:
		s.isType(path, node)
	}
}

// isType reports a value that is of none of the types that the schema has room
// for.
func (s *shape) isType(path *field.Path, node *schemaNode, types ...schemaType) bool {
	if slices.Contains(types, node.Type) {
		return true
	}
	detail := "must be " + string(node.Type)
	if strings.HasSuffix(string(node.Type), "a string") && slices.ContainsFunc(types, func(t schemaType) bool { return t == typeInteger || t == typeNumber || t == typeBoolean }) {
		detail += ": put it in quotes"
	}
	s.breakAt(path, field.TypeInvalid(path, s.written(path), detail))
	return false
}

func (s *shape) breakAt(path *field.Path, err *field.Error) {
	s.broken = append(s.broken, path.String())
	s.errs = append(s.errs, err)
}

// written returns a value as the document has it, or what stands for a list or
// a map in a message.
func (s *shape) written(path *field.Path) any {
	node := document.Lookup(s.root, path.String())
	if node == nil || node.Kind != yaml.ScalarNode {
		return field.OmitValueType{}
	}
	if node.ShortTag() == yaml.NodeTagFloat {
		return json.Number(node.Value) // whatever its size
	}
	if value, errs := document.Value(node); len(errs) == 0 && value != nil {
		return value
	}
	return node.Value
}

func (s *shape) checkObject(node *schemaNode, object map[string]any, path *field.Path) {
	for _, name := range node.Required {
		if _, given := object[name]; !given {
			missing := path.Child(name)
			s.missing = append(s.missing, missing.String())
			s.errs = append(s.errs, field.Required(missing, "must be given"))
		}
	}
	for name, value := range object {
		switch known := node.field(name); {
		case known != nil:
			s.check(known, value, path.Child(name))
		case node.Values != nil:
			s.check(node.Values, value, path.Key(name))
		default:
			s.addUnknown(node, name, path)
		}
	}
}

// refusedFields are fields of Envoy Gateway's types that have no place in a spec.
var refusedFields = map[string]string{
	"targetRef":       "the policy's target is the HTTPRoute of this spec: remove it",
	"targetRefs":      "the policy's target is the HTTPRoute of this spec: remove it",
	"targetSelectors": "the policy's target is the HTTPRoute of this spec: remove it",
	"unix":            "a unix socket is inside the gateway's own pod: use fqdn or ip",
}

func (s *shape) addUnknown(node *schemaNode, name string, parent *field.Path) {
	path := parent.Child(name)
	detail := refusedFields[name]
	if meant := document.Suggest(name, node.fieldNames()); detail == "" && meant != "" {
		detail = fmt.Sprintf("unknown field, did you mean %q?", meant)
		s.broken = append(s.broken, parent.Child(meant).String())
	}
	s.breakAt(path, field.Forbidden(path, cmp.Or(detail, "unknown field; known are "+strings.Join(node.fieldNames(), ", "))))
}

func (s *shape) checkString(node *schemaNode, value string, path *field.Path) {
	length := utf8.RuneCountInString(value)
	switch {
	case !s.checkEnum(node, value, path):
	case length == 0 && node.MinLength != nil && *node.MinLength > 0:
		s.errs = append(s.errs, field.Required(path, "must not be empty"))
	default:
		s.checkPatterns(node, value, path)
		s.checkLength(node, length, path)
	}
}

func (s *shape) checkEnum(node *schemaNode, value string, path *field.Path) bool {
	if len(node.Enum) == 0 || slices.Contains(node.Enum, value) {
		return true
	}
	s.errs = append(s.errs, field.NotSupported(path, s.written(path), node.Enum))
	return false
}

func (s *shape) checkPatterns(node *schemaNode, value string, path *field.Path) {
	for _, pattern := range node.Patterns {
		if !compiled(pattern).MatchString(value) {
			s.errs = append(s.errs, field.Invalid(path, value, cmp.Or(patternWords[pattern], "must match "+pattern)))
		}
	}
}

// compiledPatterns has each pattern that a process has met.
var compiledPatterns sync.Map

func compiled(pattern string) *regexp.Regexp {
	if known, ok := compiledPatterns.Load(pattern); ok {
		return known.(*regexp.Regexp)
	}
	expression := regexp.MustCompile(pattern)
	compiledPatterns.Store(pattern, expression)
	return expression
}

const dnsNameWords = `must be a DNS name such as "shop" or "shop.example.com", in lower case`

// patternWords says in words what the patterns of well-known types ask for.
var patternWords = map[string]string{
	`^([0-9]{1,5}(h|m|s|ms)){1,4}$`:                                                                                     `must be a duration such as "500ms", "2s" or "1m30s"`,
	`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`:                                                 dnsNameWords,
	`^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`:                                          dnsNameWords + `, which may begin with "*."`,
	`^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$`: `must be a quantity such as "500m", "2" or "128Mi"`,
}

func (s *shape) checkLength(node *schemaNode, length int, path *field.Path) {
	unit := map[schemaType]string{typeObject: "fields", typeArray: "items"}[node.Type]
	unit = cmp.Or(unit, "characters")
	if node.MinLength != nil && length < *node.MinLength {
		s.errs = append(s.errs, field.Invalid(path, s.written(path), fmt.Sprintf("must have at least %d %s", *node.MinLength, unit)))
	}
	if node.MaxLength != nil && length > *node.MaxLength {
		s.errs = append(s.errs, field.Invalid(path, s.written(path), fmt.Sprintf("must have at most %d %s", *node.MaxLength, unit)))
	}
}

func (s *shape) checkRange(node *schemaNode, value float64, path *field.Path) {
	low, high := node.Minimum, node.Maximum
	if (low == nil || value >= *low) && (high == nil || value <= *high) {
		return
	}
	var detail string
	switch {
	case low != nil && high != nil:
		detail = fmt.Sprintf("must be between %v and %v, inclusive", *low, *high)
	case low != nil:
		detail = fmt.Sprintf("must be at least %v", *low)
	default:
		detail = fmt.Sprintf("must be at most %v", *high)
	}
	s.breakAt(path, field.Invalid(path, s.written(path), detail))
}
