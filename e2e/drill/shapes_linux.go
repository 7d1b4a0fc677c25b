package drill

import (
	"net/http"

	"github.com/failover-krm/failover/e2e/cluster"
	"github.com/failover-krm/failover/e2e/manifests"
	"github.com/failover-krm/failover/pkg/api/v1alpha1"
)

// firstPort is that of the first TCPRoute. Each has a listener of its own.
const firstPort = 9000

// shapes is a list of drills.
type shapes []Drill

// add appends the drills of a policy, one for each fault.
func (s *shapes) add(like Drill, policy manifests.Policy, faults ...cluster.Fault) {
	for _, fault := range faults {
		like.Policy, like.Fault = policy, fault
		if like.Route == v1alpha1.RouteKindTCP {
			like.Port = firstPort + len(*s)
		}
		*s = append(*s, like)
	}
}

var (
	ofRequests    = []cluster.Fault{cluster.PortClosed, cluster.AnswersErrors}
	ofCalls       = []cluster.Fault{cluster.PortClosed, cluster.Unavailable, cluster.Internal, cluster.Hangs, cluster.PacketsDropped}
	ofConnections = []cluster.Fault{cluster.PortClosed, cluster.Hangs, cluster.PacketsDropped}

	grpc     = Drill{Route: v1alpha1.RouteKindGRPC}
	grpcKept = Drill{Route: v1alpha1.RouteKindGRPC, Kept: true}
	tls      = Drill{Route: v1alpha1.RouteKindTLS}
	tcp      = Drill{Route: v1alpha1.RouteKindTCP}
)

// Shapes returns the drills of what a failover can be other than one rule of HTTP and one
// host a tier: several rules, several hosts, and the other kinds of routes. Of many, only
// the long form carries out all.
func Shapes(long bool) []Drill {
	var all shapes
	all.add(Drill{Method: http.MethodGet, Rules: 2}, manifests.Safe, cluster.AnswersErrors)
	all.add(Drill{Method: http.MethodGet, ActiveTier: manifests.Weighted}, manifests.Safe, ofRequests...)
	all.add(Drill{Method: http.MethodGet, ActiveTier: manifests.Headless}, manifests.Safe, ofRequests...)
	all.add(Drill{Method: http.MethodGet, HTTP2: true}, manifests.Safe, cluster.PacketsDropped)
	if !long {
		all.add(grpc, manifests.Safe, cluster.Unavailable, cluster.Internal, cluster.PacketsDropped)
		all.add(grpc, manifests.ZeroLoss, ofCalls...)
		all.add(grpc, manifests.SafeGRPC, cluster.Unavailable, cluster.PacketsDropped)
		all.add(grpcKept, manifests.Safe, cluster.Unavailable, cluster.Hangs)
		all.add(tls, manifests.Safe, cluster.PortClosed, cluster.PacketsDropped)
		all.add(tls, manifests.SafeTCP, cluster.PortClosed)
		all.add(tcp, manifests.Safe, cluster.PortClosed, cluster.Hangs)
		all.add(tcp, manifests.SafeTCP, cluster.PacketsDropped)
		return all
	}
	for _, like := range []Drill{grpc, grpcKept} {
		all.add(like, manifests.Safe, ofCalls...)
		all.add(like, manifests.ZeroLoss, ofCalls...)
	}
	all.add(grpc, manifests.SafeGRPC, ofCalls...)
	all.add(grpc, manifests.ZeroLossGRPC, ofCalls...)
	all.add(grpc, manifests.SafeKeepalive, cluster.Hangs, cluster.PacketsDropped)
	for _, like := range []Drill{tls, tcp} {
		all.add(like, manifests.Safe, ofConnections...)
		all.add(like, manifests.SafeTCP, ofConnections...)
	}
	return all
}
