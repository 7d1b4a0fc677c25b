package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// orchestrators have the CRDs of what the examples apply to Argo CD and Flux.
var orchestrators = []struct{ module, crds string }{
	{"github.com/argoproj/argo-cd/v3@v3.5.7", "manifests/crds/*-crd.yaml"},
	{"github.com/fluxcd/kustomize-controller@v1.9.1", "config/crd/bases/*.yaml"},
	{"github.com/fluxcd/source-controller@v1.9.1", "config/crd/bases/*.yaml"},
}

// orchestratorExamples are for Argo CD and Flux. The module of Config Sync is not on the
// Go module proxy, so examples/fleet/configsync is left out.
var orchestratorExamples = []string{
	"argocd/application.yaml", "flux/flux.yaml", "fleet/argocd/applicationset.yaml", "fleet/flux/clusters.yaml",
}

// TestOrchestratorsTakeTheExamples validates the examples by the CRDs of the orchestrators,
// as an API server would.
func TestOrchestratorsTakeTheExamples(t *testing.T) {
	referees := map[string]referee{}
	for _, orchestrator := range orchestrators {
		directory, err := moduleDirectory(orchestrator.module)
		require.NoError(t, err)
		files, err := filepath.Glob(filepath.Join(directory, orchestrator.crds))
		require.NoError(t, err)
		for _, file := range files {
			crds, err := readCRDs(file)
			require.NoError(t, err)
			for _, crd := range crds {
				for _, served := range slices.DeleteFunc(crd.Spec.Versions, func(v apiextensionsv1.CustomResourceDefinitionVersion) bool { return !v.Served }) {
					referees[crd.Spec.Group+"/"+served.Name+" "+crd.Spec.Names.Kind] = newReferee(t, &crd, served)
				}
			}
		}
	}
	for _, name := range orchestratorExamples {
		data, err := os.ReadFile(filepath.Join("..", "..", "examples", name))
		require.NoError(t, err)
		decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(data), 4096)
		for {
			var object unstructured.Unstructured
			err := decoder.Decode(&object)
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err, name)
			referee, known := referees[object.GetAPIVersion()+" "+object.GetKind()]
			require.True(t, known, "%s: no CRD of %s %s", name, object.GetAPIVersion(), object.GetKind())
			encoded, err := object.MarshalJSON()
			require.NoError(t, err)
			assert.Empty(t, referee.validate(t, encoded), "%s: %s %s", name, object.GetKind(), object.GetName())
		}
	}
}
