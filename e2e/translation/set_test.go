package translation

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	"github.com/failover-krm/failover/pkg/apiserver/crd"
	"github.com/failover-krm/failover/pkg/envoygateway"
)

// object is a manifest, as decoded JSON.
type object map[string]any

func (o object) kind() string      { return o.text("kind") }
func (o object) name() string      { return o.text("metadata", "name") }
func (o object) namespace() string { return o.text("metadata", "namespace") }

// text returns the string at a path, or nothing.
func (o object) text(path ...string) string {
	text, _ := o.at(path...).(string)
	return text
}

// at returns the value at a path of names, or nil.
func (o object) at(path ...string) any {
	var value any = map[string]any(o)
	for _, name := range path {
		fields, isMap := value.(map[string]any)
		if !isMap {
			return nil
		}
		value = fields[name]
	}
	return value
}

// list returns the maps in the list at a path.
func (o object) list(path ...string) []object {
	values, _ := o.at(path...).([]any)
	var list []object
	for _, value := range values {
		if fields, isMap := value.(map[string]any); isMap {
			list = append(list, fields)
		}
	}
	return list
}

// set gives the field at a path a value.
func (o object) set(value any, path ...string) {
	for _, name := range path[:len(path)-1] {
		child, isMap := o[name].(map[string]any)
		if !isMap {
			child = map[string]any{}
			o[name] = child
		}
		o = child
	}
	o[path[len(path)-1]] = value
}

// manifests is a set of manifests that is translated by itself.
type manifests struct {
	name    string
	objects []object
}

func (m *manifests) of(kinds ...string) []object {
	var found []object
	for _, o := range m.objects {
		if slices.Contains(kinds, o.kind()) {
			found = append(found, o)
		}
	}
	return found
}

func (m *manifests) add(text string, values ...any) object {
	var added object
	if err := yaml.Unmarshal(fmt.Appendf(nil, text, values...), &added); err != nil {
		panic(err)
	}
	m.objects = append(m.objects, added)
	return added
}

func (m *manifests) clone(name string) *manifests {
	encoded, err := json.Marshal(m.objects)
	if err != nil {
		panic(err)
	}
	cloned := &manifests{name: name}
	if err := json.Unmarshal(encoded, &cloned.objects); err != nil {
		panic(err)
	}
	return cloned
}

// kinds are those that both sides are given. Others would change what Envoy Gateway
// does (EnvoyProxy), or would not matter here.
var kinds = []string{
	"Gateway", "HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute", "HTTPRouteFilter", "Backend", "BackendTrafficPolicy",
	"ClientTrafficPolicy", "BackendTLSPolicy", "ReferenceGrant", "Service", "Deployment", "Secret", "ConfigMap",
}

const (
	ourClass   = "eg"
	otherClass = "other"
)

// rendered reads what failover renders: the examples and the golden files.
func rendered(t *testing.T) []*manifests {
	t.Helper()
	var sets []*manifests
	for _, pattern := range []string{"../../examples/*/rendered.yaml", "../../testdata/render/*/expected.yaml"} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, file := range files {
			content, err := os.ReadFile(file)
			require.NoError(t, err)
			set := &manifests{name: filepath.Base(filepath.Dir(file)), objects: decode(t, content)}
			set.complete()
			sets = append(sets, set)
		}
	}
	return sets
}

// preferringOwnZone returns the workshop with one more backend, a Service that prefers
// endpoints of its own zone: few mutations lead to that.
func preferringOwnZone(t *testing.T, sets []*manifests) *manifests {
	t.Helper()
	i := slices.IndexFunc(sets, func(set *manifests) bool { return set.name == "workshop" })
	require.GreaterOrEqual(t, i, 0)
	set := sets[i].clone("preferring-own-zone")
	route := set.of("HTTPRoute")[0]
	set.add(`{apiVersion: v1, kind: Service, metadata: {name: zonal, namespace: %s},
  spec: {clusterIP: 10.5.5.5, trafficDistribution: PreferClose, selector: {app: zonal}, ports: [{name: http, port: 8080}]}}`, route.namespace())
	appendTo(route.list("spec", "rules")[0], "backendRefs", map[string]any{"name": "zonal", "port": 8080})
	return set
}

