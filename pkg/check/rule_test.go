package check_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failover-krm/failover/pkg/check"
)

// TestRules holds what everybody may rely on of every rule.
func TestRules(t *testing.T) {
	seen := map[string]bool{}
	for _, rule := range check.Rules() {
		assert.Regexp(t, `^[a-z]+(-[a-z0-9]+)+$`, rule.ID)
		assert.False(t, seen[rule.ID], "%s is there twice", rule.ID)
		seen[rule.ID] = true
		for name, text := range map[string]string{"Summary": rule.Summary, "Explanation": rule.Explanation, "Fix": rule.Fix} {
			assert.Regexp(t, `\.$`, text, "%s of %s", name, rule.ID)
		}
		known, found := check.Lookup(rule.ID)
		assert.True(t, found)
		assert.Equal(t, rule.Summary, known.Summary)
	}
	_, found := check.Lookup("no-such-rule")
	assert.False(t, found)

	entries, err := os.ReadDir(filepath.Join("..", "..", "testdata", "rule"))
	require.NoError(t, err)
	for _, entry := range entries {
		assert.True(t, seen[entry.Name()], "testdata/rule/%s is of no rule", entry.Name())
	}
}
