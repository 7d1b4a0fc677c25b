package check

import (
	"cmp"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/envoygateway"
)

// workloads are what makes pods among the manifests, of any kind, and what changes their
// number.
type workloads struct {
	// pods are the labels of the pods, by namespace.
	pods map[string][]labels.Set
	// autoscaled are the Deployments whose replicas an autoscaler decides.
	autoscaled map[envoygateway.Object]bool
}

func workloadsOf(manifests []Manifest) workloads {
	found := workloads{pods: map[string][]labels.Set{}, autoscaled: map[envoygateway.Object]bool{}}
	for _, manifest := range manifests {
		metadata := lookup(manifest.Value, "spec", "template", "metadata")
		if manifest.text("kind") == "Pod" {
			metadata = lookup(manifest.Value, "metadata")
		}
		if metadata != nil {
			set := labels.Set{}
			written, _ := lookup(metadata, "labels").(map[string]any)
			for name, value := range written {
				set[name], _ = value.(string)
			}
			found.pods[manifest.namespace()] = append(found.pods[manifest.namespace()], set)
		}
		// A HorizontalPodAutoscaler, or a ScaledObject, which need not name the kind.
		kind, name := manifest.text("spec", "scaleTargetRef", "kind"), manifest.text("spec", "scaleTargetRef", "name")
		if name != "" && (kind == "Deployment" || kind == "") {
			found.autoscaled[envoygateway.Object{Kind: "Deployment", Namespace: manifest.namespace(), Name: name}] = true
		}
	}
	return found
}

// near tells whether a selector matches none of the pods in its namespace, of which
// there are some, and returns the labels of pods that it was most likely to match.
func (w workloads) near(service envoygateway.Object, selector map[string]string) (likely string, matchesNone bool) {
	pods := w.pods[service.Namespace]
	wanted := labels.SelectorFromSet(selector)
	for _, pod := range pods {
		if wanted.Matches(pod) {
			return "", false
		}
	}
	meant := maps.Clone(selector)
	for name, value := range selector {
		var values []string
		for _, pod := range pods {
			values = append(values, pod[name])
		}
		meant[name] = cmp.Or(document.Suggest(value, values), value)
	}
	if slices.ContainsFunc(pods, func(pod labels.Set) bool { return labels.SelectorFromSet(meant).Matches(pod) }) {
		likely = labels.Set(meant).String()
	}
	return likely, len(pods) > 0
}

// isAutoscaled tells whether an autoscaler decides how many pods a Deployment has.
func (s *set) isAutoscaled(deployment envoygateway.Source) bool {
	return s.workloads.autoscaled[deployment.Object]
}
