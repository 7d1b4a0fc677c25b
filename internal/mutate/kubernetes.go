package mutate

import "fmt"

// Rollouts returns Deployments, each with one thing about its rollout that a rule of
// Kubernetes is about.
func Rollouts() []Mutant {
	var mutants []Mutant
	add := func(name string, value any) {
		mutant := deployment(fmt.Sprintf("spec.%s: %v", name, value), "tty", false)
		mutant.Value["spec"].(map[string]any)[name] = value
		mutants = append(mutants, mutant)
	}
	for _, name := range []string{"replicas", "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"} {
		for _, value := range []any{int64(0), int64(1), int64(-1), int64(600), int64(599), int64(601), int64(1 << 31), "3", 1.5} {
			add(name, value)
		}
	}
	shares := []any{nil, int64(0), int64(1), int64(-1), "0%", "25%", "100%", "101%", "-1%", "25", "x", "", "999999999999999999999%", 1.5}
	for _, surge := range shares {
		for _, unavailable := range shares {
			update := map[string]any{}
			if surge != nil {
				update["maxSurge"] = surge
			}
			if unavailable != nil {
				update["maxUnavailable"] = unavailable
			}
			add("strategy", map[string]any{"rollingUpdate": update})
		}
	}
	for _, kind := range []any{"RollingUpdate", "Recreate", "recreate", ""} {
		add("strategy", map[string]any{"type": kind})
		add("strategy", map[string]any{"type": kind, "rollingUpdate": map[string]any{}})
	}
	for _, labels := range []map[string]any{{}, {"app": "cart"}, {"a b": "x"}, {"app": "not allowed!"}, {"app": "shop", "b": "c"}} {
		add("selector", map[string]any{"matchLabels": labels})
	}
	for _, expression := range []map[string]any{
		{"key": "app", "operator": "In", "values": []any{"shop"}},
		{"key": "app", "operator": "In"},
		{"key": "app", "operator": "Exists"},
		{"key": "app", "operator": "Exists", "values": []any{"shop"}},
		{"key": "app", "operator": "Is"},
		{"key": "a b", "operator": "DoesNotExist"},
		{"key": "app", "operator": "NotIn", "values": []any{"shop"}},
		{"key": "app", "operator": "In", "values": []any{"not allowed!"}},
	} {
		add("selector", map[string]any{"matchExpressions": []any{expression}})
	}
	return mutants
}

