package compile

import (
	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	"github.com/failover-krm/failover/pkg/check"
	"github.com/failover-krm/failover/pkg/diagnostic"
)

// advice makes of what the rules find in rendered objects what those are told who render
// them. An error is a warning here, since what a spec says is what is meant. Information
// that depends on other files is left to those who check them together.
func advice(found []diagnostic.Diagnostic, subjects []*diagnostic.Subject) []diagnostic.Diagnostic {
	var told []diagnostic.Diagnostic
	isTold := map[string]bool{}
	for _, rule := range check.Rules() {
		isTold[rule.ID] = rule.OnRender
	}
	for _, found := range suppress(found, subjects) {
		switch found.Severity {
		case diagnostic.Error:
			found.Severity = diagnostic.Warning
		case diagnostic.Info:
			if !isTold[found.Rule] {
				continue
			}
		}
		told = append(told, found)
	}
	return told
}

// manifestsOf returns rendered objects as the rules read them.
func manifestsOf[T any](objects []compiled[T]) []check.Manifest {
	specs := map[*v1alpha1.FailoverSpec]*check.Spec{}
	manifests := make([]check.Manifest, 0, len(objects))
	for _, object := range objects {
		fs := object.Spec
		if specs[fs] == nil {
			specs[fs] = &check.Spec{
				Subject: object.Subject, Profile: string(fs.Spec.Policy.Profile),
				Target: fs.Spec.Target, TargetAssumed: object.Subject.Field("spec.target") == "",
			}
		}
		manifests = append(manifests, check.Manifest{
			Subject: object.Subject, Typed: object.Resource, Origin: object.Origin,
			EnvoyGateway: fs.Spec.Target.EnvoyGateway(), Refused: len(object.refused) > 0, Spec: specs[fs],
		})
	}
	return manifests
}
