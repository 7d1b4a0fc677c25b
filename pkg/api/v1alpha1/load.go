package v1alpha1

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/failover-krm/failover/pkg/apiserver/schema"
	"github.com/failover-krm/failover/pkg/document"
)

// Claims tells whether a document is, or was meant to be, a FailoverSpec: its
// kind or its group says so.
func Claims(node *yaml.Node) bool {
	group, _, _ := strings.Cut(document.Field(node, "apiVersion"), "/")
	return document.Field(node, "kind") == Kind || group == Group
}

// Load takes a document to a FailoverSpec with its defaults filled in. The
// namespace is given to a spec that names none; it may be empty. All errors of
// the document come at once, in the order of the file, and then there is no
// spec.
func Load(node *yaml.Node, namespace string) (*FailoverSpec, field.ErrorList) {
	fs, errs := load(node, namespace)
	if len(errs) > 0 {
		return nil, sortByPosition(errs, node)
	}
	return fs, nil
}

func load(node *yaml.Node, namespace string) (*FailoverSpec, field.ErrorList) {
	if errs := checkVersion(node); len(errs) > 0 {
		return nil, errs
	}
	value, errs := document.Value(node)
	form := schema.Check(failoverSpecSchema, node, value, schema.Advice{UnknownField: refusedField})
	for _, err := range errs {
		form.Broken = append(form.Broken, err.Field)
	}
	errs = append(errs, form.Errs...)
	fs, err := decode(value)
	var wrongType *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrongType) && len(errs) == 0:
		return nil, field.ErrorList{field.Invalid(field.NewPath(wrongType.Field), wrongType.Value, "must fit into "+wrongType.Type.String())}
	case err != nil && wrongType == nil && len(errs) == 0:
		return nil, field.ErrorList{field.Invalid(field.NewPath("spec"), field.OmitValueType{}, err.Error())}
	case err != nil && wrongType == nil:
		return nil, errs
	}
	if namespace != "" && fs.Namespace != "" && fs.Namespace != namespace {
		errs = append(errs, field.Invalid(field.NewPath("metadata", "namespace"), fs.Namespace,
			fmt.Sprintf("is not the namespace %q that was asked for: remove one of them", namespace)))
	}
	fs.Namespace = cmp.Or(fs.Namespace, namespace)
	Default(fs)
	return fs, combine(errs, form, validate(fs))
}

// refusedFields are fields of Envoy Gateway's types that have no place in a spec.
var refusedFields = map[string]string{
	"targetRef":       "the policy's target is the HTTPRoute of this spec: remove it",
	"targetRefs":      "the policy's target is the HTTPRoute of this spec: remove it",
	"targetSelectors": "the policy's target is the HTTPRoute of this spec: remove it",
	"unix":            "a unix socket is inside the gateway's own pod: use fqdn or ip",
}

// refusedField says why a field of a foreign type has no place in a spec.
func refusedField(path *field.Path) string {
	text := path.String()
	return refusedFields[text[strings.LastIndexByte(text, '.')+1:]]
}

// maxErrors is how many errors of a document are worth reading, and finding the
// places of.
const maxErrors = 100

// sortByPosition puts the errors of a document in the order of the file.
func sortByPosition(errs field.ErrorList, node *yaml.Node) field.ErrorList {
	slices.SortStableFunc(errs, func(a, b *field.Error) int {
		return cmp.Or(cmp.Compare(a.Field, b.Field), cmp.Compare(a.Detail, b.Detail))
	})
	var more field.ErrorList
	if len(errs) > maxErrors {
		more = field.ErrorList{field.TooMany(field.NewPath("spec"), len(errs), maxErrors)}
		more[0].Detail = "errors are shown of this document"
		errs = errs[:maxErrors]
	}
	positions := map[*field.Error]document.Position{}
	for _, err := range errs {
		positions[err] = document.Locate(node, err.Field)
	}
	slices.SortStableFunc(errs, func(a, b *field.Error) int {
		return cmp.Or(cmp.Compare(positions[a].Line, positions[b].Line), cmp.Compare(positions[a].Column, positions[b].Column))
	})
	return append(errs, more...)
}

// Validate returns all that is wrong with a FailoverSpec built in Go, after
// Default.
func Validate(fs *FailoverSpec) field.ErrorList {
	data, err := json.Marshal(fs)
	if err != nil {
		return field.ErrorList{field.InternalError(nil, err)}
	}
	documents, err := document.Parse(data, Kind)
	if err != nil || len(documents) != 1 {
		return field.ErrorList{field.InternalError(nil, fmt.Errorf("a FailoverSpec did not come back from JSON: %w", err))}
	}
	_, errs := Load(documents[0].Node, "")
	return errs
}

func checkVersion(node *yaml.Node) field.ErrorList {
	var errs field.ErrorList
	if node.Kind != yaml.MappingNode {
		return field.ErrorList{field.TypeInvalid(nil, node.Value, "must be a map")}
	}
	if apiVersion := document.Field(node, "apiVersion"); apiVersion != APIVersion {
		errs = append(errs, field.NotSupported(field.NewPath("apiVersion"), apiVersion, []string{APIVersion}))
	}
	if kind := document.Field(node, "kind"); kind != Kind {
		errs = append(errs, field.NotSupported(field.NewPath("kind"), kind, []string{Kind}))
	}
	return errs
}

// decode takes a value that the schema has judged into the Go types. Where the
// error is a json.UnmarshalTypeError, only what has the wrong type is left out.
func decode(value any) (*FailoverSpec, error) {
	data, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	fs := &FailoverSpec{}
	return fs, json.Unmarshal(data, fs)
}

// combine joins what the schema and what the content rules say. It leaves out
// what follows from a fault of form; and of two errors at one field it takes the
// content rule's, which has the better words, unless the field is not there.
func combine(formErrs field.ErrorList, form schema.Findings, contentErrs field.ErrorList) field.ErrorList {
	missing := map[string]bool{}
	for _, path := range form.Missing {
		missing[path] = true
	}
	broken := map[string]bool{}
	for _, path := range form.Broken {
		broken[path] = true
	}
	contentErrs = slices.DeleteFunc(contentErrs, func(err *field.Error) bool {
		return missing[err.Field] && err.Type != field.ErrorTypeRequired ||
			slices.ContainsFunc(form.Broken, func(path string) bool { return within(path, err.Field) || within(err.Field, path) }) ||
			slices.ContainsFunc(form.Missing, func(path string) bool { return path != err.Field && within(err.Field, path) })
	})
	said := map[string]bool{}
	for _, err := range contentErrs {
		said[err.Field] = true
	}
	formErrs = slices.DeleteFunc(formErrs, func(err *field.Error) bool {
		return broken[err.Field] && err.Type == field.ErrorTypeRequired || !broken[err.Field] && said[err.Field]
	})
	return append(formErrs, contentErrs...)
}

// within tells whether a path is another one, or below it.
func within(path, above string) bool {
	rest, found := strings.CutPrefix(path, above)
	return found && (rest == "" || rest[0] == '.' || rest[0] == '[')
}
