package krm

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failover-krm/failover/pkg/document"
)

// TestReadBackRefuses: no input is known that the YAML library writes wrongly, so
// the text of an answer is spoilt here.
func TestReadBackRefuses(t *testing.T) {
	const advice = "the YAML library cannot write this back as it is: write strings in double quotes, or remove the comments that follow them"
	for _, tc := range []struct{ reason, item, config, want string }{
		{"what it should be", "- kind: B\n  metadata: {name: b}\n  data: {x: 'y', l: [1]}\n", "functionConfig: {kind: ConfigMap}\n", ""},
		{"a text", "- kind: B\n  metadata: {name: b}\n  data: {x: z, l: [1]}\n", "functionConfig: {kind: ConfigMap}\n", "items[1] (B b): data.x: " + advice},
		{"a type", "- kind: B\n  metadata: {name: b}\n  data: {x: 'y', l: ['1']}\n", "functionConfig: {kind: ConfigMap}\n", "items[1] (B b): data.l[0]: " + advice},
		{"a field that is not there", "- kind: B\n  metadata: {name: b}\n", "functionConfig: {kind: ConfigMap}\n", "items[1] (B b): " + advice},
		{"no YAML", "- kind: B\n  metadata: {name: b}\n  data: {x: y}}\n", "functionConfig: {kind: ConfigMap}\n", "items[1] (B b): " + advice},
		{"another item", "- kind: B\n- kind: C\n", "functionConfig: {kind: ConfigMap}\n", advice},
		{"another field", "- kind: B\n  metadata: {name: b}\n  data: {x: y, l: [1]}\n", "functionConfig: {kind: Secret}\n", "ResourceList: functionConfig: " + advice},
		{"a field that is no YAML", "- kind: B\n  metadata: {name: b}\n  data: {x: y, l: [1]}\n", "functionConfig: [\n", "ResourceList: functionConfig: " + advice},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			documents, err := document.Parse([]byte("apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n- kind: A\n- kind: B\n  metadata: {name: b}\n  data: {x: y, l: [1]}\nfunctionConfig: {kind: ConfigMap}\n"), "list")
			require.NoError(t, err)
			list, diagnostics := readResourceList(documents[0].Node, nil)
			require.Empty(t, diagnostics)
			parts := list.split()
			require.NoError(t, write(parts))
			parts[3].text, parts[4].text = []byte(tc.item), []byte(tc.config)
			_, err = readBack(parts)
			if tc.want == "" {
				assert.NoError(t, err)
				return
			}
			assert.EqualError(t, err, tc.want)
		})
	}
}
