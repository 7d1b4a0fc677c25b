package adopt

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// route is what routes of all kinds have.
type route struct {
	hostnames  []gwapiv1.Hostname
	parentRefs []gwapiv1.ParentReference
	rules      []rule
}

// rule is a rule of a route: one of http and grpc, or neither where Envoy sees
// connections.
type rule struct {
	http *gwapiv1.HTTPRouteRule
	grpc *gwapiv1.GRPCRouteRule
	// backendRefs are there to be compared.
	backendRefs any
	// extensions has the reference of each filter; nil for one without.
	extensions []*gwapiv1.LocalObjectReference
}

// readRoute returns what a route has; nothing for another object.
func readRoute(object metav1.Object) route {
	var read route
	switch object := object.(type) {
	case *gwapiv1.HTTPRoute:
		read = route{hostnames: object.Spec.Hostnames, parentRefs: object.Spec.ParentRefs}
		for i := range object.Spec.Rules {
			of := &object.Spec.Rules[i]
			added := rule{http: of, backendRefs: of.BackendRefs}
			for _, filter := range of.Filters {
				added.extensions = append(added.extensions, filter.ExtensionRef)
			}
			read.rules = append(read.rules, added)
		}
	case *gwapiv1.GRPCRoute:
		read = route{hostnames: object.Spec.Hostnames, parentRefs: object.Spec.ParentRefs}
		for i := range object.Spec.Rules {
			of := &object.Spec.Rules[i]
			added := rule{grpc: of, backendRefs: of.BackendRefs}
			for _, filter := range of.Filters {
				added.extensions = append(added.extensions, filter.ExtensionRef)
			}
			read.rules = append(read.rules, added)
		}
	case *gwapiv1.TLSRoute:
		read = route{hostnames: object.Spec.Hostnames, parentRefs: object.Spec.ParentRefs}
		for _, of := range object.Spec.Rules {
			read.rules = append(read.rules, rule{backendRefs: of.BackendRefs})
		}
	case *gwapiv1.TCPRoute:
		read = route{parentRefs: object.Spec.ParentRefs}
		for _, of := range object.Spec.Rules {
			read.rules = append(read.rules, rule{backendRefs: of.BackendRefs})
		}
	}
	return read
}
