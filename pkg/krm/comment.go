package krm

import (
	"cmp"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// The YAML library puts a comment on one of the nodes around it, and not always on
// the one that it was written for.

// moveComments puts the comments before and after the list to its first and last
// fields, the one beside the items to where it can be written, and those after the items
// into the last item: they were the end of that item's file.
func (l *resourceList) moveComments() {
	first, last := l.root.Content[0], l.root.Content[len(l.root.Content)-2]
	first.HeadComment = joinComments(l.root.HeadComment, first.HeadComment)
	last.FootComment = joinComments(last.FootComment, l.root.FootComment)
	l.root.HeadComment, l.root.FootComment = "", ""
	place := l.itemsKey()
	key := l.root.Content[place]
	beside := cmp.Or(key.LineComment, l.items.LineComment)
	if len(l.items.Content) == 0 {
		key.LineComment, l.items.LineComment = "", beside // before [] it would be written as a line of its own
		return
	}
	key.LineComment, l.items.LineComment = beside, ""
	after := key.FootComment
	key.FootComment = ""
	if place+2 < len(l.root.Content) {
		// The last paragraph is on the next field.
		next := l.root.Content[place+2]
		if end := strings.LastIndex(next.HeadComment, "\n\n"); end >= 0 {
			after, next.HeadComment = joinComments(after, next.HeadComment[:end]), next.HeadComment[end+2:]
		}
	}
	item := l.items.Content[len(l.items.Content)-1]
	if item.Style&yaml.FlowStyle == 0 && len(item.Content) > 0 {
		item = item.Content[len(item.Content)-2]
	}
	item.FootComment = joinComments(item.FootComment, after)
}

// closeComments takes the empty lines out of comments below fields: the YAML library
// would give what follows them to another field or item, or lose it.
func closeComments(node *yaml.Node) {
	node.FootComment = strings.ReplaceAll(node.FootComment, "\n\n", "\n")
	for _, child := range node.Content {
		closeComments(child)
	}
}

func joinComments(above, below string) string { return strings.Trim(above+"\n\n"+below, "\n") }

func hasComments(node *yaml.Node) bool {
	return node.HeadComment != "" || node.LineComment != "" || node.FootComment != "" || slices.ContainsFunc(node.Content, hasComments)
}
