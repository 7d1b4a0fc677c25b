package check

import (
	"fmt"
	"slices"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"

	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/envoygateway"
)

// policyRules are about which policy is in effect.
var policyRules = []Rule{
	{
		ID: "gateway-policy-overridden", Severity: diagnostic.Warning, Since: "1.3",
		Summary:     "The Gateway has a BackendTrafficPolicy too, and the route's has no mergeType.",
		Explanation: "Only the most specific policy is in effect: for this route, Envoy Gateway drops the whole policy of the Gateway, its rate limits and circuit breakers included.",
		Fix:         "Write mergeType: StrategicMerge into the route's policy, if the Gateway's policy must be in effect too.",
		ofFailover:  gatewayPolicyOverridden,
	},
	{
		ID: "policy-target", Severity: diagnostic.Error,
		Summary:     "A BackendTrafficPolicy has no effect: its target is not there, has no such section, or has another policy.",
		Explanation: "Envoy Gateway ignores the policy. A policy and its target must be in one namespace.",
		Fix: "Correct the name, the namespace or the sectionName. A target that is not in the files may be in the cluster: then the finding is information, or a warning where " +
			"an object of its name is in another namespace. With --complete, it is an error.",
		ofSet: policyTarget,
	},
	{
		ID: "merge-type", Severity: diagnostic.Warning,
		Summary: "mergeType of a BackendTrafficPolicy is neither StrategicMerge nor JSONMerge.",
		Explanation: "The API server accepts any text, but Envoy Gateway cannot merge by it: as soon as the Gateway or its listener has a policy too, it does not accept this policy, " +
			"and every request of the route is answered 500. Until then the field has no effect.",
		Fix:   "Write StrategicMerge or JSONMerge, or remove the field.",
		ofSet: mergeType,
	},
}

func gatewayPolicyOverridden(f *failover) []finding {
	var findings []finding
	for _, dropped := range f.index.overridden[f.rule.Source] {
		findings = append(findings, finding{
			source: envoygateway.Source{Object: dropped.by, Path: "spec.mergeType"},
			reason: fmt.Sprintf("%s of %s is dropped for this route", dropped.policy, dropped.gateway), advice: "write mergeType: StrategicMerge if it must be in effect too",
		})
	}
	return findings
}

func policyTarget(s *set) []finding {
	var findings []finding
	for _, policy := range s.result.Policies {
		for _, policyTarget := range policy.Targets {
			if policyTarget.Ignored == nil {
				continue
			}
			found := finding{source: policyTarget.Source, reason: policyTarget.Ignored.Message + ", so the policy has no effect there"}
			switch policyTarget.Ignored.Reason {
			case envoygateway.ReasonTargetOfOtherController, envoygateway.ReasonNotRead:
				continue
			case envoygateway.ReasonConflicted:
				found.severity = diagnostic.Warning
			case envoygateway.ReasonTargetNotInManifests:
				if s.decoded[policyTarget.Target] != nil {
					continue // refused, which is an error of its own
				}
				found.reason = policyTarget.Target.String() + " is not in these files, so the policy has no effect unless it is in the cluster"
				if other := s.inOtherNamespace(policyTarget.Target); other != nil {
					found.reason = fmt.Sprintf("%s is not in these files, but %s is: a policy and its target must be in one namespace", policyTarget.Target, other)
					if !s.Complete {
						found.severity = diagnostic.Warning
					}
				} else {
					found.unknown = true
				}
			}
			findings = append(findings, found)
		}
	}
	return findings
}

// mergeTypes are those by which Envoy Gateway merges policies.
var mergeTypes = []egv1a1.MergeType{egv1a1.StrategicMerge, egv1a1.JSONMerge}

func mergeType(s *set) []finding {
	var findings []finding
	for _, policy := range s.result.Policies {
		known := s.decoded[policy.Object]
		if known == nil {
			continue
		}
		object, isPolicy := known.object.(*egv1a1.BackendTrafficPolicy)
		if !isPolicy || object.Spec.MergeType == nil || slices.Contains(mergeTypes, *object.Spec.MergeType) {
			continue
		}
		findings = append(findings, finding{
			source: envoygateway.Source{Object: policy.Object, Path: "spec.mergeType"},
			reason: fmt.Sprintf("mergeType %s is not supported, so every request is answered 500 where the Gateway has a policy too", *object.Spec.MergeType), advice: "write StrategicMerge or JSONMerge",
		})
	}
	return findings
}

// IgnoredPolicy is a BackendTrafficPolicy that has no effect where it is meant to.
type IgnoredPolicy struct {
	Policy envoygateway.Object
	Reason string
}

// ignoredPolicies returns the policies that name the route or a Gateway of it, or a route of
// its name in another namespace, and that have no effect on the rule.
func (f *failover) ignoredPolicies() []IgnoredPolicy {
	var ignored []IgnoredPolicy
	for _, policy := range f.unreadablePolicies() {
		ignored = append(ignored, IgnoredPolicy{policy, "it does not fit its type, so nothing of it is in effect"})
	}
	if misplaced, from := f.meantPolicy(); misplaced != nil {
		ignored = append(ignored, IgnoredPolicy{misplaced.id, from.Path + " is not the route: a policy and its target must be in one namespace"})
	}
	seen := map[envoygateway.Object]bool{}
	targets := slices.Clone(f.index.targeting[f.route.Object])
	for _, parent := range f.route.Parents {
		if !seen[parent.Gateway] {
			targets = append(targets, f.index.targeting[parent.Gateway]...)
		}
		seen[parent.Gateway] = true
	}
	for _, target := range targets {
		if target.Ignored != nil {
			ignored = append(ignored, IgnoredPolicy{target.Object, target.Ignored.Message})
		}
		for _, override := range target.Overridden {
			if override.Rule == f.rule.Source {
				ignored = append(ignored, IgnoredPolicy{target.Object, override.By.Object.String() + " takes its place"})
			}
		}
	}
	return ignored
}
