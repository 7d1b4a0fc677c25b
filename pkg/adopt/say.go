package adopt

import (
	"fmt"
	"slices"
	"strings"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	"k8s.io/utils/ptr"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/envoygateway"
)

// This file has what a FailoverSpec cannot say: what keeps a failover from being
// adopted, and the fields that a patch says instead. Where the API grows, an entry goes.

// Kinds of objects.
const (
	kindBackend              = "Backend"
	kindBackendTrafficPolicy = "BackendTrafficPolicy"
	kindDeployment           = "Deployment"
	kindGateway              = "Gateway"
	kindHTTPRouteFilter      = "HTTPRouteFilter"
	kindService              = "Service"
)

// refusal is why a failover is not adopted.
type refusal struct {
	at      *object
	path    string
	message string
}

// refusals look at a failover one after another; what the first one that has something
// to say says is all that is said.
var refusals = []func(*failover) []refusal{
	objectsTwice, notBackends, oneBackend, backendsTwice, backendsElsewhere, backendsNotThere, noTiers, otherEndpoints, notOnAGateway,
}

// ref returns the path of a backendRef.
func (f *failover) ref(i int) string {
	return fmt.Sprintf("%s.backendRefs[%d]", f.OfRule.Path, i)
}

// objectsTwice finds names that are there twice, of which the API server would keep one.
func objectsTwice(f *failover) []refusal {
	var found []refusal
	involved := []*object{f.route, f.policy()}
	for _, backend := range f.OfRule.Backends {
		involved = append(involved, f.find(backend.Ref, f.route))
	}
	for _, object := range involved {
		if object == nil {
			continue
		}
		for _, other := range f.objects[object.id] {
			if other != object && other.directory() == object.directory() {
				found = append(found, refusal{other, "metadata.name", fmt.Sprintf(
					"%q: there is %s at %s too, and a cluster keeps one of them: remove the other", other.id.Name, other.id, placeOf(object.Subject))})
			}
		}
	}
	return found
}

func notBackends(f *failover) []refusal {
	var found []refusal
	for i, backend := range f.OfRule.Backends {
		switch {
		case backend.Ref.Kind == kindService && backend.Port != nil:
			found = append(found, refusal{f.route, f.ref(i), fmt.Sprintf(
				"%s: a FailoverSpec reaches a Service through a Backend, and only Backends fail over: write the FailoverSpec by hand, with the tier \"service: {name: %s, namespace: %s, port: %d}\"",
				backend.Ref, backend.Ref.Name, backend.Ref.Namespace, *backend.Port)})
		case backend.Ref.Kind != kindBackend:
			found = append(found, refusal{f.route, f.ref(i), fmt.Sprintf("%s: a FailoverSpec has only Backends: the route stays as it is", backend.Ref)})
		}
	}
	return found
}

func oneBackend(f *failover) []refusal {
	if len(f.OfRule.Backends) > 1 {
		return nil
	}
	return []refusal{{f.route, f.OfRule.Path + ".backendRefs", "there is one backend, and a FailoverSpec has at least one for each tier: the route stays as it is"}}
}

func backendsTwice(f *failover) []refusal {
	var found []refusal
	seen := map[envoygateway.Object]int{}
	for i, backend := range f.OfRule.Backends {
		if first, isSeen := seen[backend.Ref]; isSeen {
			found = append(found, refusal{f.route, f.ref(i), fmt.Sprintf(
				"%s: is already in this rule, as backendRefs[%d], and a FailoverSpec makes each Backend once: remove one of the two, and add its weight to the other", backend.Ref, first)})
			continue
		}
		seen[backend.Ref] = i
	}
	return found
}

func backendsElsewhere(f *failover) []refusal {
	var found []refusal
	for i, backend := range f.OfRule.Backends {
		if backend.Ref.Namespace != f.Route.Namespace {
			found = append(found, refusal{f.route, f.ref(i) + ".namespace", fmt.Sprintf(
				"%q: a FailoverSpec makes its Backends in the namespace of its route, %q: move the Backend there; otherwise the route stays as it is", backend.Ref.Namespace, f.Route.Namespace)})
		}
	}
	return found
}

func backendsNotThere(f *failover) []refusal {
	var found []refusal
	for i, backend := range f.OfRule.Backends {
		if f.find(backend.Ref, f.route) == nil {
			found = append(found, refusal{f.route, f.ref(i) + ".name", fmt.Sprintf("%q: %s is not in these files: give the file that has it too", backend.Ref.Name, backend.Ref)})
		}
	}
	return found
}

func noTiers(f *failover) []refusal {
	serving, standby := f.tierOrder()
	if len(serving) > 0 && len(standby) > 0 {
		return nil
	}
	names := make([]string, 0, len(f.OfRule.Backends))
	for _, backend := range f.OfRule.Backends {
		names = append(names, backend.Ref.Name)
	}
	shared := enumerate(names)
	if len(standby) == 0 {
		return []refusal{{f.route, f.OfRule.Path + ".backendRefs", fmt.Sprintf(
			"%s: no Backend has \"fallback: true\", so they share the traffic, which a FailoverSpec would end: set it on the Backend that stands by, and adopt again", shared)}}
	}
	return []refusal{{f.route, f.OfRule.Path + ".backendRefs", fmt.Sprintf(
		"%s: every Backend has \"fallback: true\", so they share the traffic, which a FailoverSpec would end: remove it from the Backend that should serve, and adopt again", shared)}}
}

