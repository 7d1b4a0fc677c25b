package render_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/ptr"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/failover-krm/failover/internal/randomspec"
	"github.com/failover-krm/failover/pkg/api/decode"
	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/render"
	"github.com/failover-krm/failover/pkg/target"
)

// spec returns a spec with its defaults filled in, changed in some way before.
func spec(name string, changes ...func(*v1alpha1.Spec)) *v1alpha1.FailoverSpec {
	fs := &v1alpha1.FailoverSpec{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "web"},
		Spec: v1alpha1.Spec{
			Active:  v1alpha1.Tier{Backend: v1alpha1.Backend{Service: &v1alpha1.Service{Name: name, Port: 8080}}},
			Passive: v1alpha1.Tier{Backend: v1alpha1.Backend{Endpoints: []egv1a1.BackendEndpoint{fqdn("standby.example.com", 8443)}}},
		},
	}
	for _, change := range changes {
		change(&fs.Spec)
	}
	v1alpha1.Default(fs)
	return fs
}

func fqdn(hostname string, port int32) egv1a1.BackendEndpoint {
	return egv1a1.BackendEndpoint{FQDN: &egv1a1.FQDNEndpoint{Hostname: hostname, Port: port}}
}

func workload(s *v1alpha1.Spec) {
	s.Active = v1alpha1.Tier{Backend: v1alpha1.Backend{Workload: &v1alpha1.Workload{Image: "shop", Port: 3000}}}
}

// backends gives active a workload and a service, by weight.
func backends(s *v1alpha1.Spec) {
	s.Active = v1alpha1.Tier{Backends: []v1alpha1.WeightedBackend{
		{Backend: v1alpha1.Backend{Workload: &v1alpha1.Workload{Image: "shop", Port: 3000, ClusterIP: "None"}}, Weight: new(int32(9))},
		{Backend: v1alpha1.Backend{Name: "canary", Service: &v1alpha1.Service{Name: "canary", Port: 80}}},
	}}
}

func grpc(s *v1alpha1.Spec) {
	s.GRPCRoute = &v1alpha1.GRPCRoute{Rules: []gwapiv1.GRPCRouteRule{{}, {Name: new(gwapiv1.SectionName("carts"))}}}
}

func tls(s *v1alpha1.Spec) { s.TLSRoute = &v1alpha1.TLSRoute{} }

func tcp(s *v1alpha1.Spec) { s.TCPRoute = &v1alpha1.TCPRoute{} }

func hostRewrite(s *v1alpha1.Spec) { s.HostRewrite = egv1a1.BackendHTTPHostnameModifier }

func activeCheck(s *v1alpha1.Spec) {
	s.Policy.HealthCheck = &egv1a1.HealthCheck{Active: &egv1a1.ActiveHealthCheck{HTTP: &egv1a1.HTTPActiveHealthChecker{Path: "/healthz"}}}
}

func attached(s *v1alpha1.Spec) { s.Gateway = v1alpha1.Gateway{Name: "public"} }

func rendered(t *testing.T, specs ...*v1alpha1.FailoverSpec) map[render.Part]render.Object {
	t.Helper()
	require.Empty(t, render.Conflicts(specs))
	byPart := map[render.Part]render.Object{}
	for _, object := range render.Render(specs) {
		byPart[object.Part] = object
	}
	return byPart
}

func TestParts(t *testing.T) {
	for _, tc := range []struct {
		reason string
		spec   *v1alpha1.FailoverSpec
		want   []render.Part
	}{
		{"services and endpoints", spec("shop"), []render.Part{"active-backend", "passive-backend", "gateway", "policy", "route"}},
		{"a workload", spec("shop", workload), []render.Part{"active-service", "active-deployment", "active-backend", "passive-backend", "gateway", "policy", "route"}},
		{"a list of backends", spec("shop", backends), []render.Part{"active-service-1", "active-deployment-1", "active-backend-1", "active-backend-2", "passive-backend", "gateway", "policy", "route"}},
		{"gRPC", spec("shop", attached, grpc), []render.Part{"active-backend", "passive-backend", "policy", "route"}},
		{"TLS", spec("shop", attached, tls), []render.Part{"active-backend", "passive-backend", "policy", "route"}},
		{"TCP", spec("shop", attached, tcp), []render.Part{"active-backend", "passive-backend", "policy", "route"}},
		{"attached, with a filter", spec("shop", attached, hostRewrite), []render.Part{"active-backend", "passive-backend", "policy", "route-filter", "route"}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			require.Empty(t, render.Conflicts([]*v1alpha1.FailoverSpec{tc.spec}))
			var parts []render.Part
			for _, object := range render.Render([]*v1alpha1.FailoverSpec{tc.spec}) {
				parts = append(parts, object.Part)
				kind := object.Resource.GetObjectKind().GroupVersionKind().GroupKind()
				assert.True(t, render.Makes(object.Part, kind), "%s is made as %s", kind, object.Part)
				assert.False(t, render.Makes(object.Part, schema.GroupKind{Kind: "ConfigMap"}))
			}
			assert.Equal(t, tc.want, parts)
		})
	}
	assert.False(t, render.Makes("nonsense", schema.GroupKind{Kind: "Service"}))
}

