package command_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	jsonpatch "github.com/evanphx/json-patch"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kustomize/kyaml/yaml"
	sigsyaml "sigs.k8s.io/yaml"

	"github.com/failover-krm/failover/internal/randomspec"
	"github.com/failover-krm/failover/pkg/check"
	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/target"
)

// renderedDocuments returns the documents that render prints, sorted.
func renderedDocuments(t *testing.T, specs string) []string {
	t.Helper()
	got := run(specs, "render", "-")
	require.Zero(t, got.code, got.stderr)
	documents := strings.Split(strings.TrimPrefix(got.stdout, "---\n"), "\n---\n")
	for i, text := range documents {
		documents[i] = strings.TrimSuffix(text, "\n")
	}
	slices.Sort(documents)
	return documents
}

// assertAdopted adopts what specs render to: that renders to the same, and says the same
// in the same way.
func assertAdopted(t *testing.T, specs, on string) {
	t.Helper()
	want := renderedDocuments(t, specs)
	got := run(strings.Join(want, "\n---\n")+"\n", "adopt", "--target", on, "-")
	require.Zero(t, got.code, "%s\n%s", specs, got.stderr)
	assert.NotContains(t, got.stderr, "warning", specs)
	require.Equal(t, want, renderedDocuments(t, got.stdout), "%s\nis adopted as\n%s", specs, got.stdout)
	assert.Equal(t, tiersOf(t, specs), tiersOf(t, got.stdout), "%s\nis adopted as\n%s", specs, got.stdout)
}

// tiersOf returns where each backend of FailoverSpecs is, sorted by the name of the spec.
func tiersOf(t *testing.T, specs string) []string {
	t.Helper()
	documents, err := document.Parse([]byte(specs), "specs")
	require.NoError(t, err)
	var tiers []string
	for _, doc := range documents {
		name := document.Field(doc.Node, "metadata.name")
		for _, tier := range []string{"active", "passive"} {
			backends := []string{"spec." + tier}
			if list := document.Lookup(doc.Node, "spec."+tier+".backends"); list != nil {
				backends = nil
				for i := range list.Content {
					backends = append(backends, fmt.Sprintf("spec.%s.backends[%d]", tier, i))
				}
			}
			for i, backend := range backends {
				for _, source := range []string{"workload", "service", "serviceImport", "endpoints"} {
					if document.Lookup(doc.Node, backend+"."+source) != nil {
						weight := cmp.Or(document.Field(doc.Node, backend+".weight"), "1")
						tiers = append(tiers, fmt.Sprintf("%s: %s: %d: %s of weight %s", name, tier, i, source, weight))
					}
				}
			}
		}
	}
	slices.Sort(tiers)
	return tiers
}

// TestAdoptGivesBackWhatIsRendered: for every case of render, what is rendered is adopted
// as it was, up to defaults.
func TestAdoptGivesBackWhatIsRendered(t *testing.T) {
	t.Parallel()
	expected, err := filepath.Glob("../../testdata/render/*/expected.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, expected)
	for _, path := range expected {
		dir := filepath.Dir(path)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			if _, err := os.Stat(filepath.Join(dir, "args")); err == nil {
				t.Skip("its FailoverSpecs are in other files")
			}
			for on, specs := range specsByTarget(t, filepath.Join(dir, "input.yaml")) {
				assertAdopted(t, specs, on)
			}
		})
	}
}

// specsByTarget returns the FailoverSpecs of a file for each target that they have.
func specsByTarget(t *testing.T, file string) map[string]string {
	t.Helper()
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	documents, err := document.Parse(data, file)
	require.NoError(t, err)
	specs := map[string]string{}
	for _, doc := range documents {
		for _, node := range append([]*yaml.Node{doc.Node}, itemsIn(doc.Node)...) {
			if document.Field(node, "kind") != "FailoverSpec" {
				continue
			}
			text, err := yaml.NewRNode(node).String()
			require.NoError(t, err)
			on := cmp.Or(document.Field(node, "spec.target"), string(target.Default))
			specs[on] += "---\n" + text
		}
	}
	return specs
}

