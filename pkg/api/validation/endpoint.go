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

func validateTLS(fs *v1alpha1.FailoverSpec, tier v1alpha1.Tier, path *field.Path) field.ErrorList {
	tls := tier.TLS
	if tls == nil {
		return nil
	}
	errs := validateTrust(tls, path)
	if tls.SNI != nil && v1alpha1.HasAutoSNI(tls) {
		errs = append(errs, field.Forbidden(path.Child("autoSNIFromEndpointHostname"), "must not be given beside sni"))
	}
	if endpoints := fs.BackendEndpoints(tier); v1alpha1.HasAutoSNI(tls) && slices.Contains(v1alpha1.Hostnames(endpoints), "") {
		errs = append(errs, field.Invalid(path.Child("autoSNIFromEndpointHostname"), true, "the endpoints have no hostname to verify: give each IP endpoint a hostname"))
	}
	if v1alpha1.NeedsServerName(tls) && fs.Spec.Target.Has(target.BackendTLS) {
		errs = append(errs, serverNameError(fs, tier, path.Child("sni")))
	}
	return errs
}

// validateTrust wants one answer to the question whose certificates are good.
func validateTrust(tls *egv1a1.BackendTLSSettings, path *field.Path) field.ErrorList {
	skipsVerify := ptr.Deref(tls.InsecureSkipVerify, false)
	authorities := len(tls.CACertificateRefs) > 0 || tls.WellKnownCACertificates != nil
	var errs field.ErrorList
	if !skipsVerify && !authorities {
		errs = append(errs, field.Required(path, "must say whom to trust: wellKnownCACertificates: System, caCertificateRefs, or insecureSkipVerify: true"))
	}
	if skipsVerify && authorities {
		errs = append(errs, field.Forbidden(path.Child("insecureSkipVerify"), "nothing is verified with it: remove it, or caCertificateRefs and wellKnownCACertificates"))
	}
	if len(tls.CACertificateRefs) > 0 && tls.WellKnownCACertificates != nil {
		errs = append(errs, field.Forbidden(path.Child("caCertificateRefs"), "must not be given beside wellKnownCACertificates"))
	}
	return errs
}

// serverNameError says why no name could be found for the certificate to carry.
func serverNameError(fs *v1alpha1.FailoverSpec, tier v1alpha1.Tier, path *field.Path) *field.Error {
	const unverified = "without it Envoy Gateway verifies no name, or the one that the client asked for"
	if !fs.Spec.Target.Has(target.SNI) {
		return field.Forbidden(path, target.Missing("unknown field", fs.Spec.Target.EnvoyGateway(), "1."+target.SNI.Minor)+"; "+unverified+": choose a newer target, or insecureSkipVerify: true")
	}
	names := v1alpha1.Hostnames(fs.BackendEndpoints(tier))
	if len(names) == 1 || slices.Contains(names, "") {
		return field.Required(path, "the endpoints have no hostname to take it from; "+unverified)
	}
	return field.Required(path, fmt.Sprintf("the endpoints have several hostnames (%s) and one name is sent to all: give the one that every certificate carries; %s",
		strings.Join(names, ", "), unverified))
}

// validateTiersTogether finds what would keep Envoy Gateway from putting both
// tiers into one cluster, where alone Envoy fails over.
func validateTiersTogether(fs *v1alpha1.FailoverSpec, path *field.Path) field.ErrorList {
	active, passive := fs.Spec.Active, fs.Spec.Passive
	var errs field.ErrorList
	activeEndpoints, passiveEndpoints := fs.BackendEndpoints(active), fs.BackendEndpoints(passive)
	activeType, passiveType := addressTypeOf(activeEndpoints), addressTypeOf(passiveEndpoints)
	if activeType != "" && passiveType != "" && activeType != passiveType {
		errs = append(errs, field.Invalid(path.Child("passive"), string(passiveType), fmt.Sprintf(
			"must be reached as spec.active is, by %s: Envoy Gateway splits a mix into two clusters that share the traffic and never fail over", activeType)))
	}
	if active.Name == passive.Name {
		errs = append(errs, field.Invalid(path.Child("passive", "name"), passive.Name, "must differ from spec.active.name: each names a Backend"))
	} else if shared := sharedAddresses(activeEndpoints, passiveEndpoints); len(shared) > 0 {
		errs = append(errs, field.Invalid(path.Child("passive"), strings.Join(shared, ", "), "is in spec.active too: a tier cannot stand in for itself"))
	}
	switch {
	case speaks(active, egv1a1.AppProtocolTypeH2C) != speaks(passive, egv1a1.AppProtocolTypeH2C):
		errs = append(errs, field.Invalid(path.Child("passive", "appProtocols"), protocols(passive), fmt.Sprintf(
			"must agree with spec.active.appProtocols (%s) on %s: Envoy speaks HTTP/2 to both tiers or to none", protocols(active), egv1a1.AppProtocolTypeH2C)))
	case speaks(active, egv1a1.AppProtocolTypeH2C) && (speaksWebSocket(active) || speaksWebSocket(passive)):
		errs = append(errs, field.Invalid(path.Child("passive", "appProtocols"), protocols(passive), fmt.Sprintf(
			"%s beside a WebSocket protocol: Envoy Gateway splits the tiers into two clusters that never fail over", egv1a1.AppProtocolTypeH2C)))
	}
	if v1alpha1.HasAutoSNI(active.TLS) != v1alpha1.HasAutoSNI(passive.TLS) {
		errs = append(errs, field.Invalid(path.Child("passive", "tls", "autoSNIFromEndpointHostname"), v1alpha1.HasAutoSNI(passive.TLS),
			"must be the same on both tiers: Envoy Gateway else splits them into two clusters that never fail over; set sni instead"))
	}
	return errs
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

func speaks(tier v1alpha1.Tier, protocol egv1a1.AppProtocolType) bool {
	return slices.Contains(tier.AppProtocols, protocol)
}

func speaksWebSocket(tier v1alpha1.Tier) bool {
	return speaks(tier, egv1a1.AppProtocolTypeWS) || speaks(tier, egv1a1.AppProtocolTypeWSS)
}

func protocols(tier v1alpha1.Tier) string {
	if len(tier.AppProtocols) == 0 {
		return "none"
	}
	names := make([]string, 0, len(tier.AppProtocols))
	for _, protocol := range tier.AppProtocols {
		names = append(names, string(protocol))
	}
	return strings.Join(names, ", ")
}

// validateHostRewrite wants a hostname on every endpoint, or there is nothing to
// write into the Host header.
func validateHostRewrite(fs *v1alpha1.FailoverSpec, path *field.Path) field.ErrorList {
	if fs.Spec.HostRewrite == "" {
		return nil
	}
	var errs field.ErrorList
	tiers := map[string]v1alpha1.Tier{"active": fs.Spec.Active, "passive": fs.Spec.Passive}
	for _, name := range []string{"active", "passive"} {
		endpoints := fs.BackendEndpoints(tiers[name])
		if addressTypeOf(endpoints) != "" && slices.Contains(v1alpha1.Hostnames(endpoints), "") {
			errs = append(errs, field.Invalid(path.Child("hostRewrite"), string(fs.Spec.HostRewrite),
				fmt.Sprintf("spec.%s.endpoints have no hostname to send as Host: give each IP endpoint a hostname", name)))
		}
	}
	return errs
}

// addressType is how an endpoint is reached. Envoy Gateway puts the backends of
// a rule into one cluster, where alone they can fail over, only if they agree.
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
