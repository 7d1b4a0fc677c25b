package translation

import (
	"fmt"
	"math/rand/v2"
)

// mutation changes a set of manifests in one way. It tells whether it could.
type mutation struct {
	name  string
	apply func(random *rand.Rand, set *manifests) bool
}

// mutations are the ways in which people, and tools, get manifests wrong or right.
var mutations = []mutation{
	// References.
	{"drop a Backend", func(r *rand.Rand, s *manifests) bool { return s.drop(r, "Backend") }},
	{"drop a Service", func(r *rand.Rand, s *manifests) bool { return s.drop(r, "Service") }},
	{"drop a filter", func(r *rand.Rand, s *manifests) bool { return s.drop(r, "HTTPRouteFilter") }},
	{"drop a policy", func(r *rand.Rand, s *manifests) bool { return s.drop(r, "BackendTrafficPolicy") }},
	{"rename a reference", onReference(func(_ *rand.Rand, _ *manifests, ref object) { ref["name"] = "nobody" })},
	{"reference of another kind", onReference(func(r *rand.Rand, _ *manifests, ref object) {
		ref["group"], ref["kind"] = one(r, "", "example.com", "gateway.envoyproxy.io"), one(r, "Service", "Secret", "ConfigMap")
	})},
	{"reference to another namespace", onReference(func(_ *rand.Rand, s *manifests, ref object) { moveBackend(s, ref) })},
	{"reference to another namespace, granted", onReference(func(r *rand.Rand, s *manifests, ref object) {
		from := moveBackend(s, ref)
		kind, name := one(r, "HTTPRoute", "HTTPRoute", "GRPCRoute", "TCPRoute"), one(r, "", "", "nobody")
		grant := s.add(`{apiVersion: gateway.networking.k8s.io/v1beta1, kind: ReferenceGrant, metadata: {name: grant, namespace: elsewhere},
  spec: {from: [{group: gateway.networking.k8s.io, kind: %s, namespace: %s}], to: [{group: %q, kind: %s}]}}`, kind, from, ref.text("group"), kindOf(ref))
		if name != "" {
			grant.list("spec", "to")[0]["name"] = name
		}
	})},
	{"another backend", onRule(func(r *rand.Rand, s *manifests, rule object) {
		name := fmt.Sprintf("more-%d", r.IntN(100))
		s.add(`{apiVersion: gateway.envoyproxy.io/v1alpha1, kind: Backend, metadata: {name: %s, namespace: %s}, spec: {type: Endpoints, fallback: %t, endpoints: [{%s}]}}`,
			name, rule.text("namespace"), r.IntN(2) == 0, one(r, "fqdn: {hostname: more.example.com, port: 80}", "ip: {address: 10.1.2.3, port: 80}"))
		appendTo(rule, "backendRefs", map[string]any{"group": "gateway.envoyproxy.io", "kind": "Backend", "name": name, "weight": 1 + r.IntN(3)})
	})},
	{"a Service", onRule(func(r *rand.Rand, s *manifests, rule object) {
		name := fmt.Sprintf("service-%d", r.IntN(100))
		service := s.add(`{apiVersion: v1, kind: Service, metadata: {name: %s, namespace: %s}, spec: {clusterIP: 10.5.5.%d, selector: {app: a}, ports: [{name: http, port: 8080, protocol: %s}]}}`,
			name, rule.text("namespace"), 1+r.IntN(200), one(r, "TCP", "TCP", "TCP", "UDP"))
		switch r.IntN(5) {
		case 0:
			service.set("PreferClose", "spec", "trafficDistribution")
		case 1:
			service.set("ExternalName", "spec", "type")
			service.set("example.com", "spec", "externalName")
		case 2:
			service.list("spec", "ports")[0]["appProtocol"] = one(r, "kubernetes.io/h2c", "kubernetes.io/ws", "grpc", "https")
		}
		ref := map[string]any{"name": name, "port": one(r, 8080, 8080, 8080, 9090)}
		if r.IntN(3) == 0 {
			rule["backendRefs"] = []any{ref}
		} else {
			appendTo(rule, "backendRefs", ref)
		}
	})},
	// What a backendRef has.
	{"weight", onReference(func(r *rand.Rand, _ *manifests, ref object) { ref["weight"] = one(r, 0, 0, 1, 9, 90) })},
	{"no weight at all", onRule(func(_ *rand.Rand, _ *manifests, rule object) {
		for _, ref := range rule.list("backendRefs") {
			ref["weight"] = 0
		}
	})},
	{"no backendRefs", onRule(func(_ *rand.Rand, _ *manifests, rule object) { delete(rule, "backendRefs") })},
	{"filter of a backendRef", onReference(func(r *rand.Rand, _ *manifests, ref object) {
		ref["filters"] = []any{one[map[string]any](
			r,
			map[string]any{"type": "RequestHeaderModifier", "requestHeaderModifier": map[string]any{"set": []any{map[string]any{"name": "x-tier", "value": "a"}}}},
			map[string]any{"type": "ResponseHeaderModifier", "responseHeaderModifier": map[string]any{"add": []any{map[string]any{"name": "x-tier", "value": "a"}}}},
			map[string]any{"type": "URLRewrite", "urlRewrite": map[string]any{"hostname": "a.example.com"}},
			map[string]any{"type": "URLRewrite", "urlRewrite": map[string]any{"path": map[string]any{"type": "ReplaceFullPath", "replaceFullPath": "/a"}}},
			map[string]any{"type": "ExtensionRef", "extensionRef": map[string]any{"group": "gateway.envoyproxy.io", "kind": "HTTPRouteFilter", "name": "nobody"}},
			map[string]any{"type": "RequestRedirect", "requestRedirect": map[string]any{"statusCode": 301}},
		)}
	})},
	// Backends.
	{"address type", onObject("Backend", func(r *rand.Rand, _ *manifests, o object) {
		o.set([]any{one(
			r,
			map[string]any{"ip": map[string]any{"address": "10.9.8.7", "port": 8080}},
			map[string]any{"ip": map[string]any{"address": "2001:db8::1", "port": 8080}},
			map[string]any{"fqdn": map[string]any{"hostname": "b.example.com", "port": 8080}},
			map[string]any{"unix": map[string]any{"path": "/run/a.sock"}},
		)}, "spec", "endpoints")
	})},
	{"every address an IP", func(_ *rand.Rand, s *manifests) bool {
		for i, backend := range s.of("Backend") {
			if backend.at("spec", "type") != "DynamicResolver" {
				backend.set([]any{map[string]any{"ip": map[string]any{"address": fmt.Sprintf("10.0.0.%d", i+1), "port": 80}}}, "spec", "endpoints")
			}
		}
		return len(s.of("Backend")) > 0
	}},
	{"bad address", onObject("Backend", func(r *rand.Rand, _ *manifests, o object) {
		o.set([]any{one(
			r,
			map[string]any{"ip": map[string]any{"address": "127.0.0.1", "port": 8080}},
			map[string]any{"fqdn": map[string]any{"hostname": "single", "port": 8080}},
			map[string]any{"fqdn": map[string]any{"hostname": "dot.example.com.", "port": 8080}},
			map[string]any{"fqdn": map[string]any{"hostname": "localhost.localdomain", "port": 8080}},
			map[string]any{"hostname": "single", "fqdn": map[string]any{"hostname": "a.example.com", "port": 8080}},
		)}, "spec", "endpoints")
	})},
	{"another endpoint", onObject("Backend", func(r *rand.Rand, _ *manifests, o object) {
		spec, _ := o.at("spec").(map[string]any)
		appendTo(spec, "endpoints", one(
			r,
			map[string]any{"ip": map[string]any{"address": "10.9.8.6", "port": 8081}},
			map[string]any{"fqdn": map[string]any{"hostname": "c.example.com", "port": 8081}},
		))
	})},
	{"fallback", onObject("Backend", func(r *rand.Rand, _ *manifests, o object) { o.set(r.IntN(2) == 0, "spec", "fallback") })},
	{"all fallback, or none", func(r *rand.Rand, s *manifests) bool {
		fallback := r.IntN(2) == 0
		for _, backend := range s.of("Backend") {
			if backend.at("spec", "type") != "DynamicResolver" {
				backend.set(fallback, "spec", "fallback")
			}
		}
		return len(s.of("Backend")) > 0
	}},
	{"appProtocols", onObject("Backend", func(r *rand.Rand, _ *manifests, o object) {
		o.set([]any{one(r, "gateway.envoyproxy.io/h2c", "gateway.envoyproxy.io/ws", "gateway.envoyproxy.io/wss", "gateway.envoyproxy.io/h2c")}, "spec", "appProtocols")
	})},
	{"tls", onObject("Backend", func(r *rand.Rand, _ *manifests, o object) {
		o.set(one[map[string]any](
			r,
			map[string]any{"wellKnownCACertificates": "System"},
			map[string]any{"wellKnownCACertificates": "System", "sni": "a.example.com"},
			map[string]any{"wellKnownCACertificates": "System", "autoSNIFromEndpointHostname": true},
			map[string]any{"insecureSkipVerify": true},
			map[string]any{"insecureSkipVerify": false},
		), "spec", "tls")
	})},
	{"BackendTLSPolicy", onObject("Backend", func(r *rand.Rand, s *manifests, o object) {
		policy := s.add(`{apiVersion: gateway.networking.k8s.io/v1, kind: BackendTLSPolicy, metadata: {name: tls-%d, namespace: %s}, spec: {targetRefs: [{group: gateway.envoyproxy.io, kind: Backend, name: %s}],
  validation: {hostname: a.example.com, wellKnownCACertificates: System}}}`, r.IntN(1000), o.namespace(), o.name())
		if r.IntN(3) == 0 {
			policy.list("spec", "targetRefs")[0]["sectionName"] = one(r, "8080", "443", "80")
		}
	})},
	{"DynamicResolver", onObject("Backend", func(_ *rand.Rand, _ *manifests, o object) { o["spec"] = map[string]any{"type": "DynamicResolver"} })},
	// Rules.
	{"name the rules", onRoute(func(_ *rand.Rand, _ *manifests, o object) {
		for i, rule := range o.list("spec", "rules") {
			rule["name"] = fmt.Sprintf("rule-%d", i)
		}
	})},
	{"another rule", onRoute(func(r *rand.Rand, _ *manifests, o object) {
		rules := o.list("spec", "rules")
		if len(rules) == 0 {
			return
		}
		copied := (&manifests{objects: []object{rules[r.IntN(len(rules))]}}).clone("").objects[0]
		delete(copied, "name")
		if o.kind() == "HTTPRoute" {
			copied["matches"] = []any{map[string]any{"path": map[string]any{"type": "PathPrefix", "value": "/more"}}, map[string]any{"headers": []any{map[string]any{"name": "x-a", "value": "b"}}}}
		}
		spec, _ := o.at("spec").(map[string]any)
		appendTo(spec, "rules", map[string]any(copied))
	})},
	{"bad regular expression", onRule(func(r *rand.Rand, _ *manifests, rule object) {
		if rule.text("kind") == "HTTPRoute" {
			rule["matches"] = []any{one[map[string]any](
				r,
				map[string]any{"path": map[string]any{"type": "RegularExpression", "value": one(r, "/([", "/(?!x)", "/[a-z]+")}},
				map[string]any{"headers": []any{map[string]any{"type": "RegularExpression", "name": "x-a", "value": one(r, "([", "a.*")}}},
				map[string]any{"queryParams": []any{map[string]any{"type": "RegularExpression", "name": "a", "value": one(r, "([", "a.*")}}},
			)}
		}
	})},
	{"timeouts of a rule", onHTTPRule(func(r *rand.Rand, rule object) {
		rule["timeouts"] = map[string]any{"request": one(r, "3s", "10s", "0s")}
		if r.IntN(2) == 0 {
			rule["timeouts"] = map[string]any{"request": "3s", "backendRequest": "1s"}
		}
	})},
	{"retry of a rule", onHTTPRule(func(r *rand.Rand, rule object) {
		rule["retry"] = one[map[string]any](r, map[string]any{"attempts": 3}, map[string]any{"codes": []any{500, 503}, "attempts": 1}, map[string]any{"backoff": "100ms"})
	})},
	{"filter of a rule", onHTTPRule(func(r *rand.Rand, rule object) {
		rule["filters"] = one(r,
			[]any{redirect()},
			[]any{redirect(), redirect()},
			[]any{extension("nobody")},
			[]any{map[string]any{"type": "RequestHeaderModifier", "requestHeaderModifier": map[string]any{"set": []any{map[string]any{"name": "host", "value": "a"}}}}},
			[]any{map[string]any{"type": "URLRewrite", "urlRewrite": map[string]any{"hostname": "a.example.com"}}},
			[]any{map[string]any{"type": "RequestMirror", "requestMirror": map[string]any{"backendRef": map[string]any{"name": "nobody", "port": 80}}}},
		)
	})},
	{"HTTPRouteFilter of a rule", onRule(func(r *rand.Rand, s *manifests, rule object) {
		kind := rule.text("kind")
		if kind != "HTTPRoute" && kind != "GRPCRoute" {
			return
		}
		name := fmt.Sprintf("filter-%d", r.IntN(1000))
		s.add(`{apiVersion: gateway.envoyproxy.io/v1alpha1, kind: HTTPRouteFilter, metadata: {name: %s, namespace: %s}, spec: {%s}}`, name, rule.text("namespace"), one(
			r,
			"urlRewrite: {hostname: {type: Backend}}",
			"directResponse: {statusCode: 503}",
			"directResponse: {body: {type: Inline, inline: hello}}",
			"urlRewrite: {hostname: {type: Header, header: x-host}}",
		))
		appendTo(rule, "filters", extension(name))
	})},
	// Attachment.
	{"hostnames", onRoute(func(r *rand.Rand, _ *manifests, o object) {
		if o.kind() != "TCPRoute" {
			o.set(one(r, []any{"a.example.com"}, []any{"*.example.com"}, []any{"b.example.org", "a.example.com"}, []any{"x.a.example.com"}), "spec", "hostnames")
		}
	})},
	{"hostname of a listener", onListener(func(r *rand.Rand, listener object) {
		listener["hostname"] = one(r, "a.example.com", "*.example.com", "*.example.org", "*.com")
	})},
	{"allowedRoutes", onListener(func(r *rand.Rand, listener object) {
		listener["allowedRoutes"] = one[map[string]any](
			r,
			map[string]any{"namespaces": map[string]any{"from": "Same"}},
			map[string]any{"namespaces": map[string]any{"from": "All"}},
			map[string]any{"namespaces": map[string]any{"from": "All"}, "kinds": []any{map[string]any{"kind": one(r, "HTTPRoute", "GRPCRoute", "TCPRoute")}}},
			map[string]any{"namespaces": map[string]any{"from": "Selector", "selector": map[string]any{"matchLabels": map[string]any{"no": "body"}}}},
		)
	})},
	{"another listener", onGateway(func(r *rand.Rand, gateway object) {
		listener := map[string]any{
			"name": fmt.Sprintf("more-%d", r.IntN(100)), "port": one(r, 80, 80, 8081, 9000), "protocol": one(r, "HTTP", "HTTP", "HTTP", "TCP"),
			"allowedRoutes": map[string]any{"namespaces": map[string]any{"from": "All"}},
		}
		if listener["protocol"] == "HTTP" && r.IntN(2) == 0 {
			listener["hostname"] = one(r, "a.example.com", "*.example.com", "more.example.org")
		}
		spec, _ := gateway.at("spec").(map[string]any)
		appendTo(spec, "listeners", listener)
	})},
	{"sectionName of a parentRef", onParent(func(r *rand.Rand, parent object) { parent["sectionName"] = one(r, "listener", "http", "nobody") })},
	{"port of a parentRef", onParent(func(r *rand.Rand, parent object) { parent["port"] = one(r, 80, 81) })},
	{"Gateway of another class", onGateway(func(_ *rand.Rand, gateway object) { gateway.set(otherClass, "spec", "gatewayClassName") })},
	{"another Gateway", onRoute(func(r *rand.Rand, s *manifests, o object) {
		name := fmt.Sprintf("gateway-%d", r.IntN(100))
		spec, _ := o.at("spec").(map[string]any)
		appendTo(spec, "parentRefs", map[string]any{"name": name, "namespace": "gateways"})
		s.add(`{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {name: %s, namespace: gateways}, spec: {gatewayClassName: eg, listeners: [
  {name: http, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}, {name: tcp, port: 81, protocol: TCP, allowedRoutes: {namespaces: {from: All}}},
  {name: tls, port: 82, protocol: TLS, tls: {mode: Passthrough}, allowedRoutes: {namespaces: {from: All}}}]}}`, name)
	})},
	{"hostnames on both sides", func(r *rand.Rand, s *manifests) bool {
		names := []string{"a.example.com", "b.example.com", "*.example.com", "*.a.example.com", "a.example.org", "*.org"}
		for _, gateway := range s.of("Gateway") {
			for _, listener := range gateway.list("spec", "listeners") {
				if listener.text("protocol") != "TCP" && r.IntN(3) > 0 {
					listener["hostname"] = one(r, names...)
				}
			}
		}
		for _, route := range s.of("HTTPRoute", "GRPCRoute", "TLSRoute") {
			route.set([]any{one(r, names...), one(r, names...)}, "spec", "hostnames")
		}
		return true
	}},
	{"another route", onRoute(func(r *rand.Rand, s *manifests, o object) {
		copied := (&manifests{objects: []object{o}}).clone("").objects[0]
		copied.set(fmt.Sprintf("%s-%d", o.name(), r.IntN(100)), "metadata", "name")
		s.objects = append(s.objects, copied)
	})},
	{"a WebSocket backend next to h2c", onRule(func(r *rand.Rand, s *manifests, rule object) {
		for i, protocol := range []string{"gateway.envoyproxy.io/ws", "gateway.envoyproxy.io/h2c"} {
			name := fmt.Sprintf("protocol-%d-%d", r.IntN(1000), i)
			s.add(`{apiVersion: gateway.envoyproxy.io/v1alpha1, kind: Backend, metadata: {name: %s, namespace: %s}, spec: {type: Endpoints, appProtocols: [%s], endpoints: [{fqdn: {hostname: p.example.com, port: 80}}]}}`,
				name, rule.text("namespace"), protocol)
			appendTo(rule, "backendRefs", map[string]any{"group": "gateway.envoyproxy.io", "kind": "Backend", "name": name})
		}
	})},
	{"route of another kind", onRoute(func(r *rand.Rand, s *manifests, o object) { changeKind(r, s, o) })},
	// Policies.
	{"policy on the Gateway", onObject("Gateway", func(r *rand.Rand, s *manifests, gateway object) {
		s.addPolicy(r, gateway.namespace(), "Gateway", gateway.name(), "")
	})},
	{"policy on a listener", onObject("Gateway", func(r *rand.Rand, s *manifests, gateway object) {
		s.addPolicy(r, gateway.namespace(), "Gateway", gateway.name(), one(r, listenerNames(gateway)...))
	})},
	{"policy on a listener that is not there", onObject("Gateway", func(r *rand.Rand, s *manifests, gateway object) {
		s.addPolicy(r, gateway.namespace(), "Gateway", gateway.name(), "nobody")
	})},
	{"policy on a route", onRoute(func(r *rand.Rand, s *manifests, o object) { s.addPolicy(r, o.namespace(), o.kind(), o.name(), "") })},
	{"policy on a rule", onRoute(func(r *rand.Rand, s *manifests, o object) {
		for i, rule := range o.list("spec", "rules") {
			rule["name"] = fmt.Sprintf("rule-%d", i)
		}
		s.addPolicy(r, o.namespace(), o.kind(), o.name(), one(r, "rule-0", "rule-0", "rule-1", "nobody"))
	})},
	{"policy on the wrong route", onRoute(func(r *rand.Rand, s *manifests, o object) { s.addPolicy(r, o.namespace(), o.kind(), "nobody", "") })},
	{"policy in another namespace", onRoute(func(r *rand.Rand, s *manifests, o object) { s.addPolicy(r, "elsewhere", o.kind(), o.name(), "") })},
	{"policy by a selector", onRoute(func(r *rand.Rand, s *manifests, o object) {
		policy := s.addPolicy(r, o.namespace(), o.kind(), o.name(), "")
		spec, _ := policy.at("spec").(map[string]any)
		delete(spec, "targetRefs")
		selector := map[string]any{"group": "gateway.networking.k8s.io", "kind": o.kind(), "matchLabels": one(r, map[string]any{}, map[string]any{}, map[string]any{"no": "body"})}
		spec["targetSelectors"] = []any{selector}
	})},
	{"policy on two targets", onObject("BackendTrafficPolicy", func(_ *rand.Rand, s *manifests, o object) {
		spec, _ := o.at("spec").(map[string]any)
		for _, route := range s.of("HTTPRoute", "GRPCRoute") {
			if route.namespace() == o.namespace() {
				appendTo(spec, "targetRefs", map[string]any{"group": "gateway.networking.k8s.io", "kind": route.kind(), "name": route.name()})
			}
		}
	})},
	{"mergeType", onObject("BackendTrafficPolicy", func(r *rand.Rand, _ *manifests, o object) {
		o.set(one(r, "StrategicMerge", "JSONMerge"), "spec", "mergeType")
	})},
	{"mergeType, and a policy on the Gateway", func(r *rand.Rand, s *manifests) bool {
		for _, policy := range s.of("BackendTrafficPolicy") {
			policy.set(one(r, "StrategicMerge", "JSONMerge"), "spec", "mergeType")
		}
		for _, gateway := range s.of("Gateway") {
			s.addPolicy(r, gateway.namespace(), "Gateway", gateway.name(), "")
		}
		return true
	}},
	{"zone-aware", onObject("BackendTrafficPolicy", func(r *rand.Rand, _ *manifests, o object) {
		o.set(one[map[string]any](
			r,
			map[string]any{"type": "LeastRequest", "zoneAware": map[string]any{"preferLocal": map[string]any{"minEndpointsThreshold": 1}}},
			map[string]any{"type": "RoundRobin", "zoneAware": map[string]any{"preferLocal": map[string]any{}}},
			map[string]any{"type": "RoundRobin"},
		), "spec", "loadBalancer")
	})},
	{"passive health check", onObject("BackendTrafficPolicy", func(r *rand.Rand, _ *manifests, o object) {
		o.set(one[map[string]any](
			r,
			map[string]any{},
			map[string]any{"maxEjectionPercent": 0},
			map[string]any{"consecutive5XxErrors": 0, "consecutiveGatewayErrors": 0},
			map[string]any{"baseEjectionTime": "1ms", "interval": "1h"},
			map[string]any{"consecutiveGatewayErrors": 3, "splitExternalLocalOriginErrors": true, "failurePercentageThreshold": 80, "alwaysEjectOneEndpoint": true},
		), "spec", "healthCheck", "passive")
	})},
	{"active health check", onObject("BackendTrafficPolicy", func(r *rand.Rand, _ *manifests, o object) {
		o.set(one[map[string]any](
			r,
			map[string]any{"type": "HTTP", "http": map[string]any{"path": "/up"}},
			map[string]any{"type": "TCP"},
			map[string]any{"type": "GRPC", "unhealthyThreshold": 1000000},
			map[string]any{"type": "HTTP", "timeout": "5s", "interval": "1s", "http": map[string]any{"path": "/up", "method": "GET"}},
		), "spec", "healthCheck", "active")
	})},
	{"panicThreshold", onObject("BackendTrafficPolicy", func(r *rand.Rand, _ *manifests, o object) {
		o.set(one(r, 0, 50, 100), "spec", "healthCheck", "panicThreshold")
	})},
	{"circuit breaker", onObject("BackendTrafficPolicy", func(r *rand.Rand, _ *manifests, o object) {
		o.set(one[map[string]any](r, map[string]any{"maxConnections": 7}, map[string]any{"maxParallelRetries": 0, "maxPendingRequests": 0}, map[string]any{}), "spec", "circuitBreaker")
	})},
	{"retry", onObject("BackendTrafficPolicy", func(r *rand.Rand, _ *manifests, o object) {
		o.set(one[map[string]any](
			r,
			map[string]any{},
			map[string]any{"numRetries": 5, "numAttemptsPerPriority": 1, "retryOn": map[string]any{"triggers": []any{"reset", "connect-failure"}}},
			map[string]any{"retryOn": map[string]any{"httpStatusCodes": []any{503, 502}}, "perRetry": map[string]any{"timeout": "1s"}},
			map[string]any{"perRetry": map[string]any{"backOff": map[string]any{"baseInterval": "10ms", "maxInterval": "1s"}}},
		), "spec", "retry")
	})},
	{"policy that is refused", onObject("BackendTrafficPolicy", func(r *rand.Rand, _ *manifests, o object) {
		o.set(map[string]any{"perRetry": map[string]any{"backOff": one[map[string]any](
			r, map[string]any{"baseInterval": "0s"}, map[string]any{"baseInterval": "2s", "maxInterval": "1s"},
		)}}, "spec", "retry")
	})},
}

