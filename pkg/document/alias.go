package document

import (
	"fmt"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// maxAliasNodes is how many nodes the aliases of a document may add to it.
const maxAliasNodes = 1 << 20

// checkAliases refuses a node whose aliases would blow it up, or lead back into
// themselves. Nothing after it needs to fear following an alias.
func checkAliases(root *yaml.Node) *SyntaxError {
	counter := aliasCounter{sizes: map[*yaml.Node]int{}}
	if counter.size(root); counter.tooFar == nil {
		return nil
	}
	return &SyntaxError{Line: counter.tooFar.Line, Reason: fmt.Sprintf(
		"YAML aliases that repeat more than %d nodes, or contain themselves: write the values out", maxAliasNodes)}
}

// aliasCounter measures nodes with their aliases followed.
type aliasCounter struct {
	// sizes has each anchored node seen so far; one not yet finished is 0.
	sizes map[*yaml.Node]int
	// added is what the aliases seen so far add to the document.
	added int
	// tooFar is the first alias that leads into itself, or adds too much.
	tooFar *yaml.Node
}

func (c *aliasCounter) size(node *yaml.Node) int {
	if c.tooFar != nil {
		return 0
	}
	if node.Kind == yaml.AliasNode {
		size := c.sizes[node.Alias]
		c.added += size
		if size == 0 || c.added > maxAliasNodes {
			c.tooFar = node
		}
		return size
	}
	if node.Anchor != "" {
		c.sizes[node] = 0
	}
	size := 1
	for _, child := range node.Content {
		size += c.size(child)
	}
	if node.Anchor != "" {
		c.sizes[node] = size
	}
	return size
}
