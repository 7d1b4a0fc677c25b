package metrics

import (
	"cmp"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/failover-krm/failover/pkg/check"
	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/envoy"
	"github.com/failover-krm/failover/pkg/envoygateway"
)

// Subject is a failover as Envoy's metrics know it.
type Subject struct {
	// Name is what the rule of the route is called in messages, and Route its object.
	Name  string
	Route envoygateway.Object
	// Cluster is Envoy's name of it, the label envoy_cluster_name.
	Cluster string
	// Active is the tier that serves first, and Standby has the hosts of all others.
	Active, Standby Tier
	// Ejects tells that there is a passive health check, and Checks that there is an active one.
	Ejects, Checks bool
	// SeesConnections tells that Envoy sees only connections, as for a TCPRoute.
	SeesConnections bool
}

// Tier is the hosts of a tier.
type Tier struct {
	// Name is that of its backends.
	Name string
	// Hosts is how many there are by the manifests or, where they do not say, by Hosts.
	Hosts int
	// Addresses is how many addresses they have in the manifests. Each stands for one host
	// or, as the name of a headless Service, for several.
	Addresses int
	// Varies tells that a name stands for several hosts, or for those that there are at the time.
	Varies bool
	// Is selects the hosts among the metrics of endpoints; empty where nothing tells them
	// from those of the other tier.
	Is string
}

// Hosts is how many hosts a tier has where the manifests do not say.
type Hosts struct{ Active, Passive int }

// SubjectsOf returns those of the failovers that have tiers in one cluster, each once as the first
// of the route's parentRefs serves it, and says of which others nothing is written, and what is
// not seen of these.
func SubjectsOf(failovers []check.Failover, hosts Hosts) (subjects []Subject, remarks []string) {
	known := map[string]bool{}
	for _, failover := range failovers {
		subject, problem := subjectOf(failover, hosts)
		if problem == "" && known[subject.Cluster] {
			problem = "it is given more than once, and only the first is used: give the files of one cluster at a time"
		}
		if problem != "" {
			remarks = append(remarks, "left out: "+failover.Name()+": "+problem)
			continue
		}
		known[subject.Cluster] = true
		subjects = append(subjects, subject)
		for _, remark := range []string{subject.unlikeOthers(failover, hosts), subject.cannotTellApart(failover.At.Clusters[0].Tiers)} {
			if remark != "" {
				remarks = append(remarks, subject.Name+" "+diagnostic.Printable(remark))
			}
		}
	}
	return subjects, remarks
}

// unlikeOthers says which other Gateways serve the failover in a way that makes other alerts.
func (s Subject) unlikeOthers(failover check.Failover, hosts Hosts) string {
	var others []string
	for _, on := range failover.Distinct() {
		other, problem := subjectOf(on, hosts)
		other.Name = s.Name
		if gateway := on.At.Gateway.String(); (problem != "" || other != s) && on.At.Gateway != failover.At.Gateway && !slices.Contains(others, gateway) {
			others = append(others, gateway)
		}
	}
	if others == nil {
		return ""
	}
	return fmt.Sprintf("is served by %s in one way, and by %s in another, under one name in Envoy's metrics: the result is for %s, the first of its parentRefs; give all of them the same policies, or give each its own route",
		failover.At.Gateway, strings.Join(others, ", "), failover.At.Gateway)
}

// cannotTellApart says why per-endpoint stats do not tell which tier a host is of.
func (s Subject) cannotTellApart(tiers []envoygateway.Tier) string {
	if s.tellsApart() {
		return ""
	}
	standby := labelsOf(tiers[1:])
	for _, l := range labelsOf(tiers[:1]) {
		if l.name != "" && slices.Contains(standby, l) {
			return fmt.Sprintf("has %s in both tiers: Envoy's metrics never tell which of them is out, even with enablePerEndpointStats; give passive another name", l.value)
		}
	}
	return "has hosts whose addresses are not in the manifests: Envoy's metrics never tell which tier is out, even with enablePerEndpointStats"
}

