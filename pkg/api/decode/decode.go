// Package decode takes a YAML document to a FailoverSpec that is complete and
// valid, or to a FailoverCheck or a FailoverDrill, or says all that is wrong with it.
package decode

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	"github.com/failover-krm/failover/pkg/api/validation"
	"github.com/failover-krm/failover/pkg/apiserver/schema"
	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/typed"
)

// Claims tells whether a document is, or was meant to be, a FailoverSpec: its
// kind or its group says so.
func Claims(node *yaml.Node) bool {
	return IsClaimed(document.Field(node, "apiVersion"), document.Field(node, "kind"))
}

// IsClaimed does so by what a document says that it is.
func IsClaimed(apiVersion, kind string) bool {
	group, _, _ := strings.Cut(apiVersion, "/")
	return kind == v1alpha1.Kind || group == v1alpha1.Group && kind != v1alpha1.CheckKind && kind != v1alpha1.DrillKind
}

// ClaimsCheck tells whether a document is, or was meant to be, a FailoverCheck.
func ClaimsCheck(node *yaml.Node) bool { return document.Field(node, "kind") == v1alpha1.CheckKind }

// ClaimsDrill tells whether a document is, or was meant to be, a FailoverDrill.
func ClaimsDrill(node *yaml.Node) bool { return document.Field(node, "kind") == v1alpha1.DrillKind }

// FailoverCheck takes a document to a FailoverCheck, without its defaults. All errors of
// the document come at once, and then there is no check.
func FailoverCheck(node *yaml.Node) (*v1alpha1.FailoverCheck, field.ErrorList) {
	if errs := checkVersion(node, v1alpha1.CheckKind); len(errs) > 0 {
		return nil, errs
	}
	value, errs := document.Value(node)
	errs = append(errs, schema.Check(failoverCheckSchema, value, schema.Advice{}).Errs...)
	if len(errs) > 0 {
		return nil, errs
	}
	check := &v1alpha1.FailoverCheck{}
	if err := decode(value, check); err != nil {
		return nil, field.ErrorList{field.Invalid(field.NewPath("spec"), field.OmitValueType{}, err.Error())}
	}
	for i, pattern := range check.Spec.Ignore {
		if err := document.FilePattern(pattern).Validate(); err != nil {
			errs = append(errs, field.Invalid(field.NewPath("spec", "ignore").Index(i), pattern, err.Error()))
		}
	}
	if len(errs) > 0 {
		return nil, errs
	}
	return check, nil
}

// FailoverDrill takes a document to a FailoverDrill. All errors of the document come at once,
// and then there is no drill.
func FailoverDrill(node *yaml.Node) (*v1alpha1.FailoverDrill, field.ErrorList) {
	if errs := checkVersion(node, v1alpha1.DrillKind); len(errs) > 0 {
		return nil, errs
	}
	value, errs := document.Value(node)
	errs = append(errs, schema.Check(failoverDrillSchema, value, schema.Advice{}).Errs...)
	if len(errs) > 0 {
		return nil, errs
	}
	drill := &v1alpha1.FailoverDrill{}
	if err := decode(value, drill); err != nil {
		return nil, field.ErrorList{field.Invalid(field.NewPath("spec"), field.OmitValueType{}, err.Error())}
	}
	if errs := impossible(drill.Spec); len(errs) > 0 {
		return nil, errs
	}
	return drill, nil
}

// impossible is what no drill can have.
func impossible(spec v1alpha1.DrillSpec) field.ErrorList {
	var errs field.ErrorList
	path := field.NewPath("spec")
	if spec.Lost > spec.Sent {
		errs = append(errs, field.Invalid(path.Child("lost"), spec.Lost, fmt.Sprintf("must not be more than spec.sent, which is %d", spec.Sent)))
	}
	if spec.For.Duration <= 0 {
		errs = append(errs, field.Invalid(path.Child("for"), spec.For.Duration.String(), "must be longer than 0s"))
	}
	const notNegative = "must be 0s or longer"
	if took := spec.Failover; took != nil && took.Duration < 0 {
		errs = append(errs, field.Invalid(path.Child("failover"), took.Duration.String(), notNegative))
	}
	if took := spec.Failback; took != nil && took.Duration < 0 {
		errs = append(errs, field.Invalid(path.Child("failback"), took.Duration.String(), notNegative))
	}
	return errs
}

