// Package manifests makes what the suite applies to the cluster.
//
// It stands in for 'failover render' until that exists: Workshop and Render are
// the two functions to swap for the rendered output of a FailoverSpec.
package manifests