// itemsIn returns the items of a ResourceList.
func itemsIn(node *yaml.Node) []*yaml.Node {
	if items := document.Lookup(node, "items"); items != nil {
		return items.Content
	}
	return nil
}

// TestAdoptGivesBackWhatFunctionsRender does so for the FailoverSpecs among the items of
// the function's cases.
func TestAdoptGivesBackWhatFunctionsRender(t *testing.T) {
	t.Parallel()
	inputs, err := filepath.Glob("../../testdata/function/*/input.yaml")
	require.NoError(t, err)
	adopted := 0
	for _, path := range inputs {
		if strings.Contains(path, "/error-") {
			continue
		}
		t.Run(filepath.Base(filepath.Dir(path)), func(t *testing.T) {
			for on, specs := range specsByTarget(t, path) {
				if run(specs, "render", "-").code == 0 {
					assertAdopted(t, specs, on)
					adopted++
				}
			}
		})
	}
	assert.Greater(t, adopted, 20)
}

// TestAdoptGivesBackRandomSpecs does so for many specs, several at a time.
func TestAdoptGivesBackRandomSpecs(t *testing.T) {
	t.Parallel()
	targets := target.All()
	const together = 5
	for first := 0; first < manyOr(1000, 20); first += together {
		on := targets[first/together%len(targets)]
		var specs strings.Builder
		for number := range together {
			spec, err := json.Marshal(randomspec.New(first+number, on))
			require.NoError(t, err)
			specs.WriteString("---\n" + string(spec) + "\n")
		}
		assertAdopted(t, specs.String(), string(on))
	}
}

// TestAdoptGolden has sets of manifests after public examples: what is adopted and why
// not, and the files with --output where there are patches.
func TestAdoptGolden(t *testing.T) {
	forEachCase(t, "adopt", func(t *testing.T) result {
		got := run("", "adopt", "input.yaml")
		if got.code != 0 {
			assert.Empty(t, got.stdout)
			assert.NoDirExists(t, "output")
			return got
		}
		files := adoptedFiles(t, "input.yaml", string(target.Default))
		if strings.Contains(got.stderr, "--output DIR") {
			for name, text := range files {
				require.NoError(t, os.MkdirAll("output", 0o755))
				golden(t, filepath.Join("output", name), text)
			}
			entries, err := os.ReadDir("output")
			require.NoError(t, err)
			assert.Len(t, entries, len(files), "files that are no longer written: remove them")
		} else {
			assert.NoDirExists(t, "output")
		}
		assertPatchedToInput(t, "input.yaml", string(target.Default), files)
		return got
	})
}

// TestAdoptGivesBackWithPatches does so for the manifests of every rule's examples, as routes
// of each kind: what a FailoverSpec cannot say, patches do.
func TestAdoptGivesBackWithPatches(t *testing.T) {
	t.Parallel()
	adopted := map[string]int{}
	for i, rule := range check.Rules() {
		for kind, fewer := range map[string]int{"HTTPRoute": 10, "GRPCRoute": 20, "TLSRoute": 40, "TCPRoute": 40} {
			if i%manyOr(1, fewer) != 0 {
				continue
			}
			t.Run(rule.ID+", "+kind, func(t *testing.T) {
				directory := filepath.Join("..", "..", "testdata", "rule", rule.ID)
				on := ruleTarget(t, directory)
				for _, name := range []string{"fires.yaml", "quiet.yaml"} {
					data, err := os.ReadFile(filepath.Join(directory, name))
					require.NoError(t, err)
					file := filepath.Join(t.TempDir(), name)
					require.NoError(t, os.WriteFile(file, asRoute(kind, data), 0o644))
					if run("", "adopt", "--target", on, file).code == 0 {
						assertPatchedToInput(t, file, on, adoptedFiles(t, file, on))
						adopted[kind]++
					}
				}
			})
		}
	}
	for kind, enough := range map[string]int{"HTTPRoute": manyOr(100, 10), "GRPCRoute": manyOr(100, 4), "TLSRoute": manyOr(5, 0), "TCPRoute": manyOr(5, 0)} {
		assert.GreaterOrEqual(t, adopted[kind], enough, kind)
	}
}

