package programs

import (
	"context"
	"crypto/sha256"
	"os"
	"path/filepath"
)

// buildOwn returns a function that builds a command of a module of this repository,
// every time: Go knows what has changed. Two clones of the repository don't share it.
func buildOwn(module, packagePath string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		clone, err := filepath.Abs(module)
		if err != nil {
			return "", err
		}
		hash := sha256.Sum256([]byte(clone))
		directory, err := inCache(hash[:])
		if err != nil {
			return "", err
		}
		if err := os.MkdirAll(directory, 0o755); err != nil {
			return "", err
		}
		scratch, err := os.MkdirTemp(directory, ".making-own-")
		if err != nil {
			return "", err
		}
		defer os.RemoveAll(scratch)
		name := filepath.Base(packagePath)
		target, unfinished := filepath.Join(directory, name), filepath.Join(scratch, name)
		build := command{directory: module, program: "go", arguments: []string{"build", "-o", unfinished, packagePath}, environment: []string{"CGO_ENABLED=0", "GOWORK=off"}}
		if err := build.run(ctx); err != nil {
			return "", err
		}
		return target, os.Rename(unfinished, target)
	}
}
