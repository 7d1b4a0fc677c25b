package document

import (
	"strconv"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// Position is a place in an input, counted from 1; it is zero where it is unknown.
type Position struct{ Line, Column int }

// Index finds the fields of a document. Maps with many keys are read once, so
// that finding all of them takes linear time.
type Index struct {
	root *yaml.Node
	// keys has the places of the keys in the content of each large map.
	keys map[*yaml.Node]map[string]int
}

// NewIndex returns the index of a document.
func NewIndex(root *yaml.Node) *Index {
	return &Index{root: root, keys: map[*yaml.Node]map[string]int{}}
}

// Position returns where the field of a path stands: at its key, or at the list
// item. Where the document has no such field, it is the position of the nearest
// one above it.
func (x *Index) Position(path Path) Position {
	at, _ := x.find(path)
	return Position{Line: at.Line, Column: at.Column}
}

// Lookup returns the value of the field of a path, or nil where there is none.
func (x *Index) Lookup(path Path) *yaml.Node {
	_, value := x.find(path)
	return value
}

// Lookup returns the value of the field of a path, or nil where there is none.
func Lookup(root *yaml.Node, path string) *yaml.Node {
	return (&Index{root: root}).Lookup(ParsePath(path))
}

// find returns the node that stands for the field of a path, or for the nearest
// above it, and the field's value, or nil.
func (x *Index) find(path Path) (at, value *yaml.Node) {
	at, value = x.root, follow(x.root)
	for _, step := range path {
		key, child := x.step(value, step.Name)
		if child == nil {
			return at, nil
		}
		at, value = key, follow(child)
	}
	return at, value
}

// step returns the node that stands for a field or an item, and its value, or nil
// where there is no such field.
func (x *Index) step(node *yaml.Node, name string) (key, value *yaml.Node) {
	switch node.Kind {
	case yaml.SequenceNode:
		index, err := strconv.Atoi(name)
		if err != nil || index < 0 || index >= len(node.Content) {
			return nil, nil
		}
		return node.Content[index], node.Content[index]
	case yaml.MappingNode:
		if i := x.place(node, name); i >= 0 {
			return follow(node.Content[i]), node.Content[i+1]
		}
		return x.merged(node, name)
	}
	return nil, nil
}

// manyKeys is how many keys make a map worth a table of them.
const manyKeys = 64

// place returns where a key is in the content of a map, or -1.
func (x *Index) place(node *yaml.Node, name string) int {
	if x.keys == nil || len(node.Content) < 2*manyKeys {
		for i := 0; i+1 < len(node.Content); i += 2 {
			if isKey(node.Content[i], name) {
				return i
			}
		}
		return -1
	}
	places, known := x.keys[node]
	if !known {
		places = make(map[string]int, len(node.Content)/2)
		for i := 0; i+1 < len(node.Content); i += 2 {
			if key := follow(node.Content[i]); isKey(key, key.Value) {
				if _, twice := places[key.Value]; !twice {
					places[key.Value] = i
				}
			}
		}
		x.keys[node] = places
	}
	if place, found := places[name]; found {
		return place
	}
	return -1
}

func isKey(node *yaml.Node, name string) bool {
	node = follow(node)
	return node.Kind == yaml.ScalarNode && node.Value == name && !isMerge(node)
}

// merged finds a field in what the merge keys of a map bring in.
func (x *Index) merged(node *yaml.Node, name string) (key, value *yaml.Node) {
	for i := 0; i+1 < len(node.Content); i += 2 {
		if !isMerge(follow(node.Content[i])) {
			continue
		}
		sources := []*yaml.Node{node.Content[i+1]}
		if list := follow(node.Content[i+1]); list.Kind == yaml.SequenceNode {
			sources = list.Content
		}
		for _, source := range sources {
			if source := follow(source); source.Kind == yaml.MappingNode {
				if key, value = x.step(source, name); value != nil {
					return key, value
				}
			}
		}
	}
	return nil, nil
}
