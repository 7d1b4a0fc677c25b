// Package render turns FailoverSpecs into the typed objects of Kubernetes,
// Gateway API and Envoy Gateway that make the failover. It is pure: what comes
// out depends only on the specs.
package render

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
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

	// origins returns those that this object has in addition to those of its part; nil for
	// none.
	origins func() []origin
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

// objectsPerSpec is about how many objects a spec makes: nine for two workloads.
const objectsPerSpec = 9

// Render returns the objects of specs that have no Conflicts, spec by spec, each in an
// order that kubectl apply can follow.
func Render(specs []*v1alpha1.FailoverSpec) []Object {
	objects := make([]Object, 0, objectsPerSpec*len(specs))
	for _, fs := range specs {
		plan(fs, func(wanted planned) { objects = append(objects, wanted.object(fs)) })
	}
	return objects
}

// collisions finds objects that two specs would make. They are not made for that, since
// there may be many.
func collisions(specs []*v1alpha1.FailoverSpec) []Error {
	var errs []Error
	makers := make(map[id]*v1alpha1.FailoverSpec, objectsPerSpec*len(specs))
	reported := map[*v1alpha1.FailoverSpec]bool{}
	for _, fs := range specs {
		plan(fs, func(wanted planned) {
			maker, made := makers[wanted.id()]
			switch {
			case !made:
				makers[wanted.id()] = fs
			case maker == fs:
				errs = append(errs, collision(wanted.object(fs), maker, "this spec itself, as another part"))
			case sameName(maker, fs):
				if !reported[fs] {
					errs = append(errs, Error{fs, maker, field.Invalid(field.NewPath("metadata", "name"), fs.Name,
						"FailoverSpec "+Name(maker)+" is given twice: remove one, or give it another name")})
				}
				reported[fs] = true
			default:
				errs = append(errs, collision(wanted.object(fs), maker, "FailoverSpec "+Name(maker)))
			}
		})
	}
	return errs
}

func collision(object Object, maker *v1alpha1.FailoverSpec, makerName string) Error {
	advice := "give it another name"
	if object.Part == gatewayPart {
		advice = "let one attach, by gateway.name without gatewayClassName and listeners"
	}
	made := object.Resource
	return Error{object.Spec, maker, field.Invalid(object.namedBy(), made.GetName(), fmt.Sprintf(
		"%s %s/%s is made by %s too: %s", made.GetObjectKind().GroupVersionKind().Kind, made.GetNamespace(), made.GetName(), makerName, advice))}
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
