package crd

import (
	"cmp"

	"k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// validateMetadata judges what is in metadata by the rules for all kinds. An
// object without a namespace gets that of the request.
func validateMetadata(object map[string]any, namespaced bool) field.ErrorList {
	metadata, _ := object["metadata"].(map[string]any)
	text := func(name string) string {
		value, _ := metadata[name].(string)
		return value
	}
	meta := metav1.ObjectMeta{
		Name:         text("name"),
		GenerateName: text("generateName"),
		Labels:       texts(metadata["labels"]),
		Annotations:  texts(metadata["annotations"]),
	}
	if namespaced {
		meta.Namespace = cmp.Or(text("namespace"), metav1.NamespaceDefault)
	}
	if finalizers, given := metadata["finalizers"].([]any); given {
		for _, finalizer := range finalizers {
			name, _ := finalizer.(string)
			meta.Finalizers = append(meta.Finalizers, name)
		}
	}
	return validation.ValidateObjectMeta(&meta, namespaced, validation.NameIsDNSSubdomain, field.NewPath("metadata"))
}

func texts(value any) map[string]string {
	fields, _ := value.(map[string]any)
	texts := make(map[string]string, len(fields))
	for name, field := range fields {
		texts[name], _ = field.(string)
	}
	return texts
}
