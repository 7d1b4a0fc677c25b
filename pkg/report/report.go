// Package report is what `failover check` says: one type, and a file for each format
// to say it in.
package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/failover-krm/failover/pkg/check"
	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/target"
)

// Report is what came of a check.
type Report struct {
	// Version is that of failover.
	Version string
	// Sources are what was to be checked, as it was given: files, directories, stdin.
	Sources []string
	// Files and Documents are how many there were, and Checked how many of the documents
	// there is something to say about.
	Files, Documents, Checked int
	// Others counts the other documents, by kind.
	Others map[string]int
	// HelmTemplates are files of charts, which are not read.
	HelmTemplates []string
	// Unread are the files that could not be read.
	Unread []Unread
	// Targets are those that documents were checked for.
	Targets []target.Target
	// Failovers has a verdict on each that was found.
	Failovers []check.Failover
	// Diagnostics are all errors, warnings and notes, also those that are suppressed.
	Diagnostics []diagnostic.Diagnostic
}

// Unread is a file that could not be read.
type Unread struct {
	File string
	// Line is where it stops being YAML; 0 where the whole file is meant.
	Line    int
	Message string
}

// String writes what is wrong with the file in one line.
func (u Unread) String() string { return diagnostic.Printable(u.place() + ": " + u.Message) }

// place is the file, and the line where there is one.
func (u Unread) place() string {
	if u.Line == 0 {
		return u.File
	}
	return fmt.Sprintf("%s:%d", u.File, u.Line)
}

// Format is a form of a report.
type Format string

// The formats.
const (
	// Text is for people, a line for each finding, as compilers write it.
	Text Format = "text"
	// JSON is for programs; docs/checking.md describes its fields.
	JSON Format = "json"
	// SARIF is for code scanning, in version 2.1.0.
	SARIF Format = "sarif"
	// GitHub has workflow commands, which annotate the lines of a pull request.
	GitHub Format = "github"
	// Markdown is for a comment, or the summary of a job.
	Markdown Format = "markdown"
)

// Formats has all of them.
func Formats() []Format { return []Format{Text, JSON, SARIF, GitHub, Markdown} }

// Options say how to write a report.
type Options struct {
	// Color tells Text to mark severities and verdicts for a terminal.
	Color bool
	// ShowSuppressed tells Text to show what is suppressed too.
	ShowSuppressed bool
	// InRepository returns the path of a file as seen from the root of its repository,
	// for SARIF and GitHub; nil leaves paths as they were given.
	InRepository func(string) string
}

// Write writes a report in a format.
func (r Report) Write(w io.Writer, format Format, options Options) error {
	if options.InRepository == nil {
		options.InRepository = func(path string) string { return path }
	}
	buffered := bufio.NewWriter(w)
	switch format {
	case Text:
		r.text(buffered, options)
	case JSON:
		r.json(buffered)
	case SARIF:
		r.sarif(buffered, options)
	case GitHub:
		r.github(buffered, options)
	case Markdown:
		r.markdown(buffered)
	default:
		return fmt.Errorf("format %q: must be one of %v", format, Formats())
	}
	return buffered.Flush() // which tells what was wrong with any write before
}

// summary says in one line what was looked at, and what came of it.
func (r Report) summary() string {
	text := fmt.Sprintf("checked %d of %d documents of %s%s%s; %s, errors: %d, warnings: %d, info: %d, suppressed: %d",
		r.Checked, r.Documents, plural(r.Files, "file"), in(r.Sources), r.forTargets(), r.countFailovers(),
		diagnostic.Count(r.Diagnostics, diagnostic.Error), diagnostic.Count(r.Diagnostics, diagnostic.Warning), diagnostic.Count(r.Diagnostics, diagnostic.Info),
		diagnostic.CountSuppressed(r.Diagnostics))
	if len(r.Unread) > 0 {
		text += fmt.Sprintf(", not read: %s", plural(len(r.Unread), "file"))
	}
	return diagnostic.Printable(text)
}

func plural(count int, noun string) string {
	if count == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", count, noun)
}

// in names the first sources.
func in(sources []string) string {
	const most = 3
	switch more := len(sources) - most; {
	case len(sources) == 0:
		return ""
	case more > 0:
		return fmt.Sprintf(" in %s and %d more", strings.Join(sources[:most], ", "), more)
	default:
		return " in " + strings.Join(sources, ", ")
	}
}

// forTargets says what documents were checked for.
func (r Report) forTargets() string {
	var names []string
	for _, on := range r.Targets {
		names = append(names, fmt.Sprintf("%s (Envoy Gateway %s)", on, on.EnvoyGateway()))
	}
	if len(names) == 0 {
		return ""
	}
	return " for " + strings.Join(names, ", ")
}

// countFailovers says how many failovers there are of each verdict.
func (r Report) countFailovers() string {
	if len(r.Failovers) == 0 {
		return "no failover found"
	}
	counts := r.verdicts()
	return fmt.Sprintf("failovers: %d (yes: %d, no: %d, unknown: %d)", len(r.Failovers), counts[check.Yes], counts[check.No], counts[check.Unknown])
}

func (r Report) verdicts() map[check.Verdict]int {
	counts := map[check.Verdict]int{}
	for _, failover := range r.Failovers {
		counts[failover.Verdict]++
	}
	return counts
}

// notes returns for each failover what tells it from the others: its target where there
// are several, its file where another one has its name.
func (r Report) notes() []string {
	names := map[string]int{}
	for _, failover := range r.Failovers {
		names[failover.Name()]++
	}
	notes := make([]string, len(r.Failovers))
	for i, failover := range r.Failovers {
		var parts []string
		if file := failover.Subject.File; file != "" && names[failover.Name()] > 1 {
			parts = append(parts, diagnostic.Printable(file))
		}
		if len(r.Targets) > 1 {
			parts = append(parts, string(failover.Target))
		}
		if len(parts) > 0 {
			notes[i] = " (" + strings.Join(parts, ", ") + ")"
		}
	}
	return notes
}

// suppressed returns the diagnostics that are suppressed.
func (r Report) suppressed() []diagnostic.Diagnostic {
	var suppressed []diagnostic.Diagnostic
	for _, found := range r.Diagnostics {
		if found.Suppressed != "" {
			suppressed = append(suppressed, found)
		}
	}
	return suppressed
}

// documentation is where the pages of this project are.
const documentation = "https://github.com/failover-krm/failover/blob/main/docs/"

// HelpURL returns the page of a rule, or of validation, for what has no rule.
func HelpURL(rule string) string {
	if rule == "" {
		return documentation + "validation.md"
	}
	return documentation + "rules/" + rule + ".md"
}
