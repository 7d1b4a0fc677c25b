// Package diagnostic is what users are told about documents: one type for every
// error, warning and note, with its place, and a file for each way to print it.
package diagnostic

import (
	"cmp"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/failover-krm/failover/pkg/document"
)

// Severity is how bad it is, in the words of a KRM function's results.
type Severity string

// The severities, the worst first.
const (
	// Error is for what keeps everything from being rendered.
	Error Severity = "error"
	// Warning is for what is accepted, and may not do what it is for.
	Warning Severity = "warning"
	// Info is for what is good to know.
	Info Severity = "info"
)

// Severities has all of them, the worst first.
func Severities() []Severity { return []Severity{Error, Warning, Info} }

// Diagnostic is one thing that a user should know about one document.
type Diagnostic struct {
	// Severity is how bad it is.
	Severity Severity
	// Subject is the document, or nil where the whole input is meant.
	Subject *Subject
	// Field is the path of the field; it is empty where the whole document is meant.
	Field document.Path
	// Position is where the field stands, by the lines of the subject's node.
	Position document.Position
	// Value is what the field has, where that is part of what is wrong.
	Value any
	// Rule is the id of the rule that found it, if one did.
	Rule string
	// Message says what is wrong, what is allowed and what to do.
	Message string
	// Suppressed is the reason that its object gives to ignore it. It then counts for
	// nothing, and is shown to those only who ask for it. It is empty otherwise.
	Suppressed string
}

// New returns a diagnostic about a field of a document, with its position.
func New(severity Severity, subject *Subject, path document.Path, message string) Diagnostic {
	return Diagnostic{Severity: severity, Subject: subject, Field: path, Position: subject.Position(path), Message: message}
}

// Errors turns the errors of a document into diagnostics.
func Errors(subject *Subject, errs field.ErrorList) []Diagnostic {
	diagnostics := make([]Diagnostic, 0, len(errs))
	for _, err := range errs {
		shown := *err
		if text, isText := shown.BadValue.(string); isText {
			shown.BadValue = Shorten(text)
		}
		diagnostic := New(Error, subject, document.ParsePath(err.Field), shown.ErrorBody())
		diagnostic.Value = currentValue(&shown)
		if at, isElsewhere := document.PositionOf(err); isElsewhere {
			diagnostic.Position = at
		}
		diagnostics = append(diagnostics, diagnostic)
	}
	return diagnostics
}

// currentValue returns the value that an error is about, if it is about one.
func currentValue(err *field.Error) any {
	if _, omitted := err.BadValue.(field.OmitValueType); omitted || err.Type == field.ErrorTypeRequired || err.Type == field.ErrorTypeForbidden {
		return nil
	}
	return err.BadValue
}

// Count returns how many diagnostics there are of a severity, without those that
// are suppressed.
func Count(diagnostics []Diagnostic, severity Severity) int {
	count := 0
	for _, diagnostic := range diagnostics {
		if diagnostic.Severity == severity && diagnostic.Suppressed == "" {
			count++
		}
	}
	return count
}

// CountSuppressed returns how many diagnostics are suppressed.
func CountSuppressed(diagnostics []Diagnostic) int {
	count := 0
	for _, diagnostic := range diagnostics {
		if diagnostic.Suppressed != "" {
			count++
		}
	}
	return count
}

// AnyAtLeast tells whether there is a diagnostic of a severity, or of a worse one.
func AnyAtLeast(diagnostics []Diagnostic, least Severity) bool {
	for _, severity := range Severities() {
		if Count(diagnostics, severity) > 0 {
			return true
		}
		if severity == least {
			break
		}
	}
	return false
}

// Failed tells whether there is an error.
func Failed(diagnostics []Diagnostic) bool { return Count(diagnostics, Error) > 0 }

// Sort puts diagnostics in the order of the documents given, and those of one
// document in that of its lines. What is about no document comes first.
func Sort(diagnostics []Diagnostic, subjects []*Subject) {
	order := make(map[*Subject]int, len(subjects))
	for i, subject := range subjects {
		order[subject] = i + 1
	}
	slices.SortStableFunc(diagnostics, func(a, b Diagnostic) int {
		byPlace := cmp.Or(
			cmp.Compare(order[a.Subject], order[b.Subject]),
			cmp.Compare(a.Position.Line, b.Position.Line),
			cmp.Compare(a.Position.Column, b.Position.Column),
		)
		if byPlace != 0 {
			return byPlace // most are: the texts of fields are made only for the others
		}
		return cmp.Or(cmp.Compare(a.Field.String(), b.Field.String()), cmp.Compare(a.Message, b.Message))
	})
}

// maxPerDocument is how many errors of a document are worth reading.
const maxPerDocument = 100

// Limit leaves out what is suppressed, and the diagnostics of each document beyond
// the first hundred of a severity, and says how many those are. They are in the order
// of Sort.
func Limit(diagnostics []Diagnostic) []Diagnostic {
	type group struct {
		subject  *Subject
		severity Severity
	}
	counts := map[group]int{}
	for _, diagnostic := range diagnostics {
		if diagnostic.Suppressed == "" {
			counts[group{diagnostic.Subject, diagnostic.Severity}]++
		}
	}
	kept := make([]Diagnostic, 0, len(diagnostics))
	seen := map[group]int{}
	for _, diagnostic := range diagnostics {
		if diagnostic.Suppressed != "" {
			continue
		}
		of := group{diagnostic.Subject, diagnostic.Severity}
		seen[of]++
		switch {
		case seen[of] <= maxPerDocument:
			kept = append(kept, diagnostic)
		case seen[of] == maxPerDocument+1:
			kept = append(kept, New(of.severity, of.subject, nil, fmt.Sprintf("%d more are not shown of this document", counts[of]-maxPerDocument)))
		}
	}
	return kept
}
