package compile_test

import (
	"fmt"
	"testing"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	"github.com/failover-krm/failover/pkg/compile"
)

// shop is a valid spec built in Go.
func shop() *v1alpha1.FailoverSpec {
	return &v1alpha1.FailoverSpec{
		ObjectMeta: metav1.ObjectMeta{Name: "shop", Namespace: "web"},
		Spec: v1alpha1.Spec{
			Active:  v1alpha1.Tier{Backend: v1alpha1.Backend{Service: &v1alpha1.Service{Name: "shop", Port: 8080}}},
			Passive: v1alpha1.Tier{Backend: v1alpha1.Backend{Service: &v1alpha1.Service{Name: "shop-standby", Port: 8080}}},
		},
	}
}

// A Go program makes a FailoverSpec, and gets typed objects that the API server of
// the target accepts.
func ExampleSpecs() {
	objects, diagnostics, err := compile.Specs(&v1alpha1.FailoverSpec{
		ObjectMeta: metav1.ObjectMeta{Name: "shop", Namespace: "web"},
		Spec: v1alpha1.Spec{
			Target:  "envoy-gateway-1.9",
			Active:  v1alpha1.Tier{Backend: v1alpha1.Backend{Service: &v1alpha1.Service{Name: "shop", Port: 8080}}},
			Passive: v1alpha1.Tier{Backend: v1alpha1.Backend{Service: &v1alpha1.Service{Name: "shop-standby", Port: 8080}}},
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, diagnostic := range diagnostics {
		fmt.Printf("%s: %s\n", diagnostic.Severity, diagnostic.Rule)
	}
	for _, object := range objects {
		fmt.Printf("%s: %s %s\n", object.Part, object.Resource.GetObjectKind().GroupVersionKind().Kind, object.Resource.GetName())
	}
	// Output:
	// info: no-active-check
	// active-backend: Backend shop-active
	// passive-backend: Backend shop-passive
	// gateway: Gateway shop-gateway
	// policy: BackendTrafficPolicy shop
	// route: HTTPRoute shop
}

func TestSpecsBuiltInGo(t *testing.T) {
	for _, tc := range []struct {
		reason string
		change func(*v1alpha1.FailoverSpec)
		want   []string
	}{
		{"a valid one", func(fs *v1alpha1.FailoverSpec) {
			fs.Spec.Target = "envoy-gateway-1.9"
			fs.Spec.Policy.HealthCheck = &egv1a1.HealthCheck{Active: &egv1a1.ActiveHealthCheck{Type: egv1a1.ActiveHealthCheckerTypeHTTP, HTTP: &egv1a1.HTTPActiveHealthChecker{Path: "/healthz"}}}
		}, nil},
		{
			"what the schema refuses", func(fs *v1alpha1.FailoverSpec) { fs.Spec.Active.Service.Port = 0 },
			[]string{"error: FailoverSpec web/shop: spec.active.service.port: Invalid value: 0: must be between 1 and 65535, inclusive"},
		},
		{
			"what the content rules refuse", func(fs *v1alpha1.FailoverSpec) { fs.Spec.Passive.Service.Name = "shop" },
			[]string{`error: FailoverSpec web/shop: spec.passive: Invalid value: "shop.web.svc.cluster.local:8080": is in spec.active too: a tier cannot be its own standby`},
		},
		{"a target of the policy, which the Go type has room for", func(fs *v1alpha1.FailoverSpec) {
			fs.Spec.Policy.TargetRefs = []gwapiv1.LocalPolicyTargetReferenceWithSectionName{{}}
		}, []string{"error: FailoverSpec web/shop: spec.policy.targetRefs: Forbidden: the policy's target is the route of this spec: remove it"}},
		{
			"metadata that only a cluster has", func(fs *v1alpha1.FailoverSpec) { fs.Finalizers = []string{"x/y"} },
			[]string{"error: FailoverSpec web/shop: metadata.finalizers: Forbidden: unknown field; known are annotations, labels, name, namespace"},
		},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			fs := shop()
			tc.change(fs)
			objects, diagnostics, err := compile.Specs(fs)
			require.NoError(t, err)
			var got []string
			for _, found := range diagnostics {
				got = append(got, found.String())
			}
			assert.Equal(t, tc.want, got)
			assert.Equal(t, tc.want == nil, len(objects) > 0)
		})
	}
}
