package krm

import (
	"path"
	"strconv"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/render"
)

// object is a rendered object as YAML.
type object struct {
	node *yaml.Node
	spec source
	part render.Part
}

// child is what the object is known by on the next run.
func (o object) child() child { return child{o.spec.owner, o.part} }

// place puts rendered objects into the items, where their spec's children are
// already, else at the end, and takes out the children that are no longer rendered.
// Other items stay as they are, in their order. If there is an error, nothing
// changes.
func (l *resourceList) place(objects []object) []diagnostic.Diagnostic {
	children := make([]child, len(objects))
	for i, object := range objects {
		children[i] = object.child()
	}
	found, diagnostics := l.findEarlier(children)
	diagnostics = append(diagnostics, l.collisions(objects, found)...)
	if len(objects) == 0 && len(found.leaving) > 0 && len(found.leaving) == len(l.items.Content) {
		diagnostics = append(diagnostics, diagnostic.New(diagnostic.Error, sourceOf(l.items.Content[0]).Subject,
			document.ParsePath("metadata.annotations["+v1alpha1.AnnotationOwner+"]"),
			"no item would be left, since all items were rendered from FailoverSpecs that no longer exist, and an answer without items would delete the whole package: restore the FailoverSpec, or delete the files"))
	}
	if diagnostic.Failed(diagnostics) {
		return diagnostics
	}

	aliases := l.aliases()
	for item := range found.leaving {
		writeOut(aliases, item)
	}
	taken := l.takenIndexes(found)
	blocks := map[owner][]*yaml.Node{}
	for _, object := range objects {
		old, of := found.replaced[object.child()], object.spec.owner
		if old != nil {
			keepForeignMetadata(old, object.node)
		}
		if old == nil || !wasMoved(old, of) {
			besideSpec(object.node, object.spec, taken)
		}
		if old != nil {
			keepForm(old, object.node)
		}
		blocks[of] = append(blocks[of], object.node)
		l.rendered[object.node] = true
	}
	l.items.Content = l.withBlocks(children, found, blocks)
	return diagnostics
}

// withBlocks returns the items that stay, with the objects of each spec where the
// first of its children was, else at the end.
func (l *resourceList) withBlocks(children []child, found earlier, blocks map[owner][]*yaml.Node) []*yaml.Node {
	var items []*yaml.Node
	take := func(of owner) {
		items = append(items, blocks[of]...)
		delete(blocks, of)
	}
	for _, item := range l.items.Content {
		if c, leaves := found.leaving[item]; leaves {
			take(c.owner)
		} else {
			items = append(items, item)
		}
	}
	for _, c := range children {
		take(c.owner)
	}
	return items
}

// file is a file of a package.
type file struct{ packagePath, path string }

func fileOf(item *yaml.Node) file {
	source := sourceOf(item)
	return file{source.owner.packagePath, source.File}
}

// ownFile is where a spec's objects are: next to the spec.
func ownFile(of owner) string { return of.name + "-failover.yaml" }

// wasMoved tells whether a user has given a child another file than its own.
func wasMoved(item *yaml.Node, of owner) bool {
	now := fileOf(item).path
	return now != "" && path.Base(now) != ownFile(of)
}

// indexes has those that are taken in each file.
type indexes map[file]map[int]bool

// takenIndexes are those of all items that stay in their files.
func (l *resourceList) takenIndexes(found earlier) indexes {
	taken := indexes{}
	for _, item := range l.items.Content {
		if c, leaves := found.leaving[item]; leaves && (found.replaced[c] != item || !wasMoved(item, c.owner)) {
			continue
		}
		taken.in(fileOf(item))[sourceOf(item).Item] = true
	}
	return taken
}

func (taken indexes) in(where file) map[int]bool {
	if taken[where] == nil {
		taken[where] = map[int]bool{}
	}
	return taken[where]
}

// next takes the first index that is free in a file.
func (taken indexes) next(where file) int {
	inFile, index := taken.in(where), 0
	for inFile[index] {
		index++
	}
	inFile[index] = true
	return index
}

// besideSpec stores a child in its own file in its spec's package and directory,
// in the order of rendering and in the dialects that the two have. Where the spec
// has no file, a child stays in its file, and a new one goes where the orchestrator
// decides.
func besideSpec(node *yaml.Node, spec source, taken indexes) {
	annotations := map[string]string{}
	if spec.owner.packagePath != "" {
		annotations[packagePathAnnotation] = spec.owner.packagePath
	}
	where := file{spec.owner.packagePath, fileOf(node).path}
	if spec.File != "" {
		where.path = path.Join(path.Dir(spec.File), ownFile(spec.owner))
	}
	if where.path != "" {
		index := strconv.Itoa(taken.next(where))
		ofSpec, ofNode := annotationsOf(spec.Node), annotationsOf(node)
		for _, dialect := range dialects {
			if ofSpec[dialect.path] != "" || ofNode[dialect.path] != "" {
				annotations[dialect.path], annotations[dialect.index] = where.path, index
			}
		}
	}
	annotateAll(node, annotations)
}
