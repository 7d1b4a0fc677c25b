package diagram

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Run is what became of the requests of an outage, simulated or measured.
type Run struct {
	// Name is that of what was broken, and Setting says how, and under what traffic.
	Name, Setting string
	// Tiers are what serves, by name, in the order of their priority.
	Tiers []string
	// Begin and End are when the outage was, counted from the first request.
	Begin, End time.Duration
	// Until is the end of the picture; 0 stands for the last request.
	Until time.Duration
	// Samples are the requests.
	Samples []Sample
	// Events are what happened, in order.
	Events []Event
	// Facts are the numbers that it came to.
	Facts []Fact
	// Note is a remark, such as why nothing was simulated.
	Note string
}

// Sample is a request.
type Sample struct {
	// At is when it was sent.
	At time.Duration
	// Tier is the index of the one that answered it; it counts for nothing where it is
	// lost.
	Tier int
	Lost bool
}

// Event is something that happened.
type Event struct {
	At   time.Duration
	Text string
}

// Fact is a number, and what it is of.
type Fact struct{ Name, Value string }

// Outage draws runs, one below the other: who answered the requests, which of them were
// lost, and what happened.
func Outage(runs ...Run) []byte {
	c := &canvas{}
	names := make([]string, 0, len(runs))
	texts := make([]string, 0, len(runs))
	for _, run := range runs {
		c.run(run)
		names = append(names, run.Name+", "+run.Setting)
		texts = append(texts, run.describe())
	}
	if len(runs) == 0 {
		c.nothing("Nothing was simulated.")
	}
	title := "Outages: " + strings.Join(names, "; ")
	switch len(runs) {
	case 0:
		title = "No outage"
	case 1:
		title = "An outage of " + names[0]
	}
	return c.picture(title, strings.Join(texts, " "))
}

// describe says in words what the picture shows.
func (r Run) describe() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s, %s:", r.Name, r.Setting)
	for i, fact := range r.Facts {
		if i > 0 {
			text.WriteString(",")
		}
		fmt.Fprintf(&text, " %s: %s", fact.Name, fact.Value)
	}
	text.WriteString(".")
	for _, event := range r.Events {
		fmt.Fprintf(&text, " %.1f s: %s.", event.At.Seconds(), event.Text)
	}
	return text.String()
}

// run draws one run.
func (c *canvas) run(r Run) {
	c.page(func(c *canvas) {
		c.rows([]row{
			{text: r.Name, font: titleFont, most: 2, leading: 23},
			{text: r.Setting, font: textFont, class: "muted", most: 3},
		}, inset, pictureWidth-2*inset)
		if r.Note != "" {
			c.y += 4
			c.rows([]row{{text: r.Note, font: textFont, most: 3}}, inset, pictureWidth-2*inset)
		}
		c.facts(r.Facts)
		if len(r.Samples) == 0 {
			c.y += 8
			return
		}
		c.legend(r)
		groups := r.groups()
		c.chart(r, groups)
		c.story(groups)
	})
}

// facts draws numbers in two columns.
func (c *canvas) facts(facts []Fact) {
	const columns, height = 2, 42.0
	c.y += 10
	each := (pictureWidth - 2*inset) / columns
	for i, fact := range facts {
		x := inset + each*float64(i%columns)
		c.line("muted", textFont, x, c.y+14, each-8, fact.Name)
		c.line("", nameFont, x, c.y+33, each-8, fact.Value)
		if i%columns == columns-1 || i == len(facts)-1 {
			c.y += height
		}
	}
	c.y += 4
}

// legend names the colours.
func (c *canvas) legend(r Run) {
	const height, box = 20.0, 12.0
	x := inset
	put := func(name string, draw func(x, y float64)) {
		width := min(box+6+textFont.ruler().width(visible(name)), pictureWidth-2*inset)
		if x > inset && x+width > pictureWidth-inset {
			x, c.y = inset, c.y+height
		}
		draw(x, c.y+4)
		c.line("muted", textFont, x+box+6, c.y+14, width-box-6, name)
		x += width + 16
	}
	for i, tier := range r.Tiers {
		put(tier, func(x, y float64) { c.bar(barClass(i), x, y, box, box) })
	}
	put("lost", func(x, y float64) {
		c.bar("bad", x, y, box, box)
		c.cross(x+box/2, y+box/2)
	})
	c.y += height + 4
}