func TestFallback(t *testing.T) {
	objects := rendered(t, spec("shop"))
	assert.Nil(t, objects["active-backend"].Resource.(*egv1a1.Backend).Spec.Fallback)
	assert.True(t, *objects["passive-backend"].Resource.(*egv1a1.Backend).Spec.Fallback)
	refs := objects["route"].Resource.(*gwapiv1.HTTPRoute).Spec.Rules[0].BackendRefs
	require.Len(t, refs, 2, "one rule has both tiers")
	assert.Equal(t, gwapiv1.ObjectName("shop-active"), refs[0].Name)
	assert.Equal(t, gwapiv1.ObjectName("shop-passive"), refs[1].Name)
}

// TestBackends: each of a list is a Backend of its own, in the one rule, with its weight.
func TestBackends(t *testing.T) {
	objects := rendered(t, spec("shop", backends, func(s *v1alpha1.Spec) {
		s.Passive = v1alpha1.Tier{Backends: []v1alpha1.WeightedBackend{{Backend: v1alpha1.Backend{Endpoints: []egv1a1.BackendEndpoint{fqdn("standby.example.com", 443)}}}}}
	}))
	assert.Equal(t, "None", objects["active-service-1"].Resource.(*corev1.Service).Spec.ClusterIP)
	for part, fallback := range map[render.Part]bool{"active-backend-1": false, "active-backend-2": false, "passive-backend-1": true} {
		assert.Equal(t, fallback, objects[part].Resource.(*egv1a1.Backend).Spec.Fallback != nil, part)
	}
	var got []string
	for _, ref := range objects["route"].Resource.(*gwapiv1.HTTPRoute).Spec.Rules[0].BackendRefs {
		got = append(got, fmt.Sprintf("%s %d", ref.Name, *ref.Weight))
	}
	assert.Equal(t, []string{"shop-active-1 9", "canary 1", "shop-passive-1 1"}, got)
	for _, tc := range []struct {
		part         render.Part
		object, spec string
	}{
		{"active-service-1", "spec.clusterIP", "spec.active.backends[0].workload.clusterIP"},
		{"active-deployment-1", "spec.replicas", "spec.active.backends[0].workload.replicas"},
		{"active-backend-2", "metadata.name", "spec.active.backends[1].name"},
		{"active-backend-2", "spec.endpoints[0].fqdn.port", "spec.active.backends[1].service.port"},
		{"passive-backend-1", "spec.endpoints[0].fqdn.port", "spec.passive.backends[0].endpoints[0].fqdn.port"},
		{"route", "spec.rules[0].backendRefs[0].weight", "spec.active.backends[0].weight"},
	} {
		assert.Equal(t, tc.spec, objects[tc.part].Origin(document.ParsePath(tc.object)).String(), "%s %s", tc.part, tc.object)
	}
}

