package builtin

import (
	"fmt"
	"net/netip"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/failover-krm/failover/pkg/apiserver/metadata"
)

// maxAffinitySeconds is the longest time that a client may stay with a pod: a day.
const maxAffinitySeconds = 86400

// validateService validates a Service that has the form of its schema. It
// asks for a name that every Kubernetes takes: 1.36 lets it begin with a digit,
// those before do not.
func validateService(service *corev1.Service) field.ErrorList {
	errs := metadata.Validate(service.ObjectMeta, true, apivalidation.NameIsDNS1035Label)
	path := field.NewPath("spec")
	spec := service.Spec
	if spec.Type == "" {
		spec.Type = corev1.ServiceTypeClusterIP
	}
	errs = append(errs, oneOf(spec.Type, path.Child("type"), corev1.ServiceTypeClusterIP, corev1.ServiceTypeNodePort, corev1.ServiceTypeLoadBalancer, corev1.ServiceTypeExternalName)...)
	errs = append(errs, metadata.ValidateLabels(spec.Selector, path.Child("selector"))...)
	if len(spec.Ports) == 0 && spec.Type != corev1.ServiceTypeExternalName && !isHeadless(spec) {
		errs = append(errs, required(path.Child("ports"), "must have a port")...)
	}
	if spec.Type == corev1.ServiceTypeExternalName {
		errs = append(errs, validateExternalName(spec, path)...)
	} else {
		errs = append(errs, validateClusterIPs(spec, path)...)
	}
	errs = append(errs, validateAffinity(spec, path)...)
	errs = append(errs, validateTraffic(spec, path)...)
	errs = append(errs, validateLoadBalancer(spec, path)...)
	for i, ip := range spec.ExternalIPs {
		errs = append(errs, validateExternalIP(ip, path.Child("externalIPs").Index(i))...)
	}
	return append(errs, validateServicePorts(spec, path.Child("ports"))...)
}

// isHeadless tells whether a Service has no address of its own.
func isHeadless(spec corev1.ServiceSpec) bool { return spec.ClusterIP == corev1.ClusterIPNone }

// validateExternalName wants a DNS name, and nothing about addresses.
func validateExternalName(spec corev1.ServiceSpec, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if name := strings.TrimSuffix(spec.ExternalName, "."); name == "" {
		errs = required(path.Child("externalName"), "must be given where type is ExternalName")
	} else {
		errs = metadata.Invalid(path.Child("externalName"), spec.ExternalName, validation.IsDNS1123Subdomain(name))
	}
	for _, part := range []struct {
		name  string
		given bool
	}{
		{"clusterIP", spec.ClusterIP != ""},
		{"clusterIPs", len(spec.ClusterIPs) > 0},
		{"ipFamilies", len(spec.IPFamilies) > 0},
		{"ipFamilyPolicy", spec.IPFamilyPolicy != nil},
	} {
		if part.given {
			errs = append(errs, field.Forbidden(path.Child(part.name), "a Service of type ExternalName has no address: remove it"))
		}
	}
	return errs
}

func validateClusterIPs(spec corev1.ServiceSpec, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if isHeadless(spec) && (spec.Type == corev1.ServiceTypeLoadBalancer || spec.Type == corev1.ServiceTypeNodePort) {
		errs = append(errs, field.Invalid(path.Child("clusterIP"), spec.ClusterIP, fmt.Sprintf("must not be None where type is %s", spec.Type)))
	}
	ips, at := spec.ClusterIPs, path.Child("clusterIPs")
	switch {
	case len(ips) == 0 && spec.ClusterIP != "": // which becomes the one of the list
		ips = []string{spec.ClusterIP}
		at = path.Child("clusterIP")
	case len(ips) > 0 && spec.ClusterIP == "":
		errs = append(errs, field.Required(path.Child("clusterIP"), "must be the first of clusterIPs, where they are given"))
	case len(ips) > 0 && ips[0] != spec.ClusterIP:
		errs = append(errs, field.Invalid(path.Child("clusterIP"), spec.ClusterIP, "must be the first of clusterIPs"))
	}
	errs = append(errs, validateIPFamilies(spec, path)...)
	if len(ips) == 1 && ips[0] == corev1.ClusterIPNone {
		return errs
	}
	var addressErrs field.ErrorList
	families := map[corev1.IPFamily]bool{}
	for i, ip := range ips {
		at := at
		if len(spec.ClusterIPs) > 0 {
			at = at.Index(i)
		}
		faults := validation.IsValidIPForLegacyField(at, ip, true, nil)
		addressErrs = append(addressErrs, faults...)
		if len(faults) > 0 {
			continue
		}
		family := familyOf(ip)
		if families[family] {
			addressErrs = append(addressErrs, field.Invalid(at, ip, "must not be a second address of "+string(family)))
		}
		families[family] = true
		if i < len(spec.IPFamilies) && family != spec.IPFamilies[i] {
			addressErrs = append(addressErrs, field.Invalid(at, ip, fmt.Sprintf("must be an address of %s, as ipFamilies says", spec.IPFamilies[i])))
		}
	}
	return append(errs, addressErrs...)
}

