package metadata

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"k8s.io/apimachinery/pkg/util/validation"
)

// TestCommonLabels: what is taken for right without an expression is right.
func TestCommonLabels(t *testing.T) {
	parts := []string{"", "a", "A", "0", "-", "_", ".", "a-b", "a_b", "a.b", "a..b", ".a", "a.", "-a", "a-", "a b", "é", "a/b", strings.Repeat("a", 63), strings.Repeat("a", 64), "app.kubernetes.io", "App.kubernetes.io", "a.-b", "a-.b"}
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
