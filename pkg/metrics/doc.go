// Package metrics is what Prometheus can be asked of a failover: alerts, and a dashboard, by
// the names that Envoy's metrics have for it.
package metrics
