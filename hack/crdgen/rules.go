package main

import (
	"errors"
	"fmt"

	"github.com/google/cel-go/cel"
	exprpb "google.golang.org/genproto/googleapis/api/expr/v1alpha1"
	"google.golang.org/protobuf/proto"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel/model"
	"k8s.io/apimachinery/pkg/util/version"
	apiservercel "k8s.io/apiserver/pkg/cel"
	"k8s.io/apiserver/pkg/cel/environment"
)

// checkedRule parses and type-checks a CEL rule as an API server does when the
// CRD is installed, and returns what it came to: the encoded proto, without what
// only messages to the rule's author need. A rule about what an object was before
// comes to nothing: here all objects are new.
func checkedRule(structural *schema.Structural, rule string) (string, error) {
	self := model.SchemaDeclType(structural, false)
	if self == nil {
		return "", errors.New("the schema has no type that CEL knows")
	}
	self = self.MaybeAssignTypeName("selfType") // "self" would hide the variable
	env, err := environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion()).Extend(environment.VersionedOptions{
		IntroducedVersion: version.MajorMinor(1, 0),
		EnvOptions:        []cel.EnvOption{cel.Variable("self", self.CelType()), cel.Variable("oldSelf", self.CelType())},
		DeclTypes:         []*apiservercel.DeclType{self},
	})
	if err != nil {
		return "", err
	}
	parsed, issues := env.StoredExpressionsEnv().Compile(rule)
	if issues != nil {
		return "", fmt.Errorf("%s: %w", rule, issues.Err())
	}
	checked, err := cel.AstToCheckedExpr(parsed)
	if err != nil {
		return "", err
	}
	for _, reference := range checked.GetReferenceMap() {
		if reference.GetName() == "oldSelf" {
			return "", nil
		}
	}
	unescape(checked.GetExpr())
	data, err := proto.MarshalOptions{Deterministic: true}.Marshal(&exprpb.CheckedExpr{Expr: checked.GetExpr(), ReferenceMap: checked.GetReferenceMap()})
	return string(data), err
}

// unescape gives the fields their names in JSON: an API server escapes those
// that are words of CEL, such as namespace.
func unescape(expr *exprpb.Expr) {
	if expr == nil {
		return
	}
	switch kind := expr.GetExprKind().(type) {
	case *exprpb.Expr_SelectExpr:
		if name, escaped := apiservercel.Unescape(kind.SelectExpr.GetField()); escaped {
			kind.SelectExpr.Field = name
		}
		unescape(kind.SelectExpr.GetOperand())
	case *exprpb.Expr_CallExpr:
		unescape(kind.CallExpr.GetTarget())
		for _, arg := range kind.CallExpr.GetArgs() {
			unescape(arg)
		}
	case *exprpb.Expr_ListExpr:
		for _, element := range kind.ListExpr.GetElements() {
			unescape(element)
		}
	case *exprpb.Expr_StructExpr:
		for _, entry := range kind.StructExpr.GetEntries() {
			unescape(entry.GetMapKey())
			unescape(entry.GetValue())
		}
	case *exprpb.Expr_ComprehensionExpr:
		for _, part := range []*exprpb.Expr{
			kind.ComprehensionExpr.GetIterRange(), kind.ComprehensionExpr.GetAccuInit(), kind.ComprehensionExpr.GetLoopCondition(),
			kind.ComprehensionExpr.GetLoopStep(), kind.ComprehensionExpr.GetResult(),
		} {
			unescape(part)
		}
	}
}
