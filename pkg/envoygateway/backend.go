package envoygateway

import (
	"fmt"
	"net/netip"
	"strings"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/utils/ptr"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// Protocols that Envoy speaks to a backend.
const (
	protocolHTTP  = "HTTP"
	protocolHTTP2 = "HTTP2"
	protocolGRPC  = "GRPC"
	protocolTCP   = "TCP"
)

// setting is what a backendRef resolves to, with what decides whether it can share
// a cluster with others (DestinationSetting in internal/ir/xds.go).
type setting struct {
	Backend
	// addressTypes of the hosts; a Service that is routed to by its ClusterIP has
	// none.
	addressTypes map[AddressType]bool
	hasFilters   bool
	forceHTTP1   bool
	// preferLocal is the field of the Service that asks for its own zone.
	preferLocal *Source
}

// isEmpty tells that nothing is behind a setting: its share is answered with 503.
func (s *setting) isEmpty() bool { return len(s.Hosts) == 0 && !s.Dynamic }

func (s *setting) fail(path string, reason Reason, format string, values ...any) {
	s.failAt(Source{Object: s.Object, Path: s.Path + path}, reason, format, values...)
}

func (s *setting) failAt(source Source, reason Reason, format string, values ...any) {
	s.Invalid = &Cause{Source: source, Reason: reason, Message: fmt.Sprintf(format, values...)}
	s.Hosts, s.Dynamic, s.addressTypes, s.hasFilters = nil, false, nil, false
}

// resolve finds what a backendRef refers to (validateBackendRef in
// internal/gatewayapi/validate.go and processDestination in route.go).
func (t *translator) resolve(r *route, reference backendRef, g *gateway, policy PolicyInEffect) *setting {
	kind := string(ptr.Deref(reference.Kind, kindService))
	s := &setting{Backend: Backend{
		Source: reference.source,
		Ref: Object{
			Kind:      kind,
			Namespace: string(ptr.Deref(reference.Namespace, gwapiv1.Namespace(r.id.Namespace))),
			Name:      string(reference.Name),
		},
		Port:     reference.Port,
		Weight:   uint32(ptr.Deref(reference.Weight, 1)),
		Protocol: map[string]string{kindHTTPRoute: protocolHTTP, kindGRPCRoute: protocolGRPC}[r.id.Kind],
	}}
	if s.Protocol == "" {
		s.Protocol = protocolTCP
	}
	t.validateBackendFilters(s, reference)
	if s.Invalid != nil {
		return s
	}
	group := string(ptr.Deref(reference.Group, ""))
	if group != "" && group != egv1a1.GroupName && group != groupMultiCluster {
		s.fail(".group", ReasonInvalidKind, "group %s is not supported", group)
		return s
	}
	isUnread := unread[schema.GroupKind{Group: group, Kind: kind}]
	if kind != kindService && kind != kindBackend && !isUnread {
		s.fail(".kind", ReasonInvalidKind, "a backendRef to %s is not supported here", WithArticle(kind))
		return s
	}
	if !t.isPermitted(gwapiv1.GroupName, r.id.Kind, r.id.Namespace, group, s.Ref) {
		s.fail("", ReasonRefNotPermitted, "no ReferenceGrant in namespace %s permits %s to %s of namespace %s", s.Ref.Namespace, s.Ref, WithArticle(r.id.Kind), r.id.Namespace)
		return s
	}
	switch {
	case isUnread:
		s.fail("", ReasonNotRead, "%s is not read", s.Ref)
	case kind == kindBackend:
		t.resolveBackend(r, s)
	default:
		t.resolveService(s, t.isServiceRouted(policy))
	}
	if s.Invalid == nil && s.Weight != 0 {
		t.resolveBackendFilters(r, s, reference, g)
	}
	return s
}

const groupMultiCluster = "multicluster.x-k8s.io"

// resolveBackend takes the endpoints of a Backend.
func (t *translator) resolveBackend(r *route, s *setting) {
	backend, found := t.backends[s.Ref.key()]
	if !found {
		t.lacks(s.Source, s.Ref)
		s.fail("", ReasonBackendNotFound, "%s is not there", s.Ref)
		return
	}
	s.TLS = t.tlsOf(s, backend)
	if cause := t.validateBackend(s.Ref, backend); cause != nil {
		s.failAt(cause.Source, cause.Reason, "%s", cause.Message)
		return
	}
	for i, endpoint := range backend.Spec.Endpoints {
		if endpoint.Unix != nil {
			s.failAt(Source{Object: s.Ref, Path: at("spec.endpoints", i) + ".unix"}, ReasonUnsupportedAddressType, "a route can't refer to a Backend with a Unix domain socket")
			return
		}
	}
	for _, protocol := range backend.Spec.AppProtocols {
		t.speak(r, s, string(protocol))
	}
	s.Fallback = ptr.Deref(backend.Spec.Fallback, false)
	if ptr.Deref(backend.Spec.Type, egv1a1.BackendTypeEndpoints) == egv1a1.BackendTypeDynamicResolver {
		s.Dynamic, s.Fallback = true, false
		return
	}
	s.addressTypes = map[AddressType]bool{}
	for i, endpoint := range backend.Spec.Endpoints {
		host := Host{Source: Source{Object: s.Ref, Path: at("spec.endpoints", i)}, Hostname: ptr.Deref(endpoint.Hostname, ""), Count: ptr.To[int32](1)}
		switch {
		case endpoint.IP != nil:
			host.Type, host.Address, host.Port = AddressTypeIP, endpoint.IP.Address, uint32(endpoint.IP.Port)
		case endpoint.FQDN != nil:
			host.Type, host.Address, host.Port = AddressTypeFQDN, endpoint.FQDN.Hostname, uint32(endpoint.FQDN.Port)
			t.findService(&host)
		}
		s.addressTypes[host.Type] = true
		s.Hosts = append(s.Hosts, host)
	}
	if len(s.addressTypes) > 1 && s.addressTypes[AddressTypeFQDN] && s.Weight != 0 {
		s.failAt(Source{Object: s.Ref, Path: "spec.endpoints"}, ReasonUnsupportedAddressType, "%s has hostnames together with IP addresses", s.Ref)
	}
}

// speak takes the protocol that a backend asks for (resolveBackendProtocol in
// internal/gatewayapi/route.go).
func (t *translator) speak(r *route, s *setting, appProtocol string) {
	webSocket := false
	switch appProtocol {
	case "kubernetes.io/ws", "kubernetes.io/wss", string(egv1a1.AppProtocolTypeWS), string(egv1a1.AppProtocolTypeWSS):
		webSocket = true
	}
	if !t.atLeast("1.9.0") {
		// Before 1.9 the protocol of the route made no difference.
		switch {
		case webSocket:
			s.Protocol = protocolHTTP
		case appProtocol == "kubernetes.io/h2c" || appProtocol == string(egv1a1.AppProtocolTypeH2C):
			s.Protocol = protocolHTTP2
		case appProtocol == "grpc":
			s.Protocol = protocolGRPC
		}
		s.forceHTTP1 = s.forceHTTP1 || webSocket
		return
	}
	if s.Protocol == protocolHTTP {
		switch appProtocol {
		case "kubernetes.io/h2c", string(egv1a1.AppProtocolTypeH2C):
			s.Protocol = protocolHTTP2
		case "grpc":
			s.Protocol = protocolGRPC
		}
	}
	s.forceHTTP1 = s.forceHTTP1 || webSocket && r.isHTTP()
}

// validateBackend refuses what Envoy Gateway refuses in a Backend that a route
// refers to (internal/gatewayapi/backend.go).
func (t *translator) validateBackend(id Object, backend *egv1a1.Backend) *Cause {
	cause := func(path string, reason Reason, format string, values ...any) *Cause {
		return &Cause{Source: Source{Object: id, Path: path}, Reason: reason, Message: fmt.Sprintf(format, values...)}
	}
	if ptr.Deref(backend.Spec.Type, "") == egv1a1.BackendTypeDynamicResolver && len(backend.Spec.Endpoints) > 0 {
		return cause("spec.endpoints", ReasonInvalidBackendRef, "a DynamicResolver has no endpoints")
	}
	if backend.Spec.TLS != nil && !t.hasCertificates(backend) {
		return cause("spec.tls", ReasonInvalidBackendRef, "neither caCertificateRefs nor wellKnownCACertificates, and insecureSkipVerify is not true")
	}
	if tls := backend.Spec.TLS; tls != nil && tls.BackendTLSConfig != nil && tls.ClientCertificateRef != nil &&
		string(ptr.Deref(tls.ClientCertificateRef.Namespace, gwapiv1.Namespace(backend.Namespace))) != backend.Namespace {
		return cause("spec.tls.clientCertificateRef.namespace", ReasonInvalidBackendRef, "the Secret must be in the namespace of the Backend")
	}
	for i, endpoint := range backend.Spec.Endpoints {
		path := at("spec.endpoints", i)
		if endpoint.Hostname != nil {
			if message := t.validateHostname(*endpoint.Hostname); message != "" {
				return cause(path+".hostname", ReasonInvalidAddress, "%s", message)
			}
		}
		switch {
		case endpoint.FQDN != nil:
			if message := t.validateHostname(endpoint.FQDN.Hostname); message != "" {
				return cause(path+".fqdn.hostname", ReasonInvalidAddress, "%s", message)
			}
		case endpoint.IP != nil:
			address, err := netip.ParseAddr(endpoint.IP.Address)
			if err != nil {
				return cause(path+".ip.address", ReasonInvalidAddress, "%s is not an IP address", endpoint.IP.Address)
			}
			if address.IsLoopback() {
				return cause(path+".ip.address", ReasonInvalidAddress, "%s is a loopback address", endpoint.IP.Address)
			}
		}
	}
	return nil
}

// validateHostname returns what is wrong with the hostname of an endpoint.
func (t *translator) validateHostname(hostname string) string {
	return faultOf(hostname, t.atLeast("1.9.0"))
}

// faultOf returns what is wrong with a hostname, which may be allowed to end with a dot.
func faultOf(hostname string, mayEndWithDot bool) string {
	name := hostname
	if mayEndWithDot {
		name = strings.TrimSuffix(hostname, ".")
	}
	switch _, err := netip.ParseAddr(hostname); {
	case len(validation.IsDNS1123Subdomain(name)) > 0:
		return fmt.Sprintf("%q is not a hostname", hostname)
	case !strings.Contains(hostname, "."):
		return fmt.Sprintf("%q has no dot", hostname)
	case err == nil:
		return fmt.Sprintf("%q is an IP address", hostname)
	}
	return ""
}

// resolveService takes the pods of a Service, or its ClusterIP.
func (t *translator) resolveService(s *setting, byClusterIP bool) {
	if s.Port == nil {
		s.fail(".port", ReasonPortNotSpecified, "a backendRef to a Service needs a port")
		return
	}
	service, found := t.services[s.Ref.key()]
	if !found {
		t.lacks(s.Source, s.Ref)
		s.fail("", ReasonBackendNotFound, "%s is not there", s.Ref)
		return
	}
	if service.Spec.Type == corev1.ServiceTypeExternalName {
		s.fail("", ReasonUnsupportedValue, "%s is of type ExternalName", s.Ref)
		return
	}
	port := portOf(service, *s.Port)
	if port == nil {
		s.fail(".port", ReasonPortNotFound, "%s has no TCP port %d", s.Ref, *s.Port)
		return
	}
	s.TLS = t.tlsOf(s, nil)
	if port.AppProtocol != nil {
		t.speak(&route{id: s.Object}, s, *port.AppProtocol)
	}
	s.preferLocal = preferLocal(s.Ref, service)
	if s.Weight == 0 {
		return
	}
	if byClusterIP && service.Spec.ClusterIP != corev1.ClusterIPNone {
		host := Host{Source: Source{Object: s.Ref, Path: "spec.clusterIP"}, Type: AddressTypeIP, Address: service.Spec.ClusterIP, Port: uint32(*s.Port), Service: &s.Ref, Count: ptr.To[int32](1)}
		host.Pods, host.PodsFrom = t.podsOf(service)
		s.Hosts = []Host{host}
		return
	}
	s.Hosts, s.addressTypes = t.hostsOf(s.Ref, service, port)
	switch {
	case len(s.addressTypes) > 1:
		s.fail("", ReasonUnsupportedAddressType, "%s has endpoints of type FQDN together with others", s.Ref)
	case len(s.Hosts) == 0:
		s.fail("", ReasonEndpointsNotFound, "%s has no endpoints", s.Ref)
	}
}

// portOf returns the TCP port of a Service with a number, or nil.
func portOf(service *corev1.Service, number int32) *corev1.ServicePort {
	for i, port := range service.Spec.Ports {
		if port.Port == number && (port.Protocol == "" || port.Protocol == corev1.ProtocolTCP) {
			return &service.Spec.Ports[i]
		}
	}
	return nil
}

// preferLocal returns the field by which a Service prefers endpoints of its own zone
// (processPreferLocalZone in internal/gatewayapi/route.go).
func preferLocal(id Object, service *corev1.Service) *Source {
	if service.Spec.TrafficDistribution != nil {
		return &Source{Object: id, Path: "spec.trafficDistribution"}
	}
	if mode := service.Annotations[corev1.AnnotationTopologyMode]; mode == "Auto" || mode == "auto" {
		return &Source{Object: id, Path: "metadata.annotations[" + corev1.AnnotationTopologyMode + "]"}
	}
	return nil
}

// isServiceRouted tells whether Envoy sends the traffic of a Service to its
// ClusterIP instead of to its pods.
func (t *translator) isServiceRouted(policy PolicyInEffect) bool {
	if t.options.ServiceRouting || policy.Spec == nil || policy.Spec.RoutingType == nil {
		return t.options.ServiceRouting
	}
	return *policy.Spec.RoutingType == egv1a1.ServiceRoutingType
}
