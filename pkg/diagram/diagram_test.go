package diagram_test

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/width"

	"github.com/failover-krm/failover/internal/hostile"
	"github.com/failover-krm/failover/pkg/diagram"
)

// TestHostile: whatever a text is, it stays in its place in every form.
func TestHostile(t *testing.T) {
	count := 120
	if os.Getenv("TEST_ALL") != "" {
		count = 1000
	}
	for _, text := range hostile.Texts(count) {
		assertHarmless(t, text)
	}
}

// FuzzSVG looks for a text that leaves its place.
func FuzzSVG(f *testing.F) {
	for _, text := range hostile.Texts(60) {
		f.Add(text)
	}
	f.Add("\xff\xfe invalid \xc3")
	f.Fuzz(assertHarmless)
}

func assertHarmless(t *testing.T, text string) {
	view := hostile.View(text)
	assertInPlace(t, diagram.SVG([]diagram.View{view, view}))
	assertInPlace(t, diagram.Outage(hostile.Run(text), hostile.Run(text)))
	assertMermaid(t, string(diagram.Mermaid([]diagram.View{view, view})))
	assertText(t, string(diagram.Text([]diagram.View{view})))
}

// box is a rectangle of a picture, and line a text.
type (
	box  struct{ left, top, right, bottom float64 }
	line struct {
		x, y, size, fitted float64
		isBold             bool
		text               string
	}
)

// attributes are those that elements have. There are no other elements.
var attributes = map[string][]string{
	"svg": {"xmlns", "class", "width", "height", "viewBox", "role", "aria-labelledby"}, "title": {"id"}, "desc": {"id"}, "style": nil, "g": nil,
	"rect": {"class", "x", "y", "width", "height", "rx"}, "path": {"class", "d"}, "circle": {"class", "cx", "cy", "r"},
	"text": {"class", "x", "y", "font-size", "textLength", "lengthAdjust"},
}

// elementsOf returns what is drawn. It fails the test where a picture has an element, an
// attribute or a character that does not come from this package.
func elementsOf(t *testing.T, svg []byte) (boxes []box, lines []line) {
	t.Helper()
	decoder := xml.NewDecoder(strings.NewReader(string(svg)))
	within := ""
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return boxes, lines
		}
		require.NoError(t, err)
		switch token := token.(type) {
		case xml.StartElement:
			within = token.Name.Local
			require.Contains(t, attributes, within)
			values, class := map[string]float64{}, ""
			for _, attribute := range token.Attr {
				require.Contains(t, attributes[within], attribute.Name.Local)
				values[attribute.Name.Local], _ = strconv.ParseFloat(attribute.Value, 64)
				if attribute.Name.Local == "class" {
					class = attribute.Value
				}
			}
			switch within {
			case "rect":
				boxes = append(boxes, box{values["x"], values["y"], values["x"] + values["width"], values["y"] + values["height"]})
			case "text":
				lines = append(lines, line{values["x"], values["y"], values["font-size"], values["textLength"], slices.Contains(strings.Fields(class), "b"), ""})
			}
		case xml.CharData:
			if within == "text" {
				lines[len(lines)-1].text += string(token)
			}
			if within != "style" {
				assertPlain(t, strings.Trim(string(token), "\n"))
			}
		case xml.EndElement:
			within = ""
		default:
			require.Fail(t, "a picture has no such thing", "%T", token)
		}
	}
}

// assertInPlace fails the test where a text is not within the smallest box around its
// beginning.
func assertInPlace(t *testing.T, svg []byte) {
	t.Helper()
	boxes, lines := elementsOf(t, svg)
	require.NotEmpty(t, lines)
	for _, line := range lines {
		around := box{0, 0, 1e9, 1e9}
		for _, box := range boxes {
			if box.left <= line.x && line.x <= box.right && box.top <= line.y && line.y <= box.bottom && box.right-box.left < around.right-around.left {
				around = box
			}
		}
		require.Less(t, around.right, 1e9, "the text %q is in no box", line.text)
		end := line.x + line.fitted
		if line.fitted == 0 {
			end = line.x + diagram.WidthOf(line.text, line.size, line.isBold)
		}
		if end > around.right+0.1 {
			require.Fail(t, "a text leaves its box", "%q ends at %f, the box at %f", line.text, end, around.right)
		}
	}
}

