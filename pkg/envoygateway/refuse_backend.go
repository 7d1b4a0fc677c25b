package envoygateway

import (
	"net/netip"
	"strings"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"
)

func validateBackend(r release, backend *egv1a1.Backend, path *field.Path) []Refusal {
	refusals := each(backend.Spec.Endpoints, path.Child("endpoints"), func(endpoint egv1a1.BackendEndpoint, path *field.Path) []Refusal {
		return validateBackendEndpoint(r, endpoint, path)
	})
	return append(refusals, validateBackendTLS(backend, path.Child("tls"))...)
}

func validateBackendEndpoint(r release, endpoint egv1a1.BackendEndpoint, path *field.Path) []Refusal {
	var refusals []Refusal
	if endpoint.Hostname != nil && r.has(validatesEndpointHostname) {
		refusals = append(refusals, validateDomain(*endpoint.Hostname, path.Child("hostname"))...)
	}
	switch {
	case endpoint.FQDN != nil:
		hostname := path.Child("fqdn", "hostname")
		refusals = append(refusals, validateDomain(endpoint.FQDN.Hostname, hostname)...)
		if name, dotted := strings.CutSuffix(endpoint.FQDN.Hostname, "."); dotted {
			refusals = append(refusals, Refusal{field.Invalid(hostname, endpoint.FQDN.Hostname, "must not end with a dot: write "+name), Frozen})
		}
		refusals = append(refusals, validatePort(endpoint.FQDN.Port, path.Child("fqdn", "port"))...)
	case endpoint.IP != nil:
		refusals = append(refusals, validateIP(endpoint.IP.Address, path.Child("ip", "address"))...)
		refusals = append(refusals, validatePort(endpoint.IP.Port, path.Child("ip", "port"))...)
	case endpoint.Unix != nil:
		refusals = append(refusals, Refusal{field.Forbidden(path.Child("unix"), "a route can't have a unix socket as its backend: use ip or fqdn"), InvalidBackend})
	}
	return refusals
}

// validatesEndpointHostname is since when the hostname of an endpoint must be a
// domain.
const validatesEndpointHostname behaviour = "1.5"

// validateDomain refuses a hostname that Envoy Gateway does not take for one of
// DNS, so that the backend can't be found by a name of the gateway's own network.
func validateDomain(hostname string, path *field.Path) []Refusal {
	switch {
	case isAddress(hostname):
		return refusal(InvalidBackend, field.Invalid(path, hostname, "must be a hostname: an IP address goes into ip.address"))
	case !strings.Contains(hostname, "."):
		return refusal(InvalidBackend, field.Invalid(path, hostname, "must be a domain of at least two labels: a Service is NAME.NAMESPACE.svc.cluster.local"))
	}
	return nil
}

func validateIP(address string, path *field.Path) []Refusal {
	parsed, err := netip.ParseAddr(address)
	switch {
	case err != nil:
		return refusal(InvalidBackend, field.Invalid(path, address, "must be an IP address, without leading zeros"))
	case parsed.IsLoopback():
		return refusal(InvalidBackend, field.Invalid(path, address, "must not be a loopback address, which is the gateway's own pod"))
	}
	return nil
}

func validatePort(port int32, path *field.Path) []Refusal {
	if port == 0 {
		return refusal(Frozen, field.Invalid(path, port, "must be between 1 and 65535"))
	}
	return nil
}

func validateBackendTLS(backend *egv1a1.Backend, path *field.Path) []Refusal {
	tls := backend.Spec.TLS
	if tls == nil {
		return nil
	}
	if bundle := ptr.Deref(tls.WellKnownCACertificates, gwapiv1.WellKnownCACertificatesSystem); bundle != gwapiv1.WellKnownCACertificatesSystem {
		return refusal(InvalidBackend, field.NotSupported(path.Child("wellKnownCACertificates"), string(bundle), []string{string(gwapiv1.WellKnownCACertificatesSystem)}))
	}
	if tls.BackendTLSConfig == nil || tls.ClientCertificateRef == nil {
		return nil
	}
	namespace := string(ptr.Deref(tls.ClientCertificateRef.Namespace, ""))
	if namespace == "" || namespace == backend.Namespace {
		return nil
	}
	return refusal(InvalidBackend, field.Invalid(path.Child("clientCertificateRef", "namespace"), namespace, "must be the namespace of the Backend"))
}
