// Package cluster runs a real control plane and a real data plane on one Linux
// machine, without containers: etcd, the API server, Envoy Gateway and Envoy.
//
// What a node would do is done by a small loop: each Deployment becomes a
// process in a network namespace of its own, each Service a name in a small DNS
// server, and a load balancer's address is that of the pod behind it. It works
// inside a sandbox only, which also does the cleaning up.
package cluster
