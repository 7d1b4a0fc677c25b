package envoygateway

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// translateRoute returns what becomes of a route (internal/gatewayapi/route.go).
func (t *translator) translateRoute(r *route) Route {
	result := Route{Object: r.id}
	drafts := t.draft(r)
	t.acceptOrReject(r, drafts)
	for i, draft := range drafts {
		rule := draft.Rule
		if rule.Refused == nil {
			rule.Attachments = t.serve(r, i, draft)
		}
		result.Rules = append(result.Rules, rule)
	}
	for _, p := range r.parents {
		result.Parents = append(result.Parents, p.Parent)
	}
	return result
}

// draft is a rule before it is on a listener.
type draft struct {
	Rule
	filtered filtered
}

// isAccepted tells whether a rule counts as accepted; one that isn't may be served
// all the same, with 500.
func (d draft) isAccepted() bool { return d.Refused == nil && d.filtered.accepted }

func (t *translator) draft(r *route) []draft {
	var drafts []draft
	for i := range r.rules {
		spec := &r.rules[i]
		d := draft{Rule: Rule{Source: spec.source, Name: spec.name}, filtered: filtered{accepted: true}}
		switch {
		case spec.http != nil:
			d.HTTPMatches, d.Timeouts, d.Retry = spec.http.Matches, spec.http.Timeouts, spec.http.Retry
			d.filtered = t.filter(r, httpFilters(spec.source, spec.http.Filters), nil)
			d.Refused = refuseHTTP(spec, d.filtered)
		case spec.grpc != nil:
			d.GRPCMatches = spec.grpc.Matches
			d.filtered = t.filter(r, grpcFilters(spec.source, spec.grpc.Filters), nil)
			d.Refused = refuseGRPC(spec, d.filtered)
		}
		for _, s := range t.resolveAll(r, spec, PolicyInEffect{}) {
			d.Backends = append(d.Backends, s.Backend)
		}
		drafts = append(drafts, d)
	}
	return drafts
}

// acceptOrReject takes Accepted away from a route of which no rule is accepted.
func (t *translator) acceptOrReject(r *route, drafts []draft) {
	reason, message := Reason(""), ""
	switch {
	case r.id.Kind == kindTCPRoute && len(r.rules) != 1:
		reason, message = ReasonInvalidRule, "a TCPRoute must have one rule"
	case r.isHTTP() && len(drafts) > 0 && !slices.ContainsFunc(drafts, draft.isAccepted):
		cause := drafts[0].Refused
		if cause == nil {
			cause = &drafts[0].filtered.errors[0]
		}
		reason, message = cause.Reason, cause.Message
	default:
		return
	}
	for _, p := range r.parents {
		if p.gateway == nil || p.isUnseen() {
			continue
		}
		p.reject(reason, message)
		if r.id.Kind != kindHTTPRoute {
			p.Listeners, p.allowed = nil, nil
		}
	}
}

// serve puts a rule on each listener that takes its route.
func (t *translator) serve(r *route, index int, d draft) []Attachment {
	var attachments []Attachment
	positions := map[*listener]int{}
	for _, p := range r.parents {
		for _, l := range t.listenersFor(r, p) {
			if _, again := positions[l]; again {
				continue
			}
			positions[l] = len(attachments)
			attachments = append(attachments, t.serveOn(r, index, d, l))
		}
	}
	shareClusters(attachments, positions)
	return attachments
}

// listenersFor returns the listeners that serve a route for a parentRef. A parent of
// which only the name is known has one, without a name.
func (t *translator) listenersFor(r *route, p *parent) []*listener {
	if p.gateway == nil {
		return nil
	}
	if p.isUnseen() {
		return []*listener{{gateway: p.gateway}}
	}
	var listeners []*listener
	accepted := false
	for _, l := range p.allowed {
		if r.id.Kind != kindTCPRoute {
			if l.refused == nil && len(hostnames(r.hostnames, l)) > 0 {
				listeners = append(listeners, l)
				l.taken = true
			}
			continue
		}
		if l.taken && !t.atLeast("1.9.0") {
			continue
		}
		accepted = true
		if l.refused == nil && !l.taken {
			listeners = append(listeners, l)
			l.taken = true
		}
	}
	if r.id.Kind == kindTCPRoute && len(p.allowed) > 0 {
		p.Listeners = nil
		for _, l := range listeners {
			p.Listeners = append(p.Listeners, l.name)
		}
		const taken = "another route has the listener"
		if !accepted {
			p.reject(ReasonUnsupportedValue, taken)
		} else if len(listeners) == 0 && p.Message == "" {
			p.Message = taken // and the route is Accepted all the same
		}
	}
	return listeners
}

