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
	workers  []worker
	balance  balance
	merge    mergeWindow
	spare    spare
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
	// interval is the time between two requests, of which there are at most count.
	interval time.Duration
	count    int
}

// host is a server of a tier, as all workers see it.
type host struct {
	tier, index int
	// number counts the hosts of all tiers.
	number int
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
	// pools by the number of the host.
	pools []pool
	// turn is that of round robin.
	turn int
}

// Simulate runs a scenario, which must be valid. The same scenario and seed give the
// same result.
func Simulate(scenario Scenario, seed uint64) Result { return new(Runner).Run(scenario, seed) }

// Runner runs one scenario after the other, in the same memory. Its zero value is ready to
// use.
type Runner struct{ last simulation }

// Run is Simulate. Its result is good until the next run.
func (r *Runner) Run(scenario Scenario, seed uint64) Result {
	s := &r.last
	*s = simulation{
		scenario: scenario, settings: scenario.Settings, random: rand.New(rand.NewPCG(seed, 0)),
		merge: mergeWindow{delivered: -scenario.Settings.MergeWindow - 1},
		queue: s.queue.emptied(), spare: s.spare, result: Result{Requests: s.result.Requests[:0], Events: s.result.Events[:0]},
	}
	s.makeHosts()
	s.home = max(0, slices.IndexFunc(s.tiers, func(hosts []*host) bool { return len(hosts) > 0 && !slices.Contains(scenario.Dead, hosts[0].tier) }))
	s.balance.localities = s.scenario.Localities
	s.balance.update(s.tiers, s.settings.PanicThreshold)
	if s.settings.Outlier != nil {
		s.after(s.between(0, s.settings.Outlier.Interval), (*simulation).tick, subject{})
	}
	if s.settings.Check != nil {
		s.eachHost(func(h *host) {
			s.after(s.between(0, s.settings.Check.Interval), (*simulation).check, subject{host: h})
		})
	}
	for _, outage := range scenario.Outages {
		s.queue.add(outage.Begin, func(s *simulation, _ subject) { s.begin(outage) }, subject{})
		s.restless = max(s.restless, outage.End)
	}
	s.sendRequests()
	s.run()
	return s.result
}

func (s *simulation) makeHosts() {
	all := make([]host, sum(s.scenario.Tiers))
	number := 0
	for tier, count := range s.scenario.Tiers {
		hosts := make([]*host, count)
		for i := range hosts {
			h := &all[number]
			*h = host{tier: tier, index: i, number: number, locality: localityOf(i, s.scenario.Localities[tier])}
			number++
			if slices.Contains(s.scenario.Dead, tier) {
				h.outages = append(h.outages, Outage{Kind: Closed, End: math.MaxInt64})
			}
			for _, outage := range s.scenario.Outages {
				if outage.Tier == tier && (outage.Hosts == 0 || i < outage.Hosts) {
					h.outages = append(h.outages, outage)
				}
			}
			hosts[i] = h
		}
		s.tiers = append(s.tiers, hosts)
	}
	s.workers = make([]worker, s.scenario.Workers)
	for i := range s.workers {
		pools := make([]pool, len(all))
		for j := range pools {
			pools[j].host = &all[j]
		}
		s.workers[i].pools = pools
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
	s.interval = time.Duration(float64(time.Second) / s.scenario.Traffic.Rate)
	s.count = int(s.scenario.Traffic.Duration / s.interval)
	expected := s.scenario.Traffic.Duration
	if s.scenario.Traffic.Calm > 0 {
		expected = min(expected, s.restless+usualTail)
	}
	s.result.Requests = slices.Grow(s.result.Requests, int(expected/s.interval)+1)
	if s.count > 0 {
		s.queue.add(0, (*simulation).send, subject{})
	}
}

func (s *simulation) send(subject) {
	if s.isCalm() {
		s.until = s.now
		return
	}
	s.arrive()
	if next := len(s.result.Requests); next < s.count {
		s.queue.add(time.Duration(next)*s.interval, (*simulation).send, subject{})
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
		at, planned, ok := s.queue.next()
		if !ok || at > s.until {
			return
		}
		s.now = at
		planned.do(s, planned.on)
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
		for i, h := range s.tiers[outage.Tier] {
			if isBroken(i) {
				s.breakConnections(&worker.pools[h.number])
			}
		}
	}
}

func (s *simulation) after(delay time.Duration, do doing, on subject) {
	s.queue.add(s.now+delay, do, on)
}

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
