package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// targets has the target of each Envoy Gateway that the suite can run, whose CRDs
// are those that failover writes the defaults of.
var targets = map[string]string{"1.8.2": "envoy-gateway-1.8.2", "1.9.1": "envoy-gateway-1.9.1"}

// workshopSpec returns the FailoverSpec of the workshop, for the Envoy Gateway
// that runs.
func workshopSpec(t *testing.T) string {
	t.Helper()
	spec, err := os.ReadFile("../examples/workshop/failover.yaml")
	require.NoError(t, err)
	return string(spec)
}

// render returns what 'failover render' prints of FailoverSpecs, for the Envoy
// Gateway that runs.
func render(t *testing.T, specs string) string {
	t.Helper()
	require.Contains(t, targets, *envoyGatewayVersion)
	specs = strings.ReplaceAll(specs, "\nspec:\n", "\nspec:\n  target: "+targets[*envoyGatewayVersion]+"\n")
	failover := exec.CommandContext(t.Context(), installed.Failover, "render", "-")
	failover.Stdin = strings.NewReader(specs)
	var output, complaint bytes.Buffer
	failover.Stdout, failover.Stderr = &output, &complaint
	require.NoError(t, failover.Run(), complaint.String())
	return output.String()
}
