package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/types"
	"strings"

	crdmarkers "sigs.k8s.io/controller-tools/pkg/crd/markers"
	"sigs.k8s.io/controller-tools/pkg/loader"
	"sigs.k8s.io/controller-tools/pkg/markers"

	"github.com/failover-krm/failover/pkg/target"
)

// referenceTypes are the types of the page, in the order a reader meets them.
var referenceTypes = []string{"FailoverSpec", "Spec", "Gateway", "Tier", "Backend", "WeightedBackend", "Workload", "Service", "Policy", "FailoverCheck", "CheckSpec"}

// referenceEnums are the types of which the page lists the values.
var referenceEnums = []string{"Profile", "FailOn"}

// upstreamDocs has the page that documents the types of a package, by the name
// under which the API imports it.
var upstreamDocs = map[string]string{
	"egv1a1":  "https://gateway.envoyproxy.io/docs/api/extension_types/#%s",
	"gwapiv1": "https://gateway-api.sigs.k8s.io/reference/spec/#%s",
	"corev1":  "https://pkg.go.dev/k8s.io/api/core/v1#%s",
	"metav1":  "https://pkg.go.dev/k8s.io/apimachinery/pkg/apis/meta/v1#%s",
}

// referencePage describes each field of the API's own types, from the same
// comments as the schema; Envoy Gateway's, Gateway API's and Kubernetes' types
// are linked.
func referencePage(pkg *loader.Package, collector *markers.Collector) ([]byte, error) {
	found := map[string]*markers.TypeInfo{}
	if err := markers.EachType(collector, pkg, func(info *markers.TypeInfo) { found[info.Name] = info }); err != nil {
		return nil, err
	}
	var page bytes.Buffer
	page.WriteString("# FailoverSpec: reference\n\n" +
		"`apiVersion: failover.krm.dev/v1alpha1`, `kind: FailoverSpec`, and at the end `kind: FailoverCheck`. Made from the comments of the Go\n" +
		"types by `make generate`; `failover schema` and `failover schema FailoverCheck` print the same as JSON Schemas.\n")
	for _, name := range referenceTypes {
		info, ok := found[name]
		if !ok {
			return nil, fmt.Errorf("no type %s in %s", name, pkg.PkgPath)
		}
		fmt.Fprintf(&page, "\n## %s\n\n%s\n\n", name, info.Doc)
		for _, field := range info.Fields {
			writeField(&page, field)
		}
	}
	for _, name := range referenceEnums {
		info, ok := found[name]
		if !ok {
			return nil, fmt.Errorf("no type %s in %s", name, pkg.PkgPath)
		}
		fmt.Fprintf(&page, "\n## %s\n\n%s One of: %s.\n", name, info.Doc, backquoted(enumValues(info)))
	}
	page.WriteString("\n## Target\n\nA gateway distribution and its version. One of: " + backquoted(enumOf(target.All())) + ".\n")
	return page.Bytes(), nil
}

// enumValues returns the values that the enum marker of a type allows.
func enumValues(info *markers.TypeInfo) []any {
	allowed, _ := info.Markers.Get("kubebuilder:validation:Enum").(crdmarkers.Enum)
	return allowed
}

func backquoted(values []any) string {
	quoted := make([]string, 0, len(values))
	for _, value := range values {
		quoted = append(quoted, fmt.Sprintf("`%v`", value))
	}
	return strings.Join(quoted, ", ")
}

func writeField(page *bytes.Buffer, field markers.FieldInfo) {
	jsonName, options, _ := strings.Cut(field.Tag.Get("json"), ",")
	typeName := types.ExprString(field.RawField.Type)
	switch {
	case typeName == "metav1.TypeMeta":
		return
	case jsonName == "":
		jsonName = "(inline)"
	default:
		jsonName = "`" + jsonName + "`"
	}
	required := ""
	if field.Markers.Get("optional") == nil && !strings.Contains(options, "inline") {
		required = ", required"
	}
	fmt.Fprintf(page, "- **%s** (%s%s): %s\n", jsonName, linkedType(field.RawField.Type), required, strings.Join(strings.Fields(field.Doc), " "))
}

// linkedType names a Go type as YAML sees it, linked to where it is described.
func linkedType(expr ast.Expr) string {
	switch t := expr.(type) {
	case *ast.StarExpr:
		return linkedType(t.X)
	case *ast.ArrayType:
		return "list of " + linkedType(t.Elt)
	case *ast.MapType:
		return "map of " + linkedType(t.Value)
	case *ast.SelectorExpr:
		pkg := types.ExprString(t.X)
		if pkg == "target" {
			return "[Target](#target)"
		}
		return fmt.Sprintf("[%s]("+upstreamDocs[pkg]+")", t.Sel.Name, anchor(pkg, t.Sel.Name))
	case *ast.Ident:
		switch t.Name {
		case "int32":
			return "integer"
		case "string":
			return "string"
		case "bool":
			return "boolean"
		}
		return "[" + t.Name + "](#" + strings.ToLower(t.Name) + ")"
	}
	return types.ExprString(expr)
}

// anchor is how the page of a package writes the name of a type.
func anchor(pkg, name string) string {
	if pkg == "egv1a1" || pkg == "gwapiv1" {
		return strings.ToLower(name)
	}
	return name
}
