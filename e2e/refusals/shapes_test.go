package refusals

// shapes has specs of each kind that Envoy Gateway takes, which together have
// every field that a FailoverSpec can reach; fields that a version lacks are left
// out there. Their fields are then driven to their edges.
var shapes = map[string][]string{
	"BackendTrafficPolicy": {
		`
timeout: {tcp: {connectTimeout: 1s}, http: {requestTimeout: 30s, connectionIdleTimeout: 1h, maxConnectionDuration: 1h, maxStreamDuration: 1h, streamIdleTimeout: 5m}}
dns: {dnsRefreshRate: 30s, respectDnsTtl: true, lookupFamily: IPv4}
tcpKeepalive: {probes: 3, idleTime: 10s, interval: 10s}
proxyProtocol: {version: V2}
`, `
healthCheck:
  passive: {baseEjectionTime: 10s, interval: 2s, maxEjectionPercent: 100, consecutive5XxErrors: 1, consecutiveGatewayErrors: 0, consecutiveLocalOriginFailures: 1,
    splitExternalLocalOriginErrors: false, failurePercentageThreshold: 50, alwaysEjectOneEndpoint: true}
  panicThreshold: 10
`, `
healthCheck:
  active:
    type: HTTP
    timeout: 1s
    interval: 3s
    initialJitter: 1s
    unhealthyThreshold: 3
    healthyThreshold: 1
    http: {path: /healthz, hostname: shop.example.com, method: GET, expectedStatuses: [200, 204], retriableStatuses: [503], expectedResponse: {type: Text, text: ok}}
    overrides: {port: 8081}
`, `
healthCheck: {active: {type: HTTP, http: {path: /healthz, method: POST, expectedResponse: {type: Binary, binary: b2s=}, requestBody: {type: Text, text: ping}}}}
`, `
healthCheck: {active: {type: TCP, timeout: 1s, tcp: {send: {type: Text, text: ping}, receive: {type: Binary, binary: cG9uZw==}}}}
`, `
healthCheck: {active: {type: GRPC, interval: 1s, grpc: {service: shop}}}
`, `
retry:
  numRetries: 2
  numAttemptsPerPriority: 1
  retryOn: {triggers: [reset, retriable-status-codes], httpStatusCodes: [500, 503]}
  perRetry: {timeout: 1s, backOff: {baseInterval: 100ms, maxInterval: 1s}}
`, `
circuitBreaker: {maxConnections: 100, maxPendingRequests: 100, maxParallelRequests: 100, maxParallelRetries: 10, maxRequestsPerConnection: 10, perEndpoint: {maxConnections: 10},
  retryBudget: {percent: {numerator: 20, denominator: 100}, minRetryConcurrency: 5}}
`, `
connection: {bufferLimit: 64Ki, socketBufferLimit: 64Ki, preconnect: {perEndpointPercent: 150, predictivePercent: 150}}
loadBalancer: {type: RoundRobin, slowStart: {window: 10s}}
`, `
http2: {initialStreamWindowSize: 64Ki, initialConnectionWindowSize: 1Mi, maxConcurrentStreams: 100, onInvalidMessage: TerminateStream,
  connectionKeepalive: {interval: 10s, timeout: 5s, intervalJitter: 10, idleInterval: 10s}}
useClientProtocol: false
`, `
loadBalancer: {type: ConsistentHash, consistentHash: {type: SourceIP, tableSize: 65537}}
`, `
loadBalancer: {type: ConsistentHash, consistentHash: {type: Header, header: {name: x-user}}}
`, `
loadBalancer: {type: ConsistentHash, consistentHash: {type: Headers, headers: [{name: x-user}, {name: x-shop}]}}
`, `
loadBalancer: {type: ConsistentHash, consistentHash: {type: Cookie, cookie: {name: user, ttl: 1h, attributes: {SameSite: Strict}}}}
`, `
loadBalancer: {type: ConsistentHash, consistentHash: {type: QueryParams, queryParams: [{name: user}]}}
`, `
loadBalancer: {type: LeastRequest, slowStart: {window: 10s}, endpointOverride: {extractFrom: [{header: x-host}]}}
`, `
loadBalancer: {type: Random, zoneAware: {preferLocal: {minEndpointsThreshold: 1, percentageEnabled: 50, force: {minEndpointsInZoneThreshold: 1}}}}
`, `
loadBalancer: {type: RoundRobin, zoneAware: {weightedZones: [{zone: a, weight: 10}, {zone: b, weight: 20}]}}
`, `
loadBalancer: {type: BackendUtilization, backendUtilization: {blackoutPeriod: 10s, weightExpirationPeriod: 3m, weightUpdatePeriod: 1s, errorUtilizationPenaltyPercent: 50,
  metricNamesForComputingUtilization: [named_metrics.cpu], keepResponseHeaders: true, outOfBand: {reportingPeriod: 10s, port: 9000, authority: shop}}}
`, `
rateLimit: {type: Local, local: {rules: [{limit: {requests: 10, unit: Second}}, {clientSelectors: [{headers: [{name: x-user, type: Exact, value: one}]}], limit: {requests: 3, unit: Minute}}]}}
`, `
rateLimit:
  local:
    rules:
    - clientSelectors: [{headers: [{name: x-user, type: RegularExpression, value: "[a-z]+", invert: true}], methods: [{value: GET}], path: {type: RegularExpression, value: "/[a-z]+"},
        sourceCIDR: {type: Exact, value: 192.0.2.0/24}, queryParams: [{name: user, type: RegularExpression, value: "[a-z]+"}]}]
      limit: {requests: 3, unit: Hour}
`, `
rateLimit: {type: Global, global: {rules: [{clientSelectors: [{headers: [{name: x-user, type: Distinct}], sourceCIDR: {type: Distinct, value: 0.0.0.0/0}}], limit: {requests: 3, unit: Hour},
  cost: {request: {from: Number, number: 1}}, shared: false}, {limit: {requests: 9, unit: Day}}]}}
`, `
rateLimit: {local: {rules: [{clientSelectors: [{queryParams: [{name: user, type: Distinct}], path: {type: PathPrefix, value: /shop}}], limit: {requests: 3, unit: Hour}}]}}
`, `
bandwidthLimit: {request: {limit: {value: 1Mi, unit: Second}}, response: {limit: {value: 100Mi, unit: Minute}, responseTrailers: {prefix: x}}}
`, `
faultInjection: {delay: {fixedDelay: 10ms, percentage: 10}, abort: {httpStatus: 503, percentage: 10}}
`, `
faultInjection: {abort: {grpcStatus: 14, percentage: 10.5}}
`, `
admissionControl: {samplingWindow: 30s, minSuccessRate: 95, rejectionAggression: 1, minRequestRate: 5, maxRejectionPercent: 80, successCriteria: {http: {statusCodes: [200, 404]}, grpc: {statusCodes: [Ok]}}}
`, `
compression: [{type: Gzip, gzip: {}}, {type: Brotli, brotli: {}}]
`, `
compressor: [{type: Gzip, gzip: {}, minContentLength: 1k}, {type: Zstd, zstd: {}}]
`, `
responseOverride:
- match: {statusCodes: [{type: Value, value: 503}, {type: Range, range: {start: 500, end: 502}}], responseHeaders: [{name: x-state, value: {type: RegularExpression, value: "[a-z]+"}}]}
  response: {contentType: text/plain, statusCode: 503, body: {type: Inline, inline: sorry}, header: {add: [{name: x-one, value: one}], set: [{name: x-two, value: two}]}}
  source: Backend
`, `
responseOverride: [{match: {statusCodes: [{type: Value, value: 404}]}, redirect: {scheme: https, hostname: sorry.example.com, path: {type: ReplaceFullPath, replaceFullPath: /sorry}, port: 8443, statusCode: 302}}]
`, `
responseOverride: [{match: {statusCodes: [{type: Value, value: 404}]}, response: {body: {type: ValueRef, valueRef: {group: "", kind: ConfigMap, name: sorry}}}}]
`, `
httpUpgrade: [{type: websocket}, {type: CONNECT, connect: {terminate: true}}]
`, `
requestBuffer: {limit: 64Ki}
`, `
telemetry:
  tracing: {samplingFraction: {numerator: 1, denominator: 10}, clientSamplingFraction: {numerator: 1}, overallSamplingFraction: {numerator: 1}, spanName: {client: a, server: b}, tags: {shop: one},
    customTags: {a: {type: Literal, literal: {value: x}}, b: {type: Environment, environment: {name: HOME, defaultValue: x}}, c: {type: RequestHeader, requestHeader: {name: x-user, defaultValue: x}}}}
  metrics: {routeStatName: "%ROUTE_NAME%/%ROUTE_NAMESPACE%"}
`, `
routingType: Service
mergeType: StrategicMerge
timeout: {tcp: {connectTimeout: 1s}}
`,
	},
	"Backend": {
		`
type: Endpoints
endpoints: [{fqdn: {hostname: shop.dr.example.net, port: 443}, hostname: shop.example.com, zone: a}]
appProtocols: [gateway.envoyproxy.io/h2c]
fallback: false
`, `
endpoints: [{ip: {address: 192.0.2.1, port: 443}}, {ip: {address: "2001:db8::1", port: 443}, hostname: shop.example.com}]
`, `
endpoints: [{fqdn: {hostname: shop.dr.example.net, port: 443}}]
tls: {wellKnownCACertificates: System, sni: shop.example.com, minVersion: "1.2", maxVersion: "1.3", ciphers: [ECDHE-RSA-AES128-GCM-SHA256], ecdhCurves: [X25519], signatureAlgorithms: [rsa_pss_rsae_sha256],
  alpnProtocols: [h2, http/1.1]}
`, `
endpoints: [{fqdn: {hostname: shop.dr.example.net, port: 443}}]
tls: {insecureSkipVerify: true, autoSNIFromEndpointHostname: true}
`, `
endpoints: [{fqdn: {hostname: shop.dr.example.net, port: 443}}]
tls: {caCertificateRefs: [{group: "", kind: ConfigMap, name: ca}], sni: shop.example.com}
`,
	},
	"HTTPRoute": {
		`
hostnames: [shop.example.com]
rules: [{matches: [{path: {type: RegularExpression, value: "/[a-z]+"}, headers: [{type: RegularExpression, name: x-user, value: "[a-z]+"}], queryParams: [{type: RegularExpression, name: user, value: "[a-z]+"}], method: GET}]}]
`, `
rules: [{matches: [{path: {type: PathPrefix, value: /shop}, headers: [{name: x-user, value: one}], queryParams: [{name: user, value: one}]}, {path: {type: Exact, value: /shop}}]}]
`, `
rules: [{timeouts: {request: 10s, backendRequest: 1s}, retry: {codes: [500], attempts: 2, backoff: 100ms}}]
`, `
rules: [{filters: [{type: RequestHeaderModifier, requestHeaderModifier: {add: [{name: x-one, value: one}], set: [{name: x-two, value: two}], remove: [x-three]}},
  {type: ResponseHeaderModifier, responseHeaderModifier: {add: [{name: x-one, value: one}], set: [{name: x-two, value: two}], remove: [x-three]}}]}]
`, `
rules: [{matches: [{path: {type: PathPrefix, value: /shop}}], filters: [{type: URLRewrite, urlRewrite: {hostname: shop.example.net, path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}}]}]
`, `
rules: [{filters: [{type: URLRewrite, urlRewrite: {hostname: shop.example.net, path: {type: ReplaceFullPath, replaceFullPath: /sorry}}}]}]
`, `
rules: [{filters: [{type: RequestRedirect, requestRedirect: {scheme: https, hostname: shop.example.net, path: {type: ReplaceFullPath, replaceFullPath: /sorry}, port: 8443, statusCode: 302}}]}]
`, `
rules: [{filters: [{type: CORS, cors: {allowOrigins: [https://shop.example.com, "https://*.example.com"], allowMethods: [GET], allowHeaders: [x-one], exposeHeaders: [x-two], maxAge: 10, allowCredentials: true}}]}]
`, `
rules: [{sessionPersistence: {sessionName: shop, type: Cookie, absoluteTimeout: 1h, cookieConfig: {lifetimeType: Permanent}}}]
`,
	},
	"HTTPRouteFilter": {
		`
urlRewrite: {hostname: {type: Backend}, appendXForwardedHost: true}
`, `
urlRewrite: {hostname: {type: Header, header: x-host}}
`, `
urlRewrite: {hostname: {type: PathRegex, pathRegex: {pattern: "^/([a-z]+)/.*", substitution: '\1.example.com'}}}
`, `
urlRewrite: {path: {type: ReplaceRegexMatch, replaceRegexMatch: {pattern: "^/shop/(.*)$", substitution: '/\1'}}}
`, `
directResponse: {contentType: text/plain, statusCode: 503, body: {type: Inline, inline: sorry}, header: {add: [{name: x-one, value: one}], set: [{name: x-two, value: two}]}}
`, `
directResponse: {body: {type: ValueRef, valueRef: {group: "", kind: ConfigMap, name: sorry}}}
`, `
credentialInjection: {header: x-token, overwrite: true, credential: {valueRef: {name: token}}}
`, `
matches: [{cookies: [{type: RegularExpression, name: user, value: "[a-z]+"}, {type: Exact, name: shop, value: one}]}]
`,
	},
	"Gateway": {
		`
listeners: [{name: http, protocol: HTTP, port: 80, hostname: shop.example.com, allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {team: shop}, matchExpressions: [{key: team, operator: In, values: [shop]}]}}}}]
`, `
listeners: [{name: https, protocol: HTTPS, port: 443, tls: {mode: Terminate, certificateRefs: [{group: "", kind: Secret, name: shop-tls}]}, allowedRoutes: {namespaces: {from: Same}, kinds: [{kind: HTTPRoute}]}}]
`, `
listeners: [{name: http, protocol: HTTP, port: 80}, {name: other, protocol: HTTPS, port: 443, tls: {certificateRefs: [{name: shop-tls}]}}]
`, `
listeners: [{name: http, protocol: HTTP, port: 80, hostname: a.example.com}, {name: other, protocol: HTTP, port: 80, hostname: b.example.com}, {name: third, protocol: HTTP, port: 81}]
`, `
listeners: [{name: https, protocol: HTTPS, port: 443, hostname: a.example.com, tls: {certificateRefs: [{name: shop-tls}]}}, {name: tls, protocol: TLS, port: 443, hostname: b.example.com, tls: {mode: Passthrough}}]
`, `
listeners: [{name: tcp, protocol: TCP, port: 9000}, {name: udp, protocol: UDP, port: 9000}, {name: tls, protocol: TLS, port: 9001, tls: {mode: Terminate, certificateRefs: [{name: shop-tls}]}}]
`,
	},
	"GRPCRoute": {
		`
rules: [{matches: [{method: {type: RegularExpression, service: "[a-z]+", method: "[a-z]+"}, headers: [{type: RegularExpression, name: x-user, value: "[a-z]+"}]}]}]
`, `
rules: [{matches: [{method: {service: shop, method: Buy}}], filters: [{type: RequestHeaderModifier, requestHeaderModifier: {add: [{name: x-one, value: one}], remove: [x-three]}}]}]
`,
	},
}
