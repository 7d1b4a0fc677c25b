package failovers

import (
	"fmt"
	"slices"
	"strings"

	"github.com/failover-krm/failover/pkg/check"
)

// Result is what is said of a failover, and what became of it.
type Result struct {
	// Set is the name of the manifests, and Failover what tells it from the others in them.
	Set, Failover string
	// Errors and Warnings have the ids of the rules that found something in the set.
	Errors, Warnings []string
	Verdict          check.Verdict
	// NotDrilled is why there was no drill; empty for one with an Outcome.
	NotDrilled string
	Outcome    Outcome
}

// Disagreement says what is wrong, or nothing: a verdict is yes where the drill does not
// fail over, or no where it does, or there is an error where it does. Of several failovers
// in a set, the errors may be about another one.
func (r Result) Disagreement() string {
	switch {
	case r.NotDrilled != "" || r.Verdict == check.Unknown:
		return ""
	case r.Verdict == check.Yes && !r.Outcome.FailsOver():
		return "it is said to fail over, and does not"
	case r.Verdict == check.No && r.Outcome.FailsOver():
		return "it is said not to fail over, and does"
	case len(r.Errors) > 0 && r.Failover == "" && r.Outcome.FailsOver():
		return "there is an error, and it fails over"
	}
	return ""
}

// Table writes results as a Markdown table.
func Table(results []Result) string {
	var table strings.Builder
	table.WriteString("| manifests | found | said to fail over | before | in the outage | fails over |\n|---|---|---|---|---|---|\n")
	for _, result := range results {
		fails, calm, settled := "no", result.Outcome.Calm.String(), result.Outcome.Settled.String()
		if result.Outcome.FailsOver() {
			fails = "yes"
		}
		if result.NotDrilled != "" {
			calm, settled, fails = "", "", "not drilled: "+result.NotDrilled
		}
		name := result.Set
		if result.Failover != "" {
			name += ", " + result.Failover
		}
		fmt.Fprintf(&table, "| %s | %s | %s | %s | %s | %s |\n", name, result.found(), result.Verdict, calm, settled, fails)
	}
	return table.String()
}

func (r Result) found() string {
	link := func(text, id string) string { return fmt.Sprintf("[%s](rules/%s.md)", text, id) }
	var found []string
	for _, id := range unique(r.Errors) {
		found = append(found, link("**"+id+"**", id))
	}
	for _, id := range unique(r.Warnings) {
		found = append(found, link(id, id))
	}
	return strings.Join(found, ", ")
}

func unique(ids []string) []string { return slices.Compact(slices.Sorted(slices.Values(ids))) }
