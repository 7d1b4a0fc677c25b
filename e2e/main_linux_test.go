package e2e

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/failover-krm/failover/e2e/cluster"
	"github.com/failover-krm/failover/e2e/programs"
	"github.com/failover-krm/failover/e2e/sandbox"
)

// unavailable tells why the suite can't run here.
var unavailable error

var (
	installed programs.Set
	theOne    = sync.OnceValues(func() (*cluster.Cluster, error) {
		return cluster.Start(context.Background(), installed, logDirectory())
	})
)

func TestMain(m *testing.M) {
	flag.Parse()
	unavailable = prepare()
	if unavailable != nil && sandbox.Inside() {
		fmt.Fprintln(os.Stderr, unavailable)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// prepare builds what the suite needs, and enters the sandbox.
func prepare() (err error) {
	if err := sandbox.Possible(); err != nil {
		return err
	}
	// There is no network in the sandbox to build anything with.
	if installed, err = programs.Find(context.Background(), "tools", *envoyGatewayVersion); err != nil {
		return err
	}
	return sandbox.Enter()
}

// startCluster returns the cluster that all tests share. Where there can be
// none, it skips the test, or fails it if the suite is required.
func startCluster(t *testing.T) *cluster.Cluster {
	t.Helper()
	if unavailable != nil {
		skip(t, unavailable)
	}
	c, err := theOne()
	if err != nil {
		t.Fatalf("start the cluster: %v (for the programs' own words, use -logs)", err)
	}
	return c
}

func skip(t *testing.T, reason error) {
	t.Helper()
	if *required {
		t.Fatalf("the end-to-end suite is required, but can't run here: %v", reason)
	}
	t.Skipf("the end-to-end suite can't run here: %v", reason)
}

func logDirectory() string {
	if *logs != "" {
		return *logs
	}
	return filepath.Join(sandbox.Directory, "logs")
}
