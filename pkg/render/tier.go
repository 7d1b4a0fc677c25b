package render

import "github.com/failover-krm/failover/pkg/api/v1alpha1"

// tier is a side of the failover, and its place in it.
type tier struct {
	v1alpha1.Tier
	// component is active or passive.
	component component
	// fallback tells that the tier serves only when those before it do not.
	fallback bool
}

// tiersOf returns the tiers in the order of their priority. The one that serves is so
// the first to be applied: while its change is there and the other is not yet, both
// serve.
func tiersOf(fs *v1alpha1.FailoverSpec) []tier {
	active := tier{Tier: fs.Spec.Active, component: activeComponent}
	passive := tier{Tier: fs.Spec.Passive, component: passiveComponent}
	if fs.Spec.Prefer == v1alpha1.PreferPassive {
		active.fallback = true
		return []tier{passive, active}
	}
	passive.fallback = true
	return []tier{active, passive}
}

// part returns the part that an object of the tier is.
func (t tier) part(suffix Part) Part { return tierPart(t.component, suffix) }
