package check

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/fn/framework"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/failover-krm/failover/pkg/document"
)

// RuleFQDNWithoutService is about an in-cluster hostname of a Backend that no
// Service among the manifests answers to: Envoy resolves it to nothing, and the
// tier has no endpoint. It happens where Services are renamed, or moved to another
// namespace, after the Backends were rendered: no tool knows that a Backend's
// hostname is made of a Service's name and namespace. It is a warning where
// a Service looks like the renamed one, else information: the Service may be in
// the cluster already.
const RuleFQDNWithoutService = "fqdn-without-service"

// service is what a hostname such as NAME.NAMESPACE.svc.cluster.local stands for.
type service struct{ namespace, name string }

func (s service) String() string { return s.namespace + "/" + s.name }

func fqdnWithoutService(manifests []*yaml.Node) []Finding {
	var services []service
	for _, manifest := range manifests {
		if document.Field(manifest, "apiVersion") == "v1" && document.Field(manifest, "kind") == "Service" {
			services = append(services, service{namespaceOf(manifest), document.Field(manifest, "metadata.name")})
		}
	}
	var findings []Finding
	for _, manifest := range manifests {
		if !strings.HasPrefix(document.Field(manifest, "apiVersion"), "gateway.envoyproxy.io/") || document.Field(manifest, "kind") != "Backend" {
			continue
		}
		endpoints := document.Lookup(manifest, "spec.endpoints")
		if endpoints == nil || endpoints.Kind != yaml.SequenceNode {
			continue
		}
		for i := range endpoints.Content {
			path := fmt.Sprintf("spec.endpoints[%d].fqdn.hostname", i)
			hostname := document.Field(manifest, path)
			wanted, inCluster := parseHostname(hostname)
			if !inCluster || slices.Contains(services, wanted) {
				continue
			}
			finding := Finding{
				Rule: RuleFQDNWithoutService, Severity: framework.Info, Manifest: manifest, Field: path,
				Message: fmt.Sprintf("%s is Service %s, which is not in these files: it must be in the cluster", hostname, wanted),
			}
			if renamed := looksRenamed(wanted, services); renamed != "" {
				finding.Severity = framework.Warning
				finding.Message = fmt.Sprintf("%s is Service %s, which is not in these files, but Service %s is: if it was renamed after rendering, render again with its new name and namespace", hostname, wanted, renamed)
			}
			findings = append(findings, finding)
		}
	}
	return findings
}

// parseHostname reads the hostname of a Service, in a cluster of any domain.
func parseHostname(hostname string) (service, bool) {
	labels := strings.Split(hostname, ".")
	if len(labels) < 3 || labels[2] != "svc" {
		return service{}, false
	}
	return service{namespace: labels[1], name: labels[0]}, true
}

// looksRenamed returns the Service that has the wanted one's name with a prefix or
// a suffix, or in another namespace.
func looksRenamed(wanted service, services []service) string {
	for _, candidate := range services {
		if strings.HasPrefix(candidate.name, wanted.name) || strings.HasSuffix(candidate.name, wanted.name) {
			return candidate.String()
		}
	}
	return ""
}

func namespaceOf(manifest *yaml.Node) string {
	return cmp.Or(document.Field(manifest, "metadata.namespace"), "default")
}