func validateIPFamilies(spec corev1.ServiceSpec, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	seen := map[corev1.IPFamily]bool{}
	for i, family := range spec.IPFamilies {
		at := path.Child("ipFamilies").Index(i)
		if family != corev1.IPv4Protocol && family != corev1.IPv6Protocol {
			errs = append(errs, field.NotSupported(at, family, []corev1.IPFamily{corev1.IPv4Protocol, corev1.IPv6Protocol}))
		}
		if seen[family] {
			errs = append(errs, field.Duplicate(at, family))
		}
		seen[family] = true
	}
	policies := []corev1.IPFamilyPolicy{corev1.IPFamilyPolicySingleStack, corev1.IPFamilyPolicyPreferDualStack, corev1.IPFamilyPolicyRequireDualStack}
	return append(errs, wordOf(spec.IPFamilyPolicy, path.Child("ipFamilyPolicy"), policies...)...)
}

// wordOf wants a word that the API server knows, where one is given, be it empty.
func wordOf[T ~string](value *T, path *field.Path, words ...T) field.ErrorList {
	if value != nil && *value == "" {
		return field.ErrorList{field.NotSupported(path, *value, words)}
	}
	if value == nil {
		return nil
	}
	return oneOf(*value, path, words...)
}

func familyOf(ip string) corev1.IPFamily {
	if address, err := netip.ParseAddr(ip); err == nil && address.Is4() {
		return corev1.IPv4Protocol
	}
	return corev1.IPv6Protocol
}

func validateAffinity(spec corev1.ServiceSpec, path *field.Path) field.ErrorList {
	errs := oneOf(spec.SessionAffinity, path.Child("sessionAffinity"), corev1.ServiceAffinityClientIP, corev1.ServiceAffinityNone)
	config := spec.SessionAffinityConfig
	if spec.SessionAffinity != corev1.ServiceAffinityClientIP || config == nil || config.ClientIP == nil || config.ClientIP.TimeoutSeconds == nil {
		return errs // a configuration that is not for the type is dropped
	}
	if seconds := *config.ClientIP.TimeoutSeconds; seconds <= 0 || seconds > maxAffinitySeconds {
		errs = append(errs, field.Invalid(path.Child("sessionAffinityConfig", "clientIP", "timeoutSeconds"), seconds, fmt.Sprintf("must be between 1 and %d, inclusive", maxAffinitySeconds)))
	}
	return errs
}

// validateTraffic validates to which pods the traffic goes.
func validateTraffic(spec corev1.ServiceSpec, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	at := path.Child("externalTrafficPolicy")
	isExternal := spec.Type == corev1.ServiceTypeLoadBalancer || spec.Type == corev1.ServiceTypeNodePort ||
		spec.Type == corev1.ServiceTypeClusterIP && len(spec.ExternalIPs) > 0
	if spec.ExternalTrafficPolicy != "" && !isExternal {
		errs = append(errs, field.Forbidden(at, "is for a Service that is reached from outside: of type LoadBalancer or NodePort, or with externalIPs"))
	} else {
		errs = append(errs, oneOf(spec.ExternalTrafficPolicy, at, corev1.ServiceExternalTrafficPolicyCluster, corev1.ServiceExternalTrafficPolicyLocal)...)
	}
	if port := spec.HealthCheckNodePort; port != 0 {
		at := path.Child("healthCheckNodePort")
		if spec.Type != corev1.ServiceTypeLoadBalancer || spec.ExternalTrafficPolicy != corev1.ServiceExternalTrafficPolicyLocal {
			errs = append(errs, field.Forbidden(at, "is for type LoadBalancer with externalTrafficPolicy Local"))
		} else {
			errs = append(errs, ValidatePort(port, at)...)
		}
	}
	errs = append(errs, wordOf(spec.InternalTrafficPolicy, path.Child("internalTrafficPolicy"), corev1.ServiceInternalTrafficPolicyCluster, corev1.ServiceInternalTrafficPolicyLocal)...)
	return append(errs, wordOf(spec.TrafficDistribution, path.Child("trafficDistribution"), corev1.ServiceTrafficDistributionPreferClose, corev1.ServiceTrafficDistributionPreferSameZone, corev1.ServiceTrafficDistributionPreferSameNode)...)
}

