package check

import (
	"slices"
	"sync"

	"github.com/failover-krm/failover/pkg/diagnostic"
)

// Rule is one thing that can be wrong with a failover.
type Rule struct {
	// ID is its name, in kebab-case. It is never used for another rule.
	ID string
	// Severity is that of its findings. One that depends on what is not among the
	// manifests is information, and an error becomes a warning where the traffic still
	// fails over by other means.
	Severity diagnostic.Severity
	// Summary says when the rule finds something, in a line.
	Summary string
	// Explanation says what happens to the traffic.
	Explanation string
	// Fix says what to do.
	Fix string
	// Cost is what was measured, on a real Envoy; empty where nothing was.
	Cost string
	// OnRender tells that those who render a FailoverSpec hear of it too, although it
	// is information.
	OnRender bool
	// Since is the first Envoy Gateway that it is about; empty for all of them.
	Since string

	// ofFailover and ofSet find it, in a failover or in all manifests.
	ofFailover func(*failover) []finding
	ofSet      func(*set) []finding
}

// Rules has every rule, by family: what it takes to have tiers in one cluster comes
// first, and what makes the traffic leave one of them after it.
func Rules() []Rule { return allRules() }

var allRules = sync.OnceValue(func() []Rule {
	return slices.Concat(referenceRules, namespaceRules, hostRules, tierRules, placeRules, splitRules, ejectionRules, healthCheckRules, retryRules, timeoutRules, loadRules, policyRules, tlsRules, envoyRules, objectRules, specRules, drillRules, ignoreRules)
})

// Lookup returns the rule of an id.
func Lookup(id string) (Rule, bool) {
	all := Rules()
	i := slices.IndexFunc(all, func(rule Rule) bool { return rule.ID == id })
	if i < 0 {
		return Rule{}, false
	}
	return all[i], true
}
