package v1alpha1

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/util/validation/field"
	openapierrors "k8s.io/kube-openapi/pkg/validation/errors"
	"k8s.io/kube-openapi/pkg/validation/spec"
	"k8s.io/kube-openapi/pkg/validation/strfmt"
	openapivalidate "k8s.io/kube-openapi/pkg/validation/validate"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/failover-krm/failover/pkg/document"
)

//go:generate go -C ../../../hack/apigen run . -root ../..

//go:embed failoverspec.schema.json
var jsonSchema []byte

// compactSchema is jsonSchema without what only people read.
//
//go:embed failoverspec.schema.min.json
var compactSchema []byte

// JSONSchema returns the JSON Schema of FailoverSpec, for editors.
func JSONSchema() []byte { return slices.Clone(jsonSchema) }

var schema = sync.OnceValue(func() *spec.Schema {
	var s spec.Schema
	if err := json.Unmarshal(compactSchema, &s); err != nil {
		panic("the embedded schema is broken: " + err.Error())
	}
	return &s
})

// shape is how far a document has the form of a FailoverSpec.
type shape struct {
	errs field.ErrorList
	// broken are the paths at which nothing more can be said: a value of the wrong
	// type or out of range, an unknown field, and the field it was meant to be.
	broken []string
	// missing are the paths of required fields that are not there.
	missing []string
}

// checkShape judges the value of a node by the schema.
func checkShape(node *yaml.Node, value any) shape {
	var s shape
	var typed, others []*openapierrors.Validation
	var unplaced field.ErrorList
	for _, err := range openapivalidate.NewSchemaValidator(schema(), nil, "", strfmt.Default).Validate(value).Errors {
		invalid := &openapierrors.Validation{}
		switch {
		case !errors.As(err, &invalid):
			unplaced = append(unplaced, field.InternalError(nil, err))
		case invalid.Code() == openapierrors.InvalidTypeCode || invalid.Code() == openapierrors.UnallowedPropertyCode:
			typed = append(typed, invalid)
		default:
			others = append(others, invalid)
		}
	}
	// The type of a value comes first: its range says nothing where it is wrong.
	for _, invalid := range slices.Concat(typed, others) {
		s.add(node, invalid)
	}
	if len(typed) == 0 {
		s.errs = append(s.errs, unplaced...) // of a number that is none, which has its error
	}
	return s
}

// add turns an error of the schema validator into a field error.
func (s *shape) add(node *yaml.Node, invalid *openapierrors.Validation) {
	name := strings.TrimPrefix(invalid.Name, ".")
	if slices.Contains(s.broken, name) {
		return
	}
	path := field.NewPath(name)
	given := shown(document.Lookup(node, name))
	switch invalid.Code() {
	case openapierrors.UnallowedPropertyCode:
		s.addUnknown(name, fmt.Sprint(invalid.Value))
	case openapierrors.InvalidTypeCode:
		s.broken = append(s.broken, name)
		s.errs = append(s.errs, field.TypeInvalid(path, given, "must be "+typeName(schemaAt(name))))
	case openapierrors.RequiredFailCode:
		s.missing = append(s.missing, name)
		s.errs = append(s.errs, field.Required(path, "must be given"))
	case openapierrors.EnumFailCode:
		s.errs = append(s.errs, field.NotSupported(path, given, stringsOf(invalid.Values)))
	case openapierrors.PatternFailCode:
		s.errs = append(s.errs, field.Invalid(path, given, patternDetail(schemaAt(name))))
	case openapierrors.MinFailCode, openapierrors.MaxFailCode:
		s.broken = append(s.broken, name)
		s.errs = append(s.errs, field.Invalid(path, given, rangeDetail(schemaAt(name))))
	case openapierrors.TooShortFailCode:
		s.errs = append(s.errs, field.Required(path, "must not be empty"))
	default:
		s.errs = append(s.errs, field.Invalid(path, given, strings.TrimPrefix(invalid.Error(), invalid.Name+" in body ")))
	}
}

