package envoy

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// simulation is the state of one run.
type simulation struct {
	scenario Scenario
	settings Settings
	random   *rand.Rand
	now      time.Duration
	queue    queue
	tiers    [][]*host
	workers  []*worker
	balance  balance
	merge    mergeWindow
	// inUse counts what the circuit breaker limits.
	inUse  Limits
	result Result
	// waiting is the number of requests that have not ended.
	waiting int
	// home is the tier that serves first.
	home int
	// restless is when a request last ended that home did not answer, or the
	// last outage did. until is when the simulation ends.
	restless, until time.Duration
}

// host is a server of a tier, as all workers see it.
type host struct {
	tier, index int
	// locality is the index of its backend in the tier.
	locality int
	outages  []Outage
	outlierState
	checkState
	// requests is how many are at the host, on a connection.
	requests int
}

func (h *host) isHealthy() bool { return !h.ejected && !h.failedCheck }

// worker is a thread of Envoy.
type worker struct {
	// pools by tier and host.
	pools [][]*pool
	// turn is that of round robin.
	turn int
}

// Simulate runs a scenario, which must be valid. The same scenario and seed give the
// same result.
func Simulate(scenario Scenario, seed uint64) Result {
	s := &simulation{
		scenario: scenario, settings: scenario.Settings, random: rand.New(rand.NewPCG(seed, 0)),
		merge: mergeWindow{delivered: -scenario.Settings.MergeWindow - 1},
	}
	s.makeHosts()
	s.home = max(0, slices.IndexFunc(s.tiers, func(hosts []*host) bool { return len(hosts) > 0 && !slices.Contains(scenario.Dead, hosts[0].tier) }))
	s.balance.localities = s.scenario.Localities
	s.balance.update(s.tiers, s.settings.PanicThreshold)
	if s.settings.Outlier != nil {
		s.after(s.between(0, s.settings.Outlier.Interval), s.tick)
	}
	if s.settings.Check != nil {
		s.eachHost(func(h *host) {
			s.after(s.between(0, s.settings.Check.Interval), func() { s.check(h) })
		})
	}
	for _, outage := range scenario.Outages {
		s.queue.add(outage.Begin, func() { s.begin(outage) })
		s.restless = max(s.restless, outage.End)
	}
	s.sendRequests()
	s.run()
	return s.result
}

func (s *simulation) makeHosts() {
	for tier, count := range s.scenario.Tiers {
		var hosts []*host
		for i := range count {
			h := &host{tier: tier, index: i, locality: localityOf(i, s.scenario.Localities[tier])}
			if slices.Contains(s.scenario.Dead, tier) {
				h.outages = append(h.outages, Outage{Kind: Closed, End: math.MaxInt64})
			}
			for _, outage := range s.scenario.Outages {
				if outage.Tier == tier && (outage.Hosts == 0 || i < outage.Hosts) {
					h.outages = append(h.outages, outage)
				}
			}
			hosts = append(hosts, h)
		}
		s.tiers = append(s.tiers, hosts)
	}
	for range s.scenario.Workers {
		w := &worker{}
		for _, hosts := range s.tiers {
			var pools []*pool
			for _, h := range hosts {
				pools = append(pools, &pool{host: h})
			}
			w.pools = append(w.pools, pools)
		}
		s.workers = append(s.workers, w)
	}
}

// usualTail is how long after an outage most simulations go on.
const usualTail = 20 * time.Second

// localityOf is the index of the locality that the host of an index is in.
func localityOf(index int, localities []Locality) int {
	for i, locality := range localities {
		if index < locality.Hosts {
			return i
		}
		index -= locality.Hosts
	}
	return 0
}

// sendRequests plans the first request, and each plans the next one.
func (s *simulation) sendRequests() {
	interval := time.Duration(float64(time.Second) / s.scenario.Traffic.Rate)
	count := int(s.scenario.Traffic.Duration / interval)
	expected := s.scenario.Traffic.Duration
	if s.scenario.Traffic.Calm > 0 {
		expected = min(expected, s.restless+usualTail)
	}
	s.result.Requests = make([]Request, 0, int(expected/interval)+1)
	var send func()
	send = func() {
		if s.isCalm() {
			s.until = s.now
			return
		}
		s.arrive()
		if next := len(s.result.Requests); next < count {
			s.queue.add(time.Duration(next)*interval, send)
		}
	}
	if count > 0 {
		s.queue.add(0, send)
	}
}

// isCalm tells that nothing more is to come of the outages: every request since then
// has ended, and the tier that serves first has answered.
func (s *simulation) isCalm() bool {
	calm := s.scenario.Traffic.Calm
	return calm > 0 && s.now-s.restless >= calm && s.waiting == 0
}

// run goes from event to event until every request has ended.
func (s *simulation) run() {
	s.until = s.scenario.Traffic.Duration + s.scenario.Traffic.Patience
	for {
		at, do, kind, request, ok := s.queue.next()
		if !ok || at > s.until {
			return
		}
		s.now = at
		switch {
		case request == nil:
			do()
		case kind == ofClient:
			s.abandon(request)
			s.finish(request, 0, -1, ReasonPatience)
		default:
			s.timeOut(request)
		}
	}
}

// begin breaks the connections that an outage does not leave.
func (s *simulation) begin(outage Outage) {
	if outage.Kind != Closed {
		return
	}
	isBroken := func(i int) bool { return outage.Hosts == 0 || i < outage.Hosts }
	for i, h := range s.tiers[outage.Tier] {
		if isBroken(i) {
			h.checkLine = nil
		}
	}
	for _, worker := range s.workers {
		for i, p := range worker.pools[outage.Tier] {
			if isBroken(i) {
				s.breakConnections(p)
			}
		}
	}
}

func (s *simulation) after(delay time.Duration, do func()) { s.queue.add(s.now+delay, do) }

// between returns a random duration.
func (s *simulation) between(least, most time.Duration) time.Duration {
	if most <= least {
		return least
	}
	return least + time.Duration(s.random.Int64N(int64(most-least)))
}

func (s *simulation) eachHost(do func(*host)) {
	for _, tier := range s.tiers {
		for _, h := range tier {
			do(h)
		}
	}
}

// note writes down a change of a host, or of the merge window.
func (s *simulation) note(kind EventKind, h *host) {
	event := Event{At: s.now, Kind: kind, Tier: -1, Host: -1}
	if h != nil {
		event.Tier, event.Host = h.tier, h.index
	}
	if slices.Contains(s.result.Events[max(0, len(s.result.Events)-1):], event) {
		return
	}
	s.result.Events = append(s.result.Events, event)
}
