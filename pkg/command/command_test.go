package command_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failover-krm/failover/internal/randomspec"
	"github.com/failover-krm/failover/pkg/command"
	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/target"
)

const shop = `apiVersion: failover.krm.dev/v1alpha1
kind: FailoverSpec
metadata: {name: shop, namespace: web}
spec:
  active: {service: {name: shop, port: 8080}}
  passive: {service: {name: shop-standby, port: 8080}}
`

const emptyList = "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems: []\n"

func TestCommandLine(t *testing.T) {
	for _, tc := range []struct {
		reason string
		stdin  string
		args   []string
		code   int
		stdout string
		stderr string
	}{
		{reason: "help goes to stdout", args: []string{"--help"}, stdout: "Usage:\n  failover [flags]"},
		{reason: "kpt fn doc asks for help with an empty ResourceList on stdin", args: []string{"--help"}, stdin: emptyList, stdout: "failover renders active/passive failover"},
		{reason: "version names the API", args: []string{"version"}, stdout: "(API failover.krm.dev/v1alpha1)"},
		{reason: "version names the commit and each Envoy Gateway", args: []string{"version"}, stdout: "\nCommit: "},
		{reason: "the version flag", args: []string{"--version"}, stdout: "failover version "},
		{reason: "schema is JSON Schema", args: []string{"schema"}, stdout: `"$schema": "http://json-schema.org/draft-07/schema#"`},
		{reason: "completion as every cobra command", args: []string{"completion", "bash"}, stdout: "bash completion V2 for failover"},
		{reason: "render reads stdin where no file is given", args: []string{"render"}, stdin: shop, stdout: "kind: HTTPRoute"},
		{reason: "render reads stdin by its name", args: []string{"render", "-"}, stdin: shop, stdout: "kind: HTTPRoute"},
		{reason: "without arguments it is the function", stdin: emptyList, stdout: "kind: ResourceList"},
		{reason: "two ResourceLists for the function", stdin: emptyList + "---\n" + emptyList, code: 2, stderr: "error: stdin has 2 documents (2 ResourceList), and the function reads one ResourceList: give each a call of its own\n"},
		{reason: "an unknown command", args: []string{"rendr"}, code: 2, stderr: `unknown command "rendr": did you mean "render"?`},
		{reason: "an unknown flag of the function", args: []string{"--frobnicate"}, code: 2, stderr: "unknown flag: --frobnicate"},
		{reason: "a misspelt command", args: []string{"chek", "."}, code: 2, stderr: `unknown command "chek": did you mean "check"? It must be one of adopt, alerts, check, completion,`},
		{reason: "help about nothing", args: []string{"help", "nope"}, code: 2, stderr: `unknown command "nope": must be one of`},
		{reason: "help about a command", args: []string{"help", "render"}, stdout: "Render prints every object"},
		{reason: "completion for a shell that nobody has", args: []string{"completion", "foo"}, code: 2, stderr: `argument of failover completion "foo": must be one of bash, fish, powershell, zsh`},
		{reason: "the targets", args: []string{"target"}, stdout: "calico-3.32.1, calico-3.32               1.8.0                                  tigera-gateway-class\n"},
		{reason: "the target of no CRDs, in a pipe", args: []string{"target"}, stdin: shop, code: 1, stderr: "error: no CRD of Envoy Gateway among 1 documents"},
		{reason: "the target of no CRDs", args: []string{"target", "-"}, stdin: shop, code: 1, stderr: "error: no CRD of Envoy Gateway among 1 documents: give what 'kubectl get crd -o yaml' prints"},
		{reason: "completion of targets", args: []string{"__complete", "check", "--target", "calico-3.32"}, stdout: "calico-3.32\ncalico-3.33\n", stderr: "ShellCompDirectiveNoFileComp"},
		{reason: "completion of severities", args: []string{"__complete", "check", "--fail-on", ""}, stdout: "error\nwarning\ninfo\nnever\n", stderr: "ShellCompDirectiveNoFileComp"},
		{reason: "half a severity", args: []string{"check", "--fail-on", "warn"}, code: 2, stderr: `--fail-on "warn": did you mean "warning"? It must be one of error, warning, info, never`},
		{reason: "a day that is none", args: []string{"check", "--date", "27.11.2026"}, code: 2, stderr: `--date "27.11.2026": must be a day such as 2026-11-27`},
		{reason: "an unknown target", args: []string{"check", "--target", "calico-3.3"}, code: 2, stderr: `--target "calico-3.3": did you mean "calico-3.30"?`},
		{reason: "arguments where none are taken", args: []string{"version", "x"}, code: 2, stderr: `unknown command "x" for "failover version"`},
		{reason: "no input at all", args: []string{"render"}, code: 1, stderr: "no FailoverSpec in stdin"},
		{reason: "ten megabytes of nesting", args: []string{"render"}, stdin: strings.Repeat("{a: ", 3<<20), code: 2, stderr: "exceeded max depth of 10000"},
		{reason: "ten megabytes of nesting for the function", stdin: strings.Repeat("- ", 5<<20), code: 1, stderr: "exceeded max depth of 10000"},
		{reason: "a megabyte of one name", args: []string{"render"}, stdin: strings.Replace(shop, "name: shop,", "name: "+strings.Repeat("x", 1<<20)+",", 1), code: 1, stderr: "must be no more than 63 characters"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			got := run(tc.stdin, tc.args...)
			assert.Equal(t, tc.code, got.code, got.stderr)
			assert.Contains(t, got.stdout, tc.stdout)
			assert.Contains(t, got.stderr, tc.stderr)
			assert.Less(t, len(got.stderr), 10<<10, "a message must stay readable")
			if tc.code != 0 {
				assert.Empty(t, got.stdout)
			}
		})
	}
}

