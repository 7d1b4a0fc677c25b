package envoy

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestPriorityLoad has the tables of Envoy's documentation, of priority levels and of
// the panic threshold (docs/root/intro/arch_overview/upstream/load_balancing). Two rows
// of the second one contradict its own first table and the formula, and stand here by
// the formula: 50 and 60 % healthy (50 and 50 there), and 25 and 100 % (25 and 75). Of
// what rounding leaves, the tables give some to each tier, and Envoy's code all to the
// first one: that is one per cent.
func TestPriorityLoad(t *testing.T) {
	const hosts, rounding = 100, 1.
	no, both := []bool{false, false}, []bool{true, true}
	for _, tc := range []struct {
		healthy, load []int
		panics        []bool
	}{
		{[]int{100, 100}, []int{100, 0}, no},
		{[]int{72, 100}, []int{100, 0}, no},
		{[]int{71, 100}, []int{99, 1}, no},
		{[]int{50, 100}, []int{70, 30}, no},
		{[]int{25, 100}, []int{35, 65}, no},
		{[]int{0, 100}, []int{0, 100}, no},
		{[]int{72, 72}, []int{100, 0}, no},
		{[]int{71, 71}, []int{99, 1}, no},
		{[]int{50, 50}, []int{70, 30}, no},
		{[]int{50, 60}, []int{70, 30}, no},
		{[]int{25, 25}, []int{50, 50}, both},
		{[]int{5, 65}, []int{7, 93}, []bool{true, false}},
		{[]int{100, 100, 100}, []int{100, 0, 0}, []bool{false, false, false}},
		{[]int{72, 72, 100}, []int{100, 0, 0}, []bool{false, false, false}},
		{[]int{71, 71, 100}, []int{99, 1, 0}, []bool{false, false, false}},
		{[]int{50, 50, 100}, []int{70, 30, 0}, []bool{false, false, false}},
		{[]int{25, 100, 100}, []int{35, 65, 0}, []bool{false, false, false}},
		{[]int{25, 25, 100}, []int{35, 35, 30}, []bool{false, false, false}},
		{[]int{25, 25, 20}, []int{36, 36, 28}, []bool{true, true, true}},
		{[]int{0, 0}, []int{50, 50}, both},
	} {
		all := make([]int, len(tc.healthy))
		for i := range all {
			all[i] = hosts
		}
		load, panics := priorityLoad(tc.healthy, all, 50)
		if allTrue(tc.panics) {
			load = withoutPanic(tc.healthy, all, tc.load) // the tables', which have as many hosts in each tier
		}
		assert.InDeltaSlice(t, tc.load, load, rounding, "load of %v", tc.healthy)
		assert.Equal(t, tc.panics, panics, "panic of %v", tc.healthy)
	}

	load, panics := priorityLoad([]int{0, 0}, []int{1, 2}, 50)
	assert.Equal(t, []int{34, 66}, load, "in total panic, by the number of hosts")
	assert.Equal(t, both, panics)
	load, panics = priorityLoad([]int{0, 0}, []int{1, 2}, 0)
	assert.Equal(t, []int{100, 0}, load)
	assert.Equal(t, no, panics, "a threshold of 0 is no panic")
}

// withoutPanic is the load by health only; where nothing is healthy there is none.
func withoutPanic(healthy, all, otherwise []int) []int {
	health := tierHealth(healthy, all)
	if sum(health) == 0 {
		return otherwise
	}
	return distribute(health)
}

func allTrue(list []bool) bool {
	for _, is := range list {
		if !is {
			return false
		}
	}
	return true
}

// TestLocalities: the backends of a tier get requests by weight, each as long as it has
// healthy hosts; how many go to the tier at all depends only on its hosts.
func TestLocalities(t *testing.T) {
	for _, tc := range []struct {
		reason     string
		localities []Locality
		broken     int
		// want has the share of each backend of active, and of passive, in per cent.
		want []float64
	}{
		{"calm", []Locality{{1, 90}, {1, 10}}, 0, []float64{90, 10, 0}},
		{"weights, not hosts", []Locality{{3, 1}, {1, 1}}, 0, []float64{50, 50, 0}},
		{"the heavier one of two is out", []Locality{{1, 90}, {1, 10}}, 1, []float64{0, 70, 30}},
		{"one of five is out, which is enough for active", []Locality{{1, 90}, {4, 10}}, 1, []float64{0, 100, 0}},
		{"one of three in a locality is out, which keeps 93 % of its weight", []Locality{{3, 50}, {3, 50}}, 1, []float64{48.3, 51.7, 0}},
		{"a backend without a host", []Locality{{0, 90}, {1, 10}}, 0, []float64{0, 100, 0}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			scenario := Scenario{Tiers: []int{hostsOf(tc.localities), 1}, Localities: map[int][]Locality{0: tc.localities}}
			s := &simulation{scenario: scenario, balance: balance{localities: scenario.Localities}}
			s.makeHosts()
			for _, h := range s.tiers[0][:tc.broken] {
				h.ejected = true
			}
			s.balance.update(s.tiers, 50)
			random := rand.New(rand.NewPCG(1, 0))
			const picks = 20000
			got := make([]float64, len(tc.want))
			for range picks {
				h := s.balance.pick(s.balance.load, LeastRequest, &worker{}, random)
				i := h.locality
				if h.tier == 1 {
					i = len(got) - 1
				}
				got[i] += 100. / picks
			}
			assert.InDeltaSlice(t, tc.want, got, 1.5)
		})
	}
}
