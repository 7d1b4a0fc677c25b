package document

import (
	"iter"
	"slices"
	"strconv"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// Position is a place in an input, counted from 1; it is zero where it is unknown.
type Position struct{ Line, Column int }

// Index knows where the fields of a document stand, and the texts of its scalars. It
// needs a tenth of the memory of the nodes, which it does not refer to.
type Index struct {
	// fields has the document itself first. The children of a field follow one another,
	// and what several aliases stand for is there once.
	fields []indexed
	texts  string
	// keys has the children of each large map by name. Such a map is read once, so that
	// finding all of its fields takes linear time.
	keys map[*indexed]map[string]*indexed
}

// indexed is a field of a map, or an item of a list.
type indexed struct {
	name, text   span
	line, column int32
	children     span
	kind         yaml.Kind
}

// span is a part of a list or of a text.
type span struct{ from, to int32 }

// NewIndex returns the index of a document.
func NewIndex(root *yaml.Node) *Index {
	maker := indexer{anchored: map[*yaml.Node]span{}}
	fields, texts := sizes(root)
	maker.fields = make([]indexed, 0, fields+1)
	maker.texts.Grow(texts)
	maker.fields = append(maker.fields, indexed{line: int32(root.Line), column: int32(root.Column)})
	maker.describe(0, follow(root))
	return &Index{fields: slices.Clip(maker.fields), texts: maker.texts.String(), keys: map[*indexed]map[string]*indexed{}}
}

// sizes returns how many fields are below a node, and how long their texts are: about, since
// aliases and merge keys are not followed.
func sizes(node *yaml.Node) (fields, texts int) {
	fields, texts = len(node.Content), len(node.Value)
	if node.Kind == yaml.MappingNode {
		fields /= 2
	}
	for _, child := range node.Content {
		below, long := sizes(child)
		fields, texts = fields+below, texts+long
	}
	return fields, texts
}

// indexer makes an index.
type indexer struct {
	fields []indexed
	texts  strings.Builder
	// anchored has the children of the nodes that aliases may stand for.
	anchored map[*yaml.Node]span
}

// describe adds to a field what its value is.
func (x *indexer) describe(field int, value *yaml.Node) {
	x.fields[field].kind = value.Kind
	if value.Kind == yaml.ScalarNode {
		x.fields[field].text = x.add(value.Value)
		return
	}
	children, known := x.anchored[value]
	if !known {
		children = x.children(value)
	}
	x.fields[field].children = children
	if value.Anchor != "" {
		x.anchored[value] = children
	}
}

func (x *indexer) children(of *yaml.Node) span {
	first := len(x.fields)
	for at := range children(of) {
		child := indexed{line: int32(at.Line), column: int32(at.Column)}
		if of.Kind == yaml.MappingNode {
			child.name = x.add(at.Value)
		}
		x.fields = append(x.fields, child)
	}
	end, next := len(x.fields), first
	for _, value := range children(of) {
		x.describe(next, value)
		next++
	}
	return span{int32(first), int32(end)}
}

func (x *indexer) add(text string) span {
	from := x.texts.Len()
	x.texts.WriteString(text)
	return span{int32(from), int32(x.texts.Len())}
}

// children returns the fields of a map, and after them what its merge keys bring in; or
// the items of a list. Each is the node that stands for it, and its value. Of two fields
// of one name the first counts.
func children(of *yaml.Node) iter.Seq2[*yaml.Node, *yaml.Node] {
	return func(yield func(at, value *yaml.Node) bool) { yieldChildren(of, yield) }
}

func yieldChildren(of *yaml.Node, yield func(at, value *yaml.Node) bool) (goOn bool) {
	switch of.Kind {
	case yaml.SequenceNode:
		for _, item := range of.Content {
			if !yield(item, follow(item)) {
				return false
			}
		}
	case yaml.MappingNode:
		merges := false
		for i := 0; i+1 < len(of.Content); i += 2 {
			key := follow(of.Content[i])
			isField := key.Kind == yaml.ScalarNode && !isMerge(key)
			merges = merges || !isField
			if isField && !yield(key, follow(of.Content[i+1])) {
				return false
			}
		}
		return !merges || yieldMerged(of, yield)
	}
	return true
}

// yieldMerged does so for what the merge keys of a map bring in: each a map, or a list of maps.
func yieldMerged(of *yaml.Node, yield func(at, value *yaml.Node) bool) (goOn bool) {
	for i := 0; i+1 < len(of.Content); i += 2 {
		if !isMerge(follow(of.Content[i])) {
			continue
		}
		sources := []*yaml.Node{of.Content[i+1]}
		if list := follow(of.Content[i+1]); list.Kind == yaml.SequenceNode {
			sources = list.Content
		}
		for _, source := range sources {
			if source := follow(source); source.Kind == yaml.MappingNode && !yieldChildren(source, yield) {
				return false
			}
		}
	}
	return true
}

// Position returns where the field of a path stands: at its key, or at the list
// item. Where the document has no such field, it is the position of the nearest
// one above it.
func (x *Index) Position(path Path) Position {
	at, _ := x.find(path)
	return Position{Line: int(at.line), Column: int(at.column)}
}

// Field returns the scalar of a path, or nothing.
func (x *Index) Field(path Path) string {
	at, found := x.find(path)
	if !found {
		return ""
	}
	return x.textOf(at.text)
}

func (x *Index) textOf(part span) string { return x.texts[part.from:part.to] }

// find returns the field of a path, or the nearest above it.
func (x *Index) find(path Path) (at *indexed, found bool) {
	at = &x.fields[0]
	for _, step := range path {
		child := x.child(at, step.Name)
		if child == nil {
			return at, false
		}
		at = child
	}
	return at, true
}

// child returns a field of a map, or an item of a list, or nil.
func (x *Index) child(of *indexed, name string) *indexed {
	children := x.fields[of.children.from:of.children.to]
	switch of.kind {
	case yaml.SequenceNode:
		if index, err := strconv.Atoi(name); err == nil && index >= 0 && index < len(children) {
			return &children[index]
		}
	case yaml.MappingNode:
		if len(children) >= manyKeys {
			return x.keysOf(of, children)[name]
		}
		for i := range children {
			if x.textOf(children[i].name) == name {
				return &children[i]
			}
		}
	}
	return nil
}

// manyKeys is how many keys make a map worth a table of them.
const manyKeys = 64

func (x *Index) keysOf(of *indexed, children []indexed) map[string]*indexed {
	keys, known := x.keys[of]
	if !known {
		keys = make(map[string]*indexed, len(children))
		for i := range children {
			if name := x.textOf(children[i].name); keys[name] == nil {
				keys[name] = &children[i]
			}
		}
		x.keys[of] = keys
	}
	return keys
}

// Lookup returns the value of the field of a path, or nil where there is none.
func Lookup(root *yaml.Node, path string) *yaml.Node {
	value := follow(root)
	for _, step := range ParsePath(path) {
		if value = childOf(value, step.Name); value == nil {
			return nil
		}
	}
	return value
}

// childOf returns the value of a field of a map, or an item of a list, or nil.
func childOf(node *yaml.Node, name string) *yaml.Node {
	if node.Kind == yaml.SequenceNode {
		if index, err := strconv.Atoi(name); err == nil && index >= 0 && index < len(node.Content) {
			return follow(node.Content[index])
		}
		return nil
	}
	for key, value := range children(node) {
		if key.Value == name {
			return value
		}
	}
	return nil
}
