package simulate

import (
	"cmp"
	"sync"

	"github.com/failover-krm/failover/pkg/envoy"
)

// Simulator simulates what is asked for, and remembers it: most failovers of
// a repository have the same settings. Its zero value is ready to use.
type Simulator struct {
	mutex sync.Mutex
	known map[string]*known
	// settled has the settings that there is time for.
	settled map[string]bool
	noTime  bool
	// runners are those that do not run.
	runners sync.Pool
}

// NoTime returns a Simulator that has time for no failover: what is then said is what
// is known without a simulation, at once.
func NoTime() *Simulator { return &Simulator{noTime: true} }

// MostSettings is for how many different settings of failovers a Simulator has time:
// some seconds.
const MostSettings = 100

// HasTime tells whether a failover is one that there is time to simulate: its settings
// are among the first that were asked for.
func (s *Simulator) HasTime(of Served) bool {
	if s.noTime {
		return false
	}
	key := envoy.Key(planOf(of, Defaults()).scenario)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if !s.settled[key] && len(s.settled) < MostSettings {
		if s.settled == nil {
			s.settled = map[string]bool{}
		}
		s.settled[key] = true
	}
	return s.settled[key]
}

// known is an outage that is simulated once.
type known struct {
	once   sync.Once
	outage Outage
}

// Outage simulates a kind of outage of a failover, with other settings where change is
// not nil. The options must be valid; their kinds and their method are not used. The runs
// themselves are not kept.
func (s *Simulator) Outage(of Served, options Options, kind envoy.Kind, change func(*envoy.Settings)) Outage {
	planned := planOf(of, options)
	if change != nil {
		change(&planned.scenario.Settings)
	}
	options.Kinds, options.Method = nil, ""
	entry := s.entry(envoy.Key(planned.scenario, options, kind, planned.lost))
	entry.once.Do(func() {
		runner, _ := s.runners.Get().(*envoy.Runner)
		runner = cmp.Or(runner, &envoy.Runner{})
		entry.outage = runOutage(runner, planned, kind, options)
		entry.outage.First = envoy.Result{}
		s.runners.Put(runner)
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
