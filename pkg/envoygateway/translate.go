package envoygateway

import (
	"cmp"
	"slices"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/version"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"
	gwapiv1b1 "sigs.k8s.io/gateway-api/apis/v1beta1"
)

// Options say what Translate cannot read from the manifests.
type Options struct {
	// EnvoyGateway is its version, such as 1.8.2. The translation is that of 1.8
	// up to 1.8.x, and that of 1.9 from 1.9.0 on.
	EnvoyGateway string
	// ServiceRouting sends the traffic of a Service to its ClusterIP instead of to
	// its pods, as routingType Service of the EnvoyProxy does.
	ServiceRouting bool
}

// Translate returns what Envoy Gateway makes of the manifests.
//
// A GatewayClass, Gateway, Secret or ConfigMap that is not among them is taken to
// exist and to be right; a Backend, Service or HTTPRouteFilter that is not there
// is missing. Result.Missing names both, so that a caller who sees only a part of
// the objects can say "unknown".
//
// The functions below follow internal/gatewayapi and internal/xds/translator of
// Envoy Gateway; each names the file to compare it with.
func Translate(manifests Manifests, options Options) Result {
	t := newTranslator(manifests, options)
	t.translateGateways()
	routes := t.routes()
	for _, route := range routes {
		t.attach(route)
	}
	t.policies = t.attachPolicies(routes)

	var result Result
	for _, route := range routes {
		result.Routes = append(result.Routes, t.translateRoute(route))
	}
	for _, gateway := range t.gateways {
		for _, listener := range gateway.listeners {
			result.Listeners = append(result.Listeners, Listener{Source: listener.source, Name: listener.name, Refused: listener.refused})
		}
	}
	result.Policies = t.policies.report()
	result.Missing = t.missing()
	return result
}

// translator holds the manifests by name, and what is known so far.
type translator struct {
	manifests Manifests
	options   Options

	classes    map[types.NamespacedName]*gwapiv1.GatewayClass
	namespaces map[types.NamespacedName]*corev1.Namespace
	services   map[types.NamespacedName]*corev1.Service
	backends   map[types.NamespacedName]*egv1a1.Backend
	filters    map[types.NamespacedName]*egv1a1.HTTPRouteFilter
	slices     map[types.NamespacedName][]*discoveryv1.EndpointSlice
	// deployments are by each label of their pods.
	deployments map[podLabel][]*appsv1.Deployment
	grants      map[string][]*gwapiv1b1.ReferenceGrant

	gateways []*gateway
	// ours has the gateways by name, and others the class of those of other
	// controllers.
	ours       map[Object]*gateway
	others     map[Object]gwapiv1.ObjectName
	policies   *policies
	references map[MissingReference]bool
	// newer has what atLeast was asked before: to parse a version takes its time.
	newer map[string]bool
}

// podLabel is a label of the pods of a namespace.
type podLabel struct{ namespace, key, value string }

func newTranslator(manifests Manifests, options Options) *translator {
	t := &translator{
		manifests:   manifests,
		options:     options,
		classes:     byName(manifests.GatewayClasses),
		namespaces:  byName(manifests.Namespaces),
		services:    byName(manifests.Services),
		backends:    byName(manifests.Backends),
		filters:     byName(manifests.HTTPRouteFilters),
		slices:      map[types.NamespacedName][]*discoveryv1.EndpointSlice{},
		deployments: map[podLabel][]*appsv1.Deployment{},
		grants:      byNamespace(manifests.ReferenceGrants),
		ours:        map[Object]*gateway{},
		others:      map[Object]gwapiv1.ObjectName{},
		references:  map[MissingReference]bool{},
		newer:       map[string]bool{},
	}
	for _, slice := range byAge(manifests.EndpointSlices) {
		service := types.NamespacedName{Namespace: slice.Namespace, Name: slice.Labels[discoveryv1.LabelServiceName]}
		t.slices[service] = append(t.slices[service], slice)
	}
	for _, deployment := range manifests.Deployments {
		for key, value := range deployment.Spec.Template.Labels {
			label := podLabel{deployment.Namespace, key, value}
			t.deployments[label] = append(t.deployments[label], deployment)
		}
	}
	return t
}

// atLeast tells whether the Envoy Gateway is of the given version or a newer one.
// A version that can't be read stands for the newest.
func (t *translator) atLeast(other string) bool {
	newer, isKnown := t.newer[other]
	if !isKnown {
		given, err := version.ParseGeneric(t.options.EnvoyGateway)
		newer = err != nil || given.AtLeast(version.MustParseGeneric(other))
		t.newer[other] = newer
	}
	return newer
}

// lacks notes a reference to an object that is not among the manifests.
func (t *translator) lacks(from Source, to Object) {
	t.references[MissingReference{Source: from, To: to}] = true
}

func (t *translator) missing() []MissingReference {
	var missing []MissingReference
	for reference := range t.references {
		missing = append(missing, reference)
	}
	slices.SortFunc(missing, func(a, b MissingReference) int {
		return cmp.Or(
			a.Object.Compare(b.Object),
			cmp.Compare(a.Path, b.Path),
			a.To.Compare(b.To),
		)
	})
	return missing
}
