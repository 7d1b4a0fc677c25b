package render

import "github.com/failover-krm/failover/pkg/api/v1alpha1"

// tierBackend is a backend, and its place in the failover.
type tierBackend struct {
	v1alpha1.TierBackend
	// component is that of its tier: active or passive.
	component component
	// fallback tells that the tier serves only when those before it do not.
	fallback bool
}

// backendsOf returns the backends of all tiers, in the order of their priority. Those
// that serve are so the first to be applied: while their change is there and that of
// the others is not yet, both tiers serve.
func backendsOf(fs *v1alpha1.FailoverSpec) []tierBackend {
	var serving, standby []tierBackend
	for _, of := range fs.AllBackends() {
		isPassive := of.Tier == v1alpha1.TierPassive
		made := tierBackend{TierBackend: of, component: component(of.Tier), fallback: isPassive != (fs.Spec.Prefer == v1alpha1.PreferPassive)}
		if made.fallback {
			standby = append(standby, made)
		} else {
			serving = append(serving, made)
		}
	}
	return append(serving, standby...)
}

// part returns the part that an object of the backend is.
func (b tierBackend) part(suffix Part) Part { return tierPart(b.component, suffix, b.Number) }
