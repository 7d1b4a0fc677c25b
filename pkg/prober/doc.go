// Package prober sends requests at a constant rate and tells which were lost.
//
// The rate is that of the clock, not of the answers: a request is sent when it
// is due, whether or not the earlier ones have been answered. So a server that
// hangs for a second loses a second of requests, as it would in production, and
// not just one.
package prober
