package command_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// formats are those of check, each with the file that a golden has of it.
var formats = map[string]string{"text": "expected.txt", "json": "expected.json", "sarif": "expected.sarif", "github": "expected.github", "markdown": "expected.md"}

// activeCheck is the one in failoverManifests.
const activeCheck = "    active:\n      type: HTTP\n      http:\n        path: /healthz\n"

// inDirectory makes a directory with these files the working directory. There is no
// repository around it.
func inDirectory(t *testing.T, files map[string]string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, content := range files {
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
		require.NoError(t, os.WriteFile(name, []byte(content), 0o644))
	}
}

// TestReportGolden has a repository with something of everything in each format: a
// verdict of each kind, suppressed findings, names that are markup or commands elsewhere,
// a chart, and a file that cannot be read.
func TestReportGolden(t *testing.T) {
	root, err := filepath.Abs(filepath.Join("..", "..", "testdata", "report"))
	require.NoError(t, err)
	t.Chdir(t.TempDir())
	require.NoError(t, os.CopyFS(".", os.DirFS(filepath.Join(root, "input"))))
	version := strings.Fields(run("", "version").stdout)[1]
	validate := sarifValidator(t)
	for format, name := range formats {
		t.Run(format, func(t *testing.T) {
			got := run("", "check", "--target", ruleTarget(t, "."), "-o", format, ".")
			assert.Equal(t, 2, got.code)
			golden(t, filepath.Join(root, name), strings.ReplaceAll(got.stdout, `"version": "`+version+`"`, `"version": "VERSION"`))
			golden(t, filepath.Join(root, "expected.err"), got.messages())
			if format == "sarif" {
				validate(t, got.stdout)
			}
		})
	}
}

// TestJSONIsDocumented: the page about it names each field.
func TestJSONIsDocumented(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(moduleRoot, "docs", "checking.md"))
	require.NoError(t, err)
	data, err := os.ReadFile(filepath.Join(moduleRoot, "testdata", "report", "expected.json"))
	require.NoError(t, err)
	var report map[string]any
	require.NoError(t, json.Unmarshal(data, &report))
	delete(report["notChecked"].(map[string]any), "documents") // by kind
	delete(report["counts"].(map[string]any), "failovers")     // by verdict
	var visit func(any)
	visit = func(value any) {
		switch value := value.(type) {
		case map[string]any:
			for key, field := range value {
				assert.Contains(t, string(page), "`"+key+"`")
				visit(field)
			}
		case []any:
			for _, item := range value {
				visit(item)
			}
		}
	}
	visit(report)
}

// sarifValidator validates by the schema of OASIS, which a module of the linter carries.
func sarifValidator(t *testing.T) func(*testing.T, string) {
	t.Helper()
	download := exec.CommandContext(t.Context(), "go", "mod", "download", "-json", "-modfile="+filepath.Join("hack", "tools", "golangci-lint", "go.mod"), "github.com/securego/gosec/v2")
	download.Dir = moduleRoot
	output, err := download.Output()
	require.NoError(t, err)
	var module struct{ Dir string }
	require.NoError(t, json.Unmarshal(output, &module))
	schema, err := jsonschema.NewCompiler().Compile(filepath.Join(module.Dir, "report", "sarif", "testdata", "sarif-schema-2.1.0.json"))
	require.NoError(t, err)
	return func(t *testing.T, text string) {
		t.Helper()
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		require.NoError(t, err)
		assert.NoError(t, schema.Validate(value))
		runs := value.(map[string]any)["runs"].([]any)
		assert.NotNil(t, runs[0].(map[string]any)["results"], "GitHub wants a list, even an empty one")
	}
}

// moduleRoot is where the tests of this package start from.
var moduleRoot = func() string {
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		panic(err)
	}
	return root
}()

