package programs

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
)

// goModule is a module that pins programs written in Go. It may have a main of its
// own, in a directory of the program's name.
type goModule struct {
	directory string
}

// build returns a function that builds the program of the given package.
func (m goModule) build(packagePath string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		return m.cached(path.Base(packagePath), func(target string) error {
			build := m.goCommand("build", "-ldflags=-s -w", "-o", target, packagePath)
			return build.run(ctx)
		})
	}
}

// copy returns a function that copies a directory out of one of the modules
// that this one requires.
func (m goModule) copy(modulePath, directory string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		return m.cached(path.Base(directory), func(target string) error {
			sources, err := m.sources(ctx, modulePath)
			if err != nil {
				return err
			}
			return os.CopyFS(target, os.DirFS(filepath.Join(sources, directory)))
		})
	}
}

// sources returns the directory of one of the modules that this one requires.
func (m goModule) sources(ctx context.Context, modulePath string) (string, error) {
	output, err := m.goCommand("mod", "download", "-json", modulePath).output(ctx)
	if err != nil {
		return "", err
	}
	var module struct{ Dir string }
	err = json.Unmarshal(output, &module)
	return module.Dir, err
}

func (m goModule) cached(name string, produce func(target string) error) (string, error) {
	pins := []string{filepath.Join(m.directory, "go.mod"), filepath.Join(m.directory, "go.sum")}
	if _, err := os.Stat(pins[0]); err != nil {
		return "", fmt.Errorf("nothing pins it: %w", err)
	}
	sources, err := filepath.Glob(filepath.Join(m.directory, "*", "*.go"))
	if err != nil {
		return "", err
	}
	return cached(append(pins, sources...), name, produce)
}

func (m goModule) goCommand(arguments ...string) command {
	return command{
		directory: m.directory,
		program:   "go",
		arguments: arguments,
		// Static programs need no C compiler to build, and a workspace around
		// the repository must not change what the module pins.
		environment: []string{"CGO_ENABLED=0", "GOWORK=off"},
	}
}
