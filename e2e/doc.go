// Package e2e holds the end-to-end suite: the workshop as it is written, what Envoy
// is really told, and drills that count every lost request, all on a real
// control plane and a real Envoy.
//
// Run it with 'go test ./...' as root on Linux. Flags go after -args, for this
// package only; the variables named in flags_test.go do the same for all.
package e2e
