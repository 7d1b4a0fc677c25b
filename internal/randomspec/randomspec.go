// Package randomspec makes valid FailoverSpecs at random, for tests that want
// many.
package randomspec

import (
	"fmt"
	"math/rand/v2"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	"github.com/failover-krm/failover/pkg/target"
)

type object = map[string]any

// New returns a valid FailoverSpec, as JSON has it, for a target. Each number
// makes one of a name of its own, always the same.
func New(number int, on target.Target) map[string]any {
	g := generator{Rand: rand.New(rand.NewPCG(uint64(number), 42))}
	g.ips = g.IntN(5) == 0
	name := fmt.Sprintf("shop-%d", number)
	spec := object{"target": string(on), "gateway": g.gateway(name), "policy": g.policy()}
	spec["active"], spec["passive"] = g.tiers(name)
	g.maybe(spec, "hostnames", []any{name + ".example.com", "*." + name + ".example.com"}[:1+g.IntN(2)])
	g.maybe(spec, "matches", g.matches())
	if !g.ips { // which have no hostname to send
		g.maybe(spec, "hostRewrite", "Backend")
	}
	g.maybe(spec, "labels", object{"team": "shop", "example.com/tier": "front"})
	g.maybe(spec, "annotations", object{"example.com/note": "made at random, as number " + fmt.Sprint(number)})
	g.maybe(spec, "clusterDomain", "cluster.example")
	g.maybe(spec, "prefer", "passive")
	g.route(spec, name, on)
	return object{
		"apiVersion": v1alpha1.APIVersion, "kind": v1alpha1.Kind,
		"metadata": object{"name": name, "namespace": pick(g, "default", "web")},
		"spec":     spec,
	}
}

type generator struct {
	*rand.Rand
	// ips tells that the tiers are IP addresses: both, or none.
	ips bool
}

func pick[T any](g generator, choices ...T) T { return choices[g.IntN(len(choices))] }

// maybe gives an object a field, half of the time.
func (g generator) maybe(object object, name string, value any) {
	if g.IntN(2) == 0 {
		object[name] = value
	}
}

func (g generator) gateway(name string) object {
	switch g.IntN(3) {
	case 0:
		gateway := object{"name": "public"}
		g.maybe(gateway, "namespace", "infra")
		g.maybe(gateway, "sectionName", "http")
		return gateway
	case 1:
		return object{"gatewayClassName": "eg"}
	default:
		return object{"name": name + "-public", "gatewayClassName": "eg", "listeners": []any{
			object{"name": "http", "port": 80 + g.IntN(1000), "protocol": "HTTP"},
			object{"name": "https", "port": 8443, "protocol": "HTTPS", "tls": object{"certificateRefs": []any{object{"name": "shop-tls"}}}},
		}}
	}
}

// route makes the route of the spec, now and then, one of several rules or of another
// kind.
func (g generator) route(spec object, name string, on target.Target) {
	switch g.IntN(8) {
	case 0:
		delete(spec, "matches")
		spec["rules"] = g.rules(object{"matches": []any{object{"method": "POST"}}, "timeouts": object{"request": "3s"}})
	case 1:
		delete(spec, "matches")
		route := object{}
		g.maybe(route, "rules", g.rules(object{"matches": []any{object{"method": object{"service": "shop.Carts", "method": "Get"}}}}))
		spec["grpcRoute"] = route
		if !on.Has(target.GRPCRouteFilter) {
			delete(spec, "hostRewrite")
		}
	case 2:
		spec["tlsRoute"], spec["hostnames"] = object{}, []any{name + ".example.com"}
		g.connections(spec, object{"name": "tls", "port": 8443, "protocol": "TLS", "tls": object{"mode": "Passthrough"}})
	case 3:
		spec["tcpRoute"] = object{}
		delete(spec, "hostnames")
		g.connections(spec, object{"name": "tcp", "port": 5432, "protocol": "TCP"})
	}
}

// rules returns one or two, the second with a filter.
func (g generator) rules(first object) []any {
	filter := object{"type": "RequestHeaderModifier", "requestHeaderModifier": object{"set": []any{object{"name": "X-Rule", "value": "2"}}}}
	return []any{first, object{"name": "second", "filters": []any{filter}}}[:1+g.IntN(2)]
}

// connections takes out of a spec what is about requests, and gives the Gateway that it
// makes a listener.
func (g generator) connections(spec, listener object) {
	delete(spec, "matches")
	delete(spec, "hostRewrite")
	if gateway := spec["gateway"].(object); gateway["gatewayClassName"] != nil {
		gateway["listeners"] = []any{listener}
	}
	policy := spec["policy"].(object)
	policy["profile"] = pick(g, "safe", "custom")
	delete(policy, "retry")
	if timeout, given := policy["timeout"].(object); given {
		delete(timeout, "http")
	}
	if health, given := policy["healthCheck"].(object); given && health["active"] != nil {
		health["active"] = object{"tcp": object{}}
	}
	for _, tier := range []any{spec["active"], spec["passive"]} {
		backends, isList := tier.(object)["backends"].([]any)
		if !isList {
			backends = []any{tier}
		}
		for _, backend := range backends {
			delete(backend.(object), "appProtocols")
		}
	}
}