func decode(t *testing.T, content []byte) []object {
	t.Helper()
	var objects []object
	decoder := utilyaml.NewYAMLOrJSONDecoder(bytes.NewReader(content), 1<<16)
	for {
		var o object
		err := decoder.Decode(&o)
		if errors.Is(err, io.EOF) {
			return objects
		}
		require.NoError(t, err)
		if slices.Contains(kinds, o.kind()) {
			objects = append(objects, o)
		}
	}
}

// upstream reads the inputs of Envoy Gateway's own translator tests that are about
// backends and traffic policies, from its module. They group the objects under keys.
func upstream(t *testing.T, module string) []*manifests {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(module, "internal/gatewayapi/testdata/*.in.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	var sets []*manifests
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".in.yaml")
		if !strings.Contains(name, "backend") && !strings.Contains(name, "fallback") && !strings.Contains(name, "route-with") {
			continue
		}
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		var groups map[string]any
		require.NoError(t, yaml.Unmarshal(content, &groups), file)
		set := &manifests{name: name}
		for _, group := range []string{
			"gateways", "httpRoutes", "grpcRoutes", "tcpRoutes", "tlsRoutes", "httpFilters", "httpRouteFilters", "backends", "backendTrafficPolicies",
			"clientTrafficPolicies", "backendTLSPolicies", "referenceGrants", "services", "secrets", "configMaps",
		} {
			for _, o := range object(groups).list(group) {
				if slices.Contains(kinds, o.kind()) {
					set.objects = append(set.objects, o)
				}
			}
		}
		set.complete()
		sets = append(sets, set)
	}
	return sets
}

// complete gives a set what it takes for granted: the Gateways that its routes
// attach to, and all in the class that egctl translates for.
func (m *manifests) complete() {
	made := map[string]bool{}
	for _, gateway := range m.of("Gateway") {
		made[gateway.namespace()+"/"+gateway.name()] = true
		if gateway.text("spec", "gatewayClassName") != otherClass {
			gateway.set(ourClass, "spec", "gatewayClassName")
		}
	}
	for _, o := range m.objects {
		if o.namespace() == "" {
			o.set("default", "metadata", "namespace")
		}
		delete(o, "status")
	}
	for _, route := range m.of("HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute") {
		for _, parent := range route.list("spec", "parentRefs") {
			namespace := parent.text("namespace")
			if namespace == "" {
				namespace = route.namespace()
			}
			name := namespace + "/" + parent.text("name")
			if kind := parent.text("kind"); made[name] || kind != "" && kind != "Gateway" {
				continue
			}
			made[name] = true
			section := parent.text("sectionName")
			if section == "" {
				section = "listener"
			}
			protocol := map[string]string{"TCPRoute": "TCP", "TLSRoute": "TLS, tls: {mode: Passthrough}"}[route.kind()]
			if protocol == "" {
				protocol = "HTTP"
			}
			m.add(`{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {name: %q, namespace: %q}, spec: {gatewayClassName: eg,
  listeners: [{name: %q, port: 80, allowedRoutes: {namespaces: {from: All}}, protocol: %s}]}}`, parent.text("name"), namespace, section, protocol)
		}
	}
	for _, service := range m.of("Service") {
		if service.text("spec", "clusterIP") == "" {
			service.set("10.96.1.2", "spec", "clusterIP")
		}
	}
}

// prefixed returns a copy of a set whose namespaces begin with a prefix, so that it
// shares nothing with the other sets of a call.
func (m *manifests) prefixed(prefix string) *manifests {
	copied := m.clone(m.name)
	for _, o := range copied.objects {
		rename(map[string]any(o), prefix)
	}
	return copied
}

// prefix is what the namespaces of a set begin with.
func (m *manifests) prefix() string {
	prefix, _, _ := strings.Cut(m.objects[0].namespace(), "-")
	return prefix + "-"
}

