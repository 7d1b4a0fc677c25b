package krm

import (
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/kustomize/kyaml/fn/framework"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	"github.com/failover-krm/failover/pkg/builtin"
	"github.com/failover-krm/failover/pkg/crd"
	"github.com/failover-krm/failover/pkg/document"
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
// judged by what it renders, for the target that it names itself.
func Check(documents []document.Document, target v1alpha1.Target) (Report, error) {
	report := Report{Others: map[string]int{}}
	order := map[*Source]int{}
	var specs []*Source
	for i, doc := range documents {
		source := &Source{Node: doc.Node, File: doc.Source, HasLines: true}
		order[source] = i
		apiVersion, kind := document.Field(doc.Node, "apiVersion"), document.Field(doc.Node, "kind")
		var errs field.ErrorList
		switch {
		case v1alpha1.Claims(doc.Node):
			specs = append(specs, source)
		case crd.Judges(apiVersion, kind):
			errs = crd.Validate(target.EnvoyGateway(), doc.Node)
		case builtin.Judges(apiVersion, kind):
			errs = builtin.Validate(doc.Node)
		default:
			report.Others[kind]++
			continue
		}
		report.Judged++
		report.Diagnostics = append(report.Diagnostics, errorsOf(source, errs)...)
	}
	_, _, compiled, err := compiler{asText: true}.compile(specs)
	report.Diagnostics = append(report.Diagnostics, compiled...)
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
