package builtin

import (
	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/failover-krm/failover/pkg/apiserver/metadata"
)

// validateService validates a Service that was decoded strictly, or made in Go. It
// asks for a name that every Kubernetes takes: 1.36 lets it begin with a digit,
// those before do not.
func validateService(service *corev1.Service) field.ErrorList {
	errs := metadata.Validate(service.ObjectMeta, true, apivalidation.NameIsDNS1035Label)
	path := field.NewPath("spec")
	spec := service.Spec
	errs = append(errs, oneOf(spec.Type, path.Child("type"), corev1.ServiceTypeClusterIP, corev1.ServiceTypeNodePort, corev1.ServiceTypeLoadBalancer, corev1.ServiceTypeExternalName)...)
	errs = append(errs, metadata.ValidateLabels(spec.Selector, path.Child("selector"))...)
	if len(spec.Ports) == 0 && spec.Type != corev1.ServiceTypeExternalName && spec.ClusterIP != corev1.ClusterIPNone {
		errs = append(errs, required(path.Child("ports"), "must have a port")...)
	}
	if spec.Type == corev1.ServiceTypeExternalName {
		for _, detail := range validation.IsDNS1123Subdomain(spec.ExternalName) {
			errs = append(errs, field.Invalid(path.Child("externalName"), spec.ExternalName, detail))
		}
	}
	return append(errs, validateServicePorts(spec.Ports, path.Child("ports"))...)
}

func validateServicePorts(ports []corev1.ServicePort, path *field.Path) field.ErrorList {
	type key struct {
		protocol corev1.Protocol
		port     int32
	}
	var errs field.ErrorList
	names, keys := map[string]bool{}, map[key]bool{}
	for i, port := range ports {
		at := path.Index(i)
		errs = append(errs, ValidatePort(port.Port, at.Child("port"))...)
		errs = append(errs, oneOf(port.Protocol, at.Child("protocol"), corev1.ProtocolTCP, corev1.ProtocolUDP, corev1.ProtocolSCTP)...)
		if port.TargetPort != (intstr.IntOrString{}) { // which is the port then
			errs = append(errs, validatePortOrName(port.TargetPort, at.Child("targetPort"))...)
		}
		switch {
		case port.Name == "" && len(ports) > 1:
			errs = append(errs, required(at.Child("name"), "must be given where there are several ports")...)
		case port.Name != "":
			errs = append(errs, metadata.Invalid(at.Child("name"), port.Name, validation.IsDNS1123Label(port.Name))...)
		}
		if names[port.Name] && port.Name != "" {
			errs = append(errs, field.Duplicate(at.Child("name"), port.Name))
		}
		names[port.Name] = true
		protocol := port.Protocol
		if protocol == "" {
			protocol = corev1.ProtocolTCP
		}
		if keys[key{protocol, port.Port}] {
			errs = append(errs, field.Duplicate(at, field.OmitValueType{}))
		}
		keys[key{protocol, port.Port}] = true
	}
	return errs
}
