package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/failover-krm/failover/pkg/check"
	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/envoygateway"
)

// share is a part of a failover's requests, and where it goes.
type share struct {
	// which is the priority of a tier, or the weight of a cluster among others.
	which string
	// to is the backend and its hosts.
	to string
}

func (s share) String() string { return s.which + ": " + s.to }

// shares returns where the requests of a failover go, tier by tier.
func shares(failover check.Failover) []share {
	if len(failover.NotHere) > 0 {
		return unknownShares(failover)
	}
	var total uint32
	for _, cluster := range failover.Clusters {
		total += cluster.Weight
	}
	var all []share
	for _, cluster := range failover.Clusters {
		split := ""
		if len(failover.Clusters) > 1 {
			split = fmt.Sprintf("split, weight %d of %d", cluster.Weight, total)
		}
		if cluster.Unavailable {
			all = append(all, share{orPriority(split, 0), fmt.Sprintf("answered %d", cluster.Status)})
			continue
		}
		for _, tier := range cluster.Tiers {
			for _, backend := range tier.Backends {
				name := backend.Ref.String()
				if len(tier.Backends) > 1 {
					name += fmt.Sprintf(", weight %d", backend.Weight)
				}
				all = append(all, share{orPriority(split, tier.Priority), diagnostic.Printable(name + ": " + hosts(backend))})
			}
		}
	}
	return all
}

// unknownShares names the backends whose tiers nobody knows, since not all of them are here.
func unknownShares(failover check.Failover) []share {
	all := make([]share, 0, len(failover.OfRule.Backends))
	for _, backend := range failover.OfRule.Backends {
		to := "not in these files"
		switch {
		case backend.IsUnread():
			to = "not read"
		case !slices.Contains(failover.NotHere, backend.Ref):
			to = hosts(backend)
		}
		all = append(all, share{"tier not known", diagnostic.Printable(backend.Ref.String() + ": " + to)})
	}
	return all
}

func orPriority(split string, priority uint32) string {
	if split != "" {
		return split
	}
	return fmt.Sprintf("priority %d", priority)
}

// hosts writes the addresses of a backend.
func hosts(backend envoygateway.Backend) string {
	switch {
	case backend.Dynamic:
		return "the host that the request names"
	case len(backend.Hosts) == 0:
		return "no host"
	}
	texts := make([]string, 0, len(backend.Hosts))
	for _, host := range backend.Hosts {
		texts = append(texts, host.String())
	}
	return strings.Join(texts, "; ")
}
