package crd

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/containers"
	"github.com/google/cel-go/common/decls"
	"github.com/google/cel-go/common/stdlib"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/interpreter"
	exprpb "google.golang.org/genproto/googleapis/api/expr/v1alpha1"
	"google.golang.org/protobuf/proto"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/failover-krm/failover/pkg/apiserver/schema"
)

// checkRules evaluates the CEL rules of a schema at every value that is there.
func checkRules(node *schema.Node, value any, path *field.Path) field.ErrorList {
	if node == nil {
		return nil
	}
	var errs field.ErrorList
	if len(node.Rules) > 0 {
		self := interpreter.Activation(selfActivation{types.DefaultTypeAdapter.NativeToValue(value)})
		for i := range node.Rules {
			if detail := failure(&node.Rules[i], self); detail != "" {
				errs = append(errs, field.Invalid(path, field.OmitValueType{}, detail))
			}
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

// selfActivation gives a rule its one variable.
type selfActivation struct{ value ref.Val }

func (a selfActivation) ResolveName(name string) (any, bool) { return a.value, name == "self" }

func (selfActivation) Parent() interpreter.Activation { return nil }

// failure says why a rule refuses a value, or nothing.
func failure(rule *schema.Rule, self interpreter.Activation) string {
	program, err := programOf(rule)
	if err != nil {
		return rule.Text + ": " + err.Error()
	}
	switch result := program.Eval(self).(type) {
	case types.Bool:
		if result {
			return ""
		}
		return cmp.Or(strings.TrimSpace(rule.Message), "failed rule: "+strings.TrimSpace(rule.Text))
	case *types.Err: // a field that the rule takes for granted is not there
		return cmp.Or(strings.TrimSpace(rule.Message), "rule "+strings.TrimSpace(rule.Text)+": "+result.Error())
	default:
		return "rule " + rule.Text + " is neither true nor false"
	}
}

// programs has what each rule that a process has met can be run as, by its
// checked form.
var programs sync.Map

func programOf(rule *schema.Rule) (interpreter.Interpretable, error) {
	if known, ok := programs.Load(rule.Checked); ok {
		return known.(interpreter.Interpretable), nil
	}
	var checked exprpb.CheckedExpr
	if err := proto.Unmarshal([]byte(rule.Checked), &checked); err != nil {
		return nil, err
	}
	tree, err := ast.ToAST(&checked)
	if err != nil {
		return nil, err
	}
	program, err := planner().NewInterpretable(tree, interpreter.CompileRegexConstants(interpreter.MatchesRegexOptimization))
	if err != nil {
		return nil, err
	}
	programs.Store(rule.Checked, program)
	return program, nil
}

// functions returns CEL's own, and those of the strings library and of Kubernetes that
// the rules call.
func functions() []*decls.FunctionDecl {
	return append(stdlib.Functions(), upperASCII(), split(), substring(), isIP())
}

// planner turns checked rules into what can be run. Rules were parsed and checked when
// the schemas were generated, with all that an API server has.
var planner = sync.OnceValue(func() interpreter.Interpreter {
	dispatcher := interpreter.NewDispatcher()
	for _, function := range functions() {
		bindings, err := function.Bindings()
		if err == nil {
			err = dispatcher.Add(bindings...)
		}
		if err != nil {
			panic(err) // a fault of this file
		}
	}
	registry, err := types.NewRegistry()
	if err != nil {
		panic(err)
	}
	container := containers.DefaultContainer
	return interpreter.NewInterpreter(dispatcher, container, registry, registry, interpreter.NewAttributeFactory(container, registry, registry))
})

func upperASCII() *decls.FunctionDecl {
	return function(decls.NewFunction("upperAscii", decls.MemberOverload("string_upper_ascii",
		[]*types.Type{types.StringType}, types.StringType,
		decls.UnaryBinding(func(text ref.Val) ref.Val {
			return types.String(strings.Map(func(r rune) rune {
				if 'a' <= r && r <= 'z' {
					return r - 'a' + 'A'
				}
				return r
			}, string(text.(types.String))))
		}))))
}

func split() *decls.FunctionDecl {
	return function(decls.NewFunction("split", decls.MemberOverload("string_split_string",
		[]*types.Type{types.StringType, types.StringType}, types.NewListType(types.StringType),
		decls.BinaryBinding(func(text, separator ref.Val) ref.Val {
			return types.DefaultTypeAdapter.NativeToValue(strings.Split(string(text.(types.String)), string(separator.(types.String))))
		}))))
}

func substring() *decls.FunctionDecl {
	return function(decls.NewFunction("substring", decls.MemberOverload("string_substring_int",
		[]*types.Type{types.StringType, types.IntType}, types.StringType,
		decls.BinaryBinding(func(text, start ref.Val) ref.Val {
			characters, from := []rune(string(text.(types.String))), int(start.(types.Int))
			if from < 0 || from > len(characters) {
				return types.NewErr("index out of range: %d", from)
			}
			return types.String(characters[from:])
		}))))
}

// isIP takes what Kubernetes takes for an IP address: no zone, and no IPv4 in IPv6.
func isIP() *decls.FunctionDecl {
	return function(decls.NewFunction("isIP", decls.Overload("is_ip",
		[]*types.Type{types.StringType}, types.BoolType,
		decls.UnaryBinding(func(text ref.Val) ref.Val {
			address, err := netip.ParseAddr(string(text.(types.String)))
			return types.Bool(err == nil && address.Zone() == "" && !address.Is4In6())
		}))))
}

func function(declaration *decls.FunctionDecl, err error) *decls.FunctionDecl {
	if err != nil {
		panic(err) // a fault of this file
	}
	return declaration
}
