package envoygateway

import (
	"strconv"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	"k8s.io/utils/ptr"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// tlsOf returns how Envoy connects to a backend, by the Backend (nil for a Service)
// and the BackendTLSPolicy (internal/gatewayapi/backendtlspolicy.go).
func (t *translator) tlsOf(s *setting, backend *egv1a1.Backend) *TLS {
	var tls *TLS
	if backend != nil && backend.Spec.TLS != nil {
		tls = &TLS{
			From:                        Source{Object: s.Ref, Path: "spec.tls"},
			SNI:                         string(ptr.Deref(backend.Spec.TLS.SNI, "")),
			AutoSNIFromEndpointHostname: ptr.Deref(backend.Spec.TLS.AutoSNIFromEndpointHostname, false) && t.atLeast("1.9.0"),
			InsecureSkipVerify:          ptr.Deref(backend.Spec.TLS.InsecureSkipVerify, false),
		}
	}
	policy := t.backendTLSPolicyOf(s)
	if policy == nil {
		return tls
	}
	from := Source{Object: objectOf(kindBackendTLSPolicy, policy), Path: "spec.validation"}
	skip := tls != nil && tls.InsecureSkipVerify
	return &TLS{From: from, SNI: string(policy.Spec.Validation.Hostname), InsecureSkipVerify: skip}
}

// backendTLSPolicyOf returns the policy for a backend: the oldest that names its
// port, otherwise the oldest that names the backend.
func (t *translator) backendTLSPolicyOf(s *setting) *gwapiv1.BackendTLSPolicy {
	group := ""
	if s.Ref.Kind == kindBackend {
		group = egv1a1.GroupName
	}
	section := t.sectionNameOf(s)
	var wildcard *gwapiv1.BackendTLSPolicy
	for _, policy := range byAge(t.manifests.BackendTLSPolicies) {
		if policy.Namespace != s.Ref.Namespace {
			continue
		}
		for _, target := range policy.Spec.TargetRefs {
			if string(target.Group) != group || string(target.Kind) != s.Ref.Kind || string(target.Name) != s.Ref.Name {
				continue
			}
			switch {
			case target.SectionName != nil && string(*target.SectionName) == section:
				return policy
			case target.SectionName == nil && wildcard == nil:
				wildcard = policy
			}
		}
	}
	return wildcard
}

// sectionNameOf is what a BackendTLSPolicy calls the port: the name of a Service's,
// the number of a Backend's.
func (t *translator) sectionNameOf(s *setting) string {
	if s.Port == nil {
		return ""
	}
	if s.Ref.Kind == kindBackend {
		return strconv.Itoa(int(*s.Port))
	}
	if service, found := t.services[s.Ref.key()]; found {
		for _, port := range service.Spec.Ports {
			if port.Port == *s.Port {
				return port.Name
			}
		}
	}
	return ""
}

// hasCertificates tells whether a Backend with TLS has something to verify the
// server by, or needs nothing (validateBackendTLSSettings in
// internal/gatewayapi/backend.go).
func (t *translator) hasCertificates(backend *egv1a1.Backend) bool {
	tls := backend.Spec.TLS
	if ptr.Deref(tls.InsecureSkipVerify, false) || tls.WellKnownCACertificates != nil || len(tls.CACertificateRefs) > 0 {
		return true
	}
	ports := map[string]bool{}
	for _, endpoint := range backend.Spec.Endpoints {
		switch {
		case endpoint.FQDN != nil:
			ports[strconv.Itoa(int(endpoint.FQDN.Port))] = false
		case endpoint.IP != nil:
			ports[strconv.Itoa(int(endpoint.IP.Port))] = false
		}
	}
	for _, policy := range t.manifests.BackendTLSPolicies {
		for _, target := range policy.Spec.TargetRefs {
			if string(target.Group) != egv1a1.GroupName || string(target.Kind) != kindBackend || string(target.Name) != backend.Name {
				continue
			}
			if target.SectionName != nil {
				if _, has := ports[string(*target.SectionName)]; has {
					ports[string(*target.SectionName)] = true
				}
				continue
			}
			if policy.Spec.Validation.WellKnownCACertificates != nil || len(policy.Spec.Validation.CACertificateRefs) > 0 {
				return true
			}
		}
	}
	for _, covered := range ports {
		if !covered {
			return false
		}
	}
	return len(ports) > 0
}
