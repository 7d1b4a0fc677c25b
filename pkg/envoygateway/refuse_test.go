package envoygateway_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/failover-krm/failover/pkg/envoygateway"
)

const (
	egAPI = "gateway.envoyproxy.io/v1alpha1"
	gwAPI = "gateway.networking.k8s.io/v1"
)

// TestValidate has a line for each kind of value that is refused. That these are
// the right ones is shown by the end-to-end suite, on the real translation.
func TestValidate(t *testing.T) {
	for _, test := range []struct {
		kind, spec string
		want       string
	}{
		{"BackendTrafficPolicy", "timeout: {tcp: {connectTimeout: 0s}}", "Frozen spec.timeout.tcp.connectTimeout"},
		{"BackendTrafficPolicy", "timeout: {tcp: {connectTimeout: 1ms}, http: {requestTimeout: 0s}}", ""},
		{"BackendTrafficPolicy", "dns: {dnsRefreshRate: 0s}", "Frozen spec.dns.dnsRefreshRate"},
		{"BackendTrafficPolicy", "dns: {dnsRefreshRate: 1ms}", "Frozen spec.dns.dnsRefreshRate"},
		{"BackendTrafficPolicy", "dns: {dnsRefreshRate: 2ms}", ""},
		{"BackendTrafficPolicy", "healthCheck: {passive: {interval: 0s, baseEjectionTime: 0s}}", "Frozen spec.healthCheck.passive.baseEjectionTime, Frozen spec.healthCheck.passive.interval"},
		{
			"BackendTrafficPolicy", "healthCheck: {active: {type: HTTP, timeout: 0s, interval: 0s, http: {path: /, method: connect}}}",
			"Frozen spec.healthCheck.active.timeout, Frozen spec.healthCheck.active.interval, Frozen spec.healthCheck.active.http.method",
		},
		{"BackendTrafficPolicy", "healthCheck: {active: {type: HTTP, http: {path: /, method: get, expectedResponse: {type: Text, text: ''}}}}", "Frozen spec.healthCheck.active.http.expectedResponse.text"},
		{"BackendTrafficPolicy", "healthCheck: {active: {type: TCP, tcp: {send: {type: Binary, binary: ''}}, overrides: {}}}", "Frozen spec.healthCheck.active.overrides.port, Frozen spec.healthCheck.active.tcp.send.binary"},
		{"BackendTrafficPolicy", "healthCheck: {passive: {maxEjectionPercent: 101}}", "Frozen spec.healthCheck.passive.maxEjectionPercent"},
		{"BackendTrafficPolicy", "healthCheck: {passive: {maxEjectionPercent: 100}}", ""},
		{"BackendTrafficPolicy", "retry: {perRetry: {backOff: {baseInterval: 0s}}}", "DirectResponse500 spec.retry.perRetry.backOff.baseInterval"},
		{"BackendTrafficPolicy", "retry: {perRetry: {backOff: {baseInterval: 1s, maxInterval: 0s}}}", "DirectResponse500 spec.retry.perRetry.backOff.maxInterval"},
		{"BackendTrafficPolicy", "retry: {perRetry: {backOff: {baseInterval: 2s, maxInterval: 1s}}}", "DirectResponse500 spec.retry.perRetry.backOff.maxInterval"},
		{"BackendTrafficPolicy", "retry: {perRetry: {backOff: {maxInterval: 1s}}}", "Frozen spec.retry.perRetry.backOff.baseInterval"},
		{"BackendTrafficPolicy", "loadBalancer: {type: ConsistentHash, consistentHash: {type: SourceIP, tableSize: 4}}", "DirectResponse500 spec.loadBalancer.consistentHash.tableSize"},
		{
			"BackendTrafficPolicy", "loadBalancer: {type: ConsistentHash, consistentHash: {type: Cookie, cookie: {name: '', attributes: {'': x}}}}",
			"Frozen spec.loadBalancer.consistentHash.cookie.name, Frozen spec.loadBalancer.consistentHash.cookie.attributes[]",
		},
		{"BackendTrafficPolicy", "connection: {bufferLimit: 999Gi, preconnect: {predictivePercent: 301}}", "DirectResponse500 spec.connection.bufferLimit, Frozen spec.connection.preconnect.predictivePercent"},
		{"BackendTrafficPolicy", "http2: {initialStreamWindowSize: 1, initialConnectionWindowSize: 999Gi}", "DirectResponse500 spec.http2.initialStreamWindowSize, DirectResponse500 spec.http2.initialConnectionWindowSize"},
		{"BackendTrafficPolicy", "rateLimit: {type: Global, local: {rules: []}}", "DirectResponse500 spec.rateLimit.global"},
		{
			"BackendTrafficPolicy", "rateLimit: {local: {rules: [{clientSelectors: [{sourceCIDR: {value: 1.2.3.4/99}, headers: [{name: a, type: RegularExpression, value: (}]}], limit: {requests: 1, unit: Second}}]}}",
			"DirectResponse500 spec.rateLimit.local.rules[0].clientSelectors[0].headers[0].value, DirectResponse500 spec.rateLimit.local.rules[0].clientSelectors[0].sourceCIDR.value",
		},
		{
			"BackendTrafficPolicy", "rateLimit: {local: {rules: [{limit: {requests: 1, unit: Minute}}, {clientSelectors: [{headers: [{name: a, value: b}]}], limit: {requests: 1, unit: Second}}]}}",
			"DirectResponse500 spec.rateLimit.local.rules[1].limit.unit",
		},
		{"BackendTrafficPolicy", "bandwidthLimit: {request: {limit: {value: 60k, unit: Minute}}}", "DirectResponse500 spec.bandwidthLimit.request.limit.value"},
		{"BackendTrafficPolicy", "faultInjection: {delay: {fixedDelay: 0s}, abort: {httpStatus: 600}}", "Frozen spec.faultInjection.delay.fixedDelay, Frozen spec.faultInjection.abort.httpStatus"},
		{"BackendTrafficPolicy", "httpUpgrade: [{type: ''}]", "Frozen spec.httpUpgrade[0].type"},
		{"BackendTrafficPolicy", "requestBuffer: {}", "Frozen spec.requestBuffer.limit"},
		{"BackendTrafficPolicy", "requestBuffer: {limit: 4Gi}", "DirectResponse500 spec.requestBuffer.limit"},
		{"BackendTrafficPolicy", "compressor: [{type: Gzip, gzip: {}}, {type: Gzip, gzip: {}}]", "Dropped spec.compressor[1].type"},
		{"BackendTrafficPolicy", "compressor: [{type: Gzip, zstd: {}}]", "Dropped spec.compressor[0].gzip"},
		{
			"BackendTrafficPolicy", "responseOverride: [{match: {}, response: {statusCode: 199, contentType: \"a\\nb\"}}]",
			"Frozen spec.responseOverride[0].match, Frozen spec.responseOverride[0].response.statusCode, Frozen spec.responseOverride[0].response.contentType",
		},
		{"BackendTrafficPolicy", "telemetry: {metrics: {routeStatName: '%OTHER%'}, tracing: {customTags: {a: {type: Literal}}}}", "DirectResponse500 spec.telemetry.metrics.routeStatName, Frozen spec.telemetry.tracing.customTags[a].literal"},
		{"BackendTrafficPolicy", "tcpKeepalive: {probes: -1}", "Unreadable spec.tcpKeepalive.probes"},
		{"Backend", "endpoints: [{fqdn: {hostname: localhost, port: 80}}, {fqdn: {hostname: 10.0.0.1, port: 80}}]", "InvalidBackend spec.endpoints[0].fqdn.hostname, InvalidBackend spec.endpoints[1].fqdn.hostname"},
		{"Backend", "endpoints: [{fqdn: {hostname: shop.example.com., port: 0}}]", "Frozen spec.endpoints[0].fqdn.hostname, Frozen spec.endpoints[0].fqdn.port"},
		{
			"Backend", "endpoints: [{ip: {address: 127.0.0.1, port: 80}}, {ip: {address: 010.0.0.1, port: 0}}]",
			"InvalidBackend spec.endpoints[0].ip.address, InvalidBackend spec.endpoints[1].ip.address, Frozen spec.endpoints[1].ip.port",
		},
		{"Backend", "endpoints: [{unix: {path: /run/shop}}]", "InvalidBackend spec.endpoints[0].unix"},
		{"Backend", "{endpoints: [], tls: {wellKnownCACertificates: example.com/Other}}", "InvalidBackend spec.tls.wellKnownCACertificates"},
		{
			"HTTPRoute", "rules: [{matches: [{path: {type: RegularExpression, value: '/(?!x)'}, headers: [{type: RegularExpression, name: a, value: (}], queryParams: [{type: RegularExpression, name: a, value: '[' }]}]}]",
			"NotFound404 spec.rules[0].matches[0].path.value, NotFound404 spec.rules[0].matches[0].headers[0].value, NotFound404 spec.rules[0].matches[0].queryParams[0].value",
		},
		{"HTTPRoute", "rules: [{matches: [{path: {type: RegularExpression, value: ''}}], retry: {backoff: 0s}}]", "Frozen spec.rules[0].matches[0].path.value, Frozen spec.rules[0].retry.backoff"},
		{
			"HTTPRoute", "rules: [{filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: host, value: x}, {name: a, value: ''}], remove: [':path']}}]}]",
			"DirectResponse500 spec.rules[0].filters[0].requestHeaderModifier.set[0].name, DirectResponse500 spec.rules[0].filters[0].requestHeaderModifier.set[1].value, DirectResponse500 spec.rules[0].filters[0].requestHeaderModifier.remove[0]",
		},
		{
			"HTTPRouteFilter", "urlRewrite: {path: {type: ReplaceRegexMatch, replaceRegexMatch: {pattern: (, substitution: ''}}}",
			"DirectResponse500 spec.urlRewrite.path.replaceRegexMatch.pattern, Frozen spec.urlRewrite.path.replaceRegexMatch.substitution",
		},
		{"HTTPRouteFilter", "directResponse: {statusCode: 600, contentType: a, header: {add: [{name: Content-Type, value: b}]}}", "Frozen spec.directResponse.statusCode, Frozen spec.directResponse.header.add[0].name"},
		{"Gateway", "listeners: [{name: a, protocol: HTTP, port: 80}, {name: b, protocol: HTTPS, port: 80, tls: {certificateRefs: [{name: c}]}}]", "NotProgrammed spec.listeners[0], NotProgrammed spec.listeners[1]"},
		{"Gateway", "listeners: [{name: a, protocol: HTTP, port: 80}, {name: b, protocol: HTTP, port: 80}, {name: c, protocol: HTTP, port: 80, hostname: a.example.com}]", "NotProgrammed spec.listeners[0], NotProgrammed spec.listeners[1]"},
		{
			"Gateway", "listeners: [{name: a, protocol: HTTPS, port: 443}, {name: b, protocol: HTTPS, port: 443, tls: {}}, {name: c, protocol: HTTPS, port: 443, tls: {mode: Passthrough}}]",
			"NotProgrammed spec.listeners[0].tls, NotProgrammed spec.listeners[1].tls.certificateRefs, NotProgrammed spec.listeners[2].tls.mode",
		},
		{
			"Gateway", "listeners: [{name: a, protocol: HTTP, port: 80, allowedRoutes: {kinds: [{kind: TCPRoute}], namespaces: {from: Selector}}}]",
			"NotProgrammed spec.listeners[0].allowedRoutes.namespaces.selector, NotProgrammed spec.listeners[0].allowedRoutes.kinds[0].kind",
		},
		{"GRPCRoute", "rules: [{matches: [{method: {type: RegularExpression, service: (}}]}]", "NotFound404 spec.rules[0].matches[0].method.service"},
		{"TCPRoute", "rules: []", ""},
	} {
		t.Run(test.kind+" "+test.spec, func(t *testing.T) {
			assert.Equal(t, test.want, refused(t, "1.9.1", test.kind, test.spec))
		})
	}
}

