package envoygateway_test

import (
	"testing"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/runtime"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/yaml"

	"github.com/failover-krm/failover/pkg/envoygateway"
)

// TestValidate has a line for each kind of value that is refused. That these are
// the right ones is shown by the end-to-end suite, on the real translation.
func TestValidate(t *testing.T) {
	for spec, want := range map[string][]string{
		"timeout: {tcp: {connectTimeout: 0s}}": {"Frozen spec.timeout.tcp.connectTimeout: Invalid value: \"0s\": must be longer than 0s"},
	} {
		t.Run(spec, func(t *testing.T) {
			assert.Equal(t, want, told(t, "1.9.1", &egv1a1.BackendTrafficPolicy{}, "spec: {"+spec+"}"))
		})
	}
	_ = gwapiv1.HTTPRoute{}
}

func told(t *testing.T, version string, object runtime.Object, manifest string) []string {
	t.Helper()
	require.NoError(t, yaml.UnmarshalStrict([]byte(manifest), object))
	var lines []string
	for _, refusal := range envoygateway.Validate(version, object) {
		assert.NotEmpty(t, refusal.Consequence.Description())
		lines = append(lines, string(refusal.Consequence)+" "+refusal.Err.Error())
	}
	return lines
}
