package envoygateway_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"

	"github.com/failover-krm/failover/pkg/envoygateway"
)

// base is a failover as it should be: two Backends, one of them the fallback.
const base = `
{kind: GatewayClass, metadata: {name: eg}, spec: {controllerName: gateway.envoyproxy.io/gatewayclass-controller}}
---
{kind: Gateway, metadata: {name: public, namespace: web}, spec: {gatewayClassName: eg, listeners: [{name: http, port: 80, protocol: HTTP}]}}
---
{kind: HTTPRoute, metadata: {name: shop, namespace: web}, spec: {parentRefs: [{name: public}], rules: [{name: all, backendRefs: [
  {group: gateway.envoyproxy.io, kind: Backend, name: active}, {group: gateway.envoyproxy.io, kind: Backend, name: passive}]}]}}
---
{kind: Backend, metadata: {name: active, namespace: web}, spec: {endpoints: [{fqdn: {hostname: active.example.com, port: 80}}]}}
---
{kind: Backend, metadata: {name: passive, namespace: web}, spec: {fallback: true, endpoints: [{fqdn: {hostname: passive.example.com, port: 80}}]}}
`

// replaced is the base with one text in the place of another.
func replaced(old, text string) string {
	if !strings.Contains(base, old) {
		panic("not in the base: " + old)
	}
	return strings.ReplaceAll(base, old, text)
}

// read decodes manifests by their kind.
func read(t *testing.T, text string) envoygateway.Manifests {
	t.Helper()
	var m envoygateway.Manifests
	lists := map[string]func([]byte) error{
		"GatewayClass":         into(&m.GatewayClasses),
		"Gateway":              into(&m.Gateways),
		"HTTPRoute":            into(&m.HTTPRoutes),
		"GRPCRoute":            into(&m.GRPCRoutes),
		"TCPRoute":             into(&m.TCPRoutes),
		"TLSRoute":             into(&m.TLSRoutes),
		"HTTPRouteFilter":      into(&m.HTTPRouteFilters),
		"Backend":              into(&m.Backends),
		"BackendTrafficPolicy": into(&m.BackendTrafficPolicies),
		"BackendTLSPolicy":     into(&m.BackendTLSPolicies),
		"ReferenceGrant":       into(&m.ReferenceGrants),
		"Service":              into(&m.Services),
		"Deployment":           into(&m.Deployments),
		"EndpointSlice":        into(&m.EndpointSlices),
		"Namespace":            into(&m.Namespaces),
	}
	decoder := yaml.NewYAMLOrJSONDecoder(strings.NewReader(text), 1<<16)
	for {
		var raw runtime.RawExtension
		err := decoder.Decode(&raw)
		if errors.Is(err, io.EOF) {
			return m
		}
		require.NoError(t, err)
		var object struct{ Kind string }
		require.NoError(t, json.Unmarshal(raw.Raw, &object))
		require.Contains(t, lists, object.Kind)
		require.NoError(t, lists[object.Kind](raw.Raw), string(raw.Raw))
	}
}

func into[T any](list *[]*T) func([]byte) error {
	return func(encoded []byte) error {
		added := new(T)
		*list = append(*list, added)
		decoder := json.NewDecoder(bytes.NewReader(encoded))
		decoder.DisallowUnknownFields()
		return decoder.Decode(added)
	}
}

func translate(t *testing.T, text string) envoygateway.Result {
	t.Helper()
	return envoygateway.Translate(read(t, text), envoygateway.Options{EnvoyGateway: "1.9.1"})
}

// only returns the one attachment of the one route's one rule.
func only(t *testing.T, result envoygateway.Result) envoygateway.Attachment {
	t.Helper()
	require.Len(t, result.Routes, 1)
	require.Len(t, result.Routes[0].Rules, 1)
	require.Len(t, result.Routes[0].Rules[0].Attachments, 1)
	return result.Routes[0].Rules[0].Attachments[0]
}

