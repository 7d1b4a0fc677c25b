package compile

import (
	"cmp"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/failover-krm/failover/pkg/apiserver"
	"github.com/failover-krm/failover/pkg/apiserver/crd"
	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/envoygateway"
	"github.com/failover-krm/failover/pkg/render"
	"github.com/failover-krm/failover/pkg/target"
)

// explain turns what is refused in objects into errors of the fields of their
// specs. What is refused in several objects of a spec for one reason, such as
// a label, is reported once.
func explain[T any](objects []compiled[T]) []diagnostic.Diagnostic {
	type reason struct {
		subject       *diagnostic.Subject
		field, detail string
	}
	var diagnostics []diagnostic.Diagnostic
	reported := map[reason]bool{}
	for _, object := range objects {
		subject, kind := object.Subject, object.Resource.GetObjectKind().GroupVersionKind().Kind
		for _, err := range object.refused {
			placed := *err
			placed.Field = object.Origin(document.ParsePath(err.Field)).String()
			found := diagnostic.Errors(subject, field.ErrorList{&placed})
			if reason := (reason{subject, placed.Field, found[0].Message}); !reported[reason] {
				reported[reason] = true
				found[0].Message += fmt.Sprintf(" (target %s, %s %s)", object.Spec.Spec.Target, kind, err.Field)
				diagnostics = append(diagnostics, found...)
			}
		}
	}
	return diagnostics
}

// lacking returns what the target lacks of what a spec asks for, for one that has
// other errors, so that nothing is rendered of it: all errors come at once.
func lacking(subject *diagnostic.Subject, errs field.ErrorList) field.ErrorList {
	on := target.Target(cmp.Or(subject.Field("spec.target"), string(target.Default)))
	if !on.IsKnown() {
		return nil
	}
	var found field.ErrorList
	for _, origin := range render.Origins() {
		node := document.Lookup(subject.Node, origin.Spec.String())
		if node == nil {
			continue
		}
		part, _ := document.Value(node)
		apiVersion, kind := origin.Kind.ToAPIVersionAndKind()
		for _, err := range crd.Lacks(on.EnvoyGateway(), apiVersion, kind, origin.Object, part) {
			within := document.ParsePath(err.Field)
			err.Field = origin.Spec.Join(within).String()
			err.Detail += fmt.Sprintf(" (target %s, %s %s)", on, kind, origin.Object.Join(within))
			known := func(known *field.Error) bool { return known.Field == err.Field }
			if !slices.ContainsFunc(errs, known) && !slices.ContainsFunc(found, known) {
				found = append(found, err)
			}
		}
	}
	return found
}

// refusals adds to the errors of an API server what a version of Envoy Gateway would
// not take, and what would follow, at other fields.
func refusals(version string, errs field.ErrorList, refused []envoygateway.Refusal) field.ErrorList {
	all := slices.Clone(errs)
	for _, refusal := range refused {
		at := document.ParsePath(refusal.Err.Field)
		isKnown := func(known *field.Error) bool {
			path := document.ParsePath(known.Field)
			return path.Within(at) || at.Within(path)
		}
		if slices.ContainsFunc(errs, isKnown) {
			continue
		}
		err := *refusal.Err
		err.Detail += fmt.Sprintf("; with Envoy Gateway %s %s", version, refusal.Consequence.Description())
		all = append(all, &err)
	}
	return all
}

// validate returns what the API server of a cluster or its Envoy Gateway would
// refuse in a manifest, with its defaults filled in.
func validate(version string, object map[string]any) field.ErrorList {
	errs := apiserver.Validate(version, object)
	typed, unreadable := envoygateway.Read(object)
	switch {
	case typed != nil:
		return refusals(version, errs, envoygateway.Validate(version, typed))
	case len(errs) > 0:
		return errs // that it cannot be read follows from them
	default:
		return refusals(version, nil, unreadable)
	}
}
