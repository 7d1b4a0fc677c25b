package envoygateway

import (
	"fmt"
	"strings"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/ptr"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// policies are the BackendTrafficPolicies by what they are attached to. Each target
// takes the oldest policy that names it
// (internal/gatewayapi/backendtrafficpolicy.go).
type policies struct {
	t        *translator
	all      []*Policy
	attached map[attachPoint]*attachedPolicy
}

// attachPoint is a Gateway or route, or a listener or rule of one.
type attachPoint struct {
	object  Object
	section string
}

// attachedPolicy is a policy and the target by which it is attached.
type attachedPolicy struct {
	object *egv1a1.BackendTrafficPolicy
	target *PolicyTarget
}

func (a *attachedPolicy) layer() PolicyLayer {
	return PolicyLayer{Source: a.target.Source, Spec: &a.object.Spec}
}

func (t *translator) attachPolicies(routes []*route) *policies {
	p := &policies{t: t, attached: map[attachPoint]*attachedPolicy{}}
	known := map[Object]*route{}
	for _, r := range routes {
		known[r.id] = r
	}
	for _, object := range byAge(t.manifests.BackendTrafficPolicies) {
		policy := &Policy{Object: objectOf(kindBackendTrafficPolicy, object), Targets: t.targetsOf(object, routes)}
		p.all = append(p.all, policy)
		for i := range policy.Targets {
			p.attach(&attachedPolicy{object: object, target: &policy.Targets[i]}, known)
		}
	}
	return p
}

// targetsOf returns what a policy names, and what its selectors find.
func (t *translator) targetsOf(object *egv1a1.BackendTrafficPolicy, routes []*route) []PolicyTarget {
	policy := objectOf(kindBackendTrafficPolicy, object)
	var targets []PolicyTarget
	name := func(path string, reference gwapiv1.LocalPolicyTargetReferenceWithSectionName) {
		targets = append(targets, PolicyTarget{
			Source:      Source{Object: policy, Path: path},
			Target:      Object{Kind: string(reference.Kind), Namespace: object.Namespace, Name: string(reference.Name)},
			SectionName: string(ptr.Deref(reference.SectionName, "")),
		})
	}
	for i, selector := range object.Spec.TargetSelectors {
		source := Source{Object: policy, Path: at("spec.targetSelectors", i)}
		for _, r := range routes {
			if t.selects(policy, selector, r.id.Kind, r.object, source) {
				targets = append(targets, PolicyTarget{Source: source, Target: r.id})
			}
		}
		for _, g := range t.gateways {
			if t.selects(policy, selector, kindGateway, g.object, source) {
				targets = append(targets, PolicyTarget{Source: source, Target: g.id()})
			}
		}
	}
	if deprecated := object.Spec.TargetRef; deprecated != nil { //nolint:staticcheck // people still write it
		name("spec.targetRef", *deprecated)
		return withoutDuplicates(targets)
	}
	for i, reference := range object.Spec.TargetRefs {
		name(at("spec.targetRefs", i), reference)
	}
	return withoutDuplicates(targets)
}

// withoutDuplicates drops a target that an earlier selector or reference has.
func withoutDuplicates(targets []PolicyTarget) []PolicyTarget {
	seen := map[attachPoint]bool{}
	var unique []PolicyTarget
	for _, target := range targets {
		if point := (attachPoint{target.Target, target.SectionName}); !seen[point] {
			seen[point] = true
			unique = append(unique, target)
		}
	}
	return unique
}

// selects tells whether a targetSelector finds an object
// (resolvePolicyTargetsFromSelectors in internal/gatewayapi/helpers.go).
func (t *translator) selects(policy Object, selector egv1a1.TargetSelector, kind string, object metav1.Object, from Source) bool {
	group := string(ptr.Deref(selector.Group, gwapiv1.GroupName))
	if string(selector.Kind) != kind || group != gwapiv1.GroupName || !t.selectsNamespace(policy, selector, object.GetNamespace(), from) {
		return false
	}
	selected, err := metav1.LabelSelectorAsSelector(&metav1.LabelSelector{MatchLabels: selector.MatchLabels, MatchExpressions: selector.MatchExpressions})
	return err == nil && selected.Matches(labels.Set(object.GetLabels())) &&
		t.isPermitted(egv1a1.GroupName, kindBackendTrafficPolicy, policy.Namespace, gwapiv1.GroupName, objectOf(kind, object))
}

func (t *translator) selectsNamespace(policy Object, selector egv1a1.TargetSelector, namespace string, from Source) bool {
	if selector.Namespaces == nil {
		return namespace == policy.Namespace
	}
	switch selector.Namespaces.From {
	case egv1a1.TargetNamespaceFromAll:
		return true
	case egv1a1.TargetNamespaceFromSelector:
		selected, err := metav1.LabelSelectorAsSelector(selector.Namespaces.Selector)
		return err == nil && selected.Matches(t.namespaceLabels(namespace, from))
	default:
		return namespace == policy.Namespace
	}
}

// attach attaches a policy to one of its targets, if it can.
func (p *policies) attach(a *attachedPolicy, known map[Object]*route) {
	target := a.target
	ignore := func(reason Reason, format string, values ...any) {
		target.Ignored = &Cause{Source: target.Source, Reason: reason, Message: fmt.Sprintf(format, values...)}
	}
	if target.Target.Kind == kindGateway {
		p.checkGateway(target, ignore)
	} else {
		p.checkRoute(target, known[target.Target], ignore)
	}
	point := attachPoint{target.Target, target.SectionName}
	if other := p.attached[point]; target.Ignored == nil && other != nil {
		ignore(ReasonConflicted, "%s is attached to %s already", other.target.Object, nameOf(point))
	}
	if target.Ignored != nil {
		return
	}
	target.Attached = true
	p.attached[point] = a
}

func nameOf(point attachPoint) string {
	if point.section == "" {
		return point.object.String()
	}
	return point.object.String() + ", section " + point.section
}

func (p *policies) checkGateway(target *PolicyTarget, ignore func(Reason, string, ...any)) {
	if g, found := p.t.ours[target.Target]; found {
		if target.SectionName != "" && !g.has(target.SectionName) {
			ignore(ReasonTargetNotFound, "%s has no listener %s", target.Target, target.SectionName)
		}
		return
	}
	if _, found := p.t.others[target.Target]; found {
		ignore(ReasonTargetOfOtherController, "%s is another controller's", target.Target)
		return
	}
	p.t.lacks(target.Source, target.Target)
	if target.SectionName != "" {
		ignore(ReasonTargetNotInManifests, "%s is not among the manifests", target.Target)
	}
}

func (g *gateway) has(listenerName string) bool {
	for _, l := range g.listeners {
		if l.name == listenerName {
			return true
		}
	}
	return false
}

func (p *policies) checkRoute(target *PolicyTarget, r *route, ignore func(Reason, string, ...any)) {
	switch {
	case r == nil && unread[schema.GroupKind{Group: gwapiv1.GroupName, Kind: target.Target.Kind}]:
		ignore(ReasonNotRead, "%s is not read", target.Target)
	case r == nil:
		p.t.lacks(target.Source, target.Target)
		ignore(ReasonTargetNotInManifests, "%s is not among the manifests", target.Target)
	case !r.isRelevant():
		ignore(ReasonTargetOfOtherController, "%s has no parent that is Envoy Gateway's", target.Target)
	case target.SectionName != "" && !r.has(target.SectionName):
		ignore(ReasonTargetNotFound, "%s has no rule of the name %s", target.Target, target.SectionName)
	}
}

func (r *route) has(ruleName string) bool {
	for _, rule := range r.rules {
		if rule.name == ruleName {
			return true
		}
	}
	return false
}

// report returns what became of each policy.
func (p *policies) report() []Policy {
	var report []Policy
	for _, policy := range p.all {
		report = append(report, *policy)
	}
	return report
}

// candidates are the policies for a rule on a listener, the most specific first.
// The first two may merge with the first of the others.
func (p *policies) candidates(r *route, rule *rule, l *listener) (own, parents []*attachedPolicy) {
	if rule.name != "" && r.id.Kind != kindTLSRoute {
		own = appendPolicy(own, p.attached[attachPoint{r.id, rule.name}])
	}
	own = appendPolicy(own, p.attached[attachPoint{r.id, ""}])
	if l.name != "" {
		parents = appendPolicy(parents, p.attached[attachPoint{l.gateway.id(), l.name}])
	}
	return own, appendPolicy(parents, p.attached[attachPoint{l.gateway.id(), ""}])
}

func appendPolicy(list []*attachedPolicy, policy *attachedPolicy) []*attachedPolicy {
	if policy == nil {
		return list
	}
	return append(list, policy)
}

// inEffect returns the policy for the requests of a rule on a listener: the most
// specific one, whole, merged with its parent where it asks for that. Each policy
// on the way that Envoy Gateway refuses is a cause for answering 500.
func (p *policies) inEffect(r *route, rule *rule, l *listener) (PolicyInEffect, []Cause) {
	own, parents := p.candidates(r, rule, l)
	if !r.isHTTP() {
		return p.layered(own, parents), nil
	}
	var causes []Cause
	candidates := append(append([]*attachedPolicy{}, own...), parents...)
	for i, candidate := range candidates {
		merged, layers, err := candidate.object, []PolicyLayer{candidate.layer()}, error(nil)
		if i < len(own) && candidate.object.Spec.MergeType != nil && len(parents) > 0 {
			merged, err = merge(parents[0].object, candidate.object)
			layers = append(layers, parents[0].layer())
		}
		refusals := p.refusals(merged, err)
		if len(refusals) > 0 {
			causes = append(causes, Cause{Source: candidate.target.Source, Reason: ReasonPolicyInvalid, Message: strings.Join(refusals, "; ")})
			continue
		}
		override(candidates[i+1:], rule, layers)
		return PolicyInEffect{Spec: &merged.Spec, From: layers}, causes
	}
	return PolicyInEffect{}, causes
}

// refusals returns why Envoy Gateway answers 500 under a policy.
func (p *policies) refusals(policy *egv1a1.BackendTrafficPolicy, err error) []string {
	if err != nil {
		return []string{err.Error()}
	}
	var refusals []string
	for _, refusal := range Validate(p.t.options.EnvoyGateway, policy) {
		if refusal.Consequence == DirectResponse500 {
			refusals = append(refusals, refusal.Err.Error())
		}
	}
	return refusals
}

// override notes, at each policy that another one takes the place of, for which
// rule it does.
func override(losers []*attachedPolicy, rule *rule, winners []PolicyLayer) {
	for _, loser := range losers {
		if len(winners) > 1 && winners[1].Object == objectOf(kindBackendTrafficPolicy, loser.object) {
			continue
		}
		noted := Override{Rule: rule.source, By: winners[0].Source}
		if last := len(loser.target.Overridden) - 1; last >= 0 && loser.target.Overridden[last] == noted {
			continue
		}
		loser.target.Overridden = append(loser.target.Overridden, noted)
	}
}

// layered returns the policy for the connections of a TCPRoute or TLSRoute: each
// field comes from the most specific policy that has it, mergeType or not.
func (p *policies) layered(own, parents []*attachedPolicy) PolicyInEffect {
	var result PolicyInEffect
	for i, candidate := range append(append([]*attachedPolicy{}, own...), parents...) {
		spec := &candidate.object.Spec
		if i < len(own) && spec.MergeType != nil && len(parents) > 0 {
			if merged, err := merge(parents[0].object, candidate.object); err == nil {
				spec = &merged.Spec
			}
		}
		if result.Spec == nil {
			result.Spec = &egv1a1.BackendTrafficPolicySpec{}
		}
		setIfNil(&result.Spec.LoadBalancer, spec.LoadBalancer)
		setIfNil(&result.Spec.ProxyProtocol, spec.ProxyProtocol)
		setIfNil(&result.Spec.HealthCheck, spec.HealthCheck)
		setIfNil(&result.Spec.CircuitBreaker, spec.CircuitBreaker)
		setIfNil(&result.Spec.TCPKeepalive, spec.TCPKeepalive)
		setIfNil(&result.Spec.Timeout, spec.Timeout)
		setIfNil(&result.Spec.DNS, spec.DNS)
		setIfNil(&result.Spec.RoutingType, spec.RoutingType)
		if i < len(own) {
			setIfNil(&result.Spec.Connection, spec.Connection)
		}
		result.From = append(result.From, candidate.layer())
	}
	return result
}

func setIfNil[T any](field **T, value *T) {
	if *field == nil {
		*field = value
	}
}
