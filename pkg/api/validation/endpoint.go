package validation

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	"github.com/failover-krm/failover/pkg/apiserver/builtin"
	"github.com/failover-krm/failover/pkg/target"
)

func isIP(text string) bool {
	_, err := netip.ParseAddr(text)
	return err == nil
}

func validateEndpoints(endpoints []egv1a1.BackendEndpoint, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i, endpoint := range endpoints {
		errs = append(errs, validateEndpoint(endpoint, path.Index(i))...)
	}
	if len(errs) == 0 && addressTypeOf(endpoints) == "" {
		errs = append(errs, field.Invalid(path, "fqdn and ip", "must be all fqdn or all ip: Envoy Gateway refuses a mix"))
	}
	return errs
}

func validateEndpoint(endpoint egv1a1.BackendEndpoint, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	switch {
	case endpoint.FQDN != nil && endpoint.IP != nil:
		return field.ErrorList{field.Invalid(path, "fqdn and ip", "must have one of fqdn and ip")}
	case endpoint.FQDN != nil:
		errs = validateDNSName(endpoint.FQDN.Hostname, path.Child("fqdn", "hostname"))
		errs = append(errs, builtin.ValidatePort(endpoint.FQDN.Port, path.Child("fqdn", "port"))...)
	case endpoint.IP != nil:
		errs = validateIP(endpoint.IP.Address, path.Child("ip", "address"))
		errs = append(errs, builtin.ValidatePort(endpoint.IP.Port, path.Child("ip", "port"))...)
	default:
		return field.ErrorList{field.Required(path, "must have one of fqdn and ip")}
	}
	if endpoint.Hostname != nil {
		errs = append(errs, validateDNSName(*endpoint.Hostname, path.Child("hostname"))...)
	}
	return errs
}

// validateDNSName asks for what Envoy Gateway accepts of a Backend, which is less
// than its CRD does.
func validateDNSName(name string, path *field.Path) field.ErrorList {
	switch {
	case isIP(name):
		return field.ErrorList{field.Invalid(path, name, "must be a DNS name; for an IP address use ip: {address, port}")}
	case strings.HasSuffix(name, "."):
		return field.ErrorList{field.Invalid(path, name, "must not end with a dot")}
	case name != "" && !strings.Contains(name, "."):
		return field.ErrorList{field.Invalid(path, name, "must have at least two labels, as Envoy Gateway asks; a Service is given as service: {name, port}")}
	}
	return validateName(name, validation.IsDNS1123Subdomain, path)
}

func validateIP(address string, path *field.Path) field.ErrorList {
	ip, err := netip.ParseAddr(address)
	switch {
	case err != nil || ip.Zone() != "":
		return field.ErrorList{field.Invalid(path, address, "must be an IPv4 or IPv6 address; for a DNS name use fqdn: {hostname, port}")}
	case ip.IsLoopback():
		return field.ErrorList{field.Invalid(path, address, "must not be a loopback address: Envoy Gateway refuses it, since it is the gateway's own pod")}
	case ip.IsUnspecified() || ip.IsMulticast():
		return field.ErrorList{field.Invalid(path, address, "must be the address of one host")}
	}
	return nil
}

func validateTLS(fs *v1alpha1.FailoverSpec, backend v1alpha1.Backend, path *field.Path) field.ErrorList {
	tls := backend.TLS
	if tls == nil {
		return nil
	}
	errs := validateTrust(tls, path)
	if tls.SNI != nil && v1alpha1.HasAutoSNI(tls) {
		errs = append(errs, field.Forbidden(path.Child("autoSNIFromEndpointHostname"), "must not be given together with sni: remove one of them"))
	}
	if endpoints := fs.BackendEndpoints(backend); v1alpha1.HasAutoSNI(tls) && slices.Contains(v1alpha1.Hostnames(endpoints), "") {
		errs = append(errs, field.Invalid(path.Child("autoSNIFromEndpointHostname"), true, "the endpoints have no hostname to verify: give each IP endpoint a hostname"))
	}
	if v1alpha1.NeedsServerName(tls) && fs.Spec.Target.Has(target.BackendTLS) {
		errs = append(errs, serverNameError(fs, backend, path.Child("sni")))
	}
	return errs
}

