package envoy

import (
	"slices"
	"time"
)

// Retries: what is repeated, when and where.
//
// Envoy: source/common/router/retry_state_impl.cc, wouldRetryFromHeaders and
// wouldRetryFromReset; source/extensions/retry/priority/previous_priorities;
// source/extensions/retry/host/previous_hosts.

// hostPicks is how often another host is asked for than those that were tried. Envoy
// Gateway sets it.
const hostPicks = 5

// retryReply repeats a request that was answered with an error, if that is asked for. An
// error of gRPC has status 200, so that the conditions of HTTP do not hold.
func (s *simulation) retryReply(r *request, with reply) bool {
	return s.retry(r, func(on RetryOn) bool {
		switch with.grpc {
		case Unavailable:
			return on.Unavailable
		case Internal:
			return on.Internal
		}
		status := with.status
		return on.FiveXX && status >= 500 || on.GatewayError && isGatewayError(status) ||
			on.Statuses && slices.Contains(s.settings.Retry.Statuses, status)
	})
}

// retry repeats a request after a back-off, if one of its conditions holds.
func (s *simulation) retry(r *request, holds func(RetryOn) bool) bool {
	policy := s.settings.Retry
	if policy == nil || s.settings.Connections || r.done || r.Attempts > policy.NumRetries || !holds(policy.On) || s.inUse.Retries >= s.settings.Limits.Retries {
		return false
	}
	s.inUse.Retries++
	r.isRetry = true
	s.after(s.backOff(r.Attempts), (*simulation).tryAgain, subject{of: r.whole()})
	return true
}

func (s *simulation) tryAgain(on subject) {
	if on.of.isOver() {
		s.inUse.Retries--
		return
	}
	s.try(on.of.request)
}

// backOff is anything up to a limit that doubles with each retry
// (JitteredExponentialBackOffStrategy).
func (s *simulation) backOff(attempt int) time.Duration {
	limit := s.settings.Retry.BackOff
	for range attempt - 1 {
		limit *= 2
	}
	return s.between(0, min(limit, s.settings.Retry.MaxBackOff))
}

// choose picks the host of the next attempt.
func (s *simulation) choose(r *request) *host {
	load := s.balance.load
	if r.Attempts > 0 && s.asksForTiers() {
		load = s.loadOfRetry(r)
	}
	var h *host
	for range hostPicks {
		h = s.balance.pick(load, s.settings.Balancer, r.worker, s.random)
		if r.Attempts == 0 || !slices.Contains(r.tried, h) {
			break
		}
	}
	return h
}

// asksForTiers tells that a retry leaves out the tiers of earlier attempts.
func (s *simulation) asksForTiers() bool {
	return s.settings.Retry != nil && s.settings.Retry.AttemptsPerPriority > 0
}

// loadOfRetry leaves out the tiers that were tried, after so many attempts. Where no
// other one is healthy, all are tried again.
func (s *simulation) loadOfRetry(r *request) []int {
	if r.Attempts%s.settings.Retry.AttemptsPerPriority == 0 {
		r.excludedTo = r.Attempts
		if sum(s.healthOfOthers(r)) == 0 {
			r.excludedFrom = r.Attempts
		}
	}
	if r.excludedFrom == r.excludedTo {
		return s.balance.load
	}
	return distribute(s.healthOfOthers(r))
}

// healthOfOthers is the health of the tiers that a retry does not leave out.
func (s *simulation) healthOfOthers(r *request) []int {
	health := slices.Clone(s.balance.health)
	for _, h := range r.tried[r.excludedFrom:r.excludedTo] {
		health[h.tier] = 0
	}
	return health
}
