// Package kubectl asks a cluster by the user's own kubectl: with its kubeconfig, its plugins
// for credentials, and its rights.
package kubectl

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"time"
)

// Kubectl is a program and how it is called.
type Kubectl struct {
	// Program is its name, or path; empty for kubectl on the PATH.
	Program string
	// Flags come before all others, such as --context=production.
	Flags []string
}

// logLine is a line that kubectl's libraries log, in addition to what kubectl itself says.
var logLine = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?m)^[IWE][0-9]{4} .*\n`)
})

// waitDelay is how long a kubectl that was told to end may take.
const waitDelay = 5 * time.Second

// command is not reached by a Ctrl-C in the terminal: the program says when it ends.
func (k Kubectl) command(ctx context.Context, args ...string) *exec.Cmd {
	program := k.Program
	if program == "" {
		program = "kubectl"
	}
	cmd := exec.CommandContext(ctx, program, append(append([]string{}, k.Flags...), args...)...)
	apart(cmd)
	cmd.WaitDelay = waitDelay
	return cmd
}

// Run runs kubectl, and returns what it wrote to stdout. The error has what it wrote to
// stderr.
func (k Kubectl) Run(ctx context.Context, args ...string) (string, error) {
	cmd := k.command(ctx, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	return stdout.String(), explain(ctx, err, stderr.String(), args)
}

// explain says what was asked for, and what kubectl said to it.
func explain(ctx context.Context, err error, stderr string, args []string) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("kubectl %s: %w", strings.Join(args, " "), ctx.Err())
	case errors.Is(err, exec.ErrNotFound):
		return fmt.Errorf("%w: install kubectl, or give its path with --kubectl", err)
	}
	said := strings.TrimSpace(logLine().ReplaceAllString(stderr, ""))
	if said != "" {
		return fmt.Errorf("kubectl %s: %s", strings.Join(args, " "), said)
	}
	return fmt.Errorf("kubectl %s: %w", strings.Join(args, " "), err)
}

// Get reads an object, or a list, in the form of JSON. It is not found where the cluster has
// no such object.
func (k Kubectl) Get(ctx context.Context, into any, args ...string) (found bool, err error) {
	args = append(append([]string{"get"}, args...), "--output=json", "--ignore-not-found")
	output, err := k.Run(ctx, args...)
	if err != nil || strings.TrimSpace(output) == "" {
		return false, err
	}
	if err := json.Unmarshal([]byte(output), into); err != nil {
		return false, fmt.Errorf("kubectl %s: %w", strings.Join(args, " "), err)
	}
	return true, nil
}