var (
	httpRouteKind    = regexp.MustCompile(`\bHTTPRoute\b`)
	httpRouteVersion = regexp.MustCompile(`(?m)^apiVersion: gateway\.networking\.k8s\.io/v1\nkind: (TLS|TCP)Route$`)
)

// asRoute writes manifests of an HTTPRoute for another kind of route.
func asRoute(kind string, manifests []byte) []byte {
	return httpRouteVersion.ReplaceAll(httpRouteKind.ReplaceAll(manifests, []byte(kind)), []byte("apiVersion: gateway.networking.k8s.io/v1alpha2\nkind: ${1}Route"))
}

// adoptedFiles returns what adopt writes with --output.
func adoptedFiles(t *testing.T, file, on string) map[string]string {
	t.Helper()
	directory := filepath.Join(t.TempDir(), "new")
	got := run("", "adopt", "--target", on, "--output", directory, file)
	require.Zero(t, got.code, got.stderr)
	assert.Empty(t, got.stdout)
	entries, err := os.ReadDir(directory)
	require.NoError(t, err)
	files := map[string]string{}
	for _, entry := range entries {
		data, err := os.ReadFile(filepath.Join(directory, entry.Name()))
		require.NoError(t, err)
		files[entry.Name()] = string(data)
	}
	return files
}

// assertPatchedToInput builds what adopt has written as kustomize does, and adopts it
// together with the manifests that no spec makes: that is as good as the input, if the
// specs and the patches are the same.
func assertPatchedToInput(t *testing.T, file, on string, files map[string]string) {
	t.Helper()
	var kustomization struct {
		Generators []string
		Patches    []struct {
			Path   string
			Target struct{ Kind, Name, Namespace string }
		}
	}
	decodeYAML(t, files["kustomization.yaml"], &kustomization)
	var made []map[string]any
	for _, name := range kustomization.Generators {
		generated := run(resourceList(t, "v1", nil, []string{files[name]}))
		require.Zero(t, generated.code, generated.stderr)
		for _, item := range itemsOf(t, generated.stdout) {
			var object map[string]any
			decodeYAML(t, item, &object)
			made = append(made, object)
		}
	}
	rest := slices.DeleteFunc(objectsIn(t, file), func(object map[string]any) bool {
		return slices.ContainsFunc(made, func(other map[string]any) bool { return idOf(object) == idOf(other) })
	})
	for _, patch := range kustomization.Patches {
		text := files[patch.Path]
		if patch.Target.Kind == "" {
			var deleted map[string]any
			decodeYAML(t, text, &deleted)
			require.Equal(t, "delete", deleted["$patch"])
			made = slices.DeleteFunc(made, func(object map[string]any) bool { return idOf(object) == idOf(deleted) })
			continue
		}
		i := slices.IndexFunc(made, func(object map[string]any) bool {
			return idOf(object) == [3]string{patch.Target.Kind, patch.Target.Namespace, patch.Target.Name}
		})
		require.GreaterOrEqual(t, i, 0, patch)
		made[i] = patched(t, made[i], text)
	}
	var all strings.Builder
	for _, object := range append(rest, made...) {
		data, err := json.Marshal(object)
		require.NoError(t, err)
		all.WriteString("---\n" + string(data) + "\n")
	}
	var input strings.Builder
	for _, object := range objectsIn(t, file) {
		data, err := json.Marshal(object)
		require.NoError(t, err)
		input.WriteString("---\n" + string(data) + "\n")
	}
	assert.Equal(t, verdictsOf(input.String(), on), verdictsOf(all.String(), on))
	directory := filepath.Join(t.TempDir(), "again")
	got := run(all.String(), "adopt", "--target", on, "--output", directory, "-")
	require.Zero(t, got.code, got.stderr)
	for name, text := range files {
		again, err := os.ReadFile(filepath.Join(directory, name))
		require.NoError(t, err)
		if slices.Contains(kustomization.Generators, name) { // one has defaults written out
			assert.Equal(t, renderedDocuments(t, text), renderedDocuments(t, string(again)))
			continue
		}
		assert.Equal(t, text, string(again))
	}
}

