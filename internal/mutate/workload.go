package mutate

import (
	"fmt"
)

// Workloads returns Deployments, each with one thing in its container that a rule of
// Kubernetes is about: resources, probes, hooks, environment and ports. Some are
// right, and most are wrong.
func Workloads() []Mutant {
	var mutants []Mutant
	for _, part := range []struct {
		name   string
		values []any
	}{
		{"resources", resources()},
		{"livenessProbe", probes()},
		{"readinessProbe", probes()},
		{"startupProbe", probes()},
		{"lifecycle", hooks()},
		{"env", environments()},
		{"envFrom", environmentsFrom()},
		{"ports", ports()},
		{"imagePullPolicy", []any{"Always", "Never", "Sometimes", "always", ""}},
		{"terminationMessagePolicy", []any{"File", "FallbackToLogsOnError", "Other", ""}},
		{"command", []any{[]any{"a", nil}, []any{int64(1)}, "sh"}},
		{"args", []any{[]any{"a", nil}, []any{true}, []any{""}, "sh"}},
		{"resizePolicy", []any{
			[]any{map[string]any{"resourceName": "cpu", "restartPolicy": "NotRequired"}},
			[]any{map[string]any{"resourceName": "storage", "restartPolicy": "NotRequired"}},
			[]any{map[string]any{"resourceName": "cpu", "restartPolicy": "Always"}},
			[]any{map[string]any{"resourceName": "cpu"}},
		}},
	} {
		for _, value := range part.values {
			mutants = append(mutants, deployment(fmt.Sprintf("%s: %.100v", part.name, value), part.name, value))
		}
	}
	return mutants
}

// deployment returns a Deployment whose container has one field more. Its pod has
// what that may refer to.
func deployment(change, name string, value any) Mutant {
	container := map[string]any{"name": "shop", "image": "shop:1"}
	container[name] = value
	labels := map[string]any{"app": "shop"}
	return Mutant{Change: change, Value: map[string]any{
		"apiVersion": "apps/v1", "kind": "Deployment", "metadata": map[string]any{"name": "shop"},
		"spec": map[string]any{
			"selector": map[string]any{"matchLabels": labels},
			"template": map[string]any{"metadata": map[string]any{"labels": labels}, "spec": map[string]any{
				"containers": []any{container},
				"volumes": []any{
					map[string]any{"name": "files", "emptyDir": map[string]any{}},
					map[string]any{"name": "config", "configMap": map[string]any{"name": "config"}},
				},
				"resourceClaims": []any{map[string]any{"name": "gpu", "resourceClaimName": "gpu"}},
			}},
		},
	}}
}

func resources() []any {
	names := []string{
		"cpu", "memory", "ephemeral-storage", "foo", "cpus", "storage", "pods", "requests.cpu", "limits.memory", "CPU", "a b",
		"nvidia.com/gpu", "example.com/requests.x", "requests.example.com/x", "kubernetes.io/foo", "Example.com/x", "a/b/c", "/", "x/",
		"hugepages-2Mi", "hugepages-1Gi", "hugepages-", "hugepages-x", "hugepages-0", "hugepages-500m", "hugepages-2Mi/x",
	}
	quantities := []any{
		"1", "500m", "0", "-1", "1Gi", "3Mi", "2Mi", "0.5", "1.0001", " 1 ", "", "one", "1e3", "99999999999999999999",
		int64(2), int64(-2), 1.5, true,
		map[string]any{},
	}
	var found []any
	for i, name := range names {
		for j, quantity := range quantities {
			one := map[string]any{name: quantity}
			found = append(found, map[string]any{"limits": one}, map[string]any{"requests": one})
			if i < 3 || j < 6 {
				found = append(found,
					map[string]any{"limits": one, "requests": one},
					map[string]any{"limits": map[string]any{name: "1"}, "requests": one},
					map[string]any{"limits": map[string]any{name: quantity, "cpu": "1"}, "requests": map[string]any{name: "1"}},
					map[string]any{"limits": map[string]any{name: quantity, "memory": "1Gi"}})
			}
		}
	}
	claim := func(names ...string) []any {
		var claims []any
		for i := 0; i < len(names); i += 2 {
			entry := map[string]any{"name": names[i]}
			if names[i+1] != "" {
				entry["request"] = names[i+1]
			}
			claims = append(claims, entry)
		}
		return claims
	}
	for _, claims := range [][]any{
		claim("gpu", ""), claim("cpu", ""), claim("", ""), claim("gpu", "", "gpu", ""), claim("gpu", "a", "gpu", "b"),
		claim("gpu", "a", "gpu", "a"), claim("gpu", "a", "gpu", ""), claim("gpu", "", "gpu", "a"), claim("gpu", "Not Allowed"),
	} {
		found = append(found, map[string]any{"claims": claims})
	}
	return found
}

