// Package check has rules on sets of manifests, whoever wrote them: what an API
// server accepts, and a failover does not survive.
package check

import (
	"sigs.k8s.io/kustomize/kyaml/fn/framework"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// Finding is what a rule has to say of one manifest.
type Finding struct {
	// Rule is the id of the rule; it never means anything else.
	Rule string
	// Severity is Warning where the failover may not work, Info where these
	// manifests alone do not tell.
	Severity framework.Severity
	// Manifest is the one that is meant.
	Manifest *yaml.Node
	// Field is the path of the field.
	Field string
	// Message says what is wrong and what to do.
	Message string
}

// Run applies every rule to manifests that are to be in a cluster together.
func Run(manifests []*yaml.Node) []Finding {
	return fqdnWithoutService(manifests)
}
