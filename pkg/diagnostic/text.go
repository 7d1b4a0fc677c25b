package diagnostic

import (
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
	for _, diagnostic := range limit(diagnostics) {
		if _, err := fmt.Fprintln(w, diagnostic); err != nil {
			return err
		}
	}
	return nil
}

// String writes a diagnostic in one line.
func (d Diagnostic) String() string {
	var line strings.Builder
	if place := Place(d.Subject, d.Position); place != "" {
		line.WriteString(place + ": ")
	}
	fmt.Fprintf(&line, "%s: ", d.Severity)
	if d.Subject != nil {
		if name := DisplayName(d.Subject.ID()); name != "" {
			line.WriteString(name)
			if former := d.Subject.FormerName; former != "" && former != d.Subject.ID().Name {
				fmt.Fprintf(&line, " (in its file %s)", Shorten(former))
			}
			line.WriteString(": ")
		}
	}
	if len(d.Field) > 0 {
		fmt.Fprintf(&line, "%s: ", Shorten(d.Field.String()))
	}
	line.WriteString(d.Message)
	if d.Rule != "" {
		fmt.Fprintf(&line, " (%s)", d.Rule)
	}
	return Printable(line.String())
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