// addPolicy adds a policy for a target, with settings that tell it from others.
func (m *manifests) addPolicy(r *rand.Rand, namespace, kind, name, section string) object {
	policy := m.add(`{apiVersion: gateway.envoyproxy.io/v1alpha1, kind: BackendTrafficPolicy, metadata: {name: policy-%d, namespace: %s},
  spec: {targetRefs: [{group: gateway.networking.k8s.io, kind: %s, name: %s}]}}`, r.IntN(1000), namespace, kind, name)
	if section != "" {
		policy.list("spec", "targetRefs")[0]["sectionName"] = section
	}
	setting := 2 + r.IntN(90)
	if r.IntN(2) == 0 {
		policy.set(map[string]any{"passive": map[string]any{"maxEjectionPercent": setting}}, "spec", "healthCheck")
	}
	if r.IntN(2) == 0 {
		policy.set(map[string]any{"maxConnections": setting}, "spec", "circuitBreaker")
	}
	if r.IntN(2) == 0 {
		policy.set(map[string]any{"tcp": map[string]any{"connectTimeout": fmt.Sprintf("%dms", setting)}, "http": map[string]any{"requestTimeout": fmt.Sprintf("%ds", setting)}}, "spec", "timeout")
	}
	if r.IntN(2) == 0 {
		policy.set(map[string]any{"numRetries": setting % 7}, "spec", "retry")
	}
	if kind != "Gateway" && r.IntN(3) == 0 {
		policy.set(one(r, "StrategicMerge", "JSONMerge"), "spec", "mergeType")
	}
	return policy
}

