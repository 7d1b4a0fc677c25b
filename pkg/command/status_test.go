//go:build unix

package command_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failover-krm/failover/pkg/command"
)

// kubectlOfStatus answers as the kubectl of a cluster with two Envoys, of which one cannot be
// reached. ADMIN is where the other one is.
const kubectlOfStatus = `#!/bin/sh
case "$*" in
"get pods"*"owning-gateway-name=shop-gateway,"*"owning-gateway-namespace=web"*)
  echo '{"items": [{"metadata": {"namespace": "envoys", "name": "envoy-1"}}, {"metadata": {"namespace": "envoys", "name": "envoy-2"}}]}' ;;
"port-forward --namespace=envoys --address=127.0.0.1 pod/envoy-1 :19000") echo "Forwarding from ADMIN -> 19000"; exec sleep 60 ;;
"port-forward"*) echo "error: pods \"envoy-2\" not found" >&2; exit 1 ;;
"get backends.gateway.envoyproxy.io shop-passive"*) ;;
"get gateways"*) echo '{"status": {"conditions": [{"type": "Programmed", "status": "False", "reason": "AddressNotAssigned", "message": "no address"}]}}' ;;
"get "*) echo '{"status": {}}' ;;
*) echo "unexpected: $*" >&2; exit 1 ;;
esac
`

const clustersOfStatus = `{"cluster_statuses": [{"name": "httproute/web/shop/rule/0", "host_statuses": [
  {"address": {"socket_address": {"address": "10.0.0.1", "port_value": 8080}}, "hostname": "shop.web.svc.cluster.local", "health_status": {"eds_health_status": "HEALTHY", "failed_outlier_check": true}},
  {"address": {"socket_address": {"address": "10.0.0.2", "port_value": 8080}}, "hostname": "standby.web.svc.cluster.local", "priority": 1, "health_status": {"eds_health_status": "HEALTHY"}}]}]}`

func TestStatus(t *testing.T) {
	envoy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "/clusters?format=json", r.URL.String())
		_, _ = w.Write([]byte(clustersOfStatus))
	}))
	defer envoy.Close()
	kubectl := filepath.Join(t.TempDir(), "kubectl")
	require.NoError(t, os.WriteFile(kubectl, []byte(strings.ReplaceAll(kubectlOfStatus, "ADMIN", envoy.Listener.Addr().String())), 0o755))
	status := func(args ...string) (stdout, stderr string, code int) {
		var out, errs strings.Builder
		code = command.Run(append([]string{"status", "--kubectl=" + kubectl, "-"}, args...), strings.NewReader(drillSpec), &out, &errs)
		return out.String(), errs.String(), code
	}

	stdout, stderr, code := status()
	assert.Zero(t, code, stderr)
	assert.Equal(t, `web/shop (HTTPRoute, rule 0), on Gateway web/shop-gateway
serving: passive (Backend web/shop-passive)
  ENVOY            PRIORITY   HOST                                            HEALTH                         REQUESTS   FAILED
  envoys/envoy-1   0          10.0.0.1:8080 (shop.web.svc.cluster.local)      ejected by the passive check   0          0
                   1          10.0.0.2:8080 (standby.web.svc.cluster.local)   healthy                        0          0
envoys/envoy-2: kubectl port-forward --namespace=envoys --address=127.0.0.1 pod/envoy-2 :19000: error: pods "envoy-2" not found
Gateway web/shop-gateway: Programmed is False, AddressNotAssigned: no address
  fix: find out why the Service of the Gateway gets no address, such as because there is no load balancer
Backend web/shop-passive: Exists is False, NotFound
  fix: apply it, as with 'failover render FILE | kubectl apply -f -'
`, stdout)

	stdout, stderr, code = status("-o", "json", "--admin", envoy.URL)
	assert.Zero(t, code, stderr)
	assert.Contains(t, stdout, `"load": [
            0,
            100
          ]`)
	assert.NotContains(t, stdout, "envoy-1")

	_, stderr, code = status("--admin=127.0.0.1:19000", "--interval=0s", "--output=yaml")
	assert.Equal(t, 2, code)
	for _, wrong := range []string{`--admin "127.0.0.1:19000"`, "--interval 0s", `--output "yaml"`} {
		assert.Contains(t, stderr, wrong)
	}
}
