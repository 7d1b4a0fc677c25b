package diagnostic

import (
	"fmt"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// result is a Result of the KRM functions specification.
type result struct {
	Message     string                   `yaml:"message,omitempty"`
	Severity    Severity                 `yaml:"severity,omitempty"`
	ResourceRef *yaml.ResourceIdentifier `yaml:"resourceRef,omitempty"`
	Field       *resultField             `yaml:"field,omitempty"`
	File        *resultFile              `yaml:"file,omitempty"`
	Tags        map[string]string        `yaml:"tags,omitempty"`
}

type resultField struct {
	Path         string `yaml:"path,omitempty"`
	CurrentValue any    `yaml:"currentValue,omitempty"`
}

type resultFile struct {
	Path  string `yaml:"path,omitempty"`
	Index int    `yaml:"index,omitempty"`
}

// Results returns diagnostics as the list of results of a KRM function, at most
// a hundred of each document and severity.
func Results(diagnostics []Diagnostic) (*yaml.Node, error) {
	results := make([]result, 0, len(diagnostics))
	for _, diagnostic := range Limit(diagnostics) {
		results = append(results, diagnostic.result())
	}
	data, err := yaml.Marshal(results)
	if err != nil {
		return nil, fmt.Errorf("results: %w", err)
	}
	list, err := yaml.Parse(string(data))
	if err != nil {
		return nil, fmt.Errorf("results: %w", err)
	}
	return list.YNode(), nil
}

func (d Diagnostic) result() result {
	result := result{Severity: d.Severity, Message: d.Message}
	if d.Subject == nil {
		return result
	}
	if d.Rule != "" {
		result.Tags = map[string]string{"rule": d.Rule}
	}
	id := d.Subject.ID()
	result.ResourceRef = &id
	if len(d.Field) > 0 {
		result.Field = &resultField{Path: d.Field.String(), CurrentValue: d.Value}
	}
	if d.Subject.File != "" {
		result.File = &resultFile{Path: d.Subject.File, Index: d.Subject.Item}
	}
	return result
}
