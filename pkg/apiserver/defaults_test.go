package apiserver_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/failover-krm/failover/pkg/apiserver"
	"github.com/failover-krm/failover/pkg/document"
)

func valueOf(t *testing.T, text string) map[string]any {
	t.Helper()
	node, err := yaml.Parse(text)
	require.NoError(t, err)
	value, errs := document.Value(node.YNode())
	require.Empty(t, errs)
	return value.(map[string]any)
}

// TestRemoveDefaults: what an API server fills in is removed, and nothing else.
func TestRemoveDefaults(t *testing.T) {
	for _, tc := range []struct{ reason, given, want string }{
		{
			"a policy: all in a default goes with it",
			`{apiVersion: gateway.envoyproxy.io/v1alpha1, kind: BackendTrafficPolicy, spec: {healthCheck: {passive: {consecutive5XxErrors: 5, interval: 3s, baseEjectionTime: 10s}}, circuitBreaker: {maxConnections: 1024}}}`,
			`{apiVersion: gateway.envoyproxy.io/v1alpha1, kind: BackendTrafficPolicy, spec: {healthCheck: {passive: {baseEjectionTime: 10s}}, circuitBreaker: {}}}`,
		},
		{
			"a route: matches are a default as a whole",
			`{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, spec: {rules: [{matches: [{path: {type: PathPrefix, value: /}}]}, {matches: [{path: {type: PathPrefix, value: /a}}]}]}}`,
			`{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, spec: {rules: [{}, {matches: [{path: {value: /a}}]}]}}`,
		},
		{
			"a field that must be there",
			`{apiVersion: gateway.envoyproxy.io/v1alpha1, kind: BackendTrafficPolicy, spec: {responseOverride: [{match: {statusCodes: [{type: Value, value: 503}]}}]}}`,
			`{apiVersion: gateway.envoyproxy.io/v1alpha1, kind: BackendTrafficPolicy, spec: {responseOverride: [{match: {statusCodes: [{type: Value, value: 503}]}}]}}`,
		},
		{
			"a Service",
			`{apiVersion: v1, kind: Service, spec: {type: ClusterIP, clusterIP: 10.0.0.1, clusterIPs: [10.0.0.1], ports: [{port: 80, targetPort: 80, protocol: TCP}, {port: 81, targetPort: http}]}}`,
			`{apiVersion: v1, kind: Service, spec: {ports: [{port: 80}, {port: 81, targetPort: http}]}}`,
		},
		{
			"a headless Service",
			`{apiVersion: v1, kind: Service, spec: {type: ClusterIP, clusterIP: None, clusterIPs: [None]}}`,
			`{apiVersion: v1, kind: Service, spec: {clusterIP: None, clusterIPs: [None]}}`,
		},
		{
			"a Deployment",
			`{apiVersion: apps/v1, kind: Deployment, spec: {replicas: 1, strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 25%, maxUnavailable: 25%}}, template: {spec: {restartPolicy: Always, containers: [{image: a, imagePullPolicy: Always, readinessProbe: {periodSeconds: 10, timeoutSeconds: 2}}]}}}}`,
			`{apiVersion: apps/v1, kind: Deployment, spec: {template: {spec: {containers: [{image: a, readinessProbe: {timeoutSeconds: 2}}]}}}}`,
		},
		{
			"a Deployment that asks for something else",
			`{apiVersion: apps/v1, kind: Deployment, spec: {replicas: 2, strategy: {type: Recreate}, template: {spec: {containers: [{image: a, imagePullPolicy: Never}]}}}}`,
			`{apiVersion: apps/v1, kind: Deployment, spec: {replicas: 2, strategy: {type: Recreate}, template: {spec: {containers: [{image: a, imagePullPolicy: Never}]}}}}`,
		},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			value := valueOf(t, tc.given)
			apiserver.RemoveDefaults("1.8.2", value)
			assert.Equal(t, valueOf(t, tc.want), value)
			apiserver.Validate("1.8.2", value)
			filled := valueOf(t, tc.given)
			apiserver.Validate("1.8.2", filled)
			if filled["kind"] != "Service" && filled["kind"] != "Deployment" { // of which defaults are not filled in
				assert.Equal(t, filled, value, "the API server fills them in again")
			}
		})
	}
}

func TestPullPolicy(t *testing.T) {
	for image, want := range map[string]corev1.PullPolicy{
		"nginx": corev1.PullAlways, "nginx:latest": corev1.PullAlways, "registry.example.com:5000/nginx": corev1.PullAlways,
		"nginx:1.27": corev1.PullIfNotPresent, "registry.example.com:5000/nginx:1.27": corev1.PullIfNotPresent,
		"nginx@sha256:4c0fdaa8b6341bfdeca5f18f7837462c80cff90527ee35ef185571e1c327beac": corev1.PullIfNotPresent,
	} {
		assert.Equal(t, want, apiserver.PullPolicy(image), image)
	}
}
