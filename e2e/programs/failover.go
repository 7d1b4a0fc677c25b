package programs

import (
	"context"
	"crypto/sha256"
	"os"
	"path/filepath"
)

// buildFailover returns a function that builds the command of the repository
// around the suite, every time: Go knows what has changed. Two clones of the
// repository don't share it.
func buildFailover(repository string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		clone, err := filepath.Abs(repository)
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
		scratch, err := os.MkdirTemp(directory, ".making-failover-")
		if err != nil {
			return "", err
		}
		defer os.RemoveAll(scratch)
		target, unfinished := filepath.Join(directory, "failover"), filepath.Join(scratch, "failover")
		build := command{directory: repository, program: "go", arguments: []string{"build", "-o", unfinished, "./fn/failover"}, environment: []string{"CGO_ENABLED=0", "GOWORK=off"}}
		if err := build.run(ctx); err != nil {
			return "", err
		}
		return target, os.Rename(unfinished, target)
	}
}
