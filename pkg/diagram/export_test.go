package diagram

// WidthOf is what a text in the least of the fonts takes.
func WidthOf(text string) float64 { return textFont.ruler().width(text) }
