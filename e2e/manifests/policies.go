package manifests

import "strings"

// Policy is a BackendTrafficPolicy under a name.
type Policy struct {
	// Name is short enough to be part of a namespace's name.
	Name string
	// Written is the policy of a FailoverSpec that asks for it, as YAML.
	Written string
	// Fields are those that its BackendTrafficPolicy must have, as YAML; empty for one
	// that is taken as it comes.
	Fields string
	// ActiveCheck tells that Envoy sends health checks of its own.
	ActiveCheck bool
	// RepeatsAll tells that every request is sent again if it fails, whatever
	// the backend may have done with it.
	RepeatsAll bool
}

// The policies that drills compare.
var (
	// WorkshopPolicy is that of the workshop.
	WorkshopPolicy = Policy{Name: "workshop", Written: "{profile: custom, " + workshopCheck + "}", Fields: "{" + workshopCheck + "}"}
	// Safe never repeats a request that a backend may have acted on.
	Safe = Policy{Name: "safe", Written: "{profile: safe}", Fields: safeRetry + passiveCheck}
	// SafeActive is Safe with an active health check.
	SafeActive = Policy{Name: "safe-active", Written: "{profile: safe, " + healthPath + "}", Fields: safeRetry + passiveCheck + activeCheck, ActiveCheck: true}
	// ZeroLoss repeats every request.
	ZeroLoss = Policy{Name: "zero-loss", Written: "{profile: zero-loss}", Fields: zeroLossRetry + passiveCheck, RepeatsAll: true}
	// ZeroLossActive is ZeroLoss with an active health check.
	ZeroLossActive = Policy{Name: "zero-loss-active", Written: "{profile: zero-loss, " + healthPath + "}", Fields: zeroLossRetry + passiveCheck + activeCheck, ActiveCheck: true, RepeatsAll: true}
)

// The policies that show what a single field is worth, with the port closed.
var (
	// DefaultsOnly is a passive check with the defaults of its CRD, which never
	// ejects one host of two.
	DefaultsOnly = Policy{
		Name: "defaults", Written: "{profile: custom, healthCheck: {passive: {}}}",
		Fields: "healthCheck: {passive: {interval: 3s, baseEjectionTime: 30s, maxEjectionPercent: 10, consecutive5XxErrors: 5}}",
	}
	// ActiveOnly is an active check without a passive one, and without retries.
	ActiveOnly = Policy{
		Name: "active-only", Written: "{profile: custom, " + activeOnly + "}", Fields: activeOnly, ActiveCheck: true,
	}
	// WorkshopRetry is that of the workshop with retries that may stay on the tier.
	WorkshopRetry = Policy{
		Name: "workshop-retry", Written: "{profile: custom, retry: {numRetries: 2}, " + workshopCheck + "}",
		Fields: "{retry: {numRetries: 2}, " + workshopCheck + "}",
	}
)

// The policies of what the others leave out.
var (
	// GatewayErrors ejects for 502, 503 and 504 only.
	GatewayErrors = Policy{
		Name:    "gateway-errors",
		Written: "{profile: custom, healthCheck: {passive: {interval: 2s, baseEjectionTime: 10s, maxEjectionPercent: 100, consecutive5XxErrors: 100, consecutiveGatewayErrors: 2}}}",
	}
	// SplitErrors counts failed connections apart from answers.
	SplitErrors = Policy{
		Name:    "split-errors",
		Written: "{profile: custom, healthCheck: {passive: {interval: 2s, baseEjectionTime: 10s, maxEjectionPercent: 100, consecutive5XxErrors: 3, splitExternalLocalOriginErrors: true, consecutiveLocalOriginFailures: 2}}}",
	}
	// TCPCheck is an active check that only connects.
	TCPCheck = Policy{
		Name: "tcp-check", Written: "{profile: custom, healthCheck: {active: {type: TCP, interval: 2s, timeout: 1s, unhealthyThreshold: 2, healthyThreshold: 1, tcp: {}}}}", ActiveCheck: true,
	}
	// NoPanic is that of the workshop, which never uses hosts that are out.
	NoPanic = Policy{Name: "no-panic", Written: "{profile: custom, healthCheck: {panicThreshold: 0, " + strings.TrimPrefix(workshopCheck, "healthCheck: {") + "}"}
)

// The profiles with the active check of gRPC, and of connections.
var (
	SafeGRPC     = Policy{Name: "safe-active", Written: "{profile: safe, " + grpcCheck + "}", ActiveCheck: true}
	ZeroLossGRPC = Policy{Name: "zero-loss-active", Written: "{profile: zero-loss, " + grpcCheck + "}", ActiveCheck: true, RepeatsAll: true}
	// SafeKeepalive asks by PING whether a connection still works.
	SafeKeepalive = Policy{Name: "safe-keepalive", Written: "{profile: safe, http2: {connectionKeepalive: {interval: 2s, timeout: 1s}}}"}
	SafeTCP       = Policy{Name: "safe-active", Written: "{profile: safe, " + tcpCheck + "}", ActiveCheck: true}
)

// Policies lists those that are drilled in every way.
var Policies = []Policy{WorkshopPolicy, Safe, SafeActive, ZeroLoss, ZeroLossActive}

const (
	workshopCheck = `healthCheck: {passive: {baseEjectionTime: 10s, interval: 2s, maxEjectionPercent: 100,
    consecutive5XxErrors: 1, consecutiveGatewayErrors: 0, consecutiveLocalOriginFailures: 1, splitExternalLocalOriginErrors: false}}`
	activeOnly = `healthCheck: {active: {interval: 2s, timeout: 1s, unhealthyThreshold: 2, healthyThreshold: 1, http: {path: /health}}}`
	grpcCheck  = `healthCheck: {active: {grpc: {}}}`
	tcpCheck   = `healthCheck: {active: {tcp: {}}}`
	healthPath = `healthCheck: {active: {http: {path: /health}}}`

	// What the profiles stand for is written down once more, so that a drill
	// measures what it says.
	safeRetry = `
timeout: {tcp: {connectTimeout: 1s}}
retry:
  numRetries: 2
  numAttemptsPerPriority: 1
  retryOn: {triggers: [connect-failure, refused-stream, reset-before-request]}
`
	zeroLossRetry = `
timeout: {tcp: {connectTimeout: 1s}}
retry:
  numRetries: 2
  numAttemptsPerPriority: 1
  perRetry: {timeout: 2s}
  retryOn:
    triggers: [connect-failure, refused-stream, reset, gateway-error, retriable-status-codes]
    httpStatusCodes: [500]
`
	passiveCheck = `
healthCheck:
  passive: {interval: 2s, baseEjectionTime: 10s, maxEjectionPercent: 100, consecutive5XxErrors: 3}
`
	// activeCheck continues passiveCheck.
	activeCheck = `  active:
    type: HTTP
    interval: 2s
    timeout: 1s
    unhealthyThreshold: 2
    healthyThreshold: 2
    http: {path: /health}
`
)
