package diagram

import (
	"encoding/xml"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
)

// The measures of a picture, in its own units. It is as narrow as a phone: at 390 pixels,
// the smallest text is 12 pixels high.
const (
	pictureWidth = 432.0
	// inset is what is left at the sides, and padding within a card.
	inset   = 16.0
	padding = 12.0
)

var (
	titleFont = font{18, true}
	nameFont  = font{14.5, true}
	boldFont  = font{13.5, true}
	textFont  = font{13.5, false}
)

// idMark stands for the identity of a picture in its ids. It is not a character of a text.
const idMark = "\x00"

// canvas is a picture that is drawn from top to bottom. It has no templates: what they
// need of reflection keeps a linker from leaving out what is not called, which makes
// a program that has no other use for it a third larger.
type canvas struct {
	body strings.Builder
	y    float64
}

// nearly is for measures that differ by rounding.
const nearly = 1e-6

// number writes a measure, with one decimal at most.
func number(value float64) string {
	text := strings.TrimSuffix(strconv.FormatFloat(value, 'f', 1, 64), ".0")
	if text == "-0" {
		return "0"
	}
	return text
}

// escape writes a text as XML has it.
func escape(text string) string {
	var escaped strings.Builder
	_ = xml.EscapeText(&escaped, []byte(visible(text))) // a Builder takes everything
	return escaped.String()
}

// add writes an element. Numbers in it are float64, and texts come from escape.
func (c *canvas) add(format string, values ...any) {
	for i, value := range values {
		if measure, isNumber := value.(float64); isNumber {
			values[i] = number(measure)
		}
	}
	fmt.Fprintf(&c.body, format+"\n", values...)
}

// classes writes the attribute of that name, if there are any.
func classes(names string) string {
	if names = strings.TrimSpace(names); names == "" {
		return ""
	}
	return ` class="` + names + `"`
}

func (c *canvas) rect(class string, x, y, width, height, radius float64) {
	c.add(`<rect%s x="%s" y="%s" width="%s" height="%s" rx="%s"/>`, classes(class), x, y, width, height, radius)
}

// text writes a line. One with characters that are not measured is made to fit.
func (c *canvas) text(class string, f font, x, y float64, line string) {
	line = visible(line)
	fitted := ""
	if f.bold {
		class += " b"
	}
	if !isKnown(line) {
		fitted = fmt.Sprintf(` textLength="%s" lengthAdjust="spacingAndGlyphs"`, number(f.ruler().width(line)))
	}
	c.add(`<text%s x="%s" y="%s" font-size="%s"%s>%s</text>`, classes(class), x, y, f.size, fitted, escape(line))
}

// whole wraps what was drawn into a group that shows the whole text to those who point at
// it.
func (c *canvas) whole(text string, isShortened bool, draw func()) {
	if !isShortened {
		draw()
		return
	}
	c.add(`<g><title>%s</title>`, escape(text))
	draw()
	c.add(`</g>`)
}

// pillHeight is that of a word on a coloured ground.
const pillHeight = 19.0

// pill writes a word on a coloured ground, and returns how wide that is.
func (c *canvas) pill(class string, x, y, most float64, word string) float64 {
	const side = 7.0
	width := min(boldFont.ruler().width(visible(word))+2*side, most)
	c.rect("pill "+class, x, y, width, pillHeight, 4)
	c.line("on", boldFont, x+side, y+14, width-2*side, word)
	return width
}

// line writes a text into one line, shortened where it is too wide.
func (c *canvas) line(class string, f font, x, y, width float64, text string) {
	if text == "" {
		return
	}
	shown := f.ruler().shorten(visible(text), width)
	c.whole(text, shown != visible(text), func() { c.text(class, f, x, y, shown) })
}

// arrow draws a line down and, where it ends to the right, to there, with a head.
func (c *canvas) arrow(class string, x, from, to, right float64) {
	const head = 5.0
	if right > x {
		c.add(`<path%s d="M%s %sV%sH%s"/>`, classes("line "+class), x, from, to, right-head)
		c.add(`<path%s d="M%s %sl-8 -5v10z"/>`, classes("head "+class), right, to)
		return
	}
	c.add(`<path%s d="M%s %sV%s"/>`, classes("line "+class), x, from, to-head)
	c.add(`<path%s d="M%s %sl-5 -8h10z"/>`, classes("head "+class), x, to)
}

// page draws something on a ground of its own, below what is there already.
func (c *canvas) page(draw func(*canvas)) {
	const space = 12.0
	if c.y > 0 {
		c.y += space
	}
	content := &canvas{y: c.y + 16}
	draw(content)
	content.y += 8
	c.rect("page", 0.5, c.y+0.5, pictureWidth-1, content.y-c.y-1, 10)
	c.body.WriteString(content.body.String())
	c.y = content.y
}

// nothing says that there is nothing to draw.
func (c *canvas) nothing(why string) {
	c.page(func(c *canvas) {
		c.rows([]row{{text: why, font: textFont, class: "muted", most: 2}}, inset, pictureWidth-2*inset)
		c.y += 8
	})
}

