package simulate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/failover-krm/failover/pkg/envoy"
)

// words say what an event means for the traffic: requests, or connections.
var words = map[envoy.EventKind]string{
	envoy.Ejected:         "HOST is ejected: TRAFFIC no longer go to it",
	envoy.EjectionRefused: "HOST would be ejected, but maxEjectionPercent does not permit it",
	envoy.EjectionEnded:   "the ejection of HOST ends: Envoy tries it again, with real TRAFFIC",
	envoy.CheckFailed:     "the active check takes HOST out",
	envoy.CheckPassed:     "the active check lets HOST back in",
	envoy.UpdateDelayed:   "Envoy delays this change for a second, since it is the second one within its update_merge_window: until then TRAFFIC go where they went before",
	envoy.UpdateDelivered: "the delayed change takes effect",
}

// Moment is something that happens, in words.
type Moment struct {
	At   time.Duration
	Text string
}

// Story tells the events of the first run, and the outage, in order, until it is over.
// Repeated refusals are told once. It is empty where nothing was simulated. What is counted
// is what Served.Counted says.
func (o Outage) Story(counted string) []Moment {
	if len(o.First.Requests) == 0 {
		return nil
	}
	lines := []Moment{
		{o.Outage.Begin, fmt.Sprintf("the outage begins (%s)", o.Kind)},
		{o.Outage.End, "the outage ends"},
	}
	isRefused := false
	for _, event := range o.First.Events {
		if event.Kind == envoy.EjectionRefused {
			if isRefused {
				continue
			}
			isRefused = true
		}
		text := strings.NewReplacer("HOST", o.hostName(event), "TRAFFIC", counted).Replace(words[event.Kind])
		lines = append(lines, Moment{event.At, text})
	}
	report := o.First.Report(o.Outage)
	if report.Failover != envoy.Never {
		lines = append(lines, Moment{o.Outage.Begin + report.Failover, "passive has answered for the first time"})
	}
	if report.Failback != envoy.Never {
		lines = append(lines, Moment{o.Outage.End + report.Failback, "active has answered again"})
	}
	lines = append(lines, o.holes(counted)...)
	slices.SortStableFunc(lines, func(a, b Moment) int { return cmp.Compare(a.At, b.At) })
	over := o.Over()
	return slices.DeleteFunc(lines, func(line Moment) bool { return line.At > over })
}

// Over is when nothing more is to be seen of the outage in the first run: active has been
// back for a while, or was never away.
func (o Outage) Over() time.Duration {
	over := o.Outage.End + calm
	if back := o.First.Report(o.Outage).Failback; back != envoy.Never {
		over += back
	}
	return over
}

// holes are the spans in which requests are lost: one after the other, or within
// a second.
func (o Outage) holes(counted string) []Moment {
	var holes []Moment
	var first, last time.Duration
	count, isServed := 0, false
	end := func() {
		if count > 0 {
			text := "1 " + strings.TrimSuffix(counted, "s") + " is lost"
			if count > 1 {
				text = fmt.Sprintf("%d %s are lost, within %.1f s", count, counted, (last - first).Seconds())
			}
			holes = append(holes, Moment{first, text})
		}
		count = 0
	}
	for _, request := range o.First.Requests {
		switch {
		case !request.Lost():
			isServed = true
			continue
		case count > 0 && (!isServed || request.Sent-last <= time.Second):
			last = request.Sent
			count++
		default:
			end()
			first, last, count = request.Sent, request.Sent, 1
		}
		isServed = false
	}
	end()
	return holes
}

func (o Outage) hostName(event envoy.Event) string {
	tier := "active"
	switch {
	case event.Tier > o.Outage.Tier:
		tier = "passive"
	case event.Tier < o.Outage.Tier: // it has no pod
		tier = fmt.Sprintf("priority %d", event.Tier)
	}
	return fmt.Sprintf("host %d of %s", event.Host+1, tier)
}
