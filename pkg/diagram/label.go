package diagram

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// visible returns a text in which every character has a place of its own: what controls,
// combines or changes the direction of writing is written as an escape, so that it cannot
// leave its line, or show another text than there is.
func visible(text string) string {
	isPlain := func(r rune) bool { return r == ' ' || unicode.IsPrint(r) && !unicode.In(r, unicode.M, unicode.Cf) }
	if strings.IndexFunc(text, func(r rune) bool { return !isPlain(r) }) < 0 {
		return strings.ToValidUTF8(text, "�")
	}
	var escaped strings.Builder
	for _, r := range text {
		if isPlain(r) {
			escaped.WriteRune(r)
		} else {
			escaped.WriteString(strings.Trim(fmt.Sprintf("%+q", r), "'"))
		}
	}
	return escaped.String()
}

// ruler tells how wide a character is.
type ruler func(rune) float64

func (r ruler) width(text string) float64 {
	total := 0.0
	for _, char := range text {
		total += r(char)
	}
	return total
}

const ellipsis = "…"

// shorten cuts a text that is wider than it may be.
func (r ruler) shorten(text string, width float64) string {
	if r.width(text) <= width+nearly {
		return text
	}
	taken, end := r.width(ellipsis), 0
	for i, char := range text {
		if taken += r(char); taken > width {
			break
		}
		end = i + len(string(char))
	}
	return strings.TrimRight(text[:end], " ") + ellipsis
}

// breakAfter has the characters of a long word after which it may go on in a new line.
const breakAfter = "/.,:;-_=&?@)]}"

// wrap breaks a text into lines that are no wider than they may be, and into so many at
// most: the last one then ends with an ellipsis.
func (r ruler) wrap(text string, width float64, most int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		joined := word
		if line != "" {
			joined = line + " " + word
		}
		if r.width(joined) <= width {
			line = joined
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		for line = word; r.width(line) > width; {
			end := r.breakAt(line, width)
			lines = append(lines, line[:end])
			line = line[end:]
		}
	}
	if line != "" || len(lines) == 0 {
		lines = append(lines, line)
	}
	if len(lines) > most {
		rest := strings.Join(lines[most-1:], " ")
		lines = append(slices.Clone(lines[:most-1]), r.shorten(rest, min(width, r.width(rest)-2*nearly)))
	}
	return lines
}

// breakAt returns where a word that is too wide ends in this line: after a separator in
// its second half, otherwise where it is full.
func (r ruler) breakAt(word string, width float64) int {
	taken, full, good := 0.0, 0, 0
	for i, char := range word {
		taken += r(char)
		next := i + len(string(char))
		if taken > width && full > 0 {
			break
		}
		full = next
		if strings.ContainsRune(breakAfter, char) && taken > width/2 {
			good = next
		}
	}
	if good > 0 {
		return good
	}
	return full
}

// font is one of those in a picture.
type font struct {
	size float64
	bold bool
}

// advances has how wide the characters that are known are, regular and bold, in
// thousandths of the size.
var advances = sync.OnceValue(func() map[rune][2]int16 {
	known := map[rune][2]int16{}
	for _, run := range widths {
		for i := range run.regular {
			known[run.first+rune(i)] = [2]int16{run.regular[i], run.bold[i]}
		}
	}
	return known
})

// width is the most that a character takes. One that is not known takes the whole em, as
// ideographs do.
func (f font) width(char rune) float64 {
	const em = 1000
	advance, known := advances()[char]
	switch {
	case !known:
		return f.size
	case f.bold:
		return f.size * float64(advance[1]) / em
	}
	return f.size * float64(advance[0]) / em
}

func (f font) ruler() ruler { return f.width }

// isKnown tells that all characters are in the table.
func isKnown(text string) bool {
	return strings.IndexFunc(text, func(char rune) bool { _, known := advances()[char]; return !known }) < 0
}
