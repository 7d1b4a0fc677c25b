package kubectl

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"runtime"
	"strings"
)

// Shell runs a command line of the user's by the shell, and returns an error that has what it
// wrote.
func Shell(ctx context.Context, line string) error {
	shell, flag := "sh", "-c"
	if runtime.GOOS == "windows" {
		shell, flag = "cmd", "/C"
	}
	cmd := exec.CommandContext(ctx, shell, flag, line)
	apart(cmd)
	cmd.WaitDelay = waitDelay
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return fmt.Errorf("%s: %w: %s", line, err, strings.TrimSpace(output.String()))
	}
	return nil
}
