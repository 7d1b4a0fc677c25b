package krm

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"

	"sigs.k8s.io/kustomize/kyaml/fn/framework"
	"sigs.k8s.io/kustomize/kyaml/kio/kioutil"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	"github.com/failover-krm/failover/pkg/render"
)

// child is what an object that the function made is known by on the next run,
// whatever it was renamed to meanwhile.
type child struct {
	owner
	part render.Part
}

// place puts rendered objects into the items: over the item that is the same
// child of the same spec, else at the end, in a file beside the spec's. Other
// items stay as they are. If there is an error, nothing is placed.
func (l *resourceList) place(objects []render.Object, origins map[*v1alpha1.FailoverSpec]*Source) ([]Diagnostic, error) {
	children, foreign := l.index()
	var diagnostics []Diagnostic
	nodes := make([]*yaml.Node, len(objects))
	for i, object := range objects {
		source := origins[object.Spec]
		setOwner(object)
		node, err := toNode(object.Resource)
		if err != nil {
			return nil, err
		}
		nodes[i] = node
		if other := foreign[idOf(node)]; other != nil {
			diagnostics = append(diagnostics, unowned(source, node, sourceOf(other)))
		}
	}
	if hasErrors(diagnostics) {
		return diagnostics, nil
	}
	free := l.firstFreeIndexes()
	for i, object := range objects {
		source, node := origins[object.Spec], nodes[i]
		if old := children[child{identity(source), object.Part}]; old != nil {
			keepForeignMetadata(old, node)
			*old = *node
			continue
		}
		annotateAll(node, besideSpec(source, object.Spec.Name, free))
		l.items.Style = 0 // items: [] is written in flow style
		l.items.Content = append(l.items.Content, node)
	}
	return diagnostics, nil
}

// setOwner notes on a rendered object whose child it is.
func setOwner(object render.Object) {
	annotations := maps.Clone(object.Resource.GetAnnotations())
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[v1alpha1.AnnotationOwner] = object.Spec.Name
	annotations[v1alpha1.AnnotationPart] = string(object.Part)
	object.Resource.SetAnnotations(annotations)
}

// index finds the items that the function made, and the others by id.
func (l *resourceList) index() (map[child]*yaml.Node, map[id]*yaml.Node) {
	children, foreign := map[child]*yaml.Node{}, map[id]*yaml.Node{}
	for _, item := range l.items.Content {
		annotations := yaml.NewRNode(item).GetAnnotations()
		ownerName, part := annotations[v1alpha1.AnnotationOwner], annotations[v1alpha1.AnnotationPart]
		if ownerName == "" || part == "" {
			foreign[idOf(item)] = item
			continue
		}
		children[child{owner{annotations[packagePathAnnotation], ownerName}, render.Part(part)}] = item
	}
	return children, foreign
}

// id is what makes an object the same for an API server.
type id struct{ group, kind, namespace, name string }

func idOf(node *yaml.Node) id {
	object := (&Source{Node: node}).id()
	group := path.Dir(object.APIVersion) // "." for the core group, and the same on both sides
	return id{group, object.Kind, object.Namespace, object.Name}
}

func unowned(source *Source, node *yaml.Node, other *Source) Diagnostic {
	where := "among the items"
	if other.File != "" {
		where = "in " + other.File
	}
	return Diagnostic{Severity: framework.Error, Source: source, Field: "metadata.name", Value: source.id().Name, Message: fmt.Sprintf(
		"%s would be rendered, and is %s without the annotation %s: remove it, or rename one of the two",
		displayName((&Source{Node: node}).id()), where, v1alpha1.AnnotationOwner)}
}

// keepForeignMetadata carries over the labels and annotations that others put on
// a child, the orchestrator's among them.
func keepForeignMetadata(from, to *yaml.Node) {
	old, made := yaml.NewRNode(from), yaml.NewRNode(to)
	annotations, labels := old.GetAnnotations(), old.GetLabels()
	maps.DeleteFunc(annotations, func(key, _ string) bool {
		_, ours := made.GetAnnotations()[key]
		return ours
	})
	annotateAll(to, annotations)
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		if _, ours := made.GetLabels()[key]; !ours {
			_ = made.PipeE(yaml.SetLabel(key, labels[key])) // cannot fail on a node that toNode made
		}
	}
}

// dialect is a pair of annotations that says where an item is stored.
type dialect struct{ path, index string }

var dialects = []dialect{
	{kioutil.PathAnnotation, kioutil.IndexAnnotation},
	{kioutil.LegacyPathAnnotation, kioutil.LegacyIndexAnnotation}, //nolint:staticcheck // kpt sends both
}

// besideSpec returns the annotations that store a new child in its spec's package
// and directory, in the dialects that the spec has. Where the spec has no file,
// the orchestrator decides.
func besideSpec(source *Source, name string, free map[string]int) map[string]string {
	annotations := map[string]string{}
	if packagePath := identity(source).packagePath; packagePath != "" {
		annotations[packagePathAnnotation] = packagePath
	}
	if source.File == "" {
		return annotations
	}
	file := path.Join(path.Dir(source.File), name+"-failover.yaml")
	ofSpec := yaml.NewRNode(source.Node).GetAnnotations()
	for _, dialect := range dialects {
		if ofSpec[dialect.path] != "" {
			annotations[dialect.path] = file
			annotations[dialect.index] = strconv.Itoa(free[file])
		}
	}
	free[file]++
	return annotations
}

// firstFreeIndexes returns for each file the index after the last one in use.
func (l *resourceList) firstFreeIndexes() map[string]int {
	free := map[string]int{}
	for _, item := range l.items.Content {
		source := sourceOf(item)
		free[source.File] = max(free[source.File], source.Index+1)
	}
	return free
}

// annotateAll sets annotations in the order of their keys. It cannot fail on
// a node that toNode made.
func annotateAll(node *yaml.Node, annotations map[string]string) {
	for _, key := range slices.Sorted(maps.Keys(annotations)) {
		_ = yaml.NewRNode(node).PipeE(yaml.SetAnnotation(key, annotations[key]))
	}
}
