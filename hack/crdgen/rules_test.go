package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	celgo "github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	apischema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	apiservercel "k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"

	"github.com/failover-krm/failover/pkg/apiserver/cel"
	"github.com/failover-krm/failover/pkg/apiserver/crd"
	"github.com/failover-krm/failover/pkg/apiserver/schema"
)

// TestRulesAreCELs compares what package cel makes of each rule with what cel-go does, on
// random values that have the rule's own words in them.
func TestRulesAreCELs(t *testing.T) {
	t.Parallel()
	seen := map[string]outcomes{}
	for _, version := range versions {
		crds, err := crdsOf(version)
		require.NoError(t, err)
		for _, definition := range crds {
			for _, served := range definition.Spec.Versions {
				if served.Served {
					root := newReferee(t, &definition, served).structural
					node := crd.Schema(version, definition.Spec.Group+"/"+served.Name, definition.Spec.Names.Kind)
					compareRules(t, root, node, definition.Spec.Names.Kind, seen)
				}
			}
		}
	}
	total := outcomes{}
	for rule, counts := range seen {
		assert.Positive(t, counts[true], "never true: %s", rule)
		assert.Positive(t, counts[false], "never false: %s", rule)
		for outcome, count := range counts {
			total[outcome] += count
		}
	}
	assert.Greater(t, len(seen), 150)
	t.Logf("%d rules compared: %v", len(seen), total)
}

// outcomes counts what came of a rule: true, false, or "error".
type outcomes map[any]int

// compareRules compares the rules of a schema, and of what is below it, that were not seen before.
func compareRules(t *testing.T, structural *apischema.Structural, node *schema.Node, path string, seen map[string]outcomes) {
	if structural == nil || node == nil {
		return
	}
	for i := range node.Rules {
		rule := &node.Rules[i]
		if _, isSeen := seen[rule.Text]; !isSeen {
			seen[rule.Text] = outcomes{}
			compareRule(t, structural, node, rule, path, seen[rule.Text])
		}
	}
	for name := range structural.Properties {
		child := structural.Properties[name]
		compareRules(t, &child, node.Field(name), path+"."+name, seen)
	}
	compareRules(t, structural.Items, node.Items, path+"[]", seen)
	if structural.AdditionalProperties != nil {
		compareRules(t, structural.AdditionalProperties.Structural, node.Values, path+"{}", seen)
	}
}

func compareRule(t *testing.T, structural *apischema.Structural, node *schema.Node, rule *schema.Rule, path string, seen outcomes) {
	env, checked, err := checkedRule(structural, rule.Text)
	require.NoError(t, err)
	program, err := env.Program(checked)
	require.NoError(t, err)
	evaluator := cel.Evaluator{}
	random := values{rand.New(rand.NewPCG(1, uint64(len(rule.Text)))), wordsOf(checked)}
	const enough, most = 200, 20_000
	for i := 0; i < enough || i < most && (seen[true] == 0 || seen[false] == 0); i++ {
		value := random.of(node)
		theirs, detail := evalCEL(program, structural, value)
		ours, err := evaluator.Eval(rule.Expr, value)
		outcome := any(ours)
		if err != nil {
			outcome = "error"
		}
		seen[theirs]++
		if !assert.Equal(t, theirs, outcome, "%s: %s\nof %v\ncel-go: %v\npackage cel: %v", path, rule.Text, value, detail, err) {
			return
		}
	}
}

func evalCEL(program celgo.Program, structural *apischema.Structural, value any) (outcome, detail any) {
	result, _, err := program.Eval(map[string]any{"self": apiservercel.UnstructuredToVal(value, structural)})
	if err != nil {
		return "error", err
	}
	return bool(result.(types.Bool)), nil
}

// wordsOf returns the strings that a rule mentions.
func wordsOf(checked *celgo.Ast) []string {
	var words []string
	ast.PostOrderVisit(checked.NativeRep().Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() == ast.LiteralKind {
			if word, isString := e.AsLiteral().(types.String); isString {
				words = append(words, string(word))
			}
		}
	}))
	return words
}

// values makes random values of a schema's types that need not follow the rest of it.
type values struct {
	*rand.Rand
	words []string
}

func (v values) of(node *schema.Node) any {
	switch node.Type {
	case schema.Object:
		return v.object(node)
	case schema.Array:
		return v.list(node)
	case schema.Integer:
		return int64(v.IntN(5)) * []int64{-1, 1, 50}[v.IntN(3)]
	case schema.Number:
		return float64(v.IntN(5)) / 2
	case schema.Boolean:
		return v.IntN(2) == 0
	case schema.IntOrString:
		return int64(v.IntN(100))
	default:
		return v.text(node)
	}
}

func (v values) list(node *schema.Node) []any {
	list := []any{}
	length := v.IntN(4)
	if v.IntN(8) == 0 {
		length = 40
	}
	for range length {
		if len(list) > 0 && v.IntN(3) == 0 {
			list = append(list, list[v.IntN(len(list))])
			continue
		}
		list = append(list, v.of(node.Items))
	}
	return list
}

func (v values) object(node *schema.Node) map[string]any {
	object := map[string]any{}
	for _, field := range node.Fields {
		isRequired := slices.Contains(node.Required, field.Name)
		if isRequired && v.IntN(20) > 0 || !isRequired && v.IntN(2) == 0 {
			object[field.Name] = v.of(field.Node)
		}
	}
	if node.Values != nil {
		for range v.IntN(4) {
			object[v.text(&schema.Node{})] = v.of(node.Values)
		}
	}
	return object
}

func (v values) text(node *schema.Node) string {
	switch node.Format {
	case schema.Duration:
		return fmt.Sprintf("%dms", v.IntN(3)*500)
	case schema.Byte:
		return "YQ=="
	}
	switch v.IntN(4) {
	case 0:
		return ""
	case 1:
		return v.pick(slices.Concat(node.Enum, v.words))
	}
	return v.pick([]string{
		"a", "a.b", "*.a", "*", "/a", "//", "a/b", "10.0.0.1", "::1", "fe80::1%eth0", "::ffff:10.0.0.1", "1s", "0s", "1m", "2ms", "é", "get", "A-",
		"/a" + v.pick(v.words), v.pick(v.words) + "a", strings.Repeat("a", 300),
	})
}

func (v values) pick(texts []string) string {
	if len(texts) == 0 {
		return ""
	}
	return texts[v.IntN(len(texts))]
}
