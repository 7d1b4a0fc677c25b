package check

import (
	"slices"

	"github.com/failover-krm/failover/pkg/envoygateway"
)

// index is what the rules look up for each failover. It is made once for a set, so
// that the time for a failover does not depend on how many others there are.
type index struct {
	// missing has the references of an object to what is not among the manifests.
	missing map[envoygateway.Object][]envoygateway.MissingReference
	// lacksNamespace tells that a Namespace is referred to that is not among them.
	lacksNamespace bool
	// unreadable has, by what they refer to, the policies that do not fit their type.
	unreadable map[envoygateway.Object][]envoygateway.Object
	// referred has the backends of all rules, and besidePrimary those of the rules
	// that have a primary.
	referred, besidePrimary map[envoygateway.Object]bool
	// unused has, by namespace, the names of the fallbacks that no rule refers to.
	unused map[string][]string
	// overridden has the targets of policies on a Gateway that a more specific one
	// takes the place of, by rule.
	overridden map[envoygateway.Source][]overridden
	// targeting has the targets of policies by what they refer to.
	targeting map[envoygateway.Object][]envoygateway.PolicyTarget
}

// overridden is a policy on a Gateway, and the one in its place.
type overridden struct{ policy, gateway, by envoygateway.Object }

func (s *set) newIndex() index {
	i := index{
		missing:    map[envoygateway.Object][]envoygateway.MissingReference{},
		unreadable: map[envoygateway.Object][]envoygateway.Object{},
		referred:   map[envoygateway.Object]bool{}, besidePrimary: map[envoygateway.Object]bool{},
		unused:     map[string][]string{},
		overridden: map[envoygateway.Source][]overridden{},
		targeting:  map[envoygateway.Object][]envoygateway.PolicyTarget{},
	}
	for _, missing := range s.result.Missing {
		i.missing[missing.Object] = append(i.missing[missing.Object], missing)
		i.lacksNamespace = i.lacksNamespace || missing.To.Kind == "Namespace"
	}
	for _, route := range s.result.Routes {
		for _, rule := range route.Rules {
			hasPrimary := slices.ContainsFunc(rule.Backends, func(backend envoygateway.Backend) bool { return !s.isFallback(backend) })
			for _, backend := range rule.Backends {
				i.referred[backend.Ref] = true
				i.besidePrimary[backend.Ref] = i.besidePrimary[backend.Ref] || hasPrimary
			}
		}
	}
	for id, known := range s.decoded {
		switch {
		case id.Kind == "BackendTrafficPolicy" && known.object == nil:
			for _, target := range targetsOf(known) {
				i.unreadable[target] = append(i.unreadable[target], id)
			}
		case id.Kind == "Backend" && !i.referred[id] && s.isFallback(envoygateway.Backend{Ref: id}):
			i.unused[id.Namespace] = append(i.unused[id.Namespace], id.Name)
		}
	}
	for _, names := range i.unused {
		slices.Sort(names)
	}
	for _, policy := range s.result.Policies {
		for _, target := range policy.Targets {
			i.targeting[target.Target] = append(i.targeting[target.Target], target)
			if target.Target.Kind != "Gateway" {
				continue
			}
			for _, override := range target.Overridden {
				i.overridden[override.Rule] = append(i.overridden[override.Rule], overridden{policy.Object, target.Target, override.By.Object})
			}
		}
	}
	return i
}

// targetsOf returns what a policy refers to that does not fit its type.
func targetsOf(policy *decoded) []envoygateway.Object {
	var targets []envoygateway.Object
	references, _ := lookup(policy.Value, "spec", "targetRefs").([]any)
	for _, reference := range slices.Concat(references, []any{lookup(policy.Value, "spec", "targetRef")}) {
		kind, _ := lookup(reference, "kind").(string)
		name, _ := lookup(reference, "name").(string)
		targets = append(targets, envoygateway.Object{Kind: kind, Namespace: policy.id.Namespace, Name: name})
	}
	return targets
}