// tiersOf writes the tiers of a cluster as text.
func tiersOf(cluster envoygateway.Cluster) string {
	var tiers []string
	for _, tier := range cluster.Tiers {
		var hosts []string
		for _, backend := range tier.Backends {
			for _, host := range backend.Hosts {
				hosts = append(hosts, fmt.Sprintf("%s:%d (%s, %s)", host.Address, host.Port, number(host.Count), number(host.Pods)))
			}
		}
		tiers = append(tiers, fmt.Sprintf("%d: %s", tier.Priority, strings.Join(hosts, " ")))
	}
	return strings.Join(tiers, "; ")
}

func number(n *int32) string {
	if n == nil {
		return "unknown"
	}
	return fmt.Sprint(*n)
}

// causesOf writes causes as text.
func causesOf(causes []envoygateway.Cause) []string {
	var text []string
	for _, cause := range causes {
		text = append(text, fmt.Sprintf("%s: %s %s", cause.Reason, cause.Object, cause.Path))
	}
	return text
}

func TestOneCluster(t *testing.T) {
	result := translate(t, base)
	attachment := only(t, result)
	assert.Equal(t, envoygateway.OutcomeCluster, attachment.Outcome)
	assert.Empty(t, attachment.Causes)
	assert.Equal(t, []string{"*"}, attachment.Hostnames)
	require.Len(t, attachment.Clusters, 1)
	assert.Equal(t, "httproute/web/shop/rule/0", attachment.Clusters[0].Name)
	assert.Equal(t, "0: active.example.com:80 (1, unknown); 1: passive.example.com:80 (1, unknown)", tiersOf(attachment.Clusters[0]))
	assert.Empty(t, result.Missing)
	assert.Equal(t, []string{"http"}, result.Routes[0].Parents[0].Listeners)
}