// TestExitCodes: the exit code is the same for every format, and stdout is the report
// and nothing else.
func TestExitCodes(t *testing.T) {
	right := failoverManifests(t)
	wrong := strings.Replace(right, "maxEjectionPercent: 100", "maxEjectionPercent: 10", 1)
	wrong = strings.Replace(wrong, activeCheck, "", 1)
	wrong = strings.Replace(wrong, "    numAttemptsPerPriority: 1\n", "", 1)
	policy := "kind: BackendTrafficPolicy\nmetadata:\n  name: shop\n"
	ignored := strings.Replace(wrong, policy, policy+"  annotations:\n    failover.krm.dev/ignore: |\n      max-ejection-too-low: seen\n      retry-same-tier: seen\n      no-active-check: seen\n", 1)
	require.NotEqual(t, wrong, ignored)
	inputs := []struct {
		name  string
		files map[string]string
		// worst is the worst severity that is found, empty for none.
		worst string
		// unread tells that a file cannot be read.
		unread bool
	}{
		{name: "nothing", files: map[string]string{"notes.txt": "none"}},
		{name: "no failover", files: map[string]string{"a.yaml": "kind: ConfigMap\n"}},
		{name: "right", files: map[string]string{"a.yaml": right}},
		{name: "an info", files: map[string]string{"a.yaml": withoutKind(t, right, "Gateway")}, worst: "info"},
		{name: "a warning", files: map[string]string{"a.yaml": right + "---\n" + strings.Replace(shop, "metadata: {", "metadata: {annotations: {failover.krm.dev/ignore: no-retry}, ", 1)}, worst: "warning"},
		{name: "an error", files: map[string]string{"a.yaml": wrong}, worst: "error"},
		{name: "an error that is suppressed", files: map[string]string{"a.yaml": ignored}},
		{name: "an error that no annotation suppresses", files: map[string]string{"a.yaml": strings.Replace(ignored, "interval: 2s", "interval: 0s", 1)}, worst: "error"},
		{name: "no YAML", files: map[string]string{"a.yaml": "a: ["}, unread: true},
		{name: "no YAML next to what is right", files: map[string]string{"a.yaml": "a: [", "b.yaml": right}, unread: true},
		{name: "no YAML next to an error", files: map[string]string{"a.yaml": "a: [", "b.yaml": wrong}, worst: "error", unread: true},
	}
	severities := []string{"error", "warning", "info"}
	validate := sarifValidator(t)
	for _, input := range inputs {
		t.Run(input.name, func(t *testing.T) {
			inDirectory(t, input.files)
			for format := range formats {
				for _, failOn := range append(slices.Clone(severities), "never") {
					want := 0
					switch {
					case input.unread:
						want = 2
					case input.worst != "" && failOn != "never" && slices.Index(severities, input.worst) <= slices.Index(severities, failOn):
						want = 1
					}
					got := run("", "check", "-o", format, "--fail-on", failOn, ".")
					assert.Equal(t, want, got.code, "-o %s --fail-on %s\n%s%s", format, failOn, got.stdout, got.stderr)
					assert.NotEmpty(t, got.stdout)
					switch format {
					case "json":
						var report struct{ Findings, Failovers, Unread []any }
						require.NoError(t, json.Unmarshal([]byte(got.stdout), &report))
						assert.NotNil(t, report.Findings)
						assert.NotNil(t, report.Failovers)
						assert.Equal(t, input.unread, len(report.Unread) > 0)
					case "sarif":
						validate(t, got.stdout)
					case "text", "github":
						lines := strings.Split(strings.TrimSuffix(got.stdout, "\n"), "\n")
						assert.True(t, strings.HasPrefix(lines[len(lines)-1], "checked "), got.stdout)
					}
				}
			}
		})
	}
}

