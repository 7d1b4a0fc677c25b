package check

import (
	"fmt"
	"reflect"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/envoygateway"
)

// objectRules are about single objects and documents, whatever fails over.
var objectRules = []Rule{
	{
		ID: ruleDuplicateObject, Severity: diagnostic.Warning,
		Summary: "The files of one directory have an object twice.",
		Explanation: "When both are applied, the later one overwrites the other, and the result in the cluster depends on the order of the files; kustomize refuses both. The verdicts here are about the first one. " +
			"It is information where two files have the same object, equal in all fields. Objects of one name in several directories count as overlays, of which only one is applied.",
		Fix: "Remove one of the two, or rename it.",
	},
	{
		ID: ruleLastApplied, Severity: diagnostic.Warning,
		Summary: "A FailoverSpec gives the annotation kubectl.kubernetes.io/last-applied-configuration to its objects.",
		Explanation: "kubectl apply keeps there what it applied last, to find out which fields to remove. Where something else creates the objects, such as kubectl create or a server-side apply, the text stays, " +
			"and the next kubectl apply reads it as its own: it fails, or keeps fields that are no longer rendered. " +
			"The annotation gets into a FailoverSpec when annotations are copied from an object of a cluster.",
		Fix: "Remove the annotation.",
	},
	{
		ID: "invalid-image", Severity: diagnostic.Error,
		Summary:     "A Deployment behind a tier has an image that is not a valid reference.",
		Explanation: "The API server accepts any text, but no container runtime does: the pods never start (InvalidImageName), and the tier answers nothing. It is a warning, and the verdict is unknown, since kustomize may replace the image; with --complete it is an error.",
		Fix:         "Write the image as REGISTRY/NAME:TAG, in lower case.",
		ofFailover:  invalidImage,
	},
}

const (
	ruleDuplicateObject = "duplicate-object"
	ruleLastApplied     = "last-applied-annotation"
)

// duplicateObjects finds objects that are given twice in a directory.
func duplicateObjects(manifests []Manifest) []diagnostic.Diagnostic {
	type key struct {
		directory string
		id        [4]string
	}
	first := map[key]Manifest{}
	var findings []diagnostic.Diagnostic
	for _, manifest := range manifests {
		if manifest.Origin != nil {
			continue
		}
		group, isRead := envoygateway.Reads(manifest.apiVersion(), manifest.kind())
		if manifest.Refused || !isRead || manifest.name() == "" {
			continue
		}
		of := key{manifest.directory(), manifest.id()}
		of.id[0] = group
		other, found := first[of]
		if !found {
			first[of] = manifest
			continue
		}
		name := document.ParsePath("metadata.name")
		severity, message := diagnostic.Warning, "another "+of.id[1]+" of this name is in the same directory"
		if place := diagnostic.Place(other.Subject, other.Subject.Position(name)); place != "" {
			message += " (" + place + ")"
		}
		if manifest.Subject.File != other.Subject.File && reflect.DeepEqual(manifest.Value, other.Value) {
			severity = diagnostic.Info
		}
		findings = append(findings, manifest.finding(ruleDuplicateObject, severity, name, message+", and one overwrites the other: remove or rename one"))
	}
	return findings
}

// lastApplied finds rendered objects with kubectl's own annotation.
func lastApplied(manifests []Manifest) []diagnostic.Diagnostic {
	var findings []diagnostic.Diagnostic
	for _, manifest := range manifests {
		if manifest.Origin == nil {
			continue
		}
		if _, isAnnotated := manifest.Typed.GetAnnotations()[corev1.LastAppliedConfigAnnotation]; !isAnnotated {
			continue
		}
		at := document.ParsePath("metadata.annotations[" + corev1.LastAppliedConfigAnnotation + "]")
		findings = append(findings, manifest.finding(ruleLastApplied, diagnostic.Warning, at, "kubectl apply keeps here what it applied last, and would read this text as that: remove it"))
	}
	return findings
}

func invalidImage(f *failover) []finding {
	var findings []finding
	for _, backend := range f.rule.Backends {
		for _, host := range backend.Hosts {
			for _, from := range host.PodsFrom {
				if deployment, isDeployment := f.deployment(from.Object); isDeployment {
					findings = append(findings, f.invalidImages(from.Object, "spec.template.spec.initContainers", deployment.Spec.Template.Spec.InitContainers)...)
					findings = append(findings, f.invalidImages(from.Object, "spec.template.spec.containers", deployment.Spec.Template.Spec.Containers)...)
				}
			}
		}
	}
	return findings
}

// object returns an object by its name; nil where it is not among the manifests, or does not
// fit its type.
func (s *set) object(id envoygateway.Object) metav1.Object {
	if known := s.decoded[id]; known != nil {
		return known.object
	}
	return nil
}

func (s *set) deployment(id envoygateway.Object) (*appsv1.Deployment, bool) {
	deployment, isDeployment := s.object(id).(*appsv1.Deployment)
	return deployment, isDeployment
}

func (s *set) invalidImages(of envoygateway.Object, path string, containers []corev1.Container) []finding {
	var findings []finding
	for i, container := range containers {
		if container.Image == "" {
			continue // which the API server refuses
		}
		if !s.isImage(container.Image) {
			findings = append(findings, finding{
				source: envoygateway.Source{Object: of, Path: fmt.Sprintf("%s[%d].image", path, i)},
				reason: fmt.Sprintf("%q is not a valid image, so its pods never start", container.Image), advice: "write REGISTRY/NAME:TAG", unknown: true, likely: true,
			})
		}
	}
	return findings
}
