package manifests

import (
	"fmt"
	"strings"
)

// Echo is the workshop's application, as the workload of a tier.
const Echo = `{image: gcr.io/k8s-staging-gateway-api/echo-basic:v20231214-v1.0.0-140-gf544a46e, port: 3000, env: [
      {name: POD_NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}, {name: NAMESPACE, valueFrom: {fieldRef: {fieldPath: metadata.namespace}}}]}`

// The protocols of the application of other routes than an HTTPRoute.
const (
	ProtocolGRPC = "gRPC"
	ProtocolTLS  = "TLS"
	ProtocolTCP  = "TCP"
)

// echoServer is the application of a protocol, as the workload of a tier.
func echoServer(protocol string) string {
	return "{image: registry.example.com/echo-server, port: 3000, env: [{name: PROTOCOL, value: " + protocol + "}, " +
		"{name: POD_NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]}"
}

// echoHTTP2 is Echo, which speaks HTTP/2 instead, in clear text.
var echoHTTP2 = strings.Replace(Echo, "env: [", "env: [{name: H2C_PORT, value: \"3000\"}, {name: HTTP_PORT, value: \"3001\"},", 1) + ", appProtocols: [gateway.envoyproxy.io/h2c]"

// Tier is an active tier. Its first host is the pod of Deployment active.
type Tier struct {
	// Name is short enough to be part of a namespace's name; empty for the tier of the
	// workshop, which is one host.
	Name string
	// Written is the tier in a FailoverSpec, as YAML.
	Written string
	// Pods are Deployments in addition to the tier's own, whose pods its Service selects too.
	Pods []string
	// Backends has the hosts and the weight of each.
	Backends []Backend
}

// Backend is one of a tier.
type Backend struct {
	Hosts  int
	Weight uint32
}

// The active tiers that have several hosts.
var (
	// Weighted is two backends that share the traffic.
	Weighted = Tier{
		Name:     "weighted",
		Written:  "{backends: [{name: active, workload: " + Echo + ", weight: 90}, {name: active-canary, workload: " + Echo + ", weight: 10}]}",
		Backends: []Backend{{1, 90}, {1, 10}},
	}
	// Headless is a Service whose name stands for three pods.
	Headless = Tier{
		Name:     "headless",
		Written:  "{name: active, workload: {clusterIP: None, " + strings.TrimPrefix(Echo, "{") + "}",
		Pods:     []string{"active-b", "active-c"},
		Backends: []Backend{{3, 1}},
	}
)

// Hosts is how many hosts the tier has; 0 for that of the workshop.
func (t Tier) Hosts() int {
	hosts := 0
	for _, backend := range t.Backends {
		hosts += backend.Hosts
	}
	return hosts
}

// Deployments returns those in addition to the tier's own: the suite gives each Deployment one
// pod.
func (t Tier) Deployments(namespace string) string {
	var documents strings.Builder
	for _, name := range t.Pods {
		documents.WriteString(document(fmt.Sprintf(`apiVersion: apps/v1
kind: Deployment
metadata: {name: %s, namespace: %s}
spec:
  selector: {matchLabels: {app: active, pod: %s}}
  template:
    metadata: {labels: {app: active, pod: %s}}
    spec:
      containers:
        - name: %s
          image: gcr.io/k8s-staging-gateway-api/echo-basic:v20231214-v1.0.0-140-gf544a46e
          ports: [{containerPort: 3000}]
          env:
            - {name: POD_NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
            - {name: NAMESPACE, valueFrom: {fieldRef: {fieldPath: metadata.namespace}}}
`, name, namespace, name, name, name)))
	}
	return documents.String()
}
