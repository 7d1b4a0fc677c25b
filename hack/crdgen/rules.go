package main

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	celgo "github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel/model"
	"k8s.io/apimachinery/pkg/util/version"
	apiservercel "k8s.io/apiserver/pkg/cel"
	"k8s.io/apiserver/pkg/cel/environment"

	"github.com/failover-krm/failover/pkg/apiserver/cel"
)

// checkedRule parses and type-checks a CEL rule as an API server does when the
// CRD is installed.
func checkedRule(structural *schema.Structural, rule string) (*celgo.Env, *celgo.Ast, error) {
	self := model.SchemaDeclType(structural, false)
	if self == nil {
		return nil, nil, errors.New("the schema has no type that CEL knows")
	}
	self = self.MaybeAssignTypeName("selfType") // "self" would hide the variable
	envs, err := environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion()).Extend(environment.VersionedOptions{
		IntroducedVersion: version.MajorMinor(1, 0),
		EnvOptions:        []celgo.EnvOption{celgo.Variable("self", self.CelType()), celgo.Variable("oldSelf", self.CelType())},
		DeclTypes:         []*apiservercel.DeclType{self},
	})
	if err != nil {
		return nil, nil, err
	}
	env := envs.StoredExpressionsEnv()
	checked, issues := env.Compile(rule)
	if issues != nil {
		return nil, nil, fmt.Errorf("%s: %w", rule, issues.Err())
	}
	return env, checked, nil
}

// ruleLiteral returns a checked rule as the literal of a struct of package cel. A rule about what an object
// was before comes to nothing: here all objects are new.
func ruleLiteral(checked *celgo.Ast) (string, error) {
	tree := checked.NativeRep()
	for _, reference := range tree.ReferenceMap() {
		if reference.Name == "oldSelf" {
			return "", nil
		}
	}
	w := ruleWriter{references: tree.ReferenceMap()}
	literal, isPointer := strings.CutPrefix(w.expr(tree.Expr()), "&")
	if !isPointer {
		w.unknown("a rule without an operator")
	}
	return literal, w.err
}

// ruleWriter writes the parts of a rule, and keeps the first thing that package cel does not
// know.
type ruleWriter struct {
	references map[int64]*ast.ReferenceInfo
	err        error
}

func (w *ruleWriter) expr(e ast.Expr) string {
	switch e.Kind() {
	case ast.IdentKind:
		return fmt.Sprintf("cel.Ident(%q)", e.AsIdent())
	case ast.LiteralKind:
		return "cel.Const{Value: " + w.value(e) + "}"
	case ast.SelectKind:
		of := e.AsSelect()
		kind := "Select"
		if of.IsTestOnly() {
			kind = "Has"
		}
		return fmt.Sprintf("&cel.%s{Operand: %s, Field: %q}", kind, w.expr(of.Operand()), fieldName(of.FieldName()))
	case ast.ListKind:
		return w.listOf(e.AsList().Elements())
	case ast.MapKind:
		return w.mapOf(e)
	case ast.CallKind:
		return w.call(e)
	case ast.ComprehensionKind:
		of := e.AsComprehension()
		if of.HasIterVar2() {
			return w.unknown("a comprehension of two variables")
		}
		return fmt.Sprintf("&cel.Fold{Range: %s, Variable: %q, Accumulator: %q, Init: %s, Condition: %s, Step: %s, Result: %s}",
			w.expr(of.IterRange()), of.IterVar(), of.AccuVar(), w.expr(of.AccuInit()), w.expr(of.LoopCondition()), w.expr(of.LoopStep()), w.expr(of.Result()))
	default:
		return w.unknown(fmt.Sprintf("an expression of kind %v", e.Kind()))
	}
}

// listOf writes a list of literals as one literal, so that it is not made at each evaluation.
func (w *ruleWriter) listOf(elements []ast.Expr) string {
	var values []string
	for _, element := range elements {
		if element.Kind() != ast.LiteralKind {
			return "cel.List{" + w.exprs(elements) + "}"
		}
		values = append(values, w.value(element))
	}
	return "cel.Const{Value: []any{" + strings.Join(values, ", ") + "}}"
}

func (w *ruleWriter) exprs(of []ast.Expr) string {
	var literals []string
	for _, e := range of {
		literals = append(literals, w.expr(e))
	}
	return strings.Join(literals, ", ")
}

// fieldName gives a field its name in JSON: an API server escapes those that are words of
// CEL, such as namespace.
func fieldName(name string) string {
	if unescaped, isEscaped := apiservercel.Unescape(name); isEscaped {
		return unescaped
	}
	return name
}

// value writes a literal as a value of Go.
func (w *ruleWriter) value(e ast.Expr) string {
	switch value := e.AsLiteral().(type) {
	case types.Bool, types.Double:
		return fmt.Sprint(value)
	case types.Int:
		return fmt.Sprintf("int64(%d)", value)
	case types.String:
		return fmt.Sprintf("%q", string(value))
	default:
		return w.unknown(fmt.Sprintf("a literal of type %s", value.Type()))
	}
}

func (w *ruleWriter) mapOf(e ast.Expr) string {
	var entries []string
	for _, entry := range e.AsMap().Entries() {
		key, isString := entry.AsMapEntry().Key().AsLiteral().(types.String)
		if !isString {
			return w.unknown("a map whose keys are not strings")
		}
		entries = append(entries, fmt.Sprintf("{Key: %q, Value: %s}", string(key), w.expr(entry.AsMapEntry().Value())))
	}
	return "cel.Map{" + strings.Join(entries, ", ") + "}"
}

// connectives are the functions that do not need all of their arguments.
var connectives = map[string]struct {
	name   string
	fields []string
}{
	operators.LogicalAnd:       {"And", []string{"Left", "Right"}},
	operators.LogicalOr:        {"Or", []string{"Left", "Right"}},
	operators.Conditional:      {"Conditional", []string{"If", "Then", "Else"}},
	operators.NotStrictlyFalse: {"NotStrictlyFalse", []string{"Operand"}},
}

func (w *ruleWriter) call(e ast.Expr) string {
	of := e.AsCall()
	args := of.Args()
	if of.IsMemberFunction() {
		args = append([]ast.Expr{of.Target()}, args...)
	}
	if connective, isOne := connectives[of.FunctionName()]; isOne {
		var fields []string
		for i, name := range connective.fields {
			fields = append(fields, name+": "+w.expr(args[i]))
		}
		return "&cel." + connective.name + "{" + strings.Join(fields, ", ") + "}"
	}
	for _, overload := range w.references[e.ID()].OverloadIDs {
		if !cel.Supports(of.FunctionName(), overload) {
			w.unknown(fmt.Sprintf("the overload %s of %s", overload, of.FunctionName()))
		}
	}
	return fmt.Sprintf("&cel.Call{Function: %q, Args: []cel.Expr{%s}}", of.FunctionName(), w.exprs(args))
}

func (w *ruleWriter) unknown(what string) string {
	w.err = cmp.Or(w.err, errors.New("package cel does not know "+what))
	return ""
}