// TestOutcomes has what a change to the base leads to, and the field that causes it.
func TestOutcomes(t *testing.T) {
	const (
		activeRef = "{group: gateway.envoyproxy.io, kind: Backend, name: active}"
		route     = "HTTPRoute web/shop "
	)
	policy := func(spec string) string {
		return base + "---\n{kind: BackendTrafficPolicy, metadata: {name: policy, namespace: web}, spec: {targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: shop}], " + spec + "}}\n"
	}
	for name, test := range map[string]struct {
		manifests string
		outcome   envoygateway.Outcome
		status    int
		causes    []string
	}{
		"IP next to FQDN": {
			manifests: replaced("fqdn: {hostname: passive.example.com, port: 80}", "ip: {address: 10.0.0.1, port: 80}"),
			outcome:   envoygateway.OutcomeWeightedClusters,
			causes:    []string{"MixedAddressTypes: Backend web/passive spec.endpoints[0]"},
		},
		"filters of a backendRef": {
			manifests: replaced(activeRef, "{group: gateway.envoyproxy.io, kind: Backend, name: active, filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: a, value: b}]}}]}"),
			outcome:   envoygateway.OutcomeWeightedClusters,
			causes:    []string{"BackendRefFilters: " + route + "spec.rules[0].backendRefs[0].filters"},
		},
		"a Backend that is not there": {
			manifests: replaced("name: passive}", "name: nobody}"),
			outcome:   envoygateway.OutcomeWeightedClusters,
			causes:    []string{"BackendNotFound: " + route + "spec.rules[0].backendRefs[1]"},
		},
		"no Backend there": {
			manifests: strings.ReplaceAll(replaced("name: passive}", "name: nobody}"), "name: active}", "name: nobody}"),
			outcome:   envoygateway.OutcomeDirectResponse, status: 500,
			causes: []string{"BackendNotFound: " + route + "spec.rules[0].backendRefs[0]", "BackendNotFound: " + route + "spec.rules[0].backendRefs[1]"},
		},
		"a Backend in another namespace without a grant": {
			manifests: replaced(activeRef, "{group: gateway.envoyproxy.io, kind: Backend, name: active, namespace: other}"),
			outcome:   envoygateway.OutcomeWeightedClusters,
			causes:    []string{"RefNotPermitted: " + route + "spec.rules[0].backendRefs[0]"},
		},
		"a loopback address": {
			manifests: replaced("fqdn: {hostname: passive.example.com, port: 80}", "ip: {address: 127.0.0.1, port: 80}"),
			outcome:   envoygateway.OutcomeWeightedClusters,
			causes:    []string{"InvalidAddress: Backend web/passive spec.endpoints[0].ip.address"},
		},
		"no weight": {
			manifests: strings.ReplaceAll(replaced("name: passive}", "name: passive, weight: 0}"), "name: active}", "name: active, weight: 0}"),
			outcome:   envoygateway.OutcomeDirectResponse, status: 500,
			causes: []string{"NoWeight: " + route + "spec.rules"},
		},
		"a policy with zones": {
			manifests: policy("loadBalancer: {type: LeastRequest, zoneAware: {preferLocal: {}}}"),
			outcome:   envoygateway.OutcomeWeightedClusters,
			causes:    []string{"ZoneAware: BackendTrafficPolicy web/policy spec.loadBalancer.zoneAware.preferLocal"},
		},
		"a policy without zones": {manifests: policy("loadBalancer: {type: LeastRequest}"), outcome: envoygateway.OutcomeCluster},
		"WebSocket next to h2c": {
			manifests: strings.ReplaceAll(replaced("spec: {endpoints", "spec: {appProtocols: [gateway.envoyproxy.io/ws], endpoints"), "fallback: true,", "fallback: true, appProtocols: [gateway.envoyproxy.io/h2c],"),
			outcome:   envoygateway.OutcomeWeightedClusters,
			causes:    []string{"MixedProtocols: " + route + "spec.rules[0].backendRefs[0]"},
		},
		"autoSNIFromEndpointHostname on one": {
			manifests: replaced("spec: {endpoints", "spec: {tls: {wellKnownCACertificates: System, autoSNIFromEndpointHostname: true}, endpoints"),
			outcome:   envoygateway.OutcomeWeightedClusters,
			causes:    []string{"MixedAutoSNI: Backend web/active spec.tls.autoSNIFromEndpointHostname"},
		},
		"TLS on one": {
			manifests: replaced("spec: {endpoints", "spec: {tls: {wellKnownCACertificates: System}, endpoints"),
			outcome:   envoygateway.OutcomeCluster,
		},
		"a DynamicResolver next to another": {
			manifests: replaced("spec: {endpoints: [{fqdn: {hostname: active.example.com, port: 80}}]}", "spec: {type: DynamicResolver}"),
			outcome:   envoygateway.OutcomeDirectResponse, status: 500,
			causes: []string{"InvalidBackendRef: " + route + "spec.rules[0].backendRefs[0]"},
		},
		"a redirect": {
			manifests: replaced("{name: all,", "{name: all, filters: [{type: RequestRedirect, requestRedirect: {scheme: https}}],"),
			outcome:   envoygateway.OutcomeRedirect,
			causes:    []string{"RequestRedirect: " + route + "spec.rules[0].filters[0]"},
		},
		"a filter that is not there": {
			manifests: replaced("{name: all,", "{name: all, filters: [{type: ExtensionRef, extensionRef: {group: gateway.envoyproxy.io, kind: HTTPRouteFilter, name: nobody}}],"),
			outcome:   envoygateway.OutcomeDirectResponse, status: 500,
			causes: []string{"UnsupportedValue: " + route + "spec.rules[0].filters[0]"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			attachment := only(t, translate(t, test.manifests))
			assert.Equal(t, test.outcome, attachment.Outcome)
			assert.Equal(t, test.status, attachment.Status)
			assert.Equal(t, test.causes, causesOf(attachment.Causes))
		})
	}
}

