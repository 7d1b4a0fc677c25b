package krm

import (
	"cmp"
	"path"
	"slices"
	"strconv"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/render"
)

// object is a rendered object as YAML.
type object struct {
	schema.GroupKind
	namespace, name string

	spec source
	part render.Part
	// isNew tells that the object is of a new spec, and has the annotations that say where
	// it is. If it can, it is a text then, since the nodes of many take more memory, and
	// longer to write.
	isNew bool
	text  []byte
	// node is nil where there is a text.
	node *yaml.Node
}

func (o object) id() id {
	return id{o.GroupKind, cmp.Or(o.namespace, v1alpha1.DefaultNamespace), o.name}
}

func (o object) displayName() string {
	return diagnostic.DisplayName(yaml.ResourceIdentifier{TypeMeta: yaml.TypeMeta{Kind: o.Kind}, NameMeta: yaml.NameMeta{Namespace: o.namespace, Name: o.name}})
}

// child is what the object is known by on the next run.
func (o object) child() child { return child{o.spec.owner, o.part} }

// place puts rendered objects into the items, where their spec's children are
// already, otherwise at the end, and takes out the children that are no longer rendered.
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
		node, of := object.node, object.spec.owner
		switch old := found.replaced[object.child()]; {
		case object.text != nil:
			node = &yaml.Node{Kind: yaml.MappingNode}
		case object.isNew:
		case old == nil:
			besideSpec(node, object.spec, taken)
		default:
			keepForeignMetadata(old, node)
			if !wasMoved(old, of) {
				besideSpec(node, object.spec, taken)
			}
			if keepForm(old, node); isWrittenTheSame(old, node) {
				node = old
			}
		}
		blocks[of] = append(blocks[of], node)
		l.rendered[node] = object.text
	}
	l.items.Content = l.withBlocks(children, found, blocks)
	return diagnostics
}

// withBlocks returns the items that stay, with the objects of each spec where the
// first of its children was, otherwise at the end.
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
	annotations := annotationsOf(item)
	stored, _ := storedAt(annotations)
	return file{annotations[packagePathAnnotation], stored}
}

// ownFile is where a spec's objects are: next to the spec. Where that has no file, its path
// is empty.
func ownFile(spec source) file {
	own := file{packagePath: spec.owner.packagePath}
	if spec.File != "" {
		own.path = path.Join(path.Dir(spec.File), ownFileName(spec.owner))
	}
	return own
}

func ownFileName(of owner) string { return of.name + "-failover.yaml" }

// wasMoved tells whether a user has given a child another file than its own.
func wasMoved(item *yaml.Node, of owner) bool {
	now := fileOf(item).path
	return now != "" && path.Base(now) != ownFileName(of)
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
	where, index := ownFile(spec), 0
	if where.path == "" {
		where.path = fileOf(node).path
	}
	if where.path != "" {
		index = taken.next(where)
	}
	annotateAll(node, locationOf(where, index, slices.Concat(dialectsOf(spec.Node), dialectsOf(node))))
}

// locationOf are the annotations that say where an item is, in some dialects.
func locationOf(where file, index int, dialects []dialect) map[string]string {
	annotations := map[string]string{}
	if where.packagePath != "" {
		annotations[packagePathAnnotation] = where.packagePath
	}
	if where.path == "" {
		return annotations
	}
	for _, dialect := range dialects {
		annotations[dialect.path], annotations[dialect.index] = where.path, strconv.Itoa(index)
	}
	return annotations
}