// shareClusters gives each attachment the policy of the cluster that it shares with
// others of the Gateway: the first listener's makes it (addXdsCluster in
// internal/xds/translator/cluster.go).
func shareClusters(attachments []Attachment, positions map[*listener]int) {
	listeners := make([]*listener, len(attachments))
	for l, position := range positions {
		listeners[position] = l
	}
	for i := range attachments {
		attachments[i].ClusterPolicy = attachments[i].Policy
		for _, l := range listeners[i].gateway.listeners {
			position, serves := positions[l]
			if serves && sharesCluster(attachments[i], attachments[position]) {
				attachments[i].ClusterPolicy = attachments[position].Policy
				break
			}
		}
	}
}

func sharesCluster(a, b Attachment) bool {
	if len(a.Clusters) == 0 || len(b.Clusters) == 0 {
		return false
	}
	return a.Clusters[len(a.Clusters)-1].Name == b.Clusters[len(b.Clusters)-1].Name
}

// serveOn finds out what Envoy does with a rule on a listener.
func (t *translator) serveOn(r *route, index int, d draft, l *listener) Attachment {
	spec := &r.rules[index]
	a := Attachment{Gateway: l.gateway.id(), Listener: l.name, Protocol: l.spec.Protocol, Port: l.spec.Port, Terminates: l.terminates(), Hostnames: hostnames(r.hostnames, l)}
	var refused []Cause
	a.Policy, refused = t.policies.inEffect(r, spec, l)
	if !r.isHTTP() {
		t.connect(r, &a)
		return a
	}
	settings := t.resolveAll(r, spec, a.Policy)
	switch {
	case len(refused) > 0:
		a.answer(500, refused...)
	case t.answers(r, d.filtered, settings, &a):
	default:
		t.forward(r, index, settings, &a)
	}
	return a
}

func (t *translator) resolveAll(r *route, spec *rule, policy PolicyInEffect) []*setting {
	var settings []*setting
	for _, reference := range spec.backends {
		settings = append(settings, t.resolve(r, reference, nil, policy))
	}
	return settings
}

func (a *Attachment) answer(status int, causes ...Cause) {
	a.Outcome, a.Status, a.Causes = OutcomeDirectResponse, status, causes
}

// answers tells whether Envoy answers a rule's requests itself, and with what.
func (t *translator) answers(r *route, f filtered, settings []*setting, a *Attachment) bool {
	if len(f.errors) > 0 && (r.id.Kind == kindHTTPRoute || f.direct == nil && f.redirect == nil) {
		a.answer(500, f.errors...)
		return true
	}
	if f.direct != nil {
		a.answer(f.status, *f.direct)
		return true
	}
	if f.redirect != nil {
		a.Outcome, a.Causes = OutcomeRedirect, []Cause{*f.redirect}
		return true
	}
	return answersForBackends(r, f, settings, a)
}

// answersForBackends tells whether Envoy answers a rule's requests itself, for want
// of a backend.
func answersForBackends(r *route, f filtered, settings []*setting, a *Attachment) bool {
	var invalid, empty []Cause
	valid, dynamic := false, (*setting)(nil)
	for _, s := range settings {
		switch {
		case s.Invalid != nil && s.Invalid.Reason == ReasonEndpointsNotFound:
			empty = append(empty, *s.Invalid)
		case s.Invalid != nil:
			invalid = append(invalid, *s.Invalid)
		case s.Weight > 0 && !s.isEmpty():
			valid = true
			if s.Dynamic {
				dynamic = s
			}
		}
	}
	switch {
	case !valid && len(invalid) > 0:
		a.answer(500, append(invalid, empty...)...)
	case !valid && len(empty) > 0:
		a.answer(503, empty...)
	case !valid:
		a.answer(500, Cause{Source: Source{Object: r.id, Path: "spec.rules"}, Reason: ReasonNoWeight, Message: "no backendRef has a weight"})
	case dynamic != nil && f.rewrites.hostFromPath:
		a.answer(500, Cause{Source: dynamic.Source, Reason: ReasonUnsupportedValue, Message: dynamic.Ref.String() + " is a DynamicResolver, and the host can't be taken from the path"})
	case dynamic != nil && len(settings) > 1 && r.id.Kind == kindHTTPRoute:
		a.answer(500, Cause{Source: dynamic.Source, Reason: ReasonInvalidBackendRef, Message: dynamic.Ref.String() + " is a DynamicResolver, which must be the only backend of a rule"})
	default:
		return false
	}
	return true
}

