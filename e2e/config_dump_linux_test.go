package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	"github.com/failover-krm/failover/e2e/cluster"
	"github.com/failover-krm/failover/e2e/manifests"
)

// envoyCluster is a cluster in Envoy's sense, as far as failover goes.
type envoyCluster struct {
	Name           string `json:"name"`
	LoadAssignment struct {
		Endpoints []struct {
			Priority            int `json:"priority"`
			LoadBalancingWeight int `json:"load_balancing_weight"`
			LbEndpoints         []struct {
				Endpoint struct {
					Address struct {
						SocketAddress struct {
							Address   string `json:"address"`
							PortValue int    `json:"port_value"`
						} `json:"socket_address"`
					} `json:"address"`
				} `json:"endpoint"`
			} `json:"lb_endpoints"`
		} `json:"endpoints"`
	} `json:"load_assignment"`
	OutlierDetection map[string]any   `json:"outlier_detection"`
	HealthChecks     []map[string]any `json:"health_checks"`
	CommonLbConfig   struct {
		UpdateMergeWindow string `json:"update_merge_window"`
	} `json:"common_lb_config"`
}

// envoyRoute is where one match of a route leads to.
type envoyRoute struct {
	Name  string `json:"name"`
	Route struct {
		Cluster          string `json:"cluster"`
		WeightedClusters any    `json:"weighted_clusters"`
		RetryPolicy      *struct {
			NumRetries    int            `json:"num_retries"`
			RetryPriority map[string]any `json:"retry_priority"`
		} `json:"retry_policy"`
	} `json:"route"`
}

// toldEnvoy returns the clusters and routes that Envoy has for an HTTPRoute.
func toldEnvoy(t *testing.T, c *cluster.Cluster, gateway, route types.NamespacedName) (clusters []envoyCluster, routes []envoyRoute) {
	t.Helper()
	var dump struct {
		Configs []struct {
			DynamicActiveClusters []struct {
				Cluster envoyCluster `json:"cluster"`
			} `json:"dynamic_active_clusters"`
			DynamicRouteConfigs []struct {
				RouteConfig struct {
					VirtualHosts []struct {
						Routes []envoyRoute `json:"routes"`
					} `json:"virtual_hosts"`
				} `json:"route_config"`
			} `json:"dynamic_route_configs"`
		} `json:"configs"`
	}
	require.NoError(t, c.AskEnvoy(t.Context(), gateway, "/config_dump", &dump))
	prefix := fmt.Sprintf("httproute/%s/%s/", route.Namespace, route.Name)
	for _, config := range dump.Configs {
		for _, dynamic := range config.DynamicActiveClusters {
			if strings.HasPrefix(dynamic.Cluster.Name, prefix) {
				clusters = append(clusters, dynamic.Cluster)
			}
		}
		for _, dynamic := range config.DynamicRouteConfigs {
			for _, host := range dynamic.RouteConfig.VirtualHosts {
				for _, route := range host.Routes {
					if strings.HasPrefix(route.Name, prefix) {
						routes = append(routes, route)
					}
				}
			}
		}
	}
	return clusters, routes
}

// assertFailsOver makes sure that Envoy has one cluster for the route, with the
// active tier first and the passive one second, and the checks and retries that
// the policy asks for.
func assertFailsOver(t *testing.T, c *cluster.Cluster, gateway, route types.NamespacedName, policy manifests.Policy) {
	t.Helper()
	clusters, routes := toldEnvoy(t, c, gateway, route)
	require.Len(t, clusters, 1, "more than one cluster splits the traffic and never fails over")
	require.Len(t, routes, 1)

	assert.Equal(t, clusters[0].Name, routes[0].Route.Cluster)
	assert.Nil(t, routes[0].Route.WeightedClusters)
	tiers := map[int]string{}
	for _, endpoints := range clusters[0].LoadAssignment.Endpoints {
		for _, endpoint := range endpoints.LbEndpoints {
			address := endpoint.Endpoint.Address.SocketAddress
			tiers[endpoints.Priority] += fmt.Sprintf("%s:%d", address.Address, address.PortValue)
		}
	}
	domain := route.Namespace + ".svc.cluster.local:3000"
	assert.Equal(t, map[int]string{0: "active." + domain, 1: "passive." + domain}, tiers)

	var asked struct {
		HealthCheck struct {
			Passive *struct {
				MaxEjectionPercent, Consecutive5XxErrors float64
				BaseEjectionTime, Interval               string
			}
			Active any
		}
		Retry *struct{ NumRetries, NumAttemptsPerPriority int }
	}
	require.NoError(t, yaml.Unmarshal([]byte(policy.Fields), &asked))
	if passive := asked.HealthCheck.Passive; passive == nil {
		assert.Nil(t, clusters[0].OutlierDetection)
	} else {
		for name, want := range map[string]any{
			"max_ejection_percent": passive.MaxEjectionPercent,
			"consecutive_5xx":      passive.Consecutive5XxErrors,
			"base_ejection_time":   passive.BaseEjectionTime,
			"interval":             passive.Interval,
		} {
			assert.Equal(t, want, clusters[0].OutlierDetection[name], name)
		}
	}
	assert.Equal(t, asked.HealthCheck.Active != nil, len(clusters[0].HealthChecks) == 1, "active health check")
	retry := routes[0].Route.RetryPolicy
	if asked.Retry == nil {
		assert.Nil(t, retry)
		return
	}
	require.NotNil(t, retry)
	assert.Equal(t, asked.Retry.NumRetries, retry.NumRetries)
	assert.Equal(t, asked.Retry.NumAttemptsPerPriority > 0, retry.RetryPriority != nil, "retries leave the tier")
}
