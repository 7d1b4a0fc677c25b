package command_test

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failover-krm/failover/pkg/command"
)

// TestColorOfATerminal: a terminal gets colours, unless its user or its type says no.
func TestColorOfATerminal(t *testing.T) {
	for _, tc := range []struct {
		reason, term, noColor, mode string
		coloured                    bool
	}{
		{reason: "by default", term: "xterm", mode: "auto", coloured: true},
		{reason: "NO_COLOR that is empty", term: "xterm", mode: "auto", coloured: true},
		{reason: "NO_COLOR", term: "xterm", noColor: "1", mode: "auto"},
		{reason: "a terminal without colours", term: "dumb", mode: "auto"},
		{reason: "never", term: "xterm", mode: "never"},
		{reason: "always, whatever else is said", term: "dumb", noColor: "1", mode: "always", coloured: true},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			t.Setenv("TERM", tc.term)
			t.Setenv("NO_COLOR", tc.noColor)
			screen, terminal := openTerminal(t)
			var stderr strings.Builder
			assert.Zero(t, command.Run([]string{"check", "--color", tc.mode, "-"}, strings.NewReader(failoverManifests(t)), terminal, &stderr), stderr.String())
			shown := make([]byte, 16<<10)
			count, err := screen.Read(shown)
			require.NoError(t, err)
			assert.Equal(t, tc.coloured, strings.Contains(string(shown[:count]), "fails over: \x1b[32myes\x1b[0m: "), "%q", shown[:count])
		})
	}
}

// openTerminal opens a pseudo-terminal: what is written to terminal is read from screen.
func openTerminal(t *testing.T) (screen, terminal *os.File) {
	t.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	require.NoError(t, err)
	t.Cleanup(func() { _ = screen.Close() })
	control := func(request uintptr, value *int32) {
		_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, screen.Fd(), request, uintptr(unsafe.Pointer(value)))
		require.Zero(t, errno)
	}
	var unlocked, number int32
	control(syscall.TIOCSPTLCK, &unlocked)
	control(syscall.TIOCGPTN, &number)
	terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	require.NoError(t, err)
	t.Cleanup(func() { _ = terminal.Close() })
	return screen, terminal
}
