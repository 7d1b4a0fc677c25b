package diagram

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"k8s.io/utils/ptr"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	"github.com/failover-krm/failover/pkg/check"
	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/envoygateway"
)

// View is a failover as it is drawn.
type View struct {
	// Name names the rule of the route, and Target what is to run it.
	Name, Target string
	// Verdict tells whether it fails over, and Reason how, or why not.
	Verdict check.Verdict
	Reason  string
	// Listener is where clients come in, and Route what they ask for.
	Listener, Route Thing
	// Policies are those in effect, and after them those that are ignored.
	Policies []Thing
	// Tiers are what serves, in the order in which it does.
	Tiers []Tier
	// Split tells that the requests are shared among the tiers by weight.
	Split bool
	// Phases are those of an outage: calm, outage and failback.
	Phases []Phase
	// Others are findings at no thing that is drawn.
	Others []Finding
}

// Thing is an object of the picture.
type Thing struct {
	// Kind and Name are those of the object, and Facts are what to know of it.
	Kind, Name string
	Facts      []string
	// Wrong says what it is where it is not in effect, such as refused or ignored.
	Wrong string
	// Findings are the errors and warnings that concern it.
	Findings []Finding

	object  envoygateway.Object
	backend *envoygateway.Backend
}

// Finding is what check has to say.
type Finding struct {
	Severity diagnostic.Severity
	// Rule is its id; empty for what an API server or Envoy Gateway says.
	Rule    string
	Message string
}

// Tier is a tier of a cluster, or a cluster that gets a share of the requests.
type Tier struct {
	Kind Kind
	// Which is its priority or its share.
	Which string
	// Name is what its backends are called, in short.
	Name string
	// Wrong says what it is where it does not do what it is for.
	Wrong    string
	Backends []Thing
}

// Kind is what a tier is for.
type Kind int

// The kinds of tier.
const (
	// First serves in calm times.
	First Kind = iota
	// Standby serves when those before it are down.
	Standby
	// Shared serves a share of the requests, by weight.
	Shared
	// Unavailable is a share of the requests that is answered with an error.
	Unavailable
	// Unused is in no cluster.
	Unused
)

// Role is what a tier does in a phase.
type Role string

// The roles.
const (
	Serves   Role = "serves"
	StandsBy Role = "stands by"
	Down     Role = "is down"
	Idle     Role = "gets nothing"
	Errors   Role = "errors"
)

// Phase is a time in the course of an outage.
type Phase struct {
	Name string
	// Roles has that of each tier.
	Roles []Role
	// Text says who serves, with numbers.
	Text string
}

// Views returns failovers as they are drawn, each with the findings that concern it.
func Views(failovers []check.Failover, diagnostics []diagnostic.Diagnostic) []View {
	var faults []fault
	for _, found := range diagnostics {
		if found.Subject != nil && found.Suppressed == "" && found.Severity != diagnostic.Info {
			faults = append(faults, faultOf(found))
		}
	}
	views := make([]View, 0, len(failovers))
	for _, failover := range failovers {
		views = append(views, viewOf(failover, faults))
	}
	return views
}

// fault is an error or a warning, and the object that it is about.
type fault struct {
	diagnostic.Diagnostic
	object envoygateway.Object
	// isOfSpec tells that it is about a FailoverSpec.
	isOfSpec bool
}

func faultOf(found diagnostic.Diagnostic) fault {
	id := found.Subject.ID()
	object := envoygateway.Object{Kind: id.Kind, Namespace: cmp.Or(id.Namespace, "default"), Name: id.Name}
	return fault{found, object, id.Kind == v1alpha1.Kind}
}

func viewOf(failover check.Failover, faults []fault) View {
	v := View{
		Name: failover.Name(), Verdict: failover.Verdict, Reason: failover.Reason,
		Listener: listenerOf(failover), Route: routeOf(failover), Policies: policiesOf(failover),
	}
	if failover.Target != "" {
		v.Target = fmt.Sprintf("%s (Envoy Gateway %s)", failover.Target, failover.EnvoyGateway)
	}
	v.Tiers, v.Split = tiersOf(failover)
	v.Phases = phasesOf(v.Tiers, v.Split, failover)
	v.place(failover, faults)
	return v
}

func thingOf(object envoygateway.Object) Thing {
	return Thing{Kind: object.Kind, Name: strings.TrimPrefix(object.Namespace+"/"+object.Name, "/"), object: object}
}

