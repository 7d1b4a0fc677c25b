package hostile

import (
	"time"

	"github.com/failover-krm/failover/pkg/check"
	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/diagram"
)

// View has a text wherever a view has one.
func View(text string) diagram.View {
	thing := diagram.Thing{
		Kind: text, Name: text, Facts: []string{text, text}, Wrong: text,
		Findings: []diagram.Finding{{Severity: diagnostic.Error, Rule: text, Message: text}},
	}
	roles := []diagram.Role{diagram.Serves, diagram.Down, diagram.StandsBy, diagram.Idle}
	return diagram.View{
		Name: text, Target: text, Verdict: check.No, Reason: text, Listener: thing, Route: thing, Policies: []diagram.Thing{thing, thing}, Split: true,
		Tiers: []diagram.Tier{
			{Kind: diagram.First, Which: text, Name: text, Backends: []diagram.Thing{thing, thing}},
			{Kind: diagram.Standby, Which: text, Name: text, Wrong: text, Backends: []diagram.Thing{thing}},
			{Kind: diagram.Unavailable, Which: text, Wrong: text},
			{Kind: diagram.Unused, Which: text, Name: text, Backends: []diagram.Thing{thing}},
		},
		Phases: []diagram.Phase{{Name: "calm", Roles: roles, Text: text}, {Name: "outage", Roles: roles, Text: text}, {Name: "failback", Roles: roles, Text: text}},
		Others: thing.Findings,
	}
}

// Run has a text wherever a run has one.
func Run(text string) diagram.Run {
	return diagram.Run{
		Name: text, Setting: text, Tiers: []string{text, text, "c"}, Note: text, Begin: time.Second, End: 3 * time.Second,
		Samples: []diagram.Sample{{At: 0, Tier: 0}, {At: time.Second, Lost: true}, {At: 2 * time.Second, Tier: 1}, {At: 5 * time.Second, Tier: 2}, {At: 6 * time.Second, Tier: 9}},
		Events:  []diagram.Event{{At: time.Second, Text: text}, {At: 3 * time.Second, Text: text}},
		Facts:   []diagram.Fact{{Name: text, Value: text}, {Name: text, Value: text}, {Name: text, Value: text}},
	}
}
