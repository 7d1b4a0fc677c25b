package builtin

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/failover-krm/failover/pkg/apiserver/metadata"
)

// Pod is what a container may refer to in its pod. The zero Pod has none of it.
type Pod struct {
	// Volumes are the names of all volumes. EmptyDirs are those of them whose files
	// may hold environment variables.
	Volumes, EmptyDirs []string
	// ResourceClaims are the names of all resource claims.
	ResourceClaims []string

	gracePeriod int64
	hostNetwork bool
}

// defaultGracePeriod is what the API server gives a pod without one, in seconds.
const defaultGracePeriod = 30

func podOf(spec corev1.PodSpec) Pod {
	pod := Pod{gracePeriod: defaultGracePeriod, hostNetwork: spec.HostNetwork}
	if spec.TerminationGracePeriodSeconds != nil {
		pod.gracePeriod = *spec.TerminationGracePeriodSeconds
	}
	for _, volume := range spec.Volumes {
		pod.Volumes = append(pod.Volumes, volume.Name)
		if volume.EmptyDir != nil {
			pod.EmptyDirs = append(pod.EmptyDirs, volume.Name)
		}
	}
	for _, claim := range spec.ResourceClaims {
		pod.ResourceClaims = append(pod.ResourceClaims, claim.Name)
	}
	return pod
}

func validateContainers(spec corev1.PodSpec, path *field.Path) field.ErrorList {
	if len(spec.Containers) == 0 {
		return required(path.Child("containers"), "must have a container")
	}
	var errs field.ErrorList
	pod := podOf(spec)
	names := map[string]bool{}
	for _, list := range []struct {
		name       string
		containers []corev1.Container
	}{{"containers", spec.Containers}, {"initContainers", spec.InitContainers}} {
		for i, container := range list.containers {
			at := path.Child(list.name).Index(i)
			errs = append(errs, validateContainer(container, pod, at)...)
			isSidecar := container.RestartPolicy != nil && *container.RestartPolicy == corev1.ContainerRestartPolicyAlways
			if list.name == "containers" || isSidecar {
				errs = append(errs, validateRunning(container, pod, at)...)
			} else {
				errs = append(errs, refuseRunning(container, at)...)
			}
			if names[container.Name] && container.Name != "" {
				errs = append(errs, field.Duplicate(at.Child("name"), container.Name))
			}
			names[container.Name] = true
		}
	}
	return append(errs, validateHostPorts(spec.Containers, path.Child("containers"))...)
}

// validateContainer validates what containers of all sorts have.
func validateContainer(container corev1.Container, pod Pod, path *field.Path) field.ErrorList {
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
	errs = append(errs, oneOf(container.TerminationMessagePolicy, path.Child("terminationMessagePolicy"), corev1.TerminationMessageReadFile, corev1.TerminationMessageFallbackToLogsOnError)...)
	errs = append(errs, validateContainerPorts(container.Ports, pod, path.Child("ports"))...)
	for i, env := range container.Env {
		errs = append(errs, ValidateEnv(env, pod, path.Child("env").Index(i))...)
	}
	for i, source := range container.EnvFrom {
		errs = append(errs, validateEnvFrom(source, path.Child("envFrom").Index(i))...)
	}
	errs = append(errs, validateResizePolicy(container.ResizePolicy, path.Child("resizePolicy"))...)
	return append(errs, ValidateResources(container.Resources, pod, path.Child("resources"))...)
}

// validateRunning validates what only containers have that run as long as the pod.
func validateRunning(container corev1.Container, pod Pod, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if lifecycle := container.Lifecycle; lifecycle != nil {
		errs = append(errs, validateHook(lifecycle.PostStart, pod, path.Child("lifecycle", "postStart"))...)
		errs = append(errs, validateHook(lifecycle.PreStop, pod, path.Child("lifecycle", "preStop"))...)
	}
	errs = append(errs, ValidateProbe(container.LivenessProbe, OnlyOneSuccess, path.Child("livenessProbe"))...)
	errs = append(errs, ValidateProbe(container.ReadinessProbe, AnySuccesses, path.Child("readinessProbe"))...)
	return append(errs, ValidateProbe(container.StartupProbe, OnlyOneSuccess, path.Child("startupProbe"))...)
}

