package v1alpha1

import (
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

// shape are the errors of a document that does not have the form of a
// FailoverSpec.
type shape struct {
	errs field.ErrorList
	// broken are the paths at which nothing more can be said: a value of the wrong
	// type or out of range, an unknown field, and the field it was meant to be.
	broken []string
}

// checkShape judges the value of a node by the schema.
func checkShape(node *yaml.Node, value any) shape {
	validator := openapivalidate.NewSchemaValidator(schema(), nil, "", strfmt.Default)
	var s shape
	missing := map[string]bool{}
	for _, err := range validator.Validate(value).Errors {
		var invalid *openapierrors.Validation
		if !errors.As(err, &invalid) {
			s.errs = append(s.errs, field.InternalError(nil, err))
			continue
		}
		if invalid.Code() == openapierrors.RequiredFailCode {
			missing[strings.TrimPrefix(invalid.Name, ".")] = true
			continue
		}
		s.add(node, invalid)
	}
	for _, path := range s.broken {
		delete(missing, path)
	}
	for path := range missing {
		s.errs = append(s.errs, field.Required(field.NewPath(path), "must be given"))
	}
	return s
}

// add turns an error of the schema validator into a field error.
func (s *shape) add(node *yaml.Node, invalid *openapierrors.Validation) {
	name := strings.TrimPrefix(invalid.Name, ".")
	path := field.NewPath(name)
	given := document.Lookup(node, name)
	var found any = "a map"
	switch {
	case given == nil:
	case given.Kind == yaml.ScalarNode:
		found = given.Value
	case given.Kind == yaml.SequenceNode:
		found = "a list"
	}

	switch invalid.Code() {
	case openapierrors.UnallowedPropertyCode:
		s.addUnknown(name, fmt.Sprint(invalid.Value))
	case openapierrors.InvalidTypeCode:
		s.broken = append(s.broken, name)
		s.errs = append(s.errs, field.TypeInvalid(path, found, "must be "+typeName(schemaAt(name))))
	case openapierrors.EnumFailCode:
		s.errs = append(s.errs, field.NotSupported(path, found, stringsOf(invalid.Values)))
	case openapierrors.PatternFailCode:
		s.errs = append(s.errs, field.Invalid(path, found, patternDetail(schemaAt(name))))
	case openapierrors.MinFailCode, openapierrors.MaxFailCode:
		s.broken = append(s.broken, name)
		s.errs = append(s.errs, field.Invalid(path, found, rangeDetail(schemaAt(name))))
	default:
		detail := strings.TrimPrefix(invalid.Error(), invalid.Name+" in body ")
		s.errs = append(s.errs, field.Invalid(path, found, detail))
	}
}

// addUnknown reports a field that the schema does not have.
func (s *shape) addUnknown(parent, name string) {
	path := name
	if parent != "" {
		path = parent + "." + name
	}
	s.broken = append(s.broken, path)
	known := slices.Sorted(maps.Keys(schemaAt(parent).Properties))
	detail := "unknown field; known are " + strings.Join(known, ", ")
	if meant := document.Suggest(name, known); meant != "" {
		detail = fmt.Sprintf("unknown field, did you mean %q?", meant)
		s.broken = append(s.broken, strings.TrimSuffix(path, name)+meant)
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

// durationPattern is that of Gateway API's Duration.
const durationPattern = `^([0-9]{1,5}(h|m|s|ms)){1,4}$`

func patternDetail(s *spec.Schema) string {
	if s.Pattern == durationPattern {
		return `must be a duration such as "500ms", "2s" or "1m30s"`
	}
	return "must match " + s.Pattern
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
