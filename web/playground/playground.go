// Package playground answers what the page of web asks for: text in, plain values
// out, by the same code as the command.
package playground

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/failover-krm/failover/pkg/api/decode"
	"github.com/failover-krm/failover/pkg/check"
	"github.com/failover-krm/failover/pkg/compile"
	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/diagram"
	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/envoy"
	"github.com/failover-krm/failover/pkg/report"
	"github.com/failover-krm/failover/pkg/simulate"
	"github.com/failover-krm/failover/pkg/target"
)

// Playground keeps the failovers of the last text that was checked, so that a slider
// waits only for the simulation.
type Playground struct {
	failovers []check.Failover
	// simulator remembers what findings say of lost requests, for some explanations.
	simulator *simulate.Simulator
	explained int
}

// remembered is for how many explanations a simulator is kept: it has time for only so many
// settings, and each change of a policy is another one.
const remembered = 20

// Finding is an error, a warning or a note about a line of the text.
type Finding struct {
	Severity diagnostic.Severity `json:"severity"`
	// Rule is empty for what an API server or Envoy Gateway says.
	Rule string `json:"rule,omitempty"`
	URL  string `json:"url,omitempty"`
	// Line and Column count from 1, columns in characters; 0 stands for the whole text.
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Message string `json:"message"`
}

// source is what messages call the text, where they name it.
const source = "the text"

// Verdict is whether a failover fails over.
type Verdict struct {
	Name    string        `json:"name"`
	Verdict check.Verdict `json:"verdict"`
	Reason  string        `json:"reason"`
}

// Checking is what "failover check" says, without the cost of outages, and what
// "failover render" prints.
type Checking struct {
	// Specs is how many FailoverSpecs there are, Others how many other documents.
	Specs  int `json:"specs"`
	Others int `json:"others"`
	// YAML is what is rendered; empty where a spec is wrong.
	YAML     string    `json:"yaml"`
	Findings []Finding `json:"findings"`
	Verdicts []Verdict `json:"verdicts"`
	// Diagram is the SVG of the failovers; empty where there is none, and before it is
	// explained.
	Diagram string `json:"diagram"`
}

// Check checks the manifests of a text at once, without what takes a simulation: the
// diagram, and what findings say of lost requests. A target is for what are no
// FailoverSpecs: these name their own.
func (p *Playground) Check(text string, on target.Target) (Checking, error) {
	checking, _, err := p.check(text, on, simulate.NoTime())
	return checking, err
}

// Explain checks a text as Check does, with all that there is to say.
func (p *Playground) Explain(text string, on target.Target) (Checking, error) {
	if p.explained++; p.explained%remembered == 1 {
		p.simulator = &simulate.Simulator{}
	}
	checking, diagnostics, err := p.check(text, on, p.simulator)
	if shown := p.failovers[:min(len(p.failovers), mostFailovers)]; len(shown) > 0 {
		checking.Diagram = string(diagram.SVG(diagram.Views(shown, diagnostics)))
	}
	return checking, err
}

func (p *Playground) check(text string, on target.Target, simulator *simulate.Simulator) (Checking, []diagnostic.Diagnostic, error) {
	p.failovers = nil
	checking := Checking{Findings: []Finding{}, Verdicts: []Verdict{}}
	documents, err := document.Parse([]byte(text), source)
	if syntax, isSyntax := errors.AsType[*document.SyntaxError](err); isSyntax {
		checking.Findings = append(checking.Findings, Finding{Severity: diagnostic.Error, Line: syntax.Line, Column: 1, Message: syntax.Reason})
		return checking, nil, nil
	}
	subjects := diagnostic.Subjects(documents)
	for _, subject := range subjects {
		if decode.Claims(subject.Node) {
			checking.Specs++
		}
	}
	checking.Others = len(subjects) - checking.Specs
	checked, err := compile.Check(subjects, on, check.Options{Simulator: simulator})
	if err != nil {
		return checking, nil, err
	}
	yaml, err := checked.YAML()
	if err != nil {
		return checking, nil, err
	}
	checking.YAML = yaml.String()
	for _, found := range diagnostic.Limit(checked.Diagnostics) {
		checking.Findings = append(checking.Findings, Finding{
			Severity: found.Severity, Rule: found.Rule, URL: report.HelpURL(found.Rule),
			Line: found.Position.Line, Column: found.Position.Column, Message: found.Text(),
		})
	}
	p.failovers = checked.Failovers
	for _, failover := range p.failovers {
		checking.Verdicts = append(checking.Verdicts, Verdict{failover.Name(), failover.Verdict, diagnostic.Printable(failover.Reason)})
	}
	return checking, checked.Diagnostics, nil
}

