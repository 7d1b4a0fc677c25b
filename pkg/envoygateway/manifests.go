package envoygateway

import (
	"cmp"
	"fmt"
	"slices"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"
	gwapiv1b1 "sigs.k8s.io/gateway-api/apis/v1beta1"
)

// ControllerName is the controller of the GatewayClasses that are Envoy Gateway's.
const ControllerName = "gateway.envoyproxy.io/gatewayclass-controller"

// Kinds of the objects that this package knows.
const (
	kindBackend              = "Backend"
	kindBackendTLSPolicy     = "BackendTLSPolicy"
	kindBackendTrafficPolicy = "BackendTrafficPolicy"
	kindDeployment           = "Deployment"
	kindClientTrafficPolicy  = "ClientTrafficPolicy"
	kindEndpointSlice        = "EndpointSlice"
	kindGateway              = "Gateway"
	kindGatewayClass         = "GatewayClass"
	kindGRPCRoute            = "GRPCRoute"
	kindHTTPRoute            = "HTTPRoute"
	kindHTTPRouteFilter      = "HTTPRouteFilter"
	kindNamespace            = "Namespace"
	kindReferenceGrant       = "ReferenceGrant"
	kindSecret               = "Secret"
	kindService              = "Service"
	kindTCPRoute             = "TCPRoute"
	kindTLSRoute             = "TLSRoute"
)

// Manifests are the objects that Envoy Gateway makes something of. Every object
// has a namespace where its kind has one, and the defaults that the API server
// fills in.
type Manifests struct {
	GatewayClasses         []*gwapiv1.GatewayClass
	Gateways               []*gwapiv1.Gateway
	HTTPRoutes             []*gwapiv1.HTTPRoute
	GRPCRoutes             []*gwapiv1.GRPCRoute
	TCPRoutes              []*gwapiv1.TCPRoute
	TLSRoutes              []*gwapiv1.TLSRoute
	HTTPRouteFilters       []*egv1a1.HTTPRouteFilter
	Backends               []*egv1a1.Backend
	BackendTrafficPolicies []*egv1a1.BackendTrafficPolicy
	ClientTrafficPolicies  []*egv1a1.ClientTrafficPolicy
	BackendTLSPolicies     []*gwapiv1.BackendTLSPolicy
	ReferenceGrants        []*gwapiv1b1.ReferenceGrant
	Services               []*corev1.Service
	Deployments            []*appsv1.Deployment
	EndpointSlices         []*discoveryv1.EndpointSlice
	Namespaces             []*corev1.Namespace
}

// byAge sorts as Envoy Gateway does: the oldest first, then by namespace and name.
func byAge[T metav1.Object](objects []T) []T {
	return slices.SortedStableFunc(slices.Values(objects), func(a, b T) int {
		aTime, bTime := a.GetCreationTimestamp(), b.GetCreationTimestamp()
		return cmp.Or(
			aTime.Compare(bTime.Time),
			cmp.Compare(a.GetNamespace(), b.GetNamespace()),
			cmp.Compare(a.GetName(), b.GetName()),
		)
	})
}

// byName returns the objects by namespace and name; the last of two of one name.
func byName[T metav1.Object](objects []T) map[types.NamespacedName]T {
	named := make(map[types.NamespacedName]T, len(objects))
	for _, object := range objects {
		named[types.NamespacedName{Namespace: object.GetNamespace(), Name: object.GetName()}] = object
	}
	return named
}

// byNamespace returns the objects of each namespace.
func byNamespace[T metav1.Object](objects []T) map[string][]T {
	within := map[string][]T{}
	for _, object := range objects {
		within[object.GetNamespace()] = append(within[object.GetNamespace()], object)
	}
	return within
}

// objectOf names an object of a kind.
func objectOf(kind string, object metav1.Object) Object {
	return Object{Kind: kind, Namespace: object.GetNamespace(), Name: object.GetName()}
}

// at is the element of a list in a path.
func at(path string, index int) string { return fmt.Sprintf("%s[%d]", path, index) }