func TestRenderReadsDirectories(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.MkdirAll("specs/deep", 0o755))
	write := func(name, content string) { require.NoError(t, os.WriteFile(name, []byte(content), 0o644)) }
	write("specs/deep/shop.yaml", shop)
	write("specs/blog.yml", strings.ReplaceAll(shop, "shop", "blog"))
	write("specs/notes.txt", "not: [yaml")
	write("specs/other.yaml", "kind: ConfigMap\n")

	got := run("", "render", "specs")
	assert.Zero(t, got.code, got.stderr)
	assert.True(t, strings.HasSuffix(got.stderr, "\ninfo: not rendered: 1 ConfigMap\n"), got.stderr)
	assert.Less(t, strings.Index(got.stdout, "name: blog"), strings.Index(got.stdout, "name: shop"), "files come in lexical order")

	t.Run("a link counts as what it leads to", func(t *testing.T) {
		require.NoError(t, os.Symlink("specs", "link"))
		require.NoError(t, os.Symlink("deep", "specs/a-link-to-a-directory.yaml"))
		require.Equal(t, got.stdout, run("", "render", "link").stdout)
	})
	t.Run("a file without a command", func(t *testing.T) {
		got := run("", "specs/blog.yml")
		assert.Equal(t, 2, got.code)
		assert.Equal(t, "error: failover without a command takes no files: use 'failover render specs/blog.yml'\n", got.stderr)
	})
	t.Run("all unreadable inputs are named at once", func(t *testing.T) {
		write("bad.yaml", "a: [")
		got := run("", "render", "missing.yaml", "specs", "bad.yaml")
		assert.Equal(t, 2, got.code)
		assert.Empty(t, got.stdout)
		assert.Contains(t, got.stderr, "missing.yaml: no such file or directory")
		assert.Contains(t, got.stderr, "bad.yaml:1: not YAML")
	})
}

// TestFailOn: an info, a warning and an error, at each severity that can fail.
func TestFailOn(t *testing.T) {
	inputs := map[string]string{
		"info":    shop,
		"warning": shop + "  policy: {healthCheck: {passive: {maxEjectionPercent: 10}}}\n",
		"error":   strings.Replace(shop, "port: 8080", "port: 0", 1),
		"nothing": "kind: ConfigMap\n",
	}
	fails := map[string][]string{
		"error": {"error"}, "warning": {"error", "warning"}, "info": {"error", "warning", "info"}, "never": nil,
	}
	for found, input := range inputs {
		for failOn, worst := range fails {
			got := run(input, "check", "--fail-on", failOn, "-")
			assert.Equal(t, slices.Contains(worst, found), got.code == 1, "%s with --fail-on %s: exit %d\n%s", found, failOn, got.code, got.stdout)
		}
	}
}

// TestFilesAreReadOnce: whatever names an argument and a directory have for a file.
func TestFilesAreReadOnce(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("shop.yaml", []byte(shop), 0o644))
	require.NoError(t, os.Symlink("shop.yaml", "link.yaml"))
	once := run("", "render", "shop.yaml")
	require.Zero(t, once.code, once.stderr)
	assert.Equal(t, once, run("", "render", "shop.yaml", "./shop.yaml", "link.yaml", "."))
}

