package compile_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failover-krm/failover/internal/randomspec"
	"github.com/failover-krm/failover/pkg/check"
	"github.com/failover-krm/failover/pkg/compile"
	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/target"
)

// TestRulesFindTheSameInBatches: FailoverSpecs are compiled some at a time, and the rules
// find in them what they find in all of them together.
func TestRulesFindTheSameInBatches(t *testing.T) {
	var text []byte
	for number := range 200 {
		on := target.All()[number%len(target.All())]
		fs := randomspec.New(number, on)
		spec := fs["spec"].(map[string]any)
		spec["policy"] = map[string]any{"profile": "safe"} // other settings would be simulated, each for a while
		switch shared := map[string]any{"name": "shared", "port": 8080}; number % 50 {
		case 0:
			spec["passive"], spec["active"] = map[string]any{"service": shared}, map[string]any{"service": map[string]any{"name": "nowhere", "port": 80}}
		case 49:
			fs["metadata"].(map[string]any)["namespace"] = []string{"default", "web", "infra", "other"}[number/50]
			spec["passive"] = map[string]any{"name": "shared", "workload": map[string]any{"image": "nginx", "port": 80}}
			spec["active"] = map[string]any{"workload": map[string]any{"image": "nginx", "port": 80}}
		}
		data, err := json.Marshal(fs)
		require.NoError(t, err)
		text = append(append(text, data...), "\n---\n"...)
	}
	documents, err := document.Parse(text, "specs.yaml")
	require.NoError(t, err)
	subjects := diagnostic.Subjects(documents)

	together, err := compile.Check(subjects, target.Default, check.Options{})
	require.NoError(t, err)
	var want, got []string
	for _, found := range together.Diagnostics {
		if rule, isRule := check.Lookup(found.Rule); isRule && (found.Severity != diagnostic.Info || rule.OnRender) {
			if found.Severity == diagnostic.Error {
				found.Severity = diagnostic.Warning // what a spec says is what is meant
			}
			want = append(want, found.String())
		}
	}
	var sizes []int
	_, inBatches, err := compile.YAML(subjects, compile.Options{DropNodes: true, Together: func(specs int) { sizes = append(sizes, specs) }})
	require.NoError(t, err)
	assert.Greater(t, len(sizes), 1, "batches")
	total := 0
	for _, size := range sizes {
		total += size
	}
	assert.Len(t, subjects, total)
	for _, found := range inBatches {
		if found.Rule != "" {
			got = append(got, found.String())
		}
	}
	assert.Equal(t, want, got)
	assert.Greater(t, len(got), 100)
}
