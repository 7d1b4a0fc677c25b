package check

import "github.com/failover-krm/failover/pkg/diagnostic"

// The ids of the rules about the annotation that ignores findings. Whoever reads the
// annotation finds what they are about.
const (
	RuleIgnoreUnknownRule   = "ignore-unknown-rule"
	RuleIgnoreWithoutReason = "ignore-without-reason"
	RuleIgnoreUnused        = "ignore-unused"
)

// ignoreRules are about the annotation that ignores findings.
var ignoreRules = []Rule{
	{
		ID: RuleIgnoreUnknownRule, Severity: diagnostic.Warning,
		Summary:     "The annotation failover.krm.dev/ignore names a rule that does not exist.",
		Explanation: "The entry ignores nothing: the finding that it should suppress is still reported. Errors of the API server and of Envoy Gateway have no rule, and cannot be ignored.",
		Fix:         "Write the id that the finding ends with: RULE: reason. Entries are separated by a semicolon or a line break, so a reason has none. `failover explain` lists the rules.",
	},
	{
		ID: RuleIgnoreWithoutReason, Severity: diagnostic.Warning,
		Summary:     "The annotation failover.krm.dev/ignore names a rule and gives no reason.",
		Explanation: "The entry ignores nothing: without its reason, nobody can tell later whether it still holds.",
		Fix:         "Write why the finding does not matter here: RULE: reason.",
	},
	{
		ID: RuleIgnoreUnused, Severity: diagnostic.Info,
		Summary: "The annotation failover.krm.dev/ignore names a rule that has no finding at this object.",
		Explanation: "The entry ignores nothing. It is left over from a finding that is fixed, or it is on another object than the one that the finding names. It would hide " +
			"a new finding of the same rule.",
		Fix: "Remove the entry, or move it to the object that the finding names. On a FailoverSpec, it covers the findings at all that is rendered from it.",
	},
}

// CanIgnore tells whether the findings of a rule can be ignored: those of all but
// the rules about ignoring.
func CanIgnore(id string) bool {
	for _, rule := range ignoreRules {
		if rule.ID == id {
			return false
		}
	}
	_, found := Lookup(id)
	return found
}
