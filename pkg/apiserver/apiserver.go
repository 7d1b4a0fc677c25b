// Package apiserver does with new objects what the API server of a target would do, offline:
// it fills in their defaults and validates them. This file is the one door; it knows which
// package knows which kind.
package apiserver

import (
	"cmp"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/failover-krm/failover/pkg/apiserver/builtin"
	"github.com/failover-krm/failover/pkg/apiserver/crd"
)

// Knows tells whether there is a verdict on a kind.
func Knows(apiVersion, kind string) bool {
	return crd.Knows(apiVersion, kind) || builtin.Knows(apiVersion, kind)
}

// Validate fills in the defaults of a new object, as document.Value returns it, and returns
// all that the API server of a cluster with an Envoy Gateway, such as 1.8.2, would refuse in
// it, unknown fields included, as it does for kubectl. There is nothing to say of a kind that
// it does not know.
func Validate(envoyGateway string, object map[string]any) field.ErrorList {
	apiVersion, _ := object["apiVersion"].(string)
	kind, _ := object["kind"].(string)
	var errs field.ErrorList
	switch {
	case builtin.Knows(apiVersion, kind):
		errs = builtin.Validate(object)
	case crd.Knows(apiVersion, kind):
		crd.Default(envoyGateway, object)
		errs = crd.Validate(envoyGateway, object)
	}
	slices.SortStableFunc(errs, compare)
	return errs
}

// FillsIn tells whether an object that was made in Go may get defaults.
func FillsIn(object runtime.Object) bool {
	return crd.Knows(object.GetObjectKind().GroupVersionKind().ToAPIVersionAndKind())
}

// DefaultTyped fills in the defaults of such an object, and of what it points to. Its value
// is then for Validate.
func DefaultTyped(envoyGateway string, object runtime.Object) error {
	return crd.DefaultTyped(envoyGateway, object)
}

// ValidateTyped does what Validate does, for an object of a kind without defaults to fill in.
func ValidateTyped(object runtime.Object) field.ErrorList {
	errs := builtin.ValidateTyped(object)
	slices.SortStableFunc(errs, compare)
	return errs
}

// RemoveDefaults removes the fields of an object that the API server of a cluster with
// an Envoy Gateway, such as 1.8.2, would fill in again.
func RemoveDefaults(envoyGateway string, value map[string]any) {
	crd.RemoveDefaults(envoyGateway, value)
	builtin.RemoveDefaults(value)
}

// PullPolicy returns the imagePullPolicy that an API server fills in for an image.
func PullPolicy(image string) corev1.PullPolicy { return builtin.PullPolicy(image) }

// compare orders the errors of an object, some of which are found in maps.
func compare(a, b *field.Error) int {
	return cmp.Or(cmp.Compare(a.Field, b.Field), cmp.Compare(a.Detail, b.Detail), cmp.Compare(fmt.Sprint(a.BadValue), fmt.Sprint(b.BadValue)))
}