// verdictsOf returns what check says of each failover, sorted.
func verdictsOf(manifests, on string) []string {
	var verdicts []string
	for line := range strings.Lines(run(manifests, "check", "--target", on, "-").stdout) {
		if _, verdict, found := strings.Cut(line, "fails over: "); found {
			if strings.HasPrefix(verdict, "unknown") {
				verdict = "unknown" // by the first of the objects that are not there
			}
			verdicts = append(verdicts, verdict)
		}
	}
	slices.Sort(verdicts)
	return verdicts
}

func decodeYAML(t *testing.T, text string, into any) {
	t.Helper()
	require.NoError(t, sigsyaml.Unmarshal([]byte(text), into), text)
}

// idOf is what makes an object the same for an API server.
func idOf(object map[string]any) [3]string {
	metadata, _ := object["metadata"].(map[string]any)
	kind, _ := object["kind"].(string)
	name, _ := metadata["name"].(string)
	namespace, _ := metadata["namespace"].(string)
	return [3]string{kind, cmp.Or(namespace, "default"), name}
}

// objectsIn returns the manifests of a file.
func objectsIn(t *testing.T, file string) []map[string]any {
	t.Helper()
	var objects []map[string]any
	for _, text := range documentsOf(t, file) {
		var object map[string]any
		decodeYAML(t, text, &object)
		objects = append(objects, object)
	}
	return objects
}

// patched applies a JSON patch, with another program's code.
func patched(t *testing.T, object map[string]any, text string) map[string]any {
	t.Helper()
	operations, err := sigsyaml.YAMLToJSON([]byte(text))
	require.NoError(t, err)
	patch, err := jsonpatch.DecodePatch(operations)
	require.NoError(t, err)
	before, err := json.Marshal(object)
	require.NoError(t, err)
	after, err := patch.Apply(before)
	require.NoError(t, err, "%s\n%s", text, before)
	var changed map[string]any
	require.NoError(t, json.Unmarshal(after, &changed))
	return changed
}

// TestAdoptReadsEachVersionOfARoute: in whatever version that the target serves a route is
// written, the same comes of it.
func TestAdoptReadsEachVersionOfARoute(t *testing.T) {
	written := regexp.MustCompile(`gateway\.networking\.k8s\.io/v1alpha2`)
	for _, name := range []string{"docs-tls-passthrough", "docs-tcp"} {
		input, err := os.ReadFile(filepath.Join("..", "..", "testdata", "adopt", name, "input.yaml"))
		require.NoError(t, err)
		versions := map[string]bool{}
		targets := target.All()
		slices.Reverse(targets) // the newest first, which serves all
		for i, on := range targets {
			if i%manyOr(1, 8) != 0 {
				continue
			}
			specs := map[string]bool{}
			for _, version := range []string{"v1alpha2", "v1alpha3", "v1"} {
				manifests := written.ReplaceAllString(string(input), "gateway.networking.k8s.io/"+version)
				isServed := !strings.Contains(run(manifests, "check", "--target", string(on), "-").stdout, ": apiVersion: ")
				got := run(manifests, "adopt", "--target", string(on), "-")
				assert.Equal(t, isServed, got.code == 0, "%s for %s: %s", version, on, got.stderr)
				if got.code == 0 {
					specs[got.stdout], versions[version] = true, true
				}
			}
			assert.Len(t, specs, 1, on)
		}
		assert.Contains(t, versions, "v1")
		assert.Contains(t, versions, "v1alpha2")
	}
}

// TestAdoptWorkshop: the workshop's manifests become the spec of its example.
func TestAdoptWorkshop(t *testing.T) {
	got := run("", "adopt", filepath.Join("..", "..", "testdata", "workshop", "wanted.yaml"))
	require.Zero(t, got.code, got.stderr)
	example, err := os.ReadFile(filepath.Join("..", "..", "examples", "workshop", "failover.yaml"))
	require.NoError(t, err)
	var want, adopted map[string]any
	decodeYAML(t, string(example), &want)
	decodeYAML(t, got.stdout, &adopted)
	assert.Equal(t, want, adopted)
}

