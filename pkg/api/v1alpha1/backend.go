package v1alpha1

import (
	"fmt"
	"strconv"
)

// The names of the tiers, as fields of a spec and as labels have them.
const (
	TierActive  = "active"
	TierPassive = "passive"
)

// MaxBackends is how many a rule of Gateway API has at most, and so both tiers
// together.
const MaxBackends = 16

// TierBackend is a backend at its place in a failover.
type TierBackend struct {
	*Backend
	// Tier is TierActive or TierPassive.
	Tier string
	// Number of the backend in the list of its tier, from 1; 0 where the tier has no
	// list, and is its one backend.
	Number int
	// Weight among the backends of the tier; nil where the tier has no list.
	Weight *int32
}

// Path is the field of the spec that says what the backend is.
func (b TierBackend) Path() string { return BackendPath(b.Tier, b.Number) }

// BackendPath is the field of a spec that has the backend of a number, as TierBackend
// counts.
func BackendPath(tier string, number int) string {
	if number == 0 {
		return "spec." + tier
	}
	return fmt.Sprintf("spec.%s.backends[%d]", tier, number-1)
}

// NameSuffix is what is added to the FailoverSpec's name to name the backend by default.
func (b TierBackend) NameSuffix() string {
	if b.Number == 0 {
		return "-" + b.Tier
	}
	return "-" + b.Tier + "-" + strconv.Itoa(b.Number)
}

// AllBackends returns those of active, and then those of passive. What is changed in
// one is changed in the spec.
func (fs *FailoverSpec) AllBackends() []TierBackend {
	return append(fs.Spec.Active.inPlace(TierActive), fs.Spec.Passive.inPlace(TierPassive)...)
}

// inPlace returns the backends of a tier.
func (t *Tier) inPlace(tier string) []TierBackend {
	if len(t.Backends) == 0 {
		return []TierBackend{{Backend: &t.Backend, Tier: tier}}
	}
	backends := make([]TierBackend, 0, len(t.Backends))
	for i := range t.Backends {
		entry := &t.Backends[i]
		backends = append(backends, TierBackend{Backend: &entry.Backend, Tier: tier, Number: i + 1, Weight: entry.Weight})
	}
	return backends
}
