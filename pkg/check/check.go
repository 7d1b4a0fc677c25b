// Package check has rules on sets of manifests, whoever wrote them: what an API
// server accepts, and a failover does not survive.
package check

import (
	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/document"
)

// Manifest is an object that is to be in a cluster.
type Manifest struct {
	// Subject is the document that the object is in, or that it is rendered from.
	Subject *diagnostic.Subject
	// Value is the object.
	Value map[string]any
	// Origin returns the path in the subject's document that a path in the object
	// comes from; nil where the object is the document.
	Origin func(document.Path) document.Path
}

// Run applies every rule to manifests that are to be in a cluster together. One
// that is given and also rendered counts once, as given.
func Run(manifests []Manifest) []diagnostic.Diagnostic {
	given := map[[4]string]bool{}
	for _, manifest := range manifests {
		if manifest.Origin == nil {
			given[manifest.id()] = true
		}
	}
	var together []Manifest
	for _, manifest := range manifests {
		if manifest.Origin == nil || !given[manifest.id()] {
			together = append(together, manifest)
		}
	}
	return fqdnWithoutService(together)
}

// id is what makes an object the same for an API server.
func (m Manifest) id() [4]string {
	return [4]string{m.text("apiVersion"), m.text("kind"), m.namespace(), m.text("metadata", "name")}
}

func (m Manifest) text(fields ...string) string {
	text, _ := lookup(m.Value, fields...).(string)
	return text
}

// lookup returns a field of a value, or nil where there is none.
func lookup(value any, fields ...string) any {
	for _, name := range fields {
		object, _ := value.(map[string]any)
		value = object[name]
	}
	return value
}

// namespace is that of the request where the manifest has none.
func (m Manifest) namespace() string {
	if namespace := m.text("metadata", "namespace"); namespace != "" {
		return namespace
	}
	return "default"
}

// finding returns what a rule has to say of a field of the manifest.
func (m Manifest) finding(rule string, severity diagnostic.Severity, path document.Path, message string) diagnostic.Diagnostic {
	if m.Origin != nil {
		path = m.Origin(path)
	}
	found := diagnostic.New(severity, m.Subject, path, message)
	found.Rule = rule
	return found
}