// TestReportFiles: one run writes several reports, each whole or not at all.
func TestReportFiles(t *testing.T) {
	inDirectory(t, map[string]string{"shop.yaml": failoverManifests(t), "out/old.json": "old", "target.md": "old"})
	require.NoError(t, os.Symlink(filepath.Join("..", "target.md"), "out/link.md"))
	args := []string{"check", "shop.yaml"}
	for _, report := range []string{"json=out/old.json", "sarif=out/new.sarif", "markdown=out/link.md", "github=/dev/null"} {
		args = append(args, "--report", report)
	}
	got := run("", args...)
	assert.Zero(t, got.code, got.stderr)
	assert.Equal(t, run("", "check", "shop.yaml").stdout, got.stdout)
	for name, format := range map[string]string{"out/old.json": "json", "out/new.sarif": "sarif", "target.md": "markdown"} {
		written, err := os.ReadFile(name)
		require.NoError(t, err)
		assert.Equal(t, run("", "check", "-o", format, "shop.yaml").stdout, string(written))
		info, err := os.Stat(name)
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o644), info.Mode())
	}
	device, err := os.Stat("/dev/null")
	require.NoError(t, err)
	assert.False(t, device.Mode().IsRegular(), "a device is written to, not replaced")
	entries, err := os.ReadDir("out")
	require.NoError(t, err)
	assert.Len(t, entries, 3, "no temporary file is left")

	for reason, tc := range map[string]struct {
		reports []string
		stderr  string
	}{
		"no file":           {[]string{"json"}, `--report "json": must be FORMAT=FILE`},
		"stdout":            {[]string{"json=-"}, "-o says what is written to stdout"},
		"an unknown format": {[]string{"jason=x"}, `--report "jason": did you mean "json"?`},
		"one file twice":    {[]string{"json=x", "sarif=./x"}, "give each report its own file"},
		"no directory":      {[]string{"json=missing/x"}, "error: --report json: missing/x: no such file or directory\n"},
	} {
		args := []string{"check", "shop.yaml"}
		for _, report := range tc.reports {
			args = append(args, "--report", report)
		}
		got := run("", args...)
		assert.Equal(t, 2, got.code, reason)
		assert.Empty(t, got.stdout, reason)
		assert.Contains(t, got.stderr, tc.stderr, reason)
		assert.NoFileExists(t, "x", reason)
	}
}

// TestReportsOfManyFindings: GitHub shows ten annotations of a level, and the rest is
// in the log.
func TestReportsOfManyFindings(t *testing.T) {
	const count = 25
	var manifests strings.Builder
	for i := range count {
		fmt.Fprintf(&manifests, "---\napiVersion: v1\nkind: Service\nmetadata: {name: s%d, namespace: web}\nspec: {ports: [{port: 0}]}\n", i)
	}
	inDirectory(t, map[string]string{"many.yaml": manifests.String(), "repository/.git/HEAD": "", "repository/deep/many.yaml": manifests.String()})
	summary := filepath.Join(t.TempDir(), "summary")
	t.Setenv("GITHUB_STEP_SUMMARY", summary)
	got := run("", "check", "-o", "github", "many.yaml")
	assert.Equal(t, 10, strings.Count(got.stdout, "::error file=many.yaml,line="))
	assert.Equal(t, count-10, strings.Count(got.stdout, "\nmany.yaml:"))
	page, err := os.ReadFile(summary)
	require.NoError(t, err)
	assert.Equal(t, count, strings.Count(string(page), "\n| error | many.yaml:"))
	assert.Equal(t, run("", "check", "-o", "markdown", "many.yaml").stdout, string(page))

	t.Run("another format writes no summary", func(t *testing.T) {
		require.NoError(t, os.Remove(summary))
		run("", "check", "-o", "text", "many.yaml")
		assert.NoFileExists(t, summary)
	})
	t.Run("a summary that cannot be written", func(t *testing.T) {
		t.Setenv("GITHUB_STEP_SUMMARY", filepath.Join("missing", "summary"))
		got := run("", "check", "-o", "github", "many.yaml")
		assert.Equal(t, 1, got.code)
		assert.Contains(t, got.stderr, "warning: no summary in GITHUB_STEP_SUMMARY")
	})
	t.Run("paths are seen from the root of the repository", func(t *testing.T) {
		t.Chdir(filepath.Join("repository", "deep"))
		absolute, err := filepath.Abs("many.yaml")
		require.NoError(t, err)
		for _, name := range []string{"many.yaml", absolute, "../deep"} {
			assert.Contains(t, run("", "check", "-o", "github", name).stdout, "file=deep/many.yaml,", name)
			assert.Contains(t, run("", "check", "-o", "sarif", name).stdout, `"uri": "deep/many.yaml"`, name)
		}
		outside, err := filepath.Abs(filepath.Join("..", "..", "many.yaml"))
		require.NoError(t, err)
		assert.Contains(t, run("", "check", "-o", "sarif", outside).stdout, `"uri": "file://`+filepath.ToSlash(outside)+`"`)
	})
	t.Run("a page that would be too long ends with what is left", func(t *testing.T) {
		const enough = 9000
		var manifests strings.Builder
		for i := range enough {
			fmt.Fprintf(&manifests, "---\napiVersion: v1\nkind: Service\nmetadata: {name: s%d, namespace: web}\nspec: {ports: [{port: 0}]}\n", i)
		}
		page := run(manifests.String(), "check", "-o", "markdown", "-").stdout
		assert.Less(t, len(page), 1<<20)
		shown := strings.Count(page, "\n| error | ")
		assert.Contains(t, page, fmt.Sprintf("\n%d more are not shown", enough-shown))
	})
}

