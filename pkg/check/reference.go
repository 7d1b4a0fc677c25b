package check

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/envoygateway"
)

// referenceRules are about what a failover refers to.
var referenceRules = []Rule{
	{
		ID: "route-not-served", Severity: diagnostic.Error,
		Summary:     "No listener of a Gateway serves the rule.",
		Explanation: "Envoy never gets the rule: its requests are answered 404, or by another route.",
		Fix:         "Make the route's parentRefs, hostnames and namespace fit a listener of the Gateway, or the listener fit them.",
		ofFailover:  routeNotServed,
	},
	{
		ID: "unresolvable-ref", Severity: diagnostic.Error,
		Summary: "A route refers to an object that is not there, that no ReferenceGrant permits, or that has nothing behind it.",
		Explanation: "Envoy Gateway leaves the backend out. Its share of the traffic, by weight, is answered 500, or 503 where it merely has no endpoints: " +
			"the backends that are left do not take over for it. ResolvedRefs of the route is False.",
		Fix: "Add the object, or put the reference right. A Backend in another namespace needs a ReferenceGrant there, from the kind and namespace of the route. " +
			"What is not in the files may be in the cluster: the finding is information then. With --complete, it is an error.",
		ofFailover: unresolvableRef,
	},
	{
		ID: RuleFQDNWithoutService, Severity: diagnostic.Warning,
		Summary: "A Backend has the hostname of a Service, such as shop.web.svc.cluster.local, that is not in the files.",
		Explanation: "Envoy resolves the hostname to nothing, and the tier has no endpoint. It happens where Services are renamed or moved after the Backends were " +
			"rendered (namePrefix:, namespace:, set-namespace): no tool knows that a Backend's hostname is made of a Service's name and namespace. " +
			"It is a warning where a Service of the files looks like the renamed one, else information: the Service may be in the cluster already.",
		Fix: "Render again with the Service's new name and namespace, or put the hostname right.",
	},
	{
		ID: "service-port-missing", Severity: diagnostic.Error,
		Summary:     "A Backend has the hostname of a Service, and a port that the Service does not have.",
		Explanation: "The name of a Service is its ClusterIP, which answers on the ports of the Service only. Every connection to the tier fails. The name of a headless Service stands for the pods themselves, and their ports.",
		Fix:         "Write the port of the Service into the endpoint of the Backend.",
		ofFailover:  servicePortMissing,
	},
}

// routeNotServed is about a route that no listener takes.
func routeNotServed(f *failover) []finding {
	if refused := f.rule.Refused; refused != nil {
		return []finding{{source: refused.Source, reason: "Envoy Gateway drops the rule: " + refused.Message}}
	}
	if f.at != nil {
		return nil
	}
	if len(f.route.Parents) == 0 {
		source := envoygateway.Source{Object: f.route.Object, Path: "spec.parentRefs"}
		return []finding{{source: source, reason: "the route has no parentRefs, so no Gateway serves it", advice: "name the Gateway"}}
	}
	var findings []finding
	for _, parent := range f.route.Parents {
		if !isAnothers(parent) {
			findings = append(findings, finding{
				source: parent.Source, reason: fmt.Sprintf("%s does not serve the route: %s", parent.Gateway, parent.Message),
				// The labels of a namespace may be what decides.
				unknown: f.index.lacksNamespace,
			})
		}
	}
	return findings
}

// unresolvableRef is about references of the rule and its route.
func unresolvableRef(f *failover) []finding {
	var findings []finding
	var missing []envoygateway.Source
	for _, reference := range f.index.missing[f.route.Object] {
		isParent := strings.HasPrefix(reference.Path, "spec.parentRefs")
		if !isParent && !isWithin(reference.Path, f.rule.Path) {
			continue
		}
		missing = append(missing, reference.Source)
		reason := fmt.Sprintf("%s is not in these files", reference.To)
		advice := "it must be in the cluster, or its share of the requests is answered 500"
		if isParent {
			advice = "it must be in the cluster, and its listeners take the route"
		}
		if f.decoded[reference.To] != nil {
			continue // refused, which is an error of its own
		}
		if likely := f.likelyFallback(reference.To); likely != "" {
			advice += fmt.Sprintf(" (did you mean %s?)", likely)
		}
		findings = append(findings, finding{source: reference.Source, reason: reason, advice: advice, unknown: true})
	}
	if f.at == nil {
		return findings
	}
	for _, cause := range f.at.Causes {
		if slices.Contains(missing, cause.Source) || isSplit(cause.Reason) || cause.Reason == envoygateway.ReasonNoWeight {
			continue
		}
		findings = append(findings, finding{
			source: cause.Source, reason: cause.Message + ", so its share of the requests is answered with an error",
			// The grant may be in the files of those whose Backend it is.
			unknown: cause.Reason == envoygateway.ReasonRefNotPermitted,
		})
	}
	return findings
}

func isWithin(path, above string) bool { return path == above || strings.HasPrefix(path, above+".") }

// isSplit tells whether a reason is one of the rules that are about splits.
func isSplit(reason envoygateway.Reason) bool {
	switch reason {
	case envoygateway.ReasonFilters, envoygateway.ReasonMixedAddressTypes, envoygateway.ReasonZoneAware,
		envoygateway.ReasonPreferLocal, envoygateway.ReasonMixedProtocols, envoygateway.ReasonMixedAutoSNI:
		return true
	default:
		return false
	}
}

// servicePortMissing is about the ports of the Services behind hostnames.
func servicePortMissing(f *failover) []finding {
	var findings []finding
	for _, backend := range f.rule.Backends {
		for _, host := range backend.Hosts {
			if host.Type != envoygateway.AddressTypeFQDN || host.Service == nil || f.decoded[*host.Service] == nil {
				continue
			}
			service, isService := f.decoded[*host.Service].object.(*corev1.Service)
			hasPort := func(port corev1.ServicePort) bool { return uint32(port.Port) == host.Port }
			if !isService || service.Spec.ClusterIP == corev1.ClusterIPNone || service.Spec.Type == corev1.ServiceTypeExternalName || slices.ContainsFunc(service.Spec.Ports, hasPort) {
				continue
			}
			source := host.Source
			source.Path += ".fqdn.port"
			findings = append(findings, finding{source: source, reason: fmt.Sprintf("%s has no port %d, so every connection to %s fails", host.Service, host.Port, backend.Ref), advice: "write " + portsOf(service)})
		}
	}
	return findings
}

// portsOf writes the ports of a Service as a sentence does.
func portsOf(service *corev1.Service) string {
	var ports []string
	for _, port := range service.Spec.Ports {
		ports = append(ports, fmt.Sprint(port.Port))
	}
	return strings.Join(ports, " or ")
}