func otherEndpoints(f *failover) []refusal {
	var found []refusal
	for _, ref := range f.OfRule.Backends {
		at, backend := f.find(ref.Ref, f.route), f.backend(ref.Ref)
		if ptr.Deref(backend.Spec.Type, egv1a1.BackendTypeEndpoints) != egv1a1.BackendTypeEndpoints {
			found = append(found, refusal{at, "spec.type", fmt.Sprintf("%q: a tier of a FailoverSpec has endpoints: it stays as it is", *backend.Spec.Type)})
		}
		for i, endpoint := range backend.Spec.Endpoints {
			if endpoint.Unix != nil {
				found = append(found, refusal{at, fmt.Sprintf("spec.endpoints[%d].unix", i), "a tier of a FailoverSpec has hostnames or IP addresses, since a socket is in the gateway's own pod: it stays as it is"})
			}
		}
	}
	return found
}

func notOnAGateway(f *failover) []refusal {
	if f.parent() >= 0 {
		return nil
	}
	return []refusal{{f.route, "spec.parentRefs", "there is no Gateway, and a FailoverSpec attaches its route to one: the route stays as it is"}}
}

func isFallback(backend *egv1a1.Backend) bool { return ptr.Deref(backend.Spec.Fallback, false) }

// unsayable is a field that a FailoverSpec cannot say, and why.
type unsayable struct {
	// kinds of the object; none for every kind.
	kinds []string
	// path of the field, [*] for every item of a list.
	path document.Path
	// within tells that the fields below the path are meant too.
	within bool
	why    string
}

var (
	httpRoute     = []string{string(v1alpha1.RouteKindHTTP)}
	requestRoutes = []string{string(v1alpha1.RouteKindHTTP), string(v1alpha1.RouteKindGRPC)}
	connectRoutes = []string{string(v1alpha1.RouteKindTLS), string(v1alpha1.RouteKindTCP)}
	routes        = slices.Concat(requestRoutes, connectRoutes)
	trafficPolicy = []string{kindBackendTrafficPolicy}
	backend       = []string{kindBackend}
)

// unsayables has the reasons, the most specific first.
var unsayables = []unsayable{
	{requestRoutes, document.ParsePath("spec.rules[*]"), false, "all rules of a FailoverSpec go to the same backends"},
	{connectRoutes, document.ParsePath("spec.rules[*]"), false, "a TCPRoute or TLSRoute of a FailoverSpec has one rule"},
	{requestRoutes, document.ParsePath("spec.rules[*].filters"), true, "all rules of a FailoverSpec go to the same backends, and the filter of hostRewrite is the last of each"},
	{routes, document.ParsePath("spec.rules[*].backendRefs[*].weight"), true, "the weight of a backend in a FailoverSpec is 1 to 1000000"},
	{routes, document.ParsePath("spec.rules[*].backendRefs[*]"), true, "a backendRef of a FailoverSpec has only the Backend's name and weight"},
	{httpRoute, document.ParsePath("spec.rules[*]"), true, "all rules of a FailoverSpec go to the same backends, and retries are in its policy"},
	{connectRoutes, document.ParsePath("spec.rules[*]"), true, "the rule of a TCPRoute or TLSRoute of a FailoverSpec has only backends"},
	{routes, document.ParsePath("spec.parentRefs"), true, "a FailoverSpec attaches its route to one Gateway, by name and sectionName"},
	{trafficPolicy, document.ParsePath("spec.targetRefs"), true, "the policy of a FailoverSpec has one target, its route"},
	{trafficPolicy, document.ParsePath("spec.targetSelectors"), true, "the policy of a FailoverSpec has one target, its route"},
	{backend, document.ParsePath("spec.endpoints[*].hostname"), true, "with an active check and hostRewrite, or a route for any hostname, a FailoverSpec makes the check ask each endpoint for its own name"},
	{backend, document.ParsePath("spec.tls.sni"), true, "a FailoverSpec names the server that a certificate must be for; without it Envoy Gateway verifies no name, or the name that the client asked for"},
	{nil, document.ParsePath("metadata.labels[" + v1alpha1.LabelName + "]"), true, "failover sets this label to the name of the FailoverSpec"},
	{nil, document.ParsePath("metadata.labels[" + v1alpha1.LabelComponent + "]"), true, "failover sets this label to what the object is for"},
	{nil, document.ParsePath("metadata.labels[" + v1alpha1.LabelManagedBy + "]"), true, "failover sets this label to its own name"},
	{nil, document.ParsePath("metadata.labels"), true, "spec.labels go to every object, and this one is not on every object"},
	{nil, document.ParsePath("metadata.annotations"), true, "spec.annotations go to every object, and this one is not on every object"},
	{nil, nil, true, "a FailoverSpec has no field for it"},
}

// why tells why a FailoverSpec cannot say a field.
func why(id envoygateway.Object, path document.Path) string {
	i := slices.IndexFunc(unsayables, func(u unsayable) bool {
		return (len(u.kinds) == 0 || slices.Contains(u.kinds, id.Kind)) && u.covers(path)
	})
	return unsayables[i].why
}

func (u unsayable) covers(path document.Path) bool {
	if len(path) < len(u.path) || len(path) > len(u.path) && !u.within {
		return false
	}
	for i, step := range u.path {
		if step.Name != path[i].Name && step.Name != "*" {
			return false
		}
	}
	return true
}

// doing says what an operation of a patch does.
func doing(operation Operation) string {
	return map[string]string{"add": "adds it", "replace": "sets it", "remove": "removes it"}[operation.Op]
}

// enumerate writes a list as a sentence does.
func enumerate(items []string) string {
	last := len(items) - 1
	if last < 1 {
		return strings.Join(items, "")
	}
	return strings.Join(items[:last], ", ") + " and " + items[last]
}
