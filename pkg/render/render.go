// Package render turns FailoverSpecs into the typed objects of Kubernetes,
// Gateway API and Envoy Gateway that make the failover. It is pure: what comes
// out depends on the specs alone.
package render

import (
	"fmt"
	"maps"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
)

// Part is what an object is within its failover; it stays the same when the
// object is renamed.
type Part string

// The parts of a failover, in the order in which they are applied: what is
// referred to comes first.
const (
	PartActiveService     Part = "active-service"
	PartActiveDeployment  Part = "active-deployment"
	PartPassiveService    Part = "passive-service"
	PartPassiveDeployment Part = "passive-deployment"
	PartActiveBackend     Part = "active-backend"
	PartPassiveBackend    Part = "passive-backend"
	PartGateway           Part = "gateway"
	PartPolicy            Part = "policy"
	PartRouteFilter       Part = "route-filter"
	PartRoute             Part = "route"
)

// parts has the kind of object that each part is, and the field that names it.
var parts = map[Part]struct {
	kind    schema.GroupKind
	namedBy *field.Path
}{
	PartActiveService:     {schema.GroupKind{Kind: "Service"}, activeName},
	PartActiveDeployment:  {schema.GroupKind{Group: appsv1.GroupName, Kind: "Deployment"}, activeName},
	PartPassiveService:    {schema.GroupKind{Kind: "Service"}, passiveName},
	PartPassiveDeployment: {schema.GroupKind{Group: appsv1.GroupName, Kind: "Deployment"}, passiveName},
	PartActiveBackend:     {schema.GroupKind{Group: egv1a1.GroupName, Kind: egv1a1.KindBackend}, activeName},
	PartPassiveBackend:    {schema.GroupKind{Group: egv1a1.GroupName, Kind: egv1a1.KindBackend}, passiveName},
	PartGateway:           {schema.GroupKind{Group: gwapiv1.GroupName, Kind: kindGateway}, field.NewPath("spec", "gateway", "name")},
	PartPolicy:            {schema.GroupKind{Group: egv1a1.GroupName, Kind: egv1a1.KindBackendTrafficPolicy}, field.NewPath("spec", "policy", "name")},
	PartRouteFilter:       {schema.GroupKind{Group: egv1a1.GroupName, Kind: egv1a1.KindHTTPRouteFilter}, specName},
	PartRoute:             {schema.GroupKind{Group: gwapiv1.GroupName, Kind: kindHTTPRoute}, specName},
}

var (
	specName    = field.NewPath("metadata", "name")
	activeName  = field.NewPath("spec", "active", "name")
	passiveName = field.NewPath("spec", "passive", "name")
)

// Makes tells whether objects of a kind are rendered as a part.
func Makes(part Part, kind schema.GroupKind) bool {
	made, known := parts[part]
	return known && made.kind == kind
}

// Resource is a typed Kubernetes object.
type Resource interface {
	metav1.Object
	runtime.Object
}

// Object is one object of a failover.
type Object struct {
	// Spec is the FailoverSpec that the object comes from.
	Spec *v1alpha1.FailoverSpec
	// Part is what the object is within the failover.
	Part Part
	// Resource is the object itself.
	Resource Resource
}

// Error is a fault of one FailoverSpec that shows only beside the others.
type Error struct {
	// Spec is the FailoverSpec to change.
	Spec *v1alpha1.FailoverSpec
	// Other is the FailoverSpec that it does not go together with.
	Other *v1alpha1.FailoverSpec
	// Err names the field and the other spec.
	Err *field.Error
}

// Render returns the objects of all specs, spec by spec, each in an order that
// kubectl apply can follow. The specs are valid and have their defaults filled
// in, as v1alpha1.Load returns them. If there are errors, there are no objects.
func Render(specs []*v1alpha1.FailoverSpec) ([]Object, []Error) {
	var objects []Object
	for _, fs := range specs {
		objects = append(objects, renderSpec(fs)...)
	}
	errs := append(collisions(objects), refusedAttachments(specs)...)
	if len(errs) > 0 {
		return nil, errs
	}
	return objects, nil
}

func renderSpec(fs *v1alpha1.FailoverSpec) []Object {
	var objects []Object
	add := func(part Part, resource Resource) {
		objects = append(objects, Object{Spec: fs, Part: part, Resource: resource})
	}
	spec := fs.Spec
	if spec.Active.Workload != nil {
		add(PartActiveService, service(fs, spec.Active, active))
		add(PartActiveDeployment, deployment(fs, spec.Active, active))
	}
	if spec.Passive.Workload != nil {
		add(PartPassiveService, service(fs, spec.Passive, passive))
		add(PartPassiveDeployment, deployment(fs, spec.Passive, passive))
	}
	add(PartActiveBackend, backend(fs, spec.Active, active))
	add(PartPassiveBackend, backend(fs, spec.Passive, passive))
	if spec.Gateway.MakesGateway() {
		add(PartGateway, gateway(fs))
	}
	add(PartPolicy, backendTrafficPolicy(fs))
	if spec.HostRewrite != "" {
		add(PartRouteFilter, httpRouteFilter(fs))
	}
	add(PartRoute, httpRoute(fs))
	return objects
}

