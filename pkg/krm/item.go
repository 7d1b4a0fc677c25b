package krm

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/render"
)

// The items of a ResourceList are anything that is a map. What is read from them
// here is nothing where metadata is not what Kubernetes' is.

func annotationsOf(item *yaml.Node) map[string]string { return stringMap(item, "metadata.annotations") }

func labelsOf(item *yaml.Node) map[string]string { return stringMap(item, "metadata.labels") }

func stringMap(item *yaml.Node, path string) map[string]string {
	if found := document.Lookup(item, path); found != nil {
		return document.Texts(found)
	}
	return map[string]string{}
}

const (
	// packagePathAnnotation is kpt's, and says which package an item is in.
	packagePathAnnotation = "internal.config.kubernetes.io/package-path"
	// previousNamesAnnotation is kustomize's, and has the names that an item had, the
	// first one first, separated by commas.
	previousNamesAnnotation = "internal.config.kubernetes.io/previousNames"
)

// source is an item, and what is known of where it came from.
type source struct {
	*diagnostic.Subject
	// owner is what the item is known by across runs, where it is a FailoverSpec.
	owner owner
}

// sourceOf reads from an item's annotations which file it is in, and what it is
// called there.
func sourceOf(item *yaml.Node) source {
	annotations := annotationsOf(item)
	subject := &diagnostic.Subject{Node: item}
	subject.File, subject.Item = storedAt(annotations)
	subject.FormerName, _, _ = strings.Cut(annotations[previousNamesAnnotation], ",")
	return source{subject, owner{annotations[packagePathAnnotation], document.Field(item, "metadata.name")}}
}

// storedAt returns the file that annotations say, and the place in it.
func storedAt(annotations map[string]string) (path string, index int) {
	for _, dialect := range dialects {
		path = cmp.Or(path, annotations[dialect.path])
		if index == 0 {
			index, _ = strconv.Atoi(annotations[dialect.index])
		}
	}
	return path, index
}

// inFile says where an item is, where that is known.
func (s source) inFile() string {
	if s.File == "" {
		return ""
	}
	return " in " + s.File
}

// dialect is a pair of annotations that says where an item is stored.
type dialect struct{ path, index string }

// dialects has those of today's orchestrators, and those from before; kpt sends
// both.
var dialects = []dialect{
	{"internal.config.kubernetes.io/path", "internal.config.kubernetes.io/index"},
	{"config.kubernetes.io/path", "config.kubernetes.io/index"},
}

// dialectsOf are those in which an item says which file it is in.
func dialectsOf(item *yaml.Node) []dialect {
	annotations := annotationsOf(item)
	return slices.DeleteFunc(slices.Clone(dialects), func(d dialect) bool { return annotations[d.path] == "" })
}

// owner is what a FailoverSpec is known by across runs: its package, as kpt tells
// it, and its name. The namespace is none of it, so it may be changed.
type owner struct{ packagePath, name string }

// child is what an object that the function made is known by on the next run,
// whatever it was renamed to meanwhile.
type child struct {
	owner
	part render.Part
}

// childOf returns the child that an item says it is, if it says so. An object of
// a kind that is never rendered as the part is somebody's copy of the annotations.
func childOf(item *yaml.Node) (child, bool) {
	annotations := annotationsOf(item)
	ownerName, part := annotations[v1alpha1.AnnotationOwner], render.Part(annotations[v1alpha1.AnnotationPart])
	return child{owner{annotations[packagePathAnnotation], ownerName}, part}, ownerName != "" && render.Makes(part, groupKindOf(item))
}

// groupKindOf tells kinds apart, whatever their version.
func groupKindOf(item *yaml.Node) schema.GroupKind {
	group, _, found := strings.Cut(document.Field(item, "apiVersion"), "/")
	if !found {
		group = "" // the core group
	}
	return schema.GroupKind{Group: group, Kind: document.Field(item, "kind")}
}

// id is what makes an object the same for an API server. An object without
// a namespace lands in "default", as far as these files tell.
type id struct {
	schema.GroupKind
	namespace, name string
}

func idOf(item *yaml.Node) id {
	return id{groupKindOf(item), cmp.Or(document.Field(item, "metadata.namespace"), v1alpha1.DefaultNamespace), document.Field(item, "metadata.name")}
}
