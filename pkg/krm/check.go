package krm

import (
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/kustomize/kyaml/fn/framework"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	"github.com/failover-krm/failover/pkg/apiserver/builtin"
	"github.com/failover-krm/failover/pkg/apiserver/crd"
	"github.com/failover-krm/failover/pkg/check"
	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/target"
)

// Report is what came of checking a stream of documents.
type Report struct {
	// Judged is how many documents there is a verdict on.
	Judged int
	// Others counts the documents that nothing is said about, by kind.
	Others map[string]int
	// Diagnostics are all errors, warnings and notes, in the order of the input.
	Diagnostics []Diagnostic
}

// Check judges documents as the API server of a target would. A FailoverSpec is
// judged by what it renders, for the target that it names itself. Then the rules
// of package check are applied to all of them.
func Check(documents []document.Document, target target.Target) (Report, error) {
	sources := make([]*Source, 0, len(documents))
	for _, doc := range documents {
		sources = append(sources, &Source{Node: doc.Node, File: doc.Source, HasLines: true})
	}
	return checkAll(sources, target)
}

// CheckItems is Check as a KRM function that changes nothing: it judges the items
// of a ResourceList, and answers with the results beside them.
func CheckItems(resourceListNode *yaml.Node, target target.Target) (Answer, Report, error) {
	list, diagnostics := readResourceList(resourceListNode)
	if hasErrors(diagnostics) {
		return Answer{Diagnostics: diagnostics}, Report{}, nil
	}
	var sources []*Source
	for _, item := range list.items.Content {
		sources = append(sources, sourceOf(item))
	}
	report, err := checkAll(sources, target)
	if err != nil {
		return Answer{}, Report{}, err
	}
	if err := list.addResults(report.Diagnostics); err != nil {
		return Answer{}, Report{}, err
	}
	answer, err := list.encode()
	return Answer{YAML: answer, Diagnostics: report.Diagnostics}, report, err
}

func checkAll(sources []*Source, target target.Target) (Report, error) {
	report := Report{Others: map[string]int{}}
	order, sourceOfNode := map[*Source]int{}, map[*yaml.Node]*Source{}
	var specs []*Source
	var manifests []*yaml.Node
	for i, source := range sources {
		order[source], sourceOfNode[source.Node] = i, source
		manifests = append(manifests, source.Node)
		apiVersion, kind := document.Field(source.Node, "apiVersion"), document.Field(source.Node, "kind")
		var errs field.ErrorList
		switch {
		case v1alpha1.Claims(source.Node):
			specs = append(specs, source)
		case crd.Judges(apiVersion, kind):
			errs = crd.Validate(target.EnvoyGateway(), source.Node)
		case builtin.Judges(apiVersion, kind):
			errs = builtin.Validate(source.Node)
		default:
			report.Others[kind]++
			continue
		}
		report.Judged++
		report.Diagnostics = append(report.Diagnostics, errorsOf(source, errs)...)
	}
	_, _, compiled, err := compiler{asText: true}.compile(specs)
	report.Diagnostics = append(report.Diagnostics, compiled...)
	for _, finding := range check.Run(manifests) {
		report.Diagnostics = append(report.Diagnostics, Diagnostic{
			Severity: finding.Severity, Source: sourceOfNode[finding.Manifest], Field: finding.Field, Rule: finding.Rule, Message: finding.Message,
		})
	}
	sortByPosition(report.Diagnostics, order)
	return report, err
}

// Count returns how many diagnostics there are of each severity.
func (r Report) Count() map[framework.Severity]int {
	counts := map[framework.Severity]int{}
	for _, diagnostic := range r.Diagnostics {
		counts[diagnostic.Severity]++
	}
	return counts
}