func one[T any](r *rand.Rand, values ...T) T { return values[r.IntN(len(values))] }

func appendTo(fields map[string]any, name string, value any) {
	list, _ := fields[name].([]any)
	fields[name] = append(list, value)
}

func redirect() map[string]any {
	return map[string]any{"type": "RequestRedirect", "requestRedirect": map[string]any{"scheme": "https", "statusCode": 301}}
}

func extension(name string) map[string]any {
	return map[string]any{"type": "ExtensionRef", "extensionRef": map[string]any{"group": "gateway.envoyproxy.io", "kind": "HTTPRouteFilter", "name": name}}
}

func kindOf(ref object) string {
	if kind := ref.text("kind"); kind != "" {
		return kind
	}
	return "Service"
}

// moveBackend moves what a reference names to another namespace, and the reference
// with it. It returns the namespace of the route.
func moveBackend(s *manifests, ref object) string {
	from := ref.text("from")
	for _, o := range s.of(kindOf(ref)) {
		if o.name() == ref.text("name") {
			o.set("elsewhere", "metadata", "namespace")
		}
	}
	ref["namespace"] = "elsewhere"
	return from
}

func (m *manifests) drop(r *rand.Rand, kind string) bool {
	found := m.of(kind)
	if len(found) == 0 {
		return false
	}
	dropped := found[r.IntN(len(found))]
	var kept []object
	for _, o := range m.objects {
		if o.kind() != kind || o.name() != dropped.name() || o.namespace() != dropped.namespace() {
			kept = append(kept, o)
		}
	}
	m.objects = kept
	return true
}