func validateLoadBalancer(spec corev1.ServiceSpec, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if spec.Type != corev1.ServiceTypeLoadBalancer {
		for _, part := range []struct {
			name  string
			given bool
		}{
			{"loadBalancerSourceRanges", len(spec.LoadBalancerSourceRanges) > 0},
			{"allocateLoadBalancerNodePorts", spec.AllocateLoadBalancerNodePorts != nil},
			{"loadBalancerClass", spec.LoadBalancerClass != nil},
		} {
			if part.given {
				errs = append(errs, field.Forbidden(path.Child(part.name), "is for type LoadBalancer"))
			}
		}
		return errs
	}
	for i, cidr := range spec.LoadBalancerSourceRanges {
		errs = append(errs, validation.IsValidCIDRForLegacyField(path.Child("loadBalancerSourceRanges").Index(i), strings.TrimSpace(cidr), true, nil)...)
	}
	if class := spec.LoadBalancerClass; class != nil {
		errs = append(errs, metadata.Invalid(path.Child("loadBalancerClass"), *class, validation.IsQualifiedName(*class))...)
	}
	return errs
}

// validateExternalIP wants an address that traffic can come to.
func validateExternalIP(ip string, path *field.Path) field.ErrorList {
	if errs := validation.IsValidIPForLegacyField(path, ip, true, nil); len(errs) > 0 {
		return errs
	}
	address, err := netip.ParseAddr(ip)
	if err == nil && (address.IsUnspecified() || address.IsLoopback() || address.IsLinkLocalUnicast() || address.IsLinkLocalMulticast()) {
		return field.ErrorList{field.Invalid(path, ip, "must not be an unspecified, loopback or link-local address")}
	}
	return nil
}

func validateServicePorts(spec corev1.ServiceSpec, path *field.Path) field.ErrorList {
	type key struct {
		protocol corev1.Protocol
		port     int32
	}
	var errs field.ErrorList
	names, ports, nodePorts := map[string]bool{}, map[key]bool{}, map[key]bool{}
	for i, port := range spec.Ports {
		at := path.Index(i)
		errs = append(errs, validateServicePort(port, at)...)
		if port.Name == "" && len(spec.Ports) > 1 {
			errs = append(errs, required(at.Child("name"), "must be given where there are several ports")...)
		}
		if names[port.Name] && port.Name != "" {
			errs = append(errs, field.Duplicate(at.Child("name"), port.Name))
		}
		names[port.Name] = true
		protocol := port.Protocol
		if protocol == "" {
			protocol = corev1.ProtocolTCP
		}
		if ports[key{protocol, port.Port}] {
			errs = append(errs, field.Duplicate(at, fmt.Sprintf("port %d of %s", port.Port, protocol)))
		}
		ports[key{protocol, port.Port}] = true
		switch {
		case port.NodePort == 0:
			continue
		case spec.Type == corev1.ServiceTypeClusterIP:
			errs = append(errs, field.Forbidden(at.Child("nodePort"), "is for type NodePort or LoadBalancer"))
		case nodePorts[key{protocol, port.NodePort}]:
			errs = append(errs, field.Duplicate(at.Child("nodePort"), port.NodePort))
		case spec.Type != corev1.ServiceTypeExternalName: // which of them are free is up to the cluster
			errs = append(errs, ValidatePort(port.NodePort, at.Child("nodePort"))...)
		}
		nodePorts[key{protocol, port.NodePort}] = true
	}
	return errs
}

func validateServicePort(port corev1.ServicePort, path *field.Path) field.ErrorList {
	errs := ValidatePort(port.Port, path.Child("port"))
	errs = append(errs, oneOf(port.Protocol, path.Child("protocol"), protocols...)...)
	if port.TargetPort != (intstr.IntOrString{}) && port.TargetPort != intstr.FromString("") { // which is the port then
		errs = append(errs, validatePortOrName(port.TargetPort, path.Child("targetPort"))...)
	}
	if port.Name != "" {
		errs = append(errs, metadata.Invalid(path.Child("name"), port.Name, validation.IsDNS1123Label(port.Name))...)
	}
	if port.AppProtocol != nil {
		errs = append(errs, metadata.Invalid(path.Child("appProtocol"), *port.AppProtocol, validation.IsQualifiedName(*port.AppProtocol))...)
	}
	return errs
}