// tiers returns an active and a passive tier whose addresses are of one kind.
func (g generator) tiers(name string) (active, passive object) {
	if g.ips {
		ip := func() object {
			return object{"endpoints": []any{object{"ip": object{"address": fmt.Sprintf("10.0.%d.%d", g.IntN(256), 1+g.IntN(254)), "port": 1 + g.IntN(65535)}}}}
		}
		return ip(), ip()
	}
	active, passive = g.tier(name, "active"), g.tier(name, "passive")
	if g.IntN(2) == 0 { // one protocol for both
		active["appProtocols"] = []any{"gateway.envoyproxy.io/h2c"}
		passive["appProtocols"] = active["appProtocols"]
	}
	return g.several(name, active), passive
}

// several sometimes gives a tier more backends than one.
func (g generator) several(name string, tier object) object {
	backends := []any{tier}
	for i := range g.IntN(3) {
		other := g.tier(name, fmt.Sprintf("active-%d", i))
		if protocols, given := tier["appProtocols"]; given {
			other["appProtocols"] = protocols
		}
		g.maybe(other, "weight", 1+g.IntN(1000000))
		backends = append(backends, other)
	}
	if len(backends) == 1 && g.IntN(2) == 0 {
		return tier
	}
	return object{"backends": backends}
}

func (g generator) tier(name, side string) object {
	tier := object{}
	switch g.IntN(4) {
	case 0:
		tier["workload"] = g.workload()
		g.maybe(tier, "name", name+"-"+side+"-app")
	case 1:
		service := object{"name": name + "-" + side + "-svc", "port": 1 + g.IntN(65535)}
		g.maybe(service, "namespace", "other")
		tier["service"] = service
	case 2:
		imported := object{"name": name + "-" + side + "-svc", "port": 1 + g.IntN(65535)}
		g.maybe(imported, "namespace", "other")
		tier["serviceImport"] = imported
	default:
		tier["endpoints"] = []any{object{"fqdn": object{"hostname": name + "." + side + ".example.net", "port": 443}}}
	}
	return tier
}

func (g generator) workload() object {
	workload := object{"image": pick(g, "nginx", "registry.example.com:5000/shop/web:v1.2.3"), "port": 1 + g.IntN(65535)}
	g.maybe(workload, "replicas", g.IntN(10))
	g.maybe(workload, "clusterIP", "None")
	g.maybe(workload, "imagePullPolicy", pick(g, "Always", "IfNotPresent", "Never"))
	g.maybe(workload, "command", []any{"/bin/server", "--verbose"})
	g.maybe(workload, "args", []any{"yes", "1"})
	g.maybe(workload, "env", []any{
		object{"name": "MODE", "value": pick(g, "", "on", "0123")},
		object{"name": "POD", "valueFrom": object{"fieldRef": object{"fieldPath": pick(g, "metadata.name", "status.podIP", "metadata.labels['app']")}}},
		object{"name": "TOKEN", "valueFrom": object{"secretKeyRef": object{"name": "token", "key": "value"}}},
	}[:1+g.IntN(3)])
	g.maybe(workload, "resources", object{"requests": object{"cpu": pick(g, "100m", "0.5"), "memory": "64Mi"}, "limits": object{"cpu": "1", "memory": "128Mi"}})
	probe := object{"httpGet": object{"path": "/healthz", "port": 8080}}
	g.maybe(probe, "periodSeconds", 1+g.IntN(30))
	g.maybe(workload, "readinessProbe", probe)
	g.maybe(workload, "livenessProbe", object{"tcpSocket": object{"port": 8080}, "initialDelaySeconds": g.IntN(60)})
	return workload
}

func (g generator) matches() []any {
	match := object{}
	g.maybe(match, "path", object{"type": pick(g, "Exact", "PathPrefix"), "value": pick(g, "/", "/shop", "/a/b.c")})
	g.maybe(match, "method", pick(g, "GET", "POST"))
	g.maybe(match, "headers", []any{object{"name": "X-Canary", "value": "yes"}})
	g.maybe(match, "queryParams", []any{object{"name": "page", "value": "1"}})
	return []any{match, object{"path": object{"type": "PathPrefix", "value": "/other"}}}[:1+g.IntN(2)]
}

func (g generator) policy() object {
	policy := object{"profile": pick(g, "safe", "zero-loss", "custom")}
	passive := object{"baseEjectionTime": pick(g, "10s", "1m30s"), "consecutive5XxErrors": g.IntN(10), "maxEjectionPercent": 100}
	active := object{"http": object{"path": "/healthz"}, "unhealthyThreshold": 1 + g.IntN(5)}
	g.maybe(active, "timeout", "500ms")
	health := object{"passive": passive}
	g.maybe(health, "active", active)
	g.maybe(policy, "healthCheck", health)
	g.maybe(policy, "timeout", object{"tcp": object{"connectTimeout": pick(g, "1s", "250ms")}, "http": object{"requestTimeout": "30s"}})
	g.maybe(policy, "retry", object{"numRetries": 1 + g.IntN(5), "perRetry": object{"timeout": "2s"}, "retryOn": object{"triggers": []any{"connect-failure"}}})
	g.maybe(policy, "circuitBreaker", object{"maxConnections": 1 + g.IntN(5000)})
	g.maybe(policy, "loadBalancer", object{"type": pick(g, "RoundRobin", "Random", "LeastRequest")})
	return policy
}
