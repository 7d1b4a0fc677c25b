package check

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	"k8s.io/utils/ptr"

	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/envoygateway"
	"github.com/failover-krm/failover/pkg/simulate"
	"github.com/failover-krm/failover/pkg/target"
)

// Verdict is whether a failover fails over.
type Verdict string

// The verdicts.
const (
	// Yes is for one whose traffic goes to the next tier when one is down.
	Yes Verdict = "yes"
	// No is for one whose traffic stays, or is split.
	No Verdict = "no"
	// Unknown is for one that depends on what is not among the manifests.
	Unknown Verdict = "unknown"
)

// Failover is a rule of a route that is meant to fail over.
type Failover struct {
	// Route is its object, and Rule the rule's index.
	Route envoygateway.Object
	Rule  int
	// Subject is the document that the route is in, or is rendered from, and Position
	// where the rule stands in it.
	Subject  *diagnostic.Subject
	Position document.Position
	// Target is what is to run it; empty where nobody says.
	Target  target.Target
	Verdict Verdict
	// Severity is that of the finding that decides the verdict; information where there
	// is none.
	Severity diagnostic.Severity
	// Reason is how it fails over, or why not, or what is not known.
	Reason string
	// Clusters are those that requests go to, on the first listener that serves the
	// rule: one, with its tiers, or several that share the requests by weight. There is
	// none where the rule is not served.
	Clusters []envoygateway.Cluster
	// OfRule is the rule itself, At the first listener that serves it (nil where none
	// does), and EnvoyGateway the version that makes it so.
	OfRule       *envoygateway.Rule
	At           *envoygateway.Attachment
	EnvoyGateway string
	// Alike are the other listeners that serve it in the same way as At, where Distinct
	// returned it.
	Alike []envoygateway.Attachment
	// Absent tells that the cluster does not take the route, or its Gateway, so that no
	// request comes in.
	Absent bool
	// NotHere are the backends that do not resolve for want of an object that may be in the
	// cluster: the backend itself, or a ReferenceGrant. While there are any, nobody knows
	// what the clusters are. Under Options.Complete they are only those of a kind that is not
	// read.
	NotHere []envoygateway.Object
	// Parents are those of the route, and Ignored the targets of policies that are meant
	// for it or its Gateways, and have no effect on the rule.
	Parents []envoygateway.Parent
	Ignored []IgnoredPolicy

	// on is the listener that it is named by, where not all serve it in the same way.
	on        string
	simulator *simulate.Simulator
	decoded   map[envoygateway.Object]*decoded
}

// Has tells whether an object of the failover is from a document. Where objects of one
// name are in several directories, each failover has its own.
func (f Failover) Has(object envoygateway.Object, from *diagnostic.Subject) bool {
	known := f.decoded[object]
	return known != nil && known.Subject == from
}

// String writes the verdict and the cost of an outage in one line.
func (f Failover) String() string {
	text := fmt.Sprintf("%s: fails over: %s: %s", f.Name(), f.Verdict, diagnostic.Printable(f.Reason))
	if cost := f.Cost(); cost != nil {
		text += "; " + cost.String()
	}
	return text
}

// Name names the rule of the route.
func (f Failover) Name() string {
	return diagnostic.Printable(fmt.Sprintf("%s/%s (%s, rule %d%s)", f.Route.Namespace, f.Route.Name, f.Route.Kind, f.Rule, f.on))
}

// Distinct returns the failover as its listeners serve it: once for all that serve it in the
// same way, under the same policies, in the order of their Gateways and names.
func (f Failover) Distinct() []Failover {
	if f.At == nil {
		return []Failover{f}
	}
	var distinct []Failover
	attachments := slices.Clone(f.OfRule.Attachments)
	slices.SortStableFunc(attachments, func(a, b envoygateway.Attachment) int {
		return cmp.Or(a.Gateway.Compare(b.Gateway), cmp.Compare(a.Listener, b.Listener))
	})
	for i := range attachments {
		at := &attachments[i]
		same := slices.IndexFunc(distinct, func(other Failover) bool { return isServedAlike(at, other.At) })
		if same >= 0 {
			distinct[same].Alike = append(distinct[same].Alike, *at)
			continue
		}
		on := f
		on.At, on.Clusters, on.Alike = at, at.Clusters, nil
		distinct = append(distinct, on)
	}
	if len(distinct) > 1 {
		for i := range distinct {
			distinct[i].on = fmt.Sprintf(", on %s %s", distinct[i].At.Gateway, distinct[i].At.Listener)
		}
	}
	return distinct
}

