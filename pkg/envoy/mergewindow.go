package envoy

import "time"

// mergeWindow decides when a change of health reaches the workers: at once, unless
// another one did within the window. Then it waits for a whole window from now on,
// and what is delivered is the health at that time. Envoy has a window for each
// priority. Each change of health updates all priorities, so one is enough here.
//
// Envoy: source/common/upstream/cluster_manager_impl.cc, scheduleUpdate and
// applyUpdates; source/common/upstream/upstream_impl.cc, reloadHealthyHostsHelper.
type mergeWindow struct {
	delivered time.Duration
	// waiting is the number of the delivery that is planned, 0 for none.
	waiting, planned int
}

// healthChanged is called for each change of a host's health.
func (s *simulation) healthChanged() {
	window := &s.merge
	if s.now-window.delivered > s.settings.MergeWindow {
		window.waiting = 0
		s.deliverHealth()
		return
	}
	if window.waiting != 0 {
		return
	}
	window.planned++
	number := window.planned
	window.waiting = number
	s.note(UpdateDelayed, nil)
	s.after(s.settings.MergeWindow, func(s *simulation, _ subject) {
		if window.waiting == number {
			window.waiting = 0
			s.deliverHealth()
			s.note(UpdateDelivered, nil)
		}
	}, subject{})
}

func (s *simulation) deliverHealth() {
	s.merge.delivered = s.now
	s.balance.update(s.tiers, s.settings.PanicThreshold)
}
