package check

import (
	"cmp"
	"maps"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/envoygateway"
)

// workloads are what makes pods among the manifests, of any kind, and what changes their
// number.
type workloads struct {
	// pods by namespace.
	pods map[string]*pods
	// autoscaled are the Deployments whose replicas an autoscaler decides.
	autoscaled map[envoygateway.Object]bool
}

// pods are the labels of the pods in a namespace.
type pods struct {
	// having has those with a label of a value.
	having map[label][]labels.Set
	// values of each label.
	values map[string][]string
}

type label struct{ name, value string }

func workloadsOf(manifests []Manifest) workloads {
	found := workloads{pods: map[string]*pods{}, autoscaled: map[envoygateway.Object]bool{}}
	for _, manifest := range manifests {
		if manifest.Typed != nil {
			if deployment, isDeployment := manifest.Typed.(*appsv1.Deployment); isDeployment {
				found.add(manifest.namespace(), deployment.Spec.Template.Labels)
			}
			continue
		}
		metadata := lookup(manifest.Value, "spec", "template", "metadata")
		if manifest.kind() == "Pod" {
			metadata = lookup(manifest.Value, "metadata")
		}
		if metadata != nil {
			found.add(manifest.namespace(), labelsOf(metadata))
		}
		// A HorizontalPodAutoscaler, or a ScaledObject, which need not name the kind.
		kind, name := manifest.text("spec", "scaleTargetRef", "kind"), manifest.text("spec", "scaleTargetRef", "name")
		if name != "" && (kind == "Deployment" || kind == "") {
			found.autoscaled[envoygateway.Object{Kind: "Deployment", Namespace: manifest.namespace(), Name: name}] = true
		}
	}
	return found
}

// labelsOf reads the labels of a template, as they are written.
func labelsOf(metadata any) labels.Set {
	set := labels.Set{}
	written, _ := lookup(metadata, "labels").(map[string]any)
	for name, value := range written {
		set[name], _ = value.(string)
	}
	return set
}

// add adds pods with labels.
func (w workloads) add(namespace string, set labels.Set) {
	in := w.pods[namespace]
	if in == nil {
		in = &pods{having: map[label][]labels.Set{}, values: map[string][]string{}}
		w.pods[namespace] = in
	}
	for name, value := range set {
		if in.having[label{name, value}] == nil {
			in.values[name] = append(in.values[name], value)
		}
		in.having[label{name, value}] = append(in.having[label{name, value}], set)
	}
}

// match tells whether a selector, which is not empty, matches some of the pods.
func (p *pods) match(selector labels.Set) bool {
	for name, value := range selector {
		return slices.ContainsFunc(p.having[label{name, value}], func(pod labels.Set) bool { return labels.SelectorFromSet(selector).Matches(pod) })
	}
	return false
}

// fewValues is up to how many values of a label one is suggested from, so that time does
// not grow with their number for each selector.
const fewValues = 100

// like returns the labels of pods that a selector which matches none was most likely
// meant to have, or nothing.
func (p *pods) like(selector labels.Set) labels.Set {
	meant := maps.Clone(selector)
	for name, value := range selector {
		if values := p.values[name]; len(values) <= fewValues {
			meant[name] = cmp.Or(document.Suggest(value, values), value)
		}
	}
	if !p.match(meant) {
		return nil
	}
	return meant
}

// isAutoscaled tells whether an autoscaler decides how many pods a Deployment has.
func (s *set) isAutoscaled(deployment envoygateway.Source) bool {
	return s.workloads.autoscaled[deployment.Object]
}