// validateTrust wants one answer to the question whose certificates are good.
func validateTrust(tls *egv1a1.BackendTLSSettings, path *field.Path) field.ErrorList {
	skipsVerify := ptr.Deref(tls.InsecureSkipVerify, false)
	authorities := len(tls.CACertificateRefs) > 0 || tls.WellKnownCACertificates != nil
	var errs field.ErrorList
	if !skipsVerify && !authorities {
		errs = append(errs, field.Required(path, "must say which certificate authorities to trust: write wellKnownCACertificates: System, caCertificateRefs, or insecureSkipVerify: true"))
	}
	if skipsVerify && authorities {
		errs = append(errs, field.Forbidden(path.Child("insecureSkipVerify"), "it turns all verification off: remove it, or remove caCertificateRefs and wellKnownCACertificates"))
	}
	if len(tls.CACertificateRefs) > 0 && tls.WellKnownCACertificates != nil {
		errs = append(errs, field.Forbidden(path.Child("caCertificateRefs"), "must not be given together with wellKnownCACertificates: remove one of them"))
	}
	return errs
}

// serverNameError says why no name could be found for the certificate to carry.
func serverNameError(fs *v1alpha1.FailoverSpec, backend v1alpha1.Backend, path *field.Path) *field.Error {
	const unverified = "without it Envoy Gateway verifies no name, or the name that the client asked for"
	if !fs.Spec.Target.Has(target.SNI) {
		return field.Forbidden(path, target.Missing("unknown field", fs.Spec.Target.EnvoyGateway(), "1."+target.SNI.Minor)+"; "+unverified+": choose a newer target, or insecureSkipVerify: true")
	}
	names := v1alpha1.Hostnames(fs.BackendEndpoints(backend))
	if len(names) == 1 || slices.Contains(names, "") {
		return field.Required(path, "the endpoints have no hostname to take it from; "+unverified)
	}
	return field.Required(path, fmt.Sprintf("the endpoints have several hostnames (%s) and one name is sent to all: write the name that every certificate has; %s",
		strings.Join(names, ", "), unverified))
}

// validateBackendsTogether finds what would keep Envoy Gateway from putting all
// backends into one cluster, since Envoy fails over only there.
func validateBackendsTogether(fs *v1alpha1.FailoverSpec) field.ErrorList {
	backends := fs.AllBackends()
	var errs field.ErrorList
	if len(backends) > v1alpha1.MaxBackends {
		errs = append(errs, field.Invalid(field.NewPath("spec", "passive", "backends"), len(fs.Spec.Passive.Backends), fmt.Sprintf(
			"with those of spec.active there are %d, and a rule of Gateway API has at most %d backends", len(backends), v1alpha1.MaxBackends)))
	}
	for i, backend := range backends[1:] {
		errs = append(errs, validateInOneCluster(fs, backends[0], backend)...)
		errs = append(errs, validateDistinct(fs, backends[:i+1], backend)...)
	}
	return errs
}

// validateInOneCluster holds a backend against the first one of all.
func validateInOneCluster(fs *v1alpha1.FailoverSpec, first, backend v1alpha1.TierBackend) field.ErrorList {
	path, kind := field.NewPath(backend.Path()), fs.Spec.RouteKind()
	var errs field.ErrorList
	wanted, given := addressTypeOf(fs.BackendEndpoints(*first.Backend)), addressTypeOf(fs.BackendEndpoints(*backend.Backend))
	if wanted != "" && given != "" && wanted != given {
		consequence := "splits a mix into two clusters that share the traffic and never fail over"
		if !kind.HasRequests() {
			consequence = "gives the cluster the type of its first address, which does not fit the others"
		}
		errs = append(errs, field.Invalid(path, string(given), fmt.Sprintf(
			"must be reached as %s is, by %s: Envoy Gateway %s", first.Path(), wanted, consequence)))
	}
	h2c := speaks(*first.Backend, egv1a1.AppProtocolTypeH2C)
	switch {
	case kind != v1alpha1.RouteKindHTTP: // validateRoute knows what goes with it
	case speaks(*backend.Backend, egv1a1.AppProtocolTypeH2C) != h2c:
		errs = append(errs, field.Invalid(path.Child("appProtocols"), protocols(*backend.Backend), fmt.Sprintf(
			"must agree with %s.appProtocols (%s) on %s: Envoy speaks HTTP/2 to both tiers or to none", first.Path(), protocols(*first.Backend), egv1a1.AppProtocolTypeH2C)))
	case h2c && (speaksWebSocket(*first.Backend) || speaksWebSocket(*backend.Backend)):
		errs = append(errs, field.Invalid(path.Child("appProtocols"), protocols(*backend.Backend), fmt.Sprintf(
			"%s together with a WebSocket protocol: Envoy Gateway splits the tiers into two clusters that never fail over", egv1a1.AppProtocolTypeH2C)))
	}
	if v1alpha1.HasAutoSNI(first.TLS) != v1alpha1.HasAutoSNI(backend.TLS) {
		errs = append(errs, field.Invalid(path.Child("tls", "autoSNIFromEndpointHostname"), v1alpha1.HasAutoSNI(backend.TLS),
			"must be the same on both tiers: Envoy Gateway otherwise splits them into two clusters that never fail over; set sni instead"))
	}
	return errs
}

