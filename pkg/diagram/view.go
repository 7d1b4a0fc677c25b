package diagram

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/failover-krm/failover/pkg/check"
	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/envoygateway"
)

// View is a failover as it is drawn.
type View struct {
	// Name names the rule of the route, and Target what is to run it.
	Name, Target string
	// Verdict tells whether it fails over, and Reason how, or why not.
	Verdict check.Verdict
	Reason  string
	// Listener is where clients come in, and Route what they ask for.
	Listener, Route Thing
	// Policies are those in effect, and after them those that are ignored.
	Policies []Thing
	// Tiers are what serves, in the order in which it does.
	Tiers []Tier
	// Split tells that the requests are shared among the tiers by weight.
	Split bool
	// Phases are those of an outage: calm, outage and failback.
	Phases []Phase
	// Others are findings at no thing that is drawn.
	Others []Finding
}

// Thing is an object of the picture.
type Thing struct {
	// Kind and Name are those of the object, and Facts are what to know of it.
	Kind, Name string
	Facts      []string
	// Wrong says what it is where it is not in effect, such as refused or ignored.
	Wrong string
	// Findings are the errors and warnings that concern it.
	Findings []Finding

	object  envoygateway.Object
	backend *envoygateway.Backend
}

// Finding is what check has to say.
type Finding struct {
	Severity diagnostic.Severity
	// Rule is its id; empty for what an API server or Envoy Gateway says.
	Rule    string
	Message string
}

// mostFindings is how many of them stand at one place.
const mostFindings = 5

// worst returns the findings that there is room for, errors before warnings where some are
// left out, and a line for those.
func worst(findings []Finding) (shown []Finding, more string) {
	if len(findings) <= mostFindings {
		return findings, ""
	}
	sorted := slices.SortedStableFunc(slices.Values(findings), func(a, b Finding) int {
		return cmp.Compare(slices.Index(diagnostic.Severities(), a.Severity), slices.Index(diagnostic.Severities(), b.Severity))
	})
	return sorted[:mostFindings], fmt.Sprintf("and %d more: see failover check", len(findings)-mostFindings)
}

// Tier is a tier of a cluster, or a cluster that gets a share of the requests.
type Tier struct {
	Kind Kind
	// Which is its priority or its share.
	Which string
	// Name is what its backends are called, in short.
	Name string
	// Wrong says what it is where it does not do what it is for.
	Wrong    string
	Backends []Thing
}

// Kind is what a tier is for.
type Kind int

// The kinds of tier.
const (
	// First serves in calm times.
	First Kind = iota
	// Standby serves when those before it are down.
	Standby
	// Shared serves a share of the requests, by weight.
	Shared
	// Unavailable is a share of the requests that is answered with an error.
	Unavailable
	// Unused is in no cluster.
	Unused
)

// Role is what a tier does in a phase.
type Role string

// The roles.
const (
	Serves   Role = "serves"
	StandsBy Role = "stands by"
	Down     Role = "is down"
	Idle     Role = "gets nothing"
	Errors   Role = "errors"
	NotKnown Role = "not known"
)

// Phase is a time in the course of an outage.
type Phase struct {
	Name string
	// Roles has that of each tier.
	Roles []Role
	// Text says who serves, with numbers.
	Text string
}

// Views returns failovers as they are drawn, each with the findings that concern it.
func Views(failovers []check.Failover, diagnostics []diagnostic.Diagnostic) []View {
	var faults []fault
	for _, found := range diagnostics {
		if found.Subject != nil && found.Suppressed == "" && found.Severity != diagnostic.Info {
			faults = append(faults, faultOf(found))
		}
	}
	views := make([]View, 0, len(failovers))
	for _, failover := range failovers {
		for _, on := range failover.Distinct() {
			views = append(views, viewOf(on, faults))
		}
	}
	return views
}

func viewOf(failover check.Failover, faults []fault) View {
	v := View{
		Name: failover.Name(), Verdict: failover.Verdict, Reason: failover.Reason,
		Listener: listenerOf(failover), Route: routeOf(failover), Policies: policiesOf(failover),
	}
	if failover.Target != "" {
		v.Target = fmt.Sprintf("%s (Envoy Gateway %s)", failover.Target, failover.EnvoyGateway)
	}
	v.Tiers, v.Split = tiersOf(failover)
	v.Phases = phasesOf(v.Tiers, v.Split, failover)
	v.place(failover, faults)
	return v
}

// What is wrong with things: with what is most likely in the cluster, with what is of a kind
// that is not read, and with a policy that has no effect.
const (
	notHere      = "not in these files"
	notRead      = "not read"
	wrongIgnored = "ignored"
)
