package command_test

import (
	"bytes"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kustomize/kyaml/kio"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// TestKptExample runs the pipeline of examples/kpt as kpt does. The first run
// writes what is committed, and the second one changes nothing.
func TestKptExample(t *testing.T) {
	const example = "../../examples/kpt"
	directory := t.TempDir()
	require.NoError(t, os.CopyFS(directory, os.DirFS(example)))
	require.NoError(t, os.RemoveAll(filepath.Join(directory, "shop-failover.yaml")))
	stderr, failed := kptRender(t, directory)
	require.Empty(t, failed, stderr)
	assert.Empty(t, stderr, "what a success prints would get into the Kptfile's status")

	got, err := os.ReadFile(filepath.Join(directory, "shop-failover.yaml"))
	require.NoError(t, err)
	if *update {
		require.NoError(t, os.WriteFile(filepath.Join(example, "shop-failover.yaml"), got, 0o644))
	}
	committed := filesOf(t, example)
	assert.Equal(t, committed, filesOf(t, directory))

	_, failed = kptRender(t, directory)
	require.Empty(t, failed)
	assert.Equal(t, committed, filesOf(t, directory), "a second render changes nothing")

	replaceIn(t, directory, "Kptfile", "namespace: web", "namespace: prod")
	stderr, failed = kptRender(t, directory)
	require.Empty(t, failed, stderr)
	rendered, err := os.ReadFile(filepath.Join(directory, "shop-failover.yaml"))
	require.NoError(t, err)
	assert.Equal(t, strings.NewReplacer("namespace: web", "namespace: prod", ".web.svc.", ".prod.svc.").Replace(string(got)), string(rendered))
}

// TestKptMutatorAfterwards: a set-namespace after failover leaves the hostnames of
// Services behind; the validator keeps that from being written.
func TestKptMutatorAfterwards(t *testing.T) {
	directory := t.TempDir()
	require.NoError(t, os.CopyFS(directory, os.DirFS("../../examples/kpt")))
	replaceIn(t, directory, "Kptfile", "- exec: failover\n", "- exec: failover\n  - image: ghcr.io/kptdev/krm-functions-catalog/set-namespace:v0.4.1\n    configMap:\n      namespace: prod\n")
	before := filesOf(t, directory)
	stderr, failed := kptRender(t, directory)
	assert.Equal(t, "failover", failed)
	assert.Contains(t, stderr, "shop-failover.yaml: warning: Backend prod/shop-active: spec.endpoints[0].fqdn.hostname: shop-active.web.svc.cluster.local is Service web/shop-active")
	assert.Equal(t, before, filesOf(t, directory))
}

// TestKptSubpackages: each package has a spec of one name, whose objects stay in
// it, though kpt hands all of them to the function at once.
func TestKptSubpackages(t *testing.T) {
	directory := t.TempDir()
	require.NoError(t, os.CopyFS(directory, os.DirFS("../../examples/kpt")))
	require.NoError(t, os.CopyFS(filepath.Join(directory, "eu"), os.DirFS("../../examples/kpt")))
	require.NoError(t, os.RemoveAll(filepath.Join(directory, "eu", "shop-failover.yaml")))
	replaceIn(t, directory, "Kptfile", "  - image: ghcr.io/kptdev/krm-functions-catalog/set-namespace:v0.4.1\n    configMap:\n      namespace: web\n", "")
	replaceIn(t, directory, "eu/shop.yaml", "namespace: web", "namespace: eu")
	replaceIn(t, directory, "eu/Kptfile", "pipeline:", "ignored:") // rendered only by the parent's pipeline
	stderr, failed := kptRender(t, directory)
	require.Empty(t, failed, stderr)
	parent, subpackage := filesOf(t, directory)["shop-failover.yaml"], filesOf(t, directory)["eu/shop-failover.yaml"]
	assert.Equal(t, filesOf(t, "../../examples/kpt")["shop-failover.yaml"], parent)
	assert.Equal(t, strings.NewReplacer("namespace: web", "namespace: eu", ".web.svc.", ".eu.svc.").Replace(parent), subpackage)
}

// TestKptFnDoc calls the function as 'kpt fn doc' does.
func TestKptFnDoc(t *testing.T) {
	got := run("apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems: []\n", "--help")
	assert.Zero(t, got.code)
	assert.Empty(t, got.stderr)
	assert.Contains(t, got.stdout, "FailoverSpec")
	assert.Contains(t, got.stdout, "functionConfig")
}

// TestCatalogMetadata reads what kpt's catalog of functions asks for.
func TestCatalogMetadata(t *testing.T) {
	data, err := os.ReadFile("../../fn/failover/metadata.yaml")
	require.NoError(t, err)
	var metadata struct {
		Image, Description, SourceURL, License string
		Tags, ExamplePackageURLs, Emails       []string
	}
	require.NoError(t, yaml.Unmarshal(bytes.ReplaceAll(bytes.ReplaceAll(data, []byte("URL"), []byte("url")), []byte("Package"), []byte("package")), &metadata))
	assert.Equal(t, "Apache-2.0", metadata.License)
	for _, url := range append(metadata.ExamplePackageURLs, metadata.SourceURL) {
		assert.DirExists(t, filepath.Join("..", "..", strings.TrimPrefix(url, "https://github.com/failover-krm/failover/tree/main/")))
	}
}

func replaceIn(t *testing.T, directory, name, old, new string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(directory, name))
	require.NoError(t, err)
	require.Contains(t, string(data), old)
	require.NoError(t, os.WriteFile(filepath.Join(directory, name), []byte(strings.Replace(string(data), old, new, 1)), 0o644))
}

