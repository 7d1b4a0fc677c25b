package krm

import (
	"cmp"
	"path"
	"strconv"

	"sigs.k8s.io/kustomize/kyaml/kio/kioutil"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	"github.com/failover-krm/failover/pkg/document"
)

// The items of a ResourceList are anything that is a map. What is read from them
// here is nothing where metadata is not what Kubernetes' is.

func annotationsOf(item *yaml.Node) map[string]string { return stringMap(item, "metadata.annotations") }

func labelsOf(item *yaml.Node) map[string]string { return stringMap(item, "metadata.labels") }

func stringMap(item *yaml.Node, path string) map[string]string {
	texts := map[string]string{}
	found := document.Lookup(item, path)
	if found == nil {
		return texts
	}
	value, _ := document.Value(found)
	fields, _ := value.(map[string]any)
	for key, field := range fields {
		if text, ok := field.(string); ok {
			texts[key] = text
		}
	}
	return texts
}

const packagePathAnnotation = "internal.config.kubernetes.io/package-path"

// sourceOf reads from an item's annotations which file it is in.
func sourceOf(item *yaml.Node) *Source {
	annotations := annotationsOf(item)
	source := &Source{Node: item}
	for _, dialect := range dialects {
		source.File = cmp.Or(source.File, annotations[dialect.path])
		if source.Index == 0 {
			source.Index, _ = strconv.Atoi(annotations[dialect.index])
		}
	}
	return source
}

// dialect is a pair of annotations that says where an item is stored.
type dialect struct{ path, index string }

var dialects = []dialect{
	{kioutil.PathAnnotation, kioutil.IndexAnnotation},
	{kioutil.LegacyPathAnnotation, kioutil.LegacyIndexAnnotation}, //nolint:staticcheck // kpt sends both
}

// owner is what a FailoverSpec is known by across runs: its package, as kpt tells
// it, and its name. The namespace is none of it, so it may be changed.
type owner struct{ packagePath, name string }

func ownerOf(spec *yaml.Node) owner {
	return owner{annotationsOf(spec)[packagePathAnnotation], document.Field(spec, "metadata.name")}
}

// groupKind tells kinds apart, whatever their version.
type groupKind struct{ group, kind string }

func groupKindOf(item *yaml.Node) groupKind {
	// "." stands for the core group.
	return groupKind{path.Dir(document.Field(item, "apiVersion")), document.Field(item, "kind")}
}

// id is what makes an object the same for an API server. An object without
// a namespace lands in "default", as far as these files tell.
type id struct {
	groupKind
	namespace, name string
}

func idOf(item *yaml.Node) id {
	return id{groupKindOf(item), cmp.Or(document.Field(item, "metadata.namespace"), v1alpha1.DefaultNamespace), document.Field(item, "metadata.name")}
}
