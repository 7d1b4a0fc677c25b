package predictions

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/failover-krm/failover/e2e/cluster"
)

// group is some of the drills.
type group struct {
	name string
	has  func(Comparison) bool
}

// groups have each drill in several places.
func groups() []group {
	policyHas := func(text string) func(Comparison) bool {
		return func(c Comparison) bool { return strings.Contains(c.Policy.Written, text) }
	}
	all := []group{
		{"all", func(Comparison) bool { return true }},
		{"random policies", Comparison.isRandom},
		{"two or three hosts in a tier", func(c Comparison) bool { return c.Tiers()[0]+c.Tiers()[1] > 2 }},
		{"some of the active tier's hosts broken", func(c Comparison) bool { return c.BrokenHosts() < c.Tiers()[0] }},
		{"the passive tier broken too", func(c Comparison) bool { return c.PassiveToo.For > 0 }},
		{"no merge window", func(c Comparison) bool { return c.NoMergeWindow }},
		{"GET", func(c Comparison) bool { return c.Method == http.MethodGet }},
		{"POST", func(c Comparison) bool { return c.Method == http.MethodPost }},
		{"an active HTTP check", func(c Comparison) bool { return c.Policy.ActiveCheck && !policyHas("type: TCP")(c) }},
		{"an active TCP check", policyHas("type: TCP")},
		{"consecutiveGatewayErrors above 0", func(c Comparison) bool {
			return policyHas("consecutiveGatewayErrors: ")(c) && !policyHas("consecutiveGatewayErrors: 0")(c)
		}},
		{"splitExternalLocalOriginErrors", policyHas("splitExternalLocalOriginErrors: true")},
		{"panicThreshold", policyHas("panicThreshold: ")},
		{"maxEjectionPercent 10 or 50", func(c Comparison) bool {
			return policyHas("maxEjectionPercent: 10,")(c) || policyHas("maxEjectionPercent: 50,")(c)
		}},
		{"perRetry.timeout", func(c Comparison) bool { return policyHas("perRetry: ")(c) || policyHas("zero-loss")(c) }},
		{"requestTimeout", policyHas("requestTimeout: ")},
	}
	for _, fault := range []cluster.Fault{cluster.PortClosed, cluster.AnswersErrors, cluster.AnswersUnavailable, cluster.Hangs, cluster.PacketsDropped} {
		all = append(all, group{"broken by " + string(fault), func(c Comparison) bool { return c.Fault == fault }})
	}
	for _, length := range []time.Duration{5, 10, 20, 60, 120} {
		all = append(all, group{fmt.Sprintf("an outage of %d s", length), func(c Comparison) bool { return c.OutageLength() == length*time.Second }})
	}
	for _, rate := range []float64{0.5, 1, 2, 5, 20, 50, 100} {
		all = append(all, group{fmt.Sprintf("%g requests a second", rate), func(c Comparison) bool { return c.RequestsPerSecond() == rate }})
	}
	for _, workers := range []int{1, 2, 4} {
		all = append(all, group{fmt.Sprintf("workers: %d", workers), func(c Comparison) bool { return c.Threads() == workers }})
	}
	return all
}

// isRandom tells whether the policy is, which has a name of its own then.
func (c Comparison) isRandom() bool {
	return strings.HasPrefix(c.Policy.Name, "random-") || strings.HasPrefix(c.Policy.Name, "varied-")
}

// Share is how many of the rows do so.
func Share(rows []Comparison, agrees func(Comparison) bool) float64 {
	count := 0
	for _, row := range rows {
		if agrees(row) {
			count++
		}
	}
	return float64(count) / float64(len(rows))
}

// LostAgrees tells whether the lost requests were predicted.
func LostAgrees(c Comparison) bool { return c.Lost.Agrees() }

const head = `# What was predicted, and what was measured

%d drills on a real Envoy, under Envoy Gateway %s, each compared with %d runs of the [simulation](simulation.md). The first 25 are those of
[drills](drills.md); then come those that differ from them in one or two things, and then random policies, which are below. Where a
row does not say otherwise, there is an outage of 20 s, one host in each tier, and two workers. The simulation is told when the outage was really in
force, and nothing else.

A figure is measured / predicted. It agrees within 2 requests or 5 %%, or within 0.3 s or the time between two requests. Those that
do not agree are in bold, and at the end of the page with what is known of the reason.

| drills | number | lost requests agree | time to fail over | time to fail back |
|---|---|---|---|---|
`

// Page is docs/predictions.md.
func Page(rows []Comparison, version string) string {
	var page strings.Builder
	fmt.Fprintf(&page, head, len(rows), version, runs)
	for _, group := range groups() {
		var of []Comparison
		for _, row := range rows {
			if group.has(row) {
				of = append(of, row)
			}
		}
		if len(of) == 0 {
			continue
		}
		percent := func(agrees func(Comparison) bool) string { return fmt.Sprintf("%.0f %%", 100*Share(of, agrees)) }
		fmt.Fprintf(&page, "| %s | %d | %s | %s | %s |\n", group.name, len(of), percent(LostAgrees),
			percent(func(c Comparison) bool { return c.Failover.Agrees() }), percent(func(c Comparison) bool { return c.Failback.Agrees() }))
	}
	page.WriteString("\n## The drills\n\n| policy | broken by | requests | also | lost | failover (s) | failback (s) |\n|---|---|---|---|---|---|---|\n")
	for _, row := range rows {
		fmt.Fprintf(&page, "| %s | %s | %s, %g/s | %s | %s | %s | %s |\n",
			row.Policy.Name, row.Fault, row.Method, row.RequestsPerSecond(), row.Besides(), row.Lost, row.Failover, row.Failback)
	}
	page.WriteString(policies(rows))
	page.WriteString(disagreements(rows))
	page.WriteString("\nWritten by `make predictions`.\n")
	return page.String()
}

// policies are those that docs/drills.md does not have.
func policies(rows []Comparison) string {
	var text strings.Builder
	text.WriteString("\n## The random policies, and those of the table's that are not of a profile\n\n| policy | is |\n|---|---|\n")
	seen := map[string]bool{}
	for _, row := range rows {
		fields, isCustom := strings.CutPrefix(row.Policy.Written, "{profile: custom")
		if !isCustom || seen[row.Policy.Name] {
			continue
		}
		seen[row.Policy.Name] = true
		fields = strings.Join(strings.Fields(strings.TrimSuffix(strings.TrimPrefix(fields, ", "), "}")), " ")
		fmt.Fprintf(&text, "| %s | `%s` |\n", row.Policy.Name, cmp.Or(fields, "{}"))
	}
	return text.String()
}

// disagreements are the rows with a figure that does not agree.
func disagreements(rows []Comparison) string {
	var text strings.Builder
	text.WriteString("\n## What does not agree\n\n| drill | lost | failover (s) | failback (s) | reason |\n|---|---|---|---|---|\n")
	for _, row := range rows {
		if !row.Agrees() {
			fmt.Fprintf(&text, "| %s | %s | %s | %s | %s |\n", row, row.Lost, row.Failover, row.Failback, cmp.Or(reasons[row.String()], notKnown))
		}
	}
	return text.String()
}
