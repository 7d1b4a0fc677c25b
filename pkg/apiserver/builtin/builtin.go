// Package builtin validates the kinds of Kubernetes itself that failover renders as
// an API server would. What of them it knows is in docs/validation.md.
package builtin

import (
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	kjson "sigs.k8s.io/json"
)

// Knows tells whether Validate has a verdict on a kind.
func Knows(apiVersion, kind string) bool {
	return apiVersion == "apps/v1" && kind == "Deployment" || apiVersion == "v1" && kind == "Service"
}

// Validate returns what an API server would refuse in a new object, unknown
// fields included, as it does for kubectl. The object is given as a Go type too
// where it was made in Go.
func Validate(value map[string]any, typed runtime.Object) field.ErrorList {
	switch typed := typed.(type) {
	case *appsv1.Deployment:
		return validateDeployment(typed)
	case *corev1.Service:
		return validateService(typed)
	}
	switch value["kind"] {
	case "Deployment":
		deployment := &appsv1.Deployment{}
		if errs := decode(value, deployment); len(errs) > 0 {
			return errs
		}
		return validateDeployment(deployment)
	case "Service":
		service := &corev1.Service{}
		if errs := decode(value, service); len(errs) > 0 {
			return errs
		}
		return validateService(service)
	default:
		return nil
	}
}

// decode reads a value into a Go type as strictly as an API server.
func decode(value, into any) field.ErrorList {
	data, err := json.Marshal(value)
	if err != nil {
		return field.ErrorList{field.InternalError(nil, err)}
	}
	strict, err := kjson.UnmarshalStrict(data, into)
	if err != nil {
		if wrongType, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return field.ErrorList{field.TypeInvalid(pathOf(wrongType.Field), wrongType.Value, "must fit into "+wrongType.Type.String())}
		}
		return field.ErrorList{field.Invalid(nil, field.OmitValueType{}, err.Error())}
	}
	var errs field.ErrorList
	for _, err := range strict {
		path := pathOf(unknownField.ReplaceAllString(err.Error(), "$1"))
		errs = append(errs, field.Forbidden(path, "unknown field"))
	}
	return errs
}

var unknownField = regexp.MustCompile(`^unknown field "(.*)"$`)

func pathOf(text string) *field.Path {
	if text == "" {
		return nil
	}
	first, rest, _ := strings.Cut(text, ".")
	path := field.NewPath(first)
	if rest != "" {
		path = path.Child(rest)
	}
	return path
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