// Services returns Services, each with one or two things that a rule of Kubernetes
// is about.
func Services() []Mutant {
	parts := []struct {
		name   string
		values []any
	}{
		{"clusterIP", []any{"None", "", "x", "010.0.0.1", "::ffff:10.0.0.1", "none"}},
		{"clusterIPs", []any{[]any{"None"}, []any{}, []any{"None", "10.0.0.9"}, []any{"x"}}},
		{"sessionAffinity", []any{"None", "ClientIP", "Foo", ""}},
		{"sessionAffinityConfig", []any{map[string]any{}, map[string]any{"clientIP": map[string]any{"timeoutSeconds": int64(0)}}}},
		{"externalTrafficPolicy", []any{"Cluster", "Local", "Foo", ""}},
		{"internalTrafficPolicy", []any{"Cluster", "Local", "Foo", ""}},
		{"trafficDistribution", []any{"PreferClose", "PreferSameNode", "Foo", ""}},
		{"ipFamilies", []any{[]any{"IPv4"}, []any{"IPv4", "IPv4"}, []any{"IPv5"}, []any{""}, []any{nil}}},
		{"ipFamilyPolicy", []any{"SingleStack", "PreferDualStack", "Foo", ""}},
		{"externalName", []any{"shop.example.com", "shop.example.com.", ".", "Not Allowed", ""}},
		{"externalIPs", []any{[]any{"192.0.2.1"}, []any{"127.0.0.1"}, []any{"0.0.0.0"}, []any{"169.254.1.1"}, []any{"224.0.0.1"}, []any{"x"}, []any{"fe80::1"}, []any{"2001:db8::1"}}},
		{"loadBalancerSourceRanges", []any{[]any{"10.0.0.0/8"}, []any{" 10.0.0.0/8 "}, []any{"10.0.0.1/8"}, []any{"10.0.0.0/33"}, []any{"x"}, []any{""}, []any{}}},
		{"loadBalancerClass", []any{"example.com/lb", "", "a b"}},
		{"loadBalancerIP", []any{"x"}},
		{"allocateLoadBalancerNodePorts", []any{true, false}},
		{"healthCheckNodePort", []any{int64(31000), int64(0), int64(-1)}},
		{"publishNotReadyAddresses", []any{true, "true"}},
		{"selector", []any{map[string]any{}, map[string]any{"a b": "x"}, map[string]any{"app": "not allowed!"}}},
		{"ports", servicePorts()},
	}
	types := []any{nil, "ClusterIP", "NodePort", "LoadBalancer", "ExternalName", "Foo"}
	var mutants []Mutant
	for _, kind := range types {
		for _, part := range parts {
			for _, value := range part.values {
				spec := map[string]any{"ports": []any{map[string]any{"port": int64(80)}}}
				if kind != nil {
					spec["type"] = kind
				}
				if kind == "ExternalName" {
					spec["externalName"] = "shop.example.com"
				}
				spec[part.name] = value
				mutants = append(mutants, service(fmt.Sprintf("type: %v, %s: %v", kind, part.name, value), spec))
			}
		}
	}
	for _, seconds := range []any{int64(1), int64(0), int64(86400), int64(86401), int64(-1), "1"} {
		mutants = append(mutants, service(fmt.Sprintf("timeoutSeconds: %v", seconds), map[string]any{
			"ports": []any{map[string]any{"port": int64(80)}}, "sessionAffinity": "ClientIP",
			"sessionAffinityConfig": map[string]any{"clientIP": map[string]any{"timeoutSeconds": seconds}},
		}))
	}
	local := map[string]any{"ports": []any{map[string]any{"port": int64(80)}}, "type": "LoadBalancer", "externalTrafficPolicy": "Local", "healthCheckNodePort": int64(32000)}
	return append(mutants, service("healthCheckNodePort of a LoadBalancer", local))
}

func service(change string, spec map[string]any) Mutant {
	return Mutant{Change: change, Value: map[string]any{
		"apiVersion": "v1", "kind": "Service", "metadata": map[string]any{"name": "shop"}, "spec": spec,
	}}
}

func servicePorts() []any {
	var found []any
	for _, port := range []any{int64(1), int64(65535), int64(0), int64(65536), "80"} {
		found = append(found, []any{map[string]any{"port": port}})
	}
	for _, part := range []struct {
		name   string
		values []any
	}{
		{"targetPort", []any{int64(0), int64(70000), "http", "", "Http", int64(8080), 1.5}},
		{"nodePort", []any{int64(30080), int64(0)}}, // in a dry run the API server looks at no other
		{"name", []any{"http", "", "Http", "a.b"}},
		{"protocol", []any{"TCP", "UDP", "tcp", ""}},
		{"appProtocol", []any{"http", "kubernetes.io/h2c", "a b", ""}},
	} {
		for _, value := range part.values {
			found = append(found, []any{map[string]any{"port": int64(80), part.name: value}})
		}
	}
	return append(found, []any{}, []any{nil},
		[]any{map[string]any{"port": int64(80)}, map[string]any{"port": int64(81)}},
		[]any{map[string]any{"port": int64(80), "name": "a"}, map[string]any{"port": int64(81), "name": "a"}},
		[]any{map[string]any{"port": int64(80), "name": "a"}, map[string]any{"port": int64(80), "name": "b"}},
		[]any{map[string]any{"port": int64(80), "name": "a"}, map[string]any{"port": int64(80), "name": "b", "protocol": "UDP"}},
		[]any{map[string]any{"port": int64(80), "name": "a", "nodePort": int64(30001)}, map[string]any{"port": int64(81), "name": "b", "nodePort": int64(30001)}})
}
