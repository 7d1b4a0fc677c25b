package check

import (
	"fmt"
	"time"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/envoygateway"
)

// drillRules are about when a failover was last tried.
var drillRules = []Rule{
	{
		ID: "drill-due", Severity: diagnostic.Info,
		Summary: "A failover was never drilled, or not for 90 days, or the last drill was beyond its budget, where drills are recorded.",
		Explanation: "What was never tried fails in the outage: a standby that lacks a secret, a firewall, a certificate that has expired. Nothing is said where the files have no record of any drill, " +
			"that is, no FailoverDrill, as \"failover drill --record\" writes it. The age of a record counts from today, or from --date; a function of kustomize or kpt does not look at it.",
		Fix:        "Drill it, and record that: failover drill --record FILE.",
		ofFailover: drillDue,
	},
}

// drillInterval is for how long a drill tells that a failover works.
const drillInterval = 90 * 24 * time.Hour

func drillDue(f *failover) []finding {
	if len(f.Drills) == 0 || !f.hasTiers() {
		return nil
	}
	route := f.route.Object
	var last *v1alpha1.FailoverDrill
	for i := range f.Drills {
		record := &f.Drills[i]
		isOfIt := record.Spec.Kind == route.Kind && record.Namespace == route.Namespace && record.Name == route.Name && record.Spec.Rule == f.number
		if isOfIt && (last == nil || last.Spec.Date.Before(&record.Spec.Date)) {
			last = record
		}
	}
	reason := ""
	switch {
	case last == nil:
		reason = "it was never drilled, as far as the records in these files tell"
	case last.Spec.Result == v1alpha1.DrillExceeded:
		reason = fmt.Sprintf("the last drill, on %s, was beyond its budget: %d of %d requests were lost", last.Spec.Date.UTC().Format(time.DateOnly), last.Spec.Lost, last.Spec.Sent)
	case !f.Today.IsZero() && f.Today.Sub(last.Spec.Date.Time) > drillInterval:
		reason = fmt.Sprintf("the last drill was on %s, %d days ago", last.Spec.Date.UTC().Format(time.DateOnly), int(f.Today.Sub(last.Spec.Date.Time).Hours()/24))
	default:
		return nil
	}
	return []finding{{source: envoygateway.Source{Object: route, Path: "metadata.name"}, inSpec: "metadata.name", reason: reason, advice: "drill it with failover drill --record"}}
}