// TestNothingOfAReportIsTaken for a workflow command, or for markup: file names and
// objects come from anywhere.
func TestNothingOfAReportIsTaken(t *testing.T) {
	const name = "::error::x,y%0A##[add-mask]z|@octocat<b>.yaml"
	inDirectory(t, map[string]string{name: failoverManifests(t), "b.yaml": "kind: \"a\\n::stop-commands::x\"\napiVersion: v1\n"})
	got := run("", "check", "-o", "github", "--target", "calico-3.30", name, "b.yaml")
	for line := range strings.Lines(got.stdout) {
		assert.NotRegexp(t, `^\s*::(error::|stop)`, line)
	}
	assert.NotContains(t, got.stdout, "##[")
	assert.NotContains(t, got.stderr, "\n::")
	page := run("", "check", "-o", "markdown", name).stdout
	assert.Contains(t, page, `z\|@<!-- -->octocat\<b\>.yaml`)
	assert.NotContains(t, page, "@octocat")
}

// TestColor is about words in a terminal; TestColorOfATerminal has a real one.
func TestColor(t *testing.T) {
	inDirectory(t, map[string]string{"shop.yaml": failoverManifests(t), "esc.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: \"\\e[31m\", namespace: web}\nspec: {ports: [{port: 80}]}\n"})
	plain := run("", "check", ".")
	assert.NotContains(t, plain.stdout, "\x1b", "what is no terminal gets no colour")
	assert.Equal(t, plain, run("", "check", "--color", "never", "."))
	t.Setenv("NO_COLOR", "1")
	coloured := run("", "check", "--color", "always", ".")
	assert.Contains(t, coloured.stdout, "\x1b[31merror\x1b[0m: ")
	assert.Contains(t, coloured.stdout, "fails over: \x1b[32myes\x1b[0m: ")
	assert.Equal(t, plain.stdout, strings.NewReplacer("\x1b[31m", "", "\x1b[32m", "", "\x1b[33m", "", "\x1b[36m", "", "\x1b[0m", "").Replace(coloured.stdout), "a colour says nothing more")
	for format := range formats {
		if format != "text" {
			assert.NotContains(t, run("", "check", "--color", "always", "-o", format, ".").stdout, "\x1b", format)
		}
	}
	assert.Equal(t, 2, run("", "check", "--color", "yes", ".").code)
}

// TestIgnorePaths: what --ignore names is not read, however it is given.
func TestIgnorePaths(t *testing.T) {
	inDirectory(t, map[string]string{"web/shop.yaml": failoverManifests(t), "web/testdata/bad.yaml": "a: [", "bad/deep/bad.yaml": "a: [", "bad.yaml": "a: ["})
	absolute, err := filepath.Abs("web/testdata")
	require.NoError(t, err)
	for _, ignored := range [][]string{{"bad", "bad.yaml", "**/testdata"}, {"./bad/", "bad.y*", absolute}, {"{bad,bad.yaml}", "web/**/bad.yaml"}} {
		args := []string{"check"}
		for _, pattern := range ignored {
			args = append(args, "--ignore", pattern)
		}
		for _, given := range [][]string{{"."}, {"web", "bad", "bad.yaml"}, {"web/shop.yaml", "web/testdata/bad.yaml", "./bad/deep/bad.yaml", "bad.yaml"}} {
			got := run("", append(args, given...)...)
			assert.Zero(t, got.code, "%s %s: %s", ignored, given, got.stderr)
			assert.Empty(t, got.stderr)
			assert.Contains(t, got.stdout, "of 1 file in ")
		}
	}
	got := run("", "check", "--ignore", "testdata", "--ignore", "bad*", "--ignore", "web/testdata", ".")
	assert.Zero(t, got.code)
	assert.Equal(t, "warning: --ignore \"testdata\" names no file that would be read\n", got.stderr)
	for _, pattern := range []string{"", "[", "{a"} {
		got := run("", "check", "--ignore", pattern, ".")
		assert.Equal(t, 2, got.code)
		assert.Contains(t, got.stderr, fmt.Sprintf("error: --ignore %q: is ", pattern))
	}
	list := run(emptyList, "check", "-o", "json")
	assert.Equal(t, 2, list.code)
	assert.Contains(t, list.stderr, "a ResourceList is answered with a ResourceList")
}

