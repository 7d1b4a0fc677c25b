// Package envoy predicts what Envoy does with requests while hosts fail: a simulation
// of discrete events, without a clock, that gives the same answer for the same input
// and seed. Each mechanism of Envoy that decides about a failover has a file of its
// own, which names the source of Envoy that it models:
//
//	load.go             which tier and host a request goes to, and panic
//	outlierdetection.go ejections, the passive health check
//	healthcheck.go      the active health check
//	mergewindow.go      when a change of health takes effect
//	pool.go             connections
//	keepalive.go        PINGs on connections of HTTP/2
//	fault.go            requests that are delayed or aborted on purpose
//	router.go           attempts, timeouts
//	retry.go            which attempts are repeated, and where
//
// The network and the servers, which are no part of Envoy, are in outage.go.
package envoy
