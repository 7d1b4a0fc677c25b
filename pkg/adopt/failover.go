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
	// written is the route, as it is written.
	written route
	// index is that of the rule in the route.
	index int
}

func (f *failover) rule() rule { return f.written.rules[f.index] }

// saidRules returns the indexes of the rules that the FailoverSpec has: those of the same
// backends, where Envoy sees requests, which tell several rules apart.
func (f *failover) saidRules() []int {
	if !f.routeKind().HasRequests() {
		return []int{f.index}
	}
	var said []int
	for i, rule := range f.written.rules {
		if reflect.DeepEqual(rule.backendRefs, f.rule().backendRefs) {
			said = append(said, i)
		}
	}
	return said
}

func (f *failover) routeKind() v1alpha1.RouteKind { return v1alpha1.RouteKind(f.Route.Kind) }

// sayRoute writes what the route has in addition to its backends.
func (f *failover) sayRoute(spec *v1alpha1.Spec) {
	spec.Hostnames = f.written.hostnames
	switch f.routeKind() {
	case v1alpha1.RouteKindHTTP:
		for _, i := range f.saidRules() {
			rule := f.written.rules[i].http
			spec.Rules = append(spec.Rules, v1alpha1.Rule{
				Name: rule.Name, Matches: rule.Matches, Timeouts: rule.Timeouts, SessionPersistence: rule.SessionPersistence,
				Filters: without(rule.Filters, func(filter gwapiv1.HTTPRouteFilter) bool { return f.isHostRewrite(filter.ExtensionRef) }),
			})
		}
		if only := spec.Rules[0]; len(spec.Rules) == 1 && reflect.DeepEqual(only, v1alpha1.Rule{Matches: only.Matches}) {
			spec.Rules, spec.Matches = nil, only.Matches // the short form
		}
	case v1alpha1.RouteKindGRPC:
		spec.GRPCRoute = &v1alpha1.GRPCRoute{}
		for _, i := range f.saidRules() {
			rule := *f.written.rules[i].grpc
			rule.BackendRefs = nil
			rule.Filters = without(rule.Filters, func(filter gwapiv1.GRPCRouteFilter) bool { return f.isHostRewrite(filter.ExtensionRef) })
			spec.GRPCRoute.Rules = append(spec.GRPCRoute.Rules, rule)
		}
		if rules := spec.GRPCRoute.Rules; len(rules) == 1 && reflect.DeepEqual(rules[0], gwapiv1.GRPCRouteRule{}) {
			spec.GRPCRoute.Rules = nil // the default
		}
	case v1alpha1.RouteKindTLS:
		spec.TLSRoute = &v1alpha1.TLSRoute{}
	case v1alpha1.RouteKindTCP:
		spec.TCPRoute = &v1alpha1.TCPRoute{}
	}
	if f.rewritesHost() {
		spec.HostRewrite = egv1a1.BackendHTTPHostnameModifier
	}
}

// without returns the items that are not unwanted; nil where there are none.
func without[T any](items []T, unwanted func(T) bool) []T {
	var left []T
	for _, item := range items {
		if !unwanted(item) {
			left = append(left, item)
		}
	}
	return left
}

// backend returns a Backend, as it is written; an empty one where there is none.
func (f *failover) backend(ref envoygateway.Object) *egv1a1.Backend {
	if found := f.find(ref, f.route); found != nil {
		if backend, isBackend := found.typed.(*egv1a1.Backend); isBackend {
			return backend
		}
	}
	return &egv1a1.Backend{}
}

// tierOrder returns the indexes of the backendRefs of those that serve and of those that
// stand by.
func (f *failover) tierOrder() (serving, standby []int) {
	for i, backend := range f.OfRule.Backends {
		if isFallback(f.backend(backend.Ref)) {
			standby = append(standby, i)
		} else {
			serving = append(serving, i)
		}
	}
	return serving, standby
}

// priorityOrder returns the indexes of the backendRefs, those that serve first.
func (f *failover) priorityOrder() []int {
	serving, standby := f.tierOrder()
	return append(serving, standby...)
}

// tierBackend is a Backend's place in the FailoverSpec.
type tierBackend struct {
	v1alpha1.TierBackend
	// written is the Backend, as it is written, and index that of its backendRef.
	written *egv1a1.Backend
	index   int
}

// part is the field of the FailoverSpec that says what the Backend is.
func (b tierBackend) part() part { return part(b.Path()) }

// backends returns those of active, and then those of passive, each at its place in
// the spec. The ones that serve are active, unless they are called or labelled as passive
// ones are.
func (f *failover) backends() (all []tierBackend, prefer v1alpha1.Preference) {
	active, passive := f.tierOrder()
	if f.areOf(v1alpha1.TierPassive, active) && f.areOf(v1alpha1.TierActive, passive) {
		active, passive, prefer = passive, active, v1alpha1.PreferPassive
	}
	return append(f.inTier(v1alpha1.TierActive, active), f.inTier(v1alpha1.TierPassive, passive)...), prefer
}

