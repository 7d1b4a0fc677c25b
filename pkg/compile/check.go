package compile

import (
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/failover-krm/failover/pkg/api/decode"
	"github.com/failover-krm/failover/pkg/apiserver"
	"github.com/failover-krm/failover/pkg/check"
	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/target"
)

// Report is what came of checking documents.
type Report struct {
	// Checked is how many documents there is a verdict on.
	Checked int
	// Others counts the documents that nothing is said about, by kind.
	Others map[string]int
	// Targets are those that documents were checked for, sorted.
	Targets []target.Target
	// Failovers has a verdict on each that was found.
	Failovers []check.Failover
	// Manifests are the objects that the verdicts are about, given and rendered.
	Manifests []check.Manifest
	// Rendered are the objects of the FailoverSpecs, in the order of rendering; none where
	// one of these is wrong.
	Rendered []Object
	// Diagnostics are all errors, warnings and notes, in the order of the input.
	Diagnostics []diagnostic.Diagnostic
}

// Check validates documents as the API server of a target would; a FailoverSpec by
// what it renders, for the target that it names itself. Then the rules of package
// check are applied to all manifests, given or rendered, together.
func Check(subjects []*diagnostic.Subject, on target.Target, options check.Options) (Report, error) {
	report := Report{Others: map[string]int{}}
	var specs, manifests, records, others []*diagnostic.Subject
	var diagnostics []diagnostic.Diagnostic
	patches := kustomizePatches(subjects)
	for _, subject := range subjects {
		switch apiVersion, kind := subject.Field("apiVersion"), subject.Field("kind"); {
		case patches[filepath.Clean(subject.File)]:
			report.Others[kind+" as a patch"]++
		case decode.Claims(subject.Node):
			specs = append(specs, subject)
		case decode.ClaimsCheck(subject.Node):
			report.Checked++
			_, errs := decode.FailoverCheck(subject.Node)
			diagnostics = append(diagnostics, diagnostic.Errors(subject, errs)...)
		case decode.ClaimsDrill(subject.Node):
			report.Checked++
			drill, errs := decode.FailoverDrill(subject.Node)
			diagnostics = append(diagnostics, diagnostic.Errors(subject, errs)...)
			if drill != nil {
				options.Drills = append(options.Drills, check.Drill{Subject: subject, Record: *drill})
			}
			records = append(records, subject)
		case apiserver.Knows(apiVersion, kind):
			manifests = append(manifests, subject)
		default:
			report.Others[kind]++
			others = append(others, subject)
			diagnostics = append(diagnostics, wrongType(subject, apiVersion, kind)...)
		}
	}
	report.Checked += len(specs) + len(manifests)

	together, found := validateAll(manifests, on)
	diagnostics = append(diagnostics, found...)
	together = append(together, valuesOf(others, on)...)
	wrong := false
	for _, set := range apart(specs) {
		sources, found := load(set, Options{})
		rendered, refused, err := compileSpecs(sources, Options{}, func(object Object) (Object, error) { return object, nil })
		if err != nil {
			return Report{}, err
		}
		found = append(found, refused...)
		wrong = wrong || diagnostic.Failed(found)
		for _, object := range rendered {
			report.Rendered = append(report.Rendered, object.finished)
		}
		diagnostics = append(diagnostics, found...)
		together = append(together, manifestsOf(rendered)...)
	}
	if wrong {
		report.Rendered = nil
	}
	report.Targets = targetsOf(specs, manifests, on)
	options.SpecsRefused = wrong
	checked := check.Run(together, options)
	report.Failovers, report.Manifests = checked.Failovers, together
	for i, failover := range report.Failovers {
		report.Failovers[i].Target = targetOf(failover.Subject, on)
	}
	report.Diagnostics = suppress(append(diagnostics, checked.Diagnostics...), slices.Concat(specs, manifests, records, others))
	diagnostic.Sort(report.Diagnostics, subjects)
	return report, nil
}

// YAML writes what is rendered as "failover render" does.
func (r Report) YAML() (Stream, error) {
	texts := make(Stream, len(r.Rendered))
	for i, object := range r.Rendered {
		text, err := object.yaml()
		if err != nil {
			return nil, err
		}
		texts[i] = text
	}
	return texts, nil
}

