package drill

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/prober"
)

// Format is a form of the report.
type Format string

// The formats.
const (
	Text     Format = "text"
	JSON     Format = "json"
	Markdown Format = "markdown"
	HTML     Format = "html"
	JUnit    Format = "junit"
)

// Formats returns all formats.
func Formats() []Format { return []Format{Text, JSON, Markdown, HTML, JUnit} }

// Write writes the report.
func (r Report) Write(w io.Writer, format Format) error {
	write := map[Format]func(io.Writer) error{
		Text: r.writeText, JSON: r.writeJSON, Markdown: r.writeMarkdown, HTML: r.writeHTML, JUnit: r.writeJUnit,
	}[format]
	return write(w)
}

// stripWidth is the width of a strip in the report.
const stripWidth = 78

// row is a figure of the report: what was measured, what was predicted, and whether that agrees.
type row struct{ name, measured, predicted, agrees string }

// rows are the main figures.
func (r Report) rows() []row {
	rows := []row{
		{"lost", r.lostText(), "", ""},
		{"fails over after", prober.Seconds(r.Failover), "", ""},
		{"fails back after", prober.Seconds(r.Failback), "", ""},
	}
	if r.Prediction == nil {
		return rows
	}
	for i, of := range []struct {
		figure Figure
		unit   string
	}{{r.Prediction.Lost, ""}, {r.Prediction.Failover, " s"}, {r.Prediction.Failback, " s"}} {
		rows[i].predicted = of.figure.Predicted()
		if !strings.HasSuffix(rows[i].predicted, "never") {
			rows[i].predicted += of.unit
		}
		rows[i].agrees = "no"
		if of.figure.Agrees() {
			rows[i].agrees = "yes"
		}
	}
	return rows
}

// remarks are what there is to say as well, each a name and a text.
func (r Report) remarks() []row {
	var remarks []row
	add := func(name, format string, args ...any) {
		remarks = append(remarks, row{name: name, measured: fmt.Sprintf(format, args...)})
	}
	if r.Lost > 0 {
		add("lost by cause", "%s", counts(r.Reasons))
	}
	for _, window := range r.Windows {
		add("requests are lost", "from %s to %s: %d", prober.Seconds(window.Begin), prober.Seconds(window.End), window.Lost)
	}
	add("in the outage", "%s, %d requests: active answered %d, passive %d, lost %d", prober.Seconds(r.End-r.Begin), r.During, r.ByActive, r.ByPassive, r.LostDuring)
	add("served, but slowly", "%d took longer than in calm (99 of 100: %s), the slowest %s", r.Slow, short(r.SlowLimit), short(r.Slowest))
	add("resolution", "a time is right to %s, the time between two requests; %.1f a second were sent", short(r.Resolution), r.RateHeld)
	if r.RateError != nil {
		add("not reliable", "%s", r.RateError)
	}
	if r.NoPrediction != "" {
		add("no prediction", "%s", r.NoPrediction)
	}
	if r.Aborted != "" {
		add("aborted", "%s", r.Aborted)
	}
	for _, exceeded := range r.Exceeds {
		add("budget exceeded", "%s", exceeded)
	}
	return remarks
}

func (r Report) hasBudget() bool {
	budget := r.Plan.Course.Budget
	return budget.Lost != "" || budget.Failover != nil || budget.Failback != nil
}

// title is what was drilled, and when.
func (r Report) title() string {
	title := fmt.Sprintf("%s, on Gateway %s, %s", r.Plan.Failover.Name(), r.Plan.Gateway, r.Start.UTC().Format("2006-01-02 15:04:05 UTC"))
	switch {
	case r.Result == Interrupted:
		return title + ": interrupted"
	case r.Result == Exceeded:
		return title + ": budget exceeded"
	case r.hasBudget():
		return title + ": budget kept"
	}
	return title
}

func (r Report) writeText(w io.Writer) error {
	fmt.Fprintf(w, "%s\n", diagnostic.Printable(r.title()))
	fmt.Fprintf(w, "%s\n\n", diagnostic.Printable(r.Plan.request()))
	until := time.Duration(0)
	if len(r.Requests) > 0 {
		until = r.Requests[len(r.Requests)-1].Due
	}
	cell := CellLength(until, stripWidth)
	fmt.Fprintf(w, "%s\n%s\n%s\n\n", scale(until, cell), Strip(r.Requests, cell), StripLegend)
	for _, event := range r.Events {
		fmt.Fprintf(w, "%8s  %s\n", prober.Seconds(event.At), diagnostic.Printable(event.Text))
	}
	fmt.Fprintln(w)
	table := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	if r.Prediction == nil {
		fmt.Fprintln(table, "\tMEASURED")
	} else {
		fmt.Fprintln(table, "\tMEASURED\tPREDICTED\tAGREES")
	}
	for _, row := range r.rows() {
		cells := []string{row.name, row.measured, row.predicted, row.agrees}
		cells = slices.DeleteFunc(cells, func(cell string) bool { return cell == "" })
		fmt.Fprintln(table, strings.Join(cells, "\t"))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w)
	list := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	for _, remark := range r.remarks() {
		fmt.Fprintf(list, "%s\t%s\n", remark.name, diagnostic.Printable(remark.measured))
	}
	return list.Flush()
}

// short writes a time as exactly as it is worth.
func short(d time.Duration) string {
	switch {
	case d < 10*time.Millisecond:
		return d.Round(100 * time.Microsecond).String()
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}
