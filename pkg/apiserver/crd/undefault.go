package crd

import (
	"reflect"
	"slices"

	"github.com/failover-krm/failover/pkg/apiserver/schema"
)

// RemoveDefaults removes the fields that Default would fill in again.
func RemoveDefaults(envoyGateway string, object map[string]any) {
	apiVersion, name := kindOf(object)
	if kind := releaseOf(envoyGateway).kind(apiVersion, name); kind != nil {
		removeDefaults(kind.schema, object)
	}
}

// removeDefaults goes from the leaves to the root, since a default may be a map whose
// own fields have defaults.
func removeDefaults(node *schema.Node, value any) {
	switch value := value.(type) {
	case map[string]any:
		for _, known := range node.Fields {
			given, isGiven := value[known.Name]
			if !isGiven {
				continue
			}
			removeDefaults(known.Node, given)
			isRequired := slices.Contains(node.Required, known.Name) // by those who know no defaults
			if known.Node.Default != "" && !isRequired && isDefault(known.Node, given) {
				delete(value, known.Name)
			}
		}
		if node.Values != nil {
			for _, given := range value {
				removeDefaults(node.Values, given)
			}
		}
	case []any:
		for _, item := range value {
			if node.Items != nil {
				removeDefaults(node.Items, item)
			}
		}
	}
}

// isDefault tells whether a value is the default of its field, which is compared
// without the defaults in it, as the value is.
func isDefault(node *schema.Node, value any) bool {
	filled, isValue := defaultOf(node)
	if !isValue {
		return false
	}
	filled = fillDefaults(node, filled)
	removeDefaults(node, filled)
	return reflect.DeepEqual(filled, value)
}