// TestHelmTemplates are named as what they are.
func TestHelmTemplates(t *testing.T) {
	const template = "kind: Service\nmetadata:\n  {{- include \"x\" . | nindent 2 }}\n"
	inDirectory(t, map[string]string{
		"charts/shop/Chart.yaml": "name: shop\n", "charts/shop/values.yaml": "replicas: 1\n", "charts/shop/crds/crd.yaml": "kind: CustomResourceDefinition\n",
		"charts/shop/templates/service.yaml": template, "charts/shop/templates/deep/plain.yaml": "kind: Service\n",
		"charts/blog/Chart.yaml": "name: blog\n", "charts/blog/templates/service.yaml": template,
		"loose/templates/service.yaml": template,
	})
	got := run("", "check", "charts")
	assert.Zero(t, got.code, got.stderr)
	assert.Equal(t, "info: not checked: 3 without a kind, 1 CustomResourceDefinition\n"+
		"info: not checked: a Helm template of charts/blog: check what 'helm template charts/blog' prints\n"+
		"info: not checked: 2 Helm templates of charts/shop: check what 'helm template charts/shop' prints\n", got.stderr)
	var report struct {
		NotChecked struct{ HelmTemplates []string }
	}
	require.NoError(t, json.Unmarshal([]byte(run("", "check", "-o", "json", "charts").stdout), &report))
	assert.Equal(t, []string{"charts/blog/templates/service.yaml", "charts/shop/templates/deep/plain.yaml", "charts/shop/templates/service.yaml"}, report.NotChecked.HelmTemplates)

	t.Run("given by name, and from within the chart", func(t *testing.T) {
		t.Chdir(filepath.Join("charts", "blog", "templates"))
		got := run("", "check", "service.yaml")
		assert.Zero(t, got.code)
		assert.Contains(t, got.stderr, "a Helm template of ..: check what 'helm template ..' prints")
	})
	t.Run("what is no text is no template", func(t *testing.T) {
		require.NoError(t, os.WriteFile("binary.yaml", []byte("\xcf\xd0{{"), 0o644))
		got := run("", "check", "binary.yaml")
		assert.Equal(t, 2, got.code)
		assert.Equal(t, "error: binary.yaml:1: not YAML: invalid trailing UTF-8 octet\n", got.stderr)
	})
	t.Run("without its chart it is no YAML", func(t *testing.T) {
		got := run("", "check", "loose")
		assert.Equal(t, 2, got.code)
		assert.Contains(t, got.stderr, "error: loose/templates/service.yaml:3: not YAML: ")
		assert.Contains(t, got.stderr, "; it looks like a Helm template: give what 'helm template' prints instead\n")
	})
}

// TestUnreadableFilesHideNothing: neither in a directory nor next to it.
func TestUnreadableFilesHideNothing(t *testing.T) {
	inDirectory(t, map[string]string{"web/b.yaml": failoverManifests(t), "web/c.yaml": "a: ["})
	require.NoError(t, os.Symlink("nowhere", "web/a.yaml"))
	got := run("", "check", "missing", "web", "")
	assert.Equal(t, 2, got.code)
	assert.Contains(t, got.stdout, "fails over: yes")
	assert.Contains(t, got.stdout, ", not read: 4 files\n")
	assert.Equal(t, "error: missing: no such file or directory\nerror: web/a.yaml: no such file or directory\n"+
		"error: web/c.yaml:1: not YAML: did not find expected node content\nerror: \"\": must be a file, a directory or -, and is empty\n", got.stderr)
}