// wrongType is about a kind that its group does not have, and that is called nearly as one
// that it has; and about an object of Gateway API or Envoy Gateway without a kind, or without
// an apiVersion. What has no metadata is no object.
func wrongType(subject *diagnostic.Subject, apiVersion, kind string) []diagnostic.Diagnostic {
	group, _, _ := strings.Cut(apiVersion, "/")
	meant := apiserver.LikelyKind(apiVersion, kind)
	hasMetadata := document.Lookup(subject.Node, "metadata") != nil
	var err *field.Error
	switch {
	case meant != "":
		err = field.Invalid(field.NewPath("kind"), kind, fmt.Sprintf("%s has no such kind, did you mean %q?", apiVersion, meant))
	case apiVersion == "" && hasMetadata && apiserver.GroupOf(kind) != "":
		err = field.Required(field.NewPath("apiVersion"), "must be given: "+kind+" is a kind of "+apiserver.GroupOf(kind))
	case kind == "" && hasMetadata && apiserver.HasGroup(group):
		err = field.Required(field.NewPath("kind"), "must be given: apiVersion is "+apiVersion)
	default:
		return nil
	}
	return diagnostic.Errors(subject, field.ErrorList{err})
}

// valuesOf returns the manifests that are not validated, and that a failover may
// refer to all the same, such as a ReferenceGrant.
func valuesOf(subjects []*diagnostic.Subject, on target.Target) []check.Manifest {
	var manifests []check.Manifest
	for _, subject := range subjects {
		value, errs := document.Value(subject.Node)
		if object, isObject := value.(map[string]any); isObject && len(errs) == 0 {
			manifests = append(manifests, check.Manifest{Subject: subject, Value: object, EnvoyGateway: on.EnvoyGateway()})
		}
	}
	return manifests
}

// apart puts specs of one name that are in different directories, such as the
// packages and overlays of a repository, into sets of their own: they are not meant
// to be applied together.
func apart(specs []*diagnostic.Subject) [][]*diagnostic.Subject {
	type name struct{ namespace, name string }
	directories := map[name][]string{}
	sets := make([][]*diagnostic.Subject, 1)
	for _, spec := range specs {
		of := name{spec.Field("metadata.namespace"), spec.Field("metadata.name")}
		directory := filepath.Dir(spec.File)
		set := slices.Index(directories[of], directory)
		if set < 0 {
			set = len(directories[of])
			directories[of] = append(directories[of], directory)
		}
		if set == len(sets) {
			sets = append(sets, nil)
		}
		sets[set] = append(sets[set], spec)
	}
	return sets
}

// targetsOf returns the targets that specs name, and that of manifests.
func targetsOf(specs, manifests []*diagnostic.Subject, on target.Target) []target.Target {
	targets := map[target.Target]bool{}
	if len(manifests) > 0 {
		targets[on] = true
	}
	for _, spec := range specs {
		if named := targetOf(spec, on); named.IsKnown() {
			targets[named] = true
		}
	}
	return slices.Sorted(maps.Keys(targets))
}

// targetOf returns the target that a document is for: its own, where it is
// a FailoverSpec.
func targetOf(subject *diagnostic.Subject, on target.Target) target.Target {
	if !decode.Claims(subject.Node) {
		return on
	}
	return target.Target(cmp.Or(subject.Field("spec.target"), string(target.Default)))
}

// validateAll validates manifests, several at a time.
func validateAll(subjects []*diagnostic.Subject, on target.Target) ([]check.Manifest, []diagnostic.Diagnostic) {
	values, found := make([]any, len(subjects)), make([][]diagnostic.Diagnostic, len(subjects))
	_ = forEach(subjects, func(i int, subject *diagnostic.Subject) error { // there are only diagnostics
		var errs field.ErrorList
		values[i], errs = document.Value(subject.Node)
		if object, isObject := values[i].(map[string]any); isObject && len(errs) == 0 {
			errs = validate(on.EnvoyGateway(), object)
		}
		found[i] = diagnostic.Errors(subject, errs)
		return nil
	})
	var manifests []check.Manifest
	for i, subject := range subjects {
		if object, isObject := values[i].(map[string]any); isObject {
			manifests = append(manifests, check.Manifest{Subject: subject, Value: object, EnvoyGateway: on.EnvoyGateway(), Refused: len(found[i]) > 0})
		}
	}
	return manifests, slices.Concat(found...)
}
