// Package translation compares package envoygateway with Envoy Gateway's own
// translation, egctl, over many sets of manifests: for each rule of each route the
// listeners, the cluster or clusters, their priorities and hosts, and the policy in
// effect. It needs no cluster.
package translation
