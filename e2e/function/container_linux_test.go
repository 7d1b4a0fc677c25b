package function

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"
)

// TestContainerImage looks into the image and runs it as kustomize, kpt and a
// Kubernetes cluster would. Nothing in it can be written to.
func TestContainerImage(t *testing.T) {
	c := needImage(t)
	podman := func(stdin string, arguments ...string) outcome {
		return run(t, c.environment(), stdin, filepath.Join(c.directory, "podman"), arguments...)
	}

	t.Run("holds nothing but the program", func(t *testing.T) {
		mounted := podman("", "image", "mount", image)
		require.Zero(t, mounted.status, mounted.stderr)
		defer podman("", "image", "unmount", image)
		var files []string
		root := os.DirFS(strings.TrimSpace(mounted.stdout))
		require.NoError(t, fs.WalkDir(root, ".", func(path string, entry fs.DirEntry, err error) error {
			if err == nil && !entry.IsDir() {
				files = append(files, path)
			}
			return err
		}))
		assert.Equal(t, []string{"etc/passwd", "usr/local/bin/failover"}, files)
	})

	t.Run("says what it is", func(t *testing.T) {
		metadata, err := os.ReadFile(filepath.Join(repository, "fn", "failover", "metadata.yaml"))
		require.NoError(t, err)
		var catalog struct{ Image, Description, SourceURL, License string }
		require.NoError(t, yaml.Unmarshal(metadata, &catalog))
		inspected := podman("", "image", "inspect", "--format", "{{json .Config}}", image)
		require.Zero(t, inspected.status, inspected.stderr)
		var config struct {
			User   string
			Labels map[string]string
		}
		require.NoError(t, json.Unmarshal([]byte(inspected.stdout), &config))
		assert.Equal(t, "65532:65532", config.User, "a number, for runAsNonRoot")
		delete(config.Labels, "io.buildah.version")
		source, _, _ := strings.Cut(catalog.SourceURL, "/tree/")
		assert.Equal(t, map[string]string{
			"org.opencontainers.image.title":       "failover",
			"org.opencontainers.image.description": catalog.Description,
			"org.opencontainers.image.source":      source,
			"org.opencontainers.image.licenses":    catalog.License,
			"org.opencontainers.image.version":     imageVersion,
		}, config.Labels)
	})

	read := func(name string) string {
		content, err := os.ReadFile(filepath.Join(repository, "testdata", "function", "function-config-alone", name))
		require.NoError(t, err)
		return string(content)
	}
	version := run(t, nil, "", installed.Failover, "version").stdout
	known := version[strings.LastIndex(version, "Envoy Gateway: "):]
	for _, tc := range []struct {
		reason    string
		options   []string
		stdin     string
		arguments []string
		want      outcome
	}{
		{reason: "the image's own user", stdin: read("input.yaml"), want: outcome{stdout: read("expected.yaml")}},
		{reason: "nobody", options: []string{"--user", "nobody"}, stdin: read("input.yaml"), want: outcome{stdout: read("expected.yaml")}},
		{reason: "a user that it does not know", options: []string{"--user", "1000680000:0"}, stdin: read("input.yaml"), want: outcome{stdout: read("expected.yaml")}},
		{reason: "the version", arguments: []string{"version"}, want: outcome{stdout: "failover " + imageVersion + " (API failover.krm.dev/v1alpha1)\nCommit: unknown\n" + known}},
		{
			// 'kpt fn doc' itself, as of 1.0.0-beta.61, uses a flag that docker and podman lack.
			reason: "the help, as kpt fn doc asks for it", stdin: "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems: []\n", arguments: []string{"--help"},
			want: run(t, nil, "", installed.Failover, "--help"),
		},
		{reason: "not a ResourceList", stdin: "{", want: outcome{status: 1}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			options := append([]string{"run", "--rm", "-i", "--network", "none"}, tc.options...)
			before := len(c.runs(t))
			got := podman(tc.stdin, append(append(options, image), tc.arguments...)...)
			require.Len(t, c.runs(t), before+1)
			if tc.want.status != 0 {
				assert.NotEmpty(t, got.stderr)
				got.stderr = ""
			}
			assert.Equal(t, tc.want, got)
		})
	}
}