// TestAdoptFails has what scripts rely on.
func TestAdoptFails(t *testing.T) {
	full := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(full, "mine.yaml"), nil, 0o600))
	for _, tc := range []struct {
		reason, input string
		args          []string
		code          int
		stderr        string
	}{
		{"no failover", "kind: ConfigMap\napiVersion: v1\nmetadata: {name: x}\n", nil, 1, "error: no failover found in stdin"},
		{"a FailoverSpec", simulated, nil, 1, "is a FailoverSpec already"},
		{"not YAML", "{", nil, 2, "error: "},
		{"an unknown target", "", []string{"--target", "istio"}, 2, `--target "istio"`},
		{"a directory with something in it", "", []string{"--output", full}, 2, "is not empty, and failover overwrites no files there"},
		{"a ResourceList", "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems: []\n", nil, 2, "use 'failover' without arguments"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			got := run(tc.input, append([]string{"adopt", "-"}, tc.args...)...)
			assert.Equal(t, tc.code, got.code, got.stderr)
			assert.Empty(t, got.stdout)
			assert.Contains(t, got.stderr, tc.stderr)
		})
	}
}

// TestAdoptTellsWhatAClusterKeeps: what other programs rely on is not left out without a word.
func TestAdoptTellsWhatAClusterKeeps(t *testing.T) {
	got := run("", "adopt", filepath.Join("..", "..", "testdata", "adopt", "owned-objects", "input.yaml"))
	require.Zero(t, got.code, got.stderr)
	assert.Contains(t, got.stderr, `warning: Backend web/active: metadata.finalizers: ["example.com/release-address"]: `)
	assert.Contains(t, got.stderr, `warning: HTTPRoute web/shop: metadata.ownerReferences: Shop shop: `)
	assert.NotContains(t, got.stderr, "metadata.uid")
}

// TestAdoptToStdout: "-" is stdout, as it is without --output.
func TestAdoptToStdout(t *testing.T) {
	rendered := run(simulated, "render", "-")
	require.Zero(t, rendered.code, rendered.stderr)
	t.Chdir(t.TempDir())
	want := run(rendered.stdout, "adopt", "-")
	require.Zero(t, want.code, want.stderr)
	assert.Equal(t, want, run(rendered.stdout, "adopt", "-o", "-", "-"))
	assert.NoDirExists(t, "-")
}

// TestAdoptBesideAKustomization: a spec does not get the name of the file that lists it.
func TestAdoptBesideAKustomization(t *testing.T) {
	rendered := run(strings.Replace(simulated, "name: shop,", "name: kustomization,", 1), "render", "-")
	require.Zero(t, rendered.code, rendered.stderr)
	directory := filepath.Join(t.TempDir(), "adopted")
	got := run(rendered.stdout, "adopt", "--output", directory, "-")
	require.Zero(t, got.code, got.stderr)
	again := run("", "render", directory)
	require.Zero(t, again.code, again.stderr)
	listed, err := os.ReadFile(filepath.Join(directory, "kustomization.yaml"))
	require.NoError(t, err)
	assert.Contains(t, string(listed), "- web-kustomization.yaml\n")
}

// TestAdoptExample writes the files of the example, which give its manifests back.
func TestAdoptExample(t *testing.T) {
	const on = "envoy-gateway-1.9"
	t.Chdir(filepath.Join("..", "..", "examples", "adopt"))
	manifests, err := filepath.Glob("manifests/*.yaml")
	require.NoError(t, err)
	var all []string
	for _, name := range manifests {
		all = append(all, documentsOf(t, name)...)
	}
	together := filepath.Join(t.TempDir(), "all.yaml")
	require.NoError(t, os.WriteFile(together, []byte(strings.Join(all, "---\n")), 0o644))
	files := adoptedFiles(t, "manifests", on)
	assertPatchedToInput(t, together, on, files)
	for name, text := range files {
		golden(t, filepath.Join("adopted", name), text)
	}
	entries, err := os.ReadDir("adopted")
	require.NoError(t, err)
	assert.Len(t, entries, len(files), "files that are no longer written: remove them")
}
