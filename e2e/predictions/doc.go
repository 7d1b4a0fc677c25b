// Package predictions compares what drills measured with what package envoy predicts
// for them, and writes the page about it.
package predictions
