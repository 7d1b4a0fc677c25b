package failovers

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// routeKinds are those whose requests a probe can send.
var routeKinds = []string{"HTTPRoute", "TCPRoute"}

// Drill is what to ask for and what to break in a drill of a failover.
type Drill struct {
	// Port is that of the listener.
	Port int
	// Host, Path and Method are those of a request that the rule matches.
	Host, Path, Method string
	// Active has the names of the servers that serve first: those outside the cluster, and
	// Deployments.
	Active      []string
	Deployments []types.NamespacedName
}

// IsActive tells whether a server or a pod is of the active tier.
func (d Drill) IsActive(name string) bool {
	return slices.Contains(d.Active, name) || slices.ContainsFunc(d.Deployments, func(deployment types.NamespacedName) bool {
		return strings.HasPrefix(name, deployment.Name+"-")
	})
}

// Drill returns the drill of a rule of a route. The tier to break is that of the backends
// which are no fallback, or of the first one where none or all of them are: that is the
// order in which people write them.
func (m *Moved) Drill(kind string, route types.NamespacedName, rule int) (Drill, error) {
	object := m.find(kind, route)
	if object == nil || !slices.Contains(routeKinds, kind) {
		return Drill{}, fmt.Errorf("the probe does not send the requests of a %s", kind)
	}
	rules := fields(object.Object, "spec", "rules")
	asked, active := rules[rule], m.active(*object, rules[rule])
	if len(active) == 0 {
		// The rule has only fallbacks: what they stand by for is in another one.
		for _, other := range rules {
			if found := m.active(*object, other); len(found) > 0 {
				asked, active = other, found
				break
			}
		}
	}
	if len(active) == 0 {
		active = fields(asked, "backendRefs")[:1]
	}
	drill := Drill{Path: "/", Method: "GET"}
	for _, backend := range active {
		m.addTo(&drill, *object, backend)
	}
	return drill, errors.Join(m.listen(&drill, *object), match(&drill, *object, asked))
}

// active returns the backendRefs of a rule that are no fallback; the first one, where
// none is.
func (m *Moved) active(route unstructured.Unstructured, rule map[string]any) []map[string]any {
	all := fields(rule, "backendRefs")
	active := slices.DeleteFunc(slices.Clone(all), func(backend map[string]any) bool {
		object := m.find("Backend", m.backendOf(route, backend))
		if object == nil || text(backend, "kind") != "Backend" {
			return false
		}
		fallback, _, _ := unstructured.NestedBool(object.Object, "spec", "fallback")
		return fallback
	})
	if len(active) == len(all) {
		return all[:min(1, len(all))]
	}
	return active
}

func (m *Moved) backendOf(route unstructured.Unstructured, backend map[string]any) types.NamespacedName {
	return types.NamespacedName{Namespace: cmp.Or(text(backend, "namespace"), route.GetNamespace()), Name: text(backend, "name")}
}

// addTo adds the servers of a backendRef to the active tier of a drill.
func (m *Moved) addTo(drill *Drill, route unstructured.Unstructured, backend map[string]any) {
	name := m.backendOf(route, backend)
	if text(backend, "kind") != "Backend" {
		m.addService(drill, name)
		return
	}
	object := m.find("Backend", name)
	if object == nil {
		return // Nothing can be broken that is not there.
	}
	for _, endpoint := range fields(object.Object, "spec", "endpoints") {
		host := cmp.Or(text(endpoint, "fqdn", "hostname"), text(endpoint, "ip", "address"))
		if server := m.server(host); server != nil {
			drill.Active = append(drill.Active, server.Name)
		} else if parts := inCluster.FindStringSubmatch(host); parts != nil {
			m.addService(drill, types.NamespacedName{Namespace: parts[2], Name: parts[1]})
		}
	}
}