// TestServices has the hosts and pods behind a Service, as far as the manifests tell.
func TestServices(t *testing.T) {
	const (
		service    = "---\n{kind: Service, metadata: {name: active, namespace: web}, spec: {clusterIP: 10.5.5.5, selector: {app: active}, ports: [{name: http, port: 80}]}}\n"
		deployment = "---\n{kind: Deployment, metadata: {name: active, namespace: web}, spec: {replicas: 3, selector: {matchLabels: {app: active}}, template: {metadata: {labels: {app: active, version: v1}}}}}\n"
		slice      = `---
{kind: EndpointSlice, metadata: {name: active-1, namespace: web, labels: {kubernetes.io/service-name: active}}, addressType: IPv4, ports: [{name: http, port: 8080, protocol: TCP}],
  endpoints: [{addresses: [10.1.0.1]}, {addresses: [10.1.0.2], conditions: {ready: false}}]}
`
	)
	named := replaced("active.example.com", "active.web.svc.cluster.local")
	referred := replaced("{group: gateway.envoyproxy.io, kind: Backend, name: active}", "{name: active, port: 80}")
	for name, test := range map[string]struct{ manifests, tier string }{
		"a name without its Service":          {named, "0: active.web.svc.cluster.local:80 (unknown, unknown)"},
		"a name without its Deployment":       {named + service, "0: active.web.svc.cluster.local:80 (1, unknown)"},
		"a name with its Deployment":          {named + service + deployment, "0: active.web.svc.cluster.local:80 (1, 3)"},
		"a name with its EndpointSlice":       {named + service + slice, "0: active.web.svc.cluster.local:80 (1, 1)"},
		"a name of a headless Service":        {named + strings.ReplaceAll(service, "10.5.5.5", "None") + deployment, "0: active.web.svc.cluster.local:80 (3, 3)"},
		"a reference without its Deployment":  {referred + service, "0: :80 (unknown, unknown)"},
		"a reference with its Deployment":     {referred + service + deployment, "0: :80 (3, 3)"},
		"a reference with its EndpointSlice":  {referred + service + slice, "0: 10.1.0.1:8080 (1, 1) 10.1.0.2:8080 (1, 1)"},
		"a reference to a Service of no pods": {referred + service + strings.ReplaceAll(deployment, "replicas: 3", "replicas: 0"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			attachment := only(t, translate(t, test.manifests))
			tier, _, _ := strings.Cut(tiersOf(attachment.Clusters[0]), "; ")
			assert.Equal(t, test.tier, tier)
		})
	}
}

// policyOn is a policy with a setting that tells it from others.
func policyOn(name, target string, percent int, more string) string {
	return fmt.Sprintf("---\n{kind: BackendTrafficPolicy, metadata: {name: %s, namespace: web%s}, spec: {targetRefs: [%s], healthCheck: {passive: {maxEjectionPercent: %d}}}}\n", name, more, target, percent)
}

const (
	onRule     = "{group: gateway.networking.k8s.io, kind: HTTPRoute, name: shop, sectionName: all}"
	onRoute    = "{group: gateway.networking.k8s.io, kind: HTTPRoute, name: shop}"
	onListener = "{group: gateway.networking.k8s.io, kind: Gateway, name: public, sectionName: http}"
	onGateway  = "{group: gateway.networking.k8s.io, kind: Gateway, name: public}"
)

func TestPolicyPrecedence(t *testing.T) {
	rule, route := policyOn("on-rule", onRule, 1, ""), policyOn("on-route", onRoute, 2, "")
	listener, gateway := policyOn("on-listener", onListener, 3, ""), policyOn("on-gateway", onGateway, 4, "")
	for name, test := range map[string]struct {
		policies string
		percent  int32
		ignored  []string
	}{
		"rule":     {gateway + listener + route + rule, 1, nil},
		"route":    {gateway + listener + route, 2, nil},
		"listener": {gateway + listener, 3, nil},
		"gateway":  {gateway, 4, nil},
		"two on one route, by name": {
			policyOn("b", onRoute, 5, "") + policyOn("a", onRoute, 6, ""), 6,
			[]string{"Conflicted: BackendTrafficPolicy web/b spec.targetRefs[0]"},
		},
		"two on one route, by age": {
			policyOn("b", onRoute, 5, ", creationTimestamp: 2026-01-01T00:00:00Z") + policyOn("a", onRoute, 6, ", creationTimestamp: 2026-01-02T00:00:00Z"), 5,
			[]string{"Conflicted: BackendTrafficPolicy web/a spec.targetRefs[0]"},
		},
		"a rule that is not there": {
			route + policyOn("z", strings.ReplaceAll(onRule, "all", "nobody"), 5, ""), 2,
			[]string{"TargetNotFound: BackendTrafficPolicy web/z spec.targetRefs[0]"},
		},
		"a route that is not there": {
			route + policyOn("z", strings.ReplaceAll(onRoute, "shop", "nobody"), 5, ""), 2,
			[]string{"TargetNotInManifests: BackendTrafficPolicy web/z spec.targetRefs[0]"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			result := translate(t, base+test.policies)
			policy := only(t, result).Policy
			require.NotNil(t, policy.Spec)
			assert.Equal(t, test.percent, *policy.Spec.HealthCheck.Passive.MaxEjectionPercent)
			var ignored []envoygateway.Cause
			for _, policy := range result.Policies {
				for _, target := range policy.Targets {
					if target.Ignored != nil {
						ignored = append(ignored, *target.Ignored)
					}
				}
			}
			assert.Equal(t, test.ignored, causesOf(ignored))
		})
	}
}