// forward sends a rule's requests to one cluster, or to one for each backendRef
// (NeedsClusterPerSetting in internal/ir/xds.go and buildXdsRouteAction in
// internal/xds/translator/route.go).
func (t *translator) forward(r *route, index int, settings []*setting, a *Attachment) {
	name := fmt.Sprintf("%s/%s/%s/rule/%d", strings.ToLower(r.id.Kind), r.id.Namespace, r.id.Name, index)
	var weighted []*setting
	for _, s := range settings {
		if s.Weight > 0 {
			weighted = append(weighted, s)
		}
	}
	if a.Causes = t.splits(weighted, a.Policy); len(a.Causes) == 0 {
		a.Outcome = OutcomeCluster
		a.Clusters = []Cluster{{Name: name, Weight: weightOf(weighted), Tiers: tiersOf(weighted)}}
		return
	}
	a.Outcome = OutcomeWeightedClusters
	unavailable := Cluster{Name: "invalid-backend-cluster", Unavailable: true, Status: 500}
	for i, s := range settings {
		switch {
		case s.Weight == 0:
		case s.isEmpty():
			unavailable.Weight += s.Weight
			// GRPCRoutes don't tell what is wrong from what is empty.
			if s.Invalid == nil || s.Invalid.Reason == ReasonEndpointsNotFound || r.id.Kind == kindGRPCRoute {
				unavailable.Status = 503
			}
		default:
			one := []*setting{s}
			a.Clusters = append(a.Clusters, Cluster{Name: fmt.Sprintf("%s/backend/%d", name, i), Weight: s.Weight, Tiers: tiersOf(one)})
		}
	}
	if unavailable.Weight > 0 {
		a.Clusters = append([]Cluster{unavailable}, a.Clusters...)
	}
}

// splits returns why backends can't share a cluster, or nothing.
func (t *translator) splits(settings []*setting, policy PolicyInEffect) []Cause {
	causes := zoneAware(policy)
	for _, s := range settings {
		switch {
		case s.Invalid != nil:
			causes = append(causes, *s.Invalid)
		case s.isEmpty():
			causes = append(causes, Cause{Source: s.Source, Reason: ReasonEndpointsNotFound, Message: s.Ref.String() + " has no endpoints"})
		case s.hasFilters:
			causes = append(causes, Cause{Source: Source{Object: s.Object, Path: s.Path + ".filters"}, Reason: ReasonFilters, Message: "a backendRef with filters gets a cluster of its own"})
		}
		if s.preferLocal != nil && len(settings) > 1 {
			causes = append(causes, Cause{Source: *s.preferLocal, Reason: ReasonPreferLocal, Message: s.Ref.String() + " prefers endpoints of its own zone"})
		}
	}
	causes = append(causes, t.mixedAddressTypes(settings)...)
	causes = append(causes, mixedProtocols(settings)...)
	return append(causes, mixedAutoSNI(settings)...)
}

// zoneAware finds a policy that balances the load by zones.
func zoneAware(policy PolicyInEffect) []Cause {
	if policy.Spec == nil || policy.Spec.LoadBalancer == nil || policy.Spec.LoadBalancer.ZoneAware == nil {
		return nil
	}
	field := "preferLocal"
	if zones := policy.Spec.LoadBalancer.ZoneAware; zones.PreferLocal == nil {
		if len(zones.WeightedZones) == 0 {
			return nil
		}
		field = "weightedZones"
	}
	source := policy.From[0].Object
	for _, layer := range slices.Backward(policy.From) {
		if layer.Spec.LoadBalancer != nil && layer.Spec.LoadBalancer.ZoneAware != nil {
			source = layer.Object
		}
	}
	return []Cause{{
		Source: Source{Object: source, Path: "spec.loadBalancer.zoneAware." + field},
		Reason: ReasonZoneAware, Message: "zone-aware load balancing gives each backendRef a cluster of its own",
	}}
}

