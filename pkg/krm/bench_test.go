package krm_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/krm"
)

// workshops returns the workshop's spec, many times under other names.
func workshops(b *testing.B, count int) []string {
	b.Helper()
	spec, err := os.ReadFile("../../examples/workshop/failover.yaml")
	require.NoError(b, err)
	specs := make([]string, count)
	for i := range specs {
		renamed := strings.NewReplacer("name: ha-failover", fmt.Sprintf("name: w%d", i), "namespace: default", fmt.Sprintf("namespace: n%d", i))
		specs[i] = renamed.Replace(string(spec))
	}
	return specs
}

// BenchmarkFunction is the function on a package of many specs.
func BenchmarkFunction(b *testing.B) {
	for _, count := range []int{1, 1000} {
		var input strings.Builder
		input.WriteString("apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n")
		for _, spec := range workshops(b, count) {
			spec = strings.NewReplacer("&echo", "", "*echo", "{image: echo, port: 3000}").Replace(spec)
			input.WriteString("- " + strings.ReplaceAll(strings.TrimSpace(spec), "\n", "\n  ") + "\n")
		}
		b.Run(fmt.Sprintf("specs=%d", count), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				documents, err := document.Parse([]byte(input.String()), "bench.yaml")
				require.NoError(b, err)
				answer, err := krm.Function(documents[0].Node, []byte(input.String()))
				require.NoError(b, err)
				require.False(b, diagnostic.Failed(answer.Diagnostics), answer.Diagnostics)
			}
		})
	}
}