// TestContainerInKustomize: a kustomization has the same result by exec and by the
// image, errors included.
func TestContainerInKustomize(t *testing.T) {
	c := needImage(t)
	examples := filepath.Join(repository, "examples", "kustomize")
	wrong := t.TempDir()
	require.NoError(t, os.CopyFS(wrong, os.DirFS(examples)))
	replaceIn(t, filepath.Join(wrong, "base", "shop.yaml"), "port: 8080", "port: 80800")
	for _, tc := range []struct {
		reason, directory, kustomization string
		status                           int
	}{
		{reason: "a transformer", directory: examples, kustomization: "overlays/staging"},
		{reason: "with images and replicas", directory: examples, kustomization: "overlays/production"},
		{reason: "a generator", directory: examples, kustomization: "generator"},
		{reason: "a spec that is wrong", directory: wrong, kustomization: "overlays/staging", status: 1},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			directory := t.TempDir()
			require.NoError(t, os.CopyFS(directory, os.DirFS(tc.directory)))
			for _, file := range []string{"render/failover.yaml", "generator/shop.yaml"} {
				replaceIn(t, filepath.Join(directory, file), "exec: {path: failover}", "container: {image: "+image+"}")
			}
			before := len(c.runs(t))
			byExec := run(t, withFailover(), "", installed.Kustomize, "build", "--enable-alpha-plugins", "--enable-exec", filepath.Join(tc.directory, tc.kustomization))
			require.Equal(t, tc.status, byExec.status, byExec.stderr)
			require.Len(t, c.runs(t), before)
			byImage := run(t, c.environment(), "", installed.Kustomize, "build", "--enable-alpha-plugins", filepath.Join(directory, tc.kustomization))
			assert.Equal(t, byExec, byImage)
			assertConfined(t, c.runs(t)[before:])
		})
	}
}

// TestContainerInKpt: a package has the same files, and the same results are
// reported, by exec and by the image.
func TestContainerInKpt(t *testing.T) {
	c := needImage(t)
	spec, err := os.ReadFile(filepath.Join(repository, "examples", "kpt", "shop.yaml"))
	require.NoError(t, err)
	byExec := way{
		mutator: "exec: failover", environment: withFailover(),
		flags: map[string][]string{"render": {"--allow-exec"}, "eval": {"--exec", "failover"}},
	}
	byImage := way{
		mutator: "image: " + image, environment: c.environment(),
		flags: map[string][]string{"render": {"--image-pull-policy", "never"}, "eval": {"--image-pull-policy", "never", "--image", image}},
	}
	for _, tc := range []struct {
		reason, spec string
		status       int
		files        int
	}{
		{reason: "a spec", spec: string(spec), files: 3},
		{reason: "a spec that is wrong", spec: strings.Replace(string(spec), "port: 8080", "port: 80800", 1), status: 1, files: 2},
	} {
		for _, command := range []string{"render", "eval"} {
			t.Run(tc.reason+", kpt fn "+command, func(t *testing.T) {
				before := len(c.runs(t))
				files, results := byExec.inKpt(t, command, tc.spec, tc.status)
				require.Len(t, files, tc.files)
				require.Len(t, c.runs(t), before)
				gotFiles, gotResults := byImage.inKpt(t, command, tc.spec, tc.status)
				assert.Equal(t, files, gotFiles)
				assert.Equal(t, results, gotResults)
				assertConfined(t, c.runs(t)[before:])
			})
		}
	}
}

// way is one to run the function in kpt.
type way struct {
	mutator     string
	environment []string
	// flags are those of each of kpt's commands.
	flags map[string][]string
}

// result is what kpt reports of a function, without its name.
type result struct {
	Stderr   string
	ExitCode int
	Results  []any
}

// inKpt runs the function twice on a package of a spec. It returns the package's
// files but the Kptfile, which nothing may change, and the result of each run.
func (w way) inKpt(t *testing.T, command, spec string, status int) (files map[string]string, results []result) {
	t.Helper()
	directory := t.TempDir()
	kptfile := "apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata: {name: shop}\npipeline:\n  mutators:\n  - " + w.mutator + "\n"
	for name, text := range map[string]string{
		"Kptfile":      kptfile,
		"shop.yaml":    spec,
		"foreign.yaml": "# somebody's\napiVersion: v1\nkind: ConfigMap # with comments\nmetadata: {name: foreign}\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(directory, name), []byte(text), 0o644))
	}
	for range 2 {
		report := t.TempDir()
		got := run(t, w.environment, "", installed.Kpt, append([]string{"fn", command, directory, "--results-dir", report}, w.flags[command]...)...)
		require.Equal(t, status, got.status, got.stderr)
		written, err := os.ReadFile(filepath.Join(report, "results.yaml"))
		require.NoError(t, err)
		var list struct{ Items []result }
		require.NoError(t, yaml.Unmarshal(written, &list))
		require.Len(t, list.Items, 1)
		list.Items[0].Stderr = strings.TrimSuffix(list.Items[0].Stderr, "\n") // which kpt drops, of an image
		results = append(results, list.Items[0])

		files = readAll(t, directory)
		assert.Equal(t, kptfile, files["Kptfile"])
		delete(files, "Kptfile")
	}
	return files, results
}

// assertConfined checks that containers were run, and that each was as the contract
// of KRM functions has it: as nobody, without network.
func assertConfined(t *testing.T, runs []string) {
	t.Helper()
	assert.NotEmpty(t, runs, "no container was run")
	for _, arguments := range runs {
		assert.Contains(t, arguments, "--user nobody")
		assert.Contains(t, arguments, "--network none")
		assert.Contains(t, arguments, image)
	}
}

func replaceIn(t *testing.T, path, old, new string) {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Contains(t, string(text), old)
	require.NoError(t, os.WriteFile(path, []byte(strings.ReplaceAll(string(text), old, new)), 0o644))
}