func rename(value any, prefix string) {
	switch value := value.(type) {
	case map[string]any:
		for key, child := range value {
			if name, isText := child.(string); isText && key == "namespace" {
				value[key] = prefix + name
				continue
			}
			rename(child, prefix)
		}
	case []any:
		for _, child := range value {
			rename(child, prefix)
		}
	}
}

// apiVersions of the kinds in a version of Envoy Gateway.
func apiVersion(kind, envoyGateway string) string {
	switch kind {
	case "TCPRoute":
		if strings.HasPrefix(envoyGateway, "1.8.") {
			return "gateway.networking.k8s.io/v1alpha2"
		}
		return "gateway.networking.k8s.io/v1"
	case "ReferenceGrant":
		return "gateway.networking.k8s.io/v1beta1"
	case "Gateway", "HTTPRoute", "GRPCRoute", "TLSRoute", "BackendTLSPolicy":
		return "gateway.networking.k8s.io/v1"
	case "Deployment":
		return "apps/v1"
	case "Service", "Secret", "ConfigMap":
		return "v1"
	default:
		return "gateway.envoyproxy.io/v1alpha1"
	}
}

// prepare gives every object the version of its API, the defaults of the API
// server, and only that of its metadata which egctl reads. It returns why the API
// server would refuse an object.
func (m *manifests) prepare(t *testing.T, envoyGateway string) error {
	t.Helper()
	for i, o := range m.objects {
		o["apiVersion"] = apiVersion(o.kind(), envoyGateway)
		o["metadata"] = map[string]any{"name": o.name(), "namespace": o.namespace()}
		if !crd.Knows(o.text("apiVersion"), o.kind()) {
			continue
		}
		encoded, err := json.Marshal(o)
		require.NoError(t, err)
		value := map[string]any{} // with integers, as an API server reads it
		require.NoError(t, utiljson.Unmarshal(encoded, &value))
		crd.Default(envoyGateway, value)
		if errs := crd.Validate(envoyGateway, value); len(errs) > 0 {
			return fmt.Errorf("%s %s: %w", o.kind(), o.name(), errs.ToAggregate())
		}
		m.objects[i] = value
	}
	return nil
}

// typed returns a set as the model takes it.
func (m *manifests) typed(t *testing.T) envoygateway.Manifests {
	t.Helper()
	var typed envoygateway.Manifests
	class := func(name, controller string) {
		var o object = map[string]any{"kind": "GatewayClass"}
		o.set(name, "metadata", "name")
		o.set(controller, "spec", "controllerName")
		convert(t, o, &typed.GatewayClasses)
	}
	class(ourClass, envoygateway.ControllerName)
	class(otherClass, "example.com/other")
	for _, o := range m.objects {
		switch o.kind() {
		case "Gateway":
			convert(t, o, &typed.Gateways)
		case "HTTPRoute":
			convert(t, o, &typed.HTTPRoutes)
		case "GRPCRoute":
			convert(t, o, &typed.GRPCRoutes)
		case "TCPRoute":
			convert(t, o, &typed.TCPRoutes)
		case "TLSRoute":
			convert(t, o, &typed.TLSRoutes)
		case "HTTPRouteFilter":
			convert(t, o, &typed.HTTPRouteFilters)
		case "Backend":
			convert(t, o, &typed.Backends)
		case "BackendTrafficPolicy":
			convert(t, o, &typed.BackendTrafficPolicies)
		case "BackendTLSPolicy":
			convert(t, o, &typed.BackendTLSPolicies)
		case "ReferenceGrant":
			convert(t, o, &typed.ReferenceGrants)
		case "Service":
			convert(t, o, &typed.Services)
		case "Deployment":
			convert(t, o, &typed.Deployments)
		}
	}
	return typed
}

func convert[T any](t *testing.T, o object, list *[]*T) {
	t.Helper()
	encoded, err := json.Marshal(o)
	require.NoError(t, err)
	added := new(T)
	require.NoError(t, json.Unmarshal(encoded, added), string(encoded))
	*list = append(*list, added)
}
