package check

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	corev1 "k8s.io/api/core/v1"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/envoygateway"
	"github.com/failover-krm/failover/pkg/target"
)

// hostRules are about addresses, and the hostname that a tier is asked for.
var hostRules = []Rule{
	{
		ID: "bad-endpoint", Severity: diagnostic.Error,
		Summary: "The address of an endpoint cannot be that of a server: it means Envoy's own pod, or a group of hosts.",
		Explanation: "localhost.localdomain, every name under .localhost, and the address 0.0.0.0 lead Envoy to its own pod, where nothing serves the tier. No connection to a multicast address is possible. " +
			"Other loopback addresses, names without a dot, and port 0 are refused by Envoy Gateway, which is a separate error. It is a warning where the tier has other hosts.",
		Fix:        "Write the address of the tier. A Service of the cluster is NAME.NAMESPACE.svc.cluster.local.",
		ofFailover: badEndpoint,
	},
	{
		ID: "host-mismatch", Severity: diagnostic.Warning,
		Summary: "A standby outside the cluster gets the client's Host: no filter rewrites it.",
		Explanation: "Envoy sends every tier the hostname that the client asked for. A load balancer or gateway elsewhere that knows only its own hostname answers 404 or 421, at the moment when the standby is needed. " +
			"Where the active tier is outside the cluster as well, requests already show whether it accepts the client's Host, and the rule finds nothing.",
		Fix: "Let the standby serve the hostnames of the route too. Or rewrite the Host, with an HTTPRouteFilter of urlRewrite: {hostname: {type: Backend}} in the rule: each tier is then asked for its own hostname. " +
			"In a FailoverSpec that is hostRewrite: Backend.",
		ofFailover: hostMismatch,
	},
	{
		ID: "hc-host-wildcard", Severity: diagnostic.Warning,
		Summary: "An active HTTP check asks for a hostname with a wildcard.",
		Explanation: "The check's Host is healthCheck.active.http.hostname. If that is not set, it is the hostname of the endpoint (since Envoy Gateway 1.8), and otherwise the first hostname of the route in alphabetical order. For a route without hostnames it is `*`, and for a route with a wildcard the wildcard. " +
			"Many servers answer 400 or 404 to such a Host. Then no host of any tier is healthy, and Envoy sends the requests to all of them, the standby included.",
		Fix:        "Write healthCheck.active.http.hostname, or write hostnames without a wildcard into the route, or write the hostname of each endpoint next to its fqdn.",
		ofFailover: checkHostWildcard,
	},
}

func badEndpoint(f *failover) []finding {
	var findings []finding
	for _, backend := range f.weighted() {
		for _, host := range backend.Hosts {
			what := noServer(host)
			if what == "" || host.Object.Kind != "Backend" {
				continue
			}
			found := finding{
				source: host.Source, reason: fmt.Sprintf("%s is %s, so every connection to it fails", host.Address, what), advice: "write the address of the tier",
			}
			found.source.Path += map[envoygateway.AddressType]string{envoygateway.AddressTypeFQDN: ".fqdn.hostname", envoygateway.AddressTypeIP: ".ip.address"}[host.Type]
			if f.hasOtherHost(backend, func(other envoygateway.Host) bool { return noServer(other) != "" }) {
				found.severity = diagnostic.Warning
			}
			findings = append(findings, found)
		}
	}
	return findings
}

// noServer says what an address is that no server can have: names by RFC 6761 and by what
// distributions write into their hosts file.
func noServer(host envoygateway.Host) string {
	if host.Type == envoygateway.AddressTypeFQDN {
		if host.Address == "localhost.localdomain" || strings.HasSuffix(host.Address, ".localhost") {
			return "Envoy's own pod"
		}
		return ""
	}
	address, err := netip.ParseAddr(host.Address)
	switch {
	case err != nil:
		return ""
	case address.Unmap().IsUnspecified():
		return "Envoy's own pod"
	case address.Unmap().IsMulticast():
		return "a multicast address"
	default:
		return ""
	}
}

// isElsewhere tells whether a host is known to be outside the cluster, by its name.
func (f *failover) isElsewhere(host envoygateway.Host) bool {
	if host.Type != envoygateway.AddressTypeFQDN || envoygateway.IsClusterSet(host.Address) {
		return false // the other clusters of a set know the names of this one
	}
	if host.Service == nil {
		return true
	}
	known := f.decoded[*host.Service]
	if known == nil {
		return false
	}
	service, isService := known.object.(*corev1.Service)
	return isService && service.Spec.Type == corev1.ServiceTypeExternalName
}

func hostMismatch(f *failover) []finding {
	if f.at == nil || !f.isHTTP() || f.hostRewrite() != nil || !f.hasFallback() {
		return nil
	}
	var findings []finding
	for _, backend := range f.weighted() {
		for _, host := range backend.Hosts {
			switch {
			case !f.isElsewhere(host) || slices.Equal(f.at.Hostnames, []string{host.Address}):
				continue
			case !f.isFallback(backend):
				return nil // calm times show whether the client's Host is taken
			}
			source := host.Source
			source.Path += ".fqdn.hostname"
			findings = append(findings, finding{
				source: source,
				reason: fmt.Sprintf("%s is outside the cluster, and gets the client's Host (%s): if it knows only its own hostname, it answers 404 when it is needed", host.Address, namesOf(f.at.Hostnames)),
				advice: f.hostRewriteAdvice() + ", or let the standby serve the client's Host",
			})
			break
		}
	}
	return findings
}

