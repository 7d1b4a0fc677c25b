// Package render turns FailoverSpecs into the typed objects of Kubernetes,
// Gateway API and Envoy Gateway that make the failover. It is pure: what comes
// out depends only on the specs.
package render

import (
	"fmt"
	"maps"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
)

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

	// origins are those that this object has in addition to those of its part.
	origins []origin
}

// Error is a fault of one FailoverSpec that shows only together with the others.
type Error struct {
	// Spec is the FailoverSpec to change.
	Spec *v1alpha1.FailoverSpec
	// Other is the FailoverSpec that it does not go together with.
	Other *v1alpha1.FailoverSpec
	// Err names the field and the other spec.
	Err *field.Error
}

// Conflicts returns what keeps specs from being rendered together. They are valid and
// have their defaults filled in.
func Conflicts(specs []*v1alpha1.FailoverSpec) []Error {
	return append(collisions(specs), refusedAttachments(specs)...)
}

// Render returns the objects of specs that have no Conflicts, spec by spec, each in an
// order that kubectl apply can follow.
func Render(specs []*v1alpha1.FailoverSpec) []Object {
	var objects []Object
	for _, fs := range specs {
		objects = append(objects, renderSpec(fs)...)
	}
	return objects
}

func renderSpec(fs *v1alpha1.FailoverSpec) []Object {
	var objects []Object
	add := func(part Part, resource Resource, origins ...origin) {
		objects = append(objects, Object{Spec: fs, Part: part, Resource: resource, origins: origins})
	}
	backends := backendsOf(fs)
	for _, of := range backends {
		if of.Workload != nil {
			add(of.part(servicePart), service(fs, of))
			add(of.part(deploymentPart), deployment(fs, of))
		}
	}
	for _, of := range backends {
		add(of.part(backendPart), backend(fs, of), endpointOrigins(of)...)
	}
	if fs.Spec.Gateway.MakesGateway() {
		add(gatewayPart, gateway(fs))
	}
	add(policyPart, backendTrafficPolicy(fs))
	if fs.Spec.HostRewrite != "" {
		add(routeFilterPart, httpRouteFilter(fs))
	}
	add(routePart, route(fs, backends), ruleOrigins(fs, backends)...)
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

// collisions finds objects that two specs would make. It keeps the names of objects
// only, since there may be many.
func collisions(specs []*v1alpha1.FailoverSpec) []Error {
	var errs []Error
	makers := map[id]*v1alpha1.FailoverSpec{}
	reported := map[*v1alpha1.FailoverSpec]bool{}
	for _, fs := range specs {
		for _, object := range renderSpec(fs) {
			objectID := idOf(object.Resource)
			maker, made := makers[objectID]
			switch {
			case !made:
				makers[objectID] = fs
			case maker == fs:
				errs = append(errs, collision(object, objectID, maker, "this spec itself, as another part"))
			case sameName(maker, fs):
				if !reported[fs] {
					errs = append(errs, Error{fs, maker, field.Invalid(field.NewPath("metadata", "name"), fs.Name,
						"FailoverSpec "+Name(maker)+" is given twice: remove one, or give it another name")})
				}
				reported[fs] = true
			default:
				errs = append(errs, collision(object, objectID, maker, "FailoverSpec "+Name(maker)))
			}
		}
	}
	return errs
}

func collision(object Object, objectID id, maker *v1alpha1.FailoverSpec, makerName string) Error {
	advice := "give it another name"
	if object.Part == gatewayPart {
		advice = "let one attach, by gateway.name without gatewayClassName and listeners"
	}
	return Error{object.Spec, maker, field.Invalid(object.namedBy(), objectID.name, fmt.Sprintf(
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
				"no listener of the Gateway that FailoverSpec %s makes takes this %s: see their protocol and hostname, and allowedRoutes for namespace %q", Name(maker), fs.Spec.RouteKind(), fs.Namespace))})
		}
	}
	return errs
}

// component is the value of the component label.
type component string

const (
	activeComponent  component = v1alpha1.TierActive
	passiveComponent component = v1alpha1.TierPassive
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
