package envoygateway

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// gateway is a Gateway that Envoy Gateway is in charge of.
type gateway struct {
	// kind is another one where an object that is not read stands for a Gateway.
	kind   string
	object *gwapiv1.Gateway
	// listeners are empty for a Gateway that is not among the manifests.
	listeners []*listener
}

func (g *gateway) id() Object { return objectOf(g.kind, g.object) }

// listener is one listener of a gateway.
type listener struct {
	source   Source
	gateway  *gateway
	name     string
	spec     gwapiv1.Listener
	kinds    []gwapiv1.Kind
	selector labels.Selector
	refused  *Cause
	// taken tells that a TCPRoute or TLSRoute is served: there is room for one
	// TCPRoute only.
	taken bool
}

func (l *listener) refuse(reason Reason, path, format string, values ...any) {
	if l.refused == nil {
		l.refused = &Cause{
			Source: Source{Object: l.source.Object, Path: l.source.Path + path},
			Reason: reason, Message: fmt.Sprintf(format, values...),
		}
	}
}

// translateGateways finds the Gateways of Envoy Gateway's own classes, and
// which of their listeners take traffic (internal/gatewayapi/listener.go).
func (t *translator) translateGateways() {
	for _, object := range byAge(t.manifests.Gateways) {
		if !t.isOurs(object) {
			t.others[objectOf(kindGateway, object)] = object.Spec.GatewayClassName
			continue
		}
		g := &gateway{kind: kindGateway, object: object}
		for i, spec := range object.Spec.Listeners {
			l := &listener{
				source:  Source{Object: g.id(), Path: at("spec.listeners", i)},
				gateway: g, name: string(spec.Name), spec: spec,
			}
			t.validateListener(l)
			g.listeners = append(g.listeners, l)
		}
		refuseConflicts(g.listeners)
		t.gateways = append(t.gateways, g)
		t.ours[g.id()] = g
	}
}

// isOurs tells whether a Gateway's class is one of Envoy Gateway's. A class that is
// not among the manifests is taken for one.
func (t *translator) isOurs(object *gwapiv1.Gateway) bool {
	name := string(object.Spec.GatewayClassName)
	class, found := t.classes[types.NamespacedName{Name: name}]
	if !found {
		t.lacks(Source{Object: objectOf(kindGateway, object), Path: "spec.gatewayClassName"}, Object{Kind: kindGatewayClass, Name: name})
		return true
	}
	return class.Spec.ControllerName == ControllerName
}

// validateListener refuses what doesn't go together within one listener
// (validateListenerSpec in internal/gatewayapi/listener.go and validate.go).
func (t *translator) validateListener(l *listener) {
	l.selector = l.namespaceSelector()
	l.validateKinds()
	t.validateTLS(l)
	if l.spec.Hostname != nil && (l.spec.Protocol == gwapiv1.TCPProtocolType || l.spec.Protocol == gwapiv1.UDPProtocolType) {
		l.refuse("Invalid", ".hostname", "a listener of protocol %s must not have a hostname", l.spec.Protocol)
	}
}

func (l *listener) namespaceSelector() labels.Selector {
	routes := l.spec.AllowedRoutes
	if routes == nil || routes.Namespaces == nil || ptr.Deref(routes.Namespaces.From, "") != gwapiv1.NamespacesFromSelector {
		return nil
	}
	if routes.Namespaces.Selector == nil {
		l.refuse("Invalid", ".allowedRoutes.namespaces.selector", "from is Selector, and there is none")
		return nil
	}
	selector, err := metav1.LabelSelectorAsSelector(routes.Namespaces.Selector)
	if err != nil {
		l.refuse("Invalid", ".allowedRoutes.namespaces.selector", "%v", err)
	}
	return selector
}

// validateKinds finds the kinds of route that a listener takes.
func (l *listener) validateKinds() {
	supported := kindsOf(l.spec)
	if supported == nil && l.spec.Protocol != gwapiv1.UDPProtocolType {
		l.refuse("UnsupportedProtocol", ".protocol", "protocol %s is not supported", l.spec.Protocol)
	}
	if l.spec.AllowedRoutes == nil || len(l.spec.AllowedRoutes.Kinds) == 0 {
		l.kinds = supported
		return
	}
	for i, allowed := range l.spec.AllowedRoutes.Kinds {
		path := at(".allowedRoutes.kinds", i)
		switch {
		case string(ptr.Deref(allowed.Group, gwapiv1.GroupName)) != gwapiv1.GroupName:
			l.refuse("InvalidRouteKinds", path+".group", "group %s is not supported", *allowed.Group)
		case !slices.Contains(supported, allowed.Kind):
			l.refuse("InvalidRouteKinds", path+".kind", "%s is not supported by a listener of protocol %s", allowed.Kind, l.spec.Protocol)
		default:
			l.kinds = append(l.kinds, allowed.Kind)
		}
	}
}

