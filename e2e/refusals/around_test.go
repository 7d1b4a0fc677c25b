package refusals

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/failover-krm/failover/e2e/manifests"
)

// there is what an object may refer to.
var there = []string{"ConfigMap web/sorry", "ConfigMap web/ca", "Secret web/token", "Secret web/shop-tls", "HTTPRoute.gateway.networking.k8s.io web/shop"}

// around returns what every object needs: the class, the namespace, the standby,
// and what the shapes refer to.
func around(t *testing.T) []map[string]any {
	t.Helper()
	certificate, key, err := manifests.SelfSigned()
	require.NoError(t, err)
	var objects []map[string]any
	for text := range strings.SplitSeq(`{apiVersion: gateway.networking.k8s.io/v1, kind: GatewayClass, metadata: {name: eg}, spec: {controllerName: gateway.envoyproxy.io/gatewayclass-controller}}
{apiVersion: v1, kind: Namespace, metadata: {name: web, labels: {team: shop}}}
{apiVersion: gateway.envoyproxy.io/v1alpha1, kind: Backend, metadata: {name: standby, namespace: web}, spec: {type: Endpoints, fallback: true, endpoints: [{fqdn: {hostname: standby.web.svc.cluster.local, port: 8080}}]}}
{apiVersion: v1, kind: ConfigMap, metadata: {name: sorry, namespace: web}, data: {response.body: sorry}}
{apiVersion: v1, kind: Secret, metadata: {name: token, namespace: web}, data: {credential: c2VjcmV0}}`, "\n") {
		var object map[string]any
		decode(t, []byte(text), &object)
		objects = append(objects, object)
	}
	return append(objects,
		map[string]any{
			"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "metadata": map[string]any{"name": "shop-tls", "namespace": "web"},
			"data": map[string]any{"tls.crt": []byte(certificate), "tls.key": []byte(key)},
		},
		map[string]any{
			"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "ca", "namespace": "web"},
			"data": map[string]any{"ca.crt": certificate},
		},
	)
}
