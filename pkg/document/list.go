package document

import (
	"fmt"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// IsResourceList tells whether a node is the input of a KRM function, of whatever
// version.
func IsResourceList(node *yaml.Node) bool {
	group, _, _ := strings.Cut(Field(node, "apiVersion"), "/")
	return group == "config.kubernetes.io" && Field(node, "kind") == "ResourceList"
}

// unlist returns the items of a List, or of a list of one kind, such as
// HTTPRouteList, and any other node itself.
func unlist(node *yaml.Node) []*yaml.Node {
	apiVersion, kind := Field(node, "apiVersion"), Field(node, "kind")
	itemKind, isList := strings.CutSuffix(kind, "List")
	items := Lookup(node, "items")
	switch {
	case !isList || IsResourceList(node) || items == nil || items.Kind != yaml.SequenceNode,
		itemKind == "" && apiVersion != "v1",
		itemKind != "" && (apiVersion == "" || !areObjects(items.Content)):
		return []*yaml.Node{node}
	}
	var objects []*yaml.Node
	for _, item := range items.Content {
		if item = follow(item); itemKind != "" && item.Kind == yaml.MappingNode {
			// The API server leaves them out of the items.
			item = withField(withField(item, "kind", itemKind), "apiVersion", apiVersion)
		}
		objects = append(objects, unlist(item)...)
	}
	return objects
}

// checkList refuses a List whose items are no objects: nothing would be found in it, and
// nothing would be wrong. Go writes null for a List without items.
func checkList(node *yaml.Node) *SyntaxError {
	if Field(node, "kind") != "List" || Field(node, "apiVersion") != "v1" {
		return nil
	}
	items := Lookup(node, "items")
	switch {
	case items == nil || items.ShortTag() == yaml.NodeTagNull:
		return nil
	case items.Kind != yaml.SequenceNode:
		return malformed(items, "items of a List%s: must be a list of objects")
	}
	for _, item := range items.Content {
		at := item
		switch item = follow(item); {
		case item.Kind == yaml.MappingNode:
			if err := checkList(item); err != nil {
				return err
			}
		case item.ShortTag() != yaml.NodeTagNull:
			return malformed(at, "an item of a List%s: must be an object")
		}
	}
	return nil
}

// malformed is an error at a node, with its value where that is short.
func malformed(node *yaml.Node, format string) *SyntaxError {
	value := ""
	if at := follow(node); at.Kind == yaml.ScalarNode {
		value = fmt.Sprintf(" %q", at.Value)
	}
	return &SyntaxError{Line: node.Line, Reason: fmt.Sprintf(format, value)}
}

// areObjects tells whether all nodes are maps, or null.
func areObjects(nodes []*yaml.Node) bool {
	return !slices.ContainsFunc(nodes, func(node *yaml.Node) bool {
		return follow(node).Kind != yaml.MappingNode && node.ShortTag() != yaml.NodeTagNull
	})
}

// withField returns a map with a field: the first one, where it had none.
func withField(node *yaml.Node, name, value string) *yaml.Node {
	if Lookup(node, name) != nil {
		return node
	}
	scalar := func(text string) *yaml.Node {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: yaml.NodeTagString, Value: text, Line: node.Line, Column: node.Column}
	}
	copied := *node
	copied.Content = slices.Concat([]*yaml.Node{scalar(name), scalar(value)}, node.Content)
	return &copied
}
