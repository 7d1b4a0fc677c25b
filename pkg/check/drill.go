package check

import (
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/envoygateway"
)

const ruleDrillDue = "drill-due"

// drillRules are about when a failover was last tried.
var drillRules = []Rule{
	{
		ID: ruleDrillDue, Severity: diagnostic.Info,
		Summary: "A failover was never drilled, or not for 90 days, or its last drill exceeded its budget, where drills are recorded.",
		Explanation: "What nobody has tried can fail in the outage: a standby that lacks a secret, a firewall, a certificate that has expired. The rule finds nothing where the files have no record of any drill: " +
			"no FailoverDrill, which \"failover drill --record\" writes. The age of a record counts from today, or from --date, in days of UTC; a record of a later day does not count. " +
			"Of two records of the same time, the one that exceeded its budget counts. The rule also names a record that is not about a failover in the files. " +
			"A function of kustomize or kpt does not look at the age. Like all information, it reports the others only where failOn is info.",
		Fix:        "Drill the failover, and record the drill: failover drill --record FILE.",
		ofFailover: drillDue,
	},
}

// Drill is a record of a drill, and its document.
type Drill struct {
	Subject *diagnostic.Subject
	Record  v1alpha1.FailoverDrill
}

// drillInterval is for how many days a drill tells that a failover works.
const drillInterval = 90

func drillDue(f *failover) []finding {
	if len(f.Drills) == 0 || !f.hasTiers() {
		return nil
	}
	route := f.route.Object
	it, of, choice := "it", "", fmt.Sprintf("--route %s/%s", route.Namespace, route.Name)
	if len(f.route.Rules) > 1 {
		it = fmt.Sprintf("rule %d", f.number)
		of, choice = " of "+it, fmt.Sprintf("%s --rule %d", choice, f.number)
	}
	last, reason := f.lastDrill(), ""
	switch {
	case last == nil:
		reason = it + " was never drilled, according to the records in these files"
	case last.Result == v1alpha1.DrillExceeded:
		reason = fmt.Sprintf("the last drill%s, on %s, exceeded its budget: requests lost %d of %d, failover %s, failback %s",
			of, last.Date.UTC().Format(time.DateOnly), last.Lost, last.Sent, orNever(last.Failover), orNever(last.Failback))
	case !f.Today.IsZero() && day(f.Today)-day(last.Date.Time) > drillInterval:
		reason = fmt.Sprintf("the last drill%s was on %s, %d days ago", of, last.Date.UTC().Format(time.DateOnly), day(f.Today)-day(last.Date.Time))
	default:
		return nil
	}
	advice := fmt.Sprintf("drill it with 'failover drill --record %s FILE'", choice)
	return []finding{{source: envoygateway.Source{Object: route, Path: "metadata.name"}, inSpec: "metadata.name", reason: reason, advice: advice}}
}

// lastDrill is what the last record of the failover says, and of several of one time the worst;
// nil where there is none.
func (f *failover) lastDrill() *v1alpha1.DrillSpec {
	route := f.route.Object
	of := v1alpha1.Drilled{Kind: route.Kind, Namespace: route.Namespace, Name: route.Name, Rule: f.number}
	var last *v1alpha1.DrillSpec
	for i := range f.Drills {
		record := &f.Drills[i].Record
		if record.Of() != of || !f.Today.IsZero() && day(record.Spec.Date.Time) > day(f.Today) {
			continue
		}
		if last == nil || last.Date.Before(&record.Spec.Date) || last.Date.Equal(&record.Spec.Date) && record.Spec.Result == v1alpha1.DrillExceeded {
			last = &record.Spec
		}
	}
	return last
}

// day numbers the days of UTC.
func day(of time.Time) int64 {
	const hours = 24 * time.Hour
	return of.UTC().Truncate(hours).Unix() / int64(hours/time.Second)
}

func orNever(took *metav1.Duration) string {
	if took == nil {
		return "never"
	}
	return took.Duration.String()
}

// drillsOfNone are records of what is no failover.
func drillsOfNone(failovers []Failover, drills []Drill) []diagnostic.Diagnostic {
	var found []diagnostic.Diagnostic
	for _, drill := range drills {
		of := drill.Record.Of()
		isOfIt := func(f Failover) bool {
			return of == v1alpha1.Drilled{Kind: f.Route.Kind, Namespace: f.Route.Namespace, Name: f.Route.Name, Rule: f.Rule}
		}
		if slices.ContainsFunc(failovers, isOfIt) {
			continue
		}
		message := fmt.Sprintf("rule %d of %s %s/%s is not a failover in these files: correct the record, or remove it", of.Rule, of.Kind, of.Namespace, of.Name)
		none := diagnostic.New(diagnostic.Info, drill.Subject, document.ParsePath("metadata.name"), message)
		none.Rule = ruleDrillDue
		found = append(found, none)
	}
	return found
}
