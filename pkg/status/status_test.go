package status_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failover-krm/failover/pkg/status"
)

const cluster = "httproute/web/shop/rule/0"

// answer is what Envoy says: three hosts of active with the given health, and one of passive.
func answer(health ...string) string {
	var hosts []string
	for i, of := range append(health, `{"eds_health_status": "HEALTHY"}`) {
		priority, name := "", "shop.web.svc.cluster.local"
		if i == len(health) {
			priority, name = `"priority": 1,`, "standby.web.svc.cluster.local"
		}
		hosts = append(hosts, `{"address": {"socket_address": {"address": "10.0.0.`+string(rune('1'+i))+`", "port_value": 8080}}, `+priority+`
  "hostname": "`+name+`", "health_status": `+of+`, "stats": [{"name": "rq_total", "value": "12"}, {"name": "rq_error", "value": "3"}, {"name": "cx_active", "type": "GAUGE", "value": "1"}]}`)
	}
	return `{"cluster_statuses": [{"name": "prometheus_stats"}, {"name": "` + cluster + `", "host_statuses": [` + strings.Join(hosts, ",") + `]}]}`
}

const (
	healthy = `{"eds_health_status": "HEALTHY"}`
	ejected = `{"eds_health_status": "HEALTHY", "failed_outlier_check": true}`
	failing = `{"eds_health_status": "HEALTHY", "failed_active_health_check": true, "failed_outlier_check": true}`
	drained = `{"eds_health_status": "DRAINING"}`
)

func TestServing(t *testing.T) {
	tests := []struct {
		name    string
		answers []string
		want    string
	}{
		{"calm", []string{answer(healthy, healthy, healthy)}, "active (Backend web/shop)"},
		{"ejected", []string{answer(ejected, ejected, ejected)}, "passive (Backend web/standby)"},
		{"failing and draining", []string{answer(failing, drained, failing)}, "passive (Backend web/standby)"},
		{"one of three is little enough", []string{answer(ejected, healthy, healthy)}, "active (Backend web/shop) with 93 %, passive (Backend web/standby) with 7 %"},
		{"two Envoys agree", []string{answer(healthy), answer(healthy)}, "active (Backend web/shop), say all 2 Envoys"},
		{"two Envoys differ", []string{answer(healthy), answer(ejected)}, "active (Backend web/shop), say 1 of 2 Envoys; passive (Backend web/standby), say 1 of 2 Envoys"},
		{"another cluster", []string{`{"cluster_statuses": [{"name": "other"}]}`}, "nothing: Envoy knows no host of the cluster"},
		{"split", []string{`{"cluster_statuses": [{"name": "` + cluster + `/backend/0"}]}`}, "not known: no Envoy could tell"},
		{"none", nil, "not known: no Envoy could tell"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			failover := status.Failover{Name: "web/shop", Cluster: cluster, Gateway: "web/gateway", Tiers: []string{"Backend web/shop", "Backend web/standby"}}
			for _, answer := range test.answers {
				hosts, err := status.ReadClusters([]byte(answer))
				require.NoError(t, err)
				failover.Envoys = append(failover.Envoys, status.NewEnvoy("envoy", cluster, hosts, 50))
			}
			assert.Equal(t, test.want, failover.Serving())
		})
	}
}

func TestReadClusters(t *testing.T) {
	hosts, err := status.ReadClusters([]byte(answer(failing)))
	require.NoError(t, err)
	assert.Equal(t, []status.Host{
		{Address: "10.0.0.1:8080", Hostname: "shop.web.svc.cluster.local", Faults: []string{"ejected by the passive check", "fails the active check"}, Requests: 12, Failed: 3},
		{Address: "10.0.0.2:8080", Hostname: "standby.web.svc.cluster.local", Priority: 1, Faults: []string{}, Requests: 12, Failed: 3},
	}, hosts[cluster])
	_, err = status.ReadClusters([]byte("cluster::default_priority::max_connections::1024"))
	assert.ErrorContains(t, err, "no answer of Envoy's /clusters?format=json")
}

func TestAgainst(t *testing.T) {
	tests := []struct{ name, object, want string }{
		{"all is well", `{"kind": "Gateway", "status": {"conditions": [{"type": "Accepted", "status": "True"}, {"type": "Programmed", "status": "True"}]}}`, ""},
		{
			"a Backend that is disabled",
			`{"kind": "Backend", "metadata": {"namespace": "web", "name": "shop"}, "status": {"conditions": [{"type": "Accepted", "status": "False", "reason": "Invalid", "message": "The Backend was not accepted since Backend is not enabled: disabled"}]}}`,
			"Backend web/shop: Accepted is False, Invalid: The Backend was not accepted since Backend is not enabled: disabled\n  fix: enable Backends: write extensionApis.enableBackend: true in the configuration of Envoy Gateway; Calico does this by itself\n",
		},
		{
			"a route that refers to nothing",
			`{"kind": "HTTPRoute", "metadata": {"namespace": "web", "name": "shop"}, "status": {"parents": [{"conditions": [{"type": "Accepted", "status": "True"}, {"type": "ResolvedRefs", "status": "False", "reason": "BackendNotFound", "message": "no"}]}]}}`,
			"HTTPRoute web/shop: ResolvedRefs is False, BackendNotFound: no\n  fix: apply the Backend or Service that the route refers to\n",
		},
		{
			"a policy in conflict",
			`{"kind": "BackendTrafficPolicy", "metadata": {"namespace": "web", "name": "shop"}, "status": {"ancestors": [{"conditions": [{"type": "Accepted", "status": "False", "reason": "Conflicted", "message": "older"}]}]}}`,
			"BackendTrafficPolicy web/shop: Accepted is False, Conflicted: older\n  fix: keep only one policy for each target\n",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var object status.Object
			require.NoError(t, json.Unmarshal([]byte(test.object), &object))
			failover := status.Failover{Name: "web/shop", Gateway: "web/gateway", Conditions: status.Against(object)}
			var text strings.Builder
			require.NoError(t, status.WriteText(&text, []status.Failover{failover}))
			if test.want == "" {
				test.want = "no condition of its objects shows a problem\n"
			}
			_, conditions, _ := strings.Cut(text.String(), "FAILED\n")
			assert.Equal(t, test.want, conditions)
		})
	}
}
