package simulate

import (
	"encoding/json"
	"sync"

	"github.com/failover-krm/failover/pkg/envoy"
)

// Simulator simulates what is asked for, and remembers it: most failovers of
// a repository have the same settings. Its zero value is ready to use.
type Simulator struct {
	mutex sync.Mutex
	known map[string]*known
}

// known is an outage that is simulated once.
type known struct {
	once   sync.Once
	outage Outage
}

// Outage simulates a kind of outage of a failover, with other settings where change is
// not nil. The options must be valid; their kinds are not used. The runs themselves are
// not kept.
func (s *Simulator) Outage(of Served, options Options, kind envoy.Kind, change func(*envoy.Settings)) Outage {
	scenario, lost, _ := scenarioOf(of, options)
	if change != nil {
		change(&scenario.Settings)
	}
	options.Kinds = nil
	key, err := json.Marshal(struct {
		Scenario envoy.Scenario
		Options  Options
		Kind     envoy.Kind
		Lost     float64
	}{scenario, options, kind, lost})
	if err != nil {
		panic(err) // there are numbers and texts only
	}
	entry := s.entry(string(key))
	entry.once.Do(func() {
		entry.outage = runOutage(scenario, kind, lost, options)
		entry.outage.First = envoy.Result{}
	})
	return entry.outage
}

func (s *Simulator) entry(key string) *known {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.known == nil {
		s.known = map[string]*known{}
	}
	if s.known[key] == nil {
		s.known[key] = &known{}
	}
	return s.known[key]
}
