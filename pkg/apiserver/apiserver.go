// Package apiserver is the API server's twin: it fills in the defaults of new
// objects and validates them, as the API server of a target would, offline. This
// file is the one door; it knows which package knows which kind.
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

// Object is an object on its way to an API server.
type Object struct {
	// Value is the object as document.Value or encode.Value returns it. Validate
	// fills in defaults.
	Value map[string]any
	// Typed is the same as a Go type; nil where there is none yet.
	Typed runtime.Object
}

// Kind returns the version and the kind that the object says it is.
func (o Object) Kind() (apiVersion, kind string) {
	apiVersion, _ = o.Value["apiVersion"].(string)
	kind, _ = o.Value["kind"].(string)
	return apiVersion, kind
}

// Knows tells whether there is a verdict on a kind.
func Knows(apiVersion, kind string) bool {
	return crd.Knows(apiVersion, kind) || builtin.Knows(apiVersion, kind)
}

// FillsIn tells whether Validate may fill in defaults of a kind.
func FillsIn(apiVersion, kind string) bool {
	return !builtin.Knows(apiVersion, kind) && crd.Knows(apiVersion, kind)
}

// Validate fills in the defaults of a new object, and returns all that the API server
// of a cluster with an Envoy Gateway, such as 1.8.2, would refuse in it, unknown
// fields included, as it does for kubectl. There is nothing to say of a kind that it
// does not know.
func Validate(envoyGateway string, object Object) field.ErrorList {
	var errs field.ErrorList
	switch apiVersion, kind := object.Kind(); {
	case builtin.Knows(apiVersion, kind):
		errs = builtin.Validate(object.Value, object.Typed)
	case crd.Knows(apiVersion, kind):
		crd.Default(envoyGateway, object.Value)
		errs = crd.Validate(envoyGateway, object.Value)
	}
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
