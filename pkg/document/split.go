package document

import (
	"bytes"
	"encoding/binary"
	"iter"
	"regexp"
	"slices"
	"sync"
	"unicode/utf16"
	"unicode/utf8"
)

// text is the part of an input that has one document. Each is read separately: in
// a stream, the YAML library would find the anchors of earlier documents, and no
// byte order mark, no %YAML 1.2 and no JSON after the first one.
type text struct {
	data []byte
	// above is how many lines of the input are above it.
	above int
	// body is where the document begins, after comments and ---.
	body int
}

// split cuts an input at its lines --- and ..., which are in no document.
func split(data []byte) iter.Seq[text] {
	return func(yield func(text) bool) {
		start, end, above, lines := 0, 0, 0, 0
		begun := false // with --- or something of the document
		cut := func() bool {
			whole := newText(data[start:end:end], above)
			start, above, begun = end, lines, false
			return yield(whole)
		}
		for line := range bytes.Lines(data) {
			if begun && isMarker(line, "---") && !cut() {
				return
			}
			begun = begun || !isPreamble(line)
			end += len(line)
			lines++
			if begun && isMarker(line, "...") && !cut() {
				return
			}
		}
		cut()
	}
}

// isPlain tells whether an input, if it is right, has nothing that the YAML library reads in
// another way where it is part of a stream: no comments, anchors, directives, dots or marks,
// no ends of lines but one, and no JSON. It is then read at once, which takes less time.
func isPlain(data []byte) bool {
	for _, special := range []string{"#", "&", "\r", "\u0085", "\u2028", "\u2029", "\uFEFF"} {
		if bytes.Contains(data, []byte(special)) {
			return false
		}
	}
	for _, start := range []string{"%", "...", "{", "["} {
		if bytes.HasPrefix(data, []byte(start)) || bytes.Contains(data, []byte("\n"+start)) {
			return false
		}
	}
	return true
}

// isMarker tells whether a line is ---, or begins with it, and so for the dots.
func isMarker(line []byte, marker string) bool {
	rest, found := bytes.CutPrefix(bytes.TrimPrefix(line, byteOrderMark), []byte(marker))
	return found && (len(rest) == 0 || bytes.ContainsRune([]byte(" \t\r\n"), rune(rest[0])))
}

var byteOrderMark = []byte("\uFEFF")

// isPreamble tells whether a line can be before a document: a directive, the end
// of the document above, a comment or nothing.
func isPreamble(line []byte) bool {
	line = bytes.TrimPrefix(line, byteOrderMark)
	return bytes.HasPrefix(line, []byte("%")) || isMarker(line, "...") || isBlank(line)
}

// isBlank tells whether there is nothing but a comment.
func isBlank(text []byte) bool {
	text = bytes.TrimSpace(text)
	return len(text) == 0 || text[0] == '#'
}

// versionDirective is %YAML 1.1 or 1.2. The library refuses the second, and reads
// both in one way, which is nearly the second's.
var versionDirective = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^%YAML[ \t]+1\.[0-9]+[ \t]*(#.*)?\s*$`)
})

// newText leaves out what the library does not know before a document.
func newText(data []byte, above int) text {
	var preamble []byte
	body := 0
	for line := range bytes.Lines(data) {
		content := bytes.TrimPrefix(line, byteOrderMark)
		isStart := isMarker(content, "---") && isBlank(content[len("---"):])
		if !isStart && !isPreamble(content) {
			body += len(line) - len(content)
			break
		}
		if bytes.HasPrefix(content, []byte("%")) && versionDirective().Match(content) || isMarker(content, "...") {
			content = []byte("\n")
		}
		preamble = append(preamble, content...)
		body += len(line)
	}
	if bytes.Equal(preamble, data[:body]) {
		return text{data, above, body} // as ever, and not copied
	}
	return text{slices.Concat(preamble, data[body:]), above, len(preamble)}
}

// fromUTF16 returns an input of UTF-16, which begins with a byte order mark, as
// UTF-8, and any other as it is.
func fromUTF16(data []byte) ([]byte, *SyntaxError) {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(data, []byte{0xFE, 0xFF}):
		order = binary.BigEndian
	case bytes.HasPrefix(data, []byte{0xFF, 0xFE}):
		order = binary.LittleEndian
	default:
		return data, nil
	}
	units := make([]uint16, 0, len(data)/2)
	for i := 2; i+1 < len(data); i += 2 {
		units = append(units, order.Uint16(data[i:]))
	}
	runes := utf16.Decode(units)
	if len(data)%2 != 0 || slices.Contains(runes, utf8.RuneError) && !slices.Contains(units, utf8.RuneError) {
		return nil, &SyntaxError{Reason: "not YAML: begins like UTF-16, and is not: save it as UTF-8"}
	}
	return []byte(string(runes)), nil
}
