package crd

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/failover-krm/failover/pkg/apiserver/cel"
	"github.com/failover-krm/failover/pkg/apiserver/schema"
	"github.com/failover-krm/failover/pkg/document"
)

// ruleChecker evaluates the CEL rules of a schema at every value that is there.
type ruleChecker struct {
	evaluator cel.Evaluator
	errs      field.ErrorList
}

// check goes on from a value. A path that it hands on lies in the memory of the one before, as
// in package schema.
func (c *ruleChecker) check(node *schema.Node, value any, path document.Path) {
	if node == nil || !node.HasRules {
		return
	}
	for i := range node.Rules {
		if detail := c.failure(&node.Rules[i], value); detail != "" {
			c.errs = append(c.errs, field.Invalid(path.FieldPath(), field.OmitValueType{}, detail))
		}
	}
	switch value := value.(type) {
	case map[string]any:
		for _, known := range node.Fields {
			if given, isGiven := value[known.Name]; isGiven {
				c.check(known.Node, given, append(path, document.Step{Name: known.Name}))
			}
		}
		if node.Values != nil && node.Values.HasRules {
			for _, name := range slices.Sorted(maps.Keys(value)) {
				c.check(node.Values, value[name], append(path, document.Step{Name: name, InBrackets: true}))
			}
		}
	case []any:
		for i, item := range value {
			c.check(node.Items, item, append(path, document.Step{Name: strconv.Itoa(i), InBrackets: true}))
		}
	}
}

// failure says why a rule refuses a value, or nothing.
func (c *ruleChecker) failure(rule *schema.Rule, self any) string {
	holds, err := c.evaluator.Eval(rule.Expr, self)
	if holds {
		return ""
	}
	switch text := strings.TrimSpace(rule.Text); {
	case err != nil: // a field that the rule takes for granted is not there
		return cmp.Or(strings.TrimSpace(rule.Message), "rule "+text+": "+err.Error())
	default:
		return cmp.Or(strings.TrimSpace(rule.Message), "failed rule: "+text)
	}
}
