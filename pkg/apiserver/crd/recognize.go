package crd

import (
	"maps"

	"github.com/failover-krm/failover/pkg/apiserver/schema"
)

// envoyGatewayGroup is the group whose CRDs tell the version of Envoy Gateway: those
// of Gateway API may have been installed by somebody else.
const envoyGatewayGroup = "gateway.envoyproxy.io"

// Recognize returns the versions of Envoy Gateway that install CRDs such as those of
// a cluster, the oldest first, and how many of the CRDs it knows. There are several
// versions where their CRDs are the same, and none where no version has all of these.
func Recognize(crds []map[string]any) (versions []string, known int) {
	installed := map[string]string{}
	for _, definition := range crds {
		maps.Copy(installed, fingerprintsOf(definition))
	}
	for _, r := range releases {
		matches := 0
		for _, kind := range r.kinds {
			if fingerprint, isInstalled := installed[kind.apiVersion+" "+kind.name]; isInstalled && fingerprint == kind.fingerprint {
				matches++
			}
		}
		if matches > 0 && matches == len(installed) {
			versions = append(versions, r.envoyGateway)
		}
	}
	return versions, len(installed)
}

// fingerprintsOf returns that of each served version of a CRD of Envoy Gateway that
// this package knows.
func fingerprintsOf(definition map[string]any) map[string]string {
	spec, _ := definition["spec"].(map[string]any)
	names, _ := spec["names"].(map[string]any)
	kind, _ := names["kind"].(string)
	if spec["group"] != envoyGatewayGroup {
		return nil
	}
	found := map[string]string{}
	served, _ := spec["versions"].([]any)
	for _, version := range served {
		fields, _ := version.(map[string]any)
		name, _ := fields["name"].(string)
		definition, _ := fields["schema"].(map[string]any)
		if apiVersion := envoyGatewayGroup + "/" + name; fields["served"] == true && Knows(apiVersion, kind) {
			found[apiVersion+" "+kind] = schema.Fingerprint(definition["openAPIV3Schema"])
		}
	}
	return found
}
