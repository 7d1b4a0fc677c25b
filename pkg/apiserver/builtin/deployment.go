package builtin

import (
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metavalidation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/failover-krm/failover/pkg/apiserver/metadata"
)

// validateDeployment validates a Deployment that was decoded strictly, or made in Go.
func validateDeployment(deployment *appsv1.Deployment) field.ErrorList {
	errs := metadata.Validate(deployment.ObjectMeta, true, apivalidation.NameIsDNSSubdomain)
	path := field.NewPath("spec")
	spec := deployment.Spec
	errs = append(errs, notNegative(spec.Replicas, path.Child("replicas"))...)
	errs = append(errs, notNegative(&spec.MinReadySeconds, path.Child("minReadySeconds"))...)
	errs = append(errs, notNegative(spec.RevisionHistoryLimit, path.Child("revisionHistoryLimit"))...)
	errs = append(errs, oneOf(spec.Strategy.Type, path.Child("strategy", "type"), appsv1.RollingUpdateDeploymentStrategyType, appsv1.RecreateDeploymentStrategyType)...)
	errs = append(errs, validateSelector(spec.Selector, spec.Template.Labels, path)...)
	return append(errs, validateTemplate(spec.Template, path.Child("template"))...)
}

func validateSelector(selector *metav1.LabelSelector, podLabels map[string]string, path *field.Path) field.ErrorList {
	if selector == nil || len(selector.MatchLabels)+len(selector.MatchExpressions) == 0 {
		return required(path.Child("selector"), "must select the pods of the template")
	}
	errs := metavalidation.ValidateLabelSelector(selector, metavalidation.LabelSelectorValidationOptions{}, path.Child("selector"))
	matcher, err := metav1.LabelSelectorAsSelector(selector)
	if err == nil && !matcher.Matches(labels.Set(podLabels)) {
		errs = append(errs, field.Invalid(path.Child("template", "metadata", "labels"), podLabels, "must have the labels of selector"))
	}
	return errs
}

func validateTemplate(template corev1.PodTemplateSpec, path *field.Path) field.ErrorList {
	errs := metadata.ValidateLabels(template.Labels, path.Child("metadata", "labels"))
	errs = append(errs, metadata.ValidateAnnotations(template.Annotations, path.Child("metadata", "annotations"))...)
	spec := path.Child("spec")
	errs = append(errs, oneOf(template.Spec.RestartPolicy, spec.Child("restartPolicy"), corev1.RestartPolicyAlways)...)
	if len(template.Spec.Containers) == 0 {
		return append(errs, required(spec.Child("containers"), "must have a container")...)
	}
	names := map[string]bool{}
	for i, container := range template.Spec.Containers {
		at := spec.Child("containers").Index(i)
		errs = append(errs, validateContainer(container, at)...)
		if names[container.Name] && container.Name != "" {
			errs = append(errs, field.Duplicate(at.Child("name"), container.Name))
		}
		names[container.Name] = true
	}
	return errs
}

func validateContainer(container corev1.Container, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if container.Name == "" {
		errs = required(path.Child("name"), "must be given")
	} else {
		errs = metadata.Invalid(path.Child("name"), container.Name, validation.IsDNS1123Label(container.Name))
	}
	switch {
	case container.Image == "":
		errs = append(errs, required(path.Child("image"), "must be given")...)
	case strings.TrimSpace(container.Image) != container.Image:
		errs = append(errs, field.Invalid(path.Child("image"), container.Image, "must not begin or end with space"))
	}
	errs = append(errs, oneOf(container.ImagePullPolicy, path.Child("imagePullPolicy"), corev1.PullAlways, corev1.PullIfNotPresent, corev1.PullNever)...)
	errs = append(errs, validateContainerPorts(container.Ports, path.Child("ports"))...)
	for i, env := range container.Env {
		errs = append(errs, ValidateEnv(env, path.Child("env").Index(i))...)
	}
	errs = append(errs, ValidateResources(container.Resources, path.Child("resources"))...)
	errs = append(errs, ValidateProbe(container.LivenessProbe, OnlyOneSuccess, path.Child("livenessProbe"))...)
	errs = append(errs, ValidateProbe(container.ReadinessProbe, AnySuccesses, path.Child("readinessProbe"))...)
	return append(errs, ValidateProbe(container.StartupProbe, OnlyOneSuccess, path.Child("startupProbe"))...)
}

func validateContainerPorts(ports []corev1.ContainerPort, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	names := map[string]bool{}
	for i, port := range ports {
		at := path.Index(i)
		errs = append(errs, ValidatePort(port.ContainerPort, at.Child("containerPort"))...)
		errs = append(errs, oneOf(port.Protocol, at.Child("protocol"), corev1.ProtocolTCP, corev1.ProtocolUDP, corev1.ProtocolSCTP)...)
		if port.Name == "" {
			continue
		}
		errs = append(errs, metadata.Invalid(at.Child("name"), port.Name, validation.IsValidPortName(port.Name))...)
		if names[port.Name] {
			errs = append(errs, field.Duplicate(at.Child("name"), port.Name))
		}
		names[port.Name] = true
	}
	return errs
}