// TestWhatIsNoFileIsLeftOut: a pipe in a directory has no end.
func TestWhatIsNoFileIsLeftOut(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("shop.yaml", []byte(shop), 0o644))
	require.NoError(t, syscall.Mkfifo("pipe.yaml", 0o600))
	got := run("", "render", ".")
	assert.Zero(t, got.code, got.stderr)
}

// TestCheckReadsTheOthers: one file that cannot be read does not hide what is wrong
// with the others.
func TestCheckReadsTheOthers(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("bad.yaml", []byte("a: ["), 0o644))
	require.NoError(t, os.WriteFile("shop.yaml", []byte(strings.Replace(shop, "port: 8080", "port: 0", 1)), 0o644))
	got := run("", "check", "missing.yaml", ".")
	assert.Equal(t, 2, got.code)
	assert.Contains(t, got.stdout, "shop.yaml:5:34: error: FailoverSpec web/shop: spec.active.service.port: Invalid value: 0: must be between 1 and 65535, inclusive")
	assert.Contains(t, got.stderr, "missing.yaml: no such file or directory")
	assert.Contains(t, got.stderr, "bad.yaml:1: not YAML")
}

// TestCheckOfARepository: specs of one name in several directories are of several
// packages, and a patch is no object.
func TestCheckOfARepository(t *testing.T) {
	t.Chdir(t.TempDir())
	write := func(name, content string) {
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
		require.NoError(t, os.WriteFile(name, []byte(content), 0o644))
	}
	write("eu/shop.yaml", shop)
	write("us/shop.yaml", shop)
	write("us/kustomization.yaml", "kind: Kustomization\napiVersion: kustomize.config.k8s.io/v1beta1\npatches: [{path: patches/replicas.yaml}]\n")
	write("us/patches/replicas.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: shop}\nspec: {replicas: 3}\n")
	got := run("", "check", ".")
	assert.Zero(t, got.code, got.stdout)
	assert.Contains(t, got.stdout, "checked 2 of 4 documents of 4 files in . for calico-3.32 (Envoy Gateway 1.8.0); failovers: 2 (yes: 0, no: 0, unknown: 2), errors: 0, warnings: 0, ")
	assert.Equal(t, "info: not checked: 1 Deployment as a patch, 1 Kustomization\n", got.stderr)

	write("us/again.yaml", shop)
	got = run("", "check", ".")
	assert.Equal(t, 1, got.code)
	assert.Contains(t, got.stdout, "us/shop.yaml:3:12: error: FailoverSpec web/shop: metadata.name: Invalid value: \"shop\": FailoverSpec web/shop is given twice")
}

