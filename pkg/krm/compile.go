package krm

import (
	"bytes"
	"fmt"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"
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
	// text is the node as YAML, where that is all that is wanted.
	text []byte
}

// sourcesOf has the document of each FailoverSpec.
type sourcesOf map[*v1alpha1.FailoverSpec]*Source

// compiler takes FailoverSpecs to objects.
type compiler struct {
	// namespace is given to the specs that name none; it may be empty.
	namespace string
	// owned tells that objects have annotations that say whose they are.
	owned bool
	// asText tells that only the text of objects is wanted: of thousands, the nodes
	// would take most of the memory.
	asText bool
}

// compile renders the FailoverSpecs of all sources, or returns all errors of all
// of them.
func (c compiler) compile(sources []*Source) ([]compiled, sourcesOf, []Diagnostic, error) {
	loaded := make([]*v1alpha1.FailoverSpec, len(sources))
	said := make([][]Diagnostic, len(sources))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, source := range sources {
		group.Go(func() error {
			loaded[i], said[i] = c.load(source)
			return nil
		})
	}
	_ = group.Wait() // what is wrong is said
	diagnostics := slices.Concat(said...)
	var specs []*v1alpha1.FailoverSpec
	origins := sourcesOf{}
	for i, fs := range loaded {
		if fs != nil {
			specs = append(specs, fs)
			origins[fs] = sources[i]
		}
	}
	objects, errs := render.Render(specs)
	for _, err := range errs {
		placed := errorsOf(origins[err.Spec], field.ErrorList{err.Err})
		if where := origins[err.Other].position("metadata.name"); where != "" {
			placed[0].Message += " (the other: " + where + ")"
		}
		diagnostics = append(diagnostics, placed...)
	}
	written, refused, err := c.writeAll(objects, origins)
	if err != nil {
		return nil, nil, nil, err
	}
	diagnostics = append(diagnostics, refused...)
	if hasErrors(diagnostics) {
		return nil, nil, diagnostics, nil
	}
	return written, origins, diagnostics, nil
}

// load reads a FailoverSpec, and says what there is to say of it. It is nil where
// there are errors.
func (c compiler) load(source *Source) (*v1alpha1.FailoverSpec, []Diagnostic) {
	fs, errs := v1alpha1.Load(source.Node, c.namespace)
	if len(errs) > 0 {
		said := append(errorsOf(source, errs), lacks(source, errs)...)
		sortByPosition(said, nil)
		return nil, said
	}
	var diagnostics []Diagnostic
	if c.namespace == "" && document.Field(source.Node, "metadata.namespace") == "" {
		diagnostics = append(diagnostics, Diagnostic{
			Severity: framework.Info, Source: source, Field: "metadata.namespace",
			Message: fmt.Sprintf("not given, %q is assumed", v1alpha1.DefaultNamespace),
		})
	}
	for _, warning := range v1alpha1.Warnings(fs) {
		diagnostics = append(diagnostics, Diagnostic{Severity: framework.Warning, Source: source, Field: warning.Field, Message: warning.Detail})
	}
	return fs, diagnostics
}

// writeAll writes and judges every object, several at a time.
func (c compiler) writeAll(objects []render.Object, origins sourcesOf) ([]compiled, []Diagnostic, error) {
	written := make([]compiled, len(objects))
	refusals := make([][]refusal, len(objects))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range objects {
		group.Go(func() (err error) {
			written[i], refusals[i], err = c.write(objects[i])
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, nil, err
	}
	return written, explain(objects, refusals, origins), nil
}

// write takes an object to YAML, with the defaults of its CRD, and judges it.
func (c compiler) write(object render.Object) (compiled, []refusal, error) {
	if c.owned {
		setOwner(object)
	}
	node, err := toNode(object.Resource, schemaOf(object))
	if err != nil {
		return compiled{}, nil, err
	}
	refusals := judge(object, node)
	if !c.asText || len(refusals) > 0 {
		return compiled{Object: object, node: node}, refusals, nil
	}
	var text bytes.Buffer
	// An encoder for each: one for all keeps every event it ever wrote.
	if err := encodeNode(&text, node); err != nil {
		return compiled{}, nil, fmt.Errorf("%s: %w", object.Resource.GetName(), err)
	}
	return compiled{text: text.Bytes()}, nil, nil
}
