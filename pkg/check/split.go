package check

import (
	"slices"

	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/envoygateway"
)

// splitExplanation is what all rules of this family have in common.
const splitExplanation = "Envoy fails over among the priorities of one cluster. Here Envoy Gateway gives each backendRef a cluster of its own, and splits " +
	"the traffic among them by weight: with equal weights, half of all requests go to the standby while active is healthy, and the share of a tier that " +
	"is down is lost for the whole outage. Every status stays green."

// splitRules are about a cluster for each backendRef.
var splitRules = []Rule{
	{
		ID: "backendref-filters", Severity: diagnostic.Error,
		Summary:     "A backendRef of a failover has filters.",
		Explanation: splitExplanation,
		Fix:         "Move the filters from the backendRef to the rule, where they apply to all tiers.",
		ofFailover:  splitBy(envoygateway.ReasonFilters, "move the filters to the rule"),
	},
	{
		ID: "mixed-address-type", Severity: diagnostic.Error,
		Summary:     "A rule has hostnames together with IP addresses or the pods of a Service.",
		Explanation: splitExplanation + " Routes for TCP and TLS are not split by this.",
		Fix: "Use one type of address for all tiers. A Service of the cluster can be a Backend too, with the endpoint NAME.NAMESPACE.svc.cluster.local: " +
			"that is a hostname, like the others.",
		ofFailover: splitBy(envoygateway.ReasonMixedAddressTypes, "use one type of address for all tiers; a Service can be a Backend of NAME.NAMESPACE.svc.cluster.local"),
	},
	{
		ID: "zone-aware", Severity: diagnostic.Error,
		Summary:     "The policy in effect has loadBalancer.zoneAware.",
		Explanation: splitExplanation,
		Fix:         "Remove loadBalancer.zoneAware from the policy, or give the failover a policy of its own.",
		ofFailover:  splitBy(envoygateway.ReasonZoneAware, "remove it for this route"),
	},
	{
		ID: "prefer-local", Severity: diagnostic.Error,
		Summary:     "A Service of a failover prefers endpoints of its own zone.",
		Explanation: splitExplanation,
		Fix:         "Remove trafficDistribution, or the annotation service.kubernetes.io/topology-mode, from the Service.",
		ofFailover:  splitBy(envoygateway.ReasonPreferLocal, "remove that from the Service"),
	},
	{
		ID: "protocol-mismatch", Severity: diagnostic.Error,
		Summary:     "One backend of a rule is for WebSockets, and another for HTTP/2.",
		Explanation: splitExplanation,
		Fix:         "Give the Backends of all tiers the same appProtocols.",
		ofFailover:  splitBy(envoygateway.ReasonMixedProtocols, "give all tiers the same appProtocols"),
	},
	{
		ID: "mixed-auto-sni", Severity: diagnostic.Error, Since: "1.9",
		Summary:     "Some backends of a rule have tls.autoSNIFromEndpointHostname, and others do not.",
		Explanation: splitExplanation,
		Fix:         "Write tls.sni instead, or autoSNIFromEndpointHostname on every Backend of the rule.",
		ofFailover:  splitBy(envoygateway.ReasonMixedAutoSNI, "write sni instead"),
	},
}

// splitBy finds the causes of a kind.
func splitBy(reason envoygateway.Reason, advice string) func(*failover) []finding {
	return func(f *failover) []finding {
		if f.at == nil || f.at.Outcome != envoygateway.OutcomeWeightedClusters {
			return nil
		}
		var findings []finding
		for _, cause := range f.at.Causes {
			if cause.Reason == reason {
				findings = append(findings, finding{
					source: cause.Source,
					reason: cause.Message + ", so the traffic is split by weight and nothing fails over", advice: advice,
					unknown: reason == envoygateway.ReasonMixedAddressTypes && f.mayRouteToServices(), likely: true,
				})
			}
		}
		return findings
	}
}

// mayRouteToServices tells whether an EnvoyProxy that is not among the manifests may
// send the traffic of a Service of the rule to its ClusterIP: that would be no address
// of another type.
func (f *failover) mayRouteToServices() bool {
	hasService := slices.ContainsFunc(f.rule.Backends, func(backend envoygateway.Backend) bool { return backend.Ref.Kind == "Service" })
	if !hasService {
		return false
	}
	gateway, isGateway := f.object(f.at.Gateway).(*gwapiv1.Gateway)
	if !isGateway || gateway.Spec.Infrastructure != nil && gateway.Spec.Infrastructure.ParametersRef != nil {
		return true
	}
	class, isClass := f.object(envoygateway.Object{Kind: "GatewayClass", Name: string(gateway.Spec.GatewayClassName)}).(*gwapiv1.GatewayClass)
	return !isClass || class.Spec.ParametersRef != nil
}
