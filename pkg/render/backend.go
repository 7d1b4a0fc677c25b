package render

import (
	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
)

// backend makes the Backend of a tier. The passive one is a fallback, which
// becomes priority 1 in Envoy's cluster.
func backend(fs *v1alpha1.FailoverSpec, tier v1alpha1.Tier, of component) *egv1a1.Backend {
	made := &egv1a1.Backend{
		TypeMeta:   metav1.TypeMeta{APIVersion: egv1a1.GroupVersion.String(), Kind: egv1a1.KindBackend},
		ObjectMeta: objectMeta(fs, tier.Name, of, nil),
		Spec: egv1a1.BackendSpec{
			Endpoints:    fs.BackendEndpoints(tier),
			AppProtocols: tier.AppProtocols,
			TLS:          tier.TLS,
		},
	}
	if of == passive {
		made.Spec.Fallback = new(true)
	}
	return made
}