// Outage is what the sliders say.
type Outage struct {
	Kind envoy.Kind `json:"kind"`
	// Rate is the number of requests a second, and Method theirs.
	Rate   float64 `json:"rate"`
	Method string  `json:"method"`
	// For and Patience are seconds.
	For      float64 `json:"for"`
	Patience float64 `json:"patience"`
	// Hosts is how many each backend has where the manifests do not say, Broken how
	// many of active are broken; 0 for all.
	Hosts  int `json:"hosts"`
	Broken int `json:"broken"`
}

// Simulation is what an outage costs each failover, the first of them for many.
type Simulation struct {
	Costs []Cost `json:"costs"`
	// Picture is the SVG of the first run of each.
	Picture string `json:"picture"`
}

// Cost is what an outage costs a failover.
type Cost struct {
	Name string `json:"name"`
	Note string `json:"note,omitempty"`
	// Sent is 0 where there is no such outage; the rest then counts for nothing.
	Sent     int                 `json:"sent"`
	Lost     simulate.Range[int] `json:"lost"`
	During   simulate.Range[int] `json:"during"`
	After    simulate.Range[int] `json:"after"`
	Failover simulate.Times      `json:"failover"`
	Failback simulate.Times      `json:"failback"`
	Slowest  simulate.Times      `json:"slowest"`
}

// The limits of a text that is simulated while somebody waits.
const (
	runs          = 5
	mostFailovers = 10
)

// Simulate tells what an outage costs the failovers of the text that was checked last.
func (p *Playground) Simulate(outage Outage) (Simulation, error) {
	options := simulate.Defaults()
	options.Seeds, options.Kinds = runs, []envoy.Kind{outage.Kind}
	options.Rate, options.Method = outage.Rate, outage.Method
	options.For, options.Patience = seconds(outage.For), seconds(outage.Patience)
	options.ActiveHosts, options.PassiveHosts, options.BrokenHosts = outage.Hosts, outage.Hosts, outage.Broken
	var served []simulate.Served
	for _, failover := range p.failovers[:min(len(p.failovers), mostFailovers)] {
		for _, on := range failover.Distinct() {
			served = append(served, on.Served())
		}
	}
	simulation := Simulation{Costs: []Cost{}}
	results, err := simulate.Run(served, options)
	if err != nil || len(results) == 0 {
		return simulation, err
	}
	for _, result := range results {
		if len(result.Outages) == 0 { // what is not known, or one that this kind of route cannot have
			simulation.Costs = append(simulation.Costs, Cost{Name: result.Name, Note: result.Note})
			continue
		}
		of := result.Outages[0]
		simulation.Costs = append(simulation.Costs, Cost{Name: result.Name, Note: result.Note, Sent: of.Sent, Lost: of.Lost, During: of.During, After: of.After, Failover: of.Failover, Failback: of.Failback, Slowest: of.Slowest})
	}
	if drawn := diagram.Simulated(results, options); len(drawn) > 0 {
		simulation.Picture = string(diagram.Outage(drawn...))
	}
	return simulation, nil
}

func seconds(value float64) time.Duration { return time.Duration(value * float64(time.Second)) }

// Choices are what the page offers.
type Choices struct {
	Targets []target.Target `json:"targets"`
	Default target.Target   `json:"default"`
	Kinds   []envoy.Kind    `json:"kinds"`
	// Outage is what the sliders say at first.
	Outage Outage `json:"outage"`
}

// Offer returns what there is to choose.
func Offer() Choices {
	usual := simulate.Defaults()
	return Choices{
		Targets: target.All(), Default: target.Default, Kinds: envoy.Kinds(),
		Outage: Outage{
			Kind: usual.Kinds[0], Rate: usual.Rate, Method: usual.Method, For: usual.For.Seconds(), Patience: usual.Patience.Seconds(),
			Hosts: usual.ActiveHosts, Broken: usual.BrokenHosts,
		},
	}
}

// Edit replaces the characters from one place to another, which count from 1.
type Edit struct {
	Line   int    `json:"line"`
	Column int    `json:"column"`
	Length int    `json:"length"`
	Text   string `json:"text"`
}

// Set returns the edits that give a field of every FailoverSpec of a text a value. The
// field is spec.target or in a block of the spec, such as spec.policy.profile.
func Set(text, field, value string) ([]Edit, error) {
	documents, err := document.Parse([]byte(text), source)
	if err != nil {
		return nil, fmt.Errorf("the text is not YAML: %w", err)
	}
	edits := []Edit{}
	for _, doc := range documents {
		if decode.Claims(doc.Node) {
			edits = append(edits, set(doc.Node, strings.Split(field, "."), value)...)
		}
	}
	return edits, nil
}