// TestRouteOfEachKind: the policy targets the route that is made, each rule of which has
// both tiers.
func TestRouteOfEachKind(t *testing.T) {
	old := func(s *v1alpha1.Spec) { s.Target = "envoy-gateway-1.3" }
	between := func(s *v1alpha1.Spec) { s.Target = "envoy-gateway-1.7" }
	newest := func(s *v1alpha1.Spec) { s.Target = "envoy-gateway-1.9" }
	for _, tc := range []struct {
		reason  string
		changes []func(*v1alpha1.Spec)
		want    string
		port    string
		rules   int
	}{
		{"HTTP", nil, "gateway.networking.k8s.io/v1 HTTPRoute", "http", 1},
		{"gRPC", []func(*v1alpha1.Spec){grpc}, "gateway.networking.k8s.io/v1 GRPCRoute", "grpc", 2},
		{"TLS", []func(*v1alpha1.Spec){tls}, "gateway.networking.k8s.io/v1 TLSRoute", "tls", 1},
		{"TLS before 1.8", []func(*v1alpha1.Spec){tls, between}, "gateway.networking.k8s.io/v1alpha3 TLSRoute", "tls", 1},
		{"TLS before 1.6", []func(*v1alpha1.Spec){tls, old}, "gateway.networking.k8s.io/v1alpha2 TLSRoute", "tls", 1},
		{"TCP", []func(*v1alpha1.Spec){tcp, newest}, "gateway.networking.k8s.io/v1 TCPRoute", "tcp", 1},
		{"TCP before 1.9", []func(*v1alpha1.Spec){tcp}, "gateway.networking.k8s.io/v1alpha2 TCPRoute", "tcp", 1},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			objects := rendered(t, spec("shop", append(tc.changes, workload, attached)...))
			route := objects["route"].Resource
			apiVersion, kind := route.GetObjectKind().GroupVersionKind().ToAPIVersionAndKind()
			assert.Equal(t, tc.want, apiVersion+" "+kind)
			reference := objects["policy"].Resource.(*egv1a1.BackendTrafficPolicy).Spec.TargetRefs[0]
			assert.Equal(t, kind, string(reference.Kind))
			assert.Equal(t, tc.port, objects["active-service"].Resource.(*corev1.Service).Spec.Ports[0].Name)

			refs := refsOf(route)
			require.Len(t, refs, tc.rules)
			for _, rule := range refs {
				assert.Equal(t, []gwapiv1.ObjectName{"shop-active", "shop-passive"}, names(rule))
			}
		})
	}
}

// TestReferencesOfEachKind: each rule has the backends of all tiers in the order of their
// priority, with weights, and each reference comes from its backend.
func TestReferencesOfEachKind(t *testing.T) {
	rules := func(s *v1alpha1.Spec) { s.Rules = []v1alpha1.Rule{{}, {}} }
	for _, tc := range []struct {
		reason string
		kind   func(*v1alpha1.Spec)
		rules  int
	}{
		{"HTTP", func(*v1alpha1.Spec) {}, 1},
		{"HTTP, rules", rules, 2},
		{"gRPC", grpc, 2},
		{"TLS", tls, 1},
		{"TCP", tcp, 1},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			route := rendered(t, spec("shop", attached, backends, tc.kind, func(s *v1alpha1.Spec) { s.Prefer = v1alpha1.PreferPassive }))["route"]
			refs := refsOf(route.Resource)
			require.Len(t, refs, tc.rules)
			for i, rule := range refs {
				assert.Equal(t, []string{"shop-passive 1", "shop-active-1 9", "canary 1"}, weighted(rule))
				for j, of := range map[int]string{1: "spec.active.backends[0]", 2: "spec.active.backends[1]"} {
					at := fmt.Sprintf("spec.rules[%d].backendRefs[%d].weight", i, j)
					assert.Equal(t, of+".weight", route.Origin(document.ParsePath(at)).String(), at)
				}
			}
		})
	}
}

func weighted(refs []gwapiv1.BackendRef) []string {
	var texts []string
	for _, ref := range refs {
		texts = append(texts, fmt.Sprintf("%s %d", ref.Name, ptr.Deref(ref.Weight, 1)))
	}
	return texts
}

func names(refs []gwapiv1.BackendRef) []gwapiv1.ObjectName {
	var names []gwapiv1.ObjectName
	for _, ref := range refs {
		names = append(names, ref.Name)
	}
	return names
}

// refsOf returns the backendRefs of each rule.
func refsOf(route render.Resource) [][]gwapiv1.BackendRef {
	var rules [][]gwapiv1.BackendRef
	switch route := route.(type) {
	case *gwapiv1.HTTPRoute:
		for _, rule := range route.Spec.Rules {
			var refs []gwapiv1.BackendRef
			for _, ref := range rule.BackendRefs {
				refs = append(refs, ref.BackendRef)
			}
			rules = append(rules, refs)
		}
	case *gwapiv1.GRPCRoute:
		for _, rule := range route.Spec.Rules {
			var refs []gwapiv1.BackendRef
			for _, ref := range rule.BackendRefs {
				refs = append(refs, ref.BackendRef)
			}
			rules = append(rules, refs)
		}
	case *gwapiv1.TLSRoute:
		for _, rule := range route.Spec.Rules {
			rules = append(rules, rule.BackendRefs)
		}
	case *gwapiv1.TCPRoute:
		for _, rule := range route.Spec.Rules {
			rules = append(rules, rule.BackendRefs)
		}
	}
	return rules
}

