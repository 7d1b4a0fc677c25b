// Package failovers moves sets of manifests, each written as if it were the only one in a
// cluster, to places of their own in one cluster, and tells what a drill of each failover
// in them has to ask for and to break. It reads the manifests by itself, without the model
// that the drills are compared with.
package failovers
