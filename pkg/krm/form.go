package krm

import (
	"slices"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/encode"
)

// keepForm gives a node the comments, the order of keys and the style that another
// one has where both say the same. An orchestrator may do so too, by the item's
// id, but not all of them do.
func keepForm(from, to *yaml.Node) {
	if from.Kind != to.Kind || from.Kind == yaml.AliasNode {
		return
	}
	to.HeadComment, to.LineComment, to.FootComment = from.HeadComment, from.LineComment, from.FootComment
	switch to.Kind {
	case yaml.ScalarNode:
		if from.Style != to.Style && from.Value == to.Value && from.ShortTag() == to.ShortTag() && (from.Style != 0 || !needsQuotes(to)) {
			to.Style = from.Style
		}
	case yaml.MappingNode:
		to.Style = from.Style
		keepKeys(from, to)
	case yaml.SequenceNode:
		to.Style = from.Style
		for i, former := range formerElements(from.Content, to.Content) {
			if former != nil {
				keepForm(former, to.Content[i])
			}
		}
	}
}

func needsQuotes(scalar *yaml.Node) bool {
	return scalar.ShortTag() == yaml.NodeTagString && encode.String(scalar.Value).Style != 0
}

// isWrittenTheSame tells whether two nodes have the same values, comments and style.
func isWrittenTheSame(a, b *yaml.Node) bool {
	_, differ := difference(a, b)
	return !differ && haveSameComments(a, b) && haveSameStyle(a, b)
}

func haveSameStyle(a, b *yaml.Node) bool {
	return a.Style == b.Style && slices.EqualFunc(a.Content, b.Content, haveSameStyle)
}

// keepKeys orders the entries that two maps share as the one has them. The others
// stay at their places.
func keepKeys(from, to *yaml.Node) {
	places := map[string]int{}
	for i := 0; i+1 < len(to.Content); i += 2 {
		places[to.Content[i].Value] = i
	}
	var shared []*yaml.Node
	var free []int
	for i := 0; i+1 < len(from.Content); i += 2 {
		place, isShared := places[from.Content[i].Value]
		if !isShared {
			continue
		}
		delete(places, from.Content[i].Value) // given twice, the first counts
		key, value := to.Content[place], to.Content[place+1]
		keepForm(from.Content[i], key)
		keepForm(from.Content[i+1], value)
		shared, free = append(shared, key, value), append(free, place)
	}
	slices.Sort(free)
	for i, place := range free {
		to.Content[place], to.Content[place+1] = shared[2*i], shared[2*i+1]
	}
}

// formerElements finds for each element of a list what it was in an earlier one:
// the element of the same name or text, of several the first that is left, otherwise
// the one at the same place.
func formerElements(earlier, elements []*yaml.Node) []*yaml.Node {
	byKey := map[string][]*yaml.Node{}
	for _, element := range earlier {
		key := elementKey(element)
		byKey[key] = append(byKey[key], element)
	}
	former := make([]*yaml.Node, len(elements))
	for i, element := range elements {
		key := elementKey(element)
		switch {
		case key == "" && i < len(earlier):
			former[i] = earlier[i]
		case key != "" && len(byKey[key]) > 0:
			former[i], byKey[key] = byKey[key][0], byKey[key][1:]
		}
	}
	return former
}

func elementKey(element *yaml.Node) string {
	if element.Kind == yaml.ScalarNode {
		return element.Value
	}
	return document.Field(element, "name")
}
