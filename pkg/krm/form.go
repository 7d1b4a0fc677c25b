package krm

import (
	"slices"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/failover-krm/failover/pkg/document"
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
		if from.Value == to.Value && from.ShortTag() == to.ShortTag() {
			to.Style = from.Style
		}
	case yaml.MappingNode:
		to.Style = from.Style
		keepKeys(from, to)
	case yaml.SequenceNode:
		to.Style = from.Style
		for i, element := range to.Content {
			if twin := twinOf(element, i, from.Content); twin != nil {
				keepForm(twin, element)
			}
		}
	}
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

// twinOf finds the element of an earlier list that one of a later list was: the
// one of the same name, the same text, or else at the same place.
func twinOf(element *yaml.Node, index int, earlier []*yaml.Node) *yaml.Node {
	if key := elementKey(element); key != "" {
		for _, candidate := range earlier {
			if elementKey(candidate) == key {
				return candidate
			}
		}
		return nil
	}
	if index < len(earlier) {
		return earlier[index]
	}
	return nil
}

func elementKey(element *yaml.Node) string {
	if element.Kind == yaml.ScalarNode {
		return element.Value
	}
	return document.Field(element, "name")
}
