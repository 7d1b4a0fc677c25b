package sandbox

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

// insideVariable tells a process that it was started inside the sandbox.
const insideVariable = "FAILOVER_E2E_INSIDE_SANDBOX"

// Inside reports whether this process runs in the sandbox.
func Inside() bool {
	return os.Getenv(insideVariable) != ""
}

// Possible returns an error that tells why there can be no sandbox here, as far
// as that is known before it is tried.
func Possible() error {
	if os.Geteuid() != 0 {
		return errors.New("needs root, to make network and mount namespaces")
	}
	return nil
}

// Enter runs this program again, with the same arguments, in a sandbox.
//
// Outside it ends this process with the exit status of that second one, and
// returns only if there can be no sandbox here. Inside it returns once the
// sandbox is ready.
func Enter() error {
	if Inside() {
		if err := furnish(); err != nil {
			return fmt.Errorf("furnish the sandbox: %w", err)
		}
		return nil
	}
	if err := Possible(); err != nil {
		return err
	}
	status, err := runAgain()
	if err != nil {
		return fmt.Errorf("make network, mount and process namespaces: %w", err)
	}
	os.Exit(status)
	return nil
}

func runAgain() (status int, err error) {
	program, err := os.Executable()
	if err != nil {
		return 0, err
	}
	again := exec.Command(program, os.Args[1:]...)
	again.Stdin, again.Stdout, again.Stderr = os.Stdin, os.Stdout, os.Stderr
	again.Env = append(os.Environ(), insideVariable+"=1")
	again.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWPID | syscall.CLONE_NEWIPC,
		Pdeathsig:  syscall.SIGKILL,
	}

	// Pdeathsig fires when the thread ends that started the process.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err = again.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		if signal := exit.Sys().(syscall.WaitStatus); signal.Signaled() {
			return 128 + int(signal.Signal()), nil
		}
		return exit.ExitCode(), nil
	}
	return 0, err
}
