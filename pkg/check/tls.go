package check

import (
	"fmt"

	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/envoygateway"
)

// tlsRules are about how Envoy knows the server of a tier.
var tlsRules = []Rule{
	{
		ID: "tls-name-unchecked", Severity: diagnostic.Warning, Since: "1.6",
		Summary: "A Backend with TLS and without sni is beside a plain one.",
		Explanation: "Envoy sends no server name then, and verifies none: any certificate of any public certificate authority passes, " +
			"and a server that needs the name to choose its certificate refuses the connection.",
		Fix:        "Write tls.sni with the name in the server's certificate.",
		ofFailover: tlsNameUnchecked,
	},
}

func tlsNameUnchecked(f *failover) []finding {
	var findings []finding
	isPlain := func(backend envoygateway.Backend) bool { return backend.TLS == nil && backend.Invalid == nil }
	plain := false
	for _, backend := range f.rule.Backends {
		plain = plain || isPlain(backend)
	}
	for _, backend := range f.rule.Backends {
		tls := backend.TLS
		if !plain || tls == nil || tls.SNI != "" || tls.AutoSNIFromEndpointHostname || tls.InsecureSkipVerify {
			continue
		}
		findings = append(findings, finding{
			source: tls.From, reason: fmt.Sprintf("no sni, beside a backend without TLS: any name in the certificate of %s passes", backend.Ref), advice: "write sni",
		})
	}
	return findings
}
