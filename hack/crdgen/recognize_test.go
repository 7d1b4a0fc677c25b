package main

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failover-krm/failover/pkg/apiserver/crd"
)

// TestEveryVersionIsRecognized gives the CRDs of each Envoy Gateway as an API server
// prints them: it is among those recognized, with none but those of the same CRDs.
func TestEveryVersionIsRecognized(t *testing.T) {
	found := map[string][]string{}
	for _, version := range versions {
		definitions, err := crdsOf(version)
		require.NoError(t, err)
		var values []map[string]any
		for _, definition := range definitions {
			data, err := json.Marshal(definition)
			require.NoError(t, err)
			var value map[string]any
			require.NoError(t, json.Unmarshal(data, &value))
			values = append(values, value)
		}
		recognized, known := crd.Recognize(values)
		assert.Positive(t, known)
		assert.Contains(t, recognized, version)
		found[version] = recognized

		for _, value := range values {
			spec := value["spec"].(map[string]any)
			if spec["names"].(map[string]any)["kind"] == "BackendTrafficPolicy" {
				spec["versions"].([]any)[0].(map[string]any)["schema"] = map[string]any{"openAPIV3Schema": map[string]any{"type": "object"}}
			}
		}
		recognized, _ = crd.Recognize(values)
		assert.Empty(t, recognized, "somebody has changed a CRD")
	}
	assert.Equal(t, []string{"1.8.0"}, found["1.8.0"])
	assert.Equal(t, []string{"1.8.2", "1.8.3"}, found["1.8.2"])
	assert.Equal(t, []string{"1.9.0", "1.9.1"}, found["1.9.1"])
}