// picture writes the whole document.
func (c *canvas) picture(title, description string) []byte {
	var out strings.Builder
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" class="failover-picture" width="%[1]s" height="%[2]s" viewBox="0 0 %[1]s %[2]s" role="img" aria-labelledby="`+idMark+`-title `+idMark+`-desc">`+"\n",
		number(pictureWidth), number(c.y))
	fmt.Fprintf(&out, "<title id=\""+idMark+"-title\">%s</title>\n<desc id=\""+idMark+"-desc\">%s</desc>\n%s", escape(title), escape(description), style)
	out.WriteString(c.body.String())
	out.WriteString("</svg>\n")
	sum := fnv.New64a()
	_, _ = sum.Write([]byte(out.String())) // a hash takes everything
	return []byte(strings.ReplaceAll(out.String(), idMark, fmt.Sprintf("p%016x", sum.Sum64())))
}

// style has the colours: blue serves, teal stands by, red is wrong. Each is next to a word
// or a line of its own.
const style = `<style>
.failover-picture text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,"Noto Sans","DejaVu Sans",sans-serif;fill:#1c2733;white-space:pre}
.failover-picture .b{font-weight:600}
.failover-picture .muted{fill:#51606f}
.failover-picture .gone{text-decoration:line-through}
.failover-picture .page{fill:#ffffff;stroke:#d5dce4}
.failover-picture .card{fill:#f6f8fa;stroke:#b9c4cf}
.failover-picture .rule{stroke:#d5dce4;fill:none}
.failover-picture .card.first{fill:#eef4fe;stroke:#2460d8}
.failover-picture .card.standby{fill:#eaf7f4;stroke:#0b7265;stroke-dasharray:5 3}
.failover-picture .card.bad{fill:#fdf1f0;stroke:#c02b2b;stroke-dasharray:2 3}
.failover-picture .card.idle{fill:none;stroke:#b9c4cf}
.failover-picture .solid.first{fill:#2460d8;stroke:#2460d8}
.failover-picture .solid.standby{fill:#0b7265;stroke:#0b7265}
.failover-picture .line{fill:none;stroke:#7b8a99;stroke-width:2}
.failover-picture .head{fill:#7b8a99}
.failover-picture .line.first{stroke:#2460d8}
.failover-picture .head.first{fill:#2460d8}
.failover-picture .line.standby{stroke:#0b7265;stroke-dasharray:5 4}
.failover-picture .head.standby{fill:#0b7265}
.failover-picture .line.bad{stroke:#c02b2b;stroke-dasharray:2 4}
.failover-picture .head.bad{fill:#c02b2b}
.failover-picture .pill.first{fill:#2460d8}
.failover-picture .pill.standby,.failover-picture .pill.yes{fill:#0b7265}
.failover-picture .pill.bad{fill:#c02b2b}
.failover-picture .pill.warning{fill:#96560a}
.failover-picture .pill.plain{fill:#51606f}
.failover-picture text.on{fill:#ffffff}
.failover-picture .outage{fill:#c02b2b;fill-opacity:.1}
.failover-picture .grid{stroke:#d5dce4;fill:none}
.failover-picture .cross{stroke:#c02b2b;stroke-width:2;fill:none}
.failover-picture .bar.first{fill:#2460d8}
.failover-picture .bar.standby{fill:#35a596}
.failover-picture .bar.bad{fill:#c02b2b}
@media (prefers-color-scheme:dark){
.failover-picture text{fill:#e7edf3}
.failover-picture .muted{fill:#a3b1bf}
.failover-picture .page{fill:#12171d;stroke:#2c3640}
.failover-picture .card{fill:#1a2129;stroke:#45525f}
.failover-picture .rule,.failover-picture .grid{stroke:#2f3a45}
.failover-picture .card.first{fill:#152642;stroke:#7eb0ff}
.failover-picture .card.standby{fill:#102a29;stroke:#5cd0c0}
.failover-picture .card.bad{fill:#341b1c;stroke:#ff938b}
.failover-picture .card.idle{fill:none;stroke:#45525f}
.failover-picture .solid.first{fill:#7eb0ff;stroke:#7eb0ff}
.failover-picture .solid.standby{fill:#5cd0c0;stroke:#5cd0c0}
.failover-picture .line{stroke:#8796a5}
.failover-picture .head{fill:#8796a5}
.failover-picture .line.first{stroke:#7eb0ff}
.failover-picture .head.first{fill:#7eb0ff}
.failover-picture .line.standby{stroke:#5cd0c0}
.failover-picture .head.standby{fill:#5cd0c0}
.failover-picture .line.bad{stroke:#ff938b}
.failover-picture .head.bad{fill:#ff938b}
.failover-picture .pill.first{fill:#7eb0ff}
.failover-picture .pill.standby,.failover-picture .pill.yes{fill:#5cd0c0}
.failover-picture .pill.bad{fill:#ff938b}
.failover-picture .pill.warning{fill:#f2b866}
.failover-picture .pill.plain{fill:#a3b1bf}
.failover-picture text.on{fill:#10161c}
.failover-picture .outage{fill:#ff938b;fill-opacity:.16}
.failover-picture .cross{stroke:#ff938b}
.failover-picture .bar.first{fill:#7eb0ff}
.failover-picture .bar.standby{fill:#3f9e92}
.failover-picture .bar.bad{fill:#ff938b}
}
</style>
`
