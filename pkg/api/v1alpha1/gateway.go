package v1alpha1

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/utils/ptr"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// MakesGateway tells whether the spec makes its Gateway, rather than attaching
// to one.
func (g Gateway) MakesGateway() bool {
	return g.GatewayClassName != "" || g.Name == ""
}

// ListenerNames returns the names of the listeners.
func (g Gateway) ListenerNames() []string {
	names := make([]string, 0, len(g.Listeners))
	for _, listener := range g.Listeners {
		names = append(names, string(listener.Name))
	}
	return names
}

// HasListener tells whether there is a listener of the name.
func (g Gateway) HasListener(name gwapiv1.SectionName) bool {
	return slices.ContainsFunc(g.Listeners, func(listener gwapiv1.Listener) bool { return listener.Name == name })
}

// Admits tells whether the route of a spec may attach to the listener of
// a name, or to any where the name is empty. What depends on labels that only
// the cluster knows counts as allowed.
func (g Gateway) Admits(fs *FailoverSpec, sectionName gwapiv1.SectionName) bool {
	return slices.ContainsFunc(g.Listeners, func(listener gwapiv1.Listener) bool {
		return (sectionName == "" || listener.Name == sectionName) && takes(listener, fs.Spec.RouteKind()) &&
			admitsNamespace(listener, g.Namespace, fs.Namespace) && admitsHostnames(listener, fs.Spec.Hostnames)
	})
}

// admitsHostnames tells whether a listener and a route have a hostname in common.
func admitsHostnames(listener gwapiv1.Listener, hostnames []gwapiv1.Hostname) bool {
	if ptr.Deref(listener.Hostname, "") == "" || len(hostnames) == 0 {
		return true
	}
	return slices.ContainsFunc(hostnames, func(hostname gwapiv1.Hostname) bool {
		return covers(*listener.Hostname, hostname) || covers(hostname, *listener.Hostname)
	})
}

// covers tells whether a hostname is another, or a wildcard for it.
func covers(hostname, other gwapiv1.Hostname) bool {
	suffix, isWildcard := strings.CutPrefix(string(hostname), "*")
	return hostname == other || isWildcard && strings.HasSuffix(string(other), suffix)
}

// takes tells whether a listener is for routes of a kind.
func takes(listener gwapiv1.Listener, route RouteKind) bool {
	if listener.Protocol != "" && !slices.Contains(route.Protocols(), listener.Protocol) { // none is an error of its own
		return false
	}
	if listener.AllowedRoutes == nil || len(listener.AllowedRoutes.Kinds) == 0 {
		return true
	}
	return slices.ContainsFunc(listener.AllowedRoutes.Kinds, func(kind gwapiv1.RouteGroupKind) bool {
		return string(kind.Kind) == string(route) && ptr.Deref(kind.Group, gwapiv1.GroupName) == gwapiv1.GroupName
	})
}

func admitsNamespace(listener gwapiv1.Listener, gatewayNamespace, routeNamespace string) bool {
	allowed := gwapiv1.RouteNamespaces{}
	if listener.AllowedRoutes != nil && listener.AllowedRoutes.Namespaces != nil {
		allowed = *listener.AllowedRoutes.Namespaces
	}
	switch ptr.Deref(allowed.From, gwapiv1.NamespacesFromSame) {
	case gwapiv1.NamespacesFromSame:
		return gatewayNamespace == routeNamespace
	case gwapiv1.NamespacesFromSelector:
		return selectsNamespace(allowed.Selector, routeNamespace)
	case gwapiv1.NamespacesFromNone:
		return false
	default:
		return true
	}
}

// selectsNamespace knows one label of every namespace, its name; a selector that
// asks for others is left to the cluster.
func selectsNamespace(selector *metav1.LabelSelector, namespace string) bool {
	if selector == nil {
		return false
	}
	parsed, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		return true // the API server refuses it
	}
	known := labels.Set{corev1.LabelMetadataName: namespace}
	requirements, _ := parsed.Requirements()
	return !slices.ContainsFunc(requirements, func(requirement labels.Requirement) bool {
		return requirement.Key() == corev1.LabelMetadataName && !requirement.Matches(known)
	})
}