// assertPlain fails the test for characters that do something to others.
func assertPlain(t *testing.T, text string) {
	t.Helper()
	isPlain := func(char rune) bool {
		return char == ' ' || unicode.IsPrint(char) && !unicode.In(char, unicode.M, unicode.Cf)
	}
	if !utf8.ValidString(text) || strings.IndexFunc(text, func(char rune) bool { return !isPlain(char) }) >= 0 {
		require.Fail(t, "there is more than plain text", "%q", text)
	}
}

// A line of Mermaid: what this package writes, with texts in quotes that have nothing
// that means anything to Mermaid.
const (
	mermaidLabel = `"([A-Za-z0-9 .,:/()_+-]|[^\x00-\x7f]|#\d+;|<br/>)+"`
	mermaidID    = `f\d+[a-z]?\d*`
)

var mermaidLines = regexp.MustCompile(`^(%%\{init: \{"flowchart": \{"wrappingWidth": 480\}\}\}%%|flowchart TB| *direction TB| *end` +
	`| *subgraph ` + mermaidID + `\[` + mermaidLabel + `\]| *` + mermaidID + `(\[` + mermaidLabel + `\]|\(\[` + mermaidLabel + `\]\)):::[a-z]+` +
	`| *` + mermaidID + `( (-->|---|-\.->|-\.-x|--x|~~~)(\|` + mermaidLabel + `\|)? ` + mermaidID + `)+` +
	`| *classDef [a-z]+ [a-z0-9#,: -]+| *style ` + mermaidID + ` [a-z0-9#,:]+)$`)

func assertMermaid(t *testing.T, text string) {
	t.Helper()
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		assertPlain(t, line)
		if !mermaidLines.MatchString(line) {
			require.Fail(t, "this is no line of ours", line)
		}
	}
}

func assertText(t *testing.T, text string) {
	t.Helper()
	for line := range strings.SplitSeq(text, "\n") {
		assertPlain(t, line)
		columns := 0
		for _, char := range line {
			columns++
			if kind := width.LookupRune(char).Kind(); kind == width.EastAsianWide || kind == width.EastAsianFullwidth {
				columns++
			}
		}
		require.LessOrEqual(t, columns, 80, line)
	}
}

// TestStable: the same values give the same bytes.
func TestStable(t *testing.T) {
	for _, text := range []string{"shop", "<&>"} {
		graph, outage := diagram.SVG([]diagram.View{hostile.View(text)}), diagram.Outage(hostile.Run(text))
		for range 10 {
			assert.Equal(t, graph, diagram.SVG([]diagram.View{hostile.View(text)}))
			assert.Equal(t, outage, diagram.Outage(hostile.Run(text)))
		}
	}
	assert.NotEqual(t, identity(diagram.Outage(hostile.Run("a"))), identity(diagram.Outage(hostile.Run("b"))), "pictures on one page have ids of their own")
}

func identity(svg []byte) string {
	return regexp.MustCompile(`aria-labelledby="([^" ]+)`).FindString(string(svg))
}

// TestNothing has pictures of nothing at all.
func TestNothing(t *testing.T) {
	assertInPlace(t, diagram.SVG(nil))
	assertInPlace(t, diagram.Outage())
	assertInPlace(t, diagram.Outage(diagram.Run{Name: "a"}))
	assertInPlace(t, diagram.SVG([]diagram.View{{}}))
	assert.Empty(t, diagram.Text(nil))
	assert.Contains(t, string(diagram.Mermaid(nil)), "no failover was found")
}

// TestSamples: a picture counts each request once, in the bar of its time.
func TestSamples(t *testing.T) {
	run := diagram.Run{Name: "a", Tiers: []string{"active", "passive"}, Begin: 10 * time.Second, End: 20 * time.Second}
	for at := time.Duration(0); at < 30*time.Second; at += 50 * time.Millisecond {
		sample := diagram.Sample{At: at, Lost: at >= 10*time.Second && at < 11*time.Second}
		if at >= 11*time.Second && at < 20*time.Second {
			sample.Tier = 1
		}
		run.Samples = append(run.Samples, sample)
	}
	svg := string(diagram.Outage(run))
	count := func(class string) int { return strings.Count(svg, `class="bar `+class+`"`) - 1 } // without the legend's
	assert.Equal(t, []int{40, 18, 2}, []int{count("first"), count("standby"), count("bad")}, "bars of half a second")
	slices.Reverse(run.Samples)
	assert.Equal(t, svg, string(diagram.Outage(run)), "the order of samples does not matter")
}