// shown is what a message says of a value.
func shown(node *yaml.Node) any {
	if node == nil {
		return ""
	}
	if node.Kind != yaml.ScalarNode {
		return field.OmitValueType{}
	}
	if node.ShortTag() == yaml.NodeTagFloat {
		return json.Number(node.Value) // as it is written, whatever its size
	}
	if value, errs := document.Value(node); len(errs) == 0 && value != nil {
		return value
	}
	return node.Value
}

// refused are fields of Envoy Gateway's types that have no place in a spec.
var refused = map[string]string{
	"spec.policy.targetRef":       "the policy's target is the HTTPRoute of this spec: remove it",
	"spec.policy.targetRefs":      "the policy's target is the HTTPRoute of this spec: remove it",
	"spec.policy.targetSelectors": "the policy's target is the HTTPRoute of this spec: remove it",
}

// addUnknown reports a field that the schema does not have.
func (s *shape) addUnknown(parent, name string) {
	path := name
	if parent != "" {
		path = parent + "." + name
	}
	s.broken = append(s.broken, path)
	known := slices.Sorted(maps.Keys(schemaAt(parent).Properties))
	detail := refused[path]
	if detail == "" && name == "unix" && strings.Contains(parent, ".endpoints[") {
		detail = "a unix socket is inside the gateway's own pod: use fqdn or ip"
	}
	if detail == "" {
		detail = "unknown field; known are " + strings.Join(known, ", ")
		if meant := document.Suggest(name, known); meant != "" {
			detail = fmt.Sprintf("unknown field, did you mean %q?", meant)
			s.broken = append(s.broken, strings.TrimSuffix(path, name)+meant)
		}
	}
	s.errs = append(s.errs, field.Forbidden(field.NewPath(path), detail))
}

// schemaAt returns the schema of a field. A path that the schema does not have
// gives the nearest above it.
func schemaAt(path string) *spec.Schema {
	at := schema()
	for _, name := range strings.FieldsFunc(path, func(r rune) bool { return r == '.' || r == '[' || r == ']' }) {
		switch property, ok := at.Properties[name]; {
		case ok:
			at = &property
		case at.Items != nil:
			at = at.Items.Schema
		case at.AdditionalProperties != nil && at.AdditionalProperties.Schema != nil:
			return at.AdditionalProperties.Schema
		default:
			return at
		}
	}
	return at
}

// typeName says in words which type a schema asks for.
func typeName(s *spec.Schema) string {
	words := map[string]string{
		"array": "a list", "boolean": "true or false", "integer": "an integer", "number": "a number",
		"object": "a map", "string": "a string: put it in quotes",
	}
	if len(s.Type) == 1 && words[s.Type[0]] != "" {
		return words[s.Type[0]]
	}
	return "an integer or a string"
}

// patternWords says in words what the patterns of well-known types ask for.
var patternWords = map[string]string{
	`^([0-9]{1,5}(h|m|s|ms)){1,4}$`: `must be a duration such as "500ms", "2s" or "1m30s"`,
	`^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$`: `must be a quantity such as "500m", "2" or "128Mi"`,
}

func patternDetail(s *spec.Schema) string {
	return cmp.Or(patternWords[s.Pattern], "must match "+s.Pattern)
}

func rangeDetail(s *spec.Schema) string {
	switch {
	case s.Minimum != nil && s.Maximum != nil:
		return fmt.Sprintf("must be between %v and %v, inclusive", *s.Minimum, *s.Maximum)
	case s.Minimum != nil:
		return fmt.Sprintf("must be at least %v", *s.Minimum)
	default:
		return fmt.Sprintf("must be at most %v", *s.Maximum)
	}
}

func stringsOf(values []any) []string {
	texts := make([]string, 0, len(values))
	for _, value := range values {
		texts = append(texts, fmt.Sprint(value))
	}
	return texts
}
