//go:build linux

package sandbox_test

import (
	"net"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failover-krm/failover/e2e/sandbox"
)

var unavailable error

func TestMain(m *testing.M) {
	unavailable = sandbox.Enter()
	os.Exit(m.Run())
}

func TestSandboxIsApartFromTheMachine(t *testing.T) {
	if unavailable != nil {
		t.Skip(unavailable)
	}
	assert.Equal(t, 1, os.Getpid(), "the first process, whose end ends all others")

	interfaces, err := net.Interfaces()
	require.NoError(t, err)
	for _, i := range interfaces {
		assert.Zero(t, i.Flags&net.FlagUp, "%s is up in a new network", i.Name)
	}

	require.NoError(t, os.Mkdir("/certs", 0o755), "the root can be written to")
	require.NoError(t, os.WriteFile("/etc/resolv.conf", nil, 0o600), "a private copy")
	entries, err := os.ReadDir("/run")
	require.NoError(t, err)
	assert.Len(t, entries, 1)
	_, err = os.Stat("doc.go")
	assert.NoError(t, err, "the working directory is kept")
}
