package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/failover-krm/failover/hack/gosource"
)

// kubernetes is the version whose OpenAPI has the schemas of Kubernetes' own kinds.
const kubernetes = "1.36.3"

// builtinKinds are Kubernetes' own kinds that failover renders, by the Go variable
// of their schema.
var builtinKinds = map[string]struct{ file, definition string }{
	"deploymentSchema": {"apis__apps__v1_openapi.json", "io.k8s.api.apps.v1.Deployment"},
	"serviceSchema":    {"api__v1_openapi.json", "io.k8s.api.core.v1.Service"},
}

// generateBuiltin writes the schemas of Kubernetes' own kinds as Go data.
func generateBuiltin() ([]byte, error) {
	module, err := moduleDirectory("k8s.io/kubernetes@v" + kubernetes)
	if err != nil {
		return nil, err
	}
	writer := gosource.NewWriter()
	var variables strings.Builder
	for _, variable := range slices.Sorted(maps.Keys(builtinKinds)) {
		kind := builtinKinds[variable]
		definitions, err := openAPIDefinitions(filepath.Join(module, "api", "openapi-spec", "v3", kind.file))
		if err != nil {
			return nil, err
		}
		schema, err := definitions.structural(object{"$ref": kind.definition})
		if err != nil {
			return nil, err
		}
		reference, err := writer.Reference(schema)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", kind.definition, err)
		}
		fmt.Fprintf(&variables, "var %s = %s\n", variable, reference)
	}
	return writer.Source("hack/crdgen from the OpenAPI of Kubernetes "+kubernetes, "builtin", variables.String())
}

// definitions are the schemas of a file of OpenAPI, by name.
type definitions map[string]object

func openAPIDefinitions(path string) (definitions, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var file struct {
		Components struct{ Schemas definitions }
	}
	err = json.Unmarshal(data, &file)
	return file.Components.Schemas, err
}

// wellKnown are the types that marshal as something other than their fields.
var wellKnown = map[string]object{
	"io.k8s.apimachinery.pkg.util.intstr.IntOrString": {"anyOf": "integer or string", "format": "int32"},
	"io.k8s.apimachinery.pkg.api.resource.Quantity":   {"anyOf": "number or string", "format": "quantity"},
	"io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1":   {},
}

// structural returns what an API server asks of a value when it decodes one of its
// own kinds: that there are no other fields, and the types. It takes what OpenAPI
// calls required for absent, a key that a list has twice, and null for an item:
// if that is wrong, then by a rule in Go.
func (d definitions) structural(node object) (object, error) {
	if parts, ok := node["allOf"].([]any); ok && len(parts) == 1 {
		return d.structural(parts[0].(object))
	}
	if reference, ok := node["$ref"].(string); ok {
		name := reference[strings.LastIndex(reference, "/")+1:]
		if known, ok := wellKnown[name]; ok {
			return maps.Clone(known), nil
		}
		definition, found := d[name]
		if !found {
			return nil, fmt.Errorf("there is no definition of %s", name)
		}
		return d.structural(definition)
	}
	schema := object{"type": node["type"]}
	if format, given := node["format"]; given {
		schema["format"] = format
	}
	if properties, ok := node["properties"].(object); ok {
		fields := object{}
		for name, property := range properties {
			field, err := d.structural(property.(object))
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			fields[name] = field
		}
		schema["properties"], schema["additionalProperties"] = fields, false
	}
	for _, keyword := range []string{"items", "additionalProperties"} {
		child, ok := node[keyword].(object)
		if !ok {
			continue
		}
		element, err := d.structural(child)
		if err != nil {
			return nil, err
		}
		if keyword == "items" {
			element["nullable"] = true
		}
		schema[keyword] = element
	}
	return schema, nil
}
