package command

import (
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"golang.org/x/term"

	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/drill"
	"github.com/failover-krm/failover/pkg/prober"
)

// progress tells of a drill while it goes on: a line for each event, and, in a terminal, a
// strip of the requests below them that is redrawn.
type progress struct {
	stderr   io.Writer
	isDrawn  bool
	width    int
	requests []prober.Request
	drawn    time.Time
}

// redrawEvery is the shortest time between two strips.
const redrawEvery = 250 * time.Millisecond

func newProgress(stderr io.Writer, isDrawn bool) *progress {
	const usual = 80
	p := &progress{stderr: stderr, isDrawn: isDrawn, width: usual}
	if file, isFile := stderr.(*os.File); isFile {
		if width, _, err := term.GetSize(int(file.Fd())); err == nil && width > 0 {
			p.width = width
		}
	}
	return p
}

// clearLine returns to the beginning of the line, which is emptied.
const clearLine = "\r\x1b[K"

// Event writes a line.
func (p *progress) Event(event drill.Event) {
	p.clear()
	fmt.Fprintf(p.stderr, "%7.1f s  %s\n", event.At.Seconds(), diagnostic.Printable(event.Text))
	p.draw()
}

// Request draws the strip again.
func (p *progress) Request(request prober.Request) {
	if !p.isDrawn {
		return
	}
	p.requests = append(p.requests, request)
	if time.Since(p.drawn) >= redrawEvery {
		p.clear()
		p.draw()
	}
}

func (p *progress) clear() {
	if p.isDrawn {
		fmt.Fprint(p.stderr, clearLine)
	}
}

func (p *progress) draw() {
	if !p.isDrawn || len(p.requests) == 0 {
		return
	}
	p.drawn = time.Now()
	until := slices.MaxFunc(p.requests, func(a, b prober.Request) int { return int(a.Due - b.Due) }).Due
	lost := 0
	for _, request := range p.requests {
		if request.Lost() {
			lost++
		}
	}
	label := fmt.Sprintf(" %ds, %d lost", int(until.Seconds()), lost)
	width := max(p.width-len(label)-1, 1)
	fmt.Fprint(p.stderr, drill.Strip(p.requests, drill.CellLength(until+time.Second, width)), label)
}

// end leaves a clean line.
func (p *progress) end() { p.clear() }
