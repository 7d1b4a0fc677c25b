package drill

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/failover-krm/failover/pkg/check"
	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/envoy"
	"github.com/failover-krm/failover/pkg/kubectl"
	"github.com/failover-krm/failover/pkg/prober"
	"github.com/failover-krm/failover/pkg/simulate"
)

// Plan is a drill that can be carried out.
type Plan struct {
	Failover check.Failover
	Gateway  string
	// Kubectl reaches the cluster.
	Kubectl kubectl.Kubectl
	// Target is where requests are sent.
	Target prober.HTTP
	Marks  Marks
	// Break has the commands that break active, and Restore those that restore it and wait
	// until it is ready.
	Break, Restore []Step
	// Kind is the outage that this is, for the prediction; empty for none.
	Kind   envoy.Kind
	Course Course
}

// Course is how a drill goes.
type Course struct {
	// Rate is the number of requests a second.
	Rate float64
	// Patience is how long each waits for its answer.
	Patience time.Duration
	// Calm is how long active must answer everything before it is broken, For how long it
	// is broken, and Wait how long it may take to come back after that.
	Calm, For, Wait time.Duration
	// Workers is the number of Envoy's threads, for the prediction.
	Workers int
	// Budget aborts the drill where it is exceeded.
	Budget simulate.Budget
}

// DefaultCourse is the course where a user says nothing.
func DefaultCourse() Course {
	usual := simulate.Defaults()
	return Course{Rate: usual.Rate, Patience: usual.Patience, Calm: 10 * time.Second, For: usual.For, Wait: 6 * time.Minute, Workers: usual.Workers}
}

// back is how long only active must have answered for the drill to be over.
const back = 5 * time.Second

// Write says what the drill does.
func (p Plan) Write(w io.Writer) error {
	fmt.Fprintf(w, "%s, on Gateway %s\n", p.Failover.Name(), p.Gateway)
	table := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	row := func(name, text string) { fmt.Fprintf(table, "  %s\t%s\n", name, diagnostic.Printable(text)) }
	row("sends", fmt.Sprintf("%g requests a second: %s", p.Course.Rate, p.request()))
	row("active", "an answer with "+p.Marks.describe(p.Marks.Active, passive))
	row("passive", "an answer with "+p.Marks.describe(p.Marks.Passive, active))
	row("calm", fmt.Sprintf("%s; nothing is broken unless active answers all requests", p.Course.Calm))
	for _, step := range p.Break {
		row("breaks", step.String())
	}
	row("for", p.Course.For.String())
	for _, step := range p.Restore {
		row("restores", step.String())
	}
	row("watches", fmt.Sprintf("until only active has answered for %s, for %s at most", back, p.Course.Wait))
	return table.Flush()
}

// request says what is sent.
func (p Plan) request() string {
	scheme, connections := "http", "each on a new connection"
	if p.Target.TLS != nil {
		scheme = "https"
	}
	if p.Target.Kept {
		connections = "on kept connections"
	}
	method := p.Target.Method
	if p.Target.GRPC {
		method = "gRPC"
	}
	return fmt.Sprintf("%s %s://%s%s to %s, %s", method, scheme, p.Target.Host, p.Target.Path, p.Target.Address, connections)
}

func (m Marks) describe(marks []Mark, other string) string {
	if len(marks) == 0 {
		return "no mark of " + other
	}
	texts := make([]string, 0, len(marks))
	for _, mark := range marks {
		texts = append(texts, mark.String())
	}
	return strings.Join(texts, " or ")
}