// id is what makes an object the same for an API server.
type id struct {
	schema.GroupKind
	namespace, name string
}

func idOf(resource Resource) id {
	return id{
		GroupKind: resource.GetObjectKind().GroupVersionKind().GroupKind(),
		namespace: resource.GetNamespace(),
		name:      resource.GetName(),
	}
}

// collisions finds objects that two specs would make.
func collisions(objects []Object) []Error {
	var errs []Error
	makers := map[id]*v1alpha1.FailoverSpec{}
	reported := map[*v1alpha1.FailoverSpec]bool{}
	for _, object := range objects {
		objectID := idOf(object.Resource)
		maker, made := makers[objectID]
		switch {
		case !made:
			makers[objectID] = object.Spec
		case maker == object.Spec:
			errs = append(errs, collision(object, objectID, maker, "this spec itself, as another part"))
		case sameName(maker, object.Spec):
			if !reported[object.Spec] {
				errs = append(errs, Error{object.Spec, maker, field.Invalid(specName, object.Spec.Name,
					"FailoverSpec "+Name(maker)+" is given twice: remove one, or give it another name")})
			}
			reported[object.Spec] = true
		default:
			errs = append(errs, collision(object, objectID, maker, "FailoverSpec "+Name(maker)))
		}
	}
	return errs
}

func collision(object Object, objectID id, maker *v1alpha1.FailoverSpec, makerName string) Error {
	advice := "give it another name"
	if object.Part == PartGateway {
		advice = "let one attach, by gateway.name without gatewayClassName and listeners"
	}
	return Error{object.Spec, maker, field.Invalid(parts[object.Part].namedBy, objectID.name, fmt.Sprintf(
		"%s %s/%s is made by %s too: %s", objectID.Kind, objectID.namespace, objectID.name, makerName, advice))}
}

func sameName(a, b *v1alpha1.FailoverSpec) bool { return Name(a) == Name(b) }

// Name writes a spec as namespace/name.
func Name(fs *v1alpha1.FailoverSpec) string { return fs.Namespace + "/" + fs.Name }

// refusedAttachments finds routes whose Gateway is made by another spec, which
// does not let them attach.
func refusedAttachments(specs []*v1alpha1.FailoverSpec) []Error {
	type key struct{ namespace, name string }
	makers := map[key]*v1alpha1.FailoverSpec{}
	for _, fs := range specs {
		if gateway := fs.Spec.Gateway; gateway.MakesGateway() {
			makers[key{gateway.Namespace, gateway.Name}] = fs
		}
	}
	var errs []Error
	for _, fs := range specs {
		wanted := fs.Spec.Gateway
		maker := makers[key{wanted.Namespace, wanted.Name}]
		if maker == nil || wanted.MakesGateway() {
			continue
		}
		made := maker.Spec.Gateway
		switch {
		case made.Admits(fs, wanted.SectionName):
		case wanted.SectionName != "" && !made.HasListener(wanted.SectionName):
			errs = append(errs, Error{fs, maker, field.NotSupported(field.NewPath("spec", "gateway", "sectionName"), string(wanted.SectionName), made.ListenerNames())})
		default:
			errs = append(errs, Error{fs, maker, field.Invalid(field.NewPath("spec", "gateway"), wanted.Namespace+"/"+wanted.Name, fmt.Sprintf(
				"no listener of the Gateway that FailoverSpec %s makes takes this HTTPRoute: see their protocol and hostname, and allowedRoutes for namespace %q", Name(maker), fs.Namespace))})
		}
	}
	return errs
}

// component is the value of the component label.
type component string

const (
	active           component = "active"
	passive          component = "passive"
	gatewayComponent component = "gateway"
	routeComponent   component = "route"
	policyComponent  component = "policy"
)

// objectMeta names and labels an object in the spec's namespace. Labels of the
// object's own, if any, give way to the user's, and those to failover's.
func objectMeta(fs *v1alpha1.FailoverSpec, name string, of component, own map[string]string) metav1.ObjectMeta {
	labels := map[string]string{}
	maps.Copy(labels, own)
	maps.Copy(labels, fs.Spec.Labels)
	maps.Copy(labels, map[string]string{
		v1alpha1.LabelName:      fs.Name,
		v1alpha1.LabelComponent: string(of),
		v1alpha1.LabelManagedBy: v1alpha1.ManagedBy,
	})
	return metav1.ObjectMeta{
		Name:        name,
		Namespace:   fs.Namespace,
		Labels:      labels,
		Annotations: maps.Clone(fs.Spec.Annotations),
	}
}