func onObject(kind string, change func(*rand.Rand, *manifests, object)) func(*rand.Rand, *manifests) bool {
	return func(r *rand.Rand, s *manifests) bool {
		found := s.of(kind)
		if len(found) == 0 {
			return false
		}
		change(r, s, found[r.IntN(len(found))])
		return true
	}
}

func onRoute(change func(*rand.Rand, *manifests, object)) func(*rand.Rand, *manifests) bool {
	return func(r *rand.Rand, s *manifests) bool {
		routes := s.of("HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute")
		if len(routes) == 0 {
			return false
		}
		change(r, s, routes[r.IntN(len(routes))])
		return true
	}
}

// onRule changes a rule, which knows the kind and namespace of its route meanwhile.
func onRule(change func(*rand.Rand, *manifests, object)) func(*rand.Rand, *manifests) bool {
	return onRoute(func(r *rand.Rand, s *manifests, route object) {
		rules := route.list("spec", "rules")
		if len(rules) == 0 {
			return
		}
		rule := rules[r.IntN(len(rules))]
		rule["kind"], rule["namespace"] = route.kind(), route.namespace()
		change(r, s, rule)
		delete(rule, "kind")
		delete(rule, "namespace")
	})
}

func onHTTPRule(change func(*rand.Rand, object)) func(*rand.Rand, *manifests) bool {
	return onRule(func(r *rand.Rand, _ *manifests, rule object) {
		if rule.text("kind") == "HTTPRoute" {
			change(r, rule)
		}
	})
}

