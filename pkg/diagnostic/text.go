package diagnostic

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/failover-krm/failover/pkg/document"
)

// WriteText writes diagnostics as compilers do, a line each, at most a hundred of each
// document and severity.
func WriteText(w io.Writer, diagnostics []Diagnostic) error {
	lines := bufio.NewWriter(w)
	for _, diagnostic := range Limit(diagnostics) {
		_, _ = lines.WriteString(diagnostic.String()) // Flush returns the error
		_ = lines.WriteByte('\n')
	}
	return lines.Flush()
}

// String writes a diagnostic in one line.
func (d Diagnostic) String() string {
	return d.Line(func(_ Severity, word string) string { return word })
}

// Line writes a diagnostic in one line, with the word for its severity as paint
// returns it.
func (d Diagnostic) Line(paint func(Severity, string) string) string {
	var place string
	if at := Place(d.Subject, d.Position); at != "" {
		place = Printable(at) + ": "
	}
	word := string(d.Severity)
	if d.Suppressed != "" {
		word = "suppressed " + word
	}
	line := place + paint(d.Severity, word) + ": " + d.Text()
	if d.Rule != "" {
		line += " (" + d.Rule + ")"
	}
	if d.Suppressed != "" {
		line += "; ignored: " + Printable(Shorten(d.Suppressed))
	}
	return line
}

// Text is what a diagnostic says: the object, the field and the message.
func (d Diagnostic) Text() string {
	var text strings.Builder
	if name := d.Object(); name != "" {
		text.WriteString(name)
		text.WriteString(": ")
	}
	if len(d.Field) > 0 {
		text.WriteString(Shorten(d.Field.String()))
		text.WriteString(": ")
	}
	text.WriteString(d.Message)
	return Printable(text.String())
}

// Object names the object that a diagnostic is about, and what it is called in its
// file where that differs; it is empty where there is none.
func (d Diagnostic) Object() string {
	if d.Subject == nil {
		return ""
	}
	name := DisplayName(d.Subject.ID())
	if former := d.Subject.FormerName; name != "" && former != "" && former != d.Subject.ID().Name {
		name += fmt.Sprintf(" (in its file %s)", Shorten(former))
	}
	return Printable(name)
}

// Place says where a field is, as FILE:LINE:COLUMN, FILE, or nothing.
func Place(subject *Subject, at document.Position) string {
	switch {
	case subject == nil || subject.File == "":
		return ""
	case !subject.HasLines:
		return subject.File
	default:
		return fmt.Sprintf("%s:%d:%d", subject.File, at.Line, at.Column)
	}
}

// DisplayName writes an object as Kind namespace/name.
func DisplayName(id yaml.ResourceIdentifier) string {
	name := id.Name
	if id.Namespace != "" {
		name = id.Namespace + "/" + name
	}
	return strings.TrimSpace(Shorten(id.Kind) + " " + Shorten(name))
}

// maxShown is how much of a bad value is worth repeating.
const maxShown = 120

// Shorten cuts a text that is too long for a message.
func Shorten(text string) string {
	if len(text) <= maxShown {
		return text
	}
	return strings.ToValidUTF8(text[:maxShown], "") + "..."
}

// Printable escapes what would move a terminal's cursor or change what it shows:
// a name may come from anywhere.
func Printable(text string) string {
	isHarmless := func(r rune) bool { return unicode.IsPrint(r) || r == ' ' }
	if strings.IndexFunc(text, func(r rune) bool { return !isHarmless(r) }) < 0 {
		return text
	}
	var escaped strings.Builder
	for _, r := range text {
		if isHarmless(r) {
			escaped.WriteRune(r)
		} else {
			quoted := fmt.Sprintf("%+q", r)
			escaped.WriteString(strings.Trim(quoted, "'"))
		}
	}
	return escaped.String()
}
