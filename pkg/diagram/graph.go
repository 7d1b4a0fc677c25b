package diagram

import (
	"fmt"
	"strings"

	"github.com/failover-krm/failover/pkg/check"
	"github.com/failover-krm/failover/pkg/diagnostic"
)

// SVG draws failovers, one below the other.
func SVG(views []View) []byte {
	c := &canvas{}
	for _, view := range views {
		c.graph(view)
	}
	title, description := "No failover", "No failover was found."
	if len(views) > 0 {
		title, description = titleOf(views), describe(views)
	}
	if len(views) == 0 {
		c.nothing(description)
	}
	return c.picture(title, description)
}

func titleOf(views []View) string {
	if len(views) == 1 {
		return "Failover of " + views[0].Name
	}
	return fmt.Sprintf("%d failovers", len(views))
}

// describe says in words what the picture shows.
func describe(views []View) string {
	var sentences []string
	for _, view := range views {
		sentences = append(sentences, fmt.Sprintf("%s fails over: %s, %s.", view.Name, view.Verdict, view.Reason))
		for _, phase := range view.Phases {
			sentences = append(sentences, fmt.Sprintf("%s: %s.", capital(phase.Name), phase.Text))
		}
	}
	return strings.Join(sentences, " ")
}

func capital(word string) string { return strings.ToUpper(word[:1]) + word[1:] }

// The x of what a graph is made of: cards, the tiers next to the rails that lead to them,
// and the boxes of a phase.
const (
	rail     = 40.0
	tierX    = 64.0
	phaseX   = 100.0
	arrowGap = 22.0
)

// graph draws one failover.
func (c *canvas) graph(view View) {
	c.page(func(c *canvas) {
		c.heading(view)
		c.client()
		c.card(cardOf(view.Listener.class(), view.Listener.section(2)), inset)
		c.arrow("", rail, c.y, c.y+arrowGap, 0)
		c.y += arrowGap
		route := []section{view.Route.section(3)}
		for _, policy := range view.Policies {
			route = append(route, policy.section(2))
		}
		c.card(cardOf(view.Route.class(), route...), inset)
		c.tiers(view)
		others, more := worst(view.Others)
		for _, finding := range others {
			c.y += 10
			c.card(cardOf("", section{finding.rows()}), inset)
		}
		if more != "" {
			c.rows([]row{{text: more, font: textFont, class: "muted", most: 2, space: 8}}, inset, pictureWidth-2*inset)
		}
		c.phases(view)
	})
}

// heading writes the name, the target and the verdict.
func (c *canvas) heading(view View) {
	rows := []row{{text: view.Route.Name, font: titleFont, most: 2, leading: 23}, {text: view.Route.Kind, font: textFont, class: "muted", most: 2}}
	if view.Target != "" {
		rows = append(rows, row{text: "for " + view.Target, font: textFont, class: "muted", most: 2})
	}
	c.rows(rows, inset, pictureWidth-2*inset)
	c.y += 8
	class := map[check.Verdict]string{check.Yes: "yes", check.No: "bad", check.Unknown: "plain"}[view.Verdict]
	c.pill(class, inset, c.y, pictureWidth-2*inset, "fails over: "+string(view.Verdict))
	c.y += pillHeight + 4
	c.rows([]row{{text: view.Reason, font: textFont, most: 4}}, inset, pictureWidth-2*inset)
	c.y += 14
}

// client draws where requests come from.
func (c *canvas) client() {
	const width, height = 72.0, 28.0
	c.rect("card", inset, c.y, width, height, height/2)
	c.text("", boldFont, inset+15, c.y+19, "client")
	c.y += height
	c.arrow("", rail, c.y, c.y+arrowGap, 0)
	c.y += arrowGap
}

// tiers draws what serves, each with a rail that leads to it.
func (c *canvas) tiers(view View) {
	from := c.y
	if view.Split {
		c.y += 12
		c.pill("bad", tierX, c.y, pictureWidth-inset-tierX, "split by weight: nothing fails over")
		c.y += pillHeight
	}
	for i, tier := range view.Tiers {
		c.y += 14
		class, pill := classOf(tier), "plain"
		if class != "idle" {
			pill = class
		}
		head := section{[]row{{pill: tier.heading(), pillClass: pill}}}
		sections := make([]section, 0, len(tier.Backends))
		for j, backend := range tier.Backends {
			of := backend.section(2)
			if j == 0 {
				of.rows = append(head.rows, of.rows...)
			}
			sections = append(sections, of)
		}
		if len(sections) == 0 {
			sections = append(sections, head)
		}
		if tier.Kind != Unused {
			c.arrow(class, max(rail-8*float64(i), inset), from, c.y+20, tierX)
		}
		c.card(cardOf(class, sections...), tierX)
	}
}

// heading names the tier and what is wrong with it.
func (t Tier) heading() string {
	if t.Wrong == "" || t.Kind == Shared {
		return t.Which
	}
	return t.Which + ", " + t.Wrong
}

func classOf(tier Tier) string {
	return map[Kind]string{First: "first", Standby: "standby", Shared: "first", Unavailable: "bad", Unused: "idle"}[tier.Kind]
}

