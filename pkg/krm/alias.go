package krm

import (
	"slices"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// aliases returns every alias of the list.
func (l *resourceList) aliases() []*yaml.Node {
	var aliases []*yaml.Node
	walk(l.root, func(node *yaml.Node) {
		if node.Kind == yaml.AliasNode {
			aliases = append(aliases, node)
		}
	})
	return aliases
}

// writeOut replaces every alias to something inside a node that is about to go
// by what it stands for.
func writeOut(aliases []*yaml.Node, going *yaml.Node) {
	if len(aliases) == 0 || !hasAnchors(going) {
		return
	}
	inside := map[*yaml.Node]bool{}
	walk(going, func(node *yaml.Node) { inside[node] = true })
	for _, alias := range aliases {
		if inside[alias.Alias] && !inside[alias] {
			*alias = *withoutAliases(alias.Alias)
		}
	}
}

func hasAnchors(node *yaml.Node) bool {
	return node.Anchor != "" || slices.ContainsFunc(node.Content, hasAnchors)
}

// withoutAliases copies a node with every alias in it written out.
func withoutAliases(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.AliasNode {
		return withoutAliases(node.Alias)
	}
	copied := *node
	copied.Anchor = ""
	copied.Content = make([]*yaml.Node, len(node.Content))
	for i, child := range node.Content {
		copied.Content[i] = withoutAliases(child)
	}
	return &copied
}

func walk(node *yaml.Node, visit func(*yaml.Node)) {
	visit(node)
	for _, child := range node.Content {
		walk(child, visit)
	}
}
