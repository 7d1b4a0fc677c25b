// Package compile takes FailoverSpecs to objects that the target accepts. It is
// the front door for Go programs: Specs for FailoverSpecs made in Go, Documents for
// those in YAML, Check for any manifests.
package compile

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"slices"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/failover-krm/failover/pkg/api/decode"
	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	"github.com/failover-krm/failover/pkg/apiserver"
	"github.com/failover-krm/failover/pkg/check"
	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/encode"
	"github.com/failover-krm/failover/pkg/envoygateway"
	"github.com/failover-krm/failover/pkg/render"
	"github.com/failover-krm/failover/pkg/simulate"
)

// Object is an object of a failover that the API server of its target accepts. Its Resource
// has the defaults of the target's CRDs filled in: what is applied is then what is there,
// and a second apply changes nothing.
type Object struct {
	render.Object
	// Subject is the document of the FailoverSpec.
	Subject *diagnostic.Subject
	// Index is the object's place among those of its FailoverSpec.
	Index int
}

// Options say how documents are compiled.
type Options struct {
	// Namespace is given to the specs that name none; it may be empty.
	Namespace string
	// Mark may change the resource of an object before it is validated, such as its
	// annotations; nil changes nothing.
	Mark func(Object)
	// DropNodes has the nodes of the documents dropped as soon as they are read: those of
	// many take more memory than all that is rendered.
	DropNodes bool
	// Together is told how many specs are about to be in memory together, such as those that
	// meet at a Gateway; nil is not told.
	Together func(specs int)
}

// Specs compiles FailoverSpecs that were made in Go. If there is an error among the
// diagnostics, there are no objects.
func Specs(specs ...*v1alpha1.FailoverSpec) ([]Object, []diagnostic.Diagnostic, error) {
	var subjects []*diagnostic.Subject
	for _, fs := range specs {
		complete := *fs
		complete.APIVersion, complete.Kind = v1alpha1.APIVersion, v1alpha1.Kind
		data, err := json.Marshal(complete)
		if err != nil {
			return nil, nil, fmt.Errorf("FailoverSpec %s: %w", render.Name(fs), err)
		}
		documents, err := document.Parse(data, "")
		if err != nil {
			return nil, nil, fmt.Errorf("FailoverSpec %s: %w", render.Name(fs), err)
		}
		for _, doc := range documents {
			subjects = append(subjects, &diagnostic.Subject{Node: doc.Node})
		}
	}
	return Documents(subjects, Options{}, func(object Object) (Object, error) { return object, nil })
}

// Documents compiles the FailoverSpecs that documents are. What is wanted of each
// object is what finish returns; it is called for several at a time, and the results
// are in the order of rendering. If there is an error among the diagnostics, there
// are no objects. What the rules of package check find is among the diagnostics, but
// never as an error: what is written is accepted.
func Documents[T any](subjects []*diagnostic.Subject, options Options, finish func(Object) (T, error)) ([]T, []diagnostic.Diagnostic, error) {
	sources, diagnostics := load(subjects, options)
	failed := diagnostic.Failed(diagnostics)
	finished := make([][]T, len(sources))
	var found []diagnostic.Diagnostic
	var simulator simulate.Simulator
	for _, batch := range batches(sources) {
		places := map[*v1alpha1.FailoverSpec]int{}
		var together []source
		for _, place := range batch {
			places[sources[place].spec] = place
			together = append(together, sources[place])
			sources[place] = source{} // it is not needed again, and there may be many
		}
		if options.Together != nil {
			options.Together(len(together))
		}
		objects, refused, err := compileSpecs(together, options, finish)
		if err != nil {
			return nil, nil, err
		}
		diagnostics = append(diagnostics, refused...)
		if failed = failed || len(refused) > 0; failed {
			continue
		}
		found = append(found, check.Run(manifestsOf(objects), check.Options{Simulator: &simulator}).Diagnostics...)
		for _, object := range objects {
			place := places[object.Spec]
			finished[place] = append(finished[place], object.finished)
		}
	}
	if !failed {
		diagnostics = append(diagnostics, advice(found, subjects)...)
	}
	diagnostic.Sort(diagnostics, subjects)
	if diagnostic.Failed(diagnostics) {
		return nil, diagnostics, nil
	}
	return slices.Concat(finished...), diagnostics, nil
}

// YAML compiles the FailoverSpecs that documents are, as Documents does, to YAML
// documents in an order that kubectl apply can follow.
func YAML(subjects []*diagnostic.Subject, options Options) (Stream, []diagnostic.Diagnostic, error) {
	return Documents(subjects, options, Object.yaml)
}

// Stream is the texts of YAML documents.
type Stream [][]byte

// Write writes them, with --- between them.
func (s Stream) Write(to io.Writer) error {
	buffered := bufio.NewWriter(to)
	for i, text := range s {
		if i > 0 {
			_, _ = buffered.WriteString(separator) // Flush returns the error
		}
		_, _ = buffered.Write(text)
	}
	return buffered.Flush()
}

// String returns them as one text.
func (s Stream) String() string { return string(bytes.Join(s, []byte(separator))) }

const separator = "---\n"

// yaml writes an object as a YAML document.
func (o Object) yaml() ([]byte, error) { return encode.YAML(o.Resource) }

// compiled is an object, whether or not it is refused.
type compiled[T any] struct {
	Object
	refused field.ErrorList
	// finished is what is wanted of it, where it is not refused.
	finished T
}

