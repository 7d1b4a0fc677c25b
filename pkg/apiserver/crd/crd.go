// Package crd validates objects of Gateway API and Envoy Gateway as an API server
// would that has the CRDs of one version of Envoy Gateway: by their structural
// schemas, defaults and CEL rules, and offline.
package crd

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/validation"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/failover-krm/failover/pkg/apiserver/metadata"
	"github.com/failover-krm/failover/pkg/apiserver/schema"
	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/target"
)

//go:generate go -C ../../../hack/crdgen run . -root ../..

// release is what one version of Envoy Gateway installs.
type release struct {
	envoyGateway string
	kinds        []kind
}

// kind is one served version of a CRD.
type kind struct {
	apiVersion, name string
	namespaced       bool
	// fingerprint is that of the schema as the CRD has it.
	fingerprint string
	schema      *schema.Node
}

func (r release) kind(apiVersion, name string) *kind {
	i := slices.IndexFunc(r.kinds, func(k kind) bool { return k.apiVersion == apiVersion && k.name == name })
	if i < 0 {
		return nil
	}
	return &r.kinds[i]
}

func releaseOf(envoyGateway string) release {
	i := slices.IndexFunc(releases, func(r release) bool { return r.envoyGateway == envoyGateway })
	if i < 0 {
		return release{envoyGateway: envoyGateway}
	}
	return releases[i]
}

// Schema returns the schema of a kind in a version of Envoy Gateway, such as
// 1.8.2, or nil where it has no such CRD.
func Schema(envoyGateway, apiVersion, name string) *schema.Node {
	if kind := releaseOf(envoyGateway).kind(apiVersion, name); kind != nil {
		return kind.schema
	}
	return nil
}

// Knows tells whether Validate has a verdict on a kind: some Envoy Gateway has
// a CRD for it, in this version of its API or another.
func Knows(apiVersion, name string) bool {
	group, _, _ := strings.Cut(apiVersion, "/")
	return slices.ContainsFunc(releases, func(r release) bool {
		return slices.ContainsFunc(r.kinds, func(k kind) bool { return k.name == name && strings.HasPrefix(k.apiVersion, group+"/") })
	})
}

// Default fills in what an API server with the CRDs of a version of Envoy Gateway
// would, and gives numbers the type that the schema has. A kind without a CRD
// stays as it is.
func Default(envoyGateway string, object map[string]any) {
	apiVersion, name := kindOf(object)
	if kind := releaseOf(envoyGateway).kind(apiVersion, name); kind != nil {
		fillDefaults(kind.schema, object)
	}
}

// Validate returns all that an API server with the CRDs of a version of Envoy
// Gateway would refuse in a new object with its defaults filled in, unknown fields
// included, as it does for kubectl.
func Validate(envoyGateway string, object map[string]any) field.ErrorList {
	apiVersion, name := kindOf(object)
	used := releaseOf(envoyGateway)
	kind := used.kind(apiVersion, name)
	if kind == nil {
		return field.ErrorList{unknownKind(used, apiVersion, name)}
	}
	history := history{used, apiVersion, name}
	errs := schema.Check(kind.schema, object, schema.Advice{UnknownField: history.field, UnknownValue: history.value}).Errs
	errs = append(errs, metadata.Validate(metadata.Of(object), kind.namespaced, validation.NameIsDNSSubdomain)...)
	if slices.ContainsFunc(errs, blocksRules) {
		return errs
	}
	rules := ruleChecker{}
	rules.check(kind.schema, object, document.NewPath())
	return append(errs, rules.errs...)
}

// kindOf returns what an object says it is.
func kindOf(object map[string]any) (apiVersion, kind string) {
	apiVersion, _ = object["apiVersion"].(string)
	kind, _ = object["kind"].(string)
	return apiVersion, kind
}

// Lacks returns the fields and values in a part of an object that a version of
// Envoy Gateway does not have, and another one has. The paths are those within the
// part, which is found in the object at a path such as spec.
func Lacks(envoyGateway, apiVersion, kind string, at document.Path, part any) field.ErrorList {
	used := releaseOf(envoyGateway)
	known := used.kind(apiVersion, kind)
	if known == nil {
		return nil
	}
	history := history{used, apiVersion, kind}
	lacking := map[string]bool{}
	note := func(path *field.Path, advice string) string {
		lacking[path.String()] = advice != ""
		return advice
	}
	below := func(path *field.Path) document.Path { return at.Join(document.ParsePath(path.String())) }
	findings := schema.Check(known.schema.At(at), part, schema.Advice{
		UnknownField: func(path *field.Path) string { return note(path, history.fieldAt(below(path))) },
		UnknownValue: func(path *field.Path, value string) string { return note(path, history.valueAt(below(path), value)) },
	})
	return slices.DeleteFunc(findings.Errs, func(err *field.Error) bool { return !lacking[err.Field] })
}

