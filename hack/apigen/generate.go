package main

import (
	"fmt"
	"maps"

	"golang.org/x/tools/go/packages"
	"sigs.k8s.io/controller-tools/pkg/crd"
	crdmarkers "sigs.k8s.io/controller-tools/pkg/crd/markers"
	"sigs.k8s.io/controller-tools/pkg/loader"
	"sigs.k8s.io/controller-tools/pkg/markers"

	"github.com/failover-krm/failover/hack/gosource"
)

const (
	apiPackage      = "github.com/failover-krm/failover/pkg/api/v1alpha1"
	schemaFile      = "pkg/api/v1alpha1/failoverspec.schema.json"
	checkSchemaFile = "pkg/api/v1alpha1/failovercheck.schema.json"
	goSchemaFile    = "pkg/api/decode/zz_generated.schema.go"
	referenceFile   = "docs/reference.md"
	snippetFile     = "editors/failover.code-snippets"
)

// generate returns the files to write, by their paths relative to the repository's root, which it
// reads examples from.
func generate(root string) (map[string][]byte, error) {
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

	parser := newParser(collector)
	spec, err := failoverSpecSchema(roots[0], parser)
	if err != nil {
		return nil, err
	}
	check, err := failoverCheckSchema(roots[0], parser)
	if err != nil {
		return nil, err
	}
	drill, err := failoverDrillSchema(roots[0], parser)
	if err != nil {
		return nil, err
	}
	writer := gosource.NewWriter()
	specRoot, err := writer.Reference(spec)
	if err != nil {
		return nil, err
	}
	checkRoot, err := writer.Reference(check)
	if err != nil {
		return nil, err
	}
	drillRoot, err := writer.Reference(drill)
	if err != nil {
		return nil, err
	}
	goSchema, err := writer.Source("hack/apigen from the Go types", "decode",
		"var failoverSpecSchema = "+specRoot+"\n\nvar failoverCheckSchema = "+checkRoot+"\n\nvar failoverDrillSchema = "+drillRoot)
	if err != nil {
		return nil, err
	}
	// From here on, the schemas have what only editors read.
	forEditors(spec)
	forEditors(check)
	addSnippets(spec)
	oneOf(spec)
	specFile, err := encode(spec)
	if err != nil {
		return nil, err
	}
	checkFile, err := encode(check)
	if err != nil {
		return nil, err
	}
	snippets, err := snippetsFile()
	if err != nil {
		return nil, err
	}
	reference, err := referencePage(root, roots[0], collector)
	if err != nil {
		return nil, err
	}
	files, err := commandFiles()
	if err != nil {
		return nil, err
	}
	maps.Copy(files, map[string][]byte{schemaFile: specFile, checkSchemaFile: checkFile, goSchemaFile: goSchema, referenceFile: reference, snippetFile: snippets})
	return files, nil
}

// newParser knows the types that marshal as something other than their fields.
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
