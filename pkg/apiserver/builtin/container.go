package builtin

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/failover-krm/failover/pkg/apiserver/metadata"
)

// ValidateEnv validates an environment variable of a container.
func ValidateEnv(env corev1.EnvVar, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for _, detail := range validation.IsRelaxedEnvVarName(env.Name) {
		errs = append(errs, field.Invalid(path.Child("name"), env.Name, detail))
	}
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
		errs = append(errs, validateFieldPath(ref.FieldPath, path.Child("fieldRef", "fieldPath"))...)
	}
	if ref := source.ResourceFieldRef; ref != nil {
		errs = append(errs, validateContainerResource(ref.Resource, path.Child("resourceFieldRef", "resource"))...)
	}
	if ref := source.ConfigMapKeyRef; ref != nil {
		errs = append(errs, validateKeyRef(ref.Name, ref.Key, path.Child("configMapKeyRef"))...)
	}
	if ref := source.SecretKeyRef; ref != nil {
		errs = append(errs, validateKeyRef(ref.Name, ref.Key, path.Child("secretKeyRef"))...)
	}
	return errs
}

// podFields are the fields of its pod that a variable may have.
var podFields = []string{
	"metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName",
	"status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs",
}

// podFieldKey is one label or annotation of its pod.
var podFieldKey = regexp.MustCompile(`^metadata\.(?:labels|annotations)\['(.+)'\]$`)

func validateFieldPath(fieldPath string, path *field.Path) field.ErrorList {
	if fieldPath == "" {
		return required(path, "must be given")
	}
	if match := podFieldKey.FindStringSubmatch(fieldPath); match != nil {
		return metadata.Invalid(path, fieldPath, validation.IsQualifiedName(strings.ToLower(match[1])))
	}
	if !slices.Contains(podFields, fieldPath) {
		return field.ErrorList{field.NotSupported(path, fieldPath, append(slices.Clone(podFields), "metadata.labels['KEY']", "metadata.annotations['KEY']"))}
	}
	return nil
}

// containerResources are the resources of a container that a variable may have.
var containerResources = []string{
	"limits.cpu", "limits.memory", "limits.ephemeral-storage", "requests.cpu", "requests.memory", "requests.ephemeral-storage",
}

func validateContainerResource(resource string, path *field.Path) field.ErrorList {
	switch {
	case resource == "":
		return required(path, "must be given")
	case slices.Contains(containerResources, resource) || strings.HasPrefix(resource, "limits.hugepages-") || strings.HasPrefix(resource, "requests.hugepages-"):
		return nil
	default:
		return field.ErrorList{field.NotSupported(path, resource, containerResources)}
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

// exactlyOne wants one of several fields to be given.
func exactlyOne(path *field.Path, given map[string]bool) field.ErrorList {
	names := slices.Sorted(maps.Keys(given))
	var found []string
	for _, name := range names {
		if given[name] {
			found = append(found, name)
		}
	}
	detail := "must have exactly one of " + strings.Join(names, ", ")
	switch len(found) {
	case 1:
		return nil
	case 0:
		return field.ErrorList{field.Required(path, detail)}
	default:
		return field.ErrorList{field.Invalid(path, strings.Join(found, " and "), detail)}
	}
}

// ValidateResources validates what a container asks for and may use.
func ValidateResources(resources corev1.ResourceRequirements, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for list, quantities := range map[string]corev1.ResourceList{"requests": resources.Requests, "limits": resources.Limits} {
		for name, quantity := range quantities {
			if quantity.Sign() < 0 {
				errs = append(errs, field.Invalid(path.Child(list).Key(string(name)), quantity.String(), "must not be negative"))
			}
		}
	}
	for name, request := range resources.Requests {
		if limit, limited := resources.Limits[name]; limited && request.Cmp(limit) > 0 {
			errs = append(errs, field.Invalid(path.Child("requests").Key(string(name)), request.String(), fmt.Sprintf("must not exceed the limit, %s", limit.String())))
		}
	}
	return errs
}

// How many successes a probe may wait for.
const (
	OnlyOneSuccess = true
	AnySuccesses   = false
)

// ValidateProbe validates a probe of a container; a nil one is right.
func ValidateProbe(probe *corev1.Probe, oneSuccess bool, path *field.Path) field.ErrorList {
	if probe == nil {
		return nil
	}
	errs := exactlyOne(path, map[string]bool{
		"exec": probe.Exec != nil, "httpGet": probe.HTTPGet != nil, "tcpSocket": probe.TCPSocket != nil, "grpc": probe.GRPC != nil,
	})
	switch {
	case probe.HTTPGet != nil:
		errs = append(errs, validatePortOrName(probe.HTTPGet.Port, path.Child("httpGet", "port"))...)
	case probe.TCPSocket != nil:
		errs = append(errs, validatePortOrName(probe.TCPSocket.Port, path.Child("tcpSocket", "port"))...)
	case probe.GRPC != nil:
		errs = append(errs, ValidatePort(probe.GRPC.Port, path.Child("grpc", "port"))...)
	case probe.Exec != nil && len(probe.Exec.Command) == 0:
		errs = append(errs, field.Required(path.Child("exec", "command"), "must be given"))
	}
	for name, seconds := range map[string]int32{
		"initialDelaySeconds": probe.InitialDelaySeconds, "timeoutSeconds": probe.TimeoutSeconds, "periodSeconds": probe.PeriodSeconds,
		"successThreshold": probe.SuccessThreshold, "failureThreshold": probe.FailureThreshold,
	} {
		if seconds < 0 {
			errs = append(errs, field.Invalid(path.Child(name), seconds, "must not be negative"))
		}
	}
	if oneSuccess && probe.SuccessThreshold > 1 {
		errs = append(errs, field.Invalid(path.Child("successThreshold"), probe.SuccessThreshold, "must be 1 for this probe"))
	}
	if grace := probe.TerminationGracePeriodSeconds; grace != nil && !oneSuccess {
		errs = append(errs, field.Forbidden(path.Child("terminationGracePeriodSeconds"), "a readiness probe ends no pod: remove it"))
	} else if grace != nil && *grace <= 0 {
		errs = append(errs, field.Invalid(path.Child("terminationGracePeriodSeconds"), *grace, "must be greater than 0"))
	}
	return errs
}

func validatePortOrName(port intstr.IntOrString, path *field.Path) field.ErrorList {
	if port.Type == intstr.Int {
		return ValidatePort(port.IntVal, path)
	}
	var errs field.ErrorList
	for _, detail := range validation.IsValidPortName(port.StrVal) {
		errs = append(errs, field.Invalid(path, port.StrVal, detail))
	}
	return errs
}

// ValidatePort validates the number of a port.
func ValidatePort(port int32, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for _, detail := range validation.IsValidPortNum(int(port)) {
		errs = append(errs, field.Invalid(path, port, detail))
	}
	return errs
}