// listenerOf returns where clients come in: the first listener that serves the rule.
func listenerOf(failover check.Failover) Thing {
	if failover.At == nil {
		return notServed(failover)
	}
	at := failover.At
	thing := thingOf(at.Gateway)
	if at.Listener == "" {
		thing.Wrong = notHere
	} else {
		thing.Kind = "listener " + at.Listener + " of " + thing.Kind
		thing.Facts = append(thing.Facts, fmt.Sprintf("%s, port %d", at.Protocol, at.Port))
	}
	if hostnames := few(at.Hostnames); hostnames != "" && hostnames != "*" {
		thing.Facts = append(thing.Facts, hostnames)
	}
	var others []string
	for _, other := range failover.OfRule.Attachments[1:] {
		name := other.Listener
		if other.Gateway != at.Gateway || name == "" {
			name = strings.TrimSpace(other.Gateway.String() + " " + name)
		}
		if other.Port != 0 {
			name += fmt.Sprintf(" (%s, port %d)", other.Protocol, other.Port)
		}
		others = append(others, name)
	}
	if len(others) > 0 {
		thing.Facts = append(thing.Facts, "and on "+few(others))
	}
	return thing
}

// notServed says why no listener serves the route.
func notServed(failover check.Failover) Thing {
	thing := Thing{Name: "no Gateway"}
	for i, parent := range failover.Parents {
		if i == 0 {
			thing = thingOf(parent.Gateway)
		}
		if parent.Message != "" {
			thing.Facts = append(thing.Facts, parent.Message)
		}
	}
	thing.Wrong = "no request comes in"
	return thing
}

func routeOf(failover check.Failover) Thing {
	rule := failover.OfRule
	thing := thingOf(failover.Route)
	thing.Kind = fmt.Sprintf("rule %d of %s", failover.Rule, thing.Kind)
	if rule.Name != "" {
		thing.Kind = fmt.Sprintf("rule %d, %s, of %s", failover.Rule, rule.Name, failover.Route.Kind)
	}
	thing.Facts = matchesOf(failover.Route.Kind, rule)
	switch {
	case rule.Refused != nil:
		thing.Wrong, thing.Facts = "refused", append(thing.Facts, rule.Refused.Message)
	case failover.At != nil && failover.At.Outcome == envoygateway.OutcomeDirectResponse:
		thing.Wrong = fmt.Sprintf("answered %d", failover.At.Status)
		for _, cause := range failover.At.Causes {
			thing.Facts = append(thing.Facts, cause.Message)
		}
	}
	return thing
}

// policiesOf returns the policies in effect, and those that are ignored.
func policiesOf(failover check.Failover) []Thing {
	var policies []Thing
	names := map[envoygateway.Object]bool{}
	if at := failover.At; at != nil {
		for _, layer := range slices.Concat(at.Policy.From, at.ClusterPolicy.From) {
			if !names[layer.Object] {
				policies = append(policies, thingOf(layer.Object))
			}
			names[layer.Object] = true
		}
		if len(policies) == 0 {
			policies = append(policies, Thing{Kind: "BackendTrafficPolicy", Name: "none in effect"})
		}
		// Merged ones are one policy to Envoy; what is in effect stands at the last.
		policies[len(policies)-1].Facts = settingsOf(failover)
	}
	if failover.At != nil {
		for _, cause := range failover.At.Causes {
			if cause.Object.Kind == "BackendTrafficPolicy" && !names[cause.Object] {
				policy := thingOf(cause.Object)
				policy.Wrong, policy.Facts = "refused", []string{cause.Message}
				policies = append(policies, policy)
				names[cause.Object] = true
			}
		}
	}
	for _, ignored := range failover.Ignored {
		if !names[ignored.Policy] {
			policy := thingOf(ignored.Policy)
			policy.Wrong, policy.Facts = wrongIgnored, []string{ignored.Reason}
			policies = append(policies, policy)
		}
		names[ignored.Policy] = true
	}
	return policies
}

