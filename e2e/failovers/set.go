package failovers

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
)

// Set is manifests that are applied together.
type Set struct {
	// Name is short enough to be part of a namespace's name.
	Name    string
	Objects []unstructured.Unstructured
}

// Read returns the set of a file with YAML documents. A namespace that an object does not
// name is "default".
func Read(name string, content []byte) (Set, error) {
	set := Set{Name: name}
	decoder := utilyaml.NewYAMLOrJSONDecoder(bytes.NewReader(content), 1<<16)
	for {
		var object unstructured.Unstructured
		err := decoder.Decode(&object)
		if errors.Is(err, io.EOF) {
			return set, nil
		}
		if err != nil {
			return Set{}, fmt.Errorf("%s: %w", name, err)
		}
		if object.GroupVersionKind().Group == v1alpha1.Group { // such as a record of a drill, which is for tools only
			continue
		}
		if object.GetNamespace() == "" && !isClusterScoped(object.GetKind()) {
			object.SetNamespace("default")
		}
		set.Objects = append(set.Objects, object)
	}
}

// ForEnvoyGateway returns the set as the CRDs of a version have it: those of 1.8 have no v1
// of TCPRoute.
func (s Set) ForEnvoyGateway(version string) Set {
	if strings.HasPrefix(version, "1.8.") {
		for _, route := range s.of("TCPRoute") {
			route.SetAPIVersion("gateway.networking.k8s.io/v1alpha2")
		}
	}
	return s
}

func isClusterScoped(kind string) bool { return kind == "GatewayClass" || kind == "Namespace" }

// YAML returns the objects as a stream of documents.
func (s Set) YAML() (string, error) {
	var text bytes.Buffer
	for _, object := range s.Objects {
		document, err := yaml.Marshal(object.Object)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&text, "---\n%s", document)
	}
	return text.String(), nil
}

// Namespaces returns those of the objects, sorted.
func (s Set) Namespaces() []string {
	var names []string
	for _, object := range s.Objects {
		switch {
		case object.GetKind() == "Namespace":
			names = append(names, object.GetName())
		case object.GetNamespace() != "":
			names = append(names, object.GetNamespace())
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Gateways returns the names of the Gateways.
func (s Set) Gateways() []types.NamespacedName {
	var names []types.NamespacedName
	for _, gateway := range s.of("Gateway") {
		names = append(names, nameOf(gateway))
	}
	return names
}

// of returns the objects of a kind.
func (s Set) of(kind string) []unstructured.Unstructured {
	var found []unstructured.Unstructured
	for _, object := range s.Objects {
		if object.GetKind() == kind {
			found = append(found, object)
		}
	}
	return found
}

// find returns an object, or nil.
func (s Set) find(kind string, name types.NamespacedName) *unstructured.Unstructured {
	for i := range s.Objects {
		if object := &s.Objects[i]; object.GetKind() == kind && object.GetNamespace() == name.Namespace && object.GetName() == name.Name {
			return object
		}
	}
	return nil
}

// fields returns the maps in the list at a path.
func fields(value map[string]any, path ...string) []map[string]any {
	list, _, _ := unstructured.NestedFieldNoCopy(value, path...)
	items, _ := list.([]any)
	var found []map[string]any
	for _, item := range items {
		if object, isMap := item.(map[string]any); isMap {
			found = append(found, object)
		}
	}
	return found
}

// text returns the string at a path, or nothing.
func text(value map[string]any, path ...string) string {
	found, _, _ := unstructured.NestedString(value, path...)
	return found
}

// number returns the integer at a path, or 0.
func number(value map[string]any, path ...string) int64 {
	found, _, _ := unstructured.NestedInt64(value, path...)
	return found
}
