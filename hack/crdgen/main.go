// Command crdgen writes what packages crd and builtin know of the kinds of an API
// server: the CRDs that each version of Envoy Gateway installs, and the OpenAPI of
// Kubernetes. They come from the Go modules of the two.
//
//	go run . -root ../..
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

// outputs are the files that are written, by their path in the repository.
var outputs = map[string]func() ([]byte, error){
	"pkg/apiserver/crd/zz_generated.schema.go":     generate,
	"pkg/apiserver/builtin/zz_generated.schema.go": generateBuiltin,
}

func main() {
	root := flag.String("root", "../..", "the repository's root")
	flag.Parse()
	if err := write(*root); err != nil {
		fmt.Fprintln(os.Stderr, "crdgen:", err)
		os.Exit(1)
	}
}

func write(root string) error {
	for path, generate := range outputs {
		source, err := generate()
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if err := os.WriteFile(filepath.Join(root, path), source, 0o644); err != nil {
			return err
		}
	}
	return nil
}
