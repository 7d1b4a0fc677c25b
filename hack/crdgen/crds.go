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

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/util/yaml"

	"github.com/failover-krm/failover/pkg/target"
)

// versions are the Envoy Gateways inside of every target, the oldest first.
var versions = target.EnvoyGateways()

// kinds are those that failover renders, and those that they work together with.
var kinds = []string{
	"Backend", "BackendTLSPolicy", "BackendTrafficPolicy", "ClientTrafficPolicy", "GRPCRoute", "Gateway",
	"GatewayClass", "HTTPRoute", "HTTPRouteFilter", "ReferenceGrant", "TCPRoute", "TLSRoute",
}

// crdsOf returns the CRDs of the kinds that an Envoy Gateway installs.
func crdsOf(envoyGateway string) ([]apiextensionsv1.CustomResourceDefinition, error) {
	module, err := moduleDirectory("github.com/envoyproxy/gateway@v" + envoyGateway)
	if err != nil {
		return nil, err
	}
	var crds []apiextensionsv1.CustomResourceDefinition
	err = filepath.WalkDir(filepath.Join(module, "charts", "gateway-helm"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".yaml" || !slices.Contains([]string{"crds", "generated"}, filepath.Base(filepath.Dir(path))) {
			return err
		}
		inFile, err := readCRDs(path)
		for _, crd := range inFile {
			if slices.Contains(kinds, crd.Spec.Names.Kind) {
				crds = append(crds, crd)
			}
		}
		return err
	})
	return crds, err
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

// readCRDs returns the CRDs among the documents of a file.
func readCRDs(path string) ([]apiextensionsv1.CustomResourceDefinition, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(data), 4096)
	var crds []apiextensionsv1.CustomResourceDefinition
	for {
		var crd apiextensionsv1.CustomResourceDefinition
		err := decoder.Decode(&crd)
		if errors.Is(err, io.EOF) {
			return crds, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if crd.Kind == "CustomResourceDefinition" {
			crds = append(crds, crd)
		}
	}
}
