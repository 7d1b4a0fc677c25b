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

// tiersOf returns the tiers in the order of their priority.
func tiersOf(fs *v1alpha1.FailoverSpec) []tier {
	return []tier{
		{Tier: fs.Spec.Active, component: activeComponent},
		{Tier: fs.Spec.Passive, component: passiveComponent, fallback: true},
	}
}

// part returns the part that an object of the tier is.
func (t tier) part(suffix Part) Part { return tierPart(t.component, suffix) }
