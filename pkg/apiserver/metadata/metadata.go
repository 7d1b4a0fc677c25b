// Package metadata validates what objects of all kinds have in common, as an API
// server does. Errors come in the order of the keys, and each names its key.
package metadata

import (
	"cmp"
	"slices"
	"strings"

	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// NameRule returns what is wrong with a name, as apimachinery's validators do.
type NameRule = apivalidation.ValidateNameFunc

// Of reads the metadata of an object. What has the wrong type is left out: that is
// an error of the schema.
func Of(object map[string]any) metav1.ObjectMeta {
	metadata, _ := object["metadata"].(map[string]any)
	text := func(name string) string {
		value, _ := metadata[name].(string)
		return value
	}
	meta := metav1.ObjectMeta{
		Name: text("name"), Namespace: text("namespace"), GenerateName: text("generateName"),
		Labels: texts(metadata["labels"]), Annotations: texts(metadata["annotations"]),
	}
	if finalizers, given := metadata["finalizers"].([]any); given {
		for _, finalizer := range finalizers {
			name, _ := finalizer.(string)
			meta.Finalizers = append(meta.Finalizers, name)
		}
	}
	return meta
}

func texts(value any) map[string]string {
	fields, _ := value.(map[string]any)
	if len(fields) == 0 {
		return nil
	}
	texts := make(map[string]string, len(fields))
	for name, field := range fields {
		texts[name], _ = field.(string)
	}
	return texts
}

// Validate validates the metadata of a new object. One without a namespace gets
// that of the request, and one with a generateName its name.
func Validate(meta metav1.ObjectMeta, namespaced bool, rule NameRule) field.ErrorList {
	if isCommon(&meta, namespaced) {
		return nil
	}
	return validate(meta, namespaced, rule)
}

// isCommon tells that metadata is right by each NameRule of Kubernetes, and has only what most
// objects have: apimachinery makes a path for each of its fields, whether it is there or not.
func isCommon(meta *metav1.ObjectMeta, namespaced bool) bool {
	hasMore := meta.GenerateName != "" || meta.Generation != 0 || len(meta.OwnerReferences)+len(meta.Finalizers)+len(meta.ManagedFields) > 0
	isRightNamespace := meta.Namespace == "" || namespaced && isCommonName(meta.Namespace)
	return !hasMore && isRightNamespace && isCommonName(meta.Name) &&
		len(uncommonLabels(meta.Labels)) == 0 && len(uncommonAnnotations(meta.Annotations)) == 0 && apivalidation.ValidateAnnotationsSize(meta.Annotations) == nil
}

// isCommonName tells that a name is of lower case letters and digits, with dashes between them,
// and begins with a letter. All such names are right; others may be.
func isCommonName(name string) bool {
	return isWord(name) && 'a' <= name[0] && name[0] <= 'z' &&
		!strings.ContainsFunc(name, func(r rune) bool { return r == '_' || r == '.' || 'A' <= r && r <= 'Z' })
}

func validate(meta metav1.ObjectMeta, namespaced bool, rule NameRule) field.ErrorList {
	path := field.NewPath("metadata")
	labels, annotations := meta.Labels, meta.Annotations
	meta.Labels, meta.Annotations = nil, nil
	if namespaced {
		meta.Namespace = cmp.Or(meta.Namespace, metav1.NamespaceDefault)
	}
	if meta.GenerateName != "" {
		meta.Name = cmp.Or(meta.Name, meta.GenerateName+"abcde")
	}
	errs := apivalidation.ValidateObjectMeta(&meta, namespaced, rule, path)
	errs = append(errs, ValidateLabels(labels, path.Child("labels"))...)
	return append(errs, ValidateAnnotations(annotations, path.Child("annotations"))...)
}

// ValidateLabels validates labels, or what selects by them.
func ValidateLabels(labels map[string]string, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for _, key := range uncommonLabels(labels) {
		errs = append(errs, Invalid(path.Key(key), key, validation.IsQualifiedName(key))...)
		errs = append(errs, Invalid(path.Key(key), labels[key], validation.IsValidLabelValue(labels[key]))...)
	}
	return errs
}

// uncommonLabels returns the keys of the labels that have to be matched with expressions, which
// takes the most time here, sorted.
func uncommonLabels(labels map[string]string) []string {
	var uncommon []string
	for key, value := range labels {
		if !isCommonKey(key) || !isWord(value) {
			uncommon = append(uncommon, key)
		}
	}
	slices.Sort(uncommon)
	return uncommon
}

// isCommonKey tells that a key is a word, after a prefix that is of words of lower case letters
// and digits. All such keys are right; others may be.
func isCommonKey(key string) bool {
	prefix, name, isPrefixed := strings.Cut(key, "/")
	if !isPrefixed {
		return isWord(key)
	}
	if !isWord(prefix) || !isWord(name) || strings.Contains(prefix, "..") {
		return false
	}
	return !strings.ContainsFunc(prefix, func(r rune) bool { return r != '.' && (r < 'a' || r > 'z') && (r < '0' || r > '9') })
}

// isWord tells that a text is of letters, digits and what may be between them: a right
// value of a label.
func isWord(text string) bool {
	const longest = validation.LabelValueMaxLength
	isEdge := func(char byte) bool {
		return 'a' <= char && char <= 'z' || 'A' <= char && char <= 'Z' || '0' <= char && char <= '9'
	}
	if text == "" || len(text) > longest || !isEdge(text[0]) || !isEdge(text[len(text)-1]) {
		return false
	}
	for i := range len(text) {
		if !isEdge(text[i]) && text[i] != '-' && text[i] != '_' && text[i] != '.' {
			return false
		}
	}
	return true
}

// ValidateAnnotations validates the keys of annotations, and the size of all.
func ValidateAnnotations(annotations map[string]string, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for _, key := range uncommonAnnotations(annotations) {
		errs = append(errs, Invalid(path.Key(key), key, validation.IsQualifiedName(strings.ToLower(key)))...)
	}
	if apivalidation.ValidateAnnotationsSize(annotations) != nil {
		errs = append(errs, field.TooLong(path, nil, apivalidation.TotalAnnotationSizeLimitB))
	}
	return errs
}

// uncommonAnnotations returns the keys that have to be matched with expressions, sorted.
func uncommonAnnotations(annotations map[string]string) []string {
	var uncommon []string
	for key := range annotations {
		if !isCommonKey(strings.ToLower(key)) {
			uncommon = append(uncommon, key)
		}
	}
	slices.Sort(uncommon)
	return uncommon
}

// Invalid turns what apimachinery says of a value into errors.
func Invalid(path *field.Path, value any, details []string) field.ErrorList {
	var errs field.ErrorList
	for _, detail := range details {
		errs = append(errs, field.Invalid(path, value, detail))
	}
	return errs
}