func TestPortOfARef(t *testing.T) {
	port := func(endpoints ...egv1a1.BackendEndpoint) *gwapiv1.PortNumber {
		objects := rendered(t, spec("shop", func(s *v1alpha1.Spec) { s.Passive.Endpoints = endpoints }))
		return objects["route"].Resource.(*gwapiv1.HTTPRoute).Spec.Rules[0].BackendRefs[1].Port
	}
	assert.Equal(t, new(gwapiv1.PortNumber(443)), port(fqdn("a.example.com", 443), fqdn("b.example.com", 443)))
	assert.Nil(t, port(fqdn("a.example.com", 443), fqdn("b.example.com", 8443)), "there is no one port")
}

func routeHostnames(names ...gwapiv1.Hostname) func(*v1alpha1.Spec) {
	return func(s *v1alpha1.Spec) { s.Hostnames = names }
}

// TestCheckedHostname: where Host is rewritten, and where the route has no hostname to ask
// for, an active check asks each endpoint for its own.
func TestCheckedHostname(t *testing.T) {
	named := fqdn("standby.example.com", 8443)
	named.Hostname = new("given.example.com")
	old := func(s *v1alpha1.Spec) { s.Target = "envoy-gateway-1.7" }
	askedFor := func(s *v1alpha1.Spec) { s.Policy.HealthCheck.Active.HTTP.Hostname = new("health.example.com") }
	for _, tc := range []struct {
		reason  string
		changes []func(*v1alpha1.Spec)
		want    *string
	}{
		{"no rewrite", []func(*v1alpha1.Spec){activeCheck, routeHostnames("shop.example.com", "www.example.com")}, nil},
		{"no rewrite, and a route for any hostname", []func(*v1alpha1.Spec){activeCheck}, new("standby.example.com")},
		{"no rewrite, and a route for a wildcard", []func(*v1alpha1.Spec){activeCheck, routeHostnames("www.example.com", "*.example.com")}, new("standby.example.com")},
		{"no active check", []func(*v1alpha1.Spec){hostRewrite}, nil},
		{"both", []func(*v1alpha1.Spec){hostRewrite, activeCheck}, new("standby.example.com")},
		{"the user's own", []func(*v1alpha1.Spec){hostRewrite, activeCheck, func(s *v1alpha1.Spec) { s.Passive.Endpoints = []egv1a1.BackendEndpoint{named} }}, new("given.example.com")},
		{"the check names a host", []func(*v1alpha1.Spec){hostRewrite, activeCheck, askedFor}, nil},
		{"before Envoy Gateway reads it", []func(*v1alpha1.Spec){hostRewrite, activeCheck, old}, nil},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			objects := rendered(t, spec("shop", tc.changes...))
			assert.Equal(t, tc.want, objects["passive-backend"].Resource.(*egv1a1.Backend).Spec.Endpoints[0].Hostname)
		})
	}
}

func TestLabels(t *testing.T) {
	objects := rendered(t, spec("shop", workload, func(s *v1alpha1.Spec) {
		s.Labels, s.Annotations = map[string]string{"team": "shop", "app": "mine"}, map[string]string{"note": "x"}
	}))
	service := objects["active-service"].Resource.(*corev1.Service)
	assert.Equal(t, map[string]string{
		"team": "shop", "app": "mine", "service": "shop-active",
		"app.kubernetes.io/name": "shop", "app.kubernetes.io/component": "active", "app.kubernetes.io/managed-by": "failover",
	}, service.Labels)
	assert.Equal(t, map[string]string{"app": "shop-active"}, service.Spec.Selector, "no label of a user selects")
	deployment := objects["active-deployment"].Resource.(*appsv1.Deployment)
	assert.Equal(t, map[string]string{"app": "shop-active", "version": "v1"}, deployment.Spec.Template.Labels)
	assert.Equal(t, "x", deployment.Annotations["note"])
	for part, component := range map[render.Part]string{"passive-backend": "passive", "gateway": "gateway", "policy": "policy", "route": "route"} {
		assert.Equal(t, component, objects[part].Resource.GetLabels()[v1alpha1.LabelComponent], part)
	}
}