// FailoverSpec takes a document to a FailoverSpec with its defaults filled in. The
// namespace is given to a spec that names none; it may be empty. All errors of the
// document come at once, and then there is no spec.
func FailoverSpec(node *yaml.Node, namespace string) (*v1alpha1.FailoverSpec, field.ErrorList) {
	if errs := checkVersion(node, v1alpha1.Kind); len(errs) > 0 {
		return nil, errs
	}
	value, errs := document.Value(node)
	form := schema.Check(failoverSpecSchema, value, schema.Advice{UnknownField: refusedField, OutOfRange: refusedNumber})
	broken := paths(form.Broken)
	for _, err := range errs {
		broken = append(broken, document.ParsePath(err.Field))
	}
	errs = append(errs, form.Errs...)
	fs := &v1alpha1.FailoverSpec{}
	err := decode(value, fs)
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
			fmt.Sprintf("differs from the namespace %q of the command: remove one of them", namespace)))
	}
	fs.Namespace = cmp.Or(fs.Namespace, namespace)
	v1alpha1.Default(fs)
	if errs = combine(errs, validation.ValidateFailoverSpec(fs), broken, paths(form.Missing)); len(errs) > 0 {
		return nil, errs
	}
	return fs, nil
}

func paths(of []*field.Path) []document.Path {
	parsed := make([]document.Path, 0, len(of))
	for _, path := range of {
		parsed = append(parsed, document.ParsePath(path.String()))
	}
	return parsed
}

// refusedFields are fields of Envoy Gateway's types that have no place in a spec.
var refusedFields = map[string]string{
	"targetRef":       "the policy's target is the route of this spec: remove it",
	"targetRefs":      "the policy's target is the route of this spec: remove it",
	"targetSelectors": "the policy's target is the route of this spec: remove it",
	"backendRefs":     "the backends of a rule are the tiers of this spec: remove it",
	"retry":           "retries are in spec.policy.retry: remove it",
	"unix":            "a unix socket is inside the gateway's own pod: use fqdn or ip",
}

// refusedField says why a field of a foreign type has no place in a spec.
func refusedField(path *field.Path) string {
	text := path.String()
	return refusedFields[text[strings.LastIndexByte(text, '.')+1:]]
}

// refusedNumber says what to do instead of giving a backend no weight: Envoy Gateway
// leaves such a backend out, even when the others are down.
func refusedNumber(path *field.Path, value float64) string {
	if value == 0 && strings.HasSuffix(path.String(), "].weight") && strings.Contains(path.String(), ".backends[") {
		return "for no traffic, remove the entry"
	}
	return ""
}

func checkVersion(node *yaml.Node, wanted string) field.ErrorList {
	var errs field.ErrorList
	if node.Kind != yaml.MappingNode {
		return field.ErrorList{field.TypeInvalid(nil, node.Value, "must be a map")}
	}
	if apiVersion := document.Field(node, "apiVersion"); apiVersion != v1alpha1.APIVersion {
		errs = append(errs, field.NotSupported(field.NewPath("apiVersion"), apiVersion, []string{v1alpha1.APIVersion}))
	}
	if kind := document.Field(node, "kind"); kind != wanted {
		supported := []string{wanted}
		if meant := document.Suggest(kind, []string{v1alpha1.Kind, v1alpha1.CheckKind, v1alpha1.DrillKind}); meant != "" && wanted != meant {
			supported = append(supported, meant)
		}
		errs = append(errs, field.NotSupported(field.NewPath("kind"), kind, supported))
	}
	return errs
}

// decode takes a value that the schema has checked into a Go type. Where the
// error is a json.UnmarshalTypeError, only what has the wrong type is left out.
func decode[T any](value any, into *T) error {
	filled := new(T)
	if typed.Fill(filled, value) == nil {
		*into = *filled
		return nil
	}
	data, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, into)
}

// combine joins what the schema and what the content rules say. It leaves out
// what follows from a fault of form; and of two errors at one field it takes the
// content rule's, which has the better words, unless the field is not there.
func combine(formErrs, contentErrs field.ErrorList, broken, missing []document.Path) field.ErrorList {
	contentErrs = slices.DeleteFunc(contentErrs, func(err *field.Error) bool {
		at := document.ParsePath(err.Field)
		return slices.ContainsFunc(broken, func(path document.Path) bool { return path.Within(at) || at.Within(path) }) ||
			slices.ContainsFunc(missing, func(path document.Path) bool {
				return at.Within(path) && (len(at) > len(path) || err.Type != field.ErrorTypeRequired)
			})
	})
	isBroken, hasContentErr := map[string]bool{}, map[string]bool{}
	for _, path := range broken {
		isBroken[path.String()] = true
	}
	for _, err := range contentErrs {
		hasContentErr[err.Field] = true
	}
	formErrs = slices.DeleteFunc(formErrs, func(err *field.Error) bool {
		if isBroken[err.Field] {
			return err.Type == field.ErrorTypeRequired
		}
		return hasContentErr[err.Field]
	})
	return append(formErrs, contentErrs...)
}
