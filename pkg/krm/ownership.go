package krm

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/render"
)

// ownerAnnotations are those of a rendered object, with notes on whose child it is, and
// which of its labels and annotations the spec gave.
func ownerAnnotations(object render.Object) map[string]string {
	annotations := maps.Clone(object.Resource.GetAnnotations())
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[v1alpha1.AnnotationOwner] = object.Spec.Name
	annotations[v1alpha1.AnnotationPart] = string(object.Part)
	if given := object.Spec.Spec.Labels; len(given) > 0 {
		annotations[v1alpha1.AnnotationLabels] = joinKeys(given)
	}
	if given := object.Spec.Spec.Annotations; len(given) > 0 {
		annotations[v1alpha1.AnnotationAnnotations] = joinKeys(given)
	}
	return annotations
}

func joinKeys(given map[string]string) string {
	return strings.Join(slices.Sorted(maps.Keys(given)), ",")
}

// earlier is what an earlier run left of the children of FailoverSpecs.
type earlier struct {
	// replaced has the item that each rendered child was until now.
	replaced map[child]*yaml.Node
	// leaving has those items, and the orphans: children that nothing renders.
	leaving map[*yaml.Node]child
	// orphans are in the order of the items.
	orphans []*yaml.Node
}

// newSpecs are those of which no item is a child, and whose own file has no item: what they
// render has nothing to take over, and its place is known before anything is placed. There
// are none where no item stays, since the first item has the comments of the list.
func (l *resourceList) newSpecs(sources []source) map[owner]bool {
	inUse, hasChildren, isNew := map[file]bool{}, map[owner]bool{}, map[owner]bool{}
	stays := false
	for _, item := range l.items.Content {
		inUse[fileOf(item)] = true
		if c, isChild := childOf(item); isChild {
			hasChildren[c.owner] = true
		} else {
			stays = true
		}
	}
	for _, source := range sources {
		own := ownFile(source)
		isNew[source.owner] = stays && !hasChildren[source.owner] && (own.path == "" || !inUse[own])
	}
	return isNew
}

// findEarlier finds the items that the rendered children replace, each once, and
// those that are orphans: of a spec that no longer renders them, or, where the call
// is about the whole package, of a spec that is gone.
func (l *resourceList) findEarlier(children []child) (earlier, []diagnostic.Diagnostic) {
	wanted, owners := map[child]bool{}, map[owner]bool{}
	for _, c := range children {
		wanted[c], owners[c.owner] = true, true
	}
	found := earlier{replaced: map[child]*yaml.Node{}, leaving: map[*yaml.Node]child{}}
	var diagnostics []diagnostic.Diagnostic
	for _, item := range l.items.Content {
		c, isChild := childOf(item)
		isOrphan := isChild && !wanted[c] && (l.wholePackage || owners[c.owner])
		switch {
		case isOrphan:
			found.leaving[item] = c
			found.orphans = append(found.orphans, item)
			diagnostics = append(diagnostics, removed(item, c, owners[c.owner]))
		case !isChild || !wanted[c]:
		case found.replaced[c] == nil:
			found.replaced[c], found.leaving[item] = item, c
		default:
			diagnostics = append(diagnostics, diagnostic.New(diagnostic.Error, sourceOf(item).Subject, document.ParsePath("metadata.annotations"), fmt.Sprintf(
				"says that it is %s of FailoverSpec %s, and so does another object%s: remove the copy, or its annotations of %s",
				c.part, c.name, sourceOf(found.replaced[c]).inFile(), v1alpha1.Group)))
		}
	}
	return found, diagnostics
}

// removed says why an orphan goes.
func removed(item *yaml.Node, c child, hasOwner bool) diagnostic.Diagnostic {
	reason := "which is no longer among the items"
	if hasOwner {
		reason = "which no longer renders it"
	}
	return diagnostic.New(diagnostic.Info, sourceOf(item).Subject, nil, fmt.Sprintf("removed: it was %s of FailoverSpec %s, %s", c.part, c.name, reason))
}

// collisions finds the items that stay, and yet are the same object to an API
// server as one that is rendered.
func (l *resourceList) collisions(objects []object, found earlier) []diagnostic.Diagnostic {
	others := map[id]*yaml.Node{}
	for _, item := range l.items.Content {
		if _, leaves := found.leaving[item]; !leaves {
			others[idOf(item)] = item
		}
	}
	var diagnostics []diagnostic.Diagnostic
	for _, object := range objects {
		other := others[object.id()]
		if other == nil {
			continue
		}
		reason := fmt.Sprintf("without the annotations %s and %s", v1alpha1.AnnotationOwner, v1alpha1.AnnotationPart)
		if c, isChild := childOf(other); isChild {
			reason = fmt.Sprintf("as %s of FailoverSpec %s", c.part, c.name)
		}
		diagnostics = append(diagnostics, nameError(object.spec, fmt.Sprintf("%s would be rendered, and is among the items%s %s: remove it, or rename one of the two",
			object.displayName(), sourceOf(other).inFile(), reason)))
	}
	return diagnostics
}

// nameError is about the name of a FailoverSpec.
func nameError(spec source, message string) diagnostic.Diagnostic {
	err := diagnostic.New(diagnostic.Error, spec.Subject, document.ParsePath("metadata.name"), message)
	err.Value = diagnostic.Shorten(spec.owner.name)
	return err
}

// keepForeignMetadata carries over the labels and annotations that others put on
// a child, the orchestrator's among them.
func keepForeignMetadata(from, to *yaml.Node) {
	annotations, labels := annotationsOf(from), labelsOf(from)
	for key := range strings.SplitSeq(annotations[v1alpha1.AnnotationLabels], ",") {
		delete(labels, key)
	}
	for key := range strings.SplitSeq(annotations[v1alpha1.AnnotationAnnotations], ",") {
		delete(annotations, key)
	}
	maps.DeleteFunc(annotations, func(key, _ string) bool { return strings.HasPrefix(key, v1alpha1.Group+"/") })
	maps.DeleteFunc(annotations, isKeyOf(annotationsOf(to)))
	maps.DeleteFunc(labels, isKeyOf(labelsOf(to)))
	annotateAll(to, annotations)
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		_ = yaml.NewRNode(to).PipeE(yaml.SetLabel(key, labels[key])) // cannot fail on a node that encode.Node made
	}
}

func isKeyOf(given map[string]string) func(key, _ string) bool {
	return func(key, _ string) bool {
		_, isKey := given[key]
		return isKey
	}
}

// annotateAll sets annotations in the order of their keys. It cannot fail on
// a node that encode.Node made.
func annotateAll(node *yaml.Node, annotations map[string]string) {
	for _, key := range slices.Sorted(maps.Keys(annotations)) {
		_ = yaml.NewRNode(node).PipeE(yaml.SetAnnotation(key, annotations[key]))
	}
}
