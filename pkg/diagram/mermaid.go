package diagram

// Mermaid writes failovers as a flowchart for a code block of Markdown.
func Mermaid(views []View) []byte { return nil }
