package crd

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/failover-krm/failover/pkg/apiserver/schema"
)

// TestHasRules: the walk of the rules leaves out no schema that has one.
func TestHasRules(t *testing.T) {
	count := 0
	var hasRules func(node *schema.Node) bool
	hasRules = func(node *schema.Node) bool {
		if node == nil {
			return false
		}
		count += len(node.Rules)
		has := len(node.Rules) > 0
		for _, field := range node.Fields {
			has = hasRules(field.Node) || has
		}
		has = hasRules(node.Values) || has
		has = hasRules(node.Items) || has
		assert.Equal(t, has, node.HasRules)
		return has
	}
	for _, release := range releases {
		for _, kind := range release.kinds {
			hasRules(kind.schema)
		}
	}
	assert.Greater(t, count, 1000)
}
