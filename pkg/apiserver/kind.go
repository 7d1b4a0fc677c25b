package apiserver

import (
	"slices"
	"strings"

	"github.com/failover-krm/failover/pkg/document"
)

// kinds has all kinds of the groups that a failover is made of. Of the group without
// a name it has only Service: others call kinds of their own by that version too, as
// a kubeconfig does.
var kinds = map[string][]string{
	"":     {"Service"},
	"apps": {"ControllerRevision", "DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"},
	"gateway.networking.k8s.io": {
		"BackendTLSPolicy", "GRPCRoute", "Gateway", "GatewayClass", "HTTPRoute", "ListenerSet", "ReferenceGrant", "TCPRoute", "TLSRoute", "UDPRoute",
	},
	"gateway.envoyproxy.io": {
		"Backend", "BackendTrafficPolicy", "ClientTrafficPolicy", "EnvoyExtensionPolicy", "EnvoyGateway", "EnvoyPatchPolicy", "EnvoyProxy", "HTTPRouteFilter", "SecurityPolicy",
	},
}

// ownGroups are those of Gateway API and Envoy Gateway.
var ownGroups = []string{"gateway.networking.k8s.io", "gateway.envoyproxy.io"}

// HasGroup tells whether a group is that of Gateway API or Envoy Gateway.
func HasGroup(group string) bool { return slices.Contains(ownGroups, group) }

// GroupOf returns the group of Gateway API or Envoy Gateway that has a kind; nothing for
// any other kind.
func GroupOf(kind string) string {
	has := func(group string) bool { return slices.Contains(kinds[group], kind) }
	if i := slices.IndexFunc(ownGroups, has); i >= 0 {
		return ownGroups[i]
	}
	return ""
}

// LikelyKind returns the kind that was most likely meant by one that its group does
// not have, such as HTTPRoute by Httproute; nothing for any other.
func LikelyKind(apiVersion, kind string) string {
	group, _, isNamed := strings.Cut(apiVersion, "/")
	if !isNamed {
		group = ""
	}
	if slices.Contains(kinds[group], strings.TrimSuffix(kind, "List")) {
		return ""
	}
	return document.Suggest(kind, kinds[group])
}
