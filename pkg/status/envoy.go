package status

import (
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
)

// Host is a host of a cluster, as one Envoy sees it.
type Host struct {
	// Address is the one that Envoy connects to, and Hostname the one that it was resolved
	// from, if any.
	Address  string `json:"address"`
	Hostname string `json:"hostname,omitempty"`
	Priority int    `json:"priority"`
	// Faults are why it gets no requests; empty for a healthy one.
	Faults []string `json:"faults"`
	// Requests is how many it was sent since Envoy knows it, and Failed how many of them
	// failed.
	Requests uint64 `json:"requests"`
	Failed   uint64 `json:"failed"`
}

// IsHealthy tells that it gets requests.
func (h Host) IsHealthy() bool { return len(h.Faults) == 0 }

// clusters is what Envoy's administration interface answers to /clusters?format=json
// (api/envoy/admin/v3/clusters.proto).
type clusters struct {
	ClusterStatuses []struct {
		Name         string `json:"name"`
		HostStatuses []struct {
			Address struct {
				SocketAddress struct {
					Address   string `json:"address"`
					PortValue int    `json:"port_value"`
				} `json:"socket_address"`
				Pipe struct {
					Path string `json:"path"`
				} `json:"pipe"`
			} `json:"address"`
			Hostname string         `json:"hostname"`
			Priority int            `json:"priority"`
			Health   map[string]any `json:"health_status"`
			Stats    []struct {
				Name  string `json:"name"`
				Value string `json:"value"`
			} `json:"stats"`
		} `json:"host_statuses"`
	} `json:"cluster_statuses"`
}

// faults are the flags of a host's health, in words.
var faults = []struct{ flag, text string }{
	{"failed_outlier_check", "ejected by the passive check"},
	{"failed_active_health_check", "fails the active check"},
	{"failed_active_degraded_check", "degraded"},
	{"pending_active_hc", "not checked yet"},
	{"pending_dynamic_removal", "about to be removed"},
	{"excluded_via_immediate_hc_fail", "excluded by its own answer"},
}

// ReadClusters returns the hosts of each cluster, by priority and address, from what Envoy
// answers to /clusters?format=json.
func ReadClusters(answer []byte) (map[string][]Host, error) {
	var read clusters
	if err := json.Unmarshal(answer, &read); err != nil {
		return nil, fmt.Errorf("no answer of Envoy's /clusters?format=json: %w", err)
	}
	hosts := map[string][]Host{}
	for _, cluster := range read.ClusterStatuses {
		of := []Host{}
		for _, status := range cluster.HostStatuses {
			address := status.Address.SocketAddress
			host := Host{Address: net.JoinHostPort(address.Address, strconv.Itoa(address.PortValue)), Hostname: status.Hostname, Priority: status.Priority, Faults: []string{}}
			if path := status.Address.Pipe.Path; path != "" {
				host.Address = path
			}
			for _, fault := range faults {
				if isSet, _ := status.Health[fault.flag].(bool); isSet {
					host.Faults = append(host.Faults, fault.text)
				}
			}
			if health, _ := status.Health["eds_health_status"].(string); health != "" && health != "HEALTHY" && health != "UNKNOWN" {
				host.Faults = append(host.Faults, strings.ToLower(health)+", says Envoy Gateway")
			}
			for _, stat := range status.Stats {
				value, _ := strconv.ParseUint(stat.Value, 10, 64) // a gauge of the proto is a number always
				switch stat.Name {
				case "rq_total":
					host.Requests = value
				case "rq_error":
					host.Failed = value
				}
			}
			of = append(of, host)
		}
		slices.SortStableFunc(of, func(a, b Host) int {
			if a.Priority != b.Priority {
				return a.Priority - b.Priority
			}
			return strings.Compare(a.Address, b.Address)
		})
		hosts[cluster.Name] = of
	}
	return hosts, nil
}
