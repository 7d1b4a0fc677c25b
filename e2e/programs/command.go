package programs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// command is a program to run to its end.
type command struct {
	directory   string
	program     string
	arguments   []string
	environment []string
}

func (c command) run(ctx context.Context) error {
	_, err := c.output(ctx)
	return err
}

// output returns what the program wrote on its standard output; an error tells
// what it wrote on the other one.
func (c command) output(ctx context.Context) ([]byte, error) {
	process := exec.CommandContext(ctx, c.program, c.arguments...)
	process.Dir = c.directory
	process.Env = append(os.Environ(), c.environment...)
	var complaint bytes.Buffer
	process.Stderr = &complaint
	output, err := process.Output()
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w\n%s", c.program, strings.Join(c.arguments, " "), err, complaint.Bytes())
	}
	return output, nil
}

// needOnPath returns an error that names each program that is not on the PATH.
func needOnPath(names ...string) error {
	var problems []error
	for _, name := range names {
		if _, err := exec.LookPath(name); err != nil {
			problems = append(problems, fmt.Errorf("%s is not on the PATH", name))
		}
	}
	return errors.Join(problems...)
}
