package envoygateway

import (
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"
)

func validateGateway(r release, spec *gwapiv1.GatewaySpec, path *field.Path) []Refusal {
	at := path.Child("listeners")
	var refusals []Refusal
	var valid []int
	for i := range spec.Listeners {
		found := validateListener(r, &spec.Listeners[i], at.Index(i))
		refusals = append(refusals, found...)
		if !slices.ContainsFunc(found, func(r Refusal) bool { return r.Consequence == NotProgrammed }) {
			valid = append(valid, i)
		}
	}
	return append(refusals, validateConflicts(spec.Listeners, valid, at)...)
}

// routeKinds has the kinds of routes that a listener of each protocol takes.
var routeKinds = map[gwapiv1.ProtocolType][]string{
	gwapiv1.HTTPProtocolType:  {"HTTPRoute", "GRPCRoute"},
	gwapiv1.HTTPSProtocolType: {"HTTPRoute", "GRPCRoute"},
	gwapiv1.TLSProtocolType:   {"TCPRoute", "TLSRoute"},
	gwapiv1.TCPProtocolType:   {"TCPRoute"},
	gwapiv1.UDPProtocolType:   {"UDPRoute"},
}

// protocols are those that a listener may have.
var protocols = []string{
	string(gwapiv1.HTTPProtocolType), string(gwapiv1.HTTPSProtocolType), string(gwapiv1.TLSProtocolType), string(gwapiv1.TCPProtocolType), string(gwapiv1.UDPProtocolType),
}

func validateListener(_ release, listener *gwapiv1.Listener, path *field.Path) []Refusal {
	kinds, supported := routeKinds[listener.Protocol]
	if !supported {
		return refusal(NotProgrammed, field.NotSupported(path.Child("protocol"), string(listener.Protocol), protocols))
	}
	refusals := validateAllowedRoutes(listener, kinds, path.Child("allowedRoutes"))
	return append(refusals, validateListenerTLS(listener, path.Child("tls"))...)
}

func validateAllowedRoutes(listener *gwapiv1.Listener, kinds []string, path *field.Path) []Refusal {
	if listener.AllowedRoutes == nil {
		return nil
	}
	var refusals []Refusal
	if namespaces := listener.AllowedRoutes.Namespaces; namespaces != nil && ptr.Deref(namespaces.From, "") == gwapiv1.NamespacesFromSelector {
		at := path.Child("namespaces", "selector")
		if namespaces.Selector == nil {
			refusals = append(refusals, Refusal{field.Required(at, "needed for from: Selector"), NotProgrammed})
		} else if _, err := metav1.LabelSelectorAsSelector(namespaces.Selector); err != nil {
			refusals = append(refusals, Refusal{field.Invalid(at, namespaces.Selector.String(), err.Error()), NotProgrammed})
		}
	}
	if listener.Protocol == gwapiv1.TLSProtocolType && listener.TLS != nil && ptr.Deref(listener.TLS.Mode, "") == gwapiv1.TLSModePassthrough {
		kinds = []string{"TLSRoute"}
	}
	return append(refusals, each(listener.AllowedRoutes.Kinds, path.Child("kinds"), func(kind gwapiv1.RouteGroupKind, path *field.Path) []Refusal {
		if group := string(ptr.Deref(kind.Group, gwapiv1.GroupName)); group != gwapiv1.GroupName {
			return refusal(NotProgrammed, field.NotSupported(path.Child("group"), group, []string{gwapiv1.GroupName}))
		}
		if !slices.Contains(kinds, string(kind.Kind)) {
			return refusal(NotProgrammed, field.NotSupported(path.Child("kind"), string(kind.Kind), kinds))
		}
		return nil
	})...)
}

func validateListenerTLS(listener *gwapiv1.Listener, path *field.Path) []Refusal {
	tls := listener.TLS
	encrypted := listener.Protocol == gwapiv1.HTTPSProtocolType || listener.Protocol == gwapiv1.TLSProtocolType
	switch {
	case !encrypted && tls != nil:
		return refusal(NotProgrammed, field.Forbidden(path, fmt.Sprintf("a listener of protocol %s has no tls: use HTTPS or TLS", listener.Protocol)))
	case !encrypted:
		return nil
	case tls == nil:
		return refusal(NotProgrammed, field.Required(path, fmt.Sprintf("a listener of protocol %s needs it, with certificateRefs", listener.Protocol)))
	case ptr.Deref(tls.Mode, gwapiv1.TLSModeTerminate) == gwapiv1.TLSModePassthrough:
		return validatePassthrough(listener, path)
	case len(tls.CertificateRefs) == 0:
		return refusal(NotProgrammed, field.Required(path.Child("certificateRefs"), "a Secret with a certificate is needed"))
	}
	return validateCertificateRefs(tls.CertificateRefs, path.Child("certificateRefs"))
}

