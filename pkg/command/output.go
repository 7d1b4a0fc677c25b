package command

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/failover-krm/failover/pkg/report"
)

// The values of --color.
const (
	colorAuto   = "auto"
	colorAlways = "always"
	colorNever  = "never"
)

func colorWords() []string { return []string{colorAuto, colorAlways, colorNever} }

// wantsColor tells whether to mark words with colours on a stream. By default, that is
// for a terminal that has them, unless NO_COLOR (https://no-color.org) says otherwise.
func wantsColor(mode string, stream io.Writer) bool {
	if mode != colorAuto {
		return mode == colorAlways
	}
	if checked, isChecked := stream.(*checkedWriter); isChecked {
		stream = checked.Writer
	}
	return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && isTerminal(stream)
}

// reportFile is a value of --report.
type reportFile struct {
	format report.Format
	name   string
}

// reportFiles reads the values of --report.
func reportFiles(values []string) ([]reportFile, error) {
	var files []reportFile
	names := map[string]bool{}
	for _, value := range values {
		format, name, found := strings.Cut(value, "=")
		if !found || name == "" || name == "-" {
			return nil, unusable("--report %q: must be FORMAT=FILE, such as sarif=failover.sarif; -o says what is written to stdout", value)
		}
		if err := oneOf("--report", format, words(report.Formats())); err != nil {
			return nil, err
		}
		if names[filepath.Clean(name)] {
			return nil, unusable("--report %q: there is another report for this file: give each report its own file", value)
		}
		names[filepath.Clean(name)] = true
		files = append(files, reportFile{report.Format(format), name})
	}
	return files, nil
}

// writeFile writes a file whole or not at all. What is not a regular file, such as
// a device, is written to as it is.
func writeFile(name string, write func(io.Writer) error) error {
	if resolved, err := filepath.EvalSymlinks(name); err == nil {
		name = resolved // a link stays one
	}
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		return writeTo(name, os.O_WRONLY, write)
	}
	file, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if failed, isPath := errors.AsType[*fs.PathError](err); isPath {
		err = failed.Err // the name in it is that of the temporary file
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	err = errors.Join(write(file), file.Chmod(readable), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), name)
	}
	if err != nil {
		_ = os.Remove(file.Name())
	}
	return err
}

// readable is the mode of what is written: for its owner to change, for all to read.
const readable = 0o644

// writeTo writes to a file that is opened with these flags.
func writeTo(name string, flags int, write func(io.Writer) error) error {
	file, err := os.OpenFile(name, flags, readable)
	if err != nil {
		return err
	}
	return errors.Join(write(file), file.Close())
}

// inRepository returns the path of a file as seen from the root of the repository that
// the working directory is in; without one, from the working directory.
func inRepository() func(string) string {
	working := workingDirectory()
	root := working
	for directory := working; directory != filepath.Dir(directory); directory = filepath.Dir(directory) {
		if _, err := os.Stat(filepath.Join(directory, ".git")); err == nil {
			root = directory
			break
		}
	}
	return func(file string) string {
		if file == "" || file == stdinName {
			return file
		}
		relative := relativeTo(root, relativeTo(working, file, true), false)
		if strings.HasPrefix(relative, "..") {
			return file
		}
		return relative
	}
}

// workingDirectory is empty where it is unknown, such as one that was removed.
func workingDirectory() string {
	directory, err := os.Getwd()
	if err != nil {
		return ""
	}
	return directory
}

// relativeTo returns the path of a file as seen from a directory, or the absolute one.
func relativeTo(directory, file string, absolute bool) string {
	if !filepath.IsAbs(file) {
		file = filepath.Join(directory, file)
	}
	if absolute {
		return file
	}
	relative, err := filepath.Rel(directory, file)
	if err != nil {
		return file
	}
	return relative
}
