package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"golang.org/x/tools/go/packages"
	"sigs.k8s.io/controller-tools/pkg/crd"
	"sigs.k8s.io/controller-tools/pkg/loader"

	"github.com/failover-krm/failover/pkg/target"
)

// object is a JSON object of the schema.
type object = map[string]any

// failoverSpecSchema turns controller-tools' schema of FailoverSpec, which is that
// of a CRD, into a JSON Schema of what failover accepts.
func failoverSpecSchema(pkg *loader.Package, parser *crd.Parser) (object, error) {
	schema, err := schemaOf(pkg, parser, "FailoverSpec")
	if err != nil {
		return nil, err
	}
	at(schema, "metadata")["required"] = []any{"name"}
	schema["required"] = []any{"apiVersion", "kind", "metadata", "spec"}

	spec := at(schema, "spec")
	known := at(spec, "target")
	known["default"], known["enum"] = string(target.Default), enumOf(target.All())
	// The policy's target is the route, so a user has none to give.
	policy := at(spec, "policy")
	remove(policy, "targetRef", "targetRefs", "targetSelectors")
	// A rule has no backends except the tiers either.
	remove(at(spec, "grpcRoute", "rules")["items"].(object), "backendRefs")
	// Its zero value is refused by the CRD's own pattern.
	at(policy, "requestBuffer")["required"] = []any{"limit"}
	// Inferred from the block that is there.
	optional(at(policy, "healthCheck", "active"), "type")
	at(policy, "healthCheck", "active", "http", "path")["examples"] = []any{"/healthz"}
	for _, name := range []string{"active", "passive"} {
		tier := at(spec, name)
		for _, backend := range []object{tier, at(tier, "backends")["items"].(object)} {
			endpoint := at(backend, "endpoints")["items"].(object)
			// Inside the gateway's own pod, so no tier.
			remove(endpoint, "unix")
			// The CRD lets 0 pass, which then fails in Envoy Gateway.
			at(endpoint, "fqdn", "port")["minimum"] = 1
			at(endpoint, "ip", "port")["minimum"] = 1
		}
	}

	finish(schema)
	return schema, nil
}

// failoverCheckSchema is that of FailoverCheck.
func failoverCheckSchema(pkg *loader.Package, parser *crd.Parser) (object, error) {
	schema, err := schemaOf(pkg, parser, "FailoverCheck")
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"name", "namespace", "labels", "annotations"} {
		at(schema, "metadata", name)["description"] = "For orchestrators: failover does not use it."
	}
	schema["required"] = []any{"apiVersion", "kind"}
	known := at(schema, "spec", "target")
	known["default"], known["enum"] = string(target.Default), enumOf(target.All())
	finish(schema)
	return schema, nil
}

// failoverDrillSchema is that of FailoverDrill.
func failoverDrillSchema(pkg *loader.Package, parser *crd.Parser) (object, error) {
	schema, err := schemaOf(pkg, parser, "FailoverDrill")
	if err != nil {
		return nil, err
	}
	at(schema, "metadata")["required"] = []any{"name"}
	at(schema, "metadata", "name")["minLength"] = 1
	schema["required"] = []any{"apiVersion", "kind", "metadata", "spec"}
	for _, name := range []string{"for", "failover", "failback"} {
		at(schema, "spec", name)["format"] = "duration"
	}
	finish(schema)
	return schema, nil
}

// schemaOf returns the schema of a kind, with what every kind has in common.
func schemaOf(pkg *loader.Package, parser *crd.Parser, kind string) (object, error) {
	ident := crd.TypeIdent{Package: pkg, Name: kind}
	parser.NeedFlattenedSchemaFor(ident)
	if loader.PrintErrors([]*loader.Package{pkg}, packages.TypeError) {
		return nil, fmt.Errorf("the types have no schema")
	}
	data, err := json.Marshal(parser.FlattenedSchemata[ident])
	if err != nil {
		return nil, err
	}
	var schema object
	if err := json.Unmarshal(data, &schema); err != nil {
		return nil, err
	}
	schema["title"] = kind
	at(schema, "metadata")["properties"] = metadataProperties()
	at(schema, "apiVersion")["enum"] = []any{"failover.krm.dev/v1alpha1"}
	at(schema, "apiVersion")["description"] = "The version of this API."
	at(schema, "kind")["enum"] = []any{kind}
	at(schema, "kind")["description"] = kind + ", always."
	return schema, nil
}