// validateDistinct finds the first of the backends before one that it has a name or an
// address in common with.
func validateDistinct(fs *v1alpha1.FailoverSpec, before []v1alpha1.TierBackend, backend v1alpha1.TierBackend) field.ErrorList {
	path := field.NewPath(backend.Path())
	for _, other := range before {
		if other.Name == backend.Name {
			return field.ErrorList{field.Invalid(path.Child("name"), backend.Name, fmt.Sprintf("must differ from %s.name: each names a Backend", other.Path()))}
		}
		shared := sharedAddresses(fs.BackendEndpoints(*other.Backend), fs.BackendEndpoints(*backend.Backend))
		switch {
		case len(shared) == 0:
		case other.Tier == backend.Tier:
			return field.ErrorList{field.Invalid(path, strings.Join(shared, ", "), fmt.Sprintf("is in %s too: write it once, with the sum of the weights", other.Path()))}
		default:
			return field.ErrorList{field.Invalid(path, strings.Join(shared, ", "), fmt.Sprintf("is in %s too: a tier cannot be its own standby", other.Path()))}
		}
	}
	return nil
}

// sharedAddresses returns the addresses that are in both lists, as host:port.
func sharedAddresses(a, b []egv1a1.BackendEndpoint) []string {
	var shared []string
	for _, endpoint := range a {
		same := func(other egv1a1.BackendEndpoint) bool { return address(other) == address(endpoint) }
		if slices.ContainsFunc(b, same) {
			shared = append(shared, address(endpoint))
		}
	}
	return shared
}

// address writes an endpoint as host:port.
func address(endpoint egv1a1.BackendEndpoint) string {
	host := ""
	switch {
	case endpoint.FQDN != nil:
		host = endpoint.FQDN.Hostname
	case endpoint.IP != nil:
		host = endpoint.IP.Address
	}
	return fmt.Sprintf("%s:%d", host, v1alpha1.EndpointPort(endpoint))
}

func speaks(backend v1alpha1.Backend, protocol egv1a1.AppProtocolType) bool {
	return slices.Contains(backend.AppProtocols, protocol)
}

func speaksWebSocket(backend v1alpha1.Backend) bool {
	return speaks(backend, egv1a1.AppProtocolTypeWS) || speaks(backend, egv1a1.AppProtocolTypeWSS)
}

func protocols(backend v1alpha1.Backend) string {
	if len(backend.AppProtocols) == 0 {
		return "none"
	}
	names := make([]string, 0, len(backend.AppProtocols))
	for _, protocol := range backend.AppProtocols {
		names = append(names, string(protocol))
	}
	return strings.Join(names, ", ")
}

// validateHostRewrite wants a hostname on every endpoint, or there is nothing to
// write into the Host header.
func validateHostRewrite(fs *v1alpha1.FailoverSpec, path *field.Path) field.ErrorList {
	if fs.Spec.HostRewrite == "" || !fs.Spec.RouteKind().HasRequests() {
		return nil
	}
	var errs field.ErrorList
	for _, backend := range fs.AllBackends() {
		endpoints := fs.BackendEndpoints(*backend.Backend)
		if addressTypeOf(endpoints) != "" && slices.Contains(v1alpha1.Hostnames(endpoints), "") {
			errs = append(errs, field.Invalid(path.Child("hostRewrite"), string(fs.Spec.HostRewrite),
				fmt.Sprintf("%s.endpoints have no hostname to send as Host: give each IP endpoint a hostname", backend.Path())))
		}
	}
	return errs
}

// addressType is how an endpoint is reached. Envoy Gateway puts the backends of
// a rule into one cluster only if they agree, and only there can they fail over.
type addressType string

const (
	addressFQDN addressType = "FQDN"
	addressIP   addressType = "IP"
)

// addressTypeOf returns the address type that all endpoints share, or nothing.
func addressTypeOf(endpoints []egv1a1.BackendEndpoint) addressType {
	isFQDN := func(e egv1a1.BackendEndpoint) bool { return e.FQDN != nil && e.IP == nil }
	isIP := func(e egv1a1.BackendEndpoint) bool { return e.IP != nil && e.FQDN == nil }
	every := func(is func(egv1a1.BackendEndpoint) bool) bool {
		return len(endpoints) > 0 && !slices.ContainsFunc(endpoints, func(e egv1a1.BackendEndpoint) bool { return !is(e) })
	}
	switch {
	case every(isFQDN):
		return addressFQDN
	case every(isIP):
		return addressIP
	}
	return ""
}