// kindsOf returns the kinds of route that the protocol of a listener can serve.
func kindsOf(spec gwapiv1.Listener) []gwapiv1.Kind {
	switch spec.Protocol {
	case gwapiv1.HTTPProtocolType, gwapiv1.HTTPSProtocolType:
		return []gwapiv1.Kind{kindHTTPRoute, kindGRPCRoute}
	case gwapiv1.TLSProtocolType:
		if spec.TLS != nil && ptr.Deref(spec.TLS.Mode, "") == gwapiv1.TLSModePassthrough {
			return []gwapiv1.Kind{kindTLSRoute}
		}
		return []gwapiv1.Kind{kindTCPRoute, kindTLSRoute}
	case gwapiv1.TCPProtocolType:
		return []gwapiv1.Kind{kindTCPRoute}
	default:
		return nil
	}
}

func (t *translator) validateTLS(l *listener) {
	switch l.spec.Protocol {
	case gwapiv1.HTTPProtocolType, gwapiv1.TCPProtocolType, gwapiv1.UDPProtocolType:
		if l.spec.TLS != nil {
			l.refuse("Invalid", ".tls", "a listener of protocol %s must not have tls", l.spec.Protocol)
		}
		return
	}
	if l.spec.TLS == nil {
		l.refuse("Invalid", ".tls", "a listener of protocol %s must have tls", l.spec.Protocol)
		return
	}
	mode, terminates := ptr.Deref(l.spec.TLS.Mode, ""), l.terminates()
	switch {
	case l.spec.Protocol == gwapiv1.HTTPSProtocolType && !terminates:
		l.refuse("UnsupportedTLSMode", ".tls.mode", "a listener of protocol HTTPS must terminate TLS")
	case terminates && len(l.spec.TLS.CertificateRefs) == 0:
		l.refuse("Invalid", ".tls.certificateRefs", "a listener that terminates TLS needs a certificate")
	case mode == gwapiv1.TLSModePassthrough && len(l.spec.TLS.CertificateRefs) > 0:
		l.refuse("Invalid", ".tls.certificateRefs", "a listener that passes TLS through has no certificate")
	case terminates:
		t.validateCertificates(l)
	}
}

// terminates tells that TLS ends at the listener.
func (l *listener) terminates() bool {
	if l.spec.TLS == nil {
		return false
	}
	mode := ptr.Deref(l.spec.TLS.Mode, "")
	return mode == gwapiv1.TLSModeTerminate || mode == "" && l.spec.Protocol == gwapiv1.HTTPSProtocolType
}

// validateCertificates refuses a listener without any certificate that it may use.
// That a Secret exists and holds a certificate is taken for granted.
func (t *translator) validateCertificates(l *listener) {
	var refused *Cause
	for i, reference := range l.spec.TLS.CertificateRefs {
		path := at(".tls.certificateRefs", i)
		from := Source{Object: l.source.Object, Path: l.source.Path + path}
		secret := Object{Kind: kindSecret, Namespace: string(ptr.Deref(reference.Namespace, gwapiv1.Namespace(l.gateway.object.Namespace))), Name: string(reference.Name)}
		if string(ptr.Deref(reference.Group, "")) != "" || string(ptr.Deref(reference.Kind, kindSecret)) != kindSecret {
			refused = &Cause{Source: from, Reason: "InvalidCertificateRef", Message: "a certificate is a Secret"}
			continue
		}
		if !t.isPermitted(gwapiv1.GroupName, kindGateway, l.gateway.object.Namespace, "", secret) {
			refused = &Cause{Source: from, Reason: ReasonRefNotPermitted, Message: fmt.Sprintf("no ReferenceGrant in namespace %s permits %s to a Gateway of namespace %s", secret.Namespace, secret, l.gateway.object.Namespace)}
			continue
		}
		t.lacks(from, secret)
		return
	}
	l.refused = cmpOr(l.refused, refused)
}

// cmpOr returns the first of two causes that is one.
func cmpOr(first, second *Cause) *Cause {
	if first != nil {
		return first
	}
	return second
}

