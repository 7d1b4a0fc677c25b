package check

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"k8s.io/utils/ptr"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/envoygateway"
)

// placeRules are about where the hosts of a tier are.
var placeRules = []Rule{
	{
		ID: "same-place", Severity: diagnostic.Error,
		Summary: "Two hosts of a failover are the same server: in two tiers, twice in one, or as two ports of one Service.",
		Explanation: "Where both tiers are the same server, both are down at the same time. The address may be written in different ways: shop.web.svc is shop.web.svc.cluster.local, and 2001:db8::1 is 2001:0db8:0:0::1. " +
			"It is a warning where the standby has other hosts too, where a host is in one tier twice, so that there are fewer servers than hosts, " +
			"and for two ports of one Service: the same pods are behind both, and the failover helps only while one port of them is down.",
		Fix:        "Give each tier servers of its own.",
		Cost:       "20 of 20 requests were lost (tested with Envoy, without Envoy Gateway).",
		ofFailover: samePlace,
	},
	{
		ID: "own-hostname", Severity: diagnostic.Error,
		Summary: "A backend has a hostname that the route itself serves.",
		Explanation: "Where DNS answers with the Gateway's own address, a request to this backend comes back to the Gateway, which sends it there again. This loop ends when the request times out or " +
			"Envoy has no connections left. The answer of DNS is not in the files: the finding is a warning, and the verdict is unknown; with --complete, it is an error.",
		Fix:        "Write a hostname that leads only to the backend, such as the origin behind the public name.",
		ofFailover: ownHostname,
	},
	{
		ID: "bad-hostname", Severity: diagnostic.Error,
		Summary:     "A hostname can't be resolved, since a label of it has more than 63 characters.",
		Explanation: "DNS has no such name, so the tier has no host. It is a warning for a hostname of a route, which no client can ask for.",
		Fix:         "Correct the hostname.",
		ofFailover:  badHostname,
	},
}

// place is where a host answers: the same for all spellings of an address.
type place struct {
	address string
	port    uint32
}

// serviceDomain is what most clusters add to the name of a Service.
const serviceDomain = "cluster.local"

func placeOf(host envoygateway.Host) place {
	address := canonicalHostname(host.Address)
	switch ip, err := netip.ParseAddr(host.Address); {
	case err == nil:
		address = ip.Unmap().String()
	case host.Type == envoygateway.AddressTypePods:
		address = fmt.Sprintf("%s.%s.svc.%s", host.Service.Name, host.Service.Namespace, serviceDomain)
	case host.Service != nil && strings.Count(address, ".") == 2:
		address += "." + serviceDomain
	}
	return place{address, host.Port}
}

func canonicalHostname(hostname string) string {
	return strings.ToLower(strings.TrimSuffix(hostname, "."))
}

// tierHost is a host, and the tier that it is in.
type tierHost struct {
	envoygateway.Host
	tier int
}

// tierHosts returns the hosts of all tiers, the first tier's first.
func (f *failover) tierHosts() []tierHost {
	if f.cluster() == nil {
		return nil
	}
	var hosts []tierHost
	for i, tier := range f.cluster().Tiers {
		for _, backend := range tier.Backends {
			for _, host := range backend.Hosts {
				hosts = append(hosts, tierHost{host, i})
			}
		}
	}
	return hosts
}

func samePlace(f *failover) []finding {
	first, ports := map[place]tierHost{}, map[string]tierHost{}
	var findings []finding
	for _, host := range f.tierHosts() {
		at := placeOf(host.Host)
		if other, taken := first[at]; taken {
			findings = append(findings, f.again(host, other))
			continue
		}
		first[at] = host
		other, seen := ports[at.address]
		if !seen {
			ports[at.address] = host
		} else if host.Service != nil && other.tier != host.tier {
			findings = append(findings, finding{
				source: portField(host.Host), severity: diagnostic.Warning,
				reason: fmt.Sprintf("%s is in an earlier tier too, with port %d: the same pods are behind both ports", host.Service, other.Port), advice: "use another Service",
			})
		}
	}
	return findings
}

// again is what there is to say of a host that is in the same place as another one.
func (f *failover) again(host, other tierHost) finding {
	found := finding{source: addressField(host.Host), advice: "give each tier servers of its own"}
	at := placeOf(host.Host)
	switch {
	case other.tier == host.tier:
		found.severity, found.advice = diagnostic.Warning, "remove one"
		found.reason = fmt.Sprintf("%s is in the tier twice (%s), so there are fewer servers than hosts", at, other.Object)
	case f.isWithin(host.tier, other.tier):
		found.reason = fmt.Sprintf("%s is in an earlier tier too (%s), so no tier is left when it is down", at, other.Object)
	default:
		found.severity = diagnostic.Warning
		found.reason = fmt.Sprintf("%s is in an earlier tier too (%s), so it does not stand by for it", at, other.Object)
	}
	return found
}

