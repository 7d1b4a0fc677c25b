package envoy_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/failover-krm/failover/pkg/envoy"
)

// TestKey: each field of a scenario is part of its key, and where it is in memory is not.
func TestKey(t *testing.T) {
	full := func() envoy.Scenario {
		return envoy.Scenario{
			Tiers: []int{1, 1}, Dead: []int{1}, Localities: map[int][]envoy.Locality{0: {{Hosts: 1, Weight: 1}}},
			Settings: envoy.Settings{
				Keepalive: &envoy.Keepalive{Interval: time.Second}, Fault: &envoy.Fault{}, Retry: &envoy.Retry{Statuses: []int{500}},
				Outlier: &envoy.OutlierDetection{}, Check: &envoy.HealthCheck{Expected: []int{200}, Retriable: []int{503}},
			},
			Outages: []envoy.Outage{{Kind: envoy.Closed, End: time.Second}},
		}
	}
	scenario, other := full(), full()
	assert.Equal(t, envoy.Key(scenario), envoy.Key(other))

	seen := map[string]bool{envoy.Key(full()): true}
	var change func(name string, value reflect.Value)
	change = func(name string, value reflect.Value) {
		switch value.Kind() {
		case reflect.Struct:
			for i := range value.NumField() {
				change(name+"."+value.Type().Field(i).Name, value.Field(i))
			}
			return
		case reflect.Pointer:
			change(name, value.Elem())
			return
		case reflect.Slice:
			change(name, value.Index(0))
			return
		case reflect.Map:
			value.SetMapIndex(reflect.ValueOf(1), reflect.ValueOf([]envoy.Locality{{}}))
		case reflect.Bool:
			value.SetBool(true)
		case reflect.String:
			value.SetString("other")
		case reflect.Float64:
			value.SetFloat(value.Float() + 1)
		default:
			value.SetInt(value.Int() + 1)
		}
		key := envoy.Key(scenario)
		assert.False(t, seen[key], "%s is not part of the key", name)
		seen[key] = true
	}
	change("Scenario", reflect.ValueOf(&scenario).Elem())
	assert.Greater(t, len(seen), 50)
}