func TestOverriddenPolicies(t *testing.T) {
	result := translate(t, base+policyOn("on-gateway", onGateway, 4, "")+policyOn("on-route", onRoute, 2, ""))
	i := slices.IndexFunc(result.Policies, func(p envoygateway.Policy) bool { return p.Object.Name == "on-gateway" })
	overridden := result.Policies[i].Targets[0].Overridden
	require.Len(t, overridden, 1)
	assert.Equal(t, "spec.rules[0]", overridden[0].Rule.Path)
	assert.Equal(t, "on-route", overridden[0].By.Object.Name)
}

func TestMerging(t *testing.T) {
	for _, mergeType := range []egv1a1.MergeType{egv1a1.StrategicMerge, egv1a1.JSONMerge} {
		result := translate(t, base+policyOn("on-gateway", onGateway, 4, "")+fmt.Sprintf(
			"---\n{kind: BackendTrafficPolicy, metadata: {name: on-route, namespace: web}, spec: {targetRefs: [%s], mergeType: %s, retry: {numRetries: 2}}}\n", onRoute, mergeType))
		policy := only(t, result).Policy
		require.NotNil(t, policy.Spec.HealthCheck, mergeType)
		assert.EqualValues(t, 4, *policy.Spec.HealthCheck.Passive.MaxEjectionPercent)
		assert.EqualValues(t, 2, *policy.Spec.Retry.NumRetries)
		require.Len(t, policy.From, 2)
		assert.Equal(t, "on-route", policy.From[0].Object.Name)
		assert.Equal(t, "on-gateway", policy.From[1].Object.Name)
	}
}

func TestRefusedPolicy(t *testing.T) {
	refused := fmt.Sprintf("---\n{kind: BackendTrafficPolicy, metadata: {name: on-route, namespace: web}, spec: {targetRefs: [%s], retry: {perRetry: {backOff: {baseInterval: 0s}}}}}\n", onRoute)
	attachment := only(t, translate(t, base+refused+policyOn("on-gateway", onGateway, 4, "")))
	assert.Equal(t, envoygateway.OutcomeDirectResponse, attachment.Outcome)
	assert.Equal(t, 500, attachment.Status)
	assert.Equal(t, []string{"PolicyInvalid: BackendTrafficPolicy web/on-route spec.targetRefs[0]"}, causesOf(attachment.Causes))
}