// isServedAlike tells that two listeners send requests to the same hosts, under the same
// policies.
func isServedAlike(a, b *envoygateway.Attachment) bool {
	return reflect.DeepEqual(a.Clusters, b.Clusters) && a.Outcome == b.Outcome && a.Status == b.Status && a.Terminates == b.Terminates &&
		reflect.DeepEqual(a.Policy.Spec, b.Policy.Spec) && reflect.DeepEqual(a.ClusterPolicy.Spec, b.ClusterPolicy.Spec)
}

// Served is what of it is simulated.
func (f Failover) Served() simulate.Served {
	served := simulate.Served{Name: f.Name(), Kind: f.Route.Kind, Rule: f.OfRule, At: f.At, EnvoyGateway: f.EnvoyGateway}
	if f.Absent {
		served.At = nil
	}
	for _, backend := range f.NotHere {
		served.NotHere = append(served.NotHere, backend.String())
	}
	return served
}

// failover is a rule of a route on a listener, for the rules to look at.
type failover struct {
	*set
	route *envoygateway.Route
	rule  *envoygateway.Rule
	// number is the index of the rule in its route.
	number int
	// at is where the rule is served; nil where it is served nowhere.
	at    *envoygateway.Attachment
	asked asked
}

// failoverOf returns a rule that is meant to fail over: one of its backends is
// a fallback, or is called what a standby is called next to one that is called as
// what it stands by for. It is nil for any other rule.
func (s *set) failoverOf(route *envoygateway.Route, rule *envoygateway.Rule) *failover {
	f := &failover{set: s, route: route, rule: rule, asked: newAsked()}
	if s.isOfOtherController(route) || f.isAnswered() {
		return nil
	}
	fallbacks := 0
	for _, backend := range rule.Backends {
		if s.isFallback(backend) {
			fallbacks++
		}
	}
	switch {
	case fallbacks == 0 && !looksLikeFailover(rule.Backends) && !s.misspellsFallback(rule.Backends):
		return nil
	case fallbacks == len(rule.Backends) && s.hasPrimaryElsewhere(rule):
		return nil // such as a path that shows only the passive tier
	}
	return f
}

// misspellsFallback tells whether a backend that is not there is called nearly as
// a fallback is.
func (s *set) misspellsFallback(backends []envoygateway.Backend) bool {
	return len(backends) > 1 && slices.ContainsFunc(backends, func(backend envoygateway.Backend) bool { return s.likelyFallback(backend.Ref) != "" })
}

// likelyFallback returns the name of the fallback that was most likely meant by
// a Backend that is not there: one that no route refers to. It may be nothing.
func (s *set) likelyFallback(missing envoygateway.Object) string {
	if missing.Kind != "Backend" || s.decoded[missing] != nil {
		return ""
	}
	return document.Suggest(missing.Name, s.index.unused[missing.Namespace])
}

// isAnswered tells that Envoy is asked to answer the rule's requests itself.
func (f *failover) isAnswered() bool {
	for _, attachment := range f.rule.Attachments {
		for _, cause := range attachment.Causes {
			if cause.Reason == envoygateway.ReasonDirectResponse || cause.Reason == envoygateway.ReasonRequestRedirect {
				return true
			}
		}
	}
	return false
}

func (s *set) isOfOtherController(route *envoygateway.Route) bool {
	return len(route.Parents) > 0 && !slices.ContainsFunc(route.Parents, func(parent envoygateway.Parent) bool { return !isAnothers(parent) })
}

// isAnothers tells that a parent is none of Envoy Gateway's.
func isAnothers(parent envoygateway.Parent) bool {
	return parent.Reason == envoygateway.ReasonOtherController || parent.Reason == envoygateway.ReasonUnsupportedParent
}

// isFallback tells whether a backend is a fallback, even where the reference to it
// does not resolve.
func (s *set) isFallback(backend envoygateway.Backend) bool {
	if known := s.decoded[backend.Ref]; known != nil {
		if object, isBackend := known.object.(*egv1a1.Backend); isBackend {
			return ptr.Deref(object.Spec.Fallback, false)
		}
	}
	return backend.Fallback
}

// hasPrimaryElsewhere tells whether every backend of a rule is together with a primary in
// another one.
func (s *set) hasPrimaryElsewhere(rule *envoygateway.Rule) bool {
	return !slices.ContainsFunc(rule.Backends, func(backend envoygateway.Backend) bool { return !s.index.besidePrimary[backend.Ref] })
}

var (
	primaryWords = []string{"active", "primary", "main"}
	standbyWords = []string{"passive", "standby", "secondary", "fallback", "failover", "backup", "dr"}
)

