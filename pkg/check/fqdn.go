package check

import (
	"fmt"
	"slices"
	"strings"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	"k8s.io/utils/ptr"

	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/envoygateway"
)

// RuleFQDNWithoutService is about a hostname of a Service that is not there.
const RuleFQDNWithoutService = "fqdn-without-service"

// service is what a hostname such as NAME.NAMESPACE.svc.cluster.local stands for.
type service struct{ namespace, name string }

func (s service) String() string { return s.namespace + "/" + s.name }

func fqdnWithoutService(manifests []Manifest, options Options) []diagnostic.Diagnostic {
	var services []service
	isThere := map[service]bool{}
	for _, manifest := range manifests {
		if manifest.apiVersion() == "v1" && manifest.kind() == "Service" {
			there := service{manifest.namespace(), manifest.name()}
			services = append(services, there)
			isThere[there] = true
		}
	}
	endpoints := serviceEndpoints(manifests)
	// A Service that a Backend names as it is was not renamed since.
	named := map[service]bool{}
	for _, endpoint := range endpoints {
		named[endpoint.wanted] = true
	}
	unnamed := slices.DeleteFunc(services, func(s service) bool { return named[s] })
	renamed := renamedTo(endpoints, unnamed)

	var findings []diagnostic.Diagnostic
	for _, endpoint := range endpoints {
		if isThere[endpoint.wanted] {
			continue
		}
		severity := diagnostic.Info
		if options.Complete {
			severity = diagnostic.Error
		}
		message := fmt.Sprintf("%s is Service %s, which is not in these files: it must be in the cluster", endpoint.hostname, endpoint.wanted)
		if renamed, found := renamed[endpoint.wanted.name]; found {
			if !options.Complete {
				severity = diagnostic.Warning
			}
			message = fmt.Sprintf("%s is Service %s, which is not in these files, but Service %s is: if it was renamed after rendering, render again with its new name and namespace",
				endpoint.hostname, endpoint.wanted, renamed)
		}
		findings = append(findings, endpoint.manifest.finding(RuleFQDNWithoutService, severity, endpoint.path, message))
	}
	return findings
}

// serviceEndpoint is an endpoint of a Backend that is a Service of the cluster.
type serviceEndpoint struct {
	manifest Manifest
	path     document.Path
	hostname string
	wanted   service
}

func serviceEndpoints(manifests []Manifest) []serviceEndpoint {
	var found []serviceEndpoint
	for _, manifest := range manifests {
		if !strings.HasPrefix(manifest.apiVersion(), "gateway.envoyproxy.io/") || manifest.kind() != "Backend" {
			continue
		}
		for i, hostname := range manifest.hostnames() {
			if wanted, inCluster := parseHostname(hostname); inCluster {
				found = append(found, serviceEndpoint{manifest, document.ParsePath(fmt.Sprintf("spec.endpoints[%d].fqdn.hostname", i)), hostname, wanted})
			}
		}
	}
	return found
}

// hostnames returns those of the endpoints of a Backend, each at the place of its endpoint.
func (m Manifest) hostnames() []string {
	var hostnames []string
	if backend, isTyped := m.Typed.(*egv1a1.Backend); isTyped {
		for _, endpoint := range backend.Spec.Endpoints {
			hostnames = append(hostnames, ptr.Deref(endpoint.FQDN, egv1a1.FQDNEndpoint{}).Hostname)
		}
		return hostnames
	}
	endpoints, _ := lookup(m.Value, "spec", "endpoints").([]any)
	for _, endpoint := range endpoints {
		hostname, _ := lookup(endpoint, "fqdn", "hostname").(string)
		hostnames = append(hostnames, hostname)
	}
	return hostnames
}

// parseHostname reads the hostname of a Service, in a cluster of any domain.
func parseHostname(hostname string) (service, bool) {
	labels := strings.Split(hostname, ".")
	if len(labels) < 3 || labels[2] != "svc" || envoygateway.IsClusterSet(hostname) {
		return service{}, false
	}
	return service{namespace: labels[1], name: labels[0]}, true
}

// renamedTo returns, by the name that is wanted, the first Service that has this name
// with a prefix or a suffix, or in another namespace.
func renamedTo(endpoints []serviceEndpoint, services []service) map[string]service {
	wanted := map[string]bool{}
	for _, endpoint := range endpoints {
		wanted[endpoint.wanted.name] = true
	}
	renamed := map[string]service{}
	add := func(part string, candidate service) {
		if _, found := renamed[part]; !found && wanted[part] {
			renamed[part] = candidate
		}
	}
	for _, candidate := range services {
		for i := range len(candidate.name) {
			add(candidate.name[:i+1], candidate)
			add(candidate.name[i:], candidate)
		}
	}
	return renamed
}
