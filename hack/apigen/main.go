// Command apigen writes what is derived from the Go types of the API and their
// comments, the JSON Schema and the reference page, and from the command line, its
// pages and manual pages.
//
//	go run . -root ../..
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	root := flag.String("root", "../..", "the repository's root")
	flag.Parse()
	files, err := generate(*root)
	if err != nil {
		fmt.Fprintln(os.Stderr, "apigen:", err)
		os.Exit(1)
	}
	if err := write(*root, files); err != nil {
		fmt.Fprintln(os.Stderr, "apigen:", err)
		os.Exit(1)
	}
}

// write replaces the files; of a command that is gone, no page is left.
func write(root string, files map[string][]byte) error {
	for _, directory := range []string{commandPages, manualPages} {
		if err := os.RemoveAll(filepath.Join(root, directory)); err != nil {
			return err
		}
	}
	for name, content := range files {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}