// TestOrigin: errors in objects are shown at the field of the spec that they come
// from.
func TestOrigin(t *testing.T) {
	objects := rendered(t, spec("shop", workload, hostRewrite, func(s *v1alpha1.Spec) {
		s.Passive = v1alpha1.Tier{Backend: v1alpha1.Backend{Service: &v1alpha1.Service{Name: "standby", Port: 1}}}
	}))
	for _, tc := range []struct {
		part         render.Part
		object, spec string
	}{
		{"active-service", "metadata.name", "spec.active.name"},
		{"active-service", "spec.ports[0].port", "spec.active.workload.port"},
		{"active-deployment", "spec.template.spec.containers[0].env[1].name", "spec.active.workload.env[1].name"},
		{"active-deployment", "spec.template.spec.containers[0].name", "spec.active.name"},
		{"active-deployment", "spec.replicas", "spec.active.workload.replicas"},
		{"active-backend", "spec.endpoints[0].fqdn.port", "spec.active.workload.port"},
		{"active-backend", "spec.endpoints[0].fqdn.hostname", "spec.active.name"},
		{"passive-backend", "spec.endpoints[0].fqdn.hostname", "spec.passive.service.name"},
		{"passive-backend", "spec.endpoints[0].fqdn.port", "spec.passive.service.port"},
		{"passive-backend", "spec.tls.sni", "spec.passive.tls.sni"},
		{"gateway", "metadata.namespace", "spec.gateway.namespace"},
		{"gateway", "spec.listeners[0].name", "spec.gateway.listeners[0].name"},
		{"policy", "spec.retry.numRetries", "spec.policy.retry.numRetries"},
		{"route", "spec.rules[0].matches[0].path.value", "spec.matches[0].path.value"},
		{"route", "spec.rules[0].filters[0]", "spec.hostRewrite[0]"},
		{"route", "spec.parentRefs[0].name", "spec.gateway.name"},
		{"route", "spec.hostnames[0]", "spec.hostnames[0]"},
		{"route-filter", "spec.urlRewrite.hostname.type", "spec.hostRewrite.type"},
		{"route", "metadata.labels[team]", "spec.labels[team]"},
		{"route", "metadata.annotations[note]", "spec.annotations[note]"},
		{"route", "metadata.namespace", "metadata.namespace"},
		{"route", "nonsense", "spec"},
	} {
		assert.Equal(t, tc.spec, objects[tc.part].Origin(document.ParsePath(tc.object)).String(), "%s %s", tc.part, tc.object)
	}
	route := rendered(t, spec("shop", grpc))["route"]
	assert.Equal(t, "spec.grpcRoute.rules[1].name", route.Origin(document.ParsePath("spec.rules[1].name")).String())
	assert.Equal(t, "spec.gateway.name", route.Origin(document.ParsePath("spec.parentRefs[0].name")).String())
	for _, origin := range render.Origins() {
		assert.NotEmpty(t, origin.Spec, origin)
		assert.NotEmpty(t, origin.Object, origin)
	}
}

