package metadata

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
)

// TestCommonMetadata: what is taken for right is what apimachinery has nothing to say of.
func TestCommonMetadata(t *testing.T) {
	names := []string{"", "a", "shop-1", "1", "0-a", "-", "-a", "a-", "a.b", "a_b", "a..b", "A", "aB", "é", "a\n", strings.Repeat("a", 63), strings.Repeat("a", 64)}
	rules := map[string]NameRule{"subdomain": apivalidation.NameIsDNSSubdomain, "label": apivalidation.NameIsDNSLabel, "label of old": apivalidation.NameIsDNS1035Label}
	others := map[string]func(meta *metav1.ObjectMeta){
		"nothing":             func(*metav1.ObjectMeta) {},
		"a generateName":      func(meta *metav1.ObjectMeta) { meta.GenerateName = "a-" },
		"a bad generateName":  func(meta *metav1.ObjectMeta) { meta.GenerateName = "_" },
		"a generation":        func(meta *metav1.ObjectMeta) { meta.Generation = -1 },
		"an owner":            func(meta *metav1.ObjectMeta) { meta.OwnerReferences = []metav1.OwnerReference{{}} },
		"a finalizer":         func(meta *metav1.ObjectMeta) { meta.Finalizers = []string{"a"} },
		"managed fields":      func(meta *metav1.ObjectMeta) { meta.ManagedFields = []metav1.ManagedFieldsEntry{{}} },
		"a label":             func(meta *metav1.ObjectMeta) { meta.Labels = map[string]string{"a": "b"} },
		"bad labels":          func(meta *metav1.ObjectMeta) { meta.Labels = map[string]string{"a": "b c", "a b": "c", "d": "e"} },
		"an annotation":       func(meta *metav1.ObjectMeta) { meta.Annotations = map[string]string{"Example.com/a": "b c"} },
		"bad annotations":     func(meta *metav1.ObjectMeta) { meta.Annotations = map[string]string{"b c": "", "a b": ""} },
		"too big annotations": func(meta *metav1.ObjectMeta) { meta.Annotations = map[string]string{"a": strings.Repeat("a", 300_000)} },
	}
	common := 0
	for rule, check := range rules {
		for other, add := range others {
			for _, name := range names {
				for _, namespace := range names {
					for _, namespaced := range []bool{true, false} {
						meta := metav1.ObjectMeta{Name: name, Namespace: namespace}
						add(&meta)
						if isCommon(&meta, namespaced) {
							common++
						}
						assert.Equal(t, validate(meta, namespaced, check), Validate(meta, namespaced, check), "%s, %s: %q in %q", rule, other, name, namespace)
					}
				}
			}
		}
	}
	assert.Greater(t, common, 100)
}

// TestCommonLabels: what is taken for right without an expression is right.
func TestCommonLabels(t *testing.T) {
	parts := []string{"", "a", "A", "0", "-", "_", ".", "a-b", "a_b", "a.b", "a..b", ".a", "a.", "-a", "a-", "a b", "é", "a/b", strings.Repeat("a", 63), strings.Repeat("a", 64), "app.kubernetes.io", "App.kubernetes.io", "a.-b", "a-.b", "k8s.io", "0.1", "a.0-"}
	for _, part := range parts {
		if isWord(part) {
			assert.Empty(t, validation.IsValidLabelValue(part), part)
		}
		for _, name := range append(parts, "name") {
			for _, key := range []string{name, part + "/" + name} {
				if isCommonKey(key) {
					assert.Empty(t, validation.IsQualifiedName(key), key)
				}
			}
		}
	}
	assert.True(t, isCommonKey("app.kubernetes.io/name"))
	assert.True(t, isCommonKey("version"))
	assert.True(t, isWord("shop-1"))
}
