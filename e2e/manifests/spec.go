package manifests

import (
	"fmt"

	"k8s.io/apimachinery/pkg/types"
)

// Spec is one failover among several that share a Gateway. Its resources have
// the names that they have in the workshop.
type Spec struct {
	// Namespace holds all resources of the spec, and of no other one.
	Namespace string
	// Hostname is how requests ask for it.
	Hostname string
	// Gateway is the one that its route attaches to.
	Gateway types.NamespacedName
	Policy  Policy
	// Active is the tier that is broken; the zero value is that of the workshop.
	Active Tier
}

// FailoverSpec returns the document that failover renders.
func (s Spec) FailoverSpec() string {
	return document(fmt.Sprintf(`apiVersion: failover.krm.dev/v1alpha1
kind: FailoverSpec
metadata: {name: ha-failover, namespace: %s}
spec:
  hostnames: [%s]
  matches: [{path: {type: PathPrefix, value: /test}}]
  gateway: {namespace: %s, name: %s}
  active: %s
  passive:
    name: passive
    workload: %s
  policy: %s
`, s.Namespace, s.Hostname, s.Gateway.Namespace, s.Gateway.Name, s.Active.written(), echo, s.Policy.Written))
}

// Namespace returns a namespace of the given name.
func Namespace(name string) string {
	return document(fmt.Sprintf("apiVersion: v1\nkind: Namespace\nmetadata: {name: %s}\n", name))
}

// SharedGateway returns a Gateway, in a namespace of its own, that routes of any
// namespace may attach to.
func SharedGateway(name types.NamespacedName) string {
	return Namespace(name.Namespace) + document(fmt.Sprintf(`apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: %s, namespace: %s}
spec:
  gatewayClassName: tigera-gateway-class
  listeners:
    - name: http
      protocol: HTTP
      port: 80
      allowedRoutes: {namespaces: {from: All}}
`, name.Name, name.Namespace))
}

func document(text string) string {
	return "---\n" + text
}
