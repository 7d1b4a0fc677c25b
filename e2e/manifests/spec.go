package manifests

import (
	"cmp"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/types"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
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
	// Active and Passive are how many hosts the tiers have.
	Active, Passive int
	// ActiveTier is an active tier of several hosts instead, if it has a name.
	ActiveTier Tier
	// Route is the kind of route; empty for an HTTPRoute.
	Route v1alpha1.RouteKind
	// HTTP2 tells that the application of an HTTPRoute speaks that.
	HTTP2 bool
	// Rules is how many rules an HTTPRoute has; 0 stands for one.
	Rules int
	// Port is that of the listener of a TCPRoute.
	Port int
	// NoMergeWindow tells Envoy to hold no change of health back.
	NoMergeWindow bool
}

const image = "gcr.io/k8s-staging-gateway-api/echo-basic:v20231214-v1.0.0-140-gf544a46e"

// Hosts returns the names of the Deployments that are the first hosts of a tier.
func Hosts(tier string, count int) []string {
	names := []string{tier}
	for i := 2; i <= count; i++ {
		names = append(names, fmt.Sprintf("%s-%d", tier, i))
	}
	return names
}

// FailoverSpec returns the document that failover renders.
func (s Spec) FailoverSpec() string {
	return document(fmt.Sprintf(`apiVersion: failover.krm.dev/v1alpha1
kind: FailoverSpec
metadata: {name: ha-failover, namespace: %s}
spec:
  %s
  gateway: {namespace: %s, name: %s, sectionName: %s}
  active: %s
  passive: {name: passive, workload: %s}
  policy: %s
`, s.Namespace, s.route(), s.Gateway.Namespace, s.Gateway.Name, s.listener(), s.active(), s.application(), s.Policy.Written))
}

// route is what the spec says of its route.
func (s Spec) route() string {
	hostnames := "hostnames: [" + s.Hostname + "]\n  "
	switch s.Route {
	case v1alpha1.RouteKindGRPC:
		return hostnames + "grpcRoute: {}"
	case v1alpha1.RouteKindTLS:
		return hostnames + "tlsRoute: {}"
	case v1alpha1.RouteKindTCP:
		return "tcpRoute: {}"
	}
	if s.Rules < 2 {
		return hostnames + "matches: [{path: {type: PathPrefix, value: " + PathOf(0) + "}}]"
	}
	var rules []string
	for i := range s.Rules {
		rules = append(rules, "{matches: [{path: {type: PathPrefix, value: "+PathOf(i)+"}}]}")
	}
	return hostnames + "rules: [" + strings.Join(rules, ", ") + "]"
}

// PathOf is what requests ask a rule of an HTTPRoute for.
func PathOf(rule int) string {
	if rule == 0 {
		return "/test"
	}
	return fmt.Sprintf("/rule-%d", rule)
}

// listener is the name of the one that the route attaches to.
func (s Spec) listener() string {
	switch s.Route {
	case v1alpha1.RouteKindTLS:
		return "tls"
	case v1alpha1.RouteKindTCP:
		return fmt.Sprintf("tcp-%d", s.Port)
	default:
		return "http"
	}
}

// active is the active tier.
func (s Spec) active() string {
	return cmp.Or(s.ActiveTier.Written, "{name: active, workload: "+s.application()+"}")
}

// application is the workload of a tier, and what follows from it.
func (s Spec) application() string {
	switch s.Route {
	case v1alpha1.RouteKindGRPC:
		return echoServer(ProtocolGRPC)
	case v1alpha1.RouteKindTLS:
		return echoServer(ProtocolTLS)
	case v1alpha1.RouteKindTCP:
		return echoServer(ProtocolTCP)
	}
	if s.HTTP2 {
		return echoHTTP2
	}
	return Echo
}

// Besides returns what the failover has and failover does not render: a Deployment for
// each host of a tier beyond the first one, behind the Service of the tier, so that its
// name has an address for each; and a patch of Envoy's cluster.
func (s Spec) Besides() string {
	var text strings.Builder
	for _, tier := range []string{"active", "passive"} {
		count := s.Active
		switch {
		case tier == "passive":
			count = s.Passive
		case s.ActiveTier.Name != "":
			text.WriteString(s.ActiveTier.Deployments(s.Namespace))
			continue
		}
		for _, name := range Hosts(tier, count)[1:] {
			fmt.Fprintf(&text, `---
apiVersion: apps/v1
kind: Deployment
metadata: {name: %[1]s, namespace: %[2]s}
spec:
  selector: {matchLabels: {app: %[3]s, host: %[1]s}}
  template:
    metadata: {labels: {app: %[3]s, host: %[1]s}}
    spec:
      containers:
        - name: %[3]s
          image: %[4]s
          ports: [{containerPort: 3000}]
          env:
            - {name: POD_NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
            - {name: NAMESPACE, valueFrom: {fieldRef: {fieldPath: metadata.namespace}}}
`, name, s.Namespace, tier, image)
		}
	}
	if s.NoMergeWindow {
		fmt.Fprintf(&text, `---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: EnvoyPatchPolicy
metadata: {name: %[1]s, namespace: %[2]s}
spec:
  targetRef: {group: gateway.networking.k8s.io, kind: Gateway, name: %[3]s}
  type: JSONPatch
  jsonPatches:
    - type: type.googleapis.com/envoy.config.cluster.v3.Cluster
      name: httproute/%[1]s/ha-failover/rule/0
      operation: {op: add, path: /common_lb_config/update_merge_window, value: 0s}
`, s.Namespace, s.Gateway.Namespace, s.Gateway.Name)
	}
	return text.String()
}

// Namespace returns a namespace of the given name.
func Namespace(name string) string {
	return document(fmt.Sprintf("apiVersion: v1\nkind: Namespace\nmetadata: {name: %s}\n", name))
}

// TLSPort is that of the listener for TLS that is passed through.
const TLSPort = 443

// SharedGateway returns a Gateway, in a namespace of its own, that routes of any
// namespace may attach to, with an Envoy of so many threads. It has a listener of HTTP,
// one of TLS, and one of TCP for each of the ports.
func SharedGateway(name types.NamespacedName, workers int, ports ...int) string {
	var listeners strings.Builder
	for _, port := range ports {
		fmt.Fprintf(&listeners, `    - name: tcp-%[1]d
      protocol: TCP
      port: %[1]d
      allowedRoutes: {namespaces: {from: All}}
`, port)
	}
	return Namespace(name.Namespace) + document(fmt.Sprintf(`apiVersion: gateway.envoyproxy.io/v1alpha1
kind: EnvoyProxy
metadata: {name: %[1]s, namespace: %[2]s}
spec:
  concurrency: %[3]d
  provider: {type: Kubernetes, kubernetes: {useListenerPortAsContainerPort: true}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: %[1]s, namespace: %[2]s}
spec:
  gatewayClassName: tigera-gateway-class
  infrastructure: {parametersRef: {group: gateway.envoyproxy.io, kind: EnvoyProxy, name: %[1]s}}
  listeners:
    - name: http
      protocol: HTTP
      port: 80
      allowedRoutes: {namespaces: {from: All}}
    - name: tls
      protocol: TLS
      port: %[4]d
      tls: {mode: Passthrough}
      allowedRoutes: {namespaces: {from: All}}
%[5]s`, name.Name, name.Namespace, workers, TLSPort, listeners.String()))
}

func document(text string) string {
	return "---\n" + text
}
