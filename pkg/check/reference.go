package check

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/envoygateway"
)

// referenceRules are about what a failover refers to.
var referenceRules = []Rule{
	{
		ID: "route-not-served", Severity: diagnostic.Error,
		Summary:     "No listener of a Gateway serves the rule.",
		Explanation: "Envoy never gets the rule: its requests are answered 404, or by another route.",
		Fix:         "Make the route's parentRefs, hostnames and namespace fit a listener of the Gateway, or make the listener fit them.",
		ofFailover:  routeNotServed,
	},
	{
		ID: "shadowed-rule", Severity: diagnostic.Error,
		Summary: "Another rule of the same Gateway has the same hostname and the same match.",
		Explanation: "Envoy takes the first rule that matches, and the other one never gets a request. Envoy Gateway puts the rule of the older route first, and " +
			"of two rules of one route the first one. No status says so. The files do not say which route is older: then the finding is a warning, and with --complete an error. It is also a warning where the rule has other requests of its own.",
		Fix:        "Give each route a hostname or a match of its own, or put the backends into one rule.",
		ofFailover: shadowedRule,
	},
	{
		ID: "unresolvable-ref", Severity: diagnostic.Error,
		Summary: "A route refers to an object that is not there, that no ReferenceGrant permits, or that has no endpoints.",
		Explanation: "Envoy Gateway leaves the backend out. Its share of the traffic, by weight, is answered 500, or 503 where it merely has no endpoints: " +
			"the other backends do not take over its share. ResolvedRefs of the route is False.",
		Fix: "Add the object, or correct the reference. A Backend in another namespace needs a ReferenceGrant there, from the kind and namespace of the route. " +
			"An object that is not in the files may be in the cluster: then the finding is information. With --complete, it is an error. " +
			"A ListenerSet or a ServiceImport is not read, even where it is in the files: the verdict is unknown.",
		ofFailover: unresolvableRef,
	},
	{
		ID: RuleFQDNWithoutService, Severity: diagnostic.Warning,
		Summary: "A Backend has the hostname of a Service, such as shop.web.svc.cluster.local, that is not in the files.",
		Explanation: "Envoy resolves the hostname to nothing, and the tier has no endpoint. It happens where Services are renamed or moved after the Backends were " +
			"rendered (namePrefix:, namespace:, set-namespace): no tool knows that a Backend's hostname is made of a Service's name and namespace. " +
			"It is a warning where a Service of the files looks like the renamed one, and otherwise information: the Service may be in the cluster already.",
		Fix: "Render again with the Service's new name and namespace, or correct the hostname.",
	},
	{
		ID: "service-port-missing", Severity: diagnostic.Error,
		Summary:     "A Backend has the hostname of a Service, and a port that the Service does not have.",
		Explanation: "The name of a Service leads to its ClusterIP, which answers only on the ports of the Service. Every connection to the tier fails. The name of a headless Service stands for the pods themselves, and their ports.",
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
	lacksGrant := func(listener envoygateway.Listener) bool {
		return listener.Refused != nil && listener.Refused.Reason == envoygateway.ReasonRefNotPermitted
	}
	var findings []finding
	for _, parent := range f.route.Parents {
		if !isAnothers(parent) {
			// The labels of a namespace may be what decides, and the grant for a certificate
			// may be in the files of those whose it is.
			isOurs := func(listener envoygateway.Listener) bool {
				return listener.Object == parent.Gateway && lacksGrant(listener)
			}
			isUnknown := f.index.lacksNamespace || parent.Reason == envoygateway.ReasonListenerNotReady && slices.ContainsFunc(f.result.Listeners, isOurs)
			findings = append(findings, finding{
				source: parent.Source, reason: fmt.Sprintf("%s does not serve the route: %s", parent.Gateway, parent.Message),
				unknown: isUnknown,
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
			advice = "it must be in the cluster, and its listeners must accept the route"
		}
		if f.decoded[reference.To] != nil {
			continue // refused, which is an error of its own
		}
		if f.hasNoWeight(reference.Path) {
			findings = append(findings, finding{source: reference.Source, severity: diagnostic.Info, reason: reason, advice: "it has weight 0, so no request goes to it"})
			continue
		}
		if likely := f.likelyFallback(reference.To); likely != "" {
			advice += fmt.Sprintf(" (did you mean %s?)", likely)
		}
		findings = append(findings, finding{source: reference.Source, reason: reason, advice: advice, unknown: true})
	}
	const unreadAdvice = "failover does not know this kind, so the verdict depends on what is in it"
	for _, parent := range f.route.Parents {
		if parent.Reason == envoygateway.ReasonNotRead {
			findings = append(findings, finding{source: parent.Source, reason: parent.Message, advice: unreadAdvice, isUnread: true})
		}
	}
	if f.at == nil {
		return findings
	}
	for _, cause := range f.at.Causes {
		if cause.Reason == envoygateway.ReasonNotRead {
			findings = append(findings, finding{source: cause.Source, reason: cause.Message, advice: unreadAdvice, isUnread: true})
			continue
		}
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

// hasNoWeight tells whether a path is that of a backendRef to which no request goes.
func (f *failover) hasNoWeight(path string) bool {
	return slices.ContainsFunc(f.rule.Backends, func(backend envoygateway.Backend) bool { return backend.Path == path && backend.Weight == 0 })
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

// request is what decides which rule Envoy takes: rules that have one in common get
// the same requests.
type request struct {
	gateway                         envoygateway.Object
	listener, kind, hostname, match string
}

// requestsOf returns the requests for a rule of a route on a listener.
func (s *set) requestsOf(route *envoygateway.Route, index int, at *envoygateway.Attachment) []request {
	listener := s.listenerOf(route, at)
	matches := s.matchesOf(route.Object, index)
	var requests []request
	for _, hostname := range at.Hostnames {
		for _, match := range matches {
			requests = append(requests, request{at.Gateway, listener, route.Object.Kind, strings.ToLower(hostname), match})
		}
	}
	return requests
}

// listenerOf names the listener. Of a Gateway that is not among the manifests, only
// what the parentRefs ask for is known, and the Gateway that another directory means
// may be another cluster's.
func (s *set) listenerOf(route *envoygateway.Route, at *envoygateway.Attachment) string {
	known := s.decoded[route.Object]
	if at.Listener != "" || known == nil {
		return at.Listener
	}
	asked := []string{known.directory()}
	for _, parent := range route.Parents {
		if parent.Gateway == at.Gateway {
			asked = append(asked, fmt.Sprint(parent.SectionName, parent.Port))
		}
	}
	slices.Sort(asked[1:])
	return strings.Join(asked, ", ")
}

// firstRules returns the rule that Envoy Gateway puts first for each request.
func (s *set) firstRules() map[request]envoygateway.Source {
	if s.first == nil {
		s.first = map[request]envoygateway.Source{}
		for i := range s.result.Routes {
			route := &s.result.Routes[i]
			for j := range route.Rules {
				rule := &route.Rules[j]
				for k := range rule.Attachments {
					for _, request := range s.requestsOf(route, j, &rule.Attachments[k]) {
						if _, taken := s.first[request]; !taken {
							s.first[request] = rule.Source
						}
					}
				}
			}
		}
	}
	return s.first
}

// matchesOf returns the matches of a rule of an HTTPRoute or GRPCRoute as texts. A
// filter of Envoy Gateway may match cookies, so that it is a part of them.
func (s *set) matchesOf(route envoygateway.Object, index int) []string {
	var matches []string
	add := func(parts ...any) {
		text, _ := json.Marshal(parts) // plain values
		matches = append(matches, string(text))
	}
	known := s.decoded[route]
	if known == nil {
		return nil
	}
	switch object := known.object.(type) {
	case *gwapiv1.HTTPRoute:
		var filters []any
		for _, filter := range object.Spec.Rules[index].Filters {
			if filter.ExtensionRef != nil {
				filters = append(filters, filter.ExtensionRef)
			}
		}
		for _, match := range object.Spec.Rules[index].Matches {
			add(match, filters)
		}
		if len(matches) == 0 {
			add(filters)
		}
	case *gwapiv1.GRPCRoute:
		for _, match := range object.Spec.Rules[index].Matches {
			add(match)
		}
		if len(matches) == 0 {
			add()
		}
	}
	return matches
}

func shadowedRule(f *failover) []finding {
	if f.at == nil || f.rule.Refused != nil {
		return nil
	}
	requests := f.requestsOf(f.route, f.ruleIndex(), f.at)
	taken := slices.DeleteFunc(slices.Clone(requests), func(r request) bool { return f.firstRules()[r] == f.rule.Source })
	if len(taken) == 0 {
		return nil
	}
	first, hostname := f.firstRules()[taken[0]], taken[0].hostname
	found := finding{source: f.rule.Source, advice: "give each a hostname or a match of its own"}
	if i := slices.Index(f.routeHostnames(), gwapiv1.Hostname(hostname)); i >= 0 {
		found.source.Path = fmt.Sprintf("spec.hostnames[%d]", i)
	}
	switch {
	case len(taken) < len(requests):
		found.severity = diagnostic.Warning
		found.reason = fmt.Sprintf("%s of %s has a hostname (%s) and a match of this rule too, and only one of the two gets these requests", first.Path, first.Object, hostname)
	case first.Object == f.route.Object:
		found.reason = first.Path + " has the same match, so this rule never gets a request"
	default:
		found.unknown, found.likely = true, true
		found.reason = fmt.Sprintf("%s of %s has the same hostname (%s) and match, and only one of the two gets requests: that of the older route", first.Path, first.Object, hostname)
	}
	return []finding{found}
}