func filesOf(t *testing.T, directory string) map[string]string {
	t.Helper()
	files := map[string]string{}
	for name, text := range (&pack{dir: directory}).files(t) {
		relative, err := filepath.Rel(directory, name)
		require.NoError(t, err)
		files[relative] = text
	}
	return files
}

// kptRender does what 'kpt fn render' does with the pipeline of a package: the
// items of the package and its subpackages go through every function, with the
// annotations that kpt gives them, and are written if none fails. It returns what
// they wrote on stderr, and the one that failed.
func kptRender(t *testing.T, directory string) (stderr, failed string) {
	t.Helper()
	var kptfile struct {
		Pipeline struct{ Mutators, Validators []kptFunction }
	}
	data, err := os.ReadFile(filepath.Join(directory, "Kptfile"))
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(data, &kptfile))

	onDisk := &kio.LocalPackageReadWriter{PackagePath: directory, MatchFilesGlob: []string{"*.yaml", "Kptfile"}, PreserveSeqIndent: true, WrapBareSeqNode: true}
	items, err := onDisk.Read()
	require.NoError(t, err)
	const packagePath = "internal.config.kubernetes.io/package-path"
	packages := map[string]bool{}
	for _, item := range items {
		if item.GetKind() == "Kptfile" {
			packages[path.Dir(pathOf(item))] = true
		}
	}
	for i, item := range items {
		within := "."
		if packages[path.Dir(pathOf(item))] {
			within = path.Dir(pathOf(item))
		}
		relative, err := filepath.Rel(within, pathOf(item))
		require.NoError(t, err)
		setPath(item, relative, i)
		annotate(item, packagePath, path.Join("/packages/shop", within))
	}
	for _, function := range append(kptfile.Pipeline.Mutators, kptfile.Pipeline.Validators...) {
		answered, complaint, ok := function.run(t, directory, items)
		stderr += complaint
		if !ok {
			return stderr, function.Exec
		}
		items = answered
	}
	for _, item := range items {
		within := strings.TrimPrefix(strings.TrimPrefix(item.GetAnnotations()[packagePath], "/packages/shop"), "/")
		index := item.GetAnnotations()["internal.config.kubernetes.io/index"]
		setPath(item, path.Join(within, pathOf(item)), 0)
		annotate(item, "internal.config.kubernetes.io/index", index)
		annotate(item, "config.kubernetes.io/index", index)
		require.NoError(t, item.PipeE(yaml.ClearAnnotation(packagePath)))
	}
	require.NoError(t, onDisk.Write(items))
	return stderr, ""
}

func pathOf(item *yaml.RNode) string {
	return item.GetAnnotations()["internal.config.kubernetes.io/path"]
}

// kptFunction is one of a pipeline.
type kptFunction struct {
	Exec, Image string
	ConfigPath  string            `yaml:"configPath"`
	ConfigMap   map[string]string `yaml:"configMap"`
}

// run calls failover, or does what the image of the catalog would.
func (f kptFunction) run(t *testing.T, directory string, items []*yaml.RNode) (answered []*yaml.RNode, stderr string, ok bool) {
	t.Helper()
	if name, args, _ := strings.Cut(f.Exec, " "); name == "failover" {
		var config *yaml.RNode
		if f.ConfigPath != "" {
			read, err := yaml.ReadFile(filepath.Join(directory, f.ConfigPath))
			require.NoError(t, err)
			config = read
		}
		var input bytes.Buffer
		require.NoError(t, kio.ByteWriter{
			Writer: &input, FunctionConfig: config, KeepReaderAnnotations: true, WrappingKind: kio.ResourceListKind, WrappingAPIVersion: kio.ResourceListAPIVersion,
		}.Write(items))
		got := run(input.String(), strings.Fields(args)...)
		answered, err := (&kio.ByteReader{Reader: strings.NewReader(got.stdout), OmitReaderAnnotations: true}).Read()
		require.NoError(t, err)
		return answered, got.stderr, got.code == 0
	}
	image, _, _ := strings.Cut(path.Base(f.Image), ":")
	switch image {
	case "set-namespace":
		for _, item := range items {
			if item.GetKind() != "Kptfile" {
				require.NoError(t, item.SetNamespace(f.ConfigMap["namespace"]))
			}
		}
	default:
		require.Fail(t, "unknown function", f.Image)
	}
	return items, "", true
}
