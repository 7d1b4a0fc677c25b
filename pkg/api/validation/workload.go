package validation

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	"github.com/failover-krm/failover/pkg/apiserver/builtin"
)

// validateWorkload asks for what the API server would ask of the Deployment.
func validateWorkload(workload v1alpha1.Workload, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if strings.ContainsAny(workload.Image, " \t\n\r") {
		errs = append(errs, field.Invalid(path.Child("image"), workload.Image, "must be the name of an image, without spaces"))
	}
	errs = append(errs, builtin.ValidatePort(workload.Port, path.Child("port"))...)
	for i, env := range workload.Env {
		errs = append(errs, builtin.ValidateEnv(env, builtin.Pod{}, path.Child("env").Index(i))...)
	}
	errs = append(errs, builtin.ValidateResources(workload.Resources, builtin.Pod{}, path.Child("resources"))...)
	errs = append(errs, validateProbe(workload.LivenessProbe, builtin.OnlyOneSuccess, path.Child("livenessProbe"))...)
	errs = append(errs, validateProbe(workload.ReadinessProbe, builtin.AnySuccesses, path.Child("readinessProbe"))...)
	return append(errs, validateProbe(workload.StartupProbe, builtin.OnlyOneSuccess, path.Child("startupProbe"))...)
}

// validateProbe refuses the name of a port too: the one port of the container
// has none.
func validateProbe(probe *corev1.Probe, oneSuccess bool, path *field.Path) field.ErrorList {
	errs := builtin.ValidateProbe(probe, oneSuccess, path)
	if probe == nil {
		return errs
	}
	if probe.HTTPGet != nil {
		errs = append(errs, refusePortName(probe.HTTPGet.Port, path.Child("httpGet", "port"))...)
	}
	if probe.TCPSocket != nil {
		errs = append(errs, refusePortName(probe.TCPSocket.Port, path.Child("tcpSocket", "port"))...)
	}
	return errs
}

func refusePortName(port intstr.IntOrString, path *field.Path) field.ErrorList {
	if port.Type == intstr.Int || len(validation.IsValidPortName(port.StrVal)) > 0 {
		return nil // said already, if it is wrong
	}
	return field.ErrorList{field.Invalid(path, port.StrVal, "must be a number: the container's port has no name")}
}
