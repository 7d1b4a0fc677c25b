package check

import (
	"fmt"
	"slices"
	"strings"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"

	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/envoygateway"
	"github.com/failover-krm/failover/pkg/target"
)

// tlsRules are about how Envoy knows the server of a tier.
var tlsRules = []Rule{
	{
		ID: "tls-name-unchecked", Severity: diagnostic.Warning, Since: "1.6",
		Summary: "A Backend with TLS and without sni is in one rule with a Backend without TLS, or with sni.",
		Explanation: "Then Envoy sends no server name, and verifies none: it accepts any certificate of any public certificate authority, " +
			"and a server that needs the name to choose its certificate refuses the connection. This is true for every such Backend of a TCPRoute or TLSRoute.",
		Fix:        "Write tls.sni with the name in the server's certificate.",
		ofFailover: tlsNameUnchecked,
	},
	{
		ID: "tls-name-from-client", Severity: diagnostic.Warning, Since: "1.6",
		Summary: "All backends have TLS and no sni, and one of them has a hostname that clients do not ask for.",
		Explanation: "Envoy sends the client's Host as the server name, and accepts only a certificate for it. Envoy refuses a standby whose certificate is only for its own hostname, at the moment when it is needed: " +
			"every request gets a 503. An HTTPRouteFilter that rewrites the Host to the backend's does not change that; a urlRewrite with a fixed hostname does.",
		Fix: "Write tls.sni with the name in the server's certificate, on each Backend. Since Envoy Gateway 1.9 autoSNIFromEndpointHostname takes the endpoint's hostname. " +
			"Nothing is wrong where the certificate is valid for the client's Host.",
		ofFailover: tlsNameFromClient,
	},
	{
		ID: "tls-mismatch", Severity: diagnostic.Warning,
		Summary: "A Backend has port 443 or the appProtocol wss and no tls, or port 80 and tls.",
		Explanation: "Without tls, Envoy speaks plain text: a server on port 443 answers 400 or closes the connection, and the tier is dead when it is needed. An appProtocol of wss does not turn TLS on. " +
			"Most servers do not use TLS on port 80, and the handshake fails. The files do not say what a server speaks: the verdict is unknown, and with --complete the finding is an error.",
		Fix:        "Write tls: {wellKnownCACertificates: System, sni: HOSTNAME} for a port with TLS, and the port of plain text without it.",
		ofFailover: tlsMismatch,
	},
}

// nameless returns the backends whose server name Envoy is not told.
func (f *failover) nameless() []envoygateway.Backend {
	return slices.DeleteFunc(f.weighted(), func(backend envoygateway.Backend) bool {
		tls := backend.TLS
		return tls == nil || tls.SNI != "" || tls.AutoSNIFromEndpointHostname || tls.InsecureSkipVerify
	})
}

// takesClientName tells whether Envoy takes the server name from the Host of a request:
// where that is for all backends.
func (f *failover) takesClientName() bool {
	hasName := func(backend envoygateway.Backend) bool {
		return backend.Invalid == nil && (backend.TLS == nil || backend.TLS.SNI != "" || backend.TLS.AutoSNIFromEndpointHostname)
	}
	return f.isHTTP() && !slices.ContainsFunc(f.weighted(), hasName)
}

func tlsNameUnchecked(f *failover) []finding {
	if f.takesClientName() {
		return nil
	}
	reason := "no sni, in a rule with a backend without TLS"
	isPlain := func(backend envoygateway.Backend) bool { return backend.TLS == nil && backend.Invalid == nil }
	switch {
	case !f.isHTTP():
		reason = fmt.Sprintf("no sni, in a %s", f.route.Object.Kind)
	case !slices.ContainsFunc(f.weighted(), isPlain):
		reason = "no sni, in a rule with a backend that has it"
	}
	var findings []finding
	for _, backend := range f.nameless() {
		findings = append(findings, finding{
			source: backend.TLS.From, reason: fmt.Sprintf("%s: any name in the certificate of %s passes", reason, backend.Ref), advice: "write sni",
		})
	}
	return findings
}

func tlsNameFromClient(f *failover) []finding {
	if f.at == nil || !f.takesClientName() || !f.has(target.SNI) {
		return nil
	}
	names := f.at.Hostnames
	if rewrite := f.hostRewrite(); rewrite != nil && rewrite.name != "" {
		names = []string{rewrite.name}
	} else if rewrite != nil && rewrite.by != egv1a1.BackendHTTPHostnameModifier {
		return nil // a name of the request decides
	}
	var findings []finding
	for _, backend := range f.nameless() {
		for _, host := range backend.Hosts {
			if !f.isElsewhere(host) || isAmong(host.Address, names) {
				continue
			}
			findings = append(findings, finding{
				source: backend.TLS.From,
				reason: fmt.Sprintf("no sni, so the certificate of %s must be for the Host of the client (%s)", host.Address, namesOf(names)), advice: "write sni: " + host.Address,
			})
			break
		}
	}
	return findings
}

// isAmong tells whether a hostname is one of some, or under a wildcard of them.
func isAmong(hostname string, names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		suffix, isWildcard := strings.CutPrefix(name, "*.")
		return name == hostname || isWildcard && strings.HasSuffix(hostname, "."+suffix)
	})
}

// The ports that servers have with TLS and without, by the registry of IANA.
const (
	portHTTP  = 80
	portHTTPS = 443
)

func tlsMismatch(f *failover) []finding {
	if !f.isHTTP() {
		return nil
	}
	var findings []finding
	for _, backend := range f.rule.Backends {
		if backend.Invalid != nil || backend.Ref.Kind != "Backend" {
			continue
		}
		for _, host := range backend.Hosts {
			// What the server speaks is not in the files; most speak what the port is for.
			found := finding{source: portField(host), severity: diagnostic.Error, unknown: true, likely: true}
			switch {
			case backend.TLS == nil && host.Port == portHTTPS:
				found.reason, found.advice = fmt.Sprintf("there is no tls, so Envoy speaks plain text to port %d of %s", host.Port, host.Address), "write tls, or the port of plain text"
			case backend.TLS != nil && host.Port == portHTTP:
				found.reason, found.advice = fmt.Sprintf("tls, so Envoy speaks TLS to port %d of %s", host.Port, host.Address), "write the port of TLS, such as 443, or remove tls"
			default:
				continue
			}
			findings = append(findings, found)
		}
		if i := f.webSocketWithTLS(backend.Ref); i >= 0 && backend.TLS == nil {
			at := envoygateway.Source{Object: backend.Ref, Path: fmt.Sprintf("spec.appProtocols[%d]", i)}
			findings = append(findings, finding{source: at, reason: "wss does not turn TLS on, so Envoy speaks plain text", advice: "write tls"})
		}
	}
	return findings
}

// webSocketWithTLS returns the index of the appProtocol that is for WebSockets over
// TLS; -1 where there is none.
func (s *set) webSocketWithTLS(id envoygateway.Object) int {
	known := s.decoded[id]
	if known == nil {
		return -1
	}
	backend, isBackend := known.object.(*egv1a1.Backend)
	if !isBackend {
		return -1
	}
	return slices.Index(backend.Spec.AppProtocols, egv1a1.AppProtocolTypeWSS)
}
