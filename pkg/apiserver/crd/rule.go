package crd

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/failover-krm/failover/pkg/apiserver/cel"
	"github.com/failover-krm/failover/pkg/apiserver/schema"
)

// rulesHold tells whether checkRules finds nothing, as in most objects, without the paths
// of all fields.
func rulesHold(node *schema.Node, value any) bool {
	if node == nil {
		return true
	}
	for i := range node.Rules {
		if holds, _ := cel.Eval(node.Rules[i].Expr, value); !holds {
			return false
		}
	}
	switch value := value.(type) {
	case map[string]any:
		for _, known := range node.Fields {
			if given, isGiven := value[known.Name]; isGiven && !rulesHold(known.Node, given) {
				return false
			}
		}
		if node.Values != nil {
			for _, given := range value {
				if !rulesHold(node.Values, given) {
					return false
				}
			}
		}
	case []any:
		for _, item := range value {
			if !rulesHold(node.Items, item) {
				return false
			}
		}
	}
	return true
}

// checkRules evaluates the CEL rules of a schema at every value that is there.
func checkRules(node *schema.Node, value any, path *field.Path) field.ErrorList {
	if node == nil {
		return nil
	}
	var errs field.ErrorList
	for i := range node.Rules {
		if detail := failure(&node.Rules[i], value); detail != "" {
			errs = append(errs, field.Invalid(path, field.OmitValueType{}, detail))
		}
	}
	switch value := value.(type) {
	case map[string]any:
		for _, known := range node.Fields {
			if given, isGiven := value[known.Name]; isGiven {
				errs = append(errs, checkRules(known.Node, given, path.Child(known.Name))...)
			}
		}
		if node.Values != nil {
			for _, name := range slices.Sorted(maps.Keys(value)) {
				errs = append(errs, checkRules(node.Values, value[name], path.Key(name))...)
			}
		}
	case []any:
		for i, item := range value {
			errs = append(errs, checkRules(node.Items, item, path.Index(i))...)
		}
	}
	return errs
}

// failure says why a rule refuses a value, or nothing.
func failure(rule *schema.Rule, self any) string {
	holds, err := cel.Eval(rule.Expr, self)
	switch text := strings.TrimSpace(rule.Text); {
	case holds:
		return ""
	case err != nil: // a field that the rule takes for granted is not there
		return cmp.Or(strings.TrimSpace(rule.Message), "rule "+text+": "+err.Error())
	default:
		return cmp.Or(strings.TrimSpace(rule.Message), "failed rule: "+text)
	}
}
