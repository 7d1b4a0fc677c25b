package envoy

import (
	"errors"
	"fmt"
	"time"
)

// Scenario is what is simulated.
type Scenario struct {
	// Tiers has the number of hosts of each tier, in the order of their priority.
	Tiers []int
	// Dead are the tiers whose hosts refuse every connection, at any time: addresses with
	// nothing behind them.
	Dead []int
	// Localities has the backends that share the hosts of each tier, in order; nil for
	// a tier that is one.
	Localities map[int][]Locality
	Settings   Settings
	Traffic    Traffic
	// Outages are what happens to the tiers.
	Outages []Outage
	// Workers is the number of Envoy's worker threads. Each has connections of its own.
	Workers int
}

// Locality is a backend of a tier: its hosts get requests by its weight.
type Locality struct {
	Hosts  int
	Weight uint32
}

// Traffic is what clients send: a request every 1/Rate seconds, each on a connection of
// its own, none waiting for another. The method is not here: Envoy repeats a POST as it
// repeats a GET.
type Traffic struct {
	// Rate is the number of requests in a second.
	Rate float64
	// Duration is how long requests are sent.
	Duration time.Duration
	// Patience is how long a client waits for an answer.
	Patience time.Duration
	// Calm ends the requests earlier: once the tier that serves first has answered all of
	// them for so long, after the last outage. 0 stands for never.
	Calm time.Duration
}

// Kind is a way in which a host fails.
type Kind string

// The kinds of outage.
const (
	// Closed refuses connections: the process is gone.
	Closed Kind = "closed"
	// Status500 answers every request with 500.
	Status500 Kind = "500"
	// Status503 answers every request with 503.
	Status503 Kind = "503"
	// Unavailable answers every call of gRPC with UNAVAILABLE.
	Unavailable Kind = "unavailable"
	// Internal answers every call of gRPC with INTERNAL.
	Internal Kind = "internal"
	// Hang accepts connections and answers nothing: the process is stuck.
	Hang Kind = "hang"
	// Dropped lets no packet through: the node or its network is gone.
	Dropped Kind = "dropped"
)

// Kinds returns all kinds of outage.
func Kinds() []Kind {
	return []Kind{Closed, Status500, Status503, Unavailable, Internal, Hang, Dropped}
}

// KindsOf returns the kinds of outage that there are for a kind of route: a server of gRPC
// answers errors in its own way, and where Envoy sees only connections, an answer is
// never an error.
func KindsOf(route string) []Kind {
	switch {
	case SeesConnections(route):
		return []Kind{Closed, Hang, Dropped}
	case route == grpcRoute:
		return []Kind{Closed, Unavailable, Internal, Hang, Dropped}
	}
	return []Kind{Closed, Status500, Status503, Hang, Dropped}
}

// The kinds of route that are not plain HTTP.
const (
	grpcRoute = "GRPCRoute"
	tcpRoute  = "TCPRoute"
	tlsRoute  = "TLSRoute"
)

// SeesConnections tells whether Envoy sees only connections in what a kind of route takes,
// and no requests.
func SeesConnections(route string) bool { return route == tcpRoute || route == tlsRoute }

// Outage is a failure of hosts of one tier.
type Outage struct {
	Kind Kind
	// Tier is the index of the tier in the scenario.
	Tier int
	// Hosts is how many hosts of it fail; 0 stands for all.
	Hosts int
	// Begin and End count from the first request.
	Begin, End time.Duration
}

func hostsOf(localities []Locality) int {
	hosts := 0
	for _, locality := range localities {
		hosts += locality.Hosts
	}
	return hosts
}

func (s Scenario) validateTiers() []error {
	var errs []error
	total := 0
	for i, hosts := range s.Tiers {
		if hosts < 0 {
			errs = append(errs, fmt.Errorf("tier %d has %d hosts: must be at least 0", i, hosts))
		}
		total += hosts
		if shares := hostsOf(s.Localities[i]); shares != hosts && s.Localities[i] != nil {
			errs = append(errs, fmt.Errorf("tier %d has %d hosts, and its localities have %d", i, hosts, shares))
		}
	}
	if total == 0 {
		errs = append(errs, errors.New("there is no host"))
	}
	for _, dead := range s.Dead {
		if dead < 0 || dead >= len(s.Tiers) {
			errs = append(errs, fmt.Errorf("tier %d is dead: there are %d tiers", dead, len(s.Tiers)))
		}
	}
	return errs
}

// Validate tells all that is wrong with a scenario that cannot be simulated.
func (s Scenario) Validate() error {
	errs := s.validateTiers()
	if s.Traffic.Rate <= 0 || s.Traffic.Duration <= 0 || s.Traffic.Patience <= 0 {
		errs = append(errs, errors.New("rate, duration and patience of the traffic must be greater than 0"))
	}
	if s.Traffic.Calm < 0 {
		errs = append(errs, errors.New("calm of the traffic must not be less than 0"))
	}
	if s.Workers < 1 {
		errs = append(errs, fmt.Errorf("%d workers: must be at least 1", s.Workers))
	}
	for _, outage := range s.Outages {
		switch {
		case outage.Tier < 0 || outage.Tier >= len(s.Tiers):
			errs = append(errs, fmt.Errorf("an outage of tier %d: there are %d tiers", outage.Tier, len(s.Tiers)))
		case outage.Hosts < 0 || outage.Hosts > s.Tiers[outage.Tier]:
			errs = append(errs, fmt.Errorf("an outage of %d hosts of tier %d, which has %d", outage.Hosts, outage.Tier, s.Tiers[outage.Tier]))
		}
		if outage.Begin < 0 || outage.End < outage.Begin {
			errs = append(errs, fmt.Errorf("an outage from %s to %s: must not end before it begins, nor begin before 0s", outage.Begin, outage.End))
		}
	}
	return errors.Join(errs...)
}