// looksLikeFailover tells whether the names of backends are those of a failover: one
// of each kind of word, or a word of the standby added to the name of another.
func looksLikeFailover(backends []envoygateway.Backend) bool {
	names, primary, standby := map[string]bool{}, false, false
	for _, backend := range backends {
		names[backend.Ref.Name] = true
		words := strings.Split(backend.Ref.Name, "-")
		primary = primary || slices.ContainsFunc(words, func(word string) bool { return slices.Contains(primaryWords, word) })
		standby = standby || slices.ContainsFunc(words, func(word string) bool { return slices.Contains(standbyWords, word) })
	}
	if primary && standby {
		return true
	}
	for name := range names {
		for _, word := range standbyWords {
			if rest, found := strings.CutSuffix(name, "-"+word); found && names[rest] {
				return true
			}
		}
	}
	return false
}

// check applies the rules to a failover, wherever it is served, and gives the
// verdict.
func (f *failover) check(report *Report, index int) Failover {
	f.number = index
	served := make([]*failover, 0, len(f.rule.Attachments))
	for i := range f.rule.Attachments {
		on := *f
		on.at, on.asked = &f.rule.Attachments[i], newAsked()
		served = append(served, &on)
	}
	if len(served) == 0 {
		served = append(served, f)
	}
	first := served[0]
	slices.SortStableFunc(served, func(a, b *failover) int { // whatever the order of the parentRefs
		if a.at == nil {
			return 0
		}
		return cmp.Or(a.at.Gateway.Compare(b.at.Gateway), cmp.Compare(a.at.Listener, b.at.Listener))
	})
	route := f.decoded[f.route.Object]
	result := Failover{Route: f.route.Object, Rule: index, Subject: route.Subject, Position: route.position(document.ParsePath(f.rule.Path))}
	result.OfRule, result.At, result.EnvoyGateway, result.simulator, result.decoded = f.rule, first.at, f.version, f.Simulator, f.decoded
	result.Parents, result.Ignored = f.route.Parents, first.ignoredPolicies()
	result.Absent = f.isRefused(f.route.Object)
	if result.At != nil {
		result.Clusters = result.At.Clusters
		result.Absent = result.Absent || f.isRefused(result.At.Gateway)
	}
	result.NotHere = f.notHere()
	doubts := doubts{no: f.refused(), severity: diagnostic.Info}
	for _, on := range served {
		for _, rule := range Rules() {
			if rule.ofFailover == nil {
				continue
			}
			for _, found := range rule.ofFailover(on) {
				f.report(report, rule, found, f.route.Object)
				doubts.add(found, found.severityUnder(rule, f.Options))
			}
		}
		on.checkMeantPolicy(report)
		doubts.unknown = cmp.Or(doubts.unknown, on.serviceUnknown())
		if cmp.Or(doubts.no, doubts.unknown, doubts.unread) == "" && !on.hasTiers() {
			doubts.no = "its backends are not in tiers of one cluster"
		}
	}
	result.Verdict, result.Severity, result.Reason = doubts.verdict(f.Complete)
	if result.Verdict == Yes {
		result.Reason = served[0].describe()
	}
	return result
}

// doubts are the reasons not to say that a failover fails over, the first of each kind.
type doubts struct {
	// no is why it does not.
	no string
	// unknown is what is not among the manifests, and severity that of its finding.
	unknown  string
	severity diagnostic.Severity
	// unread is what is of a kind that is not read.
	unread string
}

func (d *doubts) add(found finding, severity diagnostic.Severity) {
	if severity == diagnostic.Error {
		d.no = cmp.Or(d.no, found.reason)
	}
	switch {
	case found.isUnread:
		d.unread = cmp.Or(d.unread, found.reason)
	case found.unknown && d.unknown == "":
		d.unknown, d.severity = found.reason, severity
	}
}

// verdict returns the one that follows, and the reason for it where it is not Yes.
func (d *doubts) verdict(isComplete bool) (Verdict, diagnostic.Severity, string) {
	switch {
	case d.no != "":
		return No, diagnostic.Error, d.no
	case d.unknown != "" && isComplete:
		return No, diagnostic.Error, d.unknown
	case d.unread != "":
		return Unknown, diagnostic.Info, d.unread
	case d.unknown != "":
		return Unknown, d.severity, d.unknown
	default:
		return Yes, diagnostic.Info, ""
	}
}

