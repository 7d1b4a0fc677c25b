package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/failover-krm/failover/pkg/diagnostic"
)

// maxMarkdown is nearly what GitHub takes as the summary of a step, in bytes: 1 MiB.
const maxMarkdown = 1<<20 - 4<<10

// markdown writes tables of the failovers and of the findings.
func (r Report) markdown(w io.Writer) {
	page := &markdownPage{w: w}
	page.line("## failover check\n\n" + escapeMarkdown(r.summary()))
	page.table("Not read", []string{"File", "Why"}, len(r.Unread), func(i int) []string {
		unread := r.Unread[i]
		return []string{escapeMarkdown(unread.place()), escapeMarkdown(unread.Message)}
	})
	notes := r.notes()
	page.table("Failovers", []string{"Failover", "Fails over", "Why", "Requests go to", "Cost"}, len(r.Failovers), func(i int) []string {
		failover := r.Failovers[i]
		var to []string
		for _, share := range shares(failover) {
			to = append(to, escapeMarkdown(share.String()))
		}
		costs := ""
		if cost := failover.Cost(); cost != nil {
			costs = cost.String()
		}
		return []string{
			escapeMarkdown(failover.Name() + notes[i]), "**" + string(failover.Verdict) + "**", escapeMarkdown(failover.Reason), strings.Join(to, "<br>"), escapeMarkdown(costs),
		}
	})
	findings := diagnostic.Limit(r.Diagnostics)
	page.table("Findings", []string{"Severity", "Place", "Finding", "Rule"}, len(findings), func(i int) []string {
		found := findings[i]
		return []string{string(found.Severity), escapeMarkdown(diagnostic.Place(found.Subject, found.Position)), escapeMarkdown(found.Text()), markdownRule(found.Rule)}
	})
	suppressed := r.suppressed()
	page.table("Suppressed findings", []string{"Severity", "Place", "Finding", "Rule", "Reason"}, len(suppressed), func(i int) []string {
		found := suppressed[i]
		return []string{
			string(found.Severity), escapeMarkdown(diagnostic.Place(found.Subject, found.Position)), escapeMarkdown(found.Text()), markdownRule(found.Rule), escapeMarkdown(found.Suppressed),
		}
	})
}

// markdownPage is a page that does not grow beyond maxMarkdown.
type markdownPage struct {
	w      io.Writer
	length int
}

func (p *markdownPage) line(text string) {
	p.length += len(text) + 1
	fmt.Fprintln(p.w, text)
}

// table writes a table, or nothing where it has no rows. Rows that no longer fit are
// counted.
func (p *markdownPage) table(title string, columns []string, rows int, row func(int) []string) {
	if rows == 0 {
		return
	}
	p.line("\n### " + title + "\n")
	p.line("| " + strings.Join(columns, " | ") + " |")
	p.line(strings.Repeat("|---", len(columns)) + "|")
	for i := range rows {
		line := "| " + strings.Join(row(i), " | ") + " |"
		if p.length+len(line) > maxMarkdown {
			p.line(fmt.Sprintf("\n%d more are not shown: the page would be too long.", rows-i))
			return
		}
		p.line(line)
	}
}

func markdownRule(rule string) string {
	if rule == "" {
		return ""
	}
	return fmt.Sprintf("[%s](%s)", rule, HelpURL(rule))
}

// escapeMarkdown writes a text such that it is shown as it is, within a table too. An
// empty comment after @ keeps GitHub from notifying whoever has that name.
func escapeMarkdown(text string) string {
	return markdownEscapes.Replace(diagnostic.Printable(text))
}

var markdownEscapes = func() *strings.Replacer {
	pairs := []string{"@", "@<!-- -->"}
	for _, mark := range "\\`*_{}[]()<>#|~!$&" {
		pairs = append(pairs, string(mark), `\`+string(mark))
	}
	return strings.NewReplacer(pairs...)
}()
