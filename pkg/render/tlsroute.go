package render

import (
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
)

// tlsRoute makes the route of TLS that is passed through.
func tlsRoute(fs *v1alpha1.FailoverSpec, backends []tierBackend) *gwapiv1.TLSRoute {
	return &gwapiv1.TLSRoute{Spec: gwapiv1.TLSRouteSpec{
		CommonRouteSpec: commonRouteSpec(fs),
		Hostnames:       fs.Spec.Hostnames,
		Rules:           []gwapiv1.TLSRouteRule{{BackendRefs: backendRefs(fs, backends)}},
	}}
}