// notHere returns the backends that may resolve in the cluster.
func (f *failover) notHere() []envoygateway.Object {
	var objects []envoygateway.Object
	for _, backend := range f.rule.Backends {
		switch {
		case backend.Invalid == nil || backend.Weight == 0 || slices.Contains(objects, backend.Ref):
		case backend.IsUnread():
			objects = append(objects, backend.Ref)
		case f.Complete:
		case backend.Invalid.Reason == envoygateway.ReasonRefNotPermitted, backend.Invalid.Reason == envoygateway.ReasonBackendNotFound && f.decoded[backend.Ref] == nil:
			objects = append(objects, backend.Ref)
		}
	}
	return objects
}

// checkMeantPolicy says what else is wrong with a policy that misses the route for its
// namespace. Without it the verdict is given already.
func (f *failover) checkMeantPolicy(report *Report) {
	under := f.underMeantPolicy()
	if under == nil {
		return
	}
	for _, rule := range slices.Concat(ejectionRules, retryRules, timeoutRules) {
		for _, found := range rule.ofFailover(under) {
			found.unknown, found.likely = true, cmp.Or(found.severity, rule.Severity) != diagnostic.Info
			f.report(report, rule, found, f.route.Object)
		}
	}
}

// refused returns which of the failover's objects the cluster does not take.
func (f *failover) refused() string {
	involved := []envoygateway.Object{f.route.Object}
	for _, backend := range f.rule.Backends {
		involved = append(involved, backend.Ref)
	}
	for _, attachment := range f.rule.Attachments {
		involved = append(involved, attachment.Gateway)
		for _, layer := range slices.Concat(attachment.Policy.From, attachment.ClusterPolicy.From) {
			involved = append(involved, layer.Object)
		}
	}
	for _, id := range involved {
		if f.isRefused(id) {
			return id.String() + " is refused, see its errors"
		}
	}
	if policy := f.unreadablePolicy(); policy != "" {
		return policy + " is refused, see its errors"
	}
	return ""
}

// isRefused tells that the cluster does not take an object.
func (s *set) isRefused(id envoygateway.Object) bool {
	known := s.decoded[id]
	return known != nil && known.Refused
}

// unreadablePolicy returns a policy that names the route or its Gateway, and that does
// not fit its type: it would be in effect if it did.
func (f *failover) unreadablePolicy() string {
	policies := f.unreadablePolicies()
	if len(policies) == 0 {
		return ""
	}
	return policies[0].String()
}

// unreadablePolicies returns all of them.
func (f *failover) unreadablePolicies() []envoygateway.Object {
	policies := slices.Clone(f.index.unreadable[f.route.Object])
	for _, parent := range f.route.Parents {
		policies = append(policies, f.index.unreadable[parent.Gateway]...)
	}
	slices.SortFunc(policies, envoygateway.Object.Compare)
	return slices.Compact(policies)
}

// serviceUnknown returns which Service behind a hostname is not among the manifests;
// fqdn-without-service says so at the hostname.
func (f *failover) serviceUnknown() string {
	for _, backend := range f.rule.Backends {
		for _, missing := range f.index.missing[backend.Ref] {
			if missing.To.Kind == "Service" && missing.Object.Kind == "Backend" {
				return missing.To.String() + " is not in these files"
			}
		}
	}
	return ""
}

// cluster returns the one cluster of the failover, or nil.
func (f *failover) cluster() *envoygateway.Cluster {
	if f.at == nil || f.at.Outcome != envoygateway.OutcomeCluster || len(f.at.Clusters) != 1 {
		return nil
	}
	return &f.at.Clusters[0]
}

// hasTiers tells whether there is a tier to fail over to.
func (f *failover) hasTiers() bool {
	cluster := f.cluster()
	return cluster != nil && len(cluster.Tiers) > 1
}

// describe says how the traffic leaves a tier.
func (f *failover) describe() string {
	var tiers, means []string
	for _, tier := range f.cluster().Tiers {
		var names []string
		for _, backend := range tier.Backends {
			names = append(names, backend.Ref.Name)
		}
		tiers = append(tiers, strings.Join(names, " and "))
	}
	if f.activeCheck() != nil {
		means = append(means, "an active health check")
	}
	if f.ejects() {
		means = append(means, "ejection")
	}
	if f.retryLeavesTier() {
		means = append(means, "a retry that leaves the tier")
	}
	return fmt.Sprintf("from %s, by %s", strings.Join(tiers, " to "), enumerate(means))
}

// enumerate writes a list as a sentence does.
func enumerate(items []string) string {
	last := len(items) - 1
	if last < 1 {
		return strings.Join(items, "")
	}
	return strings.Join(items[:last], ", ") + " and " + items[last]
}
