package render

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
)

const kindGateway = "Gateway"

// gateway makes the Gateway, the only object that may be in another namespace.
func gateway(fs *v1alpha1.FailoverSpec) *gwapiv1.Gateway {
	wanted := fs.Spec.Gateway
	meta := objectMeta(fs, wanted.Name, gatewayComponent, nil)
	meta.Namespace = wanted.Namespace
	return &gwapiv1.Gateway{
		TypeMeta:   metav1.TypeMeta{APIVersion: gwapiv1.GroupVersion.String(), Kind: kindGateway},
		ObjectMeta: meta,
		Spec: gwapiv1.GatewaySpec{
			GatewayClassName: gwapiv1.ObjectName(wanted.GatewayClassName),
			Listeners:        wanted.Listeners,
		},
	}
}

var gatewayOrigins = []origin{{"metadata.name", "spec.gateway.name"}, {"metadata.namespace", "spec.gateway.namespace"}, {"spec", "spec.gateway"}}
