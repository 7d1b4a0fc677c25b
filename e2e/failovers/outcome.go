package failovers

import (
	"fmt"
	"strings"
	"time"

	"github.com/failover-krm/failover/pkg/prober"
)

// Answers counts requests by who answered them.
type Answers struct {
	// Active and Passive answered with status 200, Lost is the rest.
	Active, Passive, Lost int
}

// String says what became of the requests.
func (a Answers) String() string {
	all := a.Active + a.Passive + a.Lost
	var parts []string
	for _, part := range []struct {
		count int
		name  string
	}{{a.Active, "active"}, {a.Passive, "passive"}, {a.Lost, "lost"}} {
		if part.count == all && all > 0 {
			return part.name
		}
		if part.count > 0 {
			parts = append(parts, fmt.Sprintf("%s %d %%", part.name, max(1, 100*part.count/all)))
		}
	}
	return strings.Join(parts, ", ")
}

// Outcome is what became of the requests of a drill.
type Outcome struct {
	// Calm has those before the outage, and Settled those at its end.
	Calm, Settled Answers
}

// NewOutcome evaluates the requests of a probe whose active tier was broken at a time, and
// stayed broken. What comes in the time named last is the end of the outage.
func NewOutcome(requests []prober.Request, isActive func(string) bool, broken, settled time.Duration) Outcome {
	var outcome Outcome
	for _, request := range requests {
		answers := &outcome.Settled
		switch {
		case request.Due+request.Latency < broken:
			answers = &outcome.Calm
		case request.Due < settled:
			continue
		}
		switch {
		case request.Lost():
			answers.Lost++
		case isActive(request.Answer.From):
			answers.Active++
		default:
			answers.Passive++
		}
	}
	return outcome
}

// FailsOver tells whether only the active tier served before the outage, and only the
// passive one at its end.
func (o Outcome) FailsOver() bool {
	return o.Calm == Answers{Active: o.Calm.Active} && o.Calm.Active > 0 &&
		o.Settled == Answers{Passive: o.Settled.Passive} && o.Settled.Passive > 0
}
