package failovers

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// Supply returns the set with what it takes to be in the cluster already: the Gateways that
// its routes attach to, and the Services whose names its Backends have. The latter have no
// selector: a server outside the cluster is behind each.
func Supply(set Set) Set {
	supplied := Set{Name: set.Name, Objects: slices.Clone(set.Objects)}
	add := func(apiVersion, kind string, name types.NamespacedName, spec map[string]any) {
		if supplied.find(kind, name) != nil {
			return
		}
		supplied.Objects = append(supplied.Objects, unstructured.Unstructured{Object: map[string]any{
			"apiVersion": apiVersion, "kind": kind, "metadata": map[string]any{"namespace": name.Namespace, "name": name.Name}, "spec": spec,
		}})
	}
	for _, kind := range routeKinds {
		for _, route := range set.of(kind) {
			for _, parent := range fields(route.Object, "spec", "parentRefs") {
				listener := map[string]any{"name": "http", "port": int64(80), "protocol": "HTTP", "allowedRoutes": map[string]any{"namespaces": map[string]any{"from": "All"}}}
				if section := text(parent, "sectionName"); section != "" {
					listener["name"] = section
				}
				add("gateway.networking.k8s.io/v1", "Gateway", gatewayOf(route, parent), map[string]any{"gatewayClassName": "any", "listeners": []any{listener}})
			}
		}
	}
	for _, backend := range set.of("Backend") {
		for _, endpoint := range fields(backend.Object, "spec", "endpoints") {
			parts := inCluster.FindStringSubmatch(text(endpoint, "fqdn", "hostname"))
			if parts == nil {
				continue
			}
			port := number(endpoint, "fqdn", "port")
			add("v1", "Service", types.NamespacedName{Namespace: parts[2], Name: parts[1]}, map[string]any{"ports": []any{map[string]any{"name": fmt.Sprintf("port-%d", port), "port": port}}})
		}
	}
	return supplied
}
