package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/failover-krm/failover/e2e/cluster"
	"github.com/failover-krm/failover/internal/page"
)

// commandsOfPage are the commands that a page shows.
func commandsOfPage(t *testing.T, file string) []page.Command {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	commands := page.Commands(strings.Split(string(text), "\n"))
	require.NotEmpty(t, commands, file)
	return commands
}

// shell is that of a reader of a page, who is the cluster's administrator.
type shell struct {
	cluster *cluster.Cluster
	// directory is the working directory, and the first one of the PATH.
	directory string
	// variables are those that commands have set, each as an assignment.
	variables []string
}

func openShell(t *testing.T, c *cluster.Cluster) shell {
	t.Helper()
	return shell{cluster: c, directory: t.TempDir()}
}

// program puts one before the one of the same name, which it runs after something else.
func (s *shell) program(t *testing.T, name, first string) {
	t.Helper()
	script := fmt.Sprintf("#!/bin/sh\n%s\nPATH=\"${PATH#*:}\" exec %s \"$@\"\n", first, name)
	require.NoError(t, os.WriteFile(filepath.Join(s.directory, name), []byte(script), 0o755))
}

var assignment = regexp.MustCompile(`^(\w+)=`)

// run runs a command, and returns what it writes. What it assigns is there for the next one.
func (s *shell) run(t *testing.T, command string) (string, error) {
	t.Helper()
	name := assignment.FindStringSubmatch(command)
	if name == nil {
		output, err := s.command(t, command).CombinedOutput()
		return string(output), err
	}
	output, err := s.command(t, command+" || exit\ndeclare -p "+name[1]).CombinedOutput()
	s.variables = append(s.variables, string(output))
	return "", err
}

// command is a command of the shell.
func (s *shell) command(t *testing.T, command string) *exec.Cmd {
	t.Helper()
	script := "set -o pipefail\n" + strings.Join(s.variables, "\n") + "\n" + command
	bash := s.cluster.Command(t.Context(), "bash", "-c", script)
	bash.Dir = s.directory
	for i, variable := range bash.Env {
		if path, isPath := strings.CutPrefix(variable, "PATH="); isPath {
			bash.Env[i] = "PATH=" + s.directory + ":" + path
		}
	}
	return bash
}
