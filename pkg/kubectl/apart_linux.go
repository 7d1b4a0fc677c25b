package kubectl

import (
	"os/exec"
	"syscall"
)

// apart starts a command in a process group of its own, which ends as a whole. It ends with
// this process too, so that nothing goes on changing a cluster that nobody watches.
func apart(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