// mixedAddressTypes finds the backends whose addresses are of another type than the
// first's. IP addresses and Unix domain sockets go together since 1.9.
func (t *translator) mixedAddressTypes(settings []*setting) []Cause {
	var causes []Cause
	var first *setting
	for _, s := range settings {
		if len(s.addressTypes) == 0 {
			continue
		}
		if first == nil {
			first = s
			continue
		}
		if one, other := first.addressType(), s.addressType(); one != other {
			causes = append(causes, Cause{
				Source: s.Hosts[0].Source, Reason: ReasonMixedAddressTypes,
				Message: fmt.Sprintf("%s has addresses of type %s, and %s of type %s", s.Ref, other, first.Ref, one),
			})
		}
	}
	return causes
}

// addressType is the one type of a setting's addresses.
func (s *setting) addressType() AddressType {
	for addressType := range s.addressTypes {
		return addressType
	}
	return ""
}

func mixedProtocols(settings []*setting) []Cause {
	var http1, http2 *setting
	for _, s := range settings {
		if s.forceHTTP1 {
			http1 = cmp.Or(http1, s)
		}
		if s.Protocol == protocolHTTP2 || s.Protocol == protocolGRPC {
			http2 = cmp.Or(http2, s)
		}
	}
	if http1 == nil || http2 == nil {
		return nil
	}
	return []Cause{{Source: http1.Source, Reason: ReasonMixedProtocols, Message: fmt.Sprintf("%s is for WebSockets, and %s for HTTP/2", http1.Ref, http2.Ref)}}
}

func mixedAutoSNI(settings []*setting) []Cause {
	var causes []Cause
	for _, s := range settings {
		if s.TLS != nil && s.TLS.AutoSNIFromEndpointHostname {
			causes = append(causes, Cause{
				Source: Source{Object: s.TLS.From.Object, Path: s.TLS.From.Path + ".autoSNIFromEndpointHostname"},
				Reason: ReasonMixedAutoSNI, Message: "not every backend of the rule has autoSNIFromEndpointHostname",
			})
		}
	}
	if len(causes) == len(settings) {
		return nil
	}
	return causes
}

func weightOf(settings []*setting) uint32 {
	var sum uint32
	for _, s := range settings {
		sum += s.Weight
	}
	return sum
}

// tiersOf sorts backends by priority.
func tiersOf(settings []*setting) []Tier {
	var tiers []Tier
	for priority := range uint32(2) {
		tier := Tier{Priority: priority}
		for _, s := range settings {
			if s.Fallback == (priority == 1) {
				tier.Backends = append(tier.Backends, s.Backend)
			}
		}
		if tier.Backends != nil {
			tiers = append(tiers, tier)
		}
	}
	return tiers
}

// connect sends the connections of a TCPRoute or TLSRoute to its one cluster. The
// backends of all rules of a TLSRoute are in it.
func (t *translator) connect(r *route, a *Attachment) {
	a.Outcome = OutcomeCluster
	name := fmt.Sprintf("%s/%s/%s/rule/-1", strings.ToLower(r.id.Kind), r.id.Namespace, r.id.Name)
	var settings []*setting
	dynamic := false
	for i := range r.rules {
		for _, s := range t.resolveAll(r, &r.rules[i], a.Policy) {
			switch {
			case s.Invalid != nil:
				a.Causes = append(a.Causes, *s.Invalid)
			case s.Weight > 0:
				settings = append(settings, s)
				dynamic = dynamic || s.Dynamic
			}
		}
	}
	if dynamic && len(settings) > 1 && r.id.Kind == kindTLSRoute && t.atLeast("1.9.0") {
		a.Causes = append(a.Causes, Cause{Source: settings[0].Source, Reason: ReasonInvalidBackendRef, Message: "a DynamicResolver must be the only backend of a rule"})
		settings = nil
	}
	a.Clusters = []Cluster{{Name: name, Weight: weightOf(settings), Tiers: tiersOf(settings)}}
}
