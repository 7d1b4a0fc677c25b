package function

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/failover-krm/failover/e2e/programs"
	"github.com/failover-krm/failover/e2e/sandbox"
)

var (
	// unavailable tells why nothing of this can run here.
	unavailable error
	installed   programs.Orchestrators
)

func TestMain(m *testing.M) {
	unavailable = prepare()
	if unavailable != nil && sandbox.Inside() {
		fmt.Fprintln(os.Stderr, unavailable)
		os.Exit(1)
	}
	status := m.Run()
	removeCgroups()
	os.Exit(status)
}

// prepare builds what the tests need, and enters the sandbox.
func prepare() (err error) {
	if err := sandbox.Possible(); err != nil {
		return err
	}
	// There is no network in the sandbox to build anything with.
	if installed, err = programs.FindOrchestrators(context.Background(), "../tools"); err != nil {
		return err
	}
	if output, err := exec.Command("go", "-C", repository, "mod", "download").CombinedOutput(); err != nil {
		return fmt.Errorf("download the modules of the image: %w\n%s", err, output)
	}
	return sandbox.Enter()
}

// repository is the directory of the Dockerfile.
const repository = "../.."

func needSandbox(t *testing.T) {
	t.Helper()
	if unavailable != nil {
		skip(t, unavailable)
	}
}

func skip(t *testing.T, reason error) {
	t.Helper()
	if os.Getenv("E2E_REQUIRE") != "" {
		t.Fatalf("the end-to-end suite is required, but can't run here: %v", reason)
	}
	t.Skipf("can't run here: %v", reason)
}

// withFailover is the environment of a program that runs failover by exec.
func withFailover() []string {
	return append(os.Environ(), "PATH="+filepath.Dir(installed.Failover)+":"+os.Getenv("PATH"))
}
