package e2e

import (
	"flag"
	"os"
	"time"
)

// Each flag has a variable, since 'go test ./...' hands flags to packages that
// don't know them.
var (
	required = flag.Bool("require", os.Getenv("E2E_REQUIRE") != "",
		"fail where the suite can't run, instead of skipping it (E2E_REQUIRE)")
	envoyGatewayVersion = flag.String("envoy-gateway", valueOr("E2E_ENVOY_GATEWAY", "1.8.2"),
		"version of Envoy Gateway, one of those under tools (E2E_ENVOY_GATEWAY)")
	logs = flag.String("logs", os.Getenv("E2E_LOGS"),
		"directory to keep the logs of all programs in (E2E_LOGS)")
	long = flag.Bool("long", os.Getenv("E2E_LONG") != "",
		"run each drill three times and write docs/drills.md (E2E_LONG)")
	update   = flag.Bool("update", false, "write the golden files instead of comparing with them")
	only     = flag.String("only", "", "regular expression of the drills that TestPredictions and TestShapes carry out; they then write no page")
	patience = flag.Duration("patience", 5*time.Second,
		"how long a request of a drill waits for its answer")
)

func valueOr(variable, otherwise string) string {
	if value := os.Getenv(variable); value != "" {
		return value
	}
	return otherwise
}
