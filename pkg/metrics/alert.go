package metrics

import (
	"cmp"
	"strings"
	"time"
)

// Severity is how much an alert matters.
type Severity string

// The severities, as those of kube-prometheus.
const (
	// Critical is for requests that are lost now.
	Critical Severity = "critical"
	// Warning is for the next outage, or one that is survived.
	Warning Severity = "warning"
)

// Alert is one of a failover.
type Alert struct {
	Name       string
	Expression string
	// For is how long the expression must hold.
	For      time.Duration
	Severity Severity
	// Summary says in a line what happens, and Description what it means.
	Summary, Description string
}

// runbook has a section for each alert.
const runbook = "https://github.com/failover-krm/failover/blob/main/docs/runbook.md"

// RunbookURL is the section of the runbook about the alert.
func (a Alert) RunbookURL() string { return runbook + "#" + strings.ToLower(a.Name) }

// kind is an alert for any failover. In its texts, NAME, ACTIVE and PASSIVE are those of the
// failover, PART is for tiers of different sizes, and TELL for what metrics tell of tiers.
type kind struct {
	name                 string
	expression           func(Subject) string // empty where there is nothing to see it by
	duration             time.Duration
	severity             Severity
	summary, description string
}

var kinds = []kind{
	{
		"FailoverServingFromPassive", func(s Subject) string { return lately(s.servedFromPassive()) }, 2 * time.Minute, Warning,
		"NAME is served from passive",
		"No host of ACTIVE is healthy, and PASSIVE serves instead.",
	},
	{
		"FailoverNoTierHealthy", Subject.noTierHealthy, time.Minute, Critical,
		"NAME has no healthy tier",
		"No host of ACTIVE or PASSIVE is healthy. Requests go to hosts that are known to fail, or to none.",
	},
	{
		"FailoverCannotEject", Subject.cannotEject, time.Minute, Critical,
		"NAME does not eject hosts that fail",
		"A host of ACTIVE or PASSIVE fails, and maxEjectionPercent of the passive health check prevents its ejection: requests still go to it.",
	},
	{
		"FailoverFlapping", Subject.flapping, time.Minute, Warning,
		"NAME goes back and forth between its tiers",
		"All hosts of ACTIVE, or as many hosts, were taken out and came back three times within 30 minutes. Each time, requests may be lost.",
	},
	{
		"FailoverTierUnhealthy", Subject.aTierFailsChecks, 2 * time.Minute, Warning,
		"A tier of NAME fails its health checks",
		"As many hosts fail the active health check as a tier has: either ACTIVE, so PASSIVE serves, or PASSIVE, which could not take overPART. Envoy's metrics TELL; 'failover status' tells which.",
	},
	{
		"FailoverStandbyUnhealthy", Subject.standbyUnhealthy, 5 * time.Minute, Warning,
		"The standby of NAME is unhealthy",
		"No host of PASSIVE is healthy: ACTIVE serves, and nothing could take over.",
	},
	{
		"FailoverStandbyWithoutHosts", Subject.standbyWithoutHosts, 5 * time.Minute, Warning,
		"A tier of NAME has no hosts",
		"Envoy knows no host of PASSIVE or, without enablePerEndpointStats, fewer hosts than there are addresses of ACTIVE and PASSIVE: a name does not resolve, or has no pod. 'failover status' tells which.",
	},
}

// AlertsFor returns those by which a failover can be watched.
func AlertsFor(s Subject) []Alert {
	texts := strings.NewReplacer("NAME", s.Name, "ACTIVE", "active ("+s.Active.Name+")", "PASSIVE", "passive ("+s.Standby.Name+")", "PART", s.part(), "TELL", s.tell())
	var alerts []Alert
	for _, k := range kinds {
		if expression := k.expression(s); expression != "" {
			alerts = append(alerts, Alert{k.name, expression, k.duration, k.severity, texts.Replace(k.summary), texts.Replace(k.description) + " Envoy: {{ $labels.instance }}."})
		}
	}
	return alerts
}

// part says which hosts fail if not those of a tier.
func (s Subject) part() string {
	switch cmp.Compare(s.Active.Hosts, s.Standby.Hosts) {
	case 1:
		return ", or as many hosts of active as passive has, while the others serve"
	case -1:
		return ", or as many hosts of passive as active has"
	default:
		return ""
	}
}

// tell says when metrics tell one tier from the other.
func (s Subject) tell() string {
	if s.tellsApart() {
		return "tell which only with enablePerEndpointStats"
	}
	return "do not tell which"
}

// duration writes one as Prometheus does, in seconds and what is longer.
func duration(d time.Duration) string {
	text := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zero) {
			text = strings.TrimSuffix(text, zero[1:])
		}
	}
	return text
}

// rule writes an alert. The name of the cluster is a label of its metrics too; promtool takes rules of
// one name and the same labels for one that is there twice.
func (a Alert) rule(cluster string) rule {
	return rule{
		Alert: a.Name, Expr: a.Expression, For: duration(a.For),
		Labels:      map[string]string{"severity": string(a.Severity), "envoy_cluster_name": cluster},
		Annotations: map[string]string{"summary": a.Summary, "description": a.Description, "runbook_url": a.RunbookURL()},
	}
}