// phases draws who serves in calm times, in the outage and after it.
func (c *canvas) phases(view View) {
	const most = 3
	c.y += 18
	shown := min(len(view.Tiers), most)
	width := pictureWidth - inset - phaseX
	for _, phase := range view.Phases {
		c.add(`<path class="rule" d="M%s %sH%s"/>`, inset, c.y, pictureWidth-inset)
		c.y += 12
		c.text("", boldFont, inset, c.y+25, capital(phase.Name))
		const gap, height = 8.0, 42.0
		each := (width - gap*float64(shown-1)) / float64(max(shown, 1))
		for i, role := range phase.Roles[:shown] {
			c.role(view.Tiers[i], role, phaseX+float64(i)*(each+gap), c.y, each, height)
		}
		if shown > 0 {
			c.y += height + 4
		}
		text := phase.Text
		if !view.Split && shown > 0 && text == serves(view.Tiers[0]) {
			text = "" // the boxes say it
		}
		if more := len(view.Tiers) - shown; more > 0 {
			text += fmt.Sprintf(" (%d more not drawn)", more)
		}
		c.rows([]row{{text: text, font: textFont, class: "muted", most: 4}}, phaseX, width)
		c.y += 10
	}
}

// role draws a tier in a phase.
func (c *canvas) role(tier Tier, role Role, x, y, width, height float64) {
	class, text := "card idle", ""
	switch role {
	case Serves:
		class, text = "solid "+classOf(tier), "on"
	case Down, Errors:
		class = "card bad"
	case StandsBy, Idle, NotKnown:
	}
	c.rect(class, x, y, width, height, 6)
	name := tier.Name
	if name == "" {
		name = tier.Which
	}
	nameClass := text
	if role == Down {
		nameClass = "gone"
	}
	c.line(nameClass, boldFont, x+8, y+18, width-16, name)
	c.line(text, textFont, x+8, y+34, width-16, string(role))
}

// row is what stands in a line of a card, or in several.
type row struct {
	text string
	font font
	// class of the text, and most is how many lines it may take.
	class string
	most  int
	// leading is the height of a line; 0 stands for that of a usual one.
	leading float64
	// pill is written before the text, on a ground of its own; the text then has one line.
	pill, pillClass string
	// space is left above it.
	space float64
}

// lineHeight is that of usual text.
const lineHeight = 18.0

func (r row) height(width float64) float64 {
	height := r.space
	if r.pill != "" {
		return height + pillHeight + 3
	}
	if r.text != "" {
		height += float64(len(r.lines(width))) * r.lineHeight()
	}
	return height
}

func (r row) lineHeight() float64 {
	if r.leading > 0 {
		return r.leading
	}
	return lineHeight
}

func (r row) lines(width float64) []string {
	return r.font.ruler().wrap(visible(r.text), width, r.most)
}

// rows draws rows from the current place on.
func (c *canvas) rows(rows []row, x, width float64) {
	for _, r := range rows {
		c.y += r.space
		if r.pill != "" {
			used := c.pill(r.pillClass, x, c.y, width, r.pill) + 8
			c.line(r.class, r.font, x+used, c.y+14, width-used, r.text)
			c.y += pillHeight + 3
			continue
		}
		if r.text == "" {
			continue
		}
		lines := r.lines(width)
		isShortened := strings.HasSuffix(lines[len(lines)-1], ellipsis) && !strings.HasSuffix(r.text, ellipsis)
		c.whole(r.text, isShortened, func() {
			for _, line := range lines {
				c.text(r.class, r.font, x, c.y+r.lineHeight()-4, line)
				c.y += r.lineHeight()
			}
		})
	}
}

// section is a part of a card.
type section struct{ rows []row }

// card is a box with sections.
type card struct {
	class    string
	sections []section
}

func cardOf(class string, sections ...section) card { return card{class, sections} }

// card draws a box from the current place on, and from an x to the right side.
func (c *canvas) card(of card, from float64) {
	const above, between, to = 9.0, 8.0, pictureWidth - inset
	width := to - from - 2*padding
	height := 2*above + between*2*float64(len(of.sections)-1)
	for _, section := range of.sections {
		for _, row := range section.rows {
			height += row.height(width)
		}
	}
	c.rect("card "+of.class, from, c.y, to-from, height, 8)
	c.y += above
	for i, section := range of.sections {
		if i > 0 {
			c.y += between
			c.add(`<path class="rule" d="M%s %sH%s"/>`, from+padding, c.y, to-padding)
			c.y += between
		}
		c.rows(section.rows, from+padding, width)
	}
	c.y += above
}

// class is that of the thing's card.
func (t Thing) class() string {
	switch t.Wrong {
	case "":
		return ""
	case notHere, notRead:
		return "idle"
	default:
		return "bad"
	}
}

// section returns what a card says of a thing, with so many lines for each fact at most.
func (t Thing) section(most int) section {
	var rows []row
	if t.Kind != "" {
		rows = append(rows, row{text: t.Kind, font: textFont, class: "muted", most: 2})
	}
	rows = append(rows, row{text: t.Name, font: nameFont, most: 3, leading: 20})
	if t.Wrong != "" {
		class := "bad"
		if t.Wrong == notHere || t.Wrong == notRead {
			class = "plain"
		}
		rows = append(rows, row{pill: t.Wrong, pillClass: class, space: 3})
	}
	for _, fact := range t.Facts {
		rows = append(rows, row{text: fact, font: textFont, class: "muted", most: most})
	}
	shown, more := worst(t.Findings)
	for _, finding := range shown {
		rows = append(rows, finding.rows()...)
	}
	if more != "" {
		rows = append(rows, row{text: more, font: textFont, class: "muted", most: 2, space: 8})
	}
	return section{rows}
}

// rows returns what a card says of a finding.
func (f Finding) rows() []row {
	class := "bad"
	if f.Severity == diagnostic.Warning {
		class = "warning"
	}
	return []row{
		{pill: string(f.Severity), pillClass: class, text: f.Rule, font: boldFont, most: 1, space: 8},
		{text: f.Message, font: textFont, most: 3},
	}
}

// label names the finding by its severity and its rule.
func (f Finding) label() string { return strings.TrimSpace(string(f.Severity) + " " + f.Rule) }