// onReference changes a backendRef, which knows the namespace of its route meanwhile.
func onReference(change func(*rand.Rand, *manifests, object)) func(*rand.Rand, *manifests) bool {
	return onRule(func(r *rand.Rand, s *manifests, rule object) {
		references := rule.list("backendRefs")
		if len(references) == 0 {
			return
		}
		reference := references[r.IntN(len(references))]
		reference["from"] = rule.text("namespace")
		change(r, s, reference)
		delete(reference, "from")
	})
}

func onParent(change func(*rand.Rand, object)) func(*rand.Rand, *manifests) bool {
	return onRoute(func(r *rand.Rand, _ *manifests, route object) {
		if parents := route.list("spec", "parentRefs"); len(parents) > 0 {
			change(r, parents[r.IntN(len(parents))])
		}
	})
}

func onGateway(change func(*rand.Rand, object)) func(*rand.Rand, *manifests) bool {
	return onObject("Gateway", func(r *rand.Rand, _ *manifests, gateway object) { change(r, gateway) })
}

func onListener(change func(*rand.Rand, object)) func(*rand.Rand, *manifests) bool {
	return onGateway(func(r *rand.Rand, gateway object) {
		listeners := gateway.list("spec", "listeners")
		change(r, listeners[r.IntN(len(listeners))])
	})
}