func barClass(tier int) string {
	if tier == 0 {
		return "first"
	}
	return "standby"
}

// bar draws a part of a bar.
func (c *canvas) bar(class string, x, y, width, height float64) {
	if height <= 0 {
		return
	}
	c.add(`<rect class="bar %s" x="%s" y="%s" width="%s" height="%s"/>`, class, x, y, width, height)
}

// cross marks what is lost.
func (c *canvas) cross(x, y float64) {
	const half = 3.0
	c.add(`<path class="cross" d="M%s %sl6 6m0 -6l-6 6"/>`, x-half, y-half)
}

// The places of a chart.
const (
	chartX      = inset + 4
	chartWidth  = pictureWidth - 2*chartX
	chartHeight = 84.0
	markRadius  = 11.0
)

// bins are the lengths of time that a bar may stand for.
var bins = []time.Duration{
	500 * time.Millisecond, time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 20 * time.Second,
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour,
}

// ticks are the distances that the times of an axis may have.
var ticks = []time.Duration{
	5 * time.Second, 10 * time.Second, 20 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour, 3 * time.Hour, 12 * time.Hour, 24 * time.Hour,
}

// smallest returns the first length of which a time has so many at most.
func smallest(lengths []time.Duration, until time.Duration, most int) time.Duration {
	for _, length := range lengths {
		if until <= length*time.Duration(most) {
			return length
		}
	}
	return until/time.Duration(most) + 1
}

// until is the end of the picture.
func (r Run) until() time.Duration {
	if r.Until > 0 {
		return r.Until
	}
	last := r.End
	for _, sample := range r.Samples {
		last = max(last, sample.At)
	}
	return last + 1
}

// count is what became of the requests of a bar.
type count struct {
	answered []int
	lost     int
}

func (n count) total() int {
	total := n.lost
	for _, answered := range n.answered {
		total += answered
	}
	return total
}

// counts returns what became of the requests, bar by bar, and how long a bar is. All bars
// are to have about as many requests: as many as there are in a whole number of times, or
// enough that one more is not much.
func (r Run) counts() ([]count, time.Duration) {
	const mostBars, many, much = 90, 8, 0.05
	until := r.until()
	length := smallest(bins, until, mostBars)
	for _, longer := range bins {
		each := float64(len(r.Samples)) * float64(length) / float64(until)
		if each >= many || each > 1-much && math.Abs(each-math.Round(each)) < much*each {
			break
		}
		length = max(length, longer)
	}
	counts := make([]count, max((until+length/10)/length, 1)) // no bar is much shorter than others
	for i := range counts {
		counts[i].answered = make([]int, max(len(r.Tiers), 1))
	}
	for _, sample := range r.Samples {
		at := int(sample.At / length)
		switch {
		case sample.At < 0 || at >= len(counts):
		case sample.Lost || sample.Tier < 0 || sample.Tier >= len(counts[at].answered):
			counts[at].lost++
		default:
			counts[at].answered[sample.Tier]++
		}
	}
	return counts, length
}

// chart draws the bars, the outage behind them and the marks of events above.
func (c *canvas) chart(r Run, groups []group) {
	counts, length := r.counts()
	until := length * time.Duration(len(counts))
	x := func(at time.Duration) float64 { return chartX + chartWidth*float64(at)/float64(until) }
	const above = 22.0 // for the word
	top := c.y + 2*markRadius + 6 + above
	bottom := top + chartHeight
	from, to := x(min(r.Begin, until)), x(min(r.End, until))
	c.rect("outage", from, top-above, to-from, chartHeight+above, 0)
	c.outageWord(groups, from, to, top-6)
	for _, group := range groups {
		c.add(`<path class="grid" d="M%s %sV%s"/>`, group.x, c.y+2*markRadius, bottom)
		c.mark(group, group.x, c.y+markRadius)
	}
	most := 1
	for _, count := range counts {
		most = max(most, count.total())
	}
	const gap, between = 0.6, 8.0
	crossed := 0.0
	for i, count := range counts {
		left := x(length * time.Duration(i))
		width := x(length*time.Duration(i+1)) - left - gap
		y := bottom
		height := func(n int) float64 { return chartHeight * float64(n) / float64(most) }
		for tier, answered := range count.answered {
			y -= height(answered)
			c.bar(barClass(tier), left, y, width, height(answered))
		}
		if count.lost > 0 {
			y -= height(count.lost)
			c.bar("bad", left, y, width, height(count.lost))
			if at := left + width/2; at-crossed >= between {
				c.cross(at, bottom+8)
				crossed = at
			}
		}
	}
	c.add(`<path class="line" d="M%s %sH%s"/>`, chartX, bottom, chartX+chartWidth)
	c.axis(until, bottom, x)
	c.y = bottom + 36
}

