package cel_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failover-krm/failover/pkg/apiserver/cel"
)

// TestEval has what CEL says of errors, numbers and types; hack/crdgen compares every rule with
// cel-go.
func TestEval(t *testing.T) {
	self := cel.Ident("self")
	field := func(name string) cel.Expr { return &cel.Select{Operand: self, Field: name} }
	call := func(function string, args ...cel.Expr) cel.Expr { return &cel.Call{Function: function, Args: args} }
	text := func(value string) cel.Expr { return cel.Const{Value: value} }
	number := func(value int64) cel.Expr { return cel.Const{Value: value} }
	all := func(predicate cel.Expr) cel.Expr {
		return &cel.Fold{
			Range: self, Variable: "x", Accumulator: "@result", Init: cel.Const{Value: true},
			Condition: &cel.NotStrictlyFalse{Operand: cel.Ident("@result")},
			Step:      &cel.And{Left: cel.Ident("@result"), Right: predicate}, Result: cel.Ident("@result"),
		}
	}
	isOne := call("_==_", cel.Ident("x"), number(1))
	object := map[string]any{"a": "b", "yes": true, "one": int64(1), "list": []any{int64(1), "x"}}
	evaluator := cel.Evaluator{}
	for name, c := range map[string]struct {
		rule cel.Expr
		self any
		want bool
		err  string
	}{
		"a field that is not there":                 {rule: field("none"), self: object, err: "no such key: none"},
		"a field of no object":                      {rule: field("a"), self: "text", err: "no such overload"},
		"has":                                       {rule: &cel.Has{Operand: self, Field: "a"}, self: object, want: true},
		"has of what is not there":                  {rule: &cel.Has{Operand: field("none"), Field: "a"}, self: object, err: "no such key: none"},
		"|| decides, an error on the left":          {rule: &cel.Or{Left: field("none"), Right: field("yes")}, self: object, want: true},
		"|| does not decide, an error on the left":  {rule: &cel.Or{Left: field("none"), Right: cel.Const{Value: false}}, self: object, err: "no such key: none"},
		"&& decides, an error on the left":          {rule: &cel.And{Left: field("none"), Right: cel.Const{Value: false}}, self: object},
		"&& does not decide, an error on the right": {rule: &cel.And{Left: field("yes"), Right: field("none")}, self: object, err: "no such key: none"},
		"&& of text":                                {rule: &cel.And{Left: field("yes"), Right: field("a")}, self: object, err: "no such overload"},
		"?: of an error":                            {rule: &cel.Conditional{If: field("none"), Then: field("yes"), Else: field("yes")}, self: object, err: "no such key: none"},
		"neither true nor false":                    {rule: call("size", self), self: object, err: "no such overload"},
		"a variable that is not there":              {rule: cel.Ident("other"), self: true, err: "no such variable: other"},
		"numbers of different types are equal":      {rule: call("_==_", field("one"), cel.Const{Value: 1.0}), self: object, want: true},
		"and are in order":                          {rule: call("_<_", field("one"), cel.Const{Value: 1.5}), self: object, want: true},
		"a number is no text":                       {rule: call("_==_", field("one"), text("1")), self: object},
		"nor in order with it":                      {rule: call("_<_", field("one"), text("1")), self: object, err: "no such overload"},
		"lists are equal by element":                {rule: call("_==_", field("list"), cel.List{number(1), text("x")}), self: object, want: true},
		"maps are equal by entry":                   {rule: call("_!=_", cel.Map{{Key: "a", Value: number(1)}}, cel.Map{{Key: "a", Value: number(2)}}), want: true},
		"in":                                        {rule: call("@in", text("x"), field("list")), self: object, want: true},
		"in a literal list":                         {rule: call("@in", self, cel.Const{Value: []any{int64(1), "x"}}), self: "x", want: true},
		"an index beyond the list":                  {rule: call("_[_]", field("list"), number(2)), self: object, err: "index out of bounds: 2"},
		"a key that a map lacks":                    {rule: call("_[_]", cel.Map{}, text("a")), err: "no such key: a"},
		"characters are counted, not bytes":         {rule: call("_==_", call("size", self), number(2)), self: "éü", want: true},
		"durations are in order":                    {rule: call("_<_", call("duration", self), call("duration", text("1m"))), self: "59s", want: true},
		"a duration that is none":                   {rule: call("_<_", call("duration", self), cel.Const{Value: time.Minute}), self: "a", err: `time: invalid duration "a"`},
		"the sum of integers":                       {rule: call("_==_", call("_+_", number(1), number(2)), number(3)), want: true},
		"an overflow":                               {rule: call("_+_", number(1), number(1<<63-1)), err: "integer overflow"},
		"all":                                       {rule: all(isOne), self: []any{int64(1), int64(1)}, want: true},
		"all, but one":                              {rule: all(isOne), self: []any{int64(1), int64(2)}},
		"all of nothing":                            {rule: all(isOne), self: []any{}, want: true},
		"all of the keys of a map":                  {rule: all(call("_==_", cel.Ident("x"), text("a"))), self: map[string]any{"a": nil}, want: true},
		"all, an error before what decides":         {rule: all(cel.Ident("x")), self: []any{"text", false}},
		"all, an error where nothing decides":       {rule: all(cel.Ident("x")), self: []any{"text", true}, err: "no such overload"},
		"all of a text":                             {rule: all(isOne), self: "text", err: "no such overload"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := evaluator.Eval(c.rule, c.self)
			if c.err != "" {
				assert.EqualError(t, err, c.err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, c.want, got)
		})
	}
}