// String writes a place as an address and a port.
func (p place) String() string {
	if strings.Contains(p.address, ":") {
		return fmt.Sprintf("[%s]:%d", p.address, p.port)
	}
	return fmt.Sprintf("%s:%d", p.address, p.port)
}

// isWithin tells whether each host of a tier is one of another tier.
func (f *failover) isWithin(tier, of int) bool {
	places := map[place]bool{}
	hosts := f.tierHosts()
	for _, host := range hosts {
		if host.tier == of {
			places[placeOf(host.Host)] = true
		}
	}
	return !slices.ContainsFunc(hosts, func(host tierHost) bool { return host.tier == tier && !places[placeOf(host.Host)] })
}

func ownHostname(f *failover) []finding {
	if f.at == nil {
		return nil
	}
	var findings []finding
	for _, host := range f.hostnameHosts() {
		hostname := canonicalHostname(host.Address)
		if slices.ContainsFunc(f.at.Hostnames, func(served string) bool { return strings.ToLower(served) == hostname }) {
			findings = append(findings, finding{
				source: addressField(host), unknown: true, likely: true, reason: host.Address + " is a hostname of the route itself: where it resolves to this Gateway, requests come back to it in a loop", advice: "write the name of the server behind it",
			})
		}
	}
	return findings
}

// hostnameHosts returns the hosts of Backends that have a hostname, of all tiers.
func (f *failover) hostnameHosts() []envoygateway.Host {
	var hosts []envoygateway.Host
	for _, backend := range f.rule.Backends {
		for _, host := range backend.Hosts {
			if host.Type == envoygateway.AddressTypeFQDN && host.Object == backend.Ref {
				hosts = append(hosts, host)
			}
		}
	}
	return hosts
}

// addressField and portField are where an endpoint of a Backend has its address and
// its port; for a host of a Service, both are the host.
func addressField(host envoygateway.Host) envoygateway.Source {
	return endpointField(host, ".fqdn.hostname", ".ip.address")
}

func portField(host envoygateway.Host) envoygateway.Source {
	return endpointField(host, ".fqdn.port", ".ip.port")
}

func endpointField(host envoygateway.Host, ofFQDN, ofIP string) envoygateway.Source {
	source := host.Source
	switch {
	case host.Object.Kind != "Backend":
	case host.Type == envoygateway.AddressTypeFQDN:
		source.Path += ofFQDN
	case host.Type == envoygateway.AddressTypeIP:
		source.Path += ofIP
	}
	return source
}

// maxLabel is the longest label of a name of DNS.
const maxLabel = 63

func badHostname(f *failover) []finding {
	var findings []finding
	hosts := f.hostnameHosts()
	for _, host := range hosts {
		isAlone := !slices.ContainsFunc(hosts, func(other envoygateway.Host) bool { return other.Object == host.Object && other.Path != host.Path })
		if hasLongLabel(host.Address) {
			found := finding{source: addressField(host), reason: fmt.Sprintf("a label of %s has more than %d characters, which DNS does not allow, so it is never resolved", host.Address, maxLabel), advice: "correct it"}
			if !isAlone {
				found.severity = diagnostic.Warning
			}
			findings = append(findings, found)
		}
	}
	for i, hostname := range f.routeHostnames() {
		if hasLongLabel(string(hostname)) {
			findings = append(findings, finding{
				source: envoygateway.Source{Object: f.route.Object, Path: fmt.Sprintf("spec.hostnames[%d]", i)}, severity: diagnostic.Warning,
				reason: fmt.Sprintf("a label of %s has more than %d characters, which DNS does not allow, so no client asks for it", hostname, maxLabel), advice: "correct it",
			})
		}
	}
	return findings
}

func hasLongLabel(hostname string) bool {
	return slices.ContainsFunc(strings.Split(hostname, "."), func(label string) bool { return len(label) > maxLabel })
}

// routeHostnames are those that the route asks for.
func (f *failover) routeHostnames() []gwapiv1.Hostname {
	switch object := ptr.Deref(f.decoded[f.route.Object], decoded{}).object.(type) {
	case *gwapiv1.HTTPRoute:
		return object.Spec.Hostnames
	case *gwapiv1.GRPCRoute:
		return object.Spec.Hostnames
	case *gwapiv1.TLSRoute:
		return object.Spec.Hostnames
	default:
		return nil
	}
}
