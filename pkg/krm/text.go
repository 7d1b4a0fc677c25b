package krm

import (
	"bytes"
	"slices"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/encode"
)

// textsOf returns the lines of each item of a list, by the item, and of each other field, by
// its value. There are none where one of them could not be handed on as it came: each begins
// a line without indentation, and every other line is indented; no alias stands for something
// in another one; and no comment is between two of them. An orchestrator writes the answer
// with the YAML library, so there is also no text of which that would write the style wrongly.
func textsOf(root *yaml.Node, text []byte) map[*yaml.Node][]byte {
	parts := partsOf(root, blocksOf(text))
	if parts == nil || hasOtherBreaks(text) {
		return nil
	}
	texts := make(map[*yaml.Node][]byte, len(parts))
	for part, lines := range parts {
		if !lines.hasAliased(part) || !lines.isClosed() || encode.HasWrongStyles(part) {
			return nil
		}
		texts[part] = lines.text
	}
	return texts
}

// partsOf finds the lines of items, and of the values of other fields, with their keys. There
// are none where the blocks are something different.
func partsOf(root *yaml.Node, blocks []block) map[*yaml.Node]block {
	parts := map[*yaml.Node]block{}
	items := document.Lookup(root, "items")
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, value := root.Content[i], root.Content[i+1]
		elements := 0
		if len(blocks) > 1 && blocks[1].text[0] == '-' {
			elements = len(value.Content)
		}
		if len(blocks) < 1+elements || !blocks[0].beginsWith(key) {
			return nil
		}
		first, others := blocks[0], blocks[1:1+elements]
		blocks = blocks[1+elements:]
		switch {
		case value == items && string(first.text) == itemsLine:
			for j, block := range others {
				parts[items.Content[j]] = block
			}
		case value == items && len(items.Content) > 0, key.Value == "items" && !bytes.HasPrefix(first.text, []byte("items:")):
			return nil
		default:
			parts[value] = first.with(others)
		}
	}
	if len(blocks) > 0 {
		return nil
	}
	return parts
}

// block is some lines of a text, of which only the first is not indented.
type block struct {
	text []byte
	// first is the number of the first line, and end that of the line after the last.
	first, end int
}

// blocksOf cuts a text into blocks. There are none where it begins or ends within a line
// of one, or begins with a byte order mark.
func blocksOf(text []byte) []block {
	if !bytes.HasSuffix(text, []byte("\n")) || isIndented(text) || bytes.HasPrefix(text, []byte("\uFEFF")) {
		return nil
	}
	var blocks []block
	start, end, number := 0, 0, 0
	for line := range bytes.Lines(text) {
		number++
		if !isIndented(line) {
			blocks = append(blocks, block{first: number})
			start = end
		}
		end += len(line)
		last := &blocks[len(blocks)-1]
		last.text, last.end = text[start:end], number+1
	}
	return blocks
}

// isIndented tells whether a line is empty or begins with a space.
func isIndented(line []byte) bool { return line[0] == ' ' || line[0] == '\n' }

// with returns a block with those that follow it in the text.
func (b block) with(next []block) block {
	for _, other := range next {
		b.text, b.end = b.text[:len(b.text)+len(other.text)], other.end
	}
	return b
}

// beginsWith tells whether a block begins with a key.
func (b block) beginsWith(key *yaml.Node) bool {
	return key.Kind == yaml.ScalarNode && key.Line == b.first && key.Column == 1
}

// hasAliased tells whether a block has all that the aliases in a node stand for.
func (b block) hasAliased(node *yaml.Node) bool {
	if node.Kind == yaml.AliasNode {
		return b.first <= node.Alias.Line && node.Alias.Line < b.end
	}
	return !slices.ContainsFunc(node.Content, func(child *yaml.Node) bool { return !b.hasAliased(child) })
}

// isClosed tells that a block does not end with a comment on a line of its own, which might
// belong to what follows it.
func (b block) isClosed() bool {
	text := bytes.TrimRight(b.text, " \t\n")
	last := text[bytes.LastIndexByte(text, '\n')+1:]
	return !bytes.HasPrefix(bytes.TrimLeft(last, " \t"), []byte("#"))
}

// hasOtherBreaks tells whether there is a character that ends a line for the YAML library,
// and not here.
func hasOtherBreaks(text []byte) bool {
	return slices.ContainsFunc([]string{"\r", "\u0085", "\u2028", "\u2029"}, func(lineBreak string) bool {
		return bytes.Contains(text, []byte(lineBreak))
	})
}

// asItCame writes the list with the texts of what the function did not change, and tells
// whether it could: it leaves a list with comments on what it would write, since the YAML
// library may give those to what is next to it. The next call can hand on all that is written
// here.
func (l *resourceList) asItCame(parts []part) (text []byte, done bool, err error) {
	if l.texts == nil {
		return nil, false, nil
	}
	parts = slices.Clone(parts)
	for i := range parts {
		part := &parts[i]
		if text := l.textOf(*part); text != nil {
			part.text, part.isKnown = text, true
			if part.item != nil && (i == 0 || parts[i-1].item == nil) {
				part.text = slices.Concat([]byte(itemsLine), text)
			}
		} else if part.node != nil && hasComments(part.node) {
			return nil, false, nil
		}
	}
	if err := write(parts); err != nil {
		return nil, false, err
	}
	if slices.ContainsFunc(parts, func(p part) bool { return !p.isKnown && !canBeHandedOn(p) }) {
		return nil, false, nil
	}
	return join(parts), true, nil
}

// textOf returns the text of a part that stays as it came, or nil.
func (l *resourceList) textOf(p part) []byte {
	if p.item != nil {
		return l.texts[p.item]
	}
	return l.texts[p.node.Content[1]]
}

// canBeHandedOn tells whether the YAML library has written a part such that it says what it
// should, and that the next call can hand it on.
func canBeHandedOn(p part) bool {
	text := p.text
	if p.item != nil && !bytes.HasPrefix(text, []byte(itemsLine)) {
		text = slices.Concat([]byte(itemsLine), text)
	}
	documents, err := document.Parse(text, "answer")
	if err != nil || len(documents) != 1 {
		return false
	}
	_, differ := difference(p.node, documents[0].Node)
	return !differ && textsOf(documents[0].Node, text) != nil
}
