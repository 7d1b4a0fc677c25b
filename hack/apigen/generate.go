package main

import (
	"fmt"

	"golang.org/x/tools/go/packages"
	"sigs.k8s.io/controller-tools/pkg/crd"
	crdmarkers "sigs.k8s.io/controller-tools/pkg/crd/markers"
	"sigs.k8s.io/controller-tools/pkg/loader"
	"sigs.k8s.io/controller-tools/pkg/markers"

	"github.com/failover-krm/failover/hack/gosource"
)

const (
	apiPackage    = "github.com/failover-krm/failover/pkg/api/v1alpha1"
	schemaFile    = "pkg/api/v1alpha1/failoverspec.schema.json"
	goSchemaFile  = "pkg/api/decode/zz_generated.schema.go"
	referenceFile = "docs/reference.md"
)

// outputs are the files that generate returns, relative to the repository's root.
var outputs = []string{schemaFile, goSchemaFile, referenceFile}

// generate returns the content of every output.
func generate() (map[string][]byte, error) {
	roots, err := loader.LoadRoots(apiPackage)
	if err != nil {
		return nil, err
	}
	if loader.PrintErrors(roots, packages.TypeError) {
		return nil, fmt.Errorf("%s does not load", apiPackage)
	}
	registry := &markers.Registry{}
	if err := crdmarkers.Register(registry); err != nil {
		return nil, err
	}
	collector := &markers.Collector{Registry: registry}

	schema, err := failoverSpecSchema(roots[0], collector)
	if err != nil {
		return nil, err
	}
	full, err := encode(schema)
	if err != nil {
		return nil, err
	}
	var writer gosource.Writer
	root, err := writer.Reference(schema)
	if err != nil {
		return nil, err
	}
	goSchema, err := writer.Source("hack/apigen from the Go types", "decode", "var failoverSpecSchema = "+root)
	if err != nil {
		return nil, err
	}
	reference, err := referencePage(roots[0], collector)
	if err != nil {
		return nil, err
	}
	return map[string][]byte{schemaFile: full, goSchemaFile: goSchema, referenceFile: reference}, nil
}

// newParser knows the types that marshal as something else than their fields.
func newParser(collector *markers.Collector) *crd.Parser {
	parser := &crd.Parser{
		Collector:              collector,
		Checker:                &loader.TypeChecker{},
		AllowDangerousTypes:    true,
		IgnoreUnexportedFields: true,
	}
	crd.AddKnownTypes(parser)
	return parser
}
