package refusals

import (
	"flag"
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/failover-krm/failover/e2e/programs"
)

// Each flag has a variable, as those of package e2e.
var (
	required = flag.Bool("require", os.Getenv("E2E_REQUIRE") != "",
		"fail where the translation can't be built, instead of skipping (E2E_REQUIRE)")
	envoyGatewayVersion = flag.String("envoy-gateway", valueOr("E2E_ENVOY_GATEWAY", "1.8.2"),
		"version of Envoy Gateway, pinned under tools or not (E2E_ENVOY_GATEWAY)")
	count = flag.Int("refusals", numberOr("E2E_REFUSALS", 300),
		"how many objects are compared, 0 for all with one field at an edge and as many with two (E2E_REFUSALS)")
)

func valueOr(variable, otherwise string) string {
	if value := os.Getenv(variable); value != "" {
		return value
	}
	return otherwise
}

func numberOr(variable string, otherwise int) int {
	if number, err := strconv.Atoi(os.Getenv(variable)); err == nil {
		return number
	}
	return otherwise
}

// translator returns the path of the program that translates.
func translator(t *testing.T) string {
	t.Helper()
	path, err := programs.Translate(t.Context(), "../tools", *envoyGatewayVersion)
	if err != nil && !*required {
		t.Skip(err)
	}
	require.NoError(t, err)
	return path
}
