package builtin

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/failover-krm/failover/pkg/apiserver/metadata"
)

// ValidateEnv validates an environment variable of a container.
func ValidateEnv(env corev1.EnvVar, pod Pod, path *field.Path) field.ErrorList {
	errs := metadata.Invalid(path.Child("name"), env.Name, validation.IsRelaxedEnvVarName(env.Name))
	source := env.ValueFrom
	if source == nil {
		return errs
	}
	if env.Value != "" {
		errs = append(errs, field.Invalid(path, env.Name, "must have value or valueFrom, not both"))
	}
	path = path.Child("valueFrom")
	errs = append(errs, exactlyOne(path, map[string]bool{
		"fieldRef": source.FieldRef != nil, "resourceFieldRef": source.ResourceFieldRef != nil,
		"configMapKeyRef": source.ConfigMapKeyRef != nil, "secretKeyRef": source.SecretKeyRef != nil, "fileKeyRef": source.FileKeyRef != nil,
	})...)
	if ref := source.FieldRef; ref != nil {
		errs = append(errs, oneOf(ref.APIVersion, path.Child("fieldRef", "apiVersion"), "v1")...)
		errs = append(errs, validateFieldPath(ref.FieldPath, path.Child("fieldRef", "fieldPath"))...)
	}
	if ref := source.ResourceFieldRef; ref != nil {
		errs = append(errs, validateResourceFieldRef(*ref, path.Child("resourceFieldRef"))...)
	}
	if ref := source.ConfigMapKeyRef; ref != nil {
		errs = append(errs, validateKeyRef(ref.Name, ref.Key, path.Child("configMapKeyRef"))...)
	}
	if ref := source.SecretKeyRef; ref != nil {
		errs = append(errs, validateKeyRef(ref.Name, ref.Key, path.Child("secretKeyRef"))...)
	}
	if ref := source.FileKeyRef; ref != nil {
		errs = append(errs, validateFileKeyRef(*ref, pod, path.Child("fileKeyRef"))...)
	}
	return errs
}

// validateEnvFrom validates a source of several variables.
func validateEnvFrom(source corev1.EnvFromSource, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if source.Prefix != "" {
		errs = append(errs, metadata.Invalid(path.Child("prefix"), source.Prefix, validation.IsRelaxedEnvVarName(source.Prefix))...)
	}
	errs = append(errs, exactlyOne(path, map[string]bool{"configMapRef": source.ConfigMapRef != nil, "secretRef": source.SecretRef != nil})...)
	if ref := source.ConfigMapRef; ref != nil {
		errs = append(errs, metadata.Invalid(path.Child("configMapRef", "name"), ref.Name, validation.IsDNS1123Subdomain(ref.Name))...)
	}
	if ref := source.SecretRef; ref != nil {
		errs = append(errs, metadata.Invalid(path.Child("secretRef", "name"), ref.Name, validation.IsDNS1123Subdomain(ref.Name))...)
	}
	return errs
}

// podFields are the fields of its pod that a variable may have.
var podFields = []string{
	"metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName",
	"status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs",
}

// oldNodeName is what spec.nodeName was called once; an API server still takes it.
const oldNodeName = "spec.host"

func validateFieldPath(fieldPath string, path *field.Path) field.ErrorList {
	if fieldPath == "" {
		return required(path, "must be given")
	}
	key, hasKey := strings.CutSuffix(fieldPath, "']")
	list, key, isSplit := strings.Cut(key, "['")
	switch {
	case hasKey && isSplit && list == "metadata.labels":
		return metadata.Invalid(path, fieldPath, validation.IsQualifiedName(key))
	case hasKey && isSplit && list == "metadata.annotations":
		return metadata.Invalid(path, fieldPath, validation.IsQualifiedName(strings.ToLower(key)))
	case fieldPath == oldNodeName || slices.Contains(podFields, fieldPath):
		return nil
	default:
		return field.ErrorList{field.NotSupported(path, fieldPath, append(slices.Clone(podFields), "metadata.labels['KEY']", "metadata.annotations['KEY']"))}
	}
}

// validateKeyRef wants the name of a ConfigMap or Secret, which older Kubernetes
// does not ask for, and one of its keys.
func validateKeyRef(name, key string, path *field.Path) field.ErrorList {
	errs := metadata.Invalid(path.Child("name"), name, validation.IsDNS1123Subdomain(name))
	if key == "" {
		return append(errs, required(path.Child("key"), "must be given")...)
	}
	return append(errs, metadata.Invalid(path.Child("key"), key, validation.IsConfigMapKey(key))...)
}

// validateFileKeyRef wants a variable in a file of a volume that the pod has.
func validateFileKeyRef(ref corev1.FileKeySelector, pod Pod, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if ref.Key == "" {
		errs = required(path.Child("key"), "must be given")
	} else {
		errs = metadata.Invalid(path.Child("key"), ref.Key, validation.IsRelaxedEnvVarName(ref.Key))
	}
	switch {
	case ref.Path == "":
		errs = append(errs, required(path.Child("path"), "must be given")...)
	case slices.Contains(strings.Split(ref.Path, "/"), ".."):
		errs = append(errs, field.Invalid(path.Child("path"), ref.Path, `must not contain ".."`))
	}
	at := path.Child("volumeName")
	switch {
	case ref.VolumeName == "":
		return append(errs, required(at, "must be given")...)
	case slices.Contains(pod.EmptyDirs, ref.VolumeName):
		return errs
	case slices.Contains(pod.Volumes, ref.VolumeName):
		return append(errs, field.Invalid(at, ref.VolumeName, "must be a volume of type emptyDir"))
	case len(pod.EmptyDirs) == 0:
		return append(errs, field.Invalid(at, ref.VolumeName, "must be an emptyDir volume of the pod, which has none"))
	default:
		return append(errs, field.NotSupported(at, ref.VolumeName, pod.EmptyDirs))
	}
}