// TestParents has what becomes of a parentRef.
func TestParents(t *testing.T) {
	const listener = "{name: http, port: 80, protocol: HTTP}"
	for name, test := range map[string]struct {
		manifests string
		accepted  bool
		reason    envoygateway.Reason
		listeners []string
	}{
		"a Gateway":                       {base, true, envoygateway.ReasonAccepted, []string{"http"}},
		"a listener":                      {replaced("{name: public}", "{name: public, sectionName: http}"), true, envoygateway.ReasonAccepted, []string{"http"}},
		"a listener that is not there":    {replaced("{name: public}", "{name: public, sectionName: nobody}"), false, envoygateway.ReasonNoMatchingParent, nil},
		"a Gateway that is not there":     {replaced("{name: public}", "{name: nobody}"), false, envoygateway.ReasonGatewayNotInManifests, nil},
		"a Gateway of another controller": {replaced("gateway.envoyproxy.io/gatewayclass-controller", "example.com/other"), false, envoygateway.ReasonOtherController, nil},
		"hostnames that don't meet":       {strings.ReplaceAll(replaced("[{name: public}]", "[{name: public}], hostnames: [a.example.org]"), listener, "{name: http, port: 80, protocol: HTTP, hostname: '*.example.com'}"), false, envoygateway.ReasonNoMatchingHostname, nil},
		"another kind of route":           {replaced(listener, "{name: http, port: 80, protocol: HTTP, allowedRoutes: {kinds: [{kind: GRPCRoute}]}}"), false, envoygateway.ReasonNotAllowedByListeners, nil},
		"a listener with a conflict":      {replaced(listener, listener+", {name: again, port: 80, protocol: HTTP}"), true, envoygateway.ReasonListenerNotReady, nil},
		"two listeners":                   {replaced(listener, listener+", {name: more, port: 81, protocol: HTTP}"), true, envoygateway.ReasonAccepted, []string{"http", "more"}},
	} {
		t.Run(name, func(t *testing.T) {
			parent := translate(t, test.manifests).Routes[0].Parents[0]
			assert.Equal(t, test.accepted, parent.Accepted)
			assert.Equal(t, test.reason, parent.Reason)
			assert.Equal(t, test.listeners, parent.Listeners)
		})
	}
}

// TestGatewayNotInManifests makes sure that a route is followed to its backends, and
// that the policies of its Gateway count, where the Gateway is somewhere else.
func TestGatewayNotInManifests(t *testing.T) {
	result := translate(t, replaced("{name: public}", "{name: elsewhere}")+policyOn("on-gateway", strings.ReplaceAll(onGateway, "public", "elsewhere"), 4, ""))
	attachment := only(t, result)
	assert.Equal(t, envoygateway.OutcomeCluster, attachment.Outcome)
	assert.Empty(t, attachment.Listener)
	require.NotNil(t, attachment.Policy.Spec)
	elsewhere := envoygateway.Object{Kind: "Gateway", Namespace: "web", Name: "elsewhere"}
	var missing []string
	for _, reference := range result.Missing {
		assert.Equal(t, elsewhere, reference.To)
		missing = append(missing, reference.Object.String()+" "+reference.Path)
	}
	assert.Equal(t, []string{"BackendTrafficPolicy web/on-gateway spec.targetRefs[0]", "HTTPRoute web/shop spec.parentRefs[0]"}, missing)
}

func TestNamespaces(t *testing.T) {
	moved := strings.ReplaceAll(base, "{kind: Gateway, metadata: {name: public, namespace: web}", "{kind: Gateway, metadata: {name: public, namespace: infra}")
	moved = strings.ReplaceAll(moved, "{name: public}]", "{name: public, namespace: infra}]")
	from := func(namespaces string) string {
		return strings.ReplaceAll(moved, "protocol: HTTP}", "protocol: HTTP, allowedRoutes: {namespaces: "+namespaces+"}}")
	}
	namespace := "---\n{kind: Namespace, metadata: {name: web, labels: {team: shop}}}\n"
	for name, test := range map[string]struct {
		manifests string
		accepted  bool
	}{
		"the same only":    {moved, false},
		"all":              {from("{from: All}"), true},
		"by name":          {from("{from: Selector, selector: {matchLabels: {kubernetes.io/metadata.name: web}}}"), true},
		"by label":         {from("{from: Selector, selector: {matchLabels: {team: shop}}}") + namespace, true},
		"by another label": {from("{from: Selector, selector: {matchLabels: {team: blog}}}") + namespace, false},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.accepted, translate(t, test.manifests).Routes[0].Parents[0].Accepted)
		})
	}
}

