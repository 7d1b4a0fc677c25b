package krm

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/kustomize/kyaml/fn/framework"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/failover-krm/failover/pkg/document"
)

// Diagnostic is one thing that a user should know about one document.
type Diagnostic struct {
	// Severity is Error where nothing is rendered because of it.
	Severity framework.Severity
	// Source is the document, or nil where the whole input is meant.
	Source *Source
	// Field is the path of the field, or "" where the whole document is meant.
	Field string
	// Value is what the field has, where that is part of what is wrong.
	Value any
	// Rule is the id of the rule of package check that found it, if one did.
	Rule string
	// Message says what is wrong, what is allowed and what to do.
	Message string
}

// Source is a document, and what is known of where it came from.
type Source struct {
	// Node is the document.
	Node *yaml.Node
	// File is the path of the file that the document is in, where known.
	File string
	// Index is an item's place in the file, counted from 0, as the orchestrator has
	// it.
	Index int
	// HasLines tells that the lines of Node are those of File.
	HasLines bool
	// owner is what an item is known by across runs, where it is a FailoverSpec.
	owner owner
}

// id names the document for a person and for results.
func (s *Source) id() yaml.ResourceIdentifier {
	return yaml.ResourceIdentifier{
		TypeMeta: yaml.TypeMeta{APIVersion: document.Field(s.Node, "apiVersion"), Kind: document.Field(s.Node, "kind")},
		NameMeta: yaml.NameMeta{Name: document.Field(s.Node, "metadata.name"), Namespace: document.Field(s.Node, "metadata.namespace")},
	}
}

// position says where a field is, as FILE:LINE:COLUMN, FILE, or nothing.
func (s *Source) position(field string) string {
	if !s.HasLines {
		return s.File
	}
	at := document.Locate(s.Node, field)
	return fmt.Sprintf("%s:%d:%d", s.File, at.Line, at.Column)
}

// errorsOf turns the errors of a document into diagnostics.
func errorsOf(source *Source, errs field.ErrorList) []Diagnostic {
	diagnostics := make([]Diagnostic, 0, len(errs))
	for _, err := range errs {
		shown := *err
		if text, ok := shown.BadValue.(string); ok {
			shown.BadValue = shorten(text)
		}
		diagnostics = append(diagnostics, Diagnostic{
			Severity: framework.Error,
			Source:   source,
			Field:    err.Field,
			Value:    currentValue(&shown),
			Message:  shown.ErrorBody(),
		})
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

// maxShown is how much of a bad value is worth repeating.
const maxShown = 120

func shorten(text string) string {
	if len(text) <= maxShown {
		return text
	}
	return strings.ToValidUTF8(text[:maxShown], "") + "..."
}

// hasErrors tells whether there is anything that keeps the rest from being
// rendered.
func hasErrors(diagnostics []Diagnostic) bool { return countErrors(diagnostics) > 0 }

func countErrors(diagnostics []Diagnostic) int {
	count := 0
	for _, diagnostic := range diagnostics {
		if diagnostic.Severity == framework.Error {
			count++
		}
	}
	return count
}

// String writes a diagnostic in one line, as compilers do.
func (d Diagnostic) String() string {
	var line strings.Builder
	if d.Source != nil && d.Source.File != "" {
		line.WriteString(d.Source.position(d.Field) + ": ")
	}
	fmt.Fprintf(&line, "%s: ", d.Severity)
	if d.Source != nil {
		if name := displayName(d.Source.id()); name != "" {
			fmt.Fprintf(&line, "%s%s: ", name, previously(d.Source))
		}
	}
	if d.Field != "" && d.Field != "<nil>" {
		fmt.Fprintf(&line, "%s: ", shorten(d.Field))
	}
	line.WriteString(d.Message)
	if d.Rule != "" {
		fmt.Fprintf(&line, " (%s)", d.Rule)
	}
	return line.String()
}

// displayName writes an object as Kind namespace/name.
func displayName(id yaml.ResourceIdentifier) string {
	name := id.Name
	if id.Namespace != "" {
		name = id.Namespace + "/" + name
	}
	return strings.TrimSpace(shorten(id.Kind) + " " + shorten(name))
}

// previously says what an item was called in its file, where kustomize has
// renamed it since.
func previously(source *Source) string {
	name, _, _ := strings.Cut(annotationsOf(source.Node)[previousNamesAnnotation], ",")
	if name == "" || name == source.id().Name {
		return ""
	}
	return " (in its file " + shorten(name) + ")"
}

// result writes a diagnostic for the orchestrator of a function.
func (d Diagnostic) result() *framework.Result {
	result := &framework.Result{Severity: d.Severity, Message: d.Message}
	if d.Source == nil {
		return result
	}
	if d.Rule != "" {
		result.Tags = map[string]string{"rule": d.Rule}
	}
	id := d.Source.id()
	result.ResourceRef = &id
	if d.Field != "" && d.Field != "<nil>" {
		result.Field = &framework.Field{Path: d.Field, CurrentValue: d.Value}
	}
	if d.Source.File != "" {
		result.File = &framework.File{Path: d.Source.File, Index: d.Source.Index}
	}
	return result
}