func subjectOf(failover check.Failover, hosts Hosts) (subject Subject, problem string) {
	at := failover.At
	if slices.ContainsFunc(failover.OfRule.Backends, envoygateway.Backend.IsUnread) {
		return Subject{}, diagnostic.Printable(failover.Reason)
	}
	if len(failover.NotHere) > 0 {
		return Subject{}, diagnostic.Printable(failover.Reason) + ": give the file that has it too"
	}
	if at == nil || failover.Absent || len(at.Clusters) != 1 || len(at.Clusters[0].Tiers) < 2 {
		return Subject{}, diagnostic.Printable(cmp.Or(failover.Reason, "its backends are not in tiers of one cluster"))
	}
	cluster := at.Clusters[0]
	if strings.Contains(cluster.Name, ".") {
		return Subject{}, "Envoy's metrics end the name of a cluster at its first dot: give the route a name without dots"
	}
	settings := envoy.SettingsOf(failover.Route.Kind, *failover.OfRule, *at, failover.EnvoyGateway)
	if settings.Outlier == nil && settings.Check == nil {
		return Subject{}, diagnostic.Printable(failover.Reason)
	}
	subject = Subject{
		Name: failover.Name(), Route: failover.Route, Cluster: cluster.Name,
		Active: tierOf(cluster.Tiers[:1], hosts.Active), Standby: tierOf(cluster.Tiers[1:], hosts.Passive),
		Ejects: settings.Outlier != nil, Checks: settings.Check != nil, SeesConnections: settings.Connections,
	}
	if active, standby := labelsOf(cluster.Tiers[:1]), labelsOf(cluster.Tiers[1:]); areApart(active, standby) {
		subject.Active.Is, subject.Standby.Is = matcher(active), matcher(standby)
	}
	return subject, ""
}

func tierOf(tiers []envoygateway.Tier, otherwise int) Tier {
	var result Tier
	var names []string
	for _, tier := range tiers {
		for _, backend := range tier.Backends {
			names = append(names, diagnostic.Printable(backend.Ref.String()))
			for _, host := range backend.Hosts {
				hosts := host.CountOr(otherwise)
				result.Addresses++
				result.Hosts += hosts
				result.Varies = result.Varies || host.Headless || hosts != 1
			}
		}
	}
	result.Name = strings.Join(names, ", ")
	result.Hosts = max(1, result.Hosts)
	return result
}

// label is one that the metrics of an endpoint have.
type label struct{ name, value string }

// labelsOf has for each host the label by which it is known (forEachMetric in Envoy's
// source/common/upstream/host_utility.cc): the name that was resolved, or the address. It is
// empty for one of which neither is in the manifests.
func labelsOf(tiers []envoygateway.Tier) []label {
	var labels []label
	for _, tier := range tiers {
		for _, backend := range tier.Backends {
			for _, host := range backend.Hosts {
				switch host.Type {
				case envoygateway.AddressTypeFQDN:
					labels = append(labels, label{"envoy_endpoint_hostname", cmp.Or(host.Hostname, host.Address)})
				case envoygateway.AddressTypeIP:
					labels = append(labels, label{"envoy_endpoint_address", net.JoinHostPort(addressOf(host), strconv.FormatUint(uint64(host.Port), 10))})
				default:
					labels = append(labels, label{})
				}
			}
		}
	}
	return labels
}

// addressOf writes an IP address as Envoy does, which has one form for each.
func addressOf(host envoygateway.Host) string {
	address, err := netip.ParseAddr(host.Address)
	if err != nil {
		return host.Address
	}
	return address.String()
}

// areApart tells that hosts of two tiers are known by the values of one label.
func areApart(active, standby []label) bool {
	if len(active) == 0 || len(standby) == 0 || active[0].name == "" {
		return false
	}
	isOther := func(l label) bool { return l.name != active[0].name }
	return !slices.ContainsFunc(active, isOther) && !slices.ContainsFunc(standby, func(l label) bool { return isOther(l) || slices.Contains(active, l) })
}

// matcher selects what has the label with one of the values.
func matcher(labels []label) string {
	if len(labels) == 1 {
		return labels[0].name + "=" + strconv.Quote(labels[0].value)
	}
	values := make([]string, 0, len(labels))
	for _, l := range labels {
		values = append(values, strings.ReplaceAll(regexp.QuoteMeta(l.value), `\.`, "[.]"))
	}
	return labels[0].name + "=~" + strconv.Quote(strings.Join(values, "|"))
}
