package simulate

import (
	"fmt"
	"slices"
	"time"

	"github.com/failover-krm/failover/pkg/envoy"
)

// words say what an event means for the traffic.
var words = map[envoy.EventKind]string{
	envoy.Ejected:         "%s is ejected: requests no longer go to it",
	envoy.EjectionRefused: "%s would be ejected, but maxEjectionPercent does not permit it",
	envoy.EjectionEnded:   "the ejection of %s lapses: it is tried again, with real requests",
	envoy.CheckFailed:     "the active check takes %s out",
	envoy.CheckPassed:     "the active check lets %s back in",
	envoy.UpdateDelayed:   "Envoy holds this change back for a second, as a second one within its update_merge_window: until then requests go where they went",
	envoy.UpdateDelivered: "the change that was held back takes effect",
}

// story tells the events of the first run, and the outage, in order. Repeated refusals
// are told once.
func (o Outage) story() []told {
	lines := []told{
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
		text := words[event.Kind]
		if event.Tier >= 0 {
			text = fmt.Sprintf(text, hostName(event))
		}
		lines = append(lines, told{event.At, text})
	}
	report := o.First.Report(o.Outage)
	if report.Failover != envoy.Never {
		lines = append(lines, told{o.Outage.Begin + report.Failover, "passive has answered for the first time"})
	}
	if report.Failback != envoy.Never {
		lines = append(lines, told{o.Outage.End + report.Failback, "active has answered again"})
	}
	lines = append(lines, o.holes()...)
	slices.SortStableFunc(lines, func(a, b told) int { return int(a.at - b.at) })
	return lines
}

// holes are the spans in which requests are lost, without one that is served for
// a second.
func (o Outage) holes() []told {
	var holes []told
	var first, last time.Duration
	count := 0
	end := func() {
		if count > 0 {
			text := "1 request is lost"
			if count > 1 {
				text = fmt.Sprintf("%d requests are lost, within %.1f s", count, (last - first).Seconds())
			}
			holes = append(holes, told{first, text})
		}
		count = 0
	}
	for _, request := range o.First.Requests {
		switch {
		case !request.Lost():
		case count > 0 && request.Sent-last <= time.Second:
			last = request.Sent
			count++
		default:
			end()
			first, last, count = request.Sent, request.Sent, 1
		}
	}
	end()
	return holes
}

func hostName(event envoy.Event) string {
	tier := "active"
	if event.Tier > 0 {
		tier = "passive"
	}
	return fmt.Sprintf("host %d of %s", event.Host+1, tier)
}