// TestFullDisk: what could not be written is a failure, of help too.
func TestFullDisk(t *testing.T) {
	for _, args := range [][]string{{"--help"}, {"version"}, {"schema"}, {"render"}, {"check"}, {"completion", "bash"}, nil} {
		var stderr strings.Builder
		stdin := shop
		if args == nil {
			stdin = emptyList
		}
		assert.Equal(t, 2, command.Run(args, strings.NewReader(stdin), fullDisk{}, &stderr), args)
		assert.Contains(t, stderr.String(), "no space left on device", args)
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

// TestNothingMovesTheCursor: names come from anywhere, and are shown in terminals.
func TestNothingMovesTheCursor(t *testing.T) {
	got := run("apiVersion: failover.krm.dev/v1alpha1\nkind: FailoverSpec\nmetadata: {name: \"a\\e[2J\\nb\\u202Ec\"}\nspec: {\"\\e]0;x\\a\": 1}\n", "render")
	assert.Equal(t, 1, got.code)
	assert.Contains(t, got.stderr, `FailoverSpec a\x1b[2J\nb\u202ec: `)
	assert.NotContains(t, got.stderr, "\x1b")
	assert.NotContains(t, got.stderr, "\u202e")
}

// TestOutputDependsOnInputAlone renders every case several times, and those with
// the most to order more often, on one and on two processors.
func TestOutputDependsOnInputAlone(t *testing.T) {
	inputs, err := filepath.Glob("../../testdata/*/*/input.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, inputs)
	moreOften := []string{
		"../../examples/workshop/failover.yaml",
		"../../testdata/render/labels-and-annotations/input.yaml",
		"../../testdata/render/error-every-error-of-every-document/input.yaml",
		"../../testdata/function/child-of-an-earlier-run/input.yaml",
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, input := range append(inputs, moreOften...) {
		data, err := os.ReadFile(input)
		require.NoError(t, err)
		args := map[string][]string{"render": {"render", "-"}, "check": {"check", "-"}, "check-function": {"check"}, "function": nil, "examples": {"render", "-"}}[filepath.Base(filepath.Dir(filepath.Dir(input)))]
		runs := manyOr(100, 2)
		if slices.Contains(moreOften, input) {
			runs = manyOr(100, 6)
		}
		first := run(string(data), args...)
		for i := range runs {
			runtime.GOMAXPROCS(1 + i%2)
			require.Equal(t, first, run(string(data), args...), input)
		}
	}
}

// TestEveryTargetServesEveryRoute: what is rendered is in a version of Gateway API that
// the API server of the target has.
func TestEveryTargetServesEveryRoute(t *testing.T) {
	for _, on := range target.All() {
		for _, route := range []string{
			"grpcRoute: {}", "tlsRoute: {}\n  hostnames: [shop.example.com]",
			"tcpRoute: {}\n  gateway: {listeners: [{name: tcp, protocol: TCP, port: 5432}]}",
		} {
			got := run("apiVersion: failover.krm.dev/v1alpha1\nkind: FailoverSpec\nmetadata: {name: shop, namespace: web}\nspec:\n  target: "+string(on)+"\n  "+route+
				"\n  active: {service: {name: shop, port: 5432}}\n  passive: {service: {name: standby, port: 5432}}\n", "render")
			assert.Zero(t, got.code, "%s, %s: %s", on, route, got.stderr)
		}
	}
}

func TestExamplesAreRendered(t *testing.T) {
	specs, err := filepath.Glob("../../examples/*/failover.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, specs)
	for _, spec := range specs {
		t.Run(filepath.Base(filepath.Dir(spec)), func(t *testing.T) {
			t.Chdir(filepath.Dir(spec))
			got := run("", "render", "failover.yaml")
			assert.Zero(t, got.code, got.stderr)
			golden(t, "rendered.yaml", got.stdout)

			schema := schemaLine(t)
			require.FileExists(t, schema, "the first line names the schema for editors")
			data, err := os.ReadFile(schema)
			require.NoError(t, err)
			assert.Equal(t, run("", "schema").stdout, string(data))
		})
	}
}

// TestExampleOfAFleetIsRendered renders each cluster's directory, as a pipeline does.
func TestExampleOfAFleetIsRendered(t *testing.T) {
	clusters, err := filepath.Glob("../../examples/fleet/clusters/*")
	require.NoError(t, err)
	require.NotEmpty(t, clusters)
	for _, cluster := range clusters {
		t.Run(filepath.Base(cluster), func(t *testing.T) {
			t.Chdir(cluster)
			got := run("", "render", ".")
			assert.Zero(t, got.code, got.stderr)
			golden(t, filepath.Join("..", "..", "rendered", filepath.Base(cluster), "failover.yaml"), got.stdout)
		})
	}
}

// schemaLine returns the schema that the first line of an example names.
func schemaLine(t *testing.T) string {
	data, err := os.ReadFile("failover.yaml")
	require.NoError(t, err)
	first, _, _ := strings.Cut(string(data), "\n")
	schema, found := strings.CutPrefix(first, "# yaml-language-server: $schema=")
	require.True(t, found, first)
	return schema
}

// TestWorkshopIsReproduced compares with the resources of the workshop, written
// down once: every field stands with the same value, and what is added is known.
func TestWorkshopIsReproduced(t *testing.T) {
	wanted := objects(t, "../../testdata/workshop/wanted.yaml")
	rendered := objects(t, "../../examples/workshop/rendered.yaml")
	require.Len(t, wanted, 9)
	require.Len(t, rendered, 9)
	for id, want := range wanted {
		require.Contains(t, rendered, id)
		for _, path := range additions(t, id, want, rendered[id]) {
			assert.Contains(t, []string{
				id + ".metadata.namespace", id + ".metadata.labels",
				// What the API server would fill in.
				id + ".spec.type", id + ".spec.listeners.allowedRoutes", id + ".spec.rules.backendRefs.weight", id + ".spec.healthCheck.passive.alwaysEjectOneEndpoint",
				id + ".metadata.labels.app.kubernetes.io/name", id + ".metadata.labels.app.kubernetes.io/component", id + ".metadata.labels.app.kubernetes.io/managed-by",
			}, path)
		}
	}
}

// objects returns the documents of a file by kind and name.
func objects(t *testing.T, name string) map[string]any {
	t.Helper()
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	documents, err := document.Parse(data, name)
	require.NoError(t, err)
	byID := map[string]any{}
	for _, doc := range documents {
		value, errs := document.Value(doc.Node)
		require.Empty(t, errs)
		byID[document.Field(doc.Node, "kind")+" "+document.Field(doc.Node, "metadata.name")] = value
	}
	return byID
}

// additions asserts that all that is wanted is there, and returns the paths of
// what is there beyond it.
func additions(t *testing.T, path string, want, got any) []string {
	t.Helper()
	wantMap, isMap := want.(map[string]any)
	if !isMap {
		wantList, isList := want.([]any)
		gotList, _ := got.([]any)
		if !isList || len(wantList) != len(gotList) {
			assert.Equal(t, want, got, path)
			return nil
		}
		var added []string
		for i := range wantList {
			added = append(added, additions(t, path, wantList[i], gotList[i])...)
		}
		return added
	}
	gotMap, _ := got.(map[string]any)
	var added []string
	for key := range gotMap {
		if _, wanted := wantMap[key]; !wanted {
			added = append(added, path+"."+key)
		}
	}
	for key, value := range wantMap {
		if assert.Contains(t, gotMap, key, path) {
			added = append(added, additions(t, path+"."+key, value, gotMap[key])...)
		}
	}
	return added
}

// TestManyErrors: a document that is wrong throughout is answered, and soon.
func TestManyErrors(t *testing.T) {
	t.Parallel()
	var spec strings.Builder
	spec.WriteString(shop)
	for i := range 20_000 {
		fmt.Fprintf(&spec, "  unknown%d: x\n", i)
	}
	got := run(spec.String(), "render")
	assert.Equal(t, 1, got.code)
	lines := strings.Split(strings.TrimSpace(got.stderr), "\n")
	assert.Len(t, lines, 102)
	assert.Contains(t, got.stderr, "unknown field")
	assert.Contains(t, got.stderr, "FailoverSpec web/shop: 19900 more are not shown of this document")
}

// TestNoInput: what runs without a terminal, as CI does, is told what is missing.
func TestNoInput(t *testing.T) {
	nothing, err := os.Open(os.DevNull)
	require.NoError(t, err)
	defer func() { _ = nothing.Close() }()
	for _, tc := range []struct {
		args   []string
		code   int
		stderr string
	}{
		{nil, 2, "error: stdin is empty"},
		{[]string{"render"}, 1, "error: no FailoverSpec in stdin"},
	} {
		var stdout, stderr strings.Builder
		assert.Equal(t, tc.code, command.Run(tc.args, nothing, &stdout, &stderr))
		assert.Empty(t, stdout.String())
		assert.Contains(t, stderr.String(), tc.stderr)
	}
}

// TestTerminal: a person who types the command without arguments gets help
// rather than a program that waits.
func TestTerminal(t *testing.T) {
	terminal, err := os.Open("/dev/ptmx")
	if err != nil {
		t.Skip("no pseudo-terminal on this machine: ", err)
	}
	defer func() { _ = terminal.Close() }()
	for _, args := range [][]string{{}, {"render"}} {
		var stdout, stderr strings.Builder
		assert.Equal(t, 2, command.Run(args, terminal, &stdout, &stderr))
		assert.Empty(t, stdout.String())
		assert.Contains(t, stderr.String(), "Usage:")
	}
}

// TestRandomSpecsRender renders many valid specs: what comes out is validated
// by the schemas and rules of every target in turn.
func TestRandomSpecsRender(t *testing.T) {
	t.Parallel()
	targets := target.All()
	for number := range manyOr(1000, 80) {
		spec, err := json.Marshal(randomspec.New(number, targets[number%len(targets)]))
		require.NoError(t, err)
		got := run(string(spec), "render", "-")
		require.Zero(t, got.code, "%s\n%s", spec, got.stderr)
		checked := run(got.stdout, "check", "--target", string(targets[number%len(targets)]), "-")
		for line := range strings.Lines(checked.stdout) {
			if strings.Contains(line, ": error: ") { // not of the API server's: a policy may be one that never fails over
				require.Regexp(t, `\((no-health-check|passive-never-fires|max-ejection-too-low|tier-scaled-to-zero)\)\n$`, line, "%s", spec)
			}
		}
	}
}
