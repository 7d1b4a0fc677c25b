package drill

import (
	"fmt"
	"html"
	"io"
	"strings"

	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/diagram"
)

func (r Report) writeMarkdown(w io.Writer) error {
	var text strings.Builder
	fmt.Fprintf(&text, "**Drill: %s**\n\n", inMarkdown(r.title()))
	if r.Prediction == nil {
		text.WriteString("| | measured |\n|---|---|\n")
	} else {
		text.WriteString("| | measured | predicted | agrees |\n|---|---|---|---|\n")
	}
	for _, row := range r.rows() {
		fmt.Fprintf(&text, "| %s | %s |", row.name, inMarkdown(row.measured))
		if r.Prediction != nil {
			fmt.Fprintf(&text, " %s | %s |", row.predicted, row.agrees)
		}
		text.WriteString("\n")
	}
	text.WriteString("\n")
	for _, remark := range r.remarks() {
		fmt.Fprintf(&text, "- %s: %s\n", remark.name, inMarkdown(remark.measured))
	}
	_, err := io.WriteString(w, text.String())
	return err
}

// inMarkdown is a text that has no meaning of its own in Markdown, nor in HTML.
func inMarkdown(text string) string {
	text = html.EscapeString(diagnostic.Printable(text))
	var escaped strings.Builder
	for _, letter := range text {
		if strings.ContainsRune("\\`*_[]|~!", letter) {
			escaped.WriteByte('\\')
		}
		escaped.WriteRune(letter)
	}
	return escaped.String()
}

// pageStyle is that of the HTML report: readable in light and dark, and on a phone.
const pageStyle = `:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}` +
	`h1{font-size:1.3rem;overflow-wrap:anywhere}table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid GrayText;vertical-align:top;overflow-wrap:anywhere}` +
	`svg{max-width:100%;height:auto}`

// writeHTML writes one file that needs nothing else, and runs nothing: what comes from
// manifests or answers is text in it.
func (r Report) writeHTML(w io.Writer) error {
	var page strings.Builder
	text := func(text string) string { return html.EscapeString(diagnostic.Printable(text)) }
	title := text("Drill: " + r.title())
	page.WriteString("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
	page.WriteString("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n")
	page.WriteString("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
	fmt.Fprintf(&page, "<title>%s</title>\n<style>%s</style>\n</head>\n<body>\n<main>\n<h1>%s</h1>\n", title, pageStyle, title)
	fmt.Fprintf(&page, "<p>%s</p>\n", text(r.Plan.request()))
	page.Write(diagram.Outage(r.Run()))
	page.WriteString("\n<table>\n<tr><th scope=\"col\">Figure</th><th scope=\"col\">Measured</th>")
	if r.Prediction != nil {
		page.WriteString("<th scope=\"col\">Predicted</th><th scope=\"col\">Agrees</th>")
	}
	page.WriteString("</tr>\n")
	for _, row := range r.rows() {
		fmt.Fprintf(&page, "<tr><th scope=\"row\">%s</th><td>%s</td>", text(row.name), text(row.measured))
		if r.Prediction != nil {
			fmt.Fprintf(&page, "<td>%s</td><td>%s</td>", text(row.predicted), text(row.agrees))
		}
		page.WriteString("</tr>\n")
	}
	page.WriteString("</table>\n<table>\n")
	for _, remark := range r.remarks() {
		fmt.Fprintf(&page, "<tr><th scope=\"row\">%s</th><td>%s</td></tr>\n", text(remark.name), text(remark.measured))
	}
	page.WriteString("</table>\n</main>\n</body>\n</html>\n")
	_, err := io.WriteString(w, page.String())
	return err
}
