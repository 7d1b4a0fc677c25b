package check

import (
	"fmt"
	"slices"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	"k8s.io/utils/ptr"

	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/envoy"
	"github.com/failover-krm/failover/pkg/envoygateway"
)

// envoyRules are about what Envoy makes of settings that Envoy Gateway passes on.
var envoyRules = []Rule{
	{
		ID: "grpc-check-without-http2", Severity: diagnostic.Error,
		Summary: "An active check of type GRPC, and no backend of the rule is for HTTP/2.",
		Explanation: "Envoy refuses a cluster with a gRPC check that does not speak HTTP/2. The route is left without a cluster and answers 503 to every request, from the start, " +
			"or keeps the former cluster. No status says so; the log of Envoy does.",
		Fix:        "Write appProtocols: [gateway.envoyproxy.io/h2c] into the Backends (the servers must then speak HTTP/2), or use a check of type HTTP.",
		Cost:       "Every request.",
		ofFailover: grpcCheckWithoutHTTP2,
	},
	{
		ID: "failed-connections-uncounted", Severity: diagnostic.Error,
		Summary: "The passive check has splitExternalLocalOriginErrors, and consecutiveLocalOriginFailures is 0.",
		Explanation: "With the split, a connection that fails or times out counts only for consecutiveLocalOriginFailures, and Envoy never reaches a threshold of 0. A tier whose port is closed or whose node is " +
			"gone is not ejected. A tier whose application answers errors is ejected. It is a warning where each retry leaves the tier.",
		Fix:        "Leave out consecutiveLocalOriginFailures, which is 5 then, or splitExternalLocalOriginErrors.",
		Cost:       "Every request of an outage is lost (the port closed).",
		ofFailover: failedConnectionsUncounted,
	},
	{
		ID: "every-request-aborted", Severity: diagnostic.Error,
		Summary:     "The policy in effect has a faultInjection that aborts every request.",
		Explanation: "Envoy answers every request itself, with the status of the fault. No request reaches a tier.",
		Fix:         "Remove faultInjection.abort, or lower its percentage. It is 100 where it is not given.",
		Cost:        "Every request.",
		ofFailover:  everyRequestAborted,
	},
}

func grpcCheckWithoutHTTP2(f *failover) []finding {
	active, cluster := f.activeCheck(), f.cluster()
	if active == nil || active.Type != egv1a1.ActiveHealthCheckerTypeGRPC || cluster == nil || ptr.Deref(f.clusterPolicy().UseClientProtocol, false) {
		return nil
	}
	for _, tier := range cluster.Tiers {
		if slices.ContainsFunc(tier.Backends, envoygateway.Backend.SpeaksHTTP2) {
			return nil // one such backend makes it the protocol of the cluster
		}
	}
	return []finding{{
		source: f.policyField("spec.healthCheck.active.type", hasHealthCheck),
		reason: "a check of type GRPC needs HTTP/2, and no backend of the rule is for it, so Envoy refuses the cluster, and every request is answered 503",
		advice: "write appProtocols: [gateway.envoyproxy.io/h2c] into the Backends, or a check of type HTTP",
	}}
}

func failedConnectionsUncounted(f *failover) []finding {
	passive := f.onlyPassive()
	if passive == nil || !ptr.Deref(passive.SplitExternalLocalOriginErrors, false) || ptr.Deref(passive.ConsecutiveLocalOriginFailures, envoy.DefaultConsecutive) > 0 || !f.fires(passive) {
		return nil
	}
	return []finding{{
		source: f.policyField(passivePath+".consecutiveLocalOriginFailures", hasPassive), severity: f.unlessRetried(),
		reason: fmt.Sprintf("consecutiveLocalOriginFailures is 0 and splitExternalLocalOriginErrors is true, so a host that refuses connections is never ejected, %s", f.stays()),
		advice: "leave one of them out",
	}}
}

func everyRequestAborted(f *failover) []finding {
	fault := f.requestPolicy().FaultInjection
	if fault == nil || fault.Abort == nil || ptr.Deref(fault.Abort.Percentage, 100) < 100 {
		return nil
	}
	hasFault := func(spec *egv1a1.BackendTrafficPolicySpec) bool { return spec.FaultInjection != nil }
	return []finding{{
		source: f.policyField("spec.faultInjection.abort", hasFault),
		reason: "every request is aborted before it reaches a tier", advice: "remove it, or lower its percentage",
	}}
}
