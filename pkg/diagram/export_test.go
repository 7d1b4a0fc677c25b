package diagram

// WidthOf is what a text takes in a font.
func WidthOf(text string, size float64, isBold bool) float64 {
	return font{size, isBold}.ruler().width(text)
}
