package document

import (
	"strconv"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// Position is a place in an input, counted from 1.
type Position struct{ Line, Column int }

// Locate returns where the field of a path stands, such as
// spec.active.endpoints[0].fqdn: at its key, or at the list item. Where the
// document has no such field, it is the position of the nearest one above it.
func Locate(root *yaml.Node, path string) Position {
	at, _ := find(root, path)
	return Position{Line: at.Line, Column: at.Column}
}

// Lookup returns the value of the field of a path, or nil where there is none.
func Lookup(root *yaml.Node, path string) *yaml.Node {
	_, node := find(root, path)
	return node
}

// find returns the node that stands for the field of a path, or for the nearest
// above it, and the field's value, or nil.
func find(root *yaml.Node, path string) (at, node *yaml.Node) {
	at, node = root, follow(root)
	for path != "" {
		key, child, rest := step(node, path)
		if child == nil {
			return at, nil
		}
		at, node, path = key, follow(child), rest
	}
	return at, node
}

// step follows the first field or index of a path, and returns the node that
// stands for it in the file, its value, and the rest of the path. The value is
// nil where there is no such field.
func step(node *yaml.Node, path string) (key, child *yaml.Node, rest string) {
	switch node.Kind {
	case yaml.SequenceNode:
		text, after, found := strings.Cut(strings.TrimPrefix(path, "["), "]")
		index, err := strconv.Atoi(text)
		if !found || err != nil || index < 0 || index >= len(node.Content) {
			return nil, nil, ""
		}
		return node.Content[index], node.Content[index], after
	case yaml.MappingNode:
		return stepMapping(node, path)
	}
	return nil, nil, ""
}

// stepMapping takes the longest key that the path begins with, since the keys of
// labels contain dots.
func stepMapping(node *yaml.Node, path string) (key, child *yaml.Node, rest string) {
	longest := -1
	for i := 0; i+1 < len(node.Content); i += 2 {
		candidate := follow(node.Content[i])
		if isMerge(candidate) {
			if k, c, r := stepMerged(node.Content[i+1], path); c != nil && longest < 0 {
				key, child, rest = k, c, r
			}
			continue
		}
		after, found := afterKey(path, candidate.Value)
		if found && len(candidate.Value) > longest {
			longest = len(candidate.Value)
			key, child, rest = candidate, node.Content[i+1], after
		}
	}
	return key, child, rest
}

func stepMerged(source *yaml.Node, path string) (key, child *yaml.Node, rest string) {
	source = follow(source)
	if source.Kind != yaml.SequenceNode {
		return step(source, path)
	}
	for _, item := range source.Content {
		if key, child, rest = step(follow(item), path); child != nil {
			return key, child, rest
		}
	}
	return nil, nil, ""
}

// afterKey returns what follows a key at the beginning of a path, in either of
// field.Path's notations: .key and [key].
func afterKey(path, key string) (rest string, found bool) {
	if rest, found = strings.CutPrefix(path, "["+key+"]"); found {
		return rest, true
	}
	rest, found = strings.CutPrefix(strings.TrimPrefix(path, "."), key)
	return rest, found && (rest == "" || rest[0] == '.' || rest[0] == '[')
}
