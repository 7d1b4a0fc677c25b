package metrics

import (
	"fmt"
	"strings"
)

// The expressions are about one Envoy each: all metrics of a cluster have the same labels except
// those of its endpoints, so that operators match what one Envoy says with what it says itself.

// withoutEndpoint sums up or counts endpoints by what is left of their labels.
const withoutEndpoint = "without (envoy_endpoint_address, envoy_endpoint_hostname)"

// of selects a metric of the cluster.
func (s Subject) of(metric string) string {
	return fmt.Sprintf("envoy_cluster_%s{envoy_cluster_name=%q}", metric, s.Cluster)
}

// ofHosts selects a metric of the hosts of a tier, which is there only with per-endpoint stats.
func (s Subject) ofHosts(tier Tier, metric string) string {
	return fmt.Sprintf("envoy_cluster_endpoint_%s{envoy_cluster_name=%q, %s}", metric, s.Cluster, tier.Is)
}

// tellsApart tells that per-endpoint stats say which tier a host is of.
func (s Subject) tellsApart() bool { return s.Active.Is != "" }

// healthy is how many hosts of a tier are.
func (s Subject) healthy(tier Tier) string {
	return fmt.Sprintf("sum %s (%s)", withoutEndpoint, s.ofHosts(tier, "healthy"))
}

// hosts is how many of a tier there are.
func (s Subject) hosts(tier Tier) string {
	return fmt.Sprintf("count %s (%s)", withoutEndpoint, s.ofHosts(tier, "healthy"))
}

// unlessEndpoints leaves an Envoy out that has per-endpoint stats.
func (s Subject) unlessEndpoints(expression string) string {
	if !s.tellsApart() {
		return expression
	}
	return fmt.Sprintf("(\n%s\n)\nunless\ncount %s (%s)", indent(expression), withoutEndpoint, s.of("endpoint_healthy"))
}

// either is what per-endpoint stats say, or what can be said without them. Each may be empty.
func (s Subject) either(with, without string) string {
	if without != "" {
		without = s.unlessEndpoints(without)
	}
	if with == "" || without == "" {
		return with + without
	}
	return fmt.Sprintf("(\n%s\n)\nor\n(\n%s\n)", indent(with), indent(without))
}

// servedFromPassive holds while no host of active is healthy, and one of passive is.
func (s Subject) servedFromPassive() string {
	with, without := "", ""
	if s.tellsApart() {
		with = fmt.Sprintf("%s > 0\nunless\n%s > 0", s.healthy(s.Standby), s.healthy(s.Active))
	}
	if s.Ejects {
		without = fmt.Sprintf("%s >= %s\nand\n%s > 0", s.of("outlier_detection_ejections_active"), s.activeHosts(), s.of("membership_healthy"))
	}
	return s.either(with, without)
}

// activeHosts is how many hosts active has. Where that varies, it is what passive leaves of all
// hosts: none, while a headless Service has no pods.
func (s Subject) activeHosts() string {
	if s.Active.Varies && !s.Standby.Varies {
		return fmt.Sprintf("(%s - %d)", s.of("membership_total"), s.Standby.Hosts)
	}
	return fmt.Sprint(s.Active.Hosts)
}

// aTierFailsChecks holds while as many hosts fail the active check as a tier has, and others are
// healthy, on an Envoy that does not say which. Of a larger active tier, a number between that of
// passive and its own is a part.
func (s Subject) aTierFailsChecks() string {
	if !s.Checks {
		return ""
	}
	failing := s.of("membership_total") + " - " + s.of("health_check_healthy")
	fails := fmt.Sprintf("%s >= %s", failing, s.activeHosts())
	if s.Active.Hosts > s.Standby.Hosts {
		fails = fmt.Sprintf("(\n%s\n)", indent(fmt.Sprintf("%s == %d\nor\n%s", failing, s.Standby.Hosts, fails)))
	}
	if s.Active.Varies {
		fails += fmt.Sprintf("\nand\n%s > 0", failing) // it may have no hosts, of which none fails
	}
	return s.unlessEndpoints(fmt.Sprintf("%s\nand\n%s > 0", fails, s.of("membership_healthy")))
}

// standbyUnhealthy holds while no host of passive is healthy, and one of active is.
func (s Subject) standbyUnhealthy() string {
	if !s.tellsApart() {
		return ""
	}
	return fmt.Sprintf("%s == 0\nand\n%s > 0", s.healthy(s.Standby), s.healthy(s.Active))
}

// standbyWithoutHosts holds while Envoy knows fewer hosts than addresses.
func (s Subject) standbyWithoutHosts() string {
	with := ""
	if s.tellsApart() {
		with = fmt.Sprintf("%s\nunless\n%s", s.hosts(s.Active), s.hosts(s.Standby))
	}
	return s.either(with, fmt.Sprintf("%s < %d", s.of("membership_total"), s.Active.Addresses+s.Standby.Addresses))
}

// noTierHealthy holds while no host of any tier was healthy for half of the last minute: an ejection
// ends from time to time.
func (s Subject) noTierHealthy() string {
	return fmt.Sprintf("quantile_over_time(0.5, %s[1m]) == 0", s.of("membership_healthy"))
}

// cannotEject holds after a host that fails too often was not ejected.
func (s Subject) cannotEject() string {
	if !s.Ejects {
		return ""
	}
	return fmt.Sprintf("increase(%s[5m]) > 0", s.of("outlier_detection_ejections_overflow"))
}

// flapping holds after active, or as many hosts, went out and came back three times.
func (s Subject) flapping() string {
	if !s.Ejects && !s.Checks {
		return ""
	}
	return fmt.Sprintf("changes((\n  %s - %s >= bool %s\n)[30m:15s]) >= 6", s.of("membership_total"), s.of("membership_healthy"), s.activeHosts())
}

// lately holds where an expression has held at a moment of the last minute: an ejection ends from
// time to time to see whether the host works again.
func lately(expression string) string {
	if expression == "" {
		return ""
	}
	return fmt.Sprintf("last_over_time((\n%s\n)[1m:5s])", indent(expression))
}

func indent(text string) string { return "  " + strings.ReplaceAll(text, "\n", "\n  ") }