// finish makes a JSON Schema of what is that of a CRD.
func finish(schema object) {
	close(schema)
	describe(schema)
	schema["$schema"] = "http://json-schema.org/draft-07/schema#"
}

// enumOf lists the values of an enum.
func enumOf[T ~string](values []T) []any {
	var enum []any
	for _, value := range values {
		enum = append(enum, string(value))
	}
	return enum
}

// metadataProperties are the fields of Kubernetes' metadata that mean something
// in a file on its way to tools.
func metadataProperties() object {
	text := object{"type": "string"}
	return object{
		"name":        object{"type": "string", "examples": []any{"shop"}, "description": "Names the route; the other names default from it. A DNS label, short enough for them."},
		"namespace":   object{"type": "string", "description": "Namespace of all objects except a Gateway placed elsewhere. Default: the one given to the command, otherwise `default`."},
		"labels":      object{"type": "object", "additionalProperties": text, "description": "Labels of this file, not of the objects: see spec.labels."},
		"annotations": object{"type": "object", "additionalProperties": text, "description": "Annotations of this file, for orchestrators, not of the objects: see spec.annotations."},
	}
}

// at returns the schema of a field by its path of property names.
func at(schema object, path ...string) object {
	for _, name := range path {
		schema = schema["properties"].(object)[name].(object)
	}
	return schema
}

func remove(schema object, names ...string) {
	for _, name := range names {
		delete(schema["properties"].(object), name)
		optional(schema, name)
	}
}

func optional(schema object, name string) {
	required, _ := schema["required"].([]any)
	kept := make([]any, 0, len(required))
	for _, candidate := range required {
		if candidate != name {
			kept = append(kept, candidate)
		}
	}
	if schema["required"] = kept; len(kept) == 0 {
		delete(schema, "required")
	}
}

// close refuses unknown fields at every level, and drops what only an API server
// understands.
func close(schema object) {
	_, isMap := schema["additionalProperties"]
	_, isFree := schema["x-kubernetes-preserve-unknown-fields"]
	if schema["type"] == "object" && !isMap && !isFree {
		schema["additionalProperties"] = false
	}
	for key := range schema {
		if strings.HasPrefix(key, "x-kubernetes-") {
			delete(schema, key)
		}
	}
	if example, given := schema["example"]; given {
		schema["examples"] = []any{example} // as JSON Schema has it
		delete(schema, "example")
	}
	if properties, ok := schema["properties"].(object); ok {
		for _, property := range properties {
			close(property.(object))
		}
	}
	for _, key := range []string{"items", "additionalProperties"} {
		if child, ok := schema[key].(object); ok {
			close(child)
		}
	}
}

// undescribed has words for the fields of foreign types that have no comment.
var undescribed = map[string]string{
	"numerator":   "Numerator of the fraction.",
	"denominator": "Denominator of the fraction. Default: 100.",
	"type":        "How the addresses of the range are counted: all together (Exact), or each for itself (Distinct).",
}

// describe fills in what upstream left without a description.
func describe(schema object) {
	properties, _ := schema["properties"].(object)
	for name, value := range properties {
		property := value.(object)
		if _, described := property["description"]; !described && undescribed[name] != "" {
			property["description"] = undescribed[name]
		}
		describe(property)
	}
	for _, key := range []string{"items", "additionalProperties"} {
		if child, ok := schema[key].(object); ok {
			describe(child)
		}
	}
}

func encode(schema object) ([]byte, error) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(schema)
	return buffer.Bytes(), err
}