func actions() []any {
	found := []any{
		map[string]any{},
		map[string]any{"exec": map[string]any{"command": []any{"true"}}},
		map[string]any{"exec": map[string]any{}},
		map[string]any{"httpGet": map[string]any{"port": int64(80)}, "tcpSocket": map[string]any{"port": int64(80)}},
		map[string]any{"grpc": map[string]any{"port": int64(80), "service": "shop"}},
		map[string]any{"grpc": map[string]any{"port": "http"}},
		map[string]any{"grpc": map[string]any{"port": int64(0)}},
		map[string]any{"grpc": map[string]any{}},
		map[string]any{"sleep": map[string]any{"seconds": int64(5)}},
		map[string]any{"sleep": map[string]any{"seconds": int64(0)}},
		map[string]any{"sleep": map[string]any{"seconds": int64(30)}},
		map[string]any{"sleep": map[string]any{"seconds": int64(31)}},
		map[string]any{"sleep": map[string]any{"seconds": int64(-1)}},
	}
	for _, port := range []any{int64(1), int64(65535), int64(0), int64(65536), int64(-1), int64(1 << 33), "http", "", "Http", "80", "a-name-of-16-char", 1.5, true, nil} {
		found = append(found, map[string]any{"httpGet": map[string]any{"port": port}}, map[string]any{"tcpSocket": map[string]any{"port": port}})
	}
	for _, more := range []map[string]any{
		{"scheme": "HTTP"},
		{"scheme": "HTTPS"},
		{"scheme": "FOO"},
		{"scheme": "http"},
		{"scheme": ""},
		{"path": ""},
		{"path": "healthz"},
		{"host": "not a host"},
		{"httpHeaders": []any{map[string]any{"name": "a b", "value": "x"}}},
		{"httpHeaders": []any{map[string]any{"name": "", "value": "x"}}},
		{"httpHeaders": []any{map[string]any{"name": "Host"}}},
		{"httpHeaders": []any{map[string]any{"name": "X-A", "value": ""}, map[string]any{"name": "X-A", "value": "b"}}},
		{"httpHeaders": []any{nil}},
		{"httpHeaders": "Host"},
	} {
		more["port"] = int64(80)
		found = append(found, map[string]any{"httpGet": more})
	}
	return found
}

func probes() []any {
	found := actions()
	for _, name := range []string{"initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold", "terminationGracePeriodSeconds"} {
		for _, value := range []any{int64(0), int64(1), int64(2), int64(-1), int64(1 << 31), "1", 1.5} {
			found = append(found, map[string]any{"tcpSocket": map[string]any{"port": int64(80)}, name: value})
		}
	}
	return found
}

func hooks() []any {
	var found []any
	for _, action := range actions() {
		found = append(found, map[string]any{"preStop": action}, map[string]any{"postStart": action})
	}
	return found
}