// hostRewriteAdvice says how the Host is rewritten, in a FailoverSpec or in a route.
func (f *failover) hostRewriteAdvice() string {
	if f.decoded[f.route.Object].Origin != nil {
		return "write hostRewrite: Backend"
	}
	return "rewrite the Host by an HTTPRouteFilter with urlRewrite.hostname of type Backend"
}

// namesOf writes the hostnames that clients may ask for.
func namesOf(hostnames []string) string {
	if len(hostnames) == 0 || slices.Contains(hostnames, "*") {
		return "any"
	}
	return strings.Join(hostnames, ", ")
}

// weighted returns the backends that are in the cluster.
func (f *failover) weighted() []envoygateway.Backend {
	return slices.DeleteFunc(slices.Clone(f.rule.Backends), func(backend envoygateway.Backend) bool { return backend.Weight == 0 })
}

// httpRule returns the rule as an HTTPRoute has it, or nil.
func (f *failover) httpRule() *gwapiv1.HTTPRouteRule {
	object, isHTTPRoute := f.decoded[f.route.Object].object.(*gwapiv1.HTTPRoute)
	if !isHTTPRoute {
		return nil
	}
	if i := f.ruleIndex(); i >= 0 && i < len(object.Spec.Rules) {
		return &object.Spec.Rules[i]
	}
	return nil
}

// grpcRule returns the rule as a GRPCRoute has it, or nil.
func (f *failover) grpcRule() *gwapiv1.GRPCRouteRule {
	object, isGRPCRoute := f.decoded[f.route.Object].object.(*gwapiv1.GRPCRoute)
	if i := f.ruleIndex(); isGRPCRoute && i >= 0 && i < len(object.Spec.Rules) {
		return &object.Spec.Rules[i]
	}
	return nil
}

// ruleIndex is the place of the rule in its route.
func (f *failover) ruleIndex() int {
	return slices.IndexFunc(f.route.Rules, func(rule envoygateway.Rule) bool { return rule.Path == f.rule.Path })
}

// hostRewrite is what a filter of a rule makes of the Host: a fixed name, or another
// by type; neither is set for a filter that is not among the manifests.
type hostRewrite struct {
	name string
	by   egv1a1.HTTPHostnameModifierType
}

// extensions are the filters of a rule that other objects have, of an HTTPRoute or
// a GRPCRoute.
func (f *failover) extensions() []*gwapiv1.LocalObjectReference {
	var refs []*gwapiv1.LocalObjectReference
	if rule := f.httpRule(); rule != nil {
		for _, filter := range rule.Filters {
			refs = append(refs, filter.ExtensionRef)
		}
	}
	if rule := f.grpcRule(); rule != nil {
		for _, filter := range rule.Filters {
			refs = append(refs, filter.ExtensionRef)
		}
	}
	return slices.DeleteFunc(refs, func(ref *gwapiv1.LocalObjectReference) bool { return ref == nil })
}

// hostRewrite returns that of the rule, or nil.
func (f *failover) hostRewrite() *hostRewrite {
	if rule := f.httpRule(); rule != nil {
		for _, filter := range rule.Filters {
			if rewrite := filter.URLRewrite; rewrite != nil && rewrite.Hostname != nil {
				return &hostRewrite{name: string(*rewrite.Hostname)}
			}
		}
	}
	for _, ref := range f.extensions() {
		known := f.decoded[envoygateway.Object{Kind: string(ref.Kind), Namespace: f.route.Object.Namespace, Name: string(ref.Name)}]
		if known == nil {
			return &hostRewrite{} // it may be one
		}
		if object, isFilter := known.object.(*egv1a1.HTTPRouteFilter); isFilter && object.Spec.URLRewrite != nil && object.Spec.URLRewrite.Hostname != nil {
			return &hostRewrite{by: object.Spec.URLRewrite.Hostname.Type}
		}
	}
	return nil
}

func checkHostWildcard(f *failover) []finding {
	active := f.activeCheck()
	if active == nil || active.HTTP == nil || active.HTTP.Hostname != nil || !f.isHTTP() {
		return nil
	}
	// They are sorted, and Envoy Gateway takes the first: a wildcard, if there is one.
	if len(f.at.Hostnames) == 0 || !strings.HasPrefix(f.at.Hostnames[0], "*") || !f.asksRouteHostname() {
		return nil
	}
	return []finding{{
		source: f.policyField("spec.healthCheck.active.http", hasHealthCheck),
		reason: fmt.Sprintf("the check asks for Host %q, since it has no hostname of its own and takes the route's: a server that refuses that is taken out, in every tier", f.at.Hostnames[0]),
		advice: "write hostname",
		// A listener may have a hostname.
		unknown: f.decoded[f.at.Gateway] == nil,
	}}
}

// asksRouteHostname tells whether some endpoint has no hostname of its own for an
// active check.
func (f *failover) asksRouteHostname() bool {
	return slices.ContainsFunc(f.weighted(), func(backend envoygateway.Backend) bool {
		return slices.ContainsFunc(backend.Hosts, func(host envoygateway.Host) bool { return host.Hostname == "" || !f.has(target.EndpointCheckHost) })
	})
}
