// Package cel evaluates the CEL rules of CRDs. They were parsed, type-checked and
// written as Go data when the schemas were generated, so that a process neither
// decodes nor plans a rule before it evaluates it. It knows what those rules use of the
// language; hack/crdgen refuses a rule that needs more, and compares each rule with
// cel-go.
package cel

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Expr is an expression. Its value is a bool, an int64, a float64, a string, a
// time.Duration, a []any, a map[string]any or nil, or an error.
type Expr interface {
	eval(*scope) (any, error)
}

// Evaluator evaluates rules one after another, with memory that it makes once.
type Evaluator struct {
	self scope
}

// Eval evaluates a rule on a value, which the rule calls self.
func (e *Evaluator) Eval(rule Expr, self any) (bool, error) {
	e.self = scope{name: "self", value: self}
	return evalBool(rule, &e.self)
}

// The kinds of expressions, as CEL's syntax tree has them.
type (
	// Ident is a variable.
	Ident string
	// Const is a literal: a bool, an int64, a float64, a string, nil, or a []any of them.
	Const struct{ Value any }
	// Select is the value of a field.
	Select struct {
		Operand Expr
		Field   string
	}
	// Has tells whether a field is there.
	Has struct {
		Operand Expr
		Field   string
	}
	// List is a list of elements.
	List []Expr
	// Map is a map of entries.
	Map []Entry
	// Entry is an entry of a Map, whose keys are strings.
	Entry struct {
		Key   string
		Value Expr
	}
	// Call calls a function, whose target is its first argument.
	Call struct {
		Function string
		Args     []Expr
	}
	// And is &&: false where one of the two is, even if the other is an error.
	And struct{ Left, Right Expr }
	// Or is ||: true where one of the two is, even if the other is an error.
	Or struct{ Left, Right Expr }
	// Conditional is ?:.
	Conditional struct{ If, Then, Else Expr }
	// NotStrictlyFalse is true unless its operand is false: for an error too.
	NotStrictlyFalse struct{ Operand Expr }
	// Fold is what all, exists, exists_one and filter are made of: for each element of a
	// list, or each key of a map, while Condition is true, Accumulator becomes Step.
	Fold struct {
		Range           Expr
		Variable        string
		Accumulator     string
		Init            Expr
		Condition, Step Expr
		Result          Expr
	}
)

// scope is a variable, and those that were there before it. The value of a variable can
// be an error, which counts where the variable is used.
type scope struct {
	name  string
	value any
	err   error
	outer *scope
}

var errNoOverload = errors.New("no such overload")

func (e Ident) eval(s *scope) (any, error) {
	for ; s != nil; s = s.outer {
		if s.name == string(e) {
			return s.value, s.err
		}
	}
	return nil, fmt.Errorf("no such variable: %s", string(e))
}

func (e Const) eval(*scope) (any, error) { return e.Value, nil } //nolint:unparam // an Expr has it

func (e *Select) eval(s *scope) (any, error) {
	value, isThere, err := fieldOf(e.Operand, e.Field, s)
	if err == nil && !isThere {
		err = fmt.Errorf("no such key: %s", e.Field)
	}
	return value, err
}

func (e *Has) eval(s *scope) (any, error) {
	_, isThere, err := fieldOf(e.Operand, e.Field, s)
	return isThere, err
}

func fieldOf(operand Expr, field string, s *scope) (value any, isThere bool, err error) {
	object, err := operand.eval(s)
	if err != nil {
		return nil, false, err
	}
	fields, isMap := object.(map[string]any)
	if !isMap {
		return nil, false, errNoOverload
	}
	value, isThere = fields[field]
	return value, isThere, nil
}

func (e List) eval(s *scope) (any, error) {
	values := make([]any, len(e))
	for i, expr := range e {
		var err error
		if values[i], err = expr.eval(s); err != nil {
			return nil, err
		}
	}
	return values, nil
}

func (e Map) eval(s *scope) (any, error) {
	values := make(map[string]any, len(e))
	for _, entry := range e {
		value, err := entry.Value.eval(s)
		if err != nil {
			return nil, err
		}
		values[entry.Key] = value
	}
	return values, nil
}

func (e *Call) eval(s *scope) (any, error) {
	var args [2]any
	for i, arg := range e.Args {
		var err error
		if args[i], err = arg.eval(s); err != nil {
			return nil, err
		}
	}
	return functions[e.Function].call(args[0], args[1])
}

func (e *And) eval(s *scope) (any, error) { return either(e.Left, e.Right, false, s) }

func (e *Or) eval(s *scope) (any, error) { return either(e.Left, e.Right, true, s) }

// either returns a value that decides where one of the two has it, and its opposite where both
// have that.
func either(left, right Expr, decides bool, s *scope) (any, error) {
	first, err := evalBool(left, s)
	if err == nil && first == decides {
		return decides, nil
	}
	second, secondErr := evalBool(right, s)
	if secondErr == nil && second == decides {
		return decides, nil
	}
	if err == nil {
		err = secondErr
	}
	return !decides, err
}

func evalBool(expr Expr, s *scope) (bool, error) {
	value, err := expr.eval(s)
	if err != nil {
		return false, err
	}
	result, isBool := value.(bool)
	if !isBool {
		return false, errNoOverload
	}
	return result, nil
}

func (e *Conditional) eval(s *scope) (any, error) {
	condition, err := evalBool(e.If, s)
	switch {
	case err != nil:
		return nil, err
	case condition:
		return e.Then.eval(s)
	default:
		return e.Else.eval(s)
	}
}

func (e *NotStrictlyFalse) eval(s *scope) (any, error) { //nolint:unparam // an Expr has it
	result, err := evalBool(e.Operand, s)
	return result || err != nil, nil
}

func (e *Fold) eval(s *scope) (any, error) {
	over, err := e.Range.eval(s)
	if err != nil {
		return nil, err
	}
	var elements []any
	switch over := over.(type) {
	case []any:
		elements = over
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(over)) {
			elements = append(elements, key)
		}
	default:
		return nil, errNoOverload
	}
	variables := [2]scope{{name: e.Accumulator, outer: s}, {name: e.Variable}}
	accumulator, element := &variables[0], &variables[1]
	accumulator.value, accumulator.err = e.Init.eval(s)
	element.outer = accumulator
	for _, element.value = range elements {
		if goesOn, err := evalBool(e.Condition, element); err == nil && !goesOn {
			break
		}
		accumulator.value, accumulator.err = e.Step.eval(element)
	}
	return e.Result.eval(accumulator)
}