func TestTargetSelectors(t *testing.T) {
	selecting := func(selector string) string {
		return base + "---\n{kind: BackendTrafficPolicy, metadata: {name: policy, namespace: web}, spec: {targetSelectors: [{group: gateway.networking.k8s.io, kind: HTTPRoute, " + selector + "}], retry: {}}}\n"
	}
	labelled := func(text string) string {
		return strings.ReplaceAll(text, "{name: shop, namespace: web}", "{name: shop, namespace: web, labels: {app: shop}}")
	}
	for name, test := range map[string]struct {
		manifests string
		selected  bool
	}{
		"by label":         {labelled(selecting("matchLabels: {app: shop}")), true},
		"by another label": {labelled(selecting("matchLabels: {app: blog}")), false},
		"by an expression": {labelled(selecting("matchExpressions: [{key: app, operator: In, values: [shop]}]")), true},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.selected, only(t, translate(t, test.manifests)).Policy.Spec != nil)
		})
	}
}

// TestConnections has what is different for routes of connections, not requests.
func TestConnections(t *testing.T) {
	tcp := strings.NewReplacer("HTTPRoute", "TCPRoute", "protocol: HTTP", "protocol: TCP").Replace(
		replaced("fqdn: {hostname: passive.example.com, port: 80}", "ip: {address: 10.0.0.1, port: 80}"))
	layered := tcp + "---\n{kind: BackendTrafficPolicy, metadata: {name: on-route, namespace: web}, spec: {targetRefs: [" +
		strings.ReplaceAll(onRoute, "HTTPRoute", "TCPRoute") + "], retry: {}, circuitBreaker: {maxConnections: 9}}}\n" + policyOn("on-gateway", onGateway, 4, "")
	result := translate(t, layered)
	attachment := only(t, result)
	assert.Equal(t, envoygateway.OutcomeCluster, attachment.Outcome, "addresses of two types don't split it")
	assert.Equal(t, "tcproute/web/shop/rule/-1", attachment.Clusters[0].Name)
	assert.EqualValues(t, 9, *attachment.Policy.Spec.CircuitBreaker.MaxConnections)
	assert.EqualValues(t, 4, *attachment.Policy.Spec.HealthCheck.Passive.MaxEjectionPercent, "each field comes from the most specific policy that has it")
	assert.Nil(t, attachment.Policy.Spec.Retry, "connections are not retried")

	second := tcp + strings.ReplaceAll("---\n{kind: HTTPRoute, metadata: {name: zoo, namespace: web}, spec: {parentRefs: [{name: public}], rules: [{backendRefs: [{group: gateway.envoyproxy.io, kind: Backend, name: active}]}]}}\n", "HTTPRoute", "TCPRoute")
	for envoyGateway, accepted := range map[string]bool{"1.8.2": false, "1.9.1": true} {
		result := envoygateway.Translate(read(t, second), envoygateway.Options{EnvoyGateway: envoyGateway})
		require.Len(t, result.Routes, 2)
		assert.Equal(t, accepted, result.Routes[1].Parents[0].Accepted, envoyGateway)
		assert.Equal(t, "another route has the listener", result.Routes[1].Parents[0].Message, envoyGateway)
		assert.Empty(t, result.Routes[1].Rules[0].Attachments, "a listener has room for one TCPRoute")
	}
}

// TestOneClusterForTwoListeners has a rule on two listeners with a policy each.
func TestOneClusterForTwoListeners(t *testing.T) {
	result := translate(t, replaced("protocol: HTTP}", "protocol: HTTP}, {name: more, port: 81, protocol: HTTP}")+
		policyOn("first", onListener, 1, "")+policyOn("second", strings.ReplaceAll(onListener, "sectionName: http", "sectionName: more"), 2, ""))
	attachments := result.Routes[0].Rules[0].Attachments
	require.Len(t, attachments, 2)
	for i, attachment := range attachments {
		assert.EqualValues(t, i+1, *attachment.Policy.Spec.HealthCheck.Passive.MaxEjectionPercent)
		assert.EqualValues(t, 1, *attachment.ClusterPolicy.Spec.HealthCheck.Passive.MaxEjectionPercent)
	}
}