// TestValidateVersions has what differs between versions.
func TestValidateVersions(t *testing.T) {
	const header = "rules: [{filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: a, value: ''}]}}]}]"
	assert.Empty(t, refused(t, "1.3.3", "HTTPRoute", header))
	assert.NotEmpty(t, refused(t, "1.4.3", "HTTPRoute", header))
	const hostname = "endpoints: [{hostname: localhost, ip: {address: 192.0.2.1, port: 80}}]"
	assert.Empty(t, refused(t, "1.4.3", "Backend", hostname))
	assert.NotEmpty(t, refused(t, "1.5.9", "Backend", hostname))
}

// refused returns the consequences and paths of what is refused of an object.
func refused(t *testing.T, version, kind, spec string) string {
	t.Helper()
	var lines []string
	object, refusals := envoygateway.Read(manifest(t, kind, spec))
	if object != nil {
		refusals = envoygateway.Validate(version, object)
	}
	for _, refusal := range refusals {
		assert.NotEmpty(t, refusal.Consequence.Description())
		lines = append(lines, fmt.Sprint(refusal.Consequence, " ", refusal.Err.Field))
	}
	return strings.Join(lines, ", ")
}

func manifest(t *testing.T, kind, spec string) map[string]any {
	t.Helper()
	apiVersion := egAPI
	if strings.HasSuffix(kind, "Route") || kind == "Gateway" {
		apiVersion = gwAPI
	}
	if !strings.HasPrefix(spec, "{") {
		spec = "{" + spec + "}"
	}
	var object map[string]any
	require.NoError(t, yaml.Unmarshal(fmt.Appendf(nil, "{apiVersion: %s, kind: %s, metadata: {name: shop, namespace: web}, spec: %s}", apiVersion, kind, spec), &object))
	return object
}