// inTier returns the backends of a tier. A single one has no list, unless it has a weight
// or the name of one in a list.
func (f *failover) inTier(tier string, indexes []int) []tierBackend {
	isList := len(indexes) > 1
	all := make([]tierBackend, 0, len(indexes))
	for number, index := range indexes {
		of := f.OfRule.Backends[index]
		backend := tierBackend{v1alpha1.TierBackend{Tier: tier, Number: number + 1}, f.backend(of.Ref), index}
		if of.Weight > 1 && of.Weight <= maxWeight {
			backend.Weight = new(int32(of.Weight))
		}
		isList = isList || backend.Weight != nil || of.Ref.Name == f.Route.Name+backend.NameSuffix()
		all = append(all, backend)
	}
	if !isList {
		all[0].Number = 0
	}
	return all
}

// maxWeight is the largest that Gateway API takes.
const maxWeight = 1000000

// areOf tells whether backendRefs are to what is called, or rendered, as backends of a
// tier.
func (f *failover) areOf(tier string, indexes []int) bool {
	for number, index := range indexes {
		name := f.OfRule.Backends[index].Ref.Name
		single, listed := v1alpha1.TierBackend{Tier: tier}, v1alpha1.TierBackend{Tier: tier, Number: number + 1}
		isNamed := name == f.Route.Name+single.NameSuffix() || name == f.Route.Name+listed.NameSuffix()
		labels := f.backend(f.OfRule.Backends[index].Ref).Labels
		isLabelled := labels[v1alpha1.LabelManagedBy] == v1alpha1.ManagedBy && labels[v1alpha1.LabelComponent] == tier
		if !isNamed && !isLabelled {
			return false
		}
	}
	return true
}

// parent returns the index of the parentRef that counts: the Gateway that serves the
// rule, otherwise the first one; -1 where there is none.
func (f *failover) parent() int {
	first := -1
	for i, ref := range f.written.parentRefs {
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
	return f.written.parentRefs[f.parent()]
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
		if !isPolicy || candidate.id.Namespace != f.Route.Namespace || f.made[candidate] != "" || !targets(policy, f.Route) {
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

func targets(policy *egv1a1.BackendTrafficPolicy, route envoygateway.Object) bool {
	isRoute := func(target gwapiv1.LocalPolicyTargetReferenceWithSectionName) bool {
		return string(target.Kind) == route.Kind && string(target.Name) == route.Name
	}
	return slices.ContainsFunc(policy.Spec.GetTargetRefs(), isRoute)
}

// rewritesHost tells whether the rule has the filter that hostRewrite makes, by that
// name.
func (f *failover) rewritesHost() bool {
	found := f.find(envoygateway.Object{Kind: kindHTTPRouteFilter, Namespace: f.Route.Namespace, Name: f.Route.Name}, f.route)
	if found == nil || !slices.ContainsFunc(f.rule().extensions, f.isNamedAsRoute) {
		return false
	}
	filter, isFilter := found.typed.(*egv1a1.HTTPRouteFilter)
	return isFilter && filter.Spec.URLRewrite != nil && filter.Spec.URLRewrite.Hostname != nil &&
		filter.Spec.URLRewrite.Hostname.Type == egv1a1.BackendHTTPHostnameModifier
}

// isHostRewrite tells whether a filter of a rule is the one that hostRewrite makes.
func (f *failover) isHostRewrite(extension *gwapiv1.LocalObjectReference) bool {
	return f.isNamedAsRoute(extension) && f.rewritesHost()
}

func (f *failover) isNamedAsRoute(extension *gwapiv1.LocalObjectReference) bool {
	return extension != nil && extension.Kind == kindHTTPRouteFilter && string(extension.Name) == f.Route.Name
}

// serviceName is what the DNS name of a Service says.
type serviceName struct {
	name, namespace, clusterDomain string
}

// serviceOf reads the hostname of a Backend's only endpoint as that of a Service.
func serviceOf(backend *egv1a1.Backend) (named serviceName, port int32, isService bool) {
	if len(backend.Spec.Endpoints) != 1 || backend.Spec.Endpoints[0].FQDN == nil {
		return serviceName{}, 0, false
	}
	endpoint := backend.Spec.Endpoints[0]
	parts := strings.SplitN(endpoint.FQDN.Hostname, ".", 4)
	if len(parts) < 4 || parts[2] != "svc" || strings.HasSuffix(parts[3], ".") ||
		endpoint.Hostname != nil && *endpoint.Hostname != endpoint.FQDN.Hostname {
		return serviceName{}, 0, false
	}
	return serviceName{parts[0], parts[1], parts[3]}, endpoint.FQDN.Port, true
}
