package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"

	"github.com/failover-krm/failover/pkg/document"
)

// TestKustomize builds every kustomization of the examples, and further
// combinations, with the real kustomize: the result is what the golden file has,
// every reference in it leads to an object that is there, and the API server takes
// all of it.
func TestKustomize(t *testing.T) {
	c := startCluster(t)
	for _, tc := range []struct {
		directory, golden string
		// elsewhere are the objects that are in the cluster already.
		elsewhere []string
	}{
		{directory: "../examples/kustomize/overlays/staging", golden: "example-staging.yaml"},
		{directory: "../examples/kustomize/overlays/production", golden: "example-production.yaml"},
		{
			directory: "../examples/kustomize/generator", golden: "example-generator.yaml",
			elsewhere: []string{"Gateway infra/public", "Service web/shop", "Service web-standby/shop"},
		},
		{
			directory: "../testdata/adopt/docs-retry-of-gateway-api/output", golden: "adopted-with-a-patch.yaml",
			elsewhere: []string{"Gateway default/eg", "Service shop/primary", "Service shop/standby"},
		},
		{
			directory: "../testdata/adopt/docs-policy-of-the-gateway/output", golden: "adopted-without-a-policy.yaml",
			elsewhere: []string{"Service shop/primary", "Service shop/standby"},
		},
		{directory: "testdata/kustomize/generator-with-everything"},
		{directory: "testdata/kustomize/generator-with-workloads"},
		{directory: "testdata/kustomize/transformer-with-everything", elsewhere: []string{"Service staging/dev-standby-v2's pods"}},
		{directory: "testdata/kustomize/function-config-as-transformer"},
		{directory: "testdata/kustomize/rendered-in-base-and-overlay"},
	} {
		t.Run(filepath.Base(tc.directory), func(t *testing.T) {
			built, complaint, err := kustomize(t, tc.directory, "--enable-alpha-plugins", "--enable-exec")
			require.NoError(t, err, complaint)
			golden := filepath.Join(tc.directory, "expected.yaml")
			if tc.golden != "" {
				golden = filepath.Join("testdata", "kustomize", tc.golden)
			}
			if *update {
				require.NoError(t, os.WriteFile(golden, []byte(built), 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			assert.Equal(t, string(want), built)
			assert.Empty(t, dangling(t, built, tc.elsewhere))
			for _, object := range objectsOf(t, built) {
				if path, known := resources[object.kind]; known {
					assert.NoError(t, c.DryRun(t.Context(), path, object.inDefault), object.name)
				}
			}
		})
	}
}

// TestKustomizeWithoutExec: kustomize leaves the function out without a word.
func TestKustomizeWithoutExec(t *testing.T) {
	startCluster(t)
	built, complaint, err := kustomize(t, "../examples/kustomize/generator", "--enable-alpha-plugins")
	require.NoError(t, err, complaint)
	assert.Empty(t, built, "the README warns of this: if it is no longer so, the warning can go")
}

// TestKustomizeShowsErrors: the user sees every error, by the name in the file,
// and nothing of a manifest.
func TestKustomizeShowsErrors(t *testing.T) {
	startCluster(t)
	directory := t.TempDir()
	for name, text := range map[string]string{
		"render.yaml":        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: failover\n  annotations: {config.kubernetes.io/function: 'exec: {path: failover}'}\n",
		"kustomization.yaml": "resources: [shop.yaml]\ntransformers: [render.yaml]\nnamePrefix: dev-\nnamespace: dev\n",
		"shop.yaml":          "apiVersion: failover.krm.dev/v1alpha1\nkind: FailoverSpec\nmetadata: {name: shop}\nspec:\n  active: {workload: {image: nginx, port: 80800}}\n  passve: {service: {name: standby, port: 80}}\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(directory, name), []byte(text), 0o644))
	}
	built, complaint, err := kustomize(t, directory, "--enable-alpha-plugins", "--enable-exec")
	require.Error(t, err)
	assert.Empty(t, built)
	assert.Equal(t, `error: FailoverSpec dev/dev-shop (in its file shop): spec.active.workload.port: Invalid value: 80800: must be between 1 and 65535, inclusive
error: FailoverSpec dev/dev-shop (in its file shop): spec.passve: Forbidden: unknown field, did you mean "passive"?
Error: couldn't execute function: exit status 1 
`, complaint)
}

func kustomize(t *testing.T, directory string, flags ...string) (built, complaint string, err error) {
	t.Helper()
	build := exec.CommandContext(t.Context(), installed.Kustomize, append([]string{"build", directory}, flags...)...)
	build.Env = append(os.Environ(), "PATH="+filepath.Dir(installed.Failover)+":"+os.Getenv("PATH"))
	var stdout, stderr bytes.Buffer
	build.Stdout, build.Stderr = &stdout, &stderr
	err = build.Run()
	return stdout.String(), stderr.String(), err
}

// object is one of a stream.
type object struct {
	kind, namespace, name string
	data, inDefault       []byte
}

func (o object) String() string { return o.kind + " " + o.namespace + "/" + o.name }

func objectsOf(t *testing.T, stream string) []object {
	t.Helper()
	documents, err := document.Parse([]byte(stream), "stream")
	require.NoError(t, err)
	objects := make([]object, 0, len(documents))
	for _, doc := range documents {
		value, errs := document.Value(doc.Node)
		require.Empty(t, errs)
		found := object{
			kind:      document.Field(doc.Node, "kind"),
			namespace: document.Field(doc.Node, "metadata.namespace"), name: document.Field(doc.Node, "metadata.name"),
		}
		found.data, err = json.Marshal(value)
		require.NoError(t, err)
		value.(map[string]any)["metadata"].(map[string]any)["namespace"] = "default" // the others are not there
		found.inDefault, err = json.Marshal(value)
		require.NoError(t, err)
		objects = append(objects, found)
	}
	return objects
}

// dangling returns the references in a stream that lead nowhere: of a route to its
// Gateway, Backends and filters, of a policy to its route, of a Backend to its
// Services, and of a Service to pods.
func dangling(t *testing.T, stream string, elsewhere []string) []string {
	t.Helper()
	there := map[string]bool{}
	for _, known := range elsewhere {
		there[known] = true
	}
	objects := objectsOf(t, stream)
	var pods []labels.Set
	for _, o := range objects {
		there[o.String()] = true
		if o.kind == "Deployment" {
			pods = append(pods, decode[appsv1.Deployment](t, o).Spec.Template.Labels)
		}
	}
	var missing []string
	need := func(by object, kind, namespace, name string) {
		if wanted := (object{kind: kind, namespace: namespace, name: name}).String(); !there[wanted] {
			missing = append(missing, fmt.Sprintf("%s refers to %s", by, wanted))
		}
	}
	for _, o := range objects {
		switch o.kind {
		case "HTTPRoute":
			route := decode[gwapiv1.HTTPRoute](t, o)
			for _, parent := range route.Spec.ParentRefs {
				need(o, "Gateway", orOwn(parent.Namespace, o), string(parent.Name))
			}
			for _, rule := range route.Spec.Rules {
				for _, backend := range rule.BackendRefs {
					need(o, string(*backend.Kind), orOwn(backend.Namespace, o), string(backend.Name))
				}
				for _, filter := range rule.Filters {
					need(o, string(filter.ExtensionRef.Kind), o.namespace, string(filter.ExtensionRef.Name))
				}
			}
		case "BackendTrafficPolicy":
			for _, target := range decode[egv1a1.BackendTrafficPolicy](t, o).Spec.TargetRefs {
				need(o, string(target.Kind), o.namespace, string(target.Name))
			}
		case "Backend":
			for _, endpoint := range decode[egv1a1.Backend](t, o).Spec.Endpoints {
				parts := strings.Split(endpoint.FQDN.Hostname, ".")
				if parts[2] == "svc" {
					need(o, "Service", parts[1], parts[0])
				}
			}
		case "Service":
			selector := labels.SelectorFromSet(decode[corev1.Service](t, o).Spec.Selector)
			if !there[o.String()+"'s pods"] && !slices.ContainsFunc(pods, func(pod labels.Set) bool { return selector.Matches(pod) }) {
				missing = append(missing, o.String()+" selects no pod")
			}
		}
	}
	return missing
}

func orOwn(namespace *gwapiv1.Namespace, o object) string {
	if namespace == nil {
		return o.namespace
	}
	return string(*namespace)
}

func decode[T any](t *testing.T, o object) T {
	t.Helper()
	var typed T
	require.NoError(t, json.Unmarshal(o.data, &typed), o)
	return typed
}
