package diagram

import (
	"fmt"
	"slices"
	"strings"
)

// Mermaid writes failovers as a flowchart for a code block of Markdown. Its colours are
// readable on a light and on a dark ground.
func Mermaid(views []View) []byte {
	var m mermaid
	m.add(`%%{init: {"flowchart": {"wrappingWidth": 480}}}%%`)
	m.add("flowchart TB")
	for i, view := range views {
		m.view(fmt.Sprintf("f%d", i), view)
	}
	if len(views) == 0 {
		m.add("  none[%s]", quoted("no failover was found"))
	}
	for _, class := range []string{
		"plain fill:#f6f8fa,stroke:#7b8a99,color:#1c2733",
		"first fill:#dbe8ff,stroke:#2460d8,color:#10233f",
		"standby fill:#d8f3ec,stroke:#0b7265,color:#0b2f2a,stroke-dasharray:5 3",
		"bad fill:#fde3e1,stroke:#c02b2b,color:#4a1010,stroke-dasharray:2 3",
		"idle fill:#ffffff,stroke:#7b8a99,color:#1c2733,stroke-dasharray:2 3",
	} {
		m.add("  classDef %s", class)
	}
	return []byte(m.String())
}

// mermaid writes lines. Texts in them come from quoted.
type mermaid struct{ strings.Builder }

func (m *mermaid) add(format string, values ...any) {
	if len(values) > 0 {
		format = fmt.Sprintf(format, values...)
	}
	m.WriteString(format + "\n")
}

// node writes one with a class, on several lines.
func (m *mermaid) node(id, class string, lines []string) {
	m.add("    %s[%s]:::%s", id, quoted(lines...), class)
}

func (m *mermaid) view(id string, view View) {
	title := fmt.Sprintf("%s: fails over: %s", view.Name, view.Verdict)
	m.add("  subgraph %s[%s]", id, quoted(title))
	m.add("    direction TB")
	m.add("    %sc([%s]):::plain", id, quoted("client"))
	m.node(id+"l", view.Listener.mermaidClass(), view.Listener.lines())
	route := view.Route.lines()
	if view.Split {
		route = append(route, "split by weight: nothing fails over")
	}
	route = append(route, linesOf(view.Others)...)
	m.node(id+"r", view.Route.mermaidClass(), route)
	m.add("    %sc --> %sl --> %sr", id, id, id)
	for i, policy := range view.Policies {
		m.node(fmt.Sprintf("%sp%d", id, i), policy.mermaidClass(), policy.lines())
		link := "---"
		if policy.Wrong != "" {
			link = "-.-x"
		}
		m.add("    %sr %s %sp%d", id, link, id, i)
	}
	for i, tier := range view.Tiers {
		var lines []string
		for _, backend := range tier.Backends {
			lines = append(lines, backend.lines()...)
		}
		m.node(fmt.Sprintf("%st%d", id, i), classOf(tier), lines)
		link := map[Kind]string{First: "-->", Shared: "-->", Standby: "-.->", Unavailable: "--x", Unused: "-.-x"}[tier.Kind]
		m.add("    %sr %s|%s| %st%d", id, link, quoted(tier.heading()), id, i)
	}
	phases := []string{"fails over: " + string(view.Verdict) + ", " + view.Reason}
	for _, phase := range view.Phases {
		phases = append(phases, phase.Name+": "+phase.Text)
	}
	m.node(id+"s", "plain", phases)
	if len(view.Tiers) > 0 {
		m.add("    %st0 ~~~ %ss", id, id)
	}
	m.add("  end")
	m.add("  style %s fill:none,stroke:#7b8a99", id)
}

func (t Thing) mermaidClass() string {
	if class := t.class(); class != "" {
		return class
	}
	return "plain"
}

// lines are all that there is to say of a thing.
func (t Thing) lines() []string {
	name := strings.TrimSpace(t.Kind + " " + t.Name)
	if t.Wrong != "" {
		name += ": " + t.Wrong
	}
	return slices.Concat([]string{name}, t.Facts, linesOf(t.Findings))
}

// quoted writes lines as a text of Mermaid. All that has a meaning there is written as
// the number of its character.
func quoted(lines ...string) string {
	const columns, most = 56, 3
	var wrapped []string
	for _, line := range lines {
		line = visible(line)
		for strings.Contains(line, "$$") {
			line = strings.ReplaceAll(line, "$$", "$ $") // which would begin a formula
		}
		for _, part := range ruler(cells).wrap(line, columns, most) {
			wrapped = append(wrapped, mermaidText(part))
		}
	}
	label := strings.Join(wrapped, "<br/>")
	if label == "" {
		label = " " // none at all is an error
	}
	return `"` + label + `"`
}

func mermaidText(text string) string {
	const harmless = " .,:/()_+-"
	var escaped strings.Builder
	for _, char := range text {
		isWord := char >= '0' && char <= '9' || char >= 'A' && char <= 'Z' || char >= 'a' && char <= 'z'
		if isWord || char > 0x7f || strings.ContainsRune(harmless, char) {
			escaped.WriteRune(char)
		} else {
			fmt.Fprintf(&escaped, "#%d;", char)
		}
	}
	return escaped.String()
}
