// Command crdgen writes what package crd knows of the CRDs that each version of
// Envoy Gateway installs. They come from its own Go module.
//
//	go run . -root ../..
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

const output = "pkg/apiserver/crd/zz_generated.schema.go"

func main() {
	root := flag.String("root", "../..", "the repository's root")
	flag.Parse()
	source, err := generate()
	if err == nil {
		err = os.WriteFile(filepath.Join(*root, output), source, 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "crdgen:", err)
		os.Exit(1)
	}
}
