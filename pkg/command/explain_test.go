package command_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failover-krm/failover/pkg/check"
)

// ruleTarget is what the manifests of a rule are checked for: the newest, unless its
// directory names an older one.
func ruleTarget(t *testing.T, directory string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(directory, "target"))
	if os.IsNotExist(err) {
		return "envoy-gateway-1.9"
	}
	require.NoError(t, err)
	return strings.TrimSpace(string(data))
}

func TestExplain(t *testing.T) {
	list := run("", "explain")
	require.Zero(t, list.code, list.stderr)
	assert.Equal(t, len(check.Rules())+1, strings.Count(list.stdout, "\n"))
	for _, rule := range check.Rules() {
		assert.Contains(t, list.stdout, rule.ID)
		page := run("", "explain", rule.ID)
		require.Zero(t, page.code, page.stderr)
		assert.True(t, strings.HasPrefix(page.stdout, rule.ID+" ("+string(rule.Severity)+")\n\n"), page.stdout)
		assert.Contains(t, strings.Join(strings.Fields(page.stdout), " "), rule.Fix)
		for line := range strings.Lines(page.stdout) {
			assert.LessOrEqual(t, len(line), 81+len("gateway.networking"), line) // a word may be longer than a line
		}
	}

	unknown := run("", "explain", "max-ejection")
	assert.Equal(t, 2, unknown.code)
	assert.Empty(t, unknown.stdout)
	assert.Contains(t, unknown.stderr, `error: rule "max-ejection": did you mean "max-ejection-too-low"?`)
	assert.Equal(t, 2, run("", "explain", "no-retry", "no-fallback").code)
}

// TestRulePages holds the pages of docs/rules to the table of rules, and to the
// manifests that they are tested with.
func TestRulePages(t *testing.T) {
	t.Chdir(filepath.Join("..", ".."))
	pages := map[string]bool{"README.md": true}
	var index strings.Builder
	index.WriteString("# Rules\n\nWhat `failover check` finds beyond what an API server refuses. `failover explain RULE` prints the same. A finding that depends\n" +
		"on what is not in the files is information, and an error becomes a warning where the traffic still fails over by other means.\n\n" +
		"| Rule | Severity | Finds |\n|---|---|---|\n")
	for _, rule := range check.Rules() {
		fmt.Fprintf(&index, "| [%s](%s.md) | %s | %s |\n", rule.ID, rule.ID, rule.Severity, rule.Summary)
		pages[rule.ID+".md"] = true
		golden(t, filepath.Join("docs", "rules", rule.ID+".md"), rulePage(t, rule))
	}
	golden(t, filepath.Join("docs", "rules", "README.md"), index.String())
	entries, err := os.ReadDir(filepath.Join("docs", "rules"))
	require.NoError(t, err)
	for _, entry := range entries {
		assert.True(t, pages[entry.Name()], "docs/rules/%s is of no rule", entry.Name())
	}
}

// rulePage is what docs/rules says of a rule.
func rulePage(t *testing.T, rule check.Rule) string {
	t.Helper()
	directory := filepath.Join("testdata", "rule", rule.ID)
	read := func(name string) string {
		data, err := os.ReadFile(filepath.Join(directory, name))
		require.NoError(t, err)
		return string(data)
	}
	var found []string
	for line := range strings.Lines(run("", "check", "--target", ruleTarget(t, directory), filepath.Join(directory, "fires.yaml")).stdout) {
		if strings.HasSuffix(line, " ("+rule.ID+")\n") {
			found = append(found, strings.TrimPrefix(line, directory+string(filepath.Separator)))
		}
	}
	var page strings.Builder
	fmt.Fprintf(&page, "# %s\n\n%s Severity: %s.\n", rule.ID, rule.Summary, rule.Severity)
	section := func(title, text string) {
		if text != "" {
			fmt.Fprintf(&page, "\n## %s\n\n%s\n", title, text)
		}
	}
	section("What happens", rule.Explanation)
	section("How to fix it", rule.Fix)
	section("Measured", rule.Cost)
	if rule.Since != "" {
		section("Since", "Envoy Gateway "+rule.Since+".")
	}
	section("Example", fmt.Sprintf("Of these manifests, `failover check` says\n\n```\n%s```\n\n```yaml\n%s```", strings.Join(found, ""), read("fires.yaml")))
	section("The same without the fault", fmt.Sprintf("```yaml\n%s```", read("quiet.yaml")))
	return page.String()
}