func listenerNames(gateway object) []string {
	var names []string
	for _, listener := range gateway.list("spec", "listeners") {
		names = append(names, listener.text("name"))
	}
	return names
}

// changeKind makes a route of another kind out of one, with a listener that takes
// it.
func changeKind(r *rand.Rand, s *manifests, route object) {
	kind := one(r, "GRPCRoute", "TCPRoute", "TLSRoute")
	route["kind"] = kind
	for _, rule := range route.list("spec", "rules") {
		for field := range rule {
			if field != "backendRefs" && field != "name" {
				delete(rule, field)
			}
		}
		for _, reference := range rule.list("backendRefs") {
			delete(reference, "filters")
		}
	}
	spec, _ := route.at("spec").(map[string]any)
	if kind == "TCPRoute" {
		delete(spec, "hostnames")
	}
	if kind == "TLSRoute" && spec["hostnames"] == nil {
		spec["hostnames"] = []any{"a.example.com"}
	}
	for _, policy := range s.of("BackendTrafficPolicy") {
		for _, target := range policy.list("spec", "targetRefs") {
			if target.text("name") == route.name() {
				target["kind"] = kind
			}
		}
	}
	if kind == "GRPCRoute" {
		return
	}
	for _, gateway := range s.of("Gateway") {
		for _, listener := range gateway.list("spec", "listeners") {
			delete(listener, "hostname")
			delete(listener, "tls")
			listener["protocol"] = kind[:3]
			if kind == "TLSRoute" {
				listener["tls"] = map[string]any{"mode": "Passthrough"}
			}
			if routes, isSet := listener["allowedRoutes"].(map[string]any); isSet {
				delete(routes, "kinds")
			}
		}
	}
}
