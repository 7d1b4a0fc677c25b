package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"

	"github.com/failover-krm/failover/hack/gosource"
	schemas "github.com/failover-krm/failover/pkg/apiserver/schema"
)

// object is a JSON object.
type object = map[string]any

// generate writes the schema of every kind in every version as Go data.
func generate() ([]byte, error) {
	generator := generator{writer: gosource.NewWriter(), checked: map[string]string{}}
	var table strings.Builder
	table.WriteString("// releases has the CRDs of each Envoy Gateway, the oldest first.\nvar releases = []release{\n")
	for _, version := range versions {
		crds, err := crdsOf(version)
		if err != nil {
			return nil, err
		}
		slices.SortFunc(crds, func(a, b apiextensionsv1.CustomResourceDefinition) int {
			return cmp.Compare(a.Spec.Names.Kind, b.Spec.Names.Kind)
		})
		fmt.Fprintf(&table, "{%q, []kind{\n", version)
		for _, crd := range crds {
			for _, served := range crd.Spec.Versions {
				if !served.Served {
					continue
				}
				reference, err := generator.reference(served)
				if err != nil {
					return nil, fmt.Errorf("%s %s of %s: %w", crd.Spec.Names.Kind, served.Name, version, err)
				}
				fingerprint, err := fingerprintOf(served)
				if err != nil {
					return nil, err
				}
				fmt.Fprintf(&table, "{%q, %q, %t, %q, %s},\n", crd.Spec.Group+"/"+served.Name, crd.Spec.Names.Kind, crd.Spec.Scope == apiextensionsv1.NamespaceScoped, fingerprint, reference)
			}
		}
		table.WriteString("}},\n")
	}
	table.WriteString("}\n")
	return generator.writer.Source("hack/crdgen from the CRDs of Envoy Gateway", "crd", table.String())
}

type generator struct {
	writer *gosource.Writer
	// checked has every rule that was checked, by its text and the schema it is at.
	checked map[string]string
}

// reference returns an expression for a pointer to the schema of a kind.
func (g *generator) reference(served apiextensionsv1.CustomResourceDefinitionVersion) (string, error) {
	data, err := json.Marshal(served.Schema.OpenAPIV3Schema)
	if err != nil {
		return "", err
	}
	var schema object
	if err := json.Unmarshal(data, &schema); err != nil {
		return "", err
	}
	properties := schema["properties"].(object)
	properties["metadata"] = objectMeta
	if _, hasStatus := properties["status"]; hasStatus && served.Subresources != nil && served.Subresources.Status != nil {
		properties["status"] = fieldsOnly(properties["status"].(object)) // an API server reads it, and then leaves it out
	}
	required, _ := schema["required"].([]any)
	schema["required"] = append(required, "apiVersion", "kind", "metadata")
	closeObjects(schema)
	if err := g.checkRules(schema); err != nil {
		return "", err
	}
	return g.writer.Reference(schema)
}

// fingerprintOf returns that of the schema as an API server would print it.
func fingerprintOf(served apiextensionsv1.CustomResourceDefinitionVersion) (string, error) {
	data, err := json.Marshal(served.Schema.OpenAPIV3Schema)
	if err != nil {
		return "", err
	}
	var value any
	err = json.Unmarshal(data, &value)
	return schemas.Fingerprint(value), err
}

// checkRules adds the compiled form of each rule to a schema.
func (g *generator) checkRules(node object) error {
	rules, _ := node["x-kubernetes-validations"].([]any)
	if len(rules) > 0 {
		data, err := json.Marshal(node)
		if err != nil {
			return err
		}
		var kept []any
		for _, rule := range rules {
			rule := rule.(object)
			if err := g.checkRule(data, rule); err != nil {
				return err
			}
			if rule["expr"] != "" {
				kept = append(kept, rule)
			}
		}
		node["x-kubernetes-validations"] = kept
	}
	for _, child := range childrenOf(node) {
		if err := g.checkRules(child); err != nil {
			return err
		}
	}
	return nil
}

func (g *generator) checkRule(node []byte, rule object) error {
	for keyword := range rule {
		if keyword != "rule" && keyword != "message" {
			return fmt.Errorf("%s of a rule is not known", keyword)
		}
	}
	text := rule["rule"].(string)
	key := text + string(node)
	if _, known := g.checked[key]; !known {
		structural, err := structuralOf(node)
		if err != nil {
			return err
		}
		_, checked, err := checkedRule(structural, text)
		if err != nil {
			return err
		}
		if g.checked[key], err = ruleLiteral(checked); err != nil {
			return fmt.Errorf("%s: %w", text, err)
		}
	}
	rule["expr"] = g.checked[key]
	return nil
}

func structuralOf(node []byte) (*schema.Structural, error) {
	var props apiextensionsv1.JSONSchemaProps
	if err := json.Unmarshal(node, &props); err != nil {
		return nil, err
	}
	var internal apiextensions.JSONSchemaProps
	if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(&props, &internal, nil); err != nil {
		return nil, err
	}
	return schema.NewStructural(&internal)
}

// childrenOf returns the schemas of a schema's fields, values and items.
func childrenOf(node object) []object {
	var children []object
	properties, _ := node["properties"].(object)
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		children = append(children, properties[name].(object))
	}
	for _, keyword := range []string{"items", "additionalProperties"} {
		if child, ok := node[keyword].(object); ok {
			children = append(children, child)
		}
	}
	return children
}

// closeObjects says in JSON Schema what structural schemas mean: there are no
// fields but those named, unless the schema says so. The rest of it is the form
// that the CRD has.
func closeObjects(node object) {
	delete(node, "description")
	_, isMap := node["additionalProperties"]
	if node["x-kubernetes-preserve-unknown-fields"] == true {
		clear(node)
	} else if node["type"] == "object" && !isMap {
		node["additionalProperties"] = false
	}
	for _, child := range childrenOf(node) {
		closeObjects(child)
	}
}

// fieldsOnly returns what a schema says about which fields there are, and of what
// type.
func fieldsOnly(node object) object {
	kept := object{"type": node["type"]}
	for _, keyword := range []string{"items", "additionalProperties"} {
		if child, ok := node[keyword].(object); ok {
			kept[keyword] = fieldsOnly(child)
		}
	}
	if properties, ok := node["properties"].(object); ok {
		fields := object{}
		for name, child := range properties {
			fields[name] = fieldsOnly(child.(object))
		}
		kept["properties"] = fields
	}
	return kept
}

// objectMeta is the metadata of any object. What its values may be is in
// package crd.
var objectMeta = object{"type": "object", "properties": object{
	"annotations":                object{"type": "object", "additionalProperties": object{"type": "string"}},
	"creationTimestamp":          object{"type": "string"},
	"deletionGracePeriodSeconds": object{"type": "integer"},
	"deletionTimestamp":          object{"type": "string"},
	"finalizers":                 object{"type": "array", "items": object{"type": "string"}},
	"generateName":               object{"type": "string"},
	"generation":                 object{"type": "integer"},
	"labels":                     object{"type": "object", "additionalProperties": object{"type": "string"}},
	"managedFields":              object{"type": "array", "items": object{}},
	"name":                       object{"type": "string"},
	"namespace":                  object{"type": "string"},
	"ownerReferences":            object{"type": "array", "items": object{}},
	"resourceVersion":            object{"type": "string"},
	"selfLink":                   object{"type": "string"},
	"uid":                        object{"type": "string"},
}}
