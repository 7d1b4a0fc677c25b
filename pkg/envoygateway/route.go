package envoygateway

import (
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// route is a route of any kind.
type route struct {
	id         Object
	object     metav1.Object
	hostnames  []gwapiv1.Hostname
	parentRefs []gwapiv1.ParentReference
	rules      []rule
	parents    []*parent
}

// rule is a rule of a route of any kind. Its filters and matches are those of an
// HTTPRoute or a GRPCRoute, or nothing.
type rule struct {
	source   Source
	name     string
	http     *gwapiv1.HTTPRouteRule
	grpc     *gwapiv1.GRPCRouteRule
	backends []backendRef
}

// backendRef is a backendRef of a rule of any kind.
type backendRef struct {
	source Source
	gwapiv1.BackendRef
	httpFilters []gwapiv1.HTTPRouteFilter
	grpcFilters []gwapiv1.GRPCRouteFilter
}

// parent is a parentRef and the listeners that take the route.
type parent struct {
	Parent
	gateway *gateway
	// allowed are the listeners that let the route attach, whatever its hostnames.
	allowed []*listener
}

// isHTTP tells whether Envoy sees requests, not connections only.
func (r *route) isHTTP() bool { return r.id.Kind == kindHTTPRoute || r.id.Kind == kindGRPCRoute }

// isRelevant tells whether the route has a parent that Envoy Gateway is in charge
// of, as far as the manifests tell.
func (r *route) isRelevant() bool {
	return slices.ContainsFunc(r.parents, func(p *parent) bool { return p.gateway != nil })
}

// routes returns the routes in the order in which Envoy Gateway handles them.
func (t *translator) routes() []*route {
	var routes []*route
	for _, object := range byAge(t.manifests.HTTPRoutes) {
		r := newRoute(kindHTTPRoute, object, object.Spec.Hostnames, object.Spec.ParentRefs)
		for i := range object.Spec.Rules {
			spec := &object.Spec.Rules[i]
			added := r.addRule(spec.Name)
			added.http = spec
			for _, reference := range spec.BackendRefs {
				added.addBackend(reference.BackendRef).httpFilters = reference.Filters
			}
		}
		routes = append(routes, r)
	}
	for _, object := range byAge(t.manifests.GRPCRoutes) {
		r := newRoute(kindGRPCRoute, object, object.Spec.Hostnames, object.Spec.ParentRefs)
		for i := range object.Spec.Rules {
			spec := &object.Spec.Rules[i]
			added := r.addRule(spec.Name)
			added.grpc = spec
			for _, reference := range spec.BackendRefs {
				added.addBackend(reference.BackendRef).grpcFilters = reference.Filters
			}
		}
		routes = append(routes, r)
	}
	for _, object := range byAge(t.manifests.TLSRoutes) {
		r := newRoute(kindTLSRoute, object, object.Spec.Hostnames, object.Spec.ParentRefs)
		for i := range object.Spec.Rules {
			added := r.addRule(object.Spec.Rules[i].Name)
			for _, reference := range object.Spec.Rules[i].BackendRefs {
				added.addBackend(reference)
			}
		}
		routes = append(routes, r)
	}
	for _, object := range byAge(t.manifests.TCPRoutes) {
		r := newRoute(kindTCPRoute, object, nil, object.Spec.ParentRefs)
		for i := range object.Spec.Rules {
			added := r.addRule(object.Spec.Rules[i].Name)
			for _, reference := range object.Spec.Rules[i].BackendRefs {
				added.addBackend(reference)
			}
		}
		routes = append(routes, r)
	}
	return routes
}

func newRoute(kind string, object metav1.Object, hostnames []gwapiv1.Hostname, parentRefs []gwapiv1.ParentReference) *route {
	return &route{id: objectOf(kind, object), object: object, hostnames: hostnames, parentRefs: parentRefs}
}

func (r *route) addRule(name *gwapiv1.SectionName) *rule {
	source := Source{Object: r.id, Path: at("spec.rules", len(r.rules))}
	r.rules = append(r.rules, rule{source: source, name: string(ptr.Deref(name, ""))})
	return &r.rules[len(r.rules)-1]
}

func (r *rule) addBackend(reference gwapiv1.BackendRef) *backendRef {
	source := Source{Object: r.source.Object, Path: at(r.source.Path+".backendRefs", len(r.backends))}
	r.backends = append(r.backends, backendRef{source: source, BackendRef: reference})
	return &r.backends[len(r.backends)-1]
}

// attach finds the listeners that take a route, for each of its parentRefs
// (processAllowedListenersForParentRefs in internal/gatewayapi/route.go).
func (t *translator) attach(r *route) {
	for i, reference := range r.parentRefs {
		p := &parent{Parent: Parent{
			Source:      Source{Object: r.id, Path: at("spec.parentRefs", i)},
			SectionName: ptr.Deref(reference.SectionName, ""), Port: ptr.Deref(reference.Port, 0),
		}}
		r.parents = append(r.parents, p)
		group, kind := string(ptr.Deref(reference.Group, gwapiv1.GroupName)), string(ptr.Deref(reference.Kind, kindGateway))
		p.Gateway = Object{Kind: kind, Namespace: string(ptr.Deref(reference.Namespace, gwapiv1.Namespace(r.id.Namespace))), Name: string(reference.Name)}
		if unread[schema.GroupKind{Group: group, Kind: kind}] {
			p.reject(ReasonNotRead, fmt.Sprintf("%s is not read", p.Gateway))
			p.gateway = unseen(p.Gateway)
			continue
		}
		if kind != kindGateway || group != gwapiv1.GroupName {
			p.reject(ReasonUnsupportedParent, "the parent is not a Gateway")
			continue
		}
		if p.gateway = t.gatewayOf(p); p.gateway != nil {
			t.attachToListeners(r, p, reference)
		}
	}
}

// gatewayOf returns the Gateway of a parentRef. For one that is not among the
// manifests it makes one without listeners; for one of another controller, none.
func (t *translator) gatewayOf(p *parent) *gateway {
	if g, found := t.ours[p.Gateway]; found {
		return g
	}
	if class, found := t.others[p.Gateway]; found {
		p.reject(ReasonOtherController, fmt.Sprintf("GatewayClass %s is another controller's", class))
		return nil
	}
	t.lacks(p.Source, p.Gateway)
	p.reject(ReasonGatewayNotInManifests, "the Gateway is not among the manifests")
	return unseen(p.Gateway)
}

// unseen is a Gateway of which only the name is known.
func unseen(id Object) *gateway {
	return &gateway{kind: id.Kind, object: &gwapiv1.Gateway{ObjectMeta: metav1.ObjectMeta{Namespace: id.Namespace, Name: id.Name}}}
}

// isUnseen tells that only the name of the parent is known.
func (p *parent) isUnseen() bool {
	return p.Reason == ReasonGatewayNotInManifests || p.Reason == ReasonNotRead
}

func (p *parent) reject(reason Reason, message string) {
	p.Accepted, p.Reason, p.Message = false, reason, message
}

func (t *translator) attachToListeners(r *route, p *parent, reference gwapiv1.ParentReference) {
	if p.isUnseen() {
		return
	}
	matching, notReady := 0, (*listener)(nil)
	for _, l := range p.gateway.listeners {
		if reference.SectionName != nil && string(*reference.SectionName) != l.name || reference.Port != nil && *reference.Port != l.spec.Port {
			continue
		}
		matching++
		if slices.Contains(l.kinds, gwapiv1.Kind(r.id.Kind)) && t.allowsNamespace(l, r.id.Namespace) {
			p.allowed = append(p.allowed, l)
		}
	}
	switch {
	case matching == 0:
		p.reject(ReasonNoMatchingParent, fmt.Sprintf("%s has no listener of that sectionName and port", p.Gateway))
		return
	case len(p.allowed) == 0:
		p.reject(ReasonNotAllowedByListeners, fmt.Sprintf("no listener of %s allows %s of namespace %s", p.Gateway, WithArticle(r.id.Kind), r.id.Namespace))
		return
	}
	p.Accepted, p.Reason = true, ReasonAccepted
	intersects := false
	for _, l := range p.allowed {
		if r.id.Kind != kindTCPRoute && len(hostnames(r.hostnames, l)) == 0 {
			continue
		}
		intersects = true
		if l.refused != nil {
			notReady = l
			continue
		}
		p.Listeners = append(p.Listeners, l.name)
	}
	if !intersects {
		p.reject(ReasonNoMatchingHostname, fmt.Sprintf("no hostname of the route is one of the listeners of %s: %s", p.Gateway, strings.Join(hostnamesOf(p.allowed), ", ")))
	} else if len(p.Listeners) == 0 {
		p.Reason, p.Message = ReasonListenerNotReady, fmt.Sprintf("listener %s takes no traffic: %s", notReady.name, notReady.refused.Message)
	}
}

func hostnamesOf(listeners []*listener) []string {
	var names []string
	for _, l := range listeners {
		names = append(names, string(ptr.Deref(l.spec.Hostname, "*")))
	}
	return names
}

// key is the namespace and name of an object.
func (o Object) key() types.NamespacedName {
	return types.NamespacedName{Namespace: o.Namespace, Name: o.Name}
}