// blocksRules tells whether an API server leaves the CEL rules out because of an
// error.
func blocksRules(err *field.Error) bool {
	blocking := []field.ErrorType{field.ErrorTypeRequired, field.ErrorTypeTooLong, field.ErrorTypeTooMany, field.ErrorTypeTypeInvalid}
	return slices.Contains(blocking, err.Type)
}

// fillDefaults returns a value with the defaults that an API server fills in, and
// with its numbers in the type that the schema gives them.
func fillDefaults(node *schema.Node, value any) any {
	switch given := value.(type) {
	case map[string]any:
		for _, known := range node.Fields {
			child, isGiven := given[known.Name]
			if !isGiven && known.Node.Default != "" {
				child, isGiven = defaultOf(known.Node)
			}
			if isGiven {
				given[known.Name] = fillDefaults(known.Node, child)
			}
		}
		if node.Values != nil {
			for name, child := range given {
				given[name] = fillDefaults(node.Values, child)
			}
		}
	case []any:
		for i, item := range given {
			if node.Items != nil {
				given[i] = fillDefaults(node.Items, item)
			}
		}
	case int64:
		if node.Type == schema.Number {
			return float64(given)
		}
	case float64:
		if node.Type == schema.Integer && given == float64(int64(given)) {
			return int64(given)
		}
	}
	return value
}

// defaultOf returns the default of a field that has one, without the defaults in it. It is a
// function of its own since what it decodes to is allocated.
func defaultOf(node *schema.Node) (value any, isValue bool) {
	err := utiljson.Unmarshal([]byte(node.Default), &value)
	return value, err == nil
}

// history knows which Envoy Gateway has what.
type history struct {
	used             release
	apiVersion, kind string
}

// field says in which versions a field is that the one in use does not have.
func (h history) field(path *field.Path) string { return h.fieldAt(document.ParsePath(path.String())) }

func (h history) fieldAt(path document.Path) string {
	return h.compare("unknown field", func(root *schema.Node) bool { return root.At(path) != nil })
}

// value says in which versions a value is allowed that the one in use refuses.
func (h history) value(path *field.Path, value string) string {
	return h.valueAt(document.ParsePath(path.String()), value)
}

func (h history) valueAt(path document.Path, value string) string {
	advice := h.compare("unsupported value", func(root *schema.Node) bool {
		node := root.At(path)
		return node != nil && slices.Contains(node.Enum, value)
	})
	if advice != "" {
		advice += "; supported here: " + strings.Join(h.used.kind(h.apiVersion, h.kind).schema.At(path).Enum, ", ")
	}
	return advice
}

// compare says which version has something, or nothing where none has.
func (h history) compare(what string, has func(*schema.Node) bool) string {
	hadBefore := ""
	isLater := false
	for _, r := range releases {
		if r.envoyGateway == h.used.envoyGateway {
			isLater = true
			continue
		}
		kind := r.kind(h.apiVersion, h.kind)
		switch {
		case kind == nil || !has(kind.schema):
		case isLater:
			return target.Missing(what, h.used.envoyGateway, r.envoyGateway)
		default:
			hadBefore = target.Minor(r.envoyGateway)
		}
	}
	if hadBefore != "" {
		return fmt.Sprintf("%s in Envoy Gateway %s: Envoy Gateway 1.%s was the last to have it", what, h.used.envoyGateway, hadBefore)
	}
	return ""
}

func unknownKind(used release, apiVersion, name string) *field.Error {
	advice := history{used, apiVersion, name}.compare("unknown kind", func(*schema.Node) bool { return true })
	var served []string
	for _, k := range used.kinds {
		if k.name == name {
			served = append(served, k.apiVersion)
		}
	}
	if len(served) == 0 {
		return field.Invalid(field.NewPath("kind"), name, cmp.Or(advice, "unknown kind in Envoy Gateway "+used.envoyGateway))
	}
	if advice != "" {
		return field.Invalid(field.NewPath("apiVersion"), apiVersion, advice+"; served here: "+strings.Join(served, ", "))
	}
	return field.NotSupported(field.NewPath("apiVersion"), apiVersion, served)
}
