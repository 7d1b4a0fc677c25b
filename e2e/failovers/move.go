package failovers

import (
	"cmp"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/distribution/reference"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// Place is where a set has what no other set has.
type Place struct {
	// Class is the GatewayClass of all Gateways, instead of their own. Its Gateways share
	// one Envoy, which tells them apart by their ports.
	Class string
	// Port is that of the set's first listener. The next ones belong to the set too.
	Port int
	// Address is that of the set's first server. The next ones belong to the set too.
	Address netip.Addr
}

// Server is one outside the cluster that a set expects to be there.
type Server struct {
	// Name is that in the DNS, or the address.
	Name    string
	Address netip.Addr
	// Ports tells of each whether it speaks TLS.
	Ports map[int]bool
}

// Moved is a set in its place.
type Moved struct {
	Set
	Place
	// Servers have the addresses of the set's Backends.
	Servers []Server
}

// image is that of the server which stands in for every application.
const image = "gcr.io/k8s-staging-gateway-api/echo-basic:v20231214-v1.0.0-140-gf544a46e"

// inCluster is the name of a Service in the DNS.
var inCluster = regexp.MustCompile(`^([a-z0-9-]+)\.([a-z0-9-]+)\.svc(\.cluster\.local)?\.?$`)

// Move moves a set: its namespaces begin with its name, its listeners have ports of their
// own, what its Backends have outside the cluster has names and addresses of its own, and
// its Deployments run a server that says who it is. Nothing else is changed.
func Move(set Set, to Place) (Moved, error) {
	moved := Moved{Set: Set{Name: set.Name}, Place: to}
	for _, object := range set.Objects {
		moved.Objects = append(moved.Objects, *object.DeepCopy())
	}
	renamed := map[string]string{}
	for _, backend := range moved.of("Backend") {
		for _, endpoint := range fields(backend.Object, "spec", "endpoints") {
			_, speaksTLS, _ := unstructured.NestedMap(backend.Object, "spec", "tls")
			if err := moved.addServer(endpoint, speaksTLS, renamed); err != nil {
				return Moved{}, fmt.Errorf("%s: Backend %s: %w", set.Name, backend.GetName(), err)
			}
		}
	}
	for i := range moved.Objects {
		object := &moved.Objects[i]
		rewrite(object.Object, set.Name+"-", renamed)
		if object.GetKind() == "Namespace" {
			object.SetName(set.Name + "-" + object.GetName())
		}
	}
	moved.useClass()
	moved.usePorts()
	for _, deployment := range moved.of("Deployment") {
		if err := moved.runServer(deployment); err != nil {
			return Moved{}, fmt.Errorf("%s: Deployment %s: %w", set.Name, deployment.GetName(), err)
		}
	}
	return moved, nil
}

// addServer adds the server of an endpoint, unless the pods of a Service are behind it,
// and says how its name is to be rewritten. It speaks TLS where Envoy does, but on the ports
// of HTTP and HTTPS what everybody speaks there.
func (m *Moved) addServer(endpoint map[string]any, speaksTLS bool, renamed map[string]string) error {
	host := text(endpoint, "fqdn", "hostname")
	port := number(endpoint, "fqdn", "port")
	if address := text(endpoint, "ip", "address"); address != "" {
		host, port = address, number(endpoint, "ip", "port")
	}
	if host == "" {
		return fmt.Errorf("an endpoint is neither fqdn nor ip")
	}
	if inCluster.MatchString(host) && !m.isOutside(host) || strings.HasPrefix(host, "localhost.") {
		return nil
	}
	if renamed[host] == "" {
		switch {
		case inCluster.MatchString(host):
			renamed[host] = rewrite(host, m.Name+"-", nil).(string)
		case text(endpoint, "ip", "address") != "":
			renamed[host] = m.nextAddress().String()
		default:
			renamed[host] = m.Name + "." + host
		}
	}
	if m.server(renamed[host]) == nil {
		m.Servers = append(m.Servers, Server{Name: fullName(renamed[host]), Address: m.nextAddress(), Ports: map[int]bool{}})
	}
	switch port {
	case 80:
		speaksTLS = false
	case 443:
		speaksTLS = true
	}
	m.server(renamed[host]).Ports[int(port)] = speaksTLS
	return nil
}

// fullName adds the domain of the cluster to the name of a Service that has none.
func fullName(host string) string {
	if parts := inCluster.FindStringSubmatch(host); parts != nil {
		return parts[1] + "." + parts[2] + ".svc.cluster.local"
	}
	return host
}

// isOutside tells whether the name of a Service is one whose pods are not among the
// manifests: a server outside the cluster is behind it.
func (m *Moved) isOutside(host string) bool {
	parts := inCluster.FindStringSubmatch(host)
	service := m.find("Service", types.NamespacedName{Namespace: parts[2], Name: parts[1]})
	hasPods := slices.ContainsFunc(m.of("Deployment"), func(deployment unstructured.Unstructured) bool { return deployment.GetNamespace() == parts[2] })
	return service != nil && (!hasPods || service.Object["spec"].(map[string]any)["selector"] == nil)
}

func (m *Moved) nextAddress() netip.Addr {
	address := m.Address
	for range m.Servers {
		address = address.Next()
	}
	return address
}

// server returns the server of a name, or nil.
func (m *Moved) server(name string) *Server {
	i := slices.IndexFunc(m.Servers, func(server Server) bool { return server.Name == fullName(name) })
	if i < 0 {
		return nil
	}
	return &m.Servers[i]
}

// rewrite gives names in a value what they begin with from now on: those of namespaces,
// and those that are renamed.
func rewrite(value any, prefix string, renamed map[string]string) any {
	switch value := value.(type) {
	case map[string]any:
		for key, child := range value {
			name, isText := child.(string)
			if isText && (key == "namespace" || key == "kubernetes.io/metadata.name") {
				value[key] = prefix + name
				continue
			}
			value[key] = rewrite(child, prefix, renamed)
		}
	case []any:
		for i := range value {
			value[i] = rewrite(value[i], prefix, renamed)
		}
	case string:
		if name, isRenamed := renamed[value]; isRenamed {
			return name
		}
		if parts := inCluster.FindStringSubmatch(value); parts != nil {
			return strings.Replace(value, "."+parts[2]+".svc", "."+prefix+parts[2]+".svc", 1)
		}
	}
	return value
}

// useClass gives the Gateways their class, except those of another controller.
func (m *Moved) useClass() {
	foreign := map[string]bool{}
	m.Objects = slices.DeleteFunc(m.Objects, func(object unstructured.Unstructured) bool {
		if object.GetKind() != "GatewayClass" {
			return false
		}
		foreign[object.GetName()] = !strings.HasPrefix(text(object.Object, "spec", "controllerName"), "gateway.envoyproxy.io/")
		return !foreign[object.GetName()]
	})
	for _, gateway := range m.of("Gateway") {
		spec := gateway.Object["spec"].(map[string]any)
		class := text(spec, "gatewayClassName")
		spec["gatewayClassName"] = m.Class
		if foreign[class] {
			spec["gatewayClassName"] = m.Name + "-" + class
		}
	}
	for _, class := range m.of("GatewayClass") {
		class.SetName(m.Name + "-" + class.GetName())
	}
}

// usePorts gives the listeners their ports, and those who refer to a port the same.
func (m *Moved) usePorts() {
	type portOf struct {
		gateway types.NamespacedName
		port    int64
	}
	moved := map[portOf]int64{}
	for _, gateway := range m.of("Gateway") {
		for _, listener := range fields(gateway.Object, "spec", "listeners") {
			of := portOf{nameOf(gateway), number(listener, "port")}
			if moved[of] == 0 {
				moved[of] = int64(m.Port + len(moved))
			}
			listener["port"] = moved[of]
		}
	}
	for _, kind := range routeKinds {
		for _, route := range m.of(kind) {
			for _, parent := range fields(route.Object, "spec", "parentRefs") {
				if port := moved[portOf{gatewayOf(route, parent), number(parent, "port")}]; port != 0 {
					parent["port"] = port
				}
			}
		}
	}
}

// runServer has a Deployment run the server that stands in for its application, on the
// port on which its Service finds it.
func (m *Moved) runServer(deployment unstructured.Unstructured) error {
	port := int64(3000)
	for _, service := range m.of("Service") {
		if selects(service, deployment) {
			for _, p := range fields(service.Object, "spec", "ports") {
				port = cmp.Or(number(p, "port"), port)
			}
		}
	}
	containers := fields(deployment.Object, "spec", "template", "spec", "containers")
	if len(containers) != 1 {
		return fmt.Errorf("has %d containers, not one", len(containers))
	}
	field := func(name, path string) any {
		return map[string]any{"name": name, "valueFrom": map[string]any{"fieldRef": map[string]any{"fieldPath": path}}}
	}
	container := containers[0]
	if _, err := reference.ParseAnyReference(text(container, "image")); err != nil {
		return nil // No kubelet would start it.
	}
	name := container["name"]
	clear(container)
	container["name"], container["image"] = name, image
	container["env"] = []any{
		map[string]any{"name": "HTTP_PORT", "value": fmt.Sprint(port)}, field("POD_NAME", "metadata.name"), field("NAMESPACE", "metadata.namespace"),
	}
	if number(deployment.Object, "spec", "replicas") > 1 { // a drill breaks the one pod
		return unstructured.SetNestedField(deployment.Object, int64(1), "spec", "replicas")
	}
	return nil
}

// selects tells whether a Service selects the pods of a Deployment.
func selects(service, deployment unstructured.Unstructured) bool {
	selector, _, _ := unstructured.NestedStringMap(service.Object, "spec", "selector")
	labels, _, _ := unstructured.NestedStringMap(deployment.Object, "spec", "template", "metadata", "labels")
	for key, value := range selector {
		if labels[key] != value {
			return false
		}
	}
	return len(selector) > 0 && service.GetNamespace() == deployment.GetNamespace()
}

func nameOf(object unstructured.Unstructured) types.NamespacedName {
	return types.NamespacedName{Namespace: object.GetNamespace(), Name: object.GetName()}
}

// gatewayOf returns the Gateway that a parentRef of a route refers to.
func gatewayOf(route unstructured.Unstructured, parent map[string]any) types.NamespacedName {
	return types.NamespacedName{Namespace: cmp.Or(text(parent, "namespace"), route.GetNamespace()), Name: text(parent, "name")}
}
