package krm

import (
	"fmt"

	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/kustomize/kyaml/fn/framework"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/render"
)

// compiled is an object, and how it is written.
type compiled struct {
	render.Object
	node *yaml.Node
}

// sourcesOf has the document of each FailoverSpec.
type sourcesOf map[*v1alpha1.FailoverSpec]*Source

// compiler takes FailoverSpecs to objects.
type compiler struct {
	// namespace is given to the specs that name none; it may be empty.
	namespace string
	// owned tells that objects have annotations that say whose they are.
	owned bool
}

// compile renders the FailoverSpecs of all sources, or returns all errors of all
// of them.
func (c compiler) compile(sources []*Source) ([]compiled, sourcesOf, []Diagnostic, error) {
	var diagnostics []Diagnostic
	var specs []*v1alpha1.FailoverSpec
	origins := sourcesOf{}
	for _, source := range sources {
		fs, errs := v1alpha1.Load(source.Node, c.namespace)
		diagnostics = append(diagnostics, errorsOf(source, errs)...)
		if len(errs) > 0 {
			continue
		}
		if c.namespace == "" && document.Field(source.Node, "metadata.namespace") == "" {
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
	written, err := c.write(objects)
	if err != nil {
		return nil, nil, nil, err
	}
	diagnostics = append(diagnostics, judgeAll(written, origins)...)
	if hasErrors(diagnostics) {
		return nil, nil, diagnostics, nil
	}
	return written, origins, diagnostics, nil
}

// write takes objects to YAML, with the defaults of their CRDs.
func (c compiler) write(objects []render.Object) ([]compiled, error) {
	written := make([]compiled, len(objects))
	for i, object := range objects {
		if c.owned {
			setOwner(object)
		}
		node, err := toNode(object.Resource, schemaOf(object))
		if err != nil {
			return nil, err
		}
		written[i] = compiled{object, node}
	}
	return written, nil
}
