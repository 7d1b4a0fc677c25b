package adopt

import (
	"reflect"
	"slices"
	"strings"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	"k8s.io/utils/ptr"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	"github.com/failover-krm/failover/pkg/check"
	"github.com/failover-krm/failover/pkg/envoygateway"
)

// failover is one that is to be adopted, with the objects that it is made of.
type failover struct {
	check.Failover
	*adopter
	route *object
	// index is that of the rule in the route.
	index int
}

// httpRoute returns the route, as it is written.
func (f *failover) httpRoute() *gwapiv1.HTTPRoute {
	route, _ := f.route.typed.(*gwapiv1.HTTPRoute)
	return route
}

func (f *failover) rule() gwapiv1.HTTPRouteRule { return f.httpRoute().Spec.Rules[f.index] }

// backend returns a Backend, as it is written; an empty one where there is none.
func (f *failover) backend(ref envoygateway.Object) *egv1a1.Backend {
	if found := f.find(ref, f.route); found != nil {
		if backend, isBackend := found.typed.(*egv1a1.Backend); isBackend {
			return backend
		}
	}
	return &egv1a1.Backend{}
}

// priorityOrder returns the indexes of the backendRefs, that which serves first.
func (f *failover) priorityOrder() []int {
	if isFallback(f.backend(f.OfRule.Backends[0].Ref)) {
		return []int{1, 0}
	}
	return []int{0, 1}
}

// tierOrder returns the indexes of the backendRefs of active and passive. The one that
// serves is active, unless the names say that active stands by.
func (f *failover) tierOrder() (order []int, prefer v1alpha1.Preference) {
	order = f.priorityOrder()
	isNamed := func(i int, tier string) bool { return f.OfRule.Backends[i].Ref.Name == f.Route.Name+"-"+tier }
	if isNamed(order[0], v1alpha1.TierPassive) && isNamed(order[1], v1alpha1.TierActive) {
		return []int{order[1], order[0]}, v1alpha1.PreferPassive
	}
	return order, ""
}

// saysRules tells that the FailoverSpec has the rules of the route, all of them.
func (f *failover) saysRules() bool { return len(f.rules()) > 0 }

// rules returns the rules of a FailoverSpec, where the route has several of the same
// backends, or one with more than matches; nil where matches say it all.
func (f *failover) rules() []v1alpha1.Rule {
	var rules []v1alpha1.Rule
	isMore := len(f.httpRoute().Spec.Rules) > 1
	for _, rule := range f.httpRoute().Spec.Rules {
		if !reflect.DeepEqual(rule.BackendRefs, f.rule().BackendRefs) {
			return nil
		}
		filters := rule.Filters
		if last := len(filters) - 1; f.rewritesHost() && last >= 0 && reflect.DeepEqual(filters[last], f.rule().Filters[len(f.rule().Filters)-1]) {
			filters = filters[:last]
		}
		isMore = isMore || len(filters) > 0 || rule.Name != nil || rule.Timeouts != nil || rule.SessionPersistence != nil
		rules = append(rules, v1alpha1.Rule{Name: rule.Name, Matches: rule.Matches, Filters: filters, Timeouts: rule.Timeouts, SessionPersistence: rule.SessionPersistence})
	}
	if !isMore {
		return nil
	}
	return rules
}

// parent returns the index of the parentRef that counts: the Gateway that serves the
// rule, else the first one; -1 where there is none.
func (f *failover) parent() int {
	first := -1
	for i, ref := range f.httpRoute().Spec.ParentRefs {
		id, isGateway := f.gatewayOf(ref)
		if isGateway && f.At != nil && f.At.Gateway == id {
			return i
		}
		if isGateway && first < 0 {
			first = i
		}
	}
	return first
}

func (f *failover) parentRef() gwapiv1.ParentReference {
	return f.httpRoute().Spec.ParentRefs[f.parent()]
}

// gatewayOf returns the Gateway that a parentRef names.
func (f *failover) gatewayOf(ref gwapiv1.ParentReference) (envoygateway.Object, bool) {
	return envoygateway.Object{
		Kind:      kindGateway,
		Namespace: string(ptr.Deref(ref.Namespace, gwapiv1.Namespace(f.Route.Namespace))),
		Name:      string(ref.Name),
	}, ptr.Deref(ref.Kind, kindGateway) == kindGateway && ptr.Deref(ref.Group, gwapiv1.GroupName) == gwapiv1.GroupName
}

// policy returns the BackendTrafficPolicy that has the route as a target, by name: the
// one that is in effect, where there are several; nil where there is none.
func (f *failover) policy() *object {
	var first *object
	for _, candidate := range f.ofKind(kindBackendTrafficPolicy, f.route) {
		policy, isPolicy := candidate.typed.(*egv1a1.BackendTrafficPolicy)
		if !isPolicy || candidate.id.Namespace != f.Route.Namespace || f.made[candidate] != "" || !targets(policy, f.Route.Name) {
			continue
		}
		if f.At != nil && slices.ContainsFunc(f.At.ClusterPolicy.From, func(layer envoygateway.PolicyLayer) bool { return layer.Object == candidate.id }) {
			return candidate
		}
		if first == nil {
			first = candidate
		}
	}
	return first
}

func targets(policy *egv1a1.BackendTrafficPolicy, route string) bool {
	isRoute := func(target gwapiv1.LocalPolicyTargetReferenceWithSectionName) bool {
		return target.Kind == kindHTTPRoute && string(target.Name) == route
	}
	return slices.ContainsFunc(policy.Spec.GetTargetRefs(), isRoute)
}

// rewritesHost tells whether the rule has the filter that hostRewrite makes, by that
// name.
func (f *failover) rewritesHost() bool {
	id := envoygateway.Object{Kind: kindHTTPRouteFilter, Namespace: f.Route.Namespace, Name: f.Route.Name}
	isNamed := slices.ContainsFunc(f.rule().Filters, func(filter gwapiv1.HTTPRouteFilter) bool {
		return filter.ExtensionRef != nil && filter.ExtensionRef.Kind == kindHTTPRouteFilter && string(filter.ExtensionRef.Name) == f.Route.Name
	})
	found := f.find(id, f.route)
	if !isNamed || found == nil {
		return false
	}
	filter, isFilter := found.typed.(*egv1a1.HTTPRouteFilter)
	return isFilter && filter.Spec.URLRewrite != nil && filter.Spec.URLRewrite.Hostname != nil &&
		filter.Spec.URLRewrite.Hostname.Type == egv1a1.BackendHTTPHostnameModifier
}

// serviceName is what the DNS name of a Service says.
type serviceName struct {
	name, namespace, clusterDomain string
}

// clusterSet is the domain of Services that several clusters share, and of no cluster.
const clusterSet = "clusterset.local"

// serviceOf reads the hostname of a Backend's only endpoint as that of a Service.
func serviceOf(backend *egv1a1.Backend) (named serviceName, port int32, isService bool) {
	if len(backend.Spec.Endpoints) != 1 || backend.Spec.Endpoints[0].FQDN == nil {
		return serviceName{}, 0, false
	}
	endpoint := backend.Spec.Endpoints[0]
	parts := strings.SplitN(endpoint.FQDN.Hostname, ".", 4)
	if len(parts) < 4 || parts[2] != "svc" || parts[3] == clusterSet || strings.HasSuffix(parts[3], ".") ||
		endpoint.Hostname != nil && *endpoint.Hostname != endpoint.FQDN.Hostname {
		return serviceName{}, 0, false
	}
	return serviceName{parts[0], parts[1], parts[3]}, endpoint.FQDN.Port, true
}
