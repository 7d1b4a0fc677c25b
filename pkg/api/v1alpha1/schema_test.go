package v1alpha1_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	"github.com/failover-krm/failover/pkg/document"
)

type jsonObject = map[string]any

// TestSchemaAgreesWithTypes walks both at once: every field of the Go types is
// in the schema and the other way round, with the same JSON type, a description,
// and no room for a field that nobody knows.
func TestSchemaAgreesWithTypes(t *testing.T) {
	var schema jsonObject
	require.NoError(t, json.Unmarshal(v1alpha1.JSONSchema(), &schema))
	agree(t, "", reflect.TypeFor[v1alpha1.FailoverSpec](), schema)
}

// notInSchema are the fields of foreign types that a FailoverSpec refuses.
var notInSchema = []string{
	"spec.policy.targetRef", "spec.policy.targetRefs", "spec.policy.targetSelectors",
	"spec.active.endpoints[].unix", "spec.passive.endpoints[].unix",
	"spec.active.backends[].endpoints[].unix", "spec.passive.backends[].endpoints[].unix",
	"spec.grpcRoute.rules[].backendRefs",
}

func agree(t *testing.T, path string, goType reflect.Type, schema jsonObject) {
	for goType.Kind() == reflect.Pointer {
		goType = goType.Elem()
	}
	assert.NotEmpty(t, schema["description"], "%s has no description", path)
	if goType == reflect.TypeFor[metav1.ObjectMeta]() {
		assert.ElementsMatch(t, []string{"name", "namespace", "labels", "annotations"}, keys(schema["properties"]), path)
		return
	}
	if reflect.PointerTo(goType).Implements(reflect.TypeFor[json.Marshaler]()) {
		return // Quantity and the like: a scalar with a format of its own
	}
	switch goType.Kind() {
	case reflect.Struct:
		assert.Equal(t, "object", schema["type"], path)
		assert.Equal(t, false, schema["additionalProperties"], "%s must refuse unknown fields", path)
		agreeFields(t, path, goType, schema)
	case reflect.Slice:
		if goType.Elem().Kind() == reflect.Uint8 {
			assert.Equal(t, "string", schema["type"], path)
			return
		}
		assert.Equal(t, "array", schema["type"], path)
		agreeElement(t, path+"[]", goType.Elem(), schema["items"])
	case reflect.Map:
		assert.Equal(t, "object", schema["type"], path)
		agreeElement(t, path+"{}", goType.Elem(), schema["additionalProperties"])
	case reflect.String:
		assert.Equal(t, "string", schema["type"], path)
	case reflect.Bool:
		assert.Equal(t, "boolean", schema["type"], path)
	case reflect.Float32, reflect.Float64:
		assert.Equal(t, "number", schema["type"], path)
	default:
		assert.Equal(t, "integer", schema["type"], path)
	}
}

// agreeElement lends an element of a list or map, which needs no description of
// its own, that of the list.
func agreeElement(t *testing.T, path string, goType reflect.Type, element any) {
	schema, ok := element.(jsonObject)
	if !assert.True(t, ok, "%s has no schema", path) {
		return
	}
	described := jsonObject{"description": "element"}
	maps.Copy(described, schema)
	agree(t, path, goType, described)
}

func agreeFields(t *testing.T, path string, goType reflect.Type, schema jsonObject) {
	properties, _ := schema["properties"].(jsonObject)
	fields := map[string]reflect.Type{}
	collectFields(goType, fields)
	for name, fieldType := range fields {
		fieldPath := strings.TrimPrefix(path+"."+name, ".")
		property, ok := properties[name].(jsonObject)
		if !ok {
			assert.Contains(t, notInSchema, fieldPath, "%s is only in the Go type", fieldPath)
			continue
		}
		agree(t, fieldPath, fieldType, property)
	}
	for _, name := range keys(schema["properties"]) {
		assert.Contains(t, fields, name, "%s.%s is only in the schema", path, name)
	}
}

// collectFields finds the JSON fields of a struct, those of inlined ones too.
func collectFields(goType reflect.Type, fields map[string]reflect.Type) {
	for field := range fieldsOf(goType) {
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case name == "-" || !field.IsExported():
		case name == "" && (field.Anonymous || strings.Contains(options, "inline")):
			inlined := field.Type
			if inlined.Kind() == reflect.Pointer {
				inlined = inlined.Elem()
			}
			collectFields(inlined, fields)
		default:
			fields[name] = field.Type
		}
	}
}

func fieldsOf(goType reflect.Type) func(func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for field := range goType.Fields() {
			if !yield(field) {
				return
			}
		}
	}
}

func keys(properties any) []string {
	var names []string
	object, _ := properties.(jsonObject)
	for name := range object {
		names = append(names, name)
	}
	return names
}

// TestEveryFieldHasACase looks for each field of the API's own types, and of the
// policy, in a golden case that renders.
func TestEveryFieldHasACase(t *testing.T) {
	expected, err := filepath.Glob("../../../testdata/render/*/expected.yaml")
	require.NoError(t, err)
	var specs []document.Document
	for _, path := range expected {
		input := filepath.Join(filepath.Dir(path), "input.yaml")
		data, err := os.ReadFile(input)
		require.NoError(t, err)
		documents, err := document.Parse(data, input)
		require.NoError(t, err)
		specs = append(specs, documents...)
	}

	var schema jsonObject
	require.NoError(t, json.Unmarshal(v1alpha1.JSONSchema(), &schema))
	for _, parent := range []string{"metadata", "spec", "spec.gateway", "spec.active", "spec.active.backends[0]", "spec.active.workload", "spec.active.service", "spec.policy", "spec.policy.healthCheck", "spec.grpcRoute"} {
		at := schema
		for name := range strings.SplitSeq(parent, ".") {
			list, isItem := strings.CutSuffix(name, "[0]")
			if at = at["properties"].(jsonObject)[list].(jsonObject); isItem {
				at = at["items"].(jsonObject)
			}
		}
		for _, name := range keys(at["properties"]) {
			path := parent + "." + name
			onPassive := strings.Replace(path, "spec.active.", "spec.passive.", 1)
			assert.True(t, slices.ContainsFunc(specs, func(doc document.Document) bool {
				return document.Lookup(doc.Node, path) != nil || document.Lookup(doc.Node, onPassive) != nil
			}), "no case under testdata/render has %s", path)
		}
	}
}
