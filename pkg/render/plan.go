package render

import (
	"maps"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
)

// planned is an object before it is made.
type planned struct {
	part            Part
	kind            schema.GroupVersionKind
	namespace, name string
	component       component
	// make makes what is not said above, and labels of the object's own, if any.
	make func() Resource
	// origins is that of the Object.
	origins func() []origin
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

// plan tells of the objects of a spec, in an order that kubectl apply can follow. All are
// in the spec's namespace, except perhaps the Gateway.
func plan(fs *v1alpha1.FailoverSpec, add func(planned)) {
	backends := backendsOf(fs)
	for _, of := range backends {
		if of.Workload != nil {
			add(planned{
				part: of.part(servicePart), kind: serviceKind, namespace: fs.Namespace, name: of.Name, component: of.component,
				make: func() Resource { return service(fs, of) },
			})
			add(planned{
				part: of.part(deploymentPart), kind: deploymentKind, namespace: fs.Namespace, name: of.Name, component: of.component,
				make: func() Resource { return deployment(of) },
			})
		}
	}
	for _, of := range backends {
		add(planned{
			part: of.part(backendPart), kind: backendKind, namespace: fs.Namespace, name: of.Name, component: of.component,
			make:    func() Resource { return backend(fs, of) },
			origins: func() []origin { return endpointOrigins(of) },
		})
	}
	if fs.Spec.Gateway.MakesGateway() {
		add(planned{
			part: gatewayPart, kind: gatewayKind, namespace: fs.Spec.Gateway.Namespace, name: fs.Spec.Gateway.Name, component: gatewayComponent,
			make: func() Resource { return gateway(fs) },
		})
	}
	add(planned{
		part: policyPart, kind: policyKind, namespace: fs.Namespace, name: fs.Spec.Policy.Name, component: policyComponent,
		make: func() Resource { return backendTrafficPolicy(fs) },
	})
	if fs.Spec.HostRewrite != "" {
		add(planned{
			part: routeFilterPart, kind: routeFilterKind, namespace: fs.Namespace, name: fs.Name, component: routeComponent,
			make: func() Resource { return httpRouteFilter(fs) },
		})
	}
	add(planned{
		part: routePart, kind: routeGroupVersionKind(fs), namespace: fs.Namespace, name: fs.Name, component: routeComponent,
		make:    func() Resource { return route(fs, backends) },
		origins: func() []origin { return ruleOrigins(fs, backends) },
	})
}

// id is what makes an object the same for an API server.
type id struct {
	schema.GroupKind
	namespace, name string
}

func (p planned) id() id { return id{p.kind.GroupKind(), p.namespace, p.name} }

// object makes the object.
func (p planned) object(fs *v1alpha1.FailoverSpec) Object {
	made := p.make()
	made.GetObjectKind().SetGroupVersionKind(p.kind)
	made.SetNamespace(p.namespace)
	made.SetName(p.name)
	made.SetLabels(labels(fs, p.component, made.GetLabels()))
	made.SetAnnotations(maps.Clone(fs.Spec.Annotations))
	return Object{Spec: fs, Part: p.part, Resource: made, origins: p.origins}
}

// labels of an object: those of its own give way to the user's, and those to failover's.
func labels(fs *v1alpha1.FailoverSpec, of component, own map[string]string) map[string]string {
	const ours = 3
	all := make(map[string]string, len(own)+len(fs.Spec.Labels)+ours)
	maps.Copy(all, own)
	maps.Copy(all, fs.Spec.Labels)
	all[v1alpha1.LabelName] = fs.Name
	all[v1alpha1.LabelComponent] = string(of)
	all[v1alpha1.LabelManagedBy] = v1alpha1.ManagedBy
	return all
}
