package render

import (
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
)

// tcpRoute makes the route of connections.
func tcpRoute(fs *v1alpha1.FailoverSpec, backends []tierBackend) *gwapiv1.TCPRoute {
	return &gwapiv1.TCPRoute{Spec: gwapiv1.TCPRouteSpec{
		CommonRouteSpec: commonRouteSpec(fs),
		Rules:           []gwapiv1.TCPRouteRule{{BackendRefs: backendRefs(fs, backends)}},
	}}
}