// compileSpecs renders and validates FailoverSpecs, and says what is refused.
func compileSpecs[T any](sources []source, options Options, finish func(Object) (T, error)) ([]compiled[T], []diagnostic.Diagnostic, error) {
	objects := render.Render(specsOf(sources))
	origins := origins(sources)
	finished := make([]compiled[T], len(objects))
	counts := map[*v1alpha1.FailoverSpec]int{}
	for i, object := range objects {
		finished[i].Object = Object{Object: object, Subject: origins[object.Spec], Index: counts[object.Spec]}
		counts[object.Spec]++
	}
	err := forEach(objects, func(i int, object render.Object) (err error) {
		result := &finished[i]
		if options.Mark != nil {
			options.Mark(result.Object)
		}
		if result.Resource, result.refused, err = validated(object); err != nil || len(result.refused) > 0 {
			return err
		}
		result.finished, err = finish(result.Object)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	return finished, explain(finished), nil
}

// few is how many items take less time than to start other goroutines for them.
const few = 16

// forEach does something with each item, several at a time. There are as many goroutines
// as CPUs, since the stack of a new one has to grow first.
func forEach[T any](items []T, do func(int, T) error) error {
	if len(items) <= few {
		for i, item := range items {
			if err := do(i, item); err != nil {
				return err
			}
		}
		return nil
	}
	var next atomic.Int64
	var group errgroup.Group
	for range min(runtime.GOMAXPROCS(0), len(items)) {
		group.Go(func() error {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(items) {
					return nil
				}
				if err := do(i, items[i]); err != nil {
					return err
				}
			}
		})
	}
	return group.Wait()
}

// source is a FailoverSpec and its document.
type source struct {
	spec    *v1alpha1.FailoverSpec
	subject *diagnostic.Subject
}

func specsOf(sources []source) []*v1alpha1.FailoverSpec {
	specs := make([]*v1alpha1.FailoverSpec, len(sources))
	for i, source := range sources {
		specs[i] = source.spec
	}
	return specs
}

// origins has the document of each FailoverSpec.
func origins(sources []source) map[*v1alpha1.FailoverSpec]*diagnostic.Subject {
	subjects := make(map[*v1alpha1.FailoverSpec]*diagnostic.Subject, len(sources))
	for _, source := range sources {
		subjects[source.spec] = source.subject
	}
	return subjects
}

// load reads all documents, and says what there is to say of each. There are no
// FailoverSpecs where some do not go together.
func load(subjects []*diagnostic.Subject, options Options) ([]source, []diagnostic.Diagnostic) {
	loaded := make([]source, len(subjects))
	found := make([][]diagnostic.Diagnostic, len(subjects))
	_ = forEach(subjects, func(i int, subject *diagnostic.Subject) error { // there are only diagnostics
		loaded[i].subject = subject
		loaded[i].spec, found[i] = loadOne(subject, options.Namespace)
		if options.DropNodes {
			subject.DropNode()
		}
		return nil
	})
	loaded = slices.DeleteFunc(loaded, func(source source) bool { return source.spec == nil })
	diagnostics := slices.Concat(found...)
	conflicts := render.Conflicts(specsOf(loaded))
	if len(conflicts) == 0 {
		return loaded, diagnostics
	}
	origins := origins(loaded)
	for _, err := range conflicts {
		found := diagnostic.Errors(origins[err.Spec], field.ErrorList{err.Err})
		other := origins[err.Other]
		if place := diagnostic.Place(other, other.Position(document.ParsePath("metadata.name"))); place != "" {
			found[0].Message += " (the other: " + place + ")"
		}
		diagnostics = append(diagnostics, found...)
	}
	return nil, diagnostics
}

// loadOne reads a FailoverSpec. It is nil where there are errors.
func loadOne(subject *diagnostic.Subject, namespace string) (*v1alpha1.FailoverSpec, []diagnostic.Diagnostic) {
	fs, errs := decode.FailoverSpec(subject.Node, namespace)
	if len(errs) > 0 {
		return nil, diagnostic.Errors(subject, append(errs, lacking(subject, errs)...))
	}
	var diagnostics []diagnostic.Diagnostic
	if namespace == "" && subject.Field("metadata.namespace") == "" {
		diagnostics = append(diagnostics, diagnostic.New(diagnostic.Info, subject, document.ParsePath("metadata.namespace"),
			fmt.Sprintf("not given, %q is assumed", v1alpha1.DefaultNamespace)))
	}
	return fs, diagnostics
}

// validated returns the resource of an object with its defaults, and what the API server of
// its target or its Envoy Gateway would refuse.
func validated(object render.Object) (render.Resource, field.ErrorList, error) {
	version, resource := object.Spec.Spec.Target.EnvoyGateway(), object.Resource
	var errs field.ErrorList
	if apiserver.FillsIn(resource) {
		resource = resource.DeepCopyObject().(render.Resource) // it has parts of the spec, which stays as it is
		if err := apiserver.DefaultTyped(version, resource); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", resource.GetName(), err)
		}
		value, err := encode.Value(resource) // which the schema and the rules of the CRD are about
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", resource.GetName(), err)
		}
		errs = apiserver.Validate(version, value)
	} else {
		errs = apiserver.ValidateTyped(resource)
	}
	return resource, refusals(version, errs, envoygateway.Validate(version, resource)), nil
}