// tiersOf returns what serves: the tiers of the one cluster, or the clusters that share
// the requests, and after them the backends that get none.
func tiersOf(failover check.Failover) (tiers []Tier, split bool) {
	drawn := map[string]bool{}
	var total uint32
	for _, cluster := range failover.Clusters {
		total += cluster.Weight
	}
	split = len(failover.Clusters) > 1
	for _, cluster := range failover.Clusters {
		share := fmt.Sprintf("weight %d of %d", cluster.Weight, total)
		if cluster.Unavailable {
			tier := Tier{Kind: Unavailable, Which: share, Wrong: fmt.Sprintf("answered %d", cluster.Status)}
			if !split {
				tier.Which = "every request"
			}
			for i := range failover.OfRule.Backends {
				if backend := &failover.OfRule.Backends[i]; backend.Invalid != nil && backend.Weight > 0 {
					tier.Backends = append(tier.Backends, backendOf(backend, 0))
					drawn[backend.Path] = true
				}
			}
			tiers = append(tiers, tier)
			continue
		}
		for _, of := range cluster.Tiers {
			tier := Tier{Which: fmt.Sprintf("priority %d", of.Priority)}
			switch {
			case split:
				tier.Kind, tier.Which, tier.Wrong = Shared, share, "split"
			case of.Priority > 0:
				tier.Kind, tier.Which = Standby, tier.Which+", fallback"
			}
			var weights uint32
			for _, backend := range of.Backends {
				weights += backend.Weight
			}
			if len(of.Backends) == 1 {
				weights = 0
			}
			for i := range of.Backends {
				tier.Backends = append(tier.Backends, backendOf(&of.Backends[i], weights))
				drawn[of.Backends[i].Path] = true
			}
			tiers = append(tiers, tier)
		}
	}
	slices.SortStableFunc(tiers, func(a, b Tier) int { return cmp.Compare(a.Kind, b.Kind) })
	tiers = append(tiers, leftOver(failover, drawn)...)
	for i := range tiers {
		tiers[i].Name = nameOf(tiers[i].Backends)
	}
	return tiers, split
}

// leftOver returns the backends that are in no cluster.
func leftOver(failover check.Failover, drawn map[string]bool) []Tier {
	var tiers []Tier
	for i := range failover.OfRule.Backends {
		backend := &failover.OfRule.Backends[i]
		if drawn[backend.Path] {
			continue
		}
		tier := Tier{Kind: Unused, Which: "in no cluster", Wrong: "gets nothing", Backends: []Thing{backendOf(backend, 0)}}
		if backend.Weight == 0 {
			tier.Which = "weight 0"
		}
		tiers = append(tiers, tier)
	}
	return tiers
}

// backendOf returns a backend; weights are those of its tier, 0 for one that is alone.
func backendOf(backend *envoygateway.Backend, weights uint32) Thing {
	thing := thingOf(backend.Ref)
	thing.backend = backend
	if weights > 0 {
		thing.Facts = append(thing.Facts, fmt.Sprintf("weight %d of %d", backend.Weight, weights))
	}
	switch {
	case backend.Invalid != nil:
		thing.Wrong, thing.Facts = "missing", append(thing.Facts, backend.Invalid.Message)
		if backend.Invalid.Reason != envoygateway.ReasonBackendNotFound {
			thing.Wrong = "refused"
		}
	case backend.Dynamic:
		thing.Facts = append(thing.Facts, "the host that the request names")
	case len(backend.Hosts) == 0:
		thing.Facts = append(thing.Facts, "no host")
	}
	const most = 4
	for i, host := range backend.Hosts {
		if i == most && len(backend.Hosts) > most+1 {
			thing.Facts = append(thing.Facts, fmt.Sprintf("and %d more hosts", len(backend.Hosts)-most))
			break
		}
		thing.Facts = append(thing.Facts, host.String())
	}
	if with := spoken(backend); with != "" {
		thing.Facts = append(thing.Facts, with)
	}
	return thing
}

// spoken says how Envoy speaks to a backend, where that is not plain HTTP/1.1 or TCP.
func spoken(backend *envoygateway.Backend) string {
	var parts []string
	switch backend.Protocol {
	case "HTTP2":
		parts = append(parts, "HTTP/2")
	case "GRPC":
		parts = append(parts, "gRPC")
	}
	if tls := backend.TLS; tls != nil {
		switch {
		case tls.InsecureSkipVerify:
			parts = append(parts, "TLS, not verified")
		case tls.SNI != "":
			parts = append(parts, "TLS to "+tls.SNI)
		default:
			parts = append(parts, "TLS")
		}
	}
	return strings.Join(parts, ", ")
}

// nameOf names backends in short.
func nameOf(backends []Thing) string {
	var names []string
	for _, backend := range backends {
		names = append(names, backend.object.Name)
	}
	return few(names)
}

// few writes the first of a list, and how many more there are.
func few(items []string) string {
	const most = 3
	if len(items) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(items[:most-1], ", "), len(items)-most+1)
	}
	return strings.Join(items, ", ")
}

