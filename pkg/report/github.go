package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/failover-krm/failover/pkg/diagnostic"
)

// maxAnnotations is how many annotations of a level GitHub shows of a step.
const maxAnnotations = 10

// github writes workflow commands, which GitHub shows as annotations of the lines, for
// the first findings of each severity, the worst first. The others follow as the text
// has them.
func (r Report) github(w io.Writer, options Options) {
	counts := map[diagnostic.Severity]int{}
	for _, unread := range r.Unread {
		if counts[diagnostic.Error]++; counts[diagnostic.Error] <= maxAnnotations {
			place := jsonPlace{File: options.InRepository(unread.File), Line: unread.Line}
			fmt.Fprint(w, workflowCommand(diagnostic.Error, place, "not read", unread.Message))
		}
	}
	findings := diagnostic.Limit(r.Diagnostics)
	var others []diagnostic.Diagnostic
	for _, severity := range diagnostic.Severities() {
		for _, found := range findings {
			if found.Severity != severity {
				continue
			}
			if counts[severity]++; counts[severity] > maxAnnotations {
				others = append(others, found)
				continue
			}
			place := placeOf(found.Subject, found.Position)
			place.File = options.InRepository(place.File)
			fmt.Fprint(w, workflowCommand(severity, place, found.Rule, found.Text()))
		}
	}
	var log strings.Builder
	for _, found := range others {
		fmt.Fprintln(&log, found)
	}
	r.conclude(&log, painter(false))
	for line := range strings.Lines(log.String()) {
		fmt.Fprint(w, noCommand(line))
	}
}

// workflowCommand annotates a line.
func workflowCommand(severity diagnostic.Severity, place jsonPlace, title, message string) string {
	level := string(severity)
	if severity == diagnostic.Info {
		level = "notice"
	}
	var properties []string
	add := func(name, value string) { properties = append(properties, name+"="+escapeProperty(value)) }
	if place.File != "" {
		add("file", place.File)
	}
	if place.Line > 0 {
		add("line", fmt.Sprint(place.Line))
	}
	if place.Column > 0 {
		add("col", fmt.Sprint(place.Column))
	}
	add("title", strings.TrimSuffix("failover: "+title, ": "))
	return fmt.Sprintf("::%s %s::%s\n", level, strings.Join(properties, ","), escapeData(message))
}

// escapeData and escapeProperty are the toolkit's own
// (packages/core/src/command.ts of actions/toolkit).
func escapeData(text string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(text)
}

func escapeProperty(text string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(escapeData(text))
}

// noCommand keeps a line that names somebody's object or file from being a command:
// one that begins with :: is, and so is ##[ anywhere.
func noCommand(line string) string {
	if strings.HasPrefix(strings.TrimSpace(line), "::") {
		line = ": " + line
	}
	return strings.ReplaceAll(line, "##[", "# #[")
}
