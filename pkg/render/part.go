package render

import (
	"slices"
	"strconv"
	"sync"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	"github.com/failover-krm/failover/pkg/document"
)

// Part is what an object is within its failover, such as active-backend or route;
// it stays the same when the object is renamed.
type Part string

// The parts of a failover; those of a tier are preceded by the tier, as in
// active-backend, and followed by the number of the backend where the tier has a list
// of them, as in active-backend-2.
const (
	servicePart     Part = "service"
	deploymentPart  Part = "deployment"
	backendPart     Part = "backend"
	gatewayPart     Part = "gateway"
	policyPart      Part = "policy"
	routeFilterPart Part = "route-filter"
	routePart       Part = "route"
)

// The kinds of the parts, except that of the route, which depends on the spec.
var (
	serviceKind     = corev1.SchemeGroupVersion.WithKind("Service")
	deploymentKind  = appsv1.SchemeGroupVersion.WithKind("Deployment")
	backendKind     = egv1a1.GroupVersion.WithKind(egv1a1.KindBackend)
	gatewayKind     = gatewayAPI(kindGateway)
	policyKind      = egv1a1.GroupVersion.WithKind(egv1a1.KindBackendTrafficPolicy)
	routeFilterKind = egv1a1.GroupVersion.WithKind(egv1a1.KindHTTPRouteFilter)
)

func tierPart(of component, suffix Part, number int) Part {
	part := Part(of) + "-" + suffix
	if number > 0 {
		part += Part("-" + strconv.Itoa(number))
	}
	return part
}

// partInfo is what is known of every object that is rendered as a part.
type partInfo struct {
	part Part
	// kinds of object that the part may be.
	kinds []schema.GroupVersionKind
	// origins says which field of the spec each field of the object comes from, the
	// longest paths first.
	origins []origin
}

// origin is where a field of an object comes from in its FailoverSpec.
type origin struct{ object, spec string }

// parts has every part; one that may be of several kinds has an entry for each.
var parts = sync.OnceValue(func() []partInfo {
	return slices.Concat(
		tierParts(activeComponent), tierParts(passiveComponent),
		[]partInfo{
			{gatewayPart, []schema.GroupVersionKind{gatewayKind}, gatewayOrigins},
			{policyPart, []schema.GroupVersionKind{policyKind}, policyOrigins},
			{routeFilterPart, []schema.GroupVersionKind{routeFilterKind}, routeFilterOrigins},
			// Which of these it is depends on the spec.
			{routePart, routeGroupVersionKinds(v1alpha1.RouteKindHTTP), httpRouteOrigins},
			{routePart, routeGroupVersionKinds(v1alpha1.RouteKindGRPC), grpcRouteOrigins},
			{routePart, routeGroupVersionKinds(v1alpha1.RouteKindTLS), routeOrigins},
			{routePart, routeGroupVersionKinds(v1alpha1.RouteKindTCP), routeOrigins},
		},
	)
})

func gatewayAPI(kind string) schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: gwapiv1.GroupVersion.Group, Version: gwapiv1.GroupVersion.Version, Kind: kind}
}

// tierParts are those of a tier, with and without a list of backends.
func tierParts(of component) []partInfo {
	var parts []partInfo
	for number := range v1alpha1.MaxBackends {
		parts = append(parts, backendParts(of, number)...)
	}
	return parts
}

func backendParts(of component, number int) []partInfo {
	path := v1alpha1.BackendPath(string(of), number)
	return []partInfo{
		{tierPart(of, servicePart, number), []schema.GroupVersionKind{serviceKind}, serviceOrigins(path)},
		{tierPart(of, deploymentPart, number), []schema.GroupVersionKind{deploymentKind}, deploymentOrigins(path)},
		{tierPart(of, backendPart, number), []schema.GroupVersionKind{backendKind}, backendOrigins(path)},
	}
}

// everywhere has what a user can reach on every object.
var everywhere = []origin{{"metadata.labels", "spec.labels"}, {"metadata.annotations", "spec.annotations"}, {"metadata", "metadata"}}

// infoOf returns what is known of objects of a kind that are rendered as a part.
func infoOf(part Part, kind schema.GroupKind) partInfo {
	known := parts()
	i := slices.IndexFunc(known, func(info partInfo) bool { return info.part == part && info.makes(kind) })
	if i < 0 {
		return partInfo{}
	}
	return known[i]
}

func (i partInfo) makes(kind schema.GroupKind) bool {
	return slices.ContainsFunc(i.kinds, func(made schema.GroupVersionKind) bool { return made.GroupKind() == kind })
}

// Makes tells whether objects of a kind are rendered as a part.
func Makes(part Part, kind schema.GroupKind) bool { return infoOf(part, kind).part != "" }

// Origin returns the path in the FailoverSpec that a path in the object comes from,
// or the nearest that is known.
func (o Object) Origin(path document.Path) document.Path {
	info := infoOf(o.Part, o.Resource.GetObjectKind().GroupVersionKind().GroupKind())
	var own []origin
	if o.origins != nil {
		own = o.origins()
	}
	for _, origins := range [][]origin{own, info.origins, everywhere} {
		for _, origin := range origins {
			if rest, found := path.Below(document.ParsePath(origin.object)); found {
				return document.ParsePath(origin.spec).Join(rest)
			}
		}
	}
	return document.ParsePath("spec")
}

// namedBy is the field of the spec that names the object.
func (o Object) namedBy() *field.Path {
	return field.NewPath(o.Origin(document.ParsePath("metadata.name")).String())
}

// Origin is a field of a FailoverSpec, and where it goes in an object.
type Origin struct {
	// Spec is the field's path in the FailoverSpec.
	Spec document.Path
	// Kind is that of the object.
	Kind schema.GroupVersionKind
	// Object is the path in the object.
	Object document.Path
}

// Origins returns what is known of every part, for specs that cannot be rendered.
func Origins() []Origin {
	var origins []Origin
	for _, info := range parts() {
		for _, origin := range info.origins {
			for _, kind := range info.kinds {
				origins = append(origins, Origin{document.ParsePath(origin.spec), kind, document.ParsePath(origin.object)})
			}
		}
	}
	return origins
}
