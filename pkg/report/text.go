package report

import (
	"fmt"
	"io"

	"github.com/failover-krm/failover/pkg/check"
	"github.com/failover-krm/failover/pkg/diagnostic"
)

// text writes a line for each finding, the verdicts with their tiers, and the summary.
func (r Report) text(w io.Writer, options Options) {
	paint := painter(options.Color)
	for _, found := range diagnostic.Limit(r.Diagnostics) {
		fmt.Fprintln(w, found.Line(paint.severity))
	}
	if options.ShowSuppressed {
		for _, found := range r.suppressed() {
			fmt.Fprintln(w, found.Line(paint.severity))
		}
	}
	r.conclude(w, paint)
}

// conclude writes the verdict of each failover, below it where its requests go, and the
// summary.
func (r Report) conclude(w io.Writer, paint painter) {
	notes := r.notes()
	for i, failover := range r.Failovers {
		fmt.Fprintf(w, "%s: fails over: %s: %s%s\n", failover.Name(), paint.verdict(failover.Verdict), diagnostic.Printable(failover.Reason), notes[i])
		if cost := failover.Cost(); cost != nil {
			fmt.Fprintf(w, "  %s\n", cost)
		}
		for _, share := range shares(failover) {
			fmt.Fprintf(w, "  %s\n", share)
		}
	}
	fmt.Fprintln(w, r.summary())
}

// painter marks words for a terminal, or leaves them as they are. What a colour says,
// the word says too.
type painter bool

// The colours, as numbers of an SGR escape sequence.
const (
	red    = 31
	green  = 32
	yellow = 33
	cyan   = 36
)

func (p painter) paint(colour int, word string) string {
	if !p {
		return word
	}
	return fmt.Sprintf("\x1b[%dm%s\x1b[0m", colour, word)
}

func (p painter) severity(severity diagnostic.Severity, word string) string {
	switch severity {
	case diagnostic.Error:
		return p.paint(red, word)
	case diagnostic.Warning:
		return p.paint(yellow, word)
	default:
		return p.paint(cyan, word)
	}
}

func (p painter) verdict(verdict check.Verdict) string {
	switch verdict {
	case check.Yes:
		return p.paint(green, string(verdict))
	case check.No:
		return p.paint(red, string(verdict))
	default:
		return p.paint(yellow, string(verdict))
	}
}
