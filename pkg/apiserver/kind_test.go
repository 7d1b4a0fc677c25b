package apiserver_test

import (
	"testing"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"
	gwapiv1b1 "sigs.k8s.io/gateway-api/apis/v1beta1"

	"github.com/failover-krm/failover/pkg/apiserver"
)

func TestLikelyKind(t *testing.T) {
	for _, tc := range []struct{ apiVersion, kind, want string }{
		{"gateway.networking.k8s.io/v1", "Httproute", "HTTPRoute"},
		{"gateway.networking.k8s.io/v1", "HTTPRoutes", "HTTPRoute"},
		{"gateway.envoyproxy.io/v1alpha1", "BackendTrafficPolicies", "BackendTrafficPolicy"},
		{"gateway.envoyproxy.io/v1alpha1", "backend", "Backend"},
		{"apps/v1", "Deploymnet", "Deployment"},
		{"v1", "Servcie", "Service"},
		{"v1", "HTTPRoute", ""},
		{"v1", "Config", ""},
		{"v1", "Template", ""},
		{"v1", "Service", ""},
		{"v1", "ServiceList", ""},
		{"example.com/v1", "Httproute", ""},
		{"", "", ""},
	} {
		assert.Equal(t, tc.want, apiserver.LikelyKind(tc.apiVersion, tc.kind), "%s %s", tc.apiVersion, tc.kind)
	}
}

func TestGroupOf(t *testing.T) {
	for kind, want := range map[string]string{"HTTPRoute": "gateway.networking.k8s.io", "Backend": "gateway.envoyproxy.io", "Deployment": "", "Service": "", "": ""} {
		assert.Equal(t, want, apiserver.GroupOf(kind), kind)
	}
}

// TestEveryKindIsKnown: none of the kinds that the modules of Kubernetes, Gateway API
// and Envoy Gateway have is taken for a mistake.
func TestEveryKindIsKnown(t *testing.T) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, appsv1.AddToScheme, gwapiv1.Install, gwapiv1b1.Install, egv1a1.AddToScheme} {
		require.NoError(t, add(scheme))
	}
	known := 0
	for kind := range scheme.AllKnownTypes() {
		object, err := scheme.New(kind)
		require.NoError(t, err)
		if _, isObject := object.(metav1.Object); !isObject {
			continue // such as a list, or the options of a request
		}
		known++
		assert.Empty(t, apiserver.LikelyKind(kind.GroupVersion().String(), kind.Kind), "%s", kind)
	}
	assert.Greater(t, known, 30)
}