// TestSuppress is about the annotation that ignores findings.
func TestSuppress(t *testing.T) {
	const annotated = "  annotations:\n    failover.krm.dev/ignore: "
	wrong := strings.NewReplacer("maxEjectionPercent: 100", "maxEjectionPercent: 10", activeCheck, "").Replace(failoverManifests(t))
	policy := "kind: BackendTrafficPolicy\nmetadata:\n  name: shop\n"
	route := "kind: HTTPRoute\nmetadata:\n  name: shop\n"
	before := run(wrong, "check", "-")
	require.ElementsMatch(t, []string{"warning max-ejection-too-low", "info no-active-check"}, findingsIn(before.stdout))
	for reason, tc := range map[string]struct {
		object, entry string
		suppressed    int
		findings      []string
		message       string
	}{
		"with a reason":        {object: policy, entry: `"max-ejection-too-low: the retry leaves: it is enough"`, suppressed: 1},
		"two, one a line":      {object: policy, entry: "|\n      max-ejection-too-low: seen\n      no-retry: seen\n", suppressed: 1, findings: []string{"info ignore-unused"}, message: "no-retry has no finding at this object: remove it"},
		"without a reason":     {object: policy, entry: `"max-ejection-too-low:"`, findings: []string{"warning ignore-without-reason", "warning max-ejection-too-low"}},
		"an unknown rule":      {object: policy, entry: `"max-ejection-to-low: seen"`, findings: []string{"warning ignore-unknown-rule", "warning max-ejection-too-low"}, message: `did you mean "max-ejection-too-low"?`},
		"a rule of this":       {object: policy, entry: `"ignore-unused: seen"`, findings: []string{"warning ignore-unknown-rule", "warning max-ejection-too-low"}},
		"a reason with a mark": {object: policy, entry: `"max-ejection-too-low: seen; and known"`, suppressed: 1, findings: []string{"warning ignore-unknown-rule"}, message: `"and known" is not a rule`},
		"on another object":    {object: route, entry: `"max-ejection-too-low: seen"`, findings: []string{"info ignore-unused", "warning max-ejection-too-low"}, message: "put it on BackendTrafficPolicy web/shop, which has one"},
		"empty":                {object: policy, entry: `""`, findings: []string{"warning max-ejection-too-low"}},
	} {
		t.Run(reason, func(t *testing.T) {
			manifests := strings.Replace(wrong, tc.object, tc.object+annotated+tc.entry+"\n", 1)
			got := run(manifests, "check", "-")
			assert.ElementsMatch(t, append(tc.findings, "info no-active-check"), findingsIn(got.stdout), got.stdout)
			assert.Contains(t, got.stdout, tc.message)
			assert.Contains(t, got.stdout, fmt.Sprintf(", suppressed: %d\n", tc.suppressed))
			assert.Equal(t, verdictIn(before.stdout), verdictIn(got.stdout), "the verdict stays")
			shown := run(manifests, "check", "--show-suppressed", "-")
			assert.Equal(t, tc.suppressed, strings.Count(shown.stdout, ": suppressed warning: "))
		})
	}
	t.Run("a FailoverSpec covers what it renders, here and in a package", func(t *testing.T) {
		spec := shop + "  policy: {healthCheck: {passive: {maxEjectionPercent: 10}}}\n"
		ignoring := strings.Replace(spec, "namespace: web", "namespace: web, annotations: {failover.krm.dev/ignore: 'max-ejection-too-low: seen'}", 1)
		require.Contains(t, run(spec, "check", "-").stdout, "(max-ejection-too-low)")
		assert.NotContains(t, run(ignoring, "check", "-").stdout, "(max-ejection-too-low)")

		item := strings.Replace(ignoring, "annotations: {", "annotations: {config.kubernetes.io/path: shop.yaml, ", 1)
		rendered := run(resourceList(t, "v1", []string{item}, nil))
		require.Zero(t, rendered.code, rendered.stderr)
		inDirectory(t, map[string]string{"shop.yaml": spec, "shop-failover.yaml": strings.Join(itemsOf(t, rendered.stdout)[1:], "---\n")})
		require.Contains(t, run("", "check", ".").stdout, "(max-ejection-too-low)")
		require.NoError(t, os.WriteFile("shop.yaml", []byte(ignoring), 0o644))
		got := run("", "check", ".")
		assert.NotContains(t, got.stdout, "(max-ejection-too-low)")
		assert.NotContains(t, got.stdout, "(ignore-unused)")
	})
	t.Run("results of the function have none, but the verdict", func(t *testing.T) {
		manifests := strings.Replace(wrong, policy, policy+annotated+`"max-ejection-too-low: seen"`+"\n", 1)
		got := run(resourceList(t, "v1", strings.Split(manifests, "---\n"), nil), "check", "--fail-on", "warning")
		assert.Zero(t, got.code, got.stderr)
		assert.Equal(t, 1, strings.Count(got.stdout, "severity:"))
		assert.Contains(t, got.stdout, "fails over: yes")
	})
}