// place puts each finding at the thing that it is about.
func (v *View) place(failover check.Failover, faults []fault) {
	for _, found := range faults {
		thing, concerned := v.at(failover, found)
		if !concerned {
			continue
		}
		finding := Finding{found.Severity, found.Rule, found.Message}
		if thing == nil {
			v.Others = append(v.Others, finding)
			continue
		}
		thing.Findings = append(thing.Findings, finding)
		if found.Rule == "" && (thing.Wrong == "" || thing.Wrong == wrongIgnored) {
			thing.Wrong = "refused" // by an API server, or by Envoy Gateway
		}
	}
}

// at returns the thing that a finding is about; nil for none of them, and false where it
// is about another failover.
func (v *View) at(failover check.Failover, found fault) (thing *Thing, concerned bool) {
	object := found.object
	if found.isOfSpec {
		if found.Subject != failover.Subject {
			return nil, false
		}
		return v.atField(failover, found)
	}
	if !failover.Has(object, found.Subject) {
		return nil, false
	}
	path := found.Field.String()
	switch object {
	case failover.Route:
		return v.inRoute(failover, path)
	case v.Listener.object:
		return &v.Listener, true
	}
	for i := range v.Policies {
		if v.Policies[i].object == object {
			return &v.Policies[i], true
		}
	}
	for _, backend := range v.backends() {
		if backend.isBehind(object) {
			return backend, true
		}
	}
	return nil, false
}

// inRoute returns what a field of the route is about.
func (v *View) inRoute(failover check.Failover, path string) (*Thing, bool) {
	switch rule := failover.OfRule.Path; {
	case strings.HasPrefix(path, "spec.parentRefs"):
		return &v.Listener, true
	case strings.HasPrefix(path, "spec.rules[") && path != rule && !strings.HasPrefix(path, rule+"."):
		return nil, false
	}
	for _, backend := range v.backends() {
		if ref := backend.backend.Path; path == ref || strings.HasPrefix(path, ref+".") {
			return backend, true
		}
	}
	return &v.Route, true
}

// atField returns what a field of the FailoverSpec is about.
func (v *View) atField(failover check.Failover, found fault) (*Thing, bool) {
	path := found.Field
	if len(path) < 2 || path[0].Name != "spec" {
		return nil, true
	}
	switch path[1].Name {
	case "gateway", "target":
		return &v.Listener, true
	case "policy":
		if len(v.Policies) > 0 {
			return &v.Policies[0], true
		}
	case "active", "passive":
		return v.ofTier(failover, found), true
	case "rules", "grpcRoute", "tlsRoute", "tcpRoute":
		index := slices.IndexFunc(path, func(step document.Step) bool { return step.InBrackets })
		if index > 0 && path[index-1].Name == "rules" && path[index].Name != strconv.Itoa(failover.Rule) {
			return nil, false
		}
	}
	return &v.Route, true
}

// ofTier returns the backend that a field of spec.active or spec.passive is about. The
// backendRefs of each rule are those of the tier that is preferred, and then the others.
func (v *View) ofTier(failover check.Failover, found fault) *Thing {
	index := 0
	if path := found.Field; len(path) > 3 && path[2].Name == "backends" {
		index, _ = strconv.Atoi(path[3].Name)
	}
	preferred := cmp.Or(found.Subject.Field("spec.prefer"), string(v1alpha1.PreferActive))
	if found.Field[1].Name != preferred {
		before := 1
		if list := document.Lookup(found.Subject.Node, "spec."+preferred+".backends"); list != nil {
			before = len(list.Content)
		}
		index += before
	}
	if index < len(failover.OfRule.Backends) {
		for _, backend := range v.backends() {
			if backend.backend.Path == failover.OfRule.Backends[index].Path {
				return backend
			}
		}
	}
	return &v.Route
}

// backends are those of all tiers.
func (v *View) backends() []*Thing {
	var backends []*Thing
	for i := range v.Tiers {
		for j := range v.Tiers[i].Backends {
			backends = append(backends, &v.Tiers[i].Backends[j])
		}
	}
	return backends
}

// isBehind tells that an object is the backend, or makes what is behind it.
func (t *Thing) isBehind(object envoygateway.Object) bool {
	if t.object == object || t.backend.TLS != nil && t.backend.TLS.From.Object == object {
		return true
	}
	return slices.ContainsFunc(t.backend.Hosts, func(host envoygateway.Host) bool {
		return host.Object == object || ptr.Deref(host.Service, envoygateway.Object{}) == object ||
			slices.ContainsFunc(host.PodsFrom, func(from envoygateway.Source) bool { return from.Object == object })
	})
}

// What is wrong with things: with what is most likely in the cluster, and with a policy
// that has no effect.
const (
	notHere      = "not in these files"
	wrongIgnored = "ignored"
)
