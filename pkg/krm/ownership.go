package krm

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"

	"sigs.k8s.io/kustomize/kyaml/fn/framework"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	"github.com/failover-krm/failover/pkg/render"
)

// child is what an object that the function made is known by on the next run,
// whatever it was renamed to meanwhile.
type child struct {
	owner
	groupKind
	part string
}

// childOf returns the child that an item says it is, if it says so.
func childOf(item *yaml.Node) (child, bool) {
	annotations := annotationsOf(item)
	ownerName, part := annotations[v1alpha1.AnnotationOwner], annotations[v1alpha1.AnnotationPart]
	return child{owner{annotations[packagePathAnnotation], ownerName}, groupKindOf(item), part}, ownerName != "" && part != ""
}

// place puts rendered objects into the items: over the item that is the same
// child of the same spec, else at the end, in a file beside the spec's. Other
// items stay as they are. If there is an error, nothing is placed.
func (l *resourceList) place(objects []compiled, origins sourcesOf) []Diagnostic {
	wanted := make([]child, len(objects))
	for i, object := range objects {
		wanted[i] = child{ownerOf(origins[object.Spec].Node), groupKindOf(object.node), string(object.Part)}
	}
	existing, diagnostics := l.match(wanted)
	diagnostics = append(diagnostics, l.collisions(objects, origins, existing)...)
	if hasErrors(diagnostics) {
		return diagnostics
	}
	free, aliases := l.firstFreeIndexes(), l.aliases()
	for i, object := range objects {
		if old := existing[wanted[i]]; old != nil {
			keepForeignMetadata(old, object.node)
			writeOut(aliases, old)
			*old = *object.node
			continue
		}
		annotateAll(object.node, besideSpec(origins[object.Spec], object.Spec.Name, free))
		l.items.Style = 0 // items: [] is written in flow style
		l.items.Content = append(l.items.Content, object.node)
	}
	return diagnostics
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

// match finds the items that are wanted children, each once.
func (l *resourceList) match(wanted []child) (map[child]*yaml.Node, []Diagnostic) {
	isWanted := map[child]bool{}
	for _, c := range wanted {
		isWanted[c] = true
	}
	existing := map[child]*yaml.Node{}
	var diagnostics []Diagnostic
	for _, item := range l.items.Content {
		c, isChild := childOf(item)
		switch {
		case !isChild || !isWanted[c]:
		case existing[c] == nil:
			existing[c] = item
		default:
			diagnostics = append(diagnostics, Diagnostic{
				Severity: framework.Error, Source: sourceOf(item), Field: "metadata.annotations",
				Message: fmt.Sprintf("says it is %s of FailoverSpec %s, as another object%s does: remove the copy, or its annotations of %s",
					c.part, c.name, inFile(sourceOf(existing[c])), v1alpha1.Group),
			})
		}
	}
	return existing, diagnostics
}

// collisions finds the items that are none of the wanted children, and yet are
// the same object to an API server.
func (l *resourceList) collisions(objects []compiled, origins sourcesOf, existing map[child]*yaml.Node) []Diagnostic {
	replaced := map[*yaml.Node]bool{}
	for _, item := range existing {
		replaced[item] = true
	}
	others := map[id]*yaml.Node{}
	for _, item := range l.items.Content {
		if !replaced[item] {
			others[idOf(item)] = item
		}
	}
	var diagnostics []Diagnostic
	for _, object := range objects {
		other := others[idOf(object.node)]
		if other == nil {
			continue
		}
		source := origins[object.Spec]
		reason := fmt.Sprintf("without the annotations %s and %s", v1alpha1.AnnotationOwner, v1alpha1.AnnotationPart)
		if c, isChild := childOf(other); isChild {
			reason = fmt.Sprintf("as %s of FailoverSpec %s", c.part, c.name)
		}
		diagnostics = append(diagnostics, Diagnostic{
			Severity: framework.Error, Source: source, Field: "metadata.name", Value: source.id().Name,
			Message: fmt.Sprintf("%s would be rendered, and is among the items%s %s: remove it, or rename one of the two",
				displayName((&Source{Node: object.node}).id()), inFile(sourceOf(other)), reason),
		})
	}
	return diagnostics
}

// inFile says where an item is, where that is known.
func inFile(source *Source) string {
	if source.File == "" {
		return ""
	}
	return " in " + source.File
}

// keepForeignMetadata carries over the labels and annotations that others put on
// a child, the orchestrator's among them.
func keepForeignMetadata(from, to *yaml.Node) {
	annotations, ours := annotationsOf(from), annotationsOf(to)
	maps.DeleteFunc(annotations, func(key, _ string) bool { return ours[key] != "" })
	annotateAll(to, annotations)
	labels, ours := labelsOf(from), labelsOf(to)
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		if _, given := ours[key]; !given {
			_ = yaml.NewRNode(to).PipeE(yaml.SetLabel(key, labels[key])) // cannot fail on a node that toNode made
		}
	}
}

// aliases returns every alias of the list.
func (l *resourceList) aliases() []*yaml.Node {
	var aliases []*yaml.Node
	walk(l.root, func(node *yaml.Node) {
		if node.Kind == yaml.AliasNode {
			aliases = append(aliases, node)
		}
	})
	return aliases
}

// writeOut replaces every alias to something inside a node that is about to go
// by what it stands for.
func writeOut(aliases []*yaml.Node, going *yaml.Node) {
	if len(aliases) == 0 {
		return
	}
	inside := map[*yaml.Node]bool{}
	walk(going, func(node *yaml.Node) { inside[node] = true })
	for _, alias := range aliases {
		if inside[alias.Alias] && !inside[alias] {
			*alias = *withoutAliases(alias.Alias)
		}
	}
}

// withoutAliases copies a node with every alias in it written out.
func withoutAliases(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.AliasNode {
		return withoutAliases(node.Alias)
	}
	copied := *node
	copied.Anchor = ""
	copied.Content = make([]*yaml.Node, len(node.Content))
	for i, child := range node.Content {
		copied.Content[i] = withoutAliases(child)
	}
	return &copied
}

func walk(node *yaml.Node, visit func(*yaml.Node)) {
	visit(node)
	for _, child := range node.Content {
		walk(child, visit)
	}
}

// besideSpec returns the annotations that store a new child in its spec's package
// and directory, in the dialects that the spec has. Where the spec has no file,
// the orchestrator decides.
func besideSpec(source *Source, name string, free map[string]int) map[string]string {
	ofSpec := annotationsOf(source.Node)
	annotations := map[string]string{}
	if packagePath := ofSpec[packagePathAnnotation]; packagePath != "" {
		annotations[packagePathAnnotation] = packagePath
	}
	if source.File == "" {
		return annotations
	}
	file := path.Join(path.Dir(source.File), name+"-failover.yaml")
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
