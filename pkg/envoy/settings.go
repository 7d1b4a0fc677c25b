package envoy

import "time"

// Settings are those of Envoy that decide about a failover, in Envoy's terms: a
// cluster and the routes to it.
type Settings struct {
	// Connections tells that Envoy sees only connections, as for a TCPRoute.
	Connections bool
	// HTTP2 tells that requests to a host share a connection of each worker.
	HTTP2 bool
	// Keepalive is that of these connections; nil for none.
	Keepalive *Keepalive
	// ConnectTimeout is how long Envoy waits for a connection.
	ConnectTimeout time.Duration
	// RequestTimeout is how long a request may take with all its attempts; 0 forever.
	RequestTimeout time.Duration
	// Fault is what is done to requests on purpose; nil for nothing.
	Fault *Fault
	// PanicThreshold is the percentage of healthy hosts below which Envoy disregards
	// health.
	PanicThreshold int
	// Balancer picks a host of a tier.
	Balancer Balancer
	// MergeWindow is how long a change of health waits that comes right after
	// another one.
	MergeWindow time.Duration
	// Limits are those of the circuit breaker.
	Limits Limits
	// Retry is nil where no attempt is repeated.
	Retry *Retry
	// Outlier is the passive health check; nil for none.
	Outlier *OutlierDetection
	// Check is the active health check; nil for none.
	Check *HealthCheck
}

// Balancer is a load balancing policy.
type Balancer int

const (
	// LeastRequest takes the less busy of two random hosts.
	LeastRequest Balancer = iota
	// RoundRobin takes one host after the other.
	RoundRobin
	// Random takes any host. It also stands for a hash of something that differs from
	// request to request.
	Random
)

// Limits are what may be in use at a time, in all workers.
type Limits struct {
	Connections, PendingRequests, Requests, Retries int
}

// Retry is a retry policy.
type Retry struct {
	// NumRetries is how often a request is repeated.
	NumRetries int
	// AttemptsPerPriority is the number of attempts after which a retry avoids the
	// tiers that were tried; 0 for one that goes where any request goes.
	AttemptsPerPriority int
	// On says what is repeated.
	On RetryOn
	// Statuses are repeated where On.Statuses is set.
	Statuses []int
	// PerTryTimeout ends an attempt; 0 for never.
	PerTryTimeout time.Duration
	// BackOff is the longest wait before the first retry. It doubles, up to
	// MaxBackOff.
	BackOff, MaxBackOff time.Duration
}

// RetryOn are the conditions under which an attempt is repeated.
type RetryOn struct {
	ConnectFailure, Reset, ResetBeforeRequest, GatewayError, FiveXX, Statuses bool
	// Unavailable and Internal are answers of gRPC.
	Unavailable, Internal bool
}

// OutlierDetection is the passive health check.
type OutlierDetection struct {
	Interval, BaseEjectionTime, MaxEjectionTime time.Duration
	// MaxEjectionPercent of the hosts of the cluster may be ejected.
	MaxEjectionPercent int
	// AlwaysEjectOne permits one ejection, whatever MaxEjectionPercent is.
	AlwaysEjectOne bool
	// Consecutive5xx, ConsecutiveGatewayErrors and ConsecutiveLocalOrigin are the
	// numbers of consecutive errors that eject a host; 0 for never.
	Consecutive5xx, ConsecutiveGatewayErrors, ConsecutiveLocalOrigin int
	// SplitLocalOrigin counts failed connections and timeouts apart.
	SplitLocalOrigin bool
	// FailurePercentage of an interval's requests ejects a host; 0 for never.
	FailurePercentage int
}

// HealthCheck is the active health check.
type HealthCheck struct {
	// ConnectOnly tells that the check passes where it can connect.
	ConnectOnly bool
	// GRPC tells that it is a call of gRPC. Its connection outlives a timeout.
	GRPC              bool
	Interval, Timeout time.Duration
	// Expected are the statuses that pass; only 200 where it is empty. Retriable ones
	// fail like a timeout, only after so many in a row.
	Expected, Retriable []int
	// Unhealthy and Healthy are the thresholds.
	Unhealthy, Healthy int
}
