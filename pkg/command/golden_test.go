package command_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/failover-krm/failover/pkg/check"
	"github.com/failover-krm/failover/pkg/command"
	"github.com/failover-krm/failover/pkg/document"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

// manyOr returns how many random cases a test has: few, or all of them where TEST_ALL
// is set, as it is every night.
func manyOr(all, few int) int {
	if os.Getenv("TEST_ALL") != "" {
		return all
	}
	return few
}

// A case is a folder: what goes in, and exactly what a user sees. expected.yaml
// is stdout; expected.err is stderr, and the exit status where it is not 0.

func TestRenderGolden(t *testing.T) { forEachCase(t, "render", runOnFile("render")) }

func TestCheckGolden(t *testing.T) { forEachCase(t, "check", runOnFile("check")) }

// TestRuleGolden has for each rule the manifests of a failover for which it finds
// something, and those of one that is right.
func TestRuleGolden(t *testing.T) {
	const day = "2026-11-27"
	for _, rule := range check.Rules() {
		t.Run(rule.ID, func(t *testing.T) {
			t.Chdir(filepath.Join("..", "..", "testdata", "rule", rule.ID))
			on := ruleTarget(t, ".")
			fires := run("", "check", "--target", on, "--date", day, "fires.yaml")
			golden(t, "fires.txt", fires.stdout)
			assert.Contains(t, fires.stdout, " ("+rule.ID+")\n")
			golden(t, "fires.err", fires.stderr)
			quiet := run("", "check", "--target", on, "--date", day, "quiet.yaml")
			golden(t, "quiet.txt", quiet.stdout)
			assert.NotContains(t, quiet.stdout, "("+rule.ID+")")
			assert.Contains(t, quiet.stdout, "fails over: yes: ")
			golden(t, "quiet.err", quiet.messages())
		})
	}
}

// runOnFile calls a command on the input of a case, or with the arguments that
// the case has.
func runOnFile(name string) func(*testing.T) result {
	return func(*testing.T) result {
		args := []string{name, "input.yaml"}
		if given, err := os.ReadFile("args"); err == nil {
			args = append([]string{name}, strings.Fields(string(given))...)
		}
		return run("", args...)
	}
}

func TestFunctionGolden(t *testing.T) { forEachCase(t, "function", runOnStdin()) }

// TestCheckFunctionGolden has check as a KRM function.
func TestCheckFunctionGolden(t *testing.T) { forEachCase(t, "check-function", runOnStdin("check")) }

func runOnStdin(args ...string) func(*testing.T) result {
	return func(t *testing.T) result {
		input, err := os.ReadFile("input.yaml")
		require.NoError(t, err)
		return run(string(input), args...)
	}
}

type result struct {
	stdout, stderr string
	code           int
}

func run(stdin string, args ...string) result {
	var stdout, stderr bytes.Buffer
	code := command.Run(args, strings.NewReader(stdin), &stdout, &stderr)
	return result{stdout.String(), stderr.String(), code}
}

func (r result) messages() string {
	if r.code == 0 {
		return r.stderr
	}
	return fmt.Sprintf("%sexit status %d\n", r.stderr, r.code)
}

func forEachCase(t *testing.T, face string, runCase func(*testing.T) result) {
	root, err := filepath.Abs(filepath.Join("..", "..", "testdata", face))
	require.NoError(t, err)
	entries, err := os.ReadDir(root)
	require.NoError(t, err)
	require.NotEmpty(t, entries)
	for _, entry := range entries {
		t.Run(entry.Name(), func(t *testing.T) {
			t.Chdir(filepath.Join(root, entry.Name()))
			got := runCase(t)
			stdout := "expected.yaml"
			if face == "check" {
				stdout = "expected.txt"
			}
			golden(t, stdout, got.stdout)
			golden(t, "expected.err", got.messages())
			if got.code != 0 && face == "render" {
				assert.Empty(t, got.stdout, "nothing may be printed on failure")
			}
		})
	}
}

// golden compares with a file that is absent where there is nothing to see.
func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if got == "" {
			_ = os.Remove(name)
			return
		}
		require.NoError(t, os.WriteFile(name, []byte(got), 0o644))
		return
	}
	want, err := os.ReadFile(name)
	if !os.IsNotExist(err) {
		require.NoError(t, err)
	}
	assert.Equal(t, string(want), got, "run 'go test ./pkg/command -update' and read the diff")
}

// TestFunctionRendersWhatRenderDoes feeds every case that renders to the function,
// as items, as functionConfig, and in both versions of ResourceList: what it adds
// is what render prints, and the annotations that say whose it is.
func TestFunctionRendersWhatRenderDoes(t *testing.T) {
	t.Parallel()
	expected, err := filepath.Glob("../../testdata/render/*/expected.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, expected)
	for _, path := range expected {
		dir := filepath.Dir(path)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			if _, err := os.Stat(filepath.Join(dir, "args")); err == nil {
				t.Skip("the function takes no arguments")
			}
			want := documentsOf(t, path)
			specs := documentsOf(t, filepath.Join(dir, "input.yaml"))
			for _, version := range []string{"v1", "v1beta1"} {
				got := run(resourceList(t, version, specs, nil))
				require.Zero(t, got.code, got.stderr)
				assert.Contains(t, got.stdout, "apiVersion: config.kubernetes.io/"+version+"\n")
				assert.Equal(t, append(specs, want...), withoutOwner(itemsOf(t, got.stdout)))
			}
			if len(specs) == 1 {
				got := run(resourceList(t, "v1", nil, specs))
				require.Zero(t, got.code, got.stderr)
				assert.Equal(t, want, withoutOwner(itemsOf(t, got.stdout)))
			}
		})
	}
}

// documentsOf returns the documents of a file, as the function would print them.
func documentsOf(t *testing.T, name string) []string {
	t.Helper()
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	documents, err := document.Parse(data, name)
	require.NoError(t, err)
	texts := make([]string, 0, len(documents))
	for _, doc := range documents {
		text, err := yaml.NewRNode(doc.Node).String()
		require.NoError(t, err)
		texts = append(texts, text)
	}
	return texts
}

// itemsOf returns the items of a ResourceList, each as YAML.
func itemsOf(t *testing.T, resourceList string) []string {
	t.Helper()
	documents, err := document.Parse([]byte(resourceList), "list")
	require.NoError(t, err)
	require.Len(t, documents, 1)
	var texts []string
	for _, item := range document.Lookup(documents[0].Node, "items").Content {
		text, err := yaml.NewRNode(item).String()
		require.NoError(t, err)
		texts = append(texts, text)
	}
	return texts
}

func resourceList(t *testing.T, version string, items, functionConfig []string) string {
	t.Helper()
	var list strings.Builder
	list.WriteString("apiVersion: config.kubernetes.io/" + version + "\nkind: ResourceList\n")
	indented := func(text string) string { return strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n  ") }
	for i, item := range items {
		if i == 0 {
			list.WriteString("items:\n")
		}
		list.WriteString("- " + indented(item) + "\n")
	}
	for _, config := range functionConfig {
		list.WriteString("functionConfig:\n  " + indented(config) + "\n")
	}
	return list.String()
}

// withoutOwner takes the annotations of ownership out of items.
func withoutOwner(items []string) []string {
	ownership := regexp.MustCompile(`(?m)^    failover\.krm\.dev/(owner|part|labels|annotations): .*\n`)
	empty := regexp.MustCompile(`(?m)^  annotations:\n([^ ]|  [^ ])`)
	for i, item := range items {
		items[i] = empty.ReplaceAllString(ownership.ReplaceAllString(item, ""), "$1")
	}
	return items
}