func TestSpecsTogether(t *testing.T) {
	closed := func(s *v1alpha1.Spec) {
		s.Gateway = v1alpha1.Gateway{Name: "public", GatewayClassName: "eg", Listeners: []gwapiv1.Listener{{
			Name: "http", Protocol: gwapiv1.HTTPProtocolType, Port: 80, Hostname: new(gwapiv1.Hostname("shop.example.com")),
		}}}
		s.Hostnames = []gwapiv1.Hostname{"shop.example.com"}
	}
	section := func(name gwapiv1.SectionName) func(*v1alpha1.Spec) {
		return func(s *v1alpha1.Spec) {
			s.Gateway = v1alpha1.Gateway{Name: "public", SectionName: name}
			s.Hostnames = []gwapiv1.Hostname{"shop.example.com"}
		}
	}
	elsewhere := func(s *v1alpha1.Spec) {
		s.Gateway, s.Hostnames = v1alpha1.Gateway{Name: "public"}, []gwapiv1.Hostname{"blog.example.com"}
	}
	for _, tc := range []struct {
		reason string
		specs  []*v1alpha1.FailoverSpec
		want   []string
	}{
		{"two of different names", []*v1alpha1.FailoverSpec{spec("shop"), spec("blog")}, nil},
		{"one that attaches", []*v1alpha1.FailoverSpec{spec("shop", closed), spec("blog", section("http"))}, nil},
		{"one name twice", []*v1alpha1.FailoverSpec{spec("shop"), spec("shop")}, []string{
			`metadata.name: Invalid value: "shop": FailoverSpec web/shop is given twice: remove one, or give it another name`,
		}},
		{"one Gateway made twice", []*v1alpha1.FailoverSpec{spec("shop", closed), spec("blog", closed)}, []string{
			`spec.gateway.name: Invalid value: "public": Gateway web/public is made by FailoverSpec web/shop too: let one attach, by gateway.name without gatewayClassName and listeners`,
		}},
		{"one Backend made twice", []*v1alpha1.FailoverSpec{spec("shop"), spec("blog", func(s *v1alpha1.Spec) { s.Active.Name = "shop-passive" })}, []string{
			`spec.active.name: Invalid value: "shop-passive": Backend web/shop-passive is made by FailoverSpec web/shop too: give it another name`,
		}},
		{"a section that is not there", []*v1alpha1.FailoverSpec{spec("shop", closed), spec("blog", section("https"))}, []string{
			`spec.gateway.sectionName: Unsupported value: "https": supported values: "http"`,
		}},
		{"a hostname that no listener has", []*v1alpha1.FailoverSpec{spec("shop", closed), spec("blog", elsewhere)}, []string{
			`spec.gateway: Invalid value: "web/public": no listener of the Gateway that FailoverSpec web/shop makes takes this HTTPRoute: see their protocol and hostname, and allowedRoutes for namespace "web"`,
		}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			var got []string
			for _, err := range render.Conflicts(tc.specs) {
				assert.Same(t, tc.specs[1], err.Spec)
				assert.Same(t, tc.specs[0], err.Other)
				got = append(got, err.Err.Error())
			}
			assert.Equal(t, tc.want, got)
		})
	}
}

// TestCollisionsAreThoseOfRenderedObjects: what is said of objects before they are made is
// what they are. Random specs with few names make many of the same.
func TestCollisionsAreThoseOfRenderedObjects(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	kinds := map[string]bool{}
	for number := range 300 {
		specs := make([]*v1alpha1.FailoverSpec, 3)
		for i := range specs {
			specs[i] = ofFewNames(t, random, 3*number+i)
		}
		var got []string
		for _, err := range render.Conflicts(specs) {
			if said, isCollision := strings.CutSuffix(strings.Split(err.Err.Detail, ":")[0], " too"); isCollision {
				got = append(got, render.Name(err.Spec)+": "+said)
				kinds[strings.Fields(said)[0]] = true
			}
		}
		require.Equal(t, collisionsOf(render.Render(specs)), got)
	}
	assert.Len(t, kinds, 5, "each kind of object that need not be called as its spec is")
}

// ofFewNames returns a random spec, with names that others have too.
func ofFewNames(t *testing.T, random *rand.Rand, number int) *v1alpha1.FailoverSpec {
	t.Helper()
	name := func() string { return string('a' + rune(random.IntN(5))) }
	data, err := json.Marshal(randomspec.New(number, target.All()[number%len(target.All())]))
	require.NoError(t, err)
	documents, err := document.Parse(data, "spec.json")
	require.NoError(t, err)
	fs, errs := decode.FailoverSpec(documents[0].Node, "")
	require.Empty(t, errs)
	fs.Name, fs.Spec.Gateway.Name, fs.Spec.Policy.Name = name(), name(), name()
	for _, of := range fs.AllBackends() {
		of.Name = name()
	}
	return fs
}

// collisionsOf says which objects are there already; of specs that have one name, there is
// something else to say.
func collisionsOf(objects []render.Object) []string {
	var collisions []string
	makers := map[string]*v1alpha1.FailoverSpec{}
	for _, object := range objects {
		kind := object.Resource.GetObjectKind().GroupVersionKind().Kind
		id := kind + " " + object.Resource.GetNamespace() + "/" + object.Resource.GetName()
		maker, made := makers[id]
		switch {
		case !made:
			makers[id] = object.Spec
		case maker == object.Spec:
			collisions = append(collisions, render.Name(object.Spec)+": "+id+" is made by this spec itself, as another part")
		case render.Name(maker) != render.Name(object.Spec):
			collisions = append(collisions, render.Name(object.Spec)+": "+id+" is made by FailoverSpec "+render.Name(maker))
		}
	}
	return collisions
}
