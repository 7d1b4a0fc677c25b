package builtin

import (
	"iter"
	"reflect"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/failover-krm/failover/pkg/document"
)

// filledIn is a field that an API server fills in.
type filledIn struct {
	path document.Path
	// value is what it fills in; nil where that depends on the cluster, so that any
	// value counts.
	value any
}

func filledInAt(path string, value any) filledIn { return filledIn{document.ParsePath(path), value} }

// filledInFields has by kind what kubectl get shows and nobody wrote
// (pkg/apis/core/v1/defaults.go and pkg/apis/apps/v1/defaults.go in Kubernetes), the
// longer paths first. [*] is every item of a list.
var filledInFields = map[string][]filledIn{
	"Deployment": slices.Concat([]filledIn{
		filledInAt("metadata.annotations[deployment.kubernetes.io/revision]", nil),
		filledInAt("spec.progressDeadlineSeconds", int64(600)),
		filledInAt("spec.replicas", int64(1)),
		filledInAt("spec.revisionHistoryLimit", int64(10)),
		filledInAt("spec.strategy.rollingUpdate.maxSurge", "25%"),
		filledInAt("spec.strategy.rollingUpdate.maxUnavailable", "25%"),
		filledInAt("spec.strategy.rollingUpdate", map[string]any{}),
		filledInAt("spec.strategy.type", "RollingUpdate"),
		filledInAt("spec.strategy", map[string]any{}),
		filledInAt("spec.template.metadata.creationTimestamp", nil),
		filledInAt("spec.template.spec.dnsPolicy", "ClusterFirst"),
		filledInAt("spec.template.spec.restartPolicy", "Always"),
		filledInAt("spec.template.spec.schedulerName", "default-scheduler"),
		filledInAt("spec.template.spec.securityContext", map[string]any{}),
		filledInAt("spec.template.spec.terminationGracePeriodSeconds", int64(30)),
		filledInAt("spec.template.spec.containers[*].env[*].valueFrom.fieldRef.apiVersion", "v1"),
		filledInAt("spec.template.spec.containers[*].ports[*].protocol", "TCP"),
		filledInAt("spec.template.spec.containers[*].resources", map[string]any{}),
		filledInAt("spec.template.spec.containers[*].terminationMessagePath", "/dev/termination-log"),
		filledInAt("spec.template.spec.containers[*].terminationMessagePolicy", "File"),
	}, ofProbe("livenessProbe"), ofProbe("readinessProbe"), ofProbe("startupProbe")),
	"Service": {
		filledInAt("spec.internalTrafficPolicy", "Cluster"),
		filledInAt("spec.ipFamilies", nil),
		filledInAt("spec.ipFamilyPolicy", nil),
		filledInAt("spec.ports[*].protocol", "TCP"),
		filledInAt("spec.sessionAffinity", "None"),
		filledInAt("spec.type", "ClusterIP"),
	},
}

func ofProbe(name string) []filledIn {
	probe := "spec.template.spec.containers[*]." + name + "."
	return []filledIn{
		filledInAt(probe+"httpGet.scheme", "HTTP"),
		filledInAt(probe+"grpc.service", ""),
		filledInAt(probe+"initialDelaySeconds", int64(0)),
		filledInAt(probe+"failureThreshold", int64(3)),
		filledInAt(probe+"periodSeconds", int64(10)),
		filledInAt(probe+"successThreshold", int64(1)),
		filledInAt(probe+"timeoutSeconds", int64(1)),
	}
}

// PullPolicy returns the imagePullPolicy that an API server fills in for an image.
func PullPolicy(image string) corev1.PullPolicy {
	name, digest, _ := strings.Cut(image, "@")
	tag := "latest"
	if _, last, found := strings.Cut(name[strings.LastIndex(name, "/")+1:], ":"); found {
		tag = last
	}
	if tag == "latest" && digest == "" {
		return corev1.PullAlways
	}
	return corev1.PullIfNotPresent
}

// RemoveDefaults removes the fields that an API server would fill in again. The IPs of
// a Service are among them, unless it is headless.
func RemoveDefaults(object map[string]any) {
	kind, _ := object["kind"].(string)
	for _, field := range filledInFields[kind] {
		field.removeFrom(object, field.path)
	}
	switch spec, _ := object["spec"].(map[string]any); kind {
	case "Deployment":
		template, _ := spec["template"].(map[string]any)
		pod, _ := template["spec"].(map[string]any)
		for container := range objectsIn(pod["containers"]) {
			if image, _ := container["image"].(string); container["imagePullPolicy"] == string(PullPolicy(image)) {
				delete(container, "imagePullPolicy")
			}
		}
	case "Service":
		if spec["clusterIP"] != corev1.ClusterIPNone {
			delete(spec, "clusterIP")
			delete(spec, "clusterIPs")
		}
		for port := range objectsIn(spec["ports"]) {
			if port["targetPort"] == port["port"] {
				delete(port, "targetPort")
			}
		}
	}
}

// objectsIn returns the items of a list that are objects.
func objectsIn(list any) iter.Seq[map[string]any] {
	return func(yield func(map[string]any) bool) {
		items, _ := list.([]any)
		for _, item := range items {
			if object, isObject := item.(map[string]any); isObject && !yield(object) {
				return
			}
		}
	}
}

// removeFrom removes the field of a path within a value.
func (f filledIn) removeFrom(value any, path document.Path) {
	switch value := value.(type) {
	case []any:
		for _, item := range value {
			f.removeFrom(item, path[1:])
		}
	case map[string]any:
		name := path[0].Name
		if len(path) > 1 {
			f.removeFrom(value[name], path[1:])
		} else if given, isGiven := value[name]; isGiven && (f.value == nil || reflect.DeepEqual(given, f.value)) {
			delete(value, name)
		}
	}
}
