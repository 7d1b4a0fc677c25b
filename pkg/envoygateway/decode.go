package envoygateway

import (
	"cmp"
	"encoding/json"
	"fmt"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"
	gwapiv1b1 "sigs.k8s.io/gateway-api/apis/v1beta1"
)

// translated has the types of the kinds that Translate reads.
var translated = map[schema.GroupKind]func() metav1.Object{
	{Group: gwapiv1.GroupName, Kind: kindGatewayClass}:        func() metav1.Object { return &gwapiv1.GatewayClass{} },
	{Group: gwapiv1.GroupName, Kind: kindGateway}:             func() metav1.Object { return &gwapiv1.Gateway{} },
	{Group: gwapiv1.GroupName, Kind: kindHTTPRoute}:           func() metav1.Object { return &gwapiv1.HTTPRoute{} },
	{Group: gwapiv1.GroupName, Kind: kindGRPCRoute}:           func() metav1.Object { return &gwapiv1.GRPCRoute{} },
	{Group: gwapiv1.GroupName, Kind: kindTCPRoute}:            func() metav1.Object { return &gwapiv1.TCPRoute{} },
	{Group: gwapiv1.GroupName, Kind: kindTLSRoute}:            func() metav1.Object { return &gwapiv1.TLSRoute{} },
	{Group: gwapiv1.GroupName, Kind: kindBackendTLSPolicy}:    func() metav1.Object { return &gwapiv1.BackendTLSPolicy{} },
	{Group: gwapiv1.GroupName, Kind: kindReferenceGrant}:      func() metav1.Object { return &gwapiv1b1.ReferenceGrant{} },
	{Group: egv1a1.GroupName, Kind: kindHTTPRouteFilter}:      func() metav1.Object { return &egv1a1.HTTPRouteFilter{} },
	{Group: egv1a1.GroupName, Kind: kindBackend}:              func() metav1.Object { return &egv1a1.Backend{} },
	{Group: egv1a1.GroupName, Kind: kindBackendTrafficPolicy}: func() metav1.Object { return &egv1a1.BackendTrafficPolicy{} },
	{Group: egv1a1.GroupName, Kind: kindClientTrafficPolicy}:  func() metav1.Object { return &egv1a1.ClientTrafficPolicy{} },
	{Group: appsv1.GroupName, Kind: kindDeployment}:           func() metav1.Object { return &appsv1.Deployment{} },
	{Group: discoveryv1.GroupName, Kind: kindEndpointSlice}:   func() metav1.Object { return &discoveryv1.EndpointSlice{} },
	{Kind: kindService}:   func() metav1.Object { return &corev1.Service{} },
	{Kind: kindNamespace}: func() metav1.Object { return &corev1.Namespace{} },
}

// unread are the kinds that Envoy Gateway reads, and Translate does not: what becomes of
// an object that refers to one is not known.
var unread = map[schema.GroupKind]bool{
	{Group: gwapiv1.GroupName, Kind: "ListenerSet"}:              true,
	{Group: "gateway.networking.x-k8s.io", Kind: "XListenerSet"}: true,
	{Group: gwapiv1.GroupName, Kind: "UDPRoute"}:                 true,
	{Group: groupMultiCluster, Kind: "ServiceImport"}:            true,
}

// Reads tells whether Translate reads a kind, and returns its group.
func Reads(apiVersion, kind string) (group string, reads bool) {
	gv, err := schema.ParseGroupVersion(apiVersion)
	return gv.Group, err == nil && translated[schema.GroupKind{Group: gv.Group, Kind: kind}] != nil
}

// assumedNamespace is that of a request where an object has none.
const assumedNamespace = "default"

// Decode returns an object of a kind that Translate reads, typed, and its name; nil
// for any other kind. An object without a namespace gets the namespace default. The
// name is also there where the object does not fit its type.
func Decode(object map[string]any) (metav1.Object, Object, error) {
	apiVersion, _ := object["apiVersion"].(string)
	kind, _ := object["kind"].(string)
	gv, err := schema.ParseGroupVersion(apiVersion)
	empty := translated[schema.GroupKind{Group: gv.Group, Kind: kind}]
	if err != nil || empty == nil {
		return nil, Object{}, nil
	}
	metadata, _ := object["metadata"].(map[string]any)
	name, _ := metadata["name"].(string)
	namespace, _ := metadata["namespace"].(string)
	decoded, id := empty(), NameOf(kind, namespace, name)
	if err := fromJSON(object, decoded); err != nil {
		return nil, id, fmt.Errorf("%s: %w", id, err)
	}
	decoded.SetNamespace(id.Namespace)
	return decoded, id, nil
}

// fromJSON reads an object as the API server and Envoy Gateway do.
func fromJSON(object map[string]any, typed any) error {
	data, err := json.Marshal(object)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, typed)
}

// NameOf names an object of a kind that Translate reads. One without a namespace is in the
// namespace default, where its kind has any.
func NameOf(kind, namespace, name string) Object {
	if kind == kindGatewayClass || kind == kindNamespace {
		return Object{Kind: kind, Name: name}
	}
	return Object{Kind: kind, Namespace: cmp.Or(namespace, assumedNamespace), Name: name}
}

// Add adds an object that Decode returned.
func (m *Manifests) Add(object metav1.Object) {
	switch object := object.(type) {
	case *gwapiv1.GatewayClass:
		m.GatewayClasses = append(m.GatewayClasses, object)
	case *gwapiv1.Gateway:
		m.Gateways = append(m.Gateways, object)
	case *gwapiv1.HTTPRoute:
		m.HTTPRoutes = append(m.HTTPRoutes, object)
	case *gwapiv1.GRPCRoute:
		m.GRPCRoutes = append(m.GRPCRoutes, object)
	case *gwapiv1.TCPRoute:
		m.TCPRoutes = append(m.TCPRoutes, object)
	case *gwapiv1.TLSRoute:
		m.TLSRoutes = append(m.TLSRoutes, object)
	case *gwapiv1.BackendTLSPolicy:
		m.BackendTLSPolicies = append(m.BackendTLSPolicies, object)
	case *gwapiv1b1.ReferenceGrant:
		m.ReferenceGrants = append(m.ReferenceGrants, object)
	case *egv1a1.HTTPRouteFilter:
		m.HTTPRouteFilters = append(m.HTTPRouteFilters, object)
	case *egv1a1.Backend:
		m.Backends = append(m.Backends, object)
	case *egv1a1.BackendTrafficPolicy:
		m.BackendTrafficPolicies = append(m.BackendTrafficPolicies, object)
	case *egv1a1.ClientTrafficPolicy:
		m.ClientTrafficPolicies = append(m.ClientTrafficPolicies, object)
	case *appsv1.Deployment:
		m.Deployments = append(m.Deployments, object)
	case *discoveryv1.EndpointSlice:
		m.EndpointSlices = append(m.EndpointSlices, object)
	case *corev1.Service:
		m.Services = append(m.Services, object)
	case *corev1.Namespace:
		m.Namespaces = append(m.Namespaces, object)
	}
}
