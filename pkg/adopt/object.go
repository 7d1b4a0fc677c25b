package adopt

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utiljson "k8s.io/apimachinery/pkg/util/json"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	"github.com/failover-krm/failover/pkg/apiserver"
	"github.com/failover-krm/failover/pkg/check"
	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/envoygateway"
)

// object is a manifest that a failover may be made of.
type object struct {
	check.Manifest
	id envoygateway.Object
	// typed is the object as it is written: without the defaults that an API server
	// fills in, where it was read from a cluster or rendered.
	typed metav1.Object
	// value is the object as it is compared.
	value map[string]any
}

// objects are the manifests by name: several of one name in several directories, such
// as overlays.
type objects map[envoygateway.Object][]*object

// objectsOf reads the manifests. What is rendered from a FailoverSpec is not among them.
func objectsOf(manifests []check.Manifest) (objects, error) {
	all := objects{}
	for _, manifest := range manifests {
		if manifest.Origin != nil {
			continue
		}
		_, id, err := envoygateway.Decode(manifest.Value)
		if id.Kind == "" {
			continue
		}
		object := &object{Manifest: manifest, id: id}
		if err == nil {
			written, _ := document.Value(manifest.Subject.Node)
			fields, _ := written.(map[string]any)
			if isFilledIn(fields) {
				apiserver.RemoveDefaults(manifest.EnvoyGateway, fields)
			}
			if object.typed, _, err = envoygateway.Decode(fields); err != nil {
				return nil, err
			}
		}
		if object.value, err = comparable(manifest.Value, manifest.EnvoyGateway); err != nil {
			return nil, err
		}
		all[id] = append(all[id], object)
	}
	return all, nil
}

// isFilledIn tells whether an object has all defaults written out: one that was read
// from a cluster, or rendered of a kind that has a CRD.
func isFilledIn(fields map[string]any) bool {
	metadata, _ := fields["metadata"].(map[string]any)
	labels, _ := metadata["labels"].(map[string]any)
	isRendered := labels[v1alpha1.LabelManagedBy] == v1alpha1.ManagedBy && fields["kind"] != kindDeployment && fields["kind"] != kindService
	return metadata["uid"] != nil || metadata["resourceVersion"] != nil || isRendered
}

// find returns the object of a name, from the directory of another one where there are
// several; nil where there is none.
func (o objects) find(id envoygateway.Object, near *object) *object {
	of := o[id]
	for _, object := range of {
		if object.directory() == near.directory() {
			return object
		}
	}
	if len(of) == 0 {
		return nil
	}
	return of[0]
}

func (o *object) directory() string { return filepath.Dir(o.Subject.File) }

// ofKind returns the objects of a kind, sorted by name.
func (o objects) ofKind(kind string, near *object) []*object {
	var found []*object
	for _, id := range slices.SortedFunc(maps.Keys(o), envoygateway.Object.Compare) {
		if id.Kind == kind {
			found = append(found, o.find(id, near))
		}
	}
	return found
}

// serverFields are the fields of metadata that a cluster keeps for itself.
var serverFields = []string{
	"creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "finalizers", "generateName", "generation", "managedFields",
	"ownerReferences", "resourceVersion", "selfLink", "uid",
}

// toolAnnotations are those of tools, which say nothing of the object: each is a key, or
// the beginning of one.
var toolAnnotations = []string{
	v1alpha1.Group + "/", "config.kubernetes.io/", "internal.config.kubernetes.io/", "config.k8s.io/", "internal.kpt.dev/",
	"kubectl.kubernetes.io/last-applied-configuration", "deployment.kubernetes.io/revision",
}

// comparable returns a copy of an object without what is the same for all who read it:
// defaults, names, and what a cluster and tools keep in it.
func comparable(value map[string]any, envoyGateway string) (map[string]any, error) {
	var copied map[string]any
	if err := convert(value, &copied); err != nil {
		return nil, err
	}
	fillReferences(copied)
	apiserver.RemoveDefaults(envoyGateway, copied)
	metadata, isGiven := copied["metadata"].(map[string]any)
	if !isGiven {
		metadata = map[string]any{}
		copied["metadata"] = metadata
	}
	for _, name := range append([]string{"name", "namespace"}, serverFields...) {
		delete(metadata, name)
	}
	annotations, _ := metadata["annotations"].(map[string]any)
	maps.DeleteFunc(annotations, func(key string, _ any) bool {
		return slices.ContainsFunc(toolAnnotations, func(tool string) bool { return strings.HasPrefix(key, tool) })
	})
	for _, name := range []string{"annotations", "labels"} {
		if metadata[name] == nil {
			metadata[name] = map[string]any{} // as what the function renders always has some
		}
	}
	for _, name := range []string{"apiVersion", "kind", "status"} {
		delete(copied, name)
	}
	return copied, nil
}

// fillReferences writes references in one form: with their namespaces, without the port
// of a Backend, which Envoy Gateway does not read, and a policy's targets as a list.
func fillReferences(object map[string]any) {
	spec, _ := object["spec"].(map[string]any)
	metadata, _ := object["metadata"].(map[string]any)
	namespace, _ := metadata["namespace"].(string)
	if namespace == "" {
		namespace = v1alpha1.DefaultNamespace
	}
	each := func(list any, do func(map[string]any)) {
		items, _ := list.([]any)
		for _, item := range items {
			if fields, isObject := item.(map[string]any); isObject {
				do(fields)
			}
		}
	}
	place := func(ref map[string]any) {
		if _, given := ref["namespace"]; !given {
			ref["namespace"] = namespace
		}
	}
	switch object["kind"] {
	case string(v1alpha1.RouteKindHTTP), string(v1alpha1.RouteKindGRPC), string(v1alpha1.RouteKindTLS), string(v1alpha1.RouteKindTCP):
		each(spec["parentRefs"], place)
		each(spec["rules"], func(rule map[string]any) {
			each(rule["backendRefs"], func(ref map[string]any) {
				place(ref)
				if ref["kind"] == kindBackend {
					delete(ref, "port")
				}
			})
		})
	case kindBackendTrafficPolicy:
		if target, given := spec["targetRef"]; given {
			others, _ := spec["targetRefs"].([]any)
			spec["targetRefs"] = append([]any{target}, others...)
			delete(spec, "targetRef")
		}
	}
}

// convert copies a value into another of the same JSON.
func convert(from, into any) error {
	data, err := json.Marshal(from)
	if err != nil {
		return err
	}
	return utiljson.Unmarshal(data, into)
}
