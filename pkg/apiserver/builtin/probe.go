package builtin

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/failover-krm/failover/pkg/apiserver/metadata"
)

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
	errs = append(errs, validateActions(probe.Exec, probe.HTTPGet, probe.TCPSocket, path)...)
	if probe.GRPC != nil {
		errs = append(errs, ValidatePort(probe.GRPC.Port, path.Child("grpc", "port"))...)
	}
	for _, number := range []struct {
		name  string
		value int32
	}{
		{"initialDelaySeconds", probe.InitialDelaySeconds},
		{"timeoutSeconds", probe.TimeoutSeconds},
		{"periodSeconds", probe.PeriodSeconds},
		{"successThreshold", probe.SuccessThreshold},
		{"failureThreshold", probe.FailureThreshold},
	} {
		if number.value < 0 {
			errs = append(errs, field.Invalid(path.Child(number.name), number.value, "must not be negative"))
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

// validateHook validates what a container does after its start, or before its end.
func validateHook(hook *corev1.LifecycleHandler, pod Pod, path *field.Path) field.ErrorList {
	if hook == nil {
		return nil
	}
	errs := exactlyOne(path, map[string]bool{
		"exec": hook.Exec != nil, "httpGet": hook.HTTPGet != nil, "tcpSocket": hook.TCPSocket != nil, "sleep": hook.Sleep != nil,
	})
	if hook.Sleep != nil && (hook.Sleep.Seconds < 0 || hook.Sleep.Seconds > pod.gracePeriod) {
		errs = append(errs, field.Invalid(path.Child("sleep", "seconds"), hook.Sleep.Seconds, fmt.Sprintf("must be between 0 and terminationGracePeriodSeconds, %d", pod.gracePeriod)))
	}
	return append(errs, validateActions(hook.Exec, hook.HTTPGet, hook.TCPSocket, path)...)
}

// validateActions validates what a probe and a hook can do.
func validateActions(exec *corev1.ExecAction, httpGet *corev1.HTTPGetAction, tcpSocket *corev1.TCPSocketAction, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if exec != nil && len(exec.Command) == 0 {
		errs = append(errs, field.Required(path.Child("exec", "command"), "must be given"))
	}
	if httpGet != nil {
		at := path.Child("httpGet")
		errs = append(errs, validatePortOrName(httpGet.Port, at.Child("port"))...)
		errs = append(errs, oneOf(httpGet.Scheme, at.Child("scheme"), corev1.URISchemeHTTP, corev1.URISchemeHTTPS)...)
		for i, header := range httpGet.HTTPHeaders {
			errs = append(errs, metadata.Invalid(at.Child("httpHeaders").Index(i).Child("name"), header.Name, validation.IsHTTPHeaderName(header.Name))...)
		}
	}
	if tcpSocket != nil {
		errs = append(errs, validatePortOrName(tcpSocket.Port, path.Child("tcpSocket", "port"))...)
	}
	return errs
}
