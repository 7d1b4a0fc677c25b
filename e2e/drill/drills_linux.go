package drill

import (
	"net/http"
	"time"

	"github.com/failover-krm/failover/e2e/cluster"
	"github.com/failover-krm/failover/e2e/manifests"
)

// All returns the drills that make up the table of drills.
func All() []Drill {
	var all []Drill
	for _, policy := range manifests.Policies {
		for _, fault := range cluster.Faults {
			all = append(all, Drill{Policy: policy, Fault: fault, Method: http.MethodGet})
		}
	}
	return append(all,
		Drill{Policy: manifests.Safe, Fault: cluster.PortClosed, Method: http.MethodPost},
		Drill{Policy: manifests.SafeActive, Fault: cluster.PortClosed, Method: http.MethodPost},
		Drill{Policy: manifests.DefaultsOnly, Fault: cluster.PortClosed, Method: http.MethodGet},
		Drill{Policy: manifests.ActiveOnly, Fault: cluster.PortClosed, Method: http.MethodGet},
		Drill{Policy: manifests.WorkshopRetry, Fault: cluster.PortClosed, Method: http.MethodGet},
	)
}

// Varied returns drills that differ from the table's in one or two things.
func Varied() []Drill {
	const (
		closed, answers500, answers503, hangs, dropped = cluster.PortClosed, cluster.AnswersErrors, cluster.AnswersUnavailable, cluster.Hangs, cluster.PacketsDropped
		s                                              = time.Second
	)
	var all []Drill
	add := func(policy manifests.Policy, fault cluster.Fault, besides Drill) {
		besides.Policy, besides.Fault, besides.Method = policy, fault, http.MethodGet
		all = append(all, besides)
	}
	workshop, safe, safeActive, zeroLoss, zeroLossActive := manifests.WorkshopPolicy, manifests.Safe, manifests.SafeActive, manifests.ZeroLoss, manifests.ZeroLossActive

	// How long the outage is.
	add(workshop, closed, Drill{Outage: 5 * s})
	add(workshop, closed, Drill{Outage: 60 * s})
	add(workshop, closed, Drill{Outage: 120 * s})
	add(workshop, dropped, Drill{Outage: 60 * s})
	add(safe, dropped, Drill{Outage: 5 * s})
	add(safe, answers500, Drill{Outage: 10 * s})
	add(safe, answers500, Drill{Outage: 120 * s})
	add(safeActive, hangs, Drill{Outage: 10 * s})
	add(safeActive, closed, Drill{Outage: 60 * s})
	add(zeroLoss, hangs, Drill{Outage: 60 * s})
	add(zeroLoss, dropped, Drill{Outage: 120 * s})
	add(manifests.ActiveOnly, hangs, Drill{Outage: 5 * s})

	// How many requests there are.
	add(workshop, closed, Drill{Rate: 0.5})
	add(workshop, answers500, Drill{Rate: 100})
	add(workshop, dropped, Drill{Rate: 2})
	add(safe, answers500, Drill{Rate: 5})
	add(safe, dropped, Drill{Rate: 100})
	add(safeActive, hangs, Drill{Rate: 2})
	add(zeroLoss, hangs, Drill{Rate: 100})

	// How many hosts there are.
	add(workshop, closed, Drill{Active: 2})
	add(workshop, closed, Drill{Active: 3, Passive: 3})
	add(workshop, closed, Drill{Active: 2, Passive: 2, Broken: 1})
	add(workshop, dropped, Drill{Active: 3, Broken: 1})
	add(workshop, answers500, Drill{Active: 3, Passive: 2, Broken: 2})
	add(safe, answers500, Drill{Active: 2, Passive: 2})
	add(safe, dropped, Drill{Active: 2, Passive: 2, Broken: 1})
	add(safe, closed, Drill{Active: 3, Passive: 3, Broken: 1})
	add(safeActive, hangs, Drill{Active: 2, Passive: 2})
	add(safeActive, closed, Drill{Active: 3, Broken: 2})
	add(zeroLoss, hangs, Drill{Active: 2, Broken: 1})
	add(zeroLossActive, dropped, Drill{Active: 3, Passive: 3})
	add(manifests.ActiveOnly, closed, Drill{Active: 2, Passive: 2})
	add(manifests.DefaultsOnly, closed, Drill{Active: 3, Passive: 3, Broken: 1})
	add(manifests.WorkshopRetry, closed, Drill{Active: 2, Broken: 1})

	// Without the merge window.
	add(workshop, closed, Drill{NoMergeWindow: true})
	add(workshop, closed, Drill{Active: 2, Passive: 2, NoMergeWindow: true})
	add(safe, answers500, Drill{NoMergeWindow: true})
	add(zeroLossActive, answers500, Drill{NoMergeWindow: true})
	add(manifests.WorkshopRetry, closed, Drill{NoMergeWindow: true})

	// How many workers Envoy has.
	add(workshop, dropped, Drill{Workers: 1})
	add(workshop, dropped, Drill{Workers: 4})
	add(safe, dropped, Drill{Workers: 1})
	add(safe, dropped, Drill{Workers: 4})
	add(safe, answers500, Drill{Workers: 4})
	add(zeroLoss, hangs, Drill{Workers: 4})
	add(zeroLossActive, closed, Drill{Workers: 1})

	// The passive tier too.
	add(workshop, closed, Drill{PassiveToo: Second{For: usualOutage}})
	add(workshop, closed, Drill{PassiveToo: Second{After: 3 * s, For: 10 * s}})
	add(manifests.NoPanic, closed, Drill{PassiveToo: Second{After: 3 * s, For: 10 * s}})
	add(safe, answers500, Drill{PassiveToo: Second{For: usualOutage}})
	add(safe, dropped, Drill{PassiveToo: Second{After: 5 * s, For: 10 * s}})
	add(safeActive, hangs, Drill{PassiveToo: Second{After: 5 * s, For: 10 * s}})
	add(zeroLossActive, answers500, Drill{PassiveToo: Second{After: 5 * s, For: 10 * s}})

	// Answers and checks that the table does not have.
	add(workshop, answers503, Drill{})
	add(safe, answers503, Drill{})
	add(manifests.WorkshopRetry, answers503, Drill{})
	add(manifests.GatewayErrors, answers503, Drill{})
	add(manifests.GatewayErrors, answers500, Drill{})
	add(manifests.GatewayErrors, closed, Drill{})
	add(manifests.SplitErrors, closed, Drill{})
	add(manifests.SplitErrors, answers500, Drill{})
	add(manifests.TCPCheck, closed, Drill{})
	add(manifests.TCPCheck, answers500, Drill{})
	add(manifests.TCPCheck, dropped, Drill{})
	return all
}
