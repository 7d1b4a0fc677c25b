package playground_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/failover-krm/failover/pkg/envoy"
	"github.com/failover-krm/failover/pkg/target"
	"github.com/failover-krm/failover/web/playground"
)

const spec = `apiVersion: failover.krm.dev/v1alpha1
kind: FailoverSpec
metadata: {name: shop, namespace: web}
spec:
  active: {endpoints: [{fqdn: {hostname: a.example.com, port: 80}}]}
  passive: {endpoints: [{fqdn: {hostname: p.example.com, port: 80}}]}
`

func TestCheckAndSimulate(t *testing.T) {
	page := &playground.Playground{}
	checking, err := page.Check(spec, target.Default)
	require.NoError(t, err)
	assert.Empty(t, checking.Diagram, "it takes simulations")
	atOnce := checking
	checking, err = page.Explain(spec, target.Default)
	require.NoError(t, err)
	assert.Equal(t, atOnce.YAML, checking.YAML)
	assert.Equal(t, atOnce.Verdicts, checking.Verdicts)
	assert.Len(t, checking.Findings, len(atOnce.Findings))
	require.Len(t, checking.Verdicts, 1)
	assert.EqualValues(t, "yes", checking.Verdicts[0].Verdict)
	assert.Equal(t, 1, checking.Specs)
	assert.Contains(t, checking.YAML, "kind: HTTPRoute")
	assert.Contains(t, checking.Diagram, "<svg")

	outage := playground.Outage{Kind: envoy.Hang, Rate: 20, Method: "GET", For: 20, Patience: 5, Hosts: 1}
	simulation, err := page.Simulate(outage)
	require.NoError(t, err)
	require.Len(t, simulation.Costs, 1)
	assert.Equal(t, 400, simulation.Costs[0].Sent)
	assert.InDelta(t, 300, simulation.Costs[0].Lost.Median, 2)
	assert.Contains(t, simulation.Picture, "<svg")

	outage.Kind = envoy.Unavailable
	simulation, err = page.Simulate(outage)
	require.NoError(t, err)
	assert.Equal(t, playground.Simulation{Costs: []playground.Cost{{Name: "web/shop (HTTPRoute, rule 0)", Note: "not simulated: an HTTPRoute can have closed, 500, 503, hang, dropped"}}}, simulation)

	outage.Rate = -1
	_, err = page.Simulate(outage)
	assert.ErrorContains(t, err, "must be from 0.01 to 10000")
}

func TestWhatIsNoSpec(t *testing.T) {
	for _, test := range []struct {
		name, text, finding string
		specs, others       int
	}{
		{"nothing", "", "", 0, 0},
		{"no YAML", "a: [", "", 0, 0},
		{"another kind", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n", "", 0, 1},
		{"a wrong spec", strings.Replace(spec, "active:", "actve:", 1), `did you mean "active"`, 1, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			page := &playground.Playground{}
			checking, err := page.Explain(test.text, target.Default)
			require.NoError(t, err)
			assert.Equal(t, test.specs, checking.Specs)
			assert.Equal(t, test.others, checking.Others)
			assert.Empty(t, checking.YAML)
			var messages []string
			for _, finding := range checking.Findings {
				messages = append(messages, finding.Message)
			}
			assert.Contains(t, strings.Join(messages, "\n"), test.finding)
			simulation, err := page.Simulate(playground.Outage{Kind: envoy.Closed, Rate: 1, For: 1, Patience: 1, Hosts: 1})
			require.NoError(t, err)
			assert.Empty(t, simulation.Picture)
		})
	}
}

func TestSet(t *testing.T) {
	for _, test := range []struct{ name, text, field, want string }{
		{"replaces", "spec:\n  target: old # why\n", "spec.target", "spec:\n  target: new # why\n"},
		{"replaces what is quoted", "spec: {target: 'old', prefer: active}\n", "spec.target", "spec: {target: new, prefer: active}\n"},
		{"adds to a block", "spec:\n  prefer: active\n", "spec.target", "spec:\n  target: new\n  prefer: active\n"},
		{"adds to a flow map", "spec: {prefer: active}\n", "spec.target", "spec: {target: new, prefer: active}\n"},
		{"adds a block", "spec:\n    prefer: active\n", "spec.policy.profile", "spec:\n    policy: {profile: new}\n    prefer: active\n"},
		{"adds to an inner block", "spec:\n  policy:\n    name: é\n", "spec.policy.profile", "spec:\n  policy:\n    profile: new\n    name: é\n"},
		{"has no place", "spec: {}\n", "spec.target", "spec: {}\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			head := "apiVersion: failover.krm.dev/v1alpha1\nkind: FailoverSpec\n"
			edits, err := playground.Set(head+test.text, test.field, "new")
			require.NoError(t, err)
			edited := applied(head+test.text, edits)
			assert.Equal(t, head+test.want, edited)
			require.NoError(t, yaml.Unmarshal([]byte(edited), &map[string]any{}))
		})
	}
	edits, err := playground.Set(spec+"---\nkind: Other\nspec: {target: a}\n---\n"+spec, "spec.target", "new")
	require.NoError(t, err)
	assert.Len(t, edits, 2)
	_, err = playground.Set("a: [", "spec.target", "new")
	assert.ErrorContains(t, err, "not YAML")
}

// applied makes edits as the page does, the last one first.
func applied(text string, edits []playground.Edit) string {
	lines := strings.SplitAfter(text, "\n")
	for _, edit := range slices.Backward(edits) {
		line := []rune(lines[edit.Line-1])
		from := edit.Column - 1
		lines[edit.Line-1] = string(line[:from]) + edit.Text + string(line[from+edit.Length:])
	}
	return strings.Join(lines, "")
}
