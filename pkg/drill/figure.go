package drill

import (
	"fmt"
	"slices"
	"strings"
)

// Figure is a measured number and the range that was predicted. -1 stands for never.
type Figure struct{ Measured, Least, Most, Tolerance float64 }

// FigureOf compares a measured number with what the runs of a simulation came to.
func FigureOf(measured float64, predicted []float64, tolerance float64) Figure {
	slices.SortFunc(predicted, neverLast)
	return Figure{measured, predicted[0], predicted[len(predicted)-1], tolerance}
}

// neverLast orders times: what never happens is later than anything else.
func neverLast(a, b float64) int {
	switch {
	case a == b:
		return 0
	case a < 0 || b >= 0 && a > b:
		return 1
	}
	return -1
}

// Agrees tells whether the measured number is within the range, or nearly.
func (f Figure) Agrees() bool {
	if f.Measured < 0 || f.Least < 0 {
		return f.Measured < 0 && (f.Least < 0 || f.Most < 0)
	}
	return f.Measured >= f.Least-f.Tolerance && (f.Most < 0 || f.Measured <= f.Most+f.Tolerance)
}

// String is measured / predicted, in bold where they do not agree.
func (f Figure) String() string {
	text := number(f.Measured) + " / " + f.Predicted()
	if !f.Agrees() {
		return "**" + text + "**"
	}
	return text
}

// Predicted is the range.
func (f Figure) Predicted() string {
	least, most := number(f.Least), number(f.Most)
	if least == most {
		return least
	}
	return least + " to " + most
}

func number(value float64) string {
	if value < 0 {
		return "never"
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", value), ".0")
}
