// Package builtin validates the kinds of Kubernetes itself that failover renders as
// an API server would: by their schemas, and by rules. What of them it knows is in
// docs/validation.md.
package builtin

import (
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/failover-krm/failover/pkg/apiserver/schema"
)

// Knows tells whether Validate has a verdict on a kind.
func Knows(apiVersion, kind string) bool { return Schema(apiVersion, kind) != nil }

// Schema returns the schema of a kind, or nil where it is not known.
func Schema(apiVersion, kind string) *schema.Node {
	switch {
	case apiVersion == "apps/v1" && kind == "Deployment":
		return deploymentSchema
	case apiVersion == "v1" && kind == "Service":
		return serviceSchema
	default:
		return nil
	}
}

// Validate returns what an API server would refuse in a new object, as document.Value
// returns it, unknown fields included, as it does for kubectl.
func Validate(object map[string]any) field.ErrorList {
	switch object["kind"] {
	case "Deployment":
		return validateValue(deploymentSchema, object, validateDeployment)
	case "Service":
		return validateValue(serviceSchema, object, validateService)
	default:
		return nil
	}
}

// ValidateTyped does so for an object that was made in Go: it has the form of its schema.
func ValidateTyped(object runtime.Object) field.ErrorList {
	switch object := object.(type) {
	case *appsv1.Deployment:
		return validateDeployment(object)
	case *corev1.Service:
		return validateService(object)
	default:
		return nil
	}
}

// validateValue validates a value by its schema, and what of it has that form by
// the rules.
func validateValue[T any](node *schema.Node, value map[string]any, rules func(*T) field.ErrorList) field.ErrorList {
	findings := schema.Check(node, value, schema.Advice{})
	broken := newBreaks(findings.Broken)
	object := new(T)
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(broken.without(value), object); err != nil {
		return append(findings.Errs, field.Invalid(nil, field.OmitValueType{}, err.Error()))
	}
	return append(findings.Errs, slices.DeleteFunc(rules(object), broken.explain)...)
}

// oneOf wants a word that the API server knows; an empty one gets its default.
func oneOf[T ~string](value T, path *field.Path, words ...T) field.ErrorList {
	if value == "" || slices.Contains(words, value) {
		return nil
	}
	return field.ErrorList{field.NotSupported(path, value, words)}
}

func notNegative[T int32 | int64](value *T, path *field.Path) field.ErrorList {
	if value == nil || *value >= 0 {
		return nil
	}
	return field.ErrorList{field.Invalid(path, *value, "must be at least 0")}
}

func required(path *field.Path, detail string) field.ErrorList {
	return field.ErrorList{field.Required(path, detail)}
}
