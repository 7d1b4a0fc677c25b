package diagram

import (
	"fmt"
	"strings"

	"golang.org/x/text/width"
)

// columns is how wide the text is at most.
const columns = 80

// cells is how many columns of a terminal a character takes.
func cells(char rune) float64 {
	switch width.LookupRune(char).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	default:
		return 1
	}
}

// Text writes failovers as trees, within 80 columns.
func Text(views []View) []byte {
	var p printer
	for i, view := range views {
		if i > 0 {
			p.line("", "")
		}
		p.view(view)
	}
	return []byte(p.String())
}

// printer writes lines.
type printer struct{ strings.Builder }

// line writes a text; what does not fit goes on in lines of the same indentation.
func (p *printer) line(indent, text string) { p.item(indent, indent, text) }

// item writes a text whose first line has another indentation.
func (p *printer) item(first, then, text string) {
	for i, line := range ruler(cells).wrap(visible(text), columns-ruler(cells).width(then), 1000) {
		prefix := then
		if i == 0 {
			prefix = first
		}
		p.WriteString(strings.TrimRight(prefix+line, " ") + "\n")
	}
}

func (p *printer) view(view View) {
	p.line("", view.Name)
	if view.Target != "" {
		p.line("", "for "+view.Target)
	}
	p.line("", fmt.Sprintf("fails over: %s: %s", view.Verdict, view.Reason))
	p.line("", "")
	p.line("", "client")
	p.thing("└─ ", "   ", view.Listener)
	p.thing("   └─ ", "      ", view.Route)
	indent := "      │  "
	if len(view.Tiers) == 0 {
		indent = "         "
	}
	for _, policy := range view.Policies {
		p.thing(indent, indent+"  ", policy)
	}
	if view.Split {
		p.line(indent, "split by weight: nothing fails over")
	}
	for i, tier := range view.Tiers {
		first, then := "      ├─ ", "      │  "
		if tier.Kind == Standby {
			first = "      ├╌ "
		}
		if i == len(view.Tiers)-1 {
			first, then = strings.Replace(first, "├", "└", 1), "         "
		}
		p.item(first, then, tier.heading())
		for _, backend := range tier.Backends {
			p.thing(then, then+"  ", backend)
		}
	}
	p.findings("", "", view.Others)
	p.line("", "")
	for _, phase := range view.Phases {
		p.item(fmt.Sprintf("%-10s", phase.Name), "          ", phase.Text)
	}
}

func (p *printer) thing(first, then string, thing Thing) {
	name := strings.TrimSpace(thing.Kind + " " + thing.Name)
	if thing.Wrong != "" {
		name += ": " + thing.Wrong
	}
	p.item(first, then, name)
	for _, fact := range thing.Facts {
		p.item(then, then+"  ", fact)
	}
	p.findings(then, then+"  ", thing.Findings)
}

func (p *printer) findings(first, then string, findings []Finding) {
	for _, line := range linesOf(findings) {
		p.item(first, then, line)
	}
}

// linesOf writes findings, a line for each.
func linesOf(findings []Finding) []string {
	shown, more := worst(findings)
	lines := make([]string, 0, len(shown)+1)
	for _, finding := range shown {
		lines = append(lines, finding.line())
	}
	if more != "" {
		lines = append(lines, more)
	}
	return lines
}

// line writes a finding.
func (f Finding) line() string { return f.label() + ": " + f.Message }