func environments() []any {
	var found []any
	for _, name := range []any{"A", "a.b-c", "1A", "", "a b", "a=b", "ä", ".", "..", int64(7)} {
		found = append(found, []any{map[string]any{"name": name, "value": "x"}})
	}
	found = append(found, []any{map[string]any{"value": "x"}}, []any{nil}, []any{map[string]any{"name": "A", "value": int64(7)}},
		[]any{map[string]any{"name": "A"}, map[string]any{"name": "A"}})
	var sources []map[string]any
	for _, path := range []string{
		"metadata.name", "metadata.uid", "metadata.labels", "metadata.labels['app']", "metadata.labels['Example.com/a']", "metadata.labels['']",
		"metadata.annotations['Example.com/A']", "metadata.annotations['a b']", "metadata.annotations", "spec.host", "spec.nodeName", "spec.restartPolicy",
		"status.podIP", "status.podIPs", "status.hostIPs", "status.phase", "metadata.name['x']", "['x']", "x", "",
	} {
		sources = append(sources, map[string]any{"fieldRef": map[string]any{"fieldPath": path}})
	}
	for _, version := range []string{"v1", "v2", "", "apps/v1"} {
		sources = append(sources, map[string]any{"fieldRef": map[string]any{"fieldPath": "metadata.name", "apiVersion": version}})
	}
	for _, resource := range []string{"limits.cpu", "requests.memory", "limits.ephemeral-storage", "limits.hugepages-2Mi", "requests.hugepages-x", "cpu", "limits.storage", ""} {
		for _, divisor := range []any{nil, "1", "1m", "1Mi", "1k", "7", "1000m", "1024", "0", "-1", "", "x", int64(1)} {
			reference := map[string]any{"resource": resource}
			if divisor != nil {
				reference["divisor"] = divisor
			}
			sources = append(sources, map[string]any{"resourceFieldRef": reference})
		}
	}
	for _, list := range []string{"configMapKeyRef", "secretKeyRef"} {
		for _, name := range []string{"config", "", "Not Allowed", "a.b"} {
			for _, key := range []string{"key", "", "a b", "..", "A_b.c"} {
				sources = append(sources, map[string]any{list: map[string]any{"name": name, "key": key, "optional": true}})
			}
		}
	}
	for _, volume := range []string{"files", "config", "none", "", "Not Allowed"} {
		for _, path := range []string{"env", "", "../env", "/a/env", "a/..b"} {
			sources = append(sources, map[string]any{"fileKeyRef": map[string]any{"volumeName": volume, "path": path, "key": "A"}})
		}
		sources = append(sources, map[string]any{"fileKeyRef": map[string]any{"volumeName": volume, "path": "env", "key": "a=b"}},
			map[string]any{"fileKeyRef": map[string]any{"volumeName": volume, "path": "env"}})
	}
	sources = append(sources, map[string]any{},
		map[string]any{"fieldRef": map[string]any{"fieldPath": "metadata.name"}, "secretKeyRef": map[string]any{"name": "a", "key": "b"}})
	for i, source := range sources {
		found = append(found, []any{map[string]any{"name": "A", "valueFrom": source}})
		if i%10 == 0 {
			found = append(found, []any{map[string]any{"name": "A", "value": "x", "valueFrom": source}}, []any{map[string]any{"name": "A", "value": "", "valueFrom": source}})
		}
	}
	return found
}

func environmentsFrom() []any {
	var found []any
	for _, name := range []string{"config", "", "Not Allowed"} {
		for _, prefix := range []string{"", "A_", "1", "a=b", "a b"} {
			found = append(found, []any{map[string]any{"prefix": prefix, "configMapRef": map[string]any{"name": name}}}, []any{map[string]any{"prefix": prefix, "secretRef": map[string]any{"name": name}}})
		}
	}
	return append(found, []any{map[string]any{}}, []any{map[string]any{"configMapRef": map[string]any{"name": "a"}, "secretRef": map[string]any{"name": "a"}}})
}

func ports() []any {
	var found []any
	for _, port := range []any{int64(1), int64(65535), int64(0), int64(65536), int64(-1), "80", 1.5} {
		found = append(found, []any{map[string]any{"containerPort": port}}, []any{map[string]any{"containerPort": int64(80), "hostPort": port}})
	}
	for _, protocol := range []string{"TCP", "UDP", "SCTP", "tcp", "HTTP", ""} {
		found = append(found, []any{map[string]any{"containerPort": int64(80), "protocol": protocol}})
	}
	for _, name := range []string{"http", "", "Http", "80", "a--b", "-a", "a-name-of-15-cha", "a-name-of-16-char"} {
		found = append(found, []any{map[string]any{"containerPort": int64(80), "name": name}},
			[]any{map[string]any{"containerPort": int64(80), "name": name}, map[string]any{"containerPort": int64(81), "name": name}})
	}
	two := func(field string, first, second any) []any {
		return []any{map[string]any{"containerPort": int64(80), field: first}, map[string]any{"containerPort": int64(80), field: second}}
	}
	return append(found, two("protocol", "TCP", "TCP"), two("protocol", "TCP", "UDP"), two("hostPort", int64(80), int64(80)), two("hostIP", "10.0.0.1", "x"), []any{nil}, []any{})
}
