package cluster

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// process is a running program whose output goes to a file of its own.
type process struct {
	command *exec.Cmd
	// exited is closed when the program has ended.
	exited chan struct{}
}

func startProcess(logs, name string, environment []string, program string, arguments ...string) (*process, error) {
	log, err := os.OpenFile(filepath.Join(logs, name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	command := exec.Command(program, arguments...)
	command.Env = environment
	command.Stdout, command.Stderr = log, log
	if err := command.Start(); err != nil {
		log.Close()
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	p := &process{command: command, exited: make(chan struct{})}
	go func() {
		defer close(p.exited)
		defer log.Close()
		if err := command.Wait(); err != nil {
			fmt.Fprintf(log, "%s ended: %v\n", name, err)
		}
	}()
	return p, nil
}

func (p *process) running() bool {
	select {
	case <-p.exited:
		return false
	default:
		return true
	}
}

func (p *process) signal(signal syscall.Signal) error {
	return p.command.Process.Signal(signal)
}

// stop ends the program at once and returns when it has ended.
func (p *process) stop() {
	_ = p.command.Process.Kill() // The error would be that it has ended already.
	<-p.exited
}
