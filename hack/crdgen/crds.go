package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"go.yaml.in/yaml/v3"
)

// versions are the Envoy Gateways inside of every target.
var versions = []string{"1.3.2", "1.3.3", "1.4.3", "1.5.9", "1.6.3", "1.7.2", "1.8.2", "1.8.3", "1.9.1"}

// kinds are those that failover renders.
var kinds = []string{"Backend", "BackendTrafficPolicy", "Gateway", "HTTPRoute", "HTTPRouteFilter"}

// apiVersions are the versions in which it renders them.
var apiVersions = []string{"v1", "v1alpha1"}

// object is a JSON object.
type object = map[string]any

// crdsOf returns the schemas of the kinds in the CRDs of an Envoy Gateway.
func crdsOf(version string) (map[string]object, error) {
	charts, err := moduleDirectory("github.com/envoyproxy/gateway@v" + version)
	if err != nil {
		return nil, err
	}
	schemas := map[string]object{}
	err = filepath.WalkDir(filepath.Join(charts, "charts", "gateway-helm"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".yaml" || !slices.Contains([]string{"crds", "generated"}, filepath.Base(filepath.Dir(path))) {
			return err
		}
		return addSchemas(path, schemas)
	})
	for _, kind := range kinds {
		if err == nil && schemas[kind] == nil {
			err = fmt.Errorf("envoy gateway %s has no CRD of %s", version, kind)
		}
	}
	return schemas, err
}

// moduleDirectory downloads a Go module, checked against the checksum database.
func moduleDirectory(module string) (string, error) {
	cmd := exec.Command("go", "mod", "download", "-json", module)
	cmd.Dir = os.TempDir() // outside of any module
	data, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", module, err, data)
	}
	var downloaded struct{ Dir string }
	err = json.Unmarshal(data, &downloaded)
	return downloaded.Dir, err
}

func addSchemas(path string, schemas map[string]object) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var crd struct {
			Kind string
			Spec struct {
				Names    struct{ Kind string }
				Versions []struct {
					Name   string
					Schema struct {
						OpenAPIV3Schema object `yaml:"openAPIV3Schema"`
					}
				}
			}
		}
		err := decoder.Decode(&crd)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		for _, version := range crd.Spec.Versions {
			if crd.Kind == "CustomResourceDefinition" && slices.Contains(kinds, crd.Spec.Names.Kind) && slices.Contains(apiVersions, version.Name) {
				schemas[crd.Spec.Names.Kind] = version.Schema.OpenAPIV3Schema
			}
		}
	}
}
