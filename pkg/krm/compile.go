package krm

import (
	"fmt"

	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/kustomize/kyaml/fn/framework"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/render"
)

// compile renders the FailoverSpecs of all sources, or returns all errors of all
// of them. The namespace is given to the specs that name none; it may be empty.
func compile(sources []*Source, namespace string) ([]render.Object, map[*v1alpha1.FailoverSpec]*Source, []Diagnostic) {
	var diagnostics []Diagnostic
	var specs []*v1alpha1.FailoverSpec
	origins := map[*v1alpha1.FailoverSpec]*Source{}
	for _, source := range sources {
		fs, errs := v1alpha1.Load(source.Node, namespace)
		diagnostics = append(diagnostics, errorsOf(source, errs)...)
		if len(errs) > 0 {
			continue
		}
		if namespace == "" && document.Field(source.Node, "metadata.namespace") == "" {
			diagnostics = append(diagnostics, Diagnostic{
				Severity: framework.Info, Source: source, Field: "metadata.namespace",
				Message: fmt.Sprintf("not given, %q is assumed", v1alpha1.DefaultNamespace),
			})
		}
		for _, warning := range v1alpha1.Warnings(fs) {
			diagnostics = append(diagnostics, Diagnostic{Severity: framework.Warning, Source: source, Field: warning.Field, Message: warning.Detail})
		}
		specs = append(specs, fs)
		origins[fs] = source
	}
	objects, errs := render.Render(specs)
	for _, err := range errs {
		placed := errorsOf(origins[err.Spec], field.ErrorList{err.Err})
		if where := origins[err.Other].position("metadata.name"); where != "" {
			placed[0].Message += " (the other: " + where + ")"
		}
		diagnostics = append(diagnostics, placed...)
	}
	if hasErrors(diagnostics) {
		return nil, nil, diagnostics
	}
	return objects, origins, diagnostics
}
