package krm

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/encode"
)

// part is one of the items of a list, or one of its other fields.
type part struct {
	// node is a list with only that item or field. It is nil for an item that is known as a
	// text.
	node *yaml.Node
	// item is nil where it is another field.
	item *yaml.Node
	// text is the part of the answer, or nil where it is not written yet.
	text []byte
	// isKnown tells that the next call reads what is written here.
	isKnown bool
}

// itemsLine is before the first item.
const itemsLine = "items:\n"

// maxRounds is how often an answer is read back. The YAML library may move comments
// when it writes what it has read, but not again and again.
const maxRounds = 5

// encode writes the list such that the next call, which reads it, writes the same.
// What was rendered needs no second look, unless there are comments on it; nor does
// what has no form that the YAML library might write wrongly.
func (l *resourceList) encode() ([]byte, error) {
	parts := l.split()
	if text, done, err := l.asItCame(parts); done || err != nil {
		return text, err
	}
	if err := write(parts); err != nil {
		return nil, err
	}
	for i, part := range parts {
		_, isRendered := l.rendered[part.item]
		parts[i].isKnown = part.isKnown || isRendered && !hasComments(part.node)
	}
	for range maxRounds {
		again, err := readBack(parts)
		if err != nil {
			return nil, err
		}
		if bytes.Equal(join(parts), join(again)) {
			break
		}
		parts = again
	}
	return join(parts), nil
}

// split returns the parts of the list.
func (l *resourceList) split() []part {
	l.moveComments()
	var parts []part
	place := l.itemsKey()
	for i := 0; i+1 < len(l.root.Content); i += 2 {
		key, value := l.root.Content[i], l.root.Content[i+1]
		if i != place || len(value.Content) == 0 {
			parts = append(parts, part{node: fieldOf(key, value)})
			continue
		}
		for _, item := range value.Content {
			if text := l.rendered[item]; text != nil {
				parts = append(parts, part{item: item, text: text, isKnown: true})
				continue
			}
			closeComments(item)
			parts = append(parts, part{node: fieldOf(key, &yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{item}}), item: item})
			key = encode.String(key.Value)
		}
	}
	return parts
}

func fieldOf(key, value *yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{key, value}}
}

// write writes the parts that are not written yet.
func write(parts []part) error {
	for i, part := range parts {
		if part.text != nil {
			continue
		}
		text, isPlain := encode.Plain(part.node)
		parts[i].isKnown = part.isKnown || isPlain
		if !isPlain {
			var err error
			if text, err = encode.Text(part.node); err != nil {
				return err
			}
		}
		if i > 0 && part.item != nil && parts[i-1].item != nil {
			_, text, _ = bytes.Cut(text, []byte("\n")) // without itemsLine
		}
		parts[i].text = text
	}
	return nil
}

func join(parts []part) []byte {
	texts := make([][]byte, len(parts))
	for i, part := range parts {
		texts[i] = part.text
	}
	return slices.Concat(texts...)
}

// readBack returns the parts as the next call would write them. It is an error if
// one would not say the same: that the YAML library writes every text rightly among
// any comments is known by trying only.
func readBack(parts []part) ([]part, error) {
	shortened := slices.Clone(parts)
	for i, part := range parts {
		if part.isKnown {
			shortened[i].text = beginning(part.text)
		}
	}
	documents, err := document.Parse(join(shortened), "answer")
	if err != nil {
		return nil, cannotWrite(parts, partAt(shortened, err), nil)
	}
	root := documents[0].Node
	list := &resourceList{root: root, items: document.Lookup(root, "items")}
	if list.itemsKey() < 0 {
		return nil, errCannotWrite
	}
	again := list.split()
	if len(again) != len(parts) {
		return nil, errCannotWrite
	}
	for i, part := range parts {
		if part.isKnown && hasComments(again[i].node) { // it has got one of the part before or after
			if parts[i], err = withNode(part); err != nil {
				return nil, err
			}
			parts[i].isKnown = false
			return readBack(parts)
		}
		if part.isKnown {
			again[i] = part
			continue
		}
		if where, differ := difference(part.node, again[i].node); differ {
			return nil, cannotWrite(parts, i, where)
		}
		if haveSameComments(part.node, again[i].node) {
			again[i].text = part.text
		}
	}
	return again, write(again)
}

// withNode reads the text of a part that has no node.
func withNode(p part) (part, error) {
	if p.node != nil {
		return p, nil
	}
	documents, err := document.Parse(slices.Concat([]byte(itemsLine), p.text), "answer")
	if err != nil {
		return p, err
	}
	p.node = documents[0].Node
	return p, nil
}

// beginning returns the first line of an item, which is enough to see where the
// comments around it belong.
func beginning(text []byte) []byte {
	lines := bytes.SplitAfterN(text, []byte("\n"), 3)
	if bytes.HasPrefix(text, []byte("- ")) {
		return lines[0]
	}
	return slices.Concat(lines[0], lines[1]) // the first is itemsLine
}

// partAt returns which part the line of a syntax error is in.
func partAt(parts []part, err error) int {
	syntax, _ := errors.AsType[*document.SyntaxError](err)
	lines := 0
	for i, part := range parts {
		if lines += bytes.Count(part.text, []byte("\n")); syntax != nil && syntax.Line <= lines {
			return i
		}
	}
	return len(parts) - 1
}

var errCannotWrite = errors.New("the YAML library cannot write this back as it is: write strings in double quotes, or remove the comments that follow them")

// cannotWrite names a part, and the field in it where that is known.
func cannotWrite(parts []part, index int, where document.Path) error {
	item := parts[index].item
	if item == nil {
		return fmt.Errorf("ResourceList: %s: %w", parts[index].node.Content[0].Value, errCannotWrite)
	}
	place := 0
	for _, before := range parts[:index] {
		if before.item != nil {
			place++
		}
	}
	name := fmt.Sprintf("items[%d] (%s)", place, diagnostic.DisplayName(sourceOf(item).ID()))
	if inItem, _ := where.Below(document.ParsePath("items[0]")); len(inItem) > 0 {
		name += ": " + strings.TrimPrefix(inItem.String(), ".")
	}
	return fmt.Errorf("%s: %w", name, errCannotWrite)
}

// difference finds the first field in which two nodes say something else, comments
// and style aside.
func difference(a, b *yaml.Node) (where document.Path, differ bool) {
	if a.Kind == yaml.AliasNode && b.Kind == yaml.AliasNode {
		return nil, a.Value != b.Value
	}
	if a.Kind != b.Kind || a.ShortTag() != b.ShortTag() || a.Value != b.Value || a.Anchor != b.Anchor || len(a.Content) != len(b.Content) {
		return nil, true
	}
	for i, child := range a.Content {
		if below, differ := difference(child, b.Content[i]); differ {
			return stepTo(a, i).Join(below), true
		}
	}
	return nil, false
}

// haveSameComments tells whether two nodes that say the same have the same comments, and so
// are written the same.
func haveSameComments(a, b *yaml.Node) bool {
	return a.HeadComment == b.HeadComment && a.LineComment == b.LineComment && a.FootComment == b.FootComment &&
		slices.EqualFunc(a.Content, b.Content, haveSameComments)
}

// stepTo returns the path of a child of a list or a map.
func stepTo(parent *yaml.Node, index int) document.Path {
	path := (*field.Path)(nil)
	if parent.Kind == yaml.SequenceNode {
		path = path.Index(index)
	} else {
		path = document.Child(path, parent.Content[index-index%2].Value)
	}
	return document.ParsePath(path.String())
}