// refuseRunning refuses that in a container that runs before the others.
func refuseRunning(container corev1.Container, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for _, part := range []struct {
		name  string
		given bool
	}{
		{"lifecycle", container.Lifecycle != nil},
		{"livenessProbe", container.LivenessProbe != nil},
		{"readinessProbe", container.ReadinessProbe != nil},
		{"startupProbe", container.StartupProbe != nil},
	} {
		if part.given {
			errs = append(errs, field.Forbidden(path.Child(part.name), "an init container has none, unless its restartPolicy is Always"))
		}
	}
	return errs
}

func validateContainerPorts(ports []corev1.ContainerPort, pod Pod, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	names := map[string]bool{}
	for i, port := range ports {
		at := path.Index(i)
		errs = append(errs, ValidatePort(port.ContainerPort, at.Child("containerPort"))...)
		errs = append(errs, oneOf(port.Protocol, at.Child("protocol"), protocols...)...)
		if port.HostPort != 0 {
			errs = append(errs, ValidatePort(port.HostPort, at.Child("hostPort"))...)
			if pod.hostNetwork && port.HostPort != port.ContainerPort {
				errs = append(errs, field.Invalid(at.Child("hostPort"), port.HostPort, fmt.Sprintf("must be that of containerPort, %d, where hostNetwork is true", port.ContainerPort)))
			}
		}
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

var protocols = []corev1.Protocol{corev1.ProtocolTCP, corev1.ProtocolUDP, corev1.ProtocolSCTP}

// validateHostPorts refuses a port of the node that two containers want.
func validateHostPorts(containers []corev1.Container, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	taken := map[string]bool{}
	for i, container := range containers {
		for j, port := range container.Ports {
			if port.HostPort == 0 {
				continue
			}
			if port.Protocol == "" {
				port.Protocol = corev1.ProtocolTCP
			}
			key := fmt.Sprintf("%s/%s/%d", port.Protocol, port.HostIP, port.HostPort)
			if taken[key] {
				errs = append(errs, field.Duplicate(path.Index(i).Child("ports").Index(j).Child("hostPort"), port.HostPort))
			}
			taken[key] = true
		}
	}
	return errs
}

func validateResizePolicy(policies []corev1.ContainerResizePolicy, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	seen := map[corev1.ResourceName]bool{}
	for i, policy := range policies {
		at := path.Index(i)
		if policy.ResourceName != corev1.ResourceCPU && policy.ResourceName != corev1.ResourceMemory {
			errs = append(errs, field.NotSupported(at.Child("resourceName"), policy.ResourceName, []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory}))
		}
		if policy.RestartPolicy != corev1.NotRequired && policy.RestartPolicy != corev1.RestartContainer {
			errs = append(errs, field.NotSupported(at.Child("restartPolicy"), policy.RestartPolicy, []corev1.ResourceResizeRestartPolicy{corev1.NotRequired, corev1.RestartContainer}))
		}
		if seen[policy.ResourceName] {
			errs = append(errs, field.Duplicate(at, policy.ResourceName))
		}
		seen[policy.ResourceName] = true
	}
	return errs
}

// exactlyOne wants one of several fields to be given.
func exactlyOne(path *field.Path, given map[string]bool) field.ErrorList {
	var found []string
	for name, isGiven := range given {
		if isGiven {
			found = append(found, name)
		}
	}
	if len(found) == 1 {
		return nil
	}
	detail := "must have exactly one of " + strings.Join(slices.Sorted(maps.Keys(given)), ", ")
	if len(found) == 0 {
		return field.ErrorList{field.Required(path, detail)}
	}
	slices.Sort(found)
	return field.ErrorList{field.Invalid(path, strings.Join(found, " and "), detail)}
}

func validatePortOrName(port intstr.IntOrString, path *field.Path) field.ErrorList {
	if port.Type == intstr.Int {
		return ValidatePort(port.IntVal, path)
	}
	return metadata.Invalid(path, port.StrVal, validation.IsValidPortName(port.StrVal))
}

// ValidatePort validates the number of a port.
func ValidatePort(port int32, path *field.Path) field.ErrorList {
	return metadata.Invalid(path, port, validation.IsValidPortNum(int(port)))
}