// TestReferences lists what objects need, and what becomes of them without.
func TestReferences(t *testing.T) {
	for _, test := range []struct{ kind, spec, want string }{
		{
			"Backend", "tls: {caCertificateRefs: [{group: '', kind: ConfigMap, name: ca}], clientCertificateRef: {name: client}}",
			"InvalidBackend spec.tls.caCertificateRefs[0] ConfigMap web/ca, InvalidBackend spec.tls.clientCertificateRef Secret web/client",
		},
		{"Backend", "tls: {sni: shop.example.com}", "InvalidBackend spec.tls BackendTLSPolicy.gateway.networking.k8s.io web/"},
		{"Backend", "tls: {insecureSkipVerify: true}", ""},
		{
			"BackendTrafficPolicy", "{targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: shop}], responseOverride: [{match: {}, response: {body: {type: ValueRef, valueRef: {group: '', kind: ConfigMap, name: sorry}}}}]}",
			"Dropped spec.targetRefs[0] HTTPRoute.gateway.networking.k8s.io web/shop, DirectResponse500 spec.responseOverride[0].response.body.valueRef ConfigMap web/sorry",
		},
		{
			"HTTPRoute", "{parentRefs: [{name: public, namespace: infra}], rules: [{filters: [{type: ExtensionRef, extensionRef: {group: gateway.envoyproxy.io, kind: HTTPRouteFilter, name: shop}}], backendRefs: [{name: shop, port: 80}]}]}",
			"NotFound404 spec.parentRefs[0] Gateway.gateway.networking.k8s.io infra/public, DirectResponse500 spec.rules[0].filters[0].extensionRef HTTPRouteFilter.gateway.envoyproxy.io web/shop, InvalidBackend spec.rules[0].backendRefs[0] Service web/shop",
		},
		{"GRPCRoute", "rules: [{backendRefs: [{group: gateway.envoyproxy.io, kind: Backend, name: shop}]}]", "InvalidBackend spec.rules[0].backendRefs[0] Backend.gateway.envoyproxy.io web/shop"},
		{"HTTPRouteFilter", "credentialInjection: {credential: {valueRef: {name: token}}}", "DirectResponse500 spec.credentialInjection.credential.valueRef Secret web/token"},
		{"Gateway", "listeners: [{name: https, tls: {certificateRefs: [{name: one}]}}]", "NotProgrammed spec.listeners[0].tls.certificateRefs[0] Secret web/one"},
	} {
		t.Run(test.kind+" "+test.spec, func(t *testing.T) {
			object, refusals := envoygateway.Read(manifest(t, test.kind, test.spec))
			require.Empty(t, refusals)
			var lines []string
			for _, reference := range envoygateway.References("1.9.1", object) {
				lines = append(lines, fmt.Sprint(reference.Consequence, " ", reference.Path, " ", reference.GroupKind, " ", reference.Namespace, "/", reference.Name))
			}
			assert.Equal(t, test.want, strings.Join(lines, ", "))
		})
	}
}
