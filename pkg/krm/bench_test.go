package krm_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/krm"
)

// BenchmarkRender goes from bytes to bytes, on the workshop's spec.
func BenchmarkRender(b *testing.B) {
	spec, err := os.ReadFile("../../examples/workshop/failover.yaml")
	require.NoError(b, err)
	for _, count := range []int{1, 1000} {
		var input strings.Builder
		for i := range count {
			input.WriteString("---\n")
			input.WriteString(strings.ReplaceAll(string(spec), "namespace: default", fmt.Sprintf("namespace: n%d", i)))
		}
		b.Run(fmt.Sprintf("specs=%d", count), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				documents, err := document.Parse([]byte(input.String()), "bench.yaml")
				require.NoError(b, err)
				stream, err := krm.Render(documents, "")
				require.NoError(b, err)
				require.False(b, stream.Failed())
			}
		})
	}
}
