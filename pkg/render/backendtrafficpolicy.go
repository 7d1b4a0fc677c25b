package render

import (
	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
)

// backendTrafficPolicy makes the policy that decides when traffic moves, with
// the route as its target.
func backendTrafficPolicy(fs *v1alpha1.FailoverSpec) *egv1a1.BackendTrafficPolicy {
	spec := fs.Spec.Policy.BackendTrafficPolicySpec
	spec.TargetRefs = []gwapiv1.LocalPolicyTargetReferenceWithSectionName{{
		LocalPolicyTargetReference: gwapiv1.LocalPolicyTargetReference{
			Group: gwapiv1.GroupName,
			Kind:  gwapiv1.Kind(fs.Spec.RouteKind()),
			Name:  gwapiv1.ObjectName(fs.Name),
		},
	}}
	return &egv1a1.BackendTrafficPolicy{Spec: spec}
}

var policyOrigins = []origin{{"metadata.name", "spec.policy.name"}, {"spec", "spec.policy"}}
