package render

import (
	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
)

// backend makes the Backend of a tier. The passive one is a fallback, which
// becomes priority 1 in Envoy's cluster.
func backend(fs *v1alpha1.FailoverSpec, tier tier) *egv1a1.Backend {
	made := &egv1a1.Backend{
		TypeMeta:   metav1.TypeMeta{APIVersion: egv1a1.GroupVersion.String(), Kind: egv1a1.KindBackend},
		ObjectMeta: objectMeta(fs, tier.Name, tier.component, nil),
		Spec: egv1a1.BackendSpec{
			Endpoints:    fs.BackendEndpoints(tier.Tier),
			AppProtocols: tier.AppProtocols,
			TLS:          tier.TLS,
		},
	}
	if tier.fallback {
		made.Spec.Fallback = new(true)
	}
	return made
}

func backendOrigins(tier string) []origin {
	return []origin{{"metadata.name", tier + ".name"}, {"spec", tier}}
}

// endpointOrigins says where the one endpoint of a Service comes from.
func endpointOrigins(tier tier) []origin {
	const hostname, port = "spec.endpoints[0].fqdn.hostname", "spec.endpoints[0].fqdn.port"
	path := "spec." + string(tier.component)
	switch {
	case tier.Service != nil:
		return []origin{{hostname, path + ".service.name"}, {port, path + ".service.port"}}
	case tier.Workload != nil:
		return []origin{{hostname, path + ".name"}, {port, path + ".workload.port"}}
	default:
		return nil
	}
}