// addService adds the Deployments behind a Service.
func (m *Moved) addService(drill *Drill, name types.NamespacedName) {
	service := m.find("Service", name)
	if service == nil {
		return
	}
	for _, deployment := range m.of("Deployment") {
		if selects(*service, deployment) {
			drill.Deployments = append(drill.Deployments, nameOf(deployment))
		}
	}
}

// listen finds the listener that a route is for: the one that it names, otherwise the first.
func (m *Moved) listen(drill *Drill, route unstructured.Unstructured) error {
	for _, parent := range fields(route.Object, "spec", "parentRefs") {
		gateway := m.find("Gateway", gatewayOf(route, parent))
		if gateway == nil {
			continue
		}
		listeners := fields(gateway.Object, "spec", "listeners")
		listener := listeners[0]
		for _, other := range listeners {
			if text(other, "name") == text(parent, "sectionName") {
				listener = other
			}
		}
		if protocol := text(listener, "protocol"); protocol != "HTTP" && protocol != "TCP" {
			return fmt.Errorf("the probe does not speak %s to the Gateway", protocol)
		}
		drill.Port = int(number(listener, "port"))
		drill.Host = cmp.Or(text(listener, "hostname"), "www.example.com")
		return nil
	}
	return errors.New("its Gateway is not among the manifests")
}

// match finds a request for the first match of a rule.
func match(drill *Drill, route unstructured.Unstructured, rule map[string]any) error {
	if hostnames, _, _ := unstructured.NestedStringSlice(route.Object, "spec", "hostnames"); len(hostnames) > 0 {
		drill.Host = hostnames[0]
	}
	drill.Host = strings.Replace(drill.Host, "*", "www", 1)
	matches := fields(rule, "matches")
	if len(matches) == 0 {
		return nil
	}
	first := matches[0]
	if first["headers"] != nil || first["queryParams"] != nil || text(first, "path", "type") == "RegularExpression" {
		return errors.New("the probe sends no request that matches by header, query or regular expression")
	}
	drill.Path = cmp.Or(text(first, "path", "value"), drill.Path)
	drill.Method = cmp.Or(text(first, "method"), drill.Method)
	return nil
}

// Undrillable tells why the servers that stand in for the applications of a set cannot
// serve it; empty where they can.
func (s Set) Undrillable() string {
	if len(s.of("FailoverSpec")) > 0 {
		return "a FailoverSpec is rendered first"
	}
	for _, policy := range s.of("BackendTrafficPolicy") {
		if _, isSet, _ := unstructured.NestedMap(policy.Object, "spec", "proxyProtocol"); isSet {
			return "the servers do not speak the PROXY protocol"
		}
		if _, isSet, _ := unstructured.NestedMap(policy.Object, "spec", "healthCheck", "active", "tcp", "receive"); isSet {
			return "the servers do not know what its TCP check expects"
		}
	}
	if s.isOwnHostname() {
		return "it depends on whether the hostname leads back to the Gateway"
	}
	backends := s.of("Backend")
	takesNameFromClient := func(backend unstructured.Unstructured) bool {
		tls, isSet, _ := unstructured.NestedMap(backend.Object, "spec", "tls")
		return isSet && tls["sni"] == nil && tls["autoSNIFromEndpointHostname"] == nil
	}
	if len(backends) > 0 && !slices.ContainsFunc(backends, func(backend unstructured.Unstructured) bool { return !takesNameFromClient(backend) }) {
		return "it depends on whether the servers have a certificate for the hostname that the client asks for"
	}
	return ""
}

// isOwnHostname tells whether a Backend has a hostname that a route is for.
func (s Set) isOwnHostname() bool {
	var own []string
	for _, route := range s.of("HTTPRoute") {
		hostnames, _, _ := unstructured.NestedStringSlice(route.Object, "spec", "hostnames")
		own = append(own, hostnames...)
	}
	for _, backend := range s.of("Backend") {
		for _, endpoint := range fields(backend.Object, "spec", "endpoints") {
			if slices.Contains(own, text(endpoint, "fqdn", "hostname")) {
				return true
			}
		}
	}
	return false
}