// mark draws the number of a group.
func (c *canvas) mark(of group, x, y float64) {
	number := fmt.Sprint(of.number)
	c.add(`<circle class="pill plain" cx="%s" cy="%s" r="%s"/>`, x, y, markRadius)
	c.text("on", boldFont, x-boldFont.ruler().width(number)/2, y+5, number)
}

// outageWord names the outage, where no line of a mark goes through the word.
func (c *canvas) outageWord(groups []group, from, to, y float64) {
	const word, space = "outage", 6.0
	width := textFont.ruler().width(word)
	starts := []float64{from}
	for _, group := range groups {
		starts = append(starts, group.x)
	}
	for _, start := range starts {
		left, right := start+space, start+space+width
		isCrossed := slices.ContainsFunc(groups, func(group group) bool { return left-space/2 < group.x && group.x < right+space/2 })
		if start >= from && right <= to && !isCrossed {
			c.text("", textFont, left, y, word)
			return
		}
	}
}

// axis writes times below a chart.
func (c *canvas) axis(until time.Duration, y float64, x func(time.Duration) float64) {
	const most = 6
	step := smallest(ticks, until, most)
	for at := time.Duration(0); at <= until; at += step {
		label := short(at)
		width := textFont.ruler().width(label)
		left := x(at) - width/2
		if left+width > pictureWidth-inset/2 {
			return
		}
		c.add(`<path class="grid" d="M%s %sv5"/>`, x(at), y+11)
		c.text("muted", textFont, max(left, inset), y+29, label)
	}
}

// group has the events that are so close that they share a mark.
type group struct {
	number int
	x      float64
	events []Event
}

// mostEvents is how many lines a story has.
const mostEvents = 16

// groups puts the events that are to be told together.
func (r Run) groups() []group {
	counts, length := r.counts()
	until := length * time.Duration(len(counts))
	events := slices.Clone(r.Events)
	if more := len(events) - mostEvents; more > 0 {
		events = append(events[:mostEvents:mostEvents], Event{events[mostEvents].At, fmt.Sprintf("and %d more", more)})
	}
	var groups []group
	for _, event := range events {
		x := chartX + chartWidth*float64(min(event.At, until))/float64(until)
		x = min(max(x, chartX+markRadius), chartX+chartWidth-markRadius)
		if last := len(groups) - 1; last >= 0 && x-groups[last].x < 2*markRadius+2 {
			groups[last].events = append(groups[last].events, event)
			continue
		}
		groups = append(groups, group{number: len(groups) + 1, x: x, events: []Event{event}})
	}
	return groups
}

// story tells the events, each with the number of its mark and its time.
func (c *canvas) story(groups []group) {
	const timeX, textX = inset + 30, inset + 92
	for i, group := range groups {
		if i > 0 {
			c.y += 7
		}
		for j, event := range group.events {
			if j == 0 {
				c.mark(group, inset+markRadius, c.y+11)
			}
			c.text("muted", textFont, timeX, c.y+14, fmt.Sprintf("%.1f s", event.At.Seconds()))
			next := c.y + lineHeight
			c.rows([]row{{text: event.Text, font: textFont, most: 4}}, textX, pictureWidth-inset-textX)
			c.y = max(c.y, next)
		}
	}
}
