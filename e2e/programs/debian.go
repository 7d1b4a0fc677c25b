package programs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// debian returns a program of this machine or, where there is none, that of Debian's package,
// unpacked in the cache: the package is not installed, since that would start a service.
func debian(name, debianPackage string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
		if err := needOnPath("apt-get", "dpkg-deb"); err != nil {
			return "", fmt.Errorf("is not on the PATH, and without Debian's tools it can't be fetched: %w", err)
		}
		return cached(nil, name, func(target string) error { return unpackDebian(ctx, debianPackage, name, target) })
	}
}

func unpackDebian(ctx context.Context, debianPackage, name, target string) error {
	directory, err := os.MkdirTemp("", name+"-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(directory)
	download := command{directory: directory, program: "apt-get", arguments: []string{"download", "--quiet", debianPackage}}
	if err := download.run(ctx); err != nil {
		return fmt.Errorf("%w(run 'apt-get update' first, or install %s)", err, debianPackage)
	}
	archives, err := filepath.Glob(filepath.Join(directory, debianPackage+"_*.deb"))
	if err != nil || len(archives) != 1 {
		return errors.Join(fmt.Errorf("apt-get downloaded %d packages, not one", len(archives)), err)
	}
	unpack := command{program: "dpkg-deb", arguments: []string{"--extract", archives[0], directory}}
	if err := unpack.run(ctx); err != nil {
		return err
	}
	return command{program: "cp", arguments: []string{filepath.Join(directory, "usr", "bin", name), target}}.run(ctx)
}