func validatePassthrough(listener *gwapiv1.Listener, path *field.Path) []Refusal {
	switch {
	case listener.Protocol == gwapiv1.HTTPSProtocolType:
		return refusal(NotProgrammed, field.NotSupported(path.Child("mode"), string(gwapiv1.TLSModePassthrough), []string{string(gwapiv1.TLSModeTerminate)}))
	case len(listener.TLS.CertificateRefs) > 0:
		return refusal(NotProgrammed, field.Forbidden(path.Child("certificateRefs"), "mode Passthrough has none"))
	}
	return nil
}

// validateCertificateRefs refuses references that are no certificates; a listener is
// served as long as it has one.
func validateCertificateRefs(refs []gwapiv1.SecretObjectReference, path *field.Path) []Refusal {
	consequence := NotProgrammed
	if slices.ContainsFunc(refs, func(ref gwapiv1.SecretObjectReference) bool { return len(validateSecretRef(ref, "", nil)) == 0 }) {
		consequence = Dropped
	}
	return each(refs, path, func(ref gwapiv1.SecretObjectReference, path *field.Path) []Refusal {
		return validateSecretRef(ref, consequence, path)
	})
}

// validateSecretRef refuses a reference to anything but a Secret.
func validateSecretRef(ref gwapiv1.SecretObjectReference, consequence Consequence, path *field.Path) []Refusal {
	if group := string(ptr.Deref(ref.Group, "")); group != "" {
		return refusal(consequence, field.NotSupported(path.Child("group"), group, []string{""}))
	}
	if kind := string(ptr.Deref(ref.Kind, "Secret")); kind != "Secret" {
		return refusal(consequence, field.NotSupported(path.Child("kind"), kind, []string{"Secret"}))
	}
	return nil
}

// validateConflicts refuses listeners that can't be on one port together. Those
// that are refused for themselves are no others' obstacle.
func validateConflicts(listeners []gwapiv1.Listener, valid []int, path *field.Path) []Refusal {
	var refusals []Refusal
	for _, i := range valid {
		if other, conflict := conflictOf(listeners, valid, i); conflict != "" {
			refusals = append(refusals, Refusal{field.Invalid(path.Index(i), string(listeners[i].Name), fmt.Sprintf(
				"conflicts with listener %s, also on port %d: %s", listeners[other].Name, listeners[i].Port, conflict)), NotProgrammed})
		}
	}
	return refusals
}

func conflictOf(listeners []gwapiv1.Listener, valid []int, i int) (other int, conflict string) {
	listener := listeners[i]
	for _, j := range valid {
		other := listeners[j]
		switch {
		case i == j || listener.Port != other.Port || transport(listener) != transport(other):
		case family(listener) != family(other):
			return j, "all listeners of a port must have one protocol, or HTTPS and TLS"
		case layer4(listener):
			if j < i {
				return j, fmt.Sprintf("a port has one listener of protocol %s", listener.Protocol)
			}
		case ptr.Deref(listener.Hostname, "") == ptr.Deref(other.Hostname, ""):
			return j, "each needs a hostname of its own"
		}
	}
	return 0, ""
}

func layer4(listener gwapiv1.Listener) bool {
	return listener.Protocol == gwapiv1.TCPProtocolType || listener.Protocol == gwapiv1.UDPProtocolType
}

// transport is UDP or TCP.
func transport(listener gwapiv1.Listener) string {
	if listener.Protocol == gwapiv1.UDPProtocolType {
		return "UDP"
	}
	return "TCP"
}

// family is the protocol, with those as one that can be on one port.
func family(listener gwapiv1.Listener) string {
	if listener.Protocol == gwapiv1.HTTPSProtocolType {
		return strings.ToUpper(string(gwapiv1.TLSProtocolType))
	}
	return string(listener.Protocol)
}
