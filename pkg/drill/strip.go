package drill

import (
	"fmt"
	"strings"
	"time"

	"github.com/failover-krm/failover/pkg/prober"
)

// Cells stand for what was seen in a span of time.
const (
	cellActive  = '█'
	cellPassive = '▒'
	cellBoth    = '▓'
	cellLost    = '×'
	cellOther   = '?'
	cellNothing = ' '
)

// StripLegend says what the cells mean.
const StripLegend = "█ active  ▒ passive  ▓ both  × a request lost  ? neither tier"

// CellLength is how long a cell is where so much time has to be shown in so many cells.
func CellLength(until time.Duration, width int) time.Duration {
	for _, length := range []time.Duration{time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 20 * time.Second} {
		if until <= length*time.Duration(width) {
			return length
		}
	}
	return time.Minute
}

// Strip writes a cell for each span of the given length.
func Strip(requests []prober.Request, cell time.Duration) string {
	var cells []rune
	for _, request := range requests {
		at := int(request.Due / cell)
		for len(cells) <= at {
			cells = append(cells, cellNothing)
		}
		cells[at] = merged(cells[at], cellOf(request))
	}
	return string(cells)
}

func cellOf(request prober.Request) rune {
	switch {
	case request.Lost():
		return cellLost
	case request.Answer.From == active:
		return cellActive
	case request.Answer.From == passive:
		return cellPassive
	}
	return cellOther
}

// merged is what stands for two cells in one: a loss before anything else.
func merged(a, b rune) rune {
	switch {
	case a == b || b == cellNothing:
		return a
	case a == cellNothing:
		return b
	case a == cellLost || b == cellLost:
		return cellLost
	case a == cellOther || b == cellOther:
		return cellOther
	}
	return cellBoth
}

// scale writes the times above a strip.
func scale(until, cell time.Duration) string {
	const every = 10
	var text strings.Builder
	for at := time.Duration(0); at < until; at += every * cell {
		fmt.Fprintf(&text, "%-*s", every, at.String())
	}
	return strings.TrimRight(text.String(), " ")
}
