package render

import (
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
)

const kindGateway = "Gateway"

// gateway makes the Gateway.
func gateway(fs *v1alpha1.FailoverSpec) *gwapiv1.Gateway {
	return &gwapiv1.Gateway{Spec: gwapiv1.GatewaySpec{
		GatewayClassName: gwapiv1.ObjectName(fs.Spec.Gateway.GatewayClassName),
		Listeners:        fs.Spec.Gateway.Listeners,
	}}
}

var gatewayOrigins = []origin{{"metadata.name", "spec.gateway.name"}, {"metadata.namespace", "spec.gateway.namespace"}, {"spec", "spec.gateway"}}
