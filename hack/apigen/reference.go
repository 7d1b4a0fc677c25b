package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/types"
	"os"
	"path/filepath"
	"strings"

	crdmarkers "sigs.k8s.io/controller-tools/pkg/crd/markers"
	"sigs.k8s.io/controller-tools/pkg/loader"
	"sigs.k8s.io/controller-tools/pkg/markers"

	"github.com/failover-krm/failover/pkg/target"
)

// referenceTypes are the types of the page, in the order a reader meets them.
var referenceTypes = []string{
	"FailoverSpec", "Spec", "Rule", "GRPCRoute", "TLSRoute", "TCPRoute", "Gateway", "Tier", "Backend", "WeightedBackend", "Workload", "Service", "ServiceImport", "Policy",
	"FailoverCheck", "CheckSpec",
}

// wholeExample is a FailoverSpec to begin with.
const wholeExample = "examples/existing-services/failover.yaml"

// referenceEnums are the types of which the page lists the values.
var referenceEnums = []string{"Preference", "Profile", "FailOn"}

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
func referencePage(root string, pkg *loader.Package, collector *markers.Collector) ([]byte, error) {
	found := map[string]*markers.TypeInfo{}
	if err := markers.EachType(collector, pkg, func(info *markers.TypeInfo) { found[info.Name] = info }); err != nil {
		return nil, err
	}
	var page bytes.Buffer
	page.WriteString("# FailoverSpec: reference\n\n" +
		"`apiVersion: failover.krm.dev/v1alpha1`, `kind: FailoverSpec`, and at the end `kind: FailoverCheck`. Made from the comments of the Go\n" +
		"types by `make generate`; `failover schema` and `failover schema FailoverCheck` print the same as JSON Schemas. Each example is of a document\n" +
		"that a test renders or checks: the shortest there is, on one line. A field is optional unless it says that it is required.\n")
	whole, err := os.ReadFile(filepath.Join(root, wholeExample))
	if err != nil {
		return nil, err
	}
	_, whole, _ = bytes.Cut(whole, []byte("\n")) // the first line is for editors
	fmt.Fprintf(&page, "\n```yaml\n%s```\n", whole)
	shown, err := readExamples(root, found, "FailoverSpec", "FailoverCheck")
	if err != nil {
		return nil, err
	}
	for _, name := range referenceTypes {
		info, ok := found[name]
		if !ok {
			return nil, fmt.Errorf("no type %s in %s", name, pkg.PkgPath)
		}
		fmt.Fprintf(&page, "\n## %s\n\n%s\n\n", name, info.Doc)
		for _, field := range info.Fields {
			if err := writeField(&page, name, field, shown); err != nil {
				return nil, err
			}
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

// writeField describes a field: its type, what it is for, its default and an example.
func writeField(page *bytes.Buffer, typeName string, field markers.FieldInfo, shown examples) error {
	name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
	if types.ExprString(field.RawField.Type) == "metav1.TypeMeta" {
		return nil
	}
	text := strings.Join(strings.Fields(field.Doc), " ")
	if name == "" && strings.Contains(options, "inline") {
		fmt.Fprintf(page, "- **(inline)** (%s): %s\n", linkedType(field.RawField.Type), text)
		return nil
	}
	required := field.Markers.Get("optional") == nil
	requirement := ""
	switch byMarker, isMarked := field.Markers.Get("kubebuilder:default").(crdmarkers.Default); {
	case required:
		requirement = ", required"
	case strings.Contains(text, "Default"):
	case isMarked:
		text += fmt.Sprintf(" Default: `%v`.", byMarker.Value)
	default:
		text += " Default: none."
	}
	example, ok := shown[typeName+"."+name]
	if !ok {
		return fmt.Errorf("no example has %s of %s: add it to a document that a test renders", name, typeName)
	}
	fmt.Fprintf(page, "- **`%s`** (%s%s): %s\n\n  Example: `%s`\n", name, linkedType(field.RawField.Type), requirement, text, example)
	return nil
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
