package envoy

import "math/rand/v2"

// overprovisioning is the factor, in per cent, by which a tier's healthy hosts are
// taken to serve more than their share. Envoy Gateway leaves it at Envoy's default.
const overprovisioning = 140

// balance is what the workers know of the health of hosts, as it was delivered, and
// the load that follows.
//
// Envoy: source/extensions/load_balancing_policies/common/load_balancer_impl.cc,
// recalculatePerPriorityState, recalculatePerPriorityPanic,
// recalculateLoadInTotalPanic, choosePriority and hostSourceToUse; and
// source/common/upstream/upstream_impl.cc, effectiveLocalityWeight.
type balance struct {
	tiers [][]*host
	// localities of those tiers that have several.
	localities map[int][]Locality
	// healthy hosts of each tier.
	healthy [][]*host
	// health of each tier, in per cent.
	health []int
	// load of each tier, in per cent.
	load []int
	// panic tells for each tier that its health is disregarded.
	panic []bool
}

func (b *balance) update(tiers [][]*host, panicThreshold int) {
	b.tiers = tiers
	b.healthy = make([][]*host, len(tiers))
	healthy, all := make([]int, len(tiers)), make([]int, len(tiers))
	for i, tier := range tiers {
		for _, h := range tier {
			if h.isHealthy() {
				b.healthy[i] = append(b.healthy[i], h)
			}
		}
		healthy[i], all[i] = len(b.healthy[i]), len(tier)
	}
	b.health = tierHealth(healthy, all)
	b.load, b.panic = priorityLoad(healthy, all, panicThreshold)
}

// tierHealth is the health of each tier, in whole per cent.
func tierHealth(healthy, all []int) []int {
	health := make([]int, len(all))
	for i := range all {
		if all[i] > 0 {
			health[i] = min(100, overprovisioning*healthy[i]/all[i])
		}
	}
	return health
}

// priorityLoad is the load of each tier in per cent, and whether it is in panic.
func priorityLoad(healthy, all []int, panicThreshold int) (load []int, panics []bool) {
	health := tierHealth(healthy, all)
	load, panics = distribute(health), make([]bool, len(all))
	total := min(100, sum(health))
	if total == 0 && panicThreshold == 0 {
		load[0] = 100 // where no host is found
		return load, panics
	}
	everywhere := true
	for i := range all {
		panics[i] = total < 100 && (all[i] == 0 || 100*healthy[i] < panicThreshold*all[i])
		everywhere = everywhere && panics[i]
	}
	if everywhere {
		load = byHosts(all)
	}
	return load, panics
}

// distribute fills the tiers in order, as far as their health goes.
func distribute(health []int) []int {
	load := make([]int, len(health))
	total, left := min(100, sum(health)), 100
	if total == 0 {
		return load
	}
	for i := range health {
		load[i] = min(left, health[i]*100/total)
		left -= load[i]
	}
	for i := range health {
		if health[i] > 0 {
			load[i] += left // what was lost by rounding
			break
		}
	}
	return load
}

// byHosts distributes the load by the number of hosts.
func byHosts(all []int) []int {
	load := make([]int, len(all))
	total, left := sum(all), 100
	for i := range all {
		load[i] = 100 * all[i] / max(1, total)
		left -= load[i]
	}
	for i := range all {
		if all[i] > 0 {
			load[i] += left
			break
		}
	}
	return load
}

func sum(numbers []int) int {
	total := 0
	for _, n := range numbers {
		total += n
	}
	return total
}

// pick returns a host for an attempt, or nil where no host is healthy.
func (b *balance) pick(load []int, with Balancer, worker *worker, random *rand.Rand) *host {
	tier, left := 0, random.IntN(100)
	for i := range load {
		if left < load[i] {
			tier = i
			break
		}
		left -= load[i]
	}
	hosts := b.healthy[tier]
	switch {
	case b.panic[tier]:
		hosts = b.tiers[tier]
	case len(b.localities[tier]) > 1 && len(hosts) > 0:
		hosts = b.inLocality(tier, random)
	}
	switch {
	case len(hosts) == 0:
		return nil
	case len(hosts) == 1:
		return hosts[0]
	case with == RoundRobin:
		worker.turn++
		return hosts[worker.turn%len(hosts)]
	}
	first := hosts[random.IntN(len(hosts))]
	if with == LeastRequest {
		if second := hosts[random.IntN(len(hosts))]; second.requests < first.requests {
			return second
		}
	}
	return first
}

// inLocality returns the healthy hosts of one locality of a tier, by weight. One that
// has lost some of its hosts keeps its weight as far as overprovisioning goes. Envoy
// takes them in turn (EDF), which comes to the same shares.
func (b *balance) inLocality(tier int, random *rand.Rand) []*host {
	localities := b.localities[tier]
	healthy := make([][]*host, len(localities))
	for _, h := range b.healthy[tier] {
		healthy[h.locality] = append(healthy[h.locality], h)
	}
	weights, total := make([]float64, len(localities)), 0.
	for i, locality := range localities {
		if locality.Hosts > 0 {
			available := float64(len(healthy[i])) / float64(locality.Hosts)
			weights[i] = float64(locality.Weight) * min(1, overprovisioning/100.*available)
			total += weights[i]
		}
	}
	left, chosen := random.Float64()*total, 0
	for i, weight := range weights {
		if weight > 0 {
			if chosen = i; left < weight {
				break
			}
			left -= weight
		}
	}
	return healthy[chosen]
}

// Load is the part of the requests, in per cent, that each tier gets, by how many of all its
// hosts are healthy.
func Load(healthy, all []int, panicThreshold int) []int {
	load, _ := priorityLoad(healthy, all, panicThreshold)
	return load
}
