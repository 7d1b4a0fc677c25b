package builtin

import (
	"fmt"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metavalidation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/failover-krm/failover/pkg/apiserver/metadata"
)

// defaultProgressDeadline is what the API server gives a Deployment without one.
const defaultProgressDeadline = 600

// validateDeployment validates a Deployment that has the form of its schema.
func validateDeployment(deployment *appsv1.Deployment) field.ErrorList {
	errs := metadata.Validate(deployment.ObjectMeta, true, apivalidation.NameIsDNSSubdomain)
	path := field.NewPath("spec")
	spec := deployment.Spec
	errs = append(errs, notNegative(spec.Replicas, path.Child("replicas"))...)
	errs = append(errs, notNegative(&spec.MinReadySeconds, path.Child("minReadySeconds"))...)
	errs = append(errs, notNegative(spec.RevisionHistoryLimit, path.Child("revisionHistoryLimit"))...)
	deadline := int32(defaultProgressDeadline)
	if spec.ProgressDeadlineSeconds != nil {
		deadline = *spec.ProgressDeadlineSeconds
	}
	if deadline <= spec.MinReadySeconds || deadline < 0 {
		errs = append(errs, field.Invalid(path.Child("progressDeadlineSeconds"), deadline, fmt.Sprintf("must be greater than minReadySeconds, which is %d", spec.MinReadySeconds)))
	}
	errs = append(errs, validateStrategy(spec.Strategy, path.Child("strategy"))...)
	errs = append(errs, validateSelector(spec.Selector, spec.Template.Labels, path)...)
	return append(errs, validateTemplate(spec.Template, path.Child("template"))...)
}

func validateStrategy(strategy appsv1.DeploymentStrategy, path *field.Path) field.ErrorList {
	errs := oneOf(strategy.Type, path.Child("type"), appsv1.RollingUpdateDeploymentStrategyType, appsv1.RecreateDeploymentStrategyType)
	update := strategy.RollingUpdate
	path = path.Child("rollingUpdate")
	switch {
	case len(errs) > 0 || update == nil:
		return errs
	case strategy.Type == appsv1.RecreateDeploymentStrategyType:
		return field.ErrorList{field.Forbidden(path, "is for type RollingUpdate: remove it, or the type Recreate")}
	}
	errs = append(errs, validateShare(update.MaxUnavailable, path.Child("maxUnavailable"))...)
	errs = append(errs, validateShare(update.MaxSurge, path.Child("maxSurge"))...)
	if len(errs) > 0 {
		return errs
	}
	unavailable, isPercent := share(update.MaxUnavailable)
	surge, _ := share(update.MaxSurge)
	switch {
	case isPercent && unavailable > 100:
		return field.ErrorList{field.Invalid(path.Child("maxUnavailable"), update.MaxUnavailable.String(), "must be at most 100%")}
	case unavailable == 0 && surge == 0:
		return field.ErrorList{field.Invalid(path.Child("maxUnavailable"), update.MaxUnavailable.String(), "must not be 0 where maxSurge is 0 too: no pod could be replaced")}
	}
	return nil
}

// validateShare wants a number of pods, or a percentage of them.
func validateShare(value *intstr.IntOrString, path *field.Path) field.ErrorList {
	switch {
	case value == nil:
		return nil
	case value.Type == intstr.Int:
		return notNegative(&value.IntVal, path)
	case len(validation.IsValidPercent(value.StrVal)) > 0:
		return field.ErrorList{field.Invalid(path, value.StrVal, `must be a number, or a percentage such as "25%"`)}
	default:
		return nil
	}
}

// share returns a number or a percentage that is right. Without one it is 25%.
func share(value *intstr.IntOrString) (number int, isPercent bool) {
	switch {
	case value == nil:
		return 25, true
	case value.Type == intstr.Int:
		return value.IntValue(), false
	}
	number, _ = strconv.Atoi(strings.TrimSuffix(value.StrVal, "%")) // the largest integer, where there are too many digits
	return number, true
}

func validateSelector(selector *metav1.LabelSelector, podLabels map[string]string, path *field.Path) field.ErrorList {
	if selector == nil || len(selector.MatchLabels)+len(selector.MatchExpressions) == 0 {
		return required(path.Child("selector"), "must select the pods of the template")
	}
	errs := metadata.ValidateLabels(selector.MatchLabels, path.Child("selector", "matchLabels"))
	expressions := &metav1.LabelSelector{MatchExpressions: selector.MatchExpressions}
	errs = append(errs, metavalidation.ValidateLabelSelector(expressions, metavalidation.LabelSelectorValidationOptions{}, path.Child("selector"))...)
	matcher, err := metav1.LabelSelectorAsSelector(selector)
	at := path.Child("template", "metadata", "labels")
	switch {
	case err != nil || matcher.Matches(labels.Set(podLabels)):
		return errs
	case len(podLabels) == 0:
		return append(errs, required(at, "must have the labels of selector")...)
	default:
		return append(errs, field.Invalid(at, podLabels, "must have the labels of selector"))
	}
}

func validateTemplate(template corev1.PodTemplateSpec, path *field.Path) field.ErrorList {
	errs := metadata.ValidateLabels(template.Labels, path.Child("metadata", "labels"))
	errs = append(errs, metadata.ValidateAnnotations(template.Annotations, path.Child("metadata", "annotations"))...)
	path = path.Child("spec")
	spec := template.Spec
	errs = append(errs, oneOf(spec.RestartPolicy, path.Child("restartPolicy"), corev1.RestartPolicyAlways)...)
	if spec.ActiveDeadlineSeconds != nil {
		errs = append(errs, field.Forbidden(path.Child("activeDeadlineSeconds"), "pods of a Deployment have no end: remove it"))
	}
	if len(spec.EphemeralContainers) > 0 {
		errs = append(errs, field.Forbidden(path.Child("ephemeralContainers"), "are added to a running pod: remove them"))
	}
	return append(errs, validateContainers(spec, path)...)
}
