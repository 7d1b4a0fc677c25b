package check

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"

	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/envoygateway"
)

// namespaceRules are about what goes together, and is not in one namespace.
var namespaceRules = []Rule{
	{
		ID: "implicit-namespace", Severity: diagnostic.Warning,
		Summary: "An object of a failover has no namespace, and the objects that belong to it have one.",
		Explanation: "An object without a namespace gets the namespace of the user who applies it, such as the one of a kubeconfig's context. In another namespace than the others, the reference to it finds nothing: " +
			"a backend's share of the requests is answered 500, and a policy has no effect. `failover check` assumes the namespace default.",
		Fix:        "Write metadata.namespace into every object.",
		ofFailover: implicitNamespace,
	},
}

// names has objects without regard to their namespaces.
type names struct {
	// objects by kind and name, in the order of their namespaces.
	objects map[envoygateway.Object][]*decoded
	// misplaced are the targets of policies that are not there, by kind and name.
	misplaced map[envoygateway.Object][]envoygateway.PolicyTarget
}

func (s *set) newNames() names {
	n := names{objects: map[envoygateway.Object][]*decoded{}, misplaced: map[envoygateway.Object][]envoygateway.PolicyTarget{}}
	for id, known := range s.decoded {
		n.objects[anywhere(id)] = append(n.objects[anywhere(id)], known)
	}
	for _, objects := range n.objects {
		slices.SortFunc(objects, func(a, b *decoded) int { return cmp.Compare(a.id.Namespace, b.id.Namespace) })
	}
	for _, policy := range s.result.Policies {
		for _, target := range policy.Targets {
			isMissing := target.Ignored != nil && target.Ignored.Reason == envoygateway.ReasonTargetNotInManifests && s.decoded[target.Target] == nil
			if isMissing && target.SectionName == "" {
				n.misplaced[anywhere(target.Target)] = append(n.misplaced[anywhere(target.Target)], target)
			}
		}
	}
	return n
}

// anywhere is an object's kind and name.
func anywhere(id envoygateway.Object) envoygateway.Object {
	return envoygateway.Object{Kind: id.Kind, Name: id.Name}
}

// implicitNamespace is about references that would resolve if an object had the namespace
// of the other.
func implicitNamespace(f *failover) []finding {
	var findings []finding
	found := func(object envoygateway.Object, why, namespace string) {
		findings = append(findings, finding{
			source: envoygateway.Source{Object: object, Path: "metadata"},
			reason: fmt.Sprintf("no namespace, so %s is assumed, and %s %s", object.Namespace, why, namespace), advice: "write namespace: " + namespace,
		})
	}
	route := f.decoded[f.route.Object]
	for _, reference := range f.index.missing[route.id] {
		if !strings.HasPrefix(reference.Path, "spec.parentRefs") && !isWithin(reference.Path, f.rule.Path) {
			continue
		}
		to := reference.To
		if object := f.withoutNamespace(to); object != nil && object.id != to {
			found(object.id, fmt.Sprintf("%s looks for it in", route.id), to.Namespace)
		}
		if other := f.inOtherNamespace(to); other != nil && route.isImplicit() && to.Namespace == route.id.Namespace {
			found(route.id, fmt.Sprintf("%s is in", other), other.Namespace)
		}
	}
	policy, _ := f.meantPolicy()
	switch {
	case policy == nil:
	case policy.isImplicit():
		found(policy.id, fmt.Sprintf("%s is in", route.id), route.id.Namespace)
	case route.isImplicit():
		found(route.id, fmt.Sprintf("%s is in", policy.id), policy.id.Namespace)
	}
	return findings
}

// isImplicit tells that an object has no namespace, though its kind has one.
func (d *decoded) isImplicit() bool {
	return d.id.Namespace != "" && d.givenNamespace() == ""
}

// withoutNamespace returns the object of a kind and name that has no namespace, or nil.
func (s *set) withoutNamespace(wanted envoygateway.Object) *decoded {
	for _, known := range s.names.objects[anywhere(wanted)] {
		if known.isImplicit() {
			return known // there is one at most: all of them get the same namespace
		}
	}
	return nil
}

// inOtherNamespace returns the first object of a kind and name with a namespace of its
// own, or nil.
func (s *set) inOtherNamespace(wanted envoygateway.Object) *envoygateway.Object {
	for _, known := range s.names.objects[anywhere(wanted)] {
		if known.id.Namespace != wanted.Namespace && !known.isImplicit() {
			return &known.id
		}
	}
	return nil
}

// meantPolicy returns the policy, and its target, that would be in effect if it were in
// the namespace of the route; nil where one is in effect, or there is none such.
func (f *failover) meantPolicy() (*decoded, envoygateway.Source) {
	if f.at == nil || f.at.ClusterPolicy.Spec != nil {
		return nil, envoygateway.Source{}
	}
	misplaced := f.names.misplaced[anywhere(f.route.Object)]
	if len(misplaced) == 0 {
		return nil, envoygateway.Source{}
	}
	return f.decoded[misplaced[0].Object], misplaced[0].Source
}

// underMeantPolicy returns the failover as it would be with that policy, or nil.
func (f *failover) underMeantPolicy() *failover {
	policy, from := f.meantPolicy()
	if policy == nil {
		return nil
	}
	object, isPolicy := policy.object.(*egv1a1.BackendTrafficPolicy)
	if !isPolicy {
		return nil
	}
	effect := envoygateway.PolicyInEffect{Spec: &object.Spec, From: []envoygateway.PolicyLayer{{Source: from, Spec: &object.Spec}}}
	under, at := *f, *f.at
	at.Policy, at.ClusterPolicy = effect, effect
	under.at, under.asked = &at, newAsked()
	return &under
}
