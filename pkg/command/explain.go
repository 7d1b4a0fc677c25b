package command

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/failover-krm/failover/pkg/check"
)

func newExplain() *cobra.Command {
	return &cobra.Command{
		Use:   "explain [RULE]",
		Short: "Explain a rule of check, or list them",
		Long: `Explain says about a rule of "failover check" when it finds something, what then
happens to the traffic, how to fix it, and how many requests it costs where that was
measured. Without a rule, it lists all rules.`,
		Example: `  # List the rules
  failover explain

  # What does this finding mean?
  failover explain max-ejection-too-low`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: cobra.FixedCompletions(ruleIDs(), cobra.ShellCompDirectiveNoFileComp),
		SilenceUsage:      true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return listRules(cmd.OutOrStdout())
			}
			rule, found := check.Lookup(args[0])
			if !found {
				return oneOf("rule", args[0], ruleIDs())
			}
			return explainRule(cmd.OutOrStdout(), rule)
		},
	}
}

func ruleIDs() []string {
	var ids []string
	for _, rule := range check.Rules() {
		ids = append(ids, rule.ID)
	}
	return ids
}

func listRules(stdout io.Writer) error {
	table := tabwriter.NewWriter(stdout, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "RULE\tSEVERITY\tFINDS")
	for _, rule := range check.Rules() {
		fmt.Fprintf(table, "%s\t%s\t%s\n", rule.ID, rule.Severity, rule.Summary)
	}
	if err := table.Flush(); err != nil {
		return unusable("%w", err)
	}
	return nil
}

// textWidth is how long the lines of an explanation are.
const textWidth = 80

func explainRule(stdout io.Writer, rule check.Rule) error {
	var text strings.Builder
	fmt.Fprintf(&text, "%s (%s)\n\n%s", rule.ID, rule.Severity, wrap(rule.Summary))
	for _, section := range sections(rule) {
		fmt.Fprintf(&text, "\n%s\n%s", strings.ToUpper(section.title), wrap(section.text))
	}
	if _, err := io.WriteString(stdout, text.String()); err != nil {
		return unusable("%w", err)
	}
	return nil
}

// section is a part of what there is to say of a rule.
type section struct{ title, text string }

func sections(rule check.Rule) []section {
	all := []section{{"What happens", rule.Explanation}, {"How to fix it", rule.Fix}}
	if rule.Cost != "" {
		all = append(all, section{"Measured", rule.Cost})
	}
	if rule.Since != "" {
		all = append(all, section{"Since", "Envoy Gateway " + rule.Since + "."})
	}
	return all
}

// wrap breaks a text into lines.
func wrap(text string) string {
	var lines strings.Builder
	length := 0
	for word := range strings.FieldsSeq(text) {
		switch {
		case length == 0:
		case length+1+len(word) > textWidth:
			lines.WriteByte('\n')
			length = 0
		default:
			lines.WriteByte(' ')
			length++
		}
		lines.WriteString(word)
		length += len(word)
	}
	lines.WriteByte('\n')
	return lines.String()
}
