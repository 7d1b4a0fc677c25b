package refusals

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/failover-krm/failover/e2e/manifests"
)

// around is what every object needs: the class, the namespace, the standby, and
// what the shapes refer to.
const around = `{apiVersion: gateway.networking.k8s.io/v1, kind: GatewayClass, metadata: {name: eg}, spec: {controllerName: gateway.envoyproxy.io/gatewayclass-controller}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: web, labels: {team: shop}}}
---
{apiVersion: gateway.envoyproxy.io/v1alpha1, kind: Backend, metadata: {name: standby, namespace: web}, spec: {fallback: true, endpoints: [{fqdn: {hostname: standby.web.svc.cluster.local, port: 8080}}]}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: sorry, namespace: web}, data: {response.body: sorry}}
---
{apiVersion: v1, kind: Secret, metadata: {name: token, namespace: web}, data: {credential: c2VjcmV0}}
`

// certificates returns the Secret and the CA bundle that the shapes refer to.
func certificates(t *testing.T) string {
	t.Helper()
	certificate, key, err := manifests.SelfSigned()
	require.NoError(t, err)
	encoded := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
	return fmt.Sprintf(`---
{apiVersion: v1, kind: Secret, type: kubernetes.io/tls, metadata: {name: shop-tls, namespace: web}, data: {tls.crt: %s, tls.key: %s}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: ca, namespace: web}
data:
  ca.crt: |
    %s
`, encoded(certificate), encoded(key), strings.ReplaceAll(strings.TrimSpace(certificate), "\n", "\n    "))
}
