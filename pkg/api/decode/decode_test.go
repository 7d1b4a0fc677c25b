package decode_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failover-krm/failover/pkg/api/decode"
	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	"github.com/failover-krm/failover/pkg/document"
)

// TestDefaultIsIdempotent holds for every case that renders: a spec with its
// defaults filled in is a valid spec that has no defaults left to fill in.
func TestDefaultIsIdempotent(t *testing.T) {
	inputs, err := filepath.Glob("../../../testdata/render/*/expected.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, inputs)
	for _, expected := range inputs {
		data, err := os.ReadFile(filepath.Join(filepath.Dir(expected), "input.yaml"))
		require.NoError(t, err)
		documents, err := document.Parse(data, "input.yaml")
		require.NoError(t, err)
		for _, doc := range documents {
			if !decode.Claims(doc.Node) {
				continue
			}
			once, errs := decode.FailoverSpec(doc.Node, "web")
			if len(errs) > 0 {
				once, errs = decode.FailoverSpec(doc.Node, "")
			}
			require.Empty(t, errs, expected)

			before, err := json.Marshal(once)
			require.NoError(t, err)
			v1alpha1.Default(once)
			after, err := json.Marshal(once)
			require.NoError(t, err)
			assert.JSONEq(t, string(before), string(after), expected)
		}
	}
}