// refuseConflicts refuses listeners of one Gateway that cannot share a port
// (validateConflicted... in internal/gatewayapi/validate.go).
func refuseConflicts(listeners []*listener) {
	type port struct {
		protocols map[string]bool
		hostnames map[string]int
		tcp       int
	}
	ports := map[gwapiv1.PortNumber]*port{}
	var valid []*listener
	for _, l := range listeners {
		if l.refused == nil {
			valid = append(valid, l)
		}
	}
	for _, l := range valid {
		p := ports[l.spec.Port]
		if p == nil {
			p = &port{protocols: map[string]bool{}, hostnames: map[string]int{}}
			ports[l.spec.Port] = p
		}
		if l.spec.Protocol != gwapiv1.UDPProtocolType {
			p.protocols[portProtocol(l)] = true
		}
		if isHTTPOrTLS(l) {
			p.hostnames[string(ptr.Deref(l.spec.Hostname, ""))]++
		}
	}
	for _, l := range valid {
		p := ports[l.spec.Port]
		hostname := string(ptr.Deref(l.spec.Hostname, ""))
		if l.spec.Protocol == gwapiv1.TCPProtocolType {
			if p.tcp++; p.tcp > 1 {
				l.refuse("ProtocolConflict", ".port", "another TCP listener has port %d", l.spec.Port)
			}
		}
		switch {
		case len(p.protocols) > 1 && l.spec.Protocol != gwapiv1.UDPProtocolType:
			l.refuse("ProtocolConflict", ".protocol", "listeners of port %d have protocols that do not go together", l.spec.Port)
		case isHTTPOrTLS(l) && p.hostnames[hostname] > 1:
			l.refuse("HostnameConflict", ".hostname", "another listener of port %d has hostname %q", l.spec.Port, hostname)
		}
	}
}

func isHTTPOrTLS(l *listener) bool {
	return l.spec.Protocol != gwapiv1.TCPProtocolType && l.spec.Protocol != gwapiv1.UDPProtocolType
}

// portProtocol is the same for protocols that can share a port.
func portProtocol(l *listener) string {
	if l.spec.Protocol == gwapiv1.HTTPSProtocolType || l.spec.Protocol == gwapiv1.TLSProtocolType {
		return "HTTPS, TLS"
	}
	return string(l.spec.Protocol)
}

// allowsNamespace tells whether a listener takes routes of a namespace. One that
// is not among the manifests has no labels but its name.
func (t *translator) allowsNamespace(l *listener, namespace string) bool {
	from := gwapiv1.NamespacesFromSame
	if l.spec.AllowedRoutes != nil && l.spec.AllowedRoutes.Namespaces != nil {
		from = ptr.Deref(l.spec.AllowedRoutes.Namespaces.From, from)
	}
	switch from {
	case gwapiv1.NamespacesFromAll:
		return true
	case gwapiv1.NamespacesFromSelector:
		return l.selector != nil && l.selector.Matches(t.namespaceLabels(namespace, l.source))
	default:
		return namespace == l.gateway.object.Namespace
	}
}

// namespaceLabels are those of a Namespace among the manifests, and the one that
// the API server gives to each.
func (t *translator) namespaceLabels(name string, from Source) labels.Set {
	set := labels.Set{corev1.LabelMetadataName: name}
	namespace, found := t.namespaces[types.NamespacedName{Name: name}]
	if !found {
		t.lacks(from, Object{Kind: kindNamespace, Name: name})
		return set
	}
	return labels.Merge(namespace.Labels, set)
}

// hostnames returns those that a route and a listener both serve, except those of
// other listeners of the port (computeHosts in internal/gatewayapi/helpers.go). A
// listener that is not known serves what the route asks for.
func hostnames(asked []gwapiv1.Hostname, l *listener) []string {
	own := string(ptr.Deref(l.spec.Hostname, ""))
	if len(asked) == 0 {
		if own == "" {
			return []string{"*"}
		}
		return []string{own}
	}
	var both []string
	for _, hostname := range asked {
		if common := commonHostname(string(hostname), own); common != "" {
			both = append(both, common)
		}
	}
	for _, other := range l.gateway.listeners {
		if other != l && other.spec.Port == l.spec.Port && other.spec.Hostname != nil {
			both = slices.DeleteFunc(both, func(hostname string) bool { return hostname == string(*other.spec.Hostname) })
		}
	}
	slices.Sort(both)
	return slices.Compact(both)
}

// commonHostname returns the narrower of two hostnames, either of which may begin
// with a wildcard, or nothing where they don't meet.
func commonHostname(route, listener string) string {
	switch {
	case listener == "" || listener == route:
		return route
	case strings.HasPrefix(listener, "*") && wildcardHas(listener, route):
		return route
	case strings.HasPrefix(route, "*") && wildcardHas(route, listener):
		return listener
	default:
		return ""
	}
}

// wildcardHas tells whether *.example.com has www.example.com or *.www.example.com.
func wildcardHas(wildcard, hostname string) bool {
	rest, found := strings.CutSuffix(strings.TrimPrefix(hostname, "*"), strings.TrimPrefix(wildcard, "*"))
	if strings.HasPrefix(hostname, "*") {
		return found && strings.HasPrefix(rest, ".")
	}
	return found && rest != ""
}
