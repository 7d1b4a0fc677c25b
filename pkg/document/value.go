package document

import (
	"math"
	"strconv"

	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// Value returns what a node means as JSON: map[string]any, []any, string, int64,
// float64, bool or nil, with aliases and merge keys followed. A key without
// a value counts as absent. Errors are for what JSON has no room for, and for
// keys given twice, which YAML forbids and many readers let pass: the first
// counts, and PositionOf tells where the other is.
func Value(node *yaml.Node) (any, field.ErrorList) {
	return value(node, NewPath())
}

// PositionOf returns where the fault of an error is, if that is not where its field
// is found: at a key that is given twice.
func PositionOf(err *field.Error) (Position, bool) {
	at, isElsewhere := err.BadValue.(Position)
	return at, isElsewhere
}

// givenTwice has the position as its value, which a Forbidden does not print.
func givenTwice(path *field.Path, key *yaml.Node, firstLine int) *field.Error {
	err := field.Forbidden(path, "given twice, first on line "+strconv.Itoa(firstLine)+": remove one")
	err.BadValue = Position{Line: key.Line, Column: key.Column}
	return err
}

// Texts returns the fields of a map that are texts, as Value has them.
func Texts(node *yaml.Node) map[string]string {
	texts := map[string]string{}
	if node = follow(node); node.Kind != yaml.MappingNode {
		return texts
	}
	for i := len(node.Content) - 2; i >= 0; i -= 2 { // given twice, the first counts
		key, value := follow(node.Content[i]), follow(node.Content[i+1])
		switch {
		case isMerge(key):
			return textsOf(mapping(node, nil))
		case key.Kind != yaml.ScalarNode:
		case value.Kind == yaml.ScalarNode && isText(value):
			texts[key.Value] = value.Value
		default:
			delete(texts, key.Value)
		}
	}
	return texts
}

func textsOf(fields map[string]any, _ field.ErrorList) map[string]string {
	texts := map[string]string{}
	for key, field := range fields {
		if text, isText := field.(string); isText {
			texts[key] = text
		}
	}
	return texts
}

func isText(scalar *yaml.Node) bool {
	tag := scalar.ShortTag()
	return tag == yaml.NodeTagString || tag == "!!timestamp" || tag == "!!binary"
}

// value does so for a node at a path, which it hands on in the same memory: it holds until the
// next field or item.
func value(node *yaml.Node, path Path) (any, field.ErrorList) {
	switch node.Kind {
	case yaml.AliasNode:
		return value(node.Alias, path)
	case yaml.MappingNode:
		return mapping(node, path)
	case yaml.SequenceNode:
		items := make([]any, 0, len(node.Content))
		var errs field.ErrorList
		for i, child := range node.Content {
			item, itemErrs := value(child, append(path, Step{Name: strconv.Itoa(i), InBrackets: true}))
			items = append(items, item)
			errs = append(errs, itemErrs...)
		}
		return items, errs
	default:
		return scalar(node, path)
	}
}

func mapping(node *yaml.Node, path Path) (map[string]any, field.ErrorList) {
	fields := make(map[string]any, len(node.Content)/2)
	seen := make(map[string]int, len(node.Content)/2)
	var merged []*yaml.Node
	var errs field.ErrorList
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, child := follow(node.Content[i]), node.Content[i+1]
		if key.Kind != yaml.ScalarNode {
			errs = append(errs, field.Invalid(path.FieldPath(), "a list or a map as a key", "a key must be a string"))
			continue
		}
		if isMerge(key) {
			merged = append(merged, child)
			continue
		}
		childPath := path.child(key.Value)
		if line, twice := seen[key.Value]; twice {
			errs = append(errs, givenTwice(childPath.FieldPath(), key, line))
			continue
		}
		seen[key.Value] = key.Line
		item, itemErrs := value(child, childPath)
		errs = append(errs, itemErrs...)
		if item != nil {
			fields[key.Value] = item
		}
	}
	for _, source := range merged {
		errs = append(errs, merge(fields, seen, source, path)...)
	}
	return fields, errs
}

// merge adds the fields of a merge key's map, or of each map in its list, that
// are not there yet.
func merge(fields map[string]any, seen map[string]int, source *yaml.Node, path Path) field.ErrorList {
	source = follow(source)
	switch source.Kind {
	case yaml.MappingNode:
		inherited, errs := mapping(source, path)
		for key, item := range inherited {
			if _, overridden := seen[key]; !overridden {
				fields[key] = item
				seen[key] = source.Line
			}
		}
		return errs
	case yaml.SequenceNode:
		var errs field.ErrorList
		for _, child := range source.Content {
			errs = append(errs, merge(fields, seen, child, path)...)
		}
		return errs
	default:
		return field.ErrorList{field.Invalid(path.FieldPath().Child("<<"), source.Value, "must merge a map, or a list of maps")}
	}
}

func scalar(node *yaml.Node, path Path) (any, field.ErrorList) {
	if isText(node) {
		return node.Value, nil
	}
	switch node.ShortTag() {
	case yaml.NodeTagNull:
		return nil, nil
	case yaml.NodeTagBool:
		var b bool
		if err := node.Decode(&b); err == nil {
			return b, nil
		}
	case yaml.NodeTagInt:
		var i int64
		if err := node.Decode(&i); err == nil {
			return i, nil
		}
		return nil, field.ErrorList{field.Invalid(path.FieldPath(), node.Value, "must be an integer of at most 64 bits")}
	case yaml.NodeTagFloat:
		var f float64
		if err := node.Decode(&f); err == nil && !math.IsInf(f, 0) && !math.IsNaN(f) {
			return f, nil
		}
		return nil, field.ErrorList{field.Invalid(path.FieldPath(), node.Value, "must be a finite number")}
	}
	return nil, field.ErrorList{field.Invalid(path.FieldPath(), node.Tag+" "+node.Value, "must be a string, a number, a boolean, a list or a map without a YAML tag of its own")}
}

func isMerge(key *yaml.Node) bool {
	return key.Kind == yaml.ScalarNode && key.ShortTag() == "!!merge"
}

// follow returns what an alias stands for, or the node itself.
func follow(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.AliasNode {
		return node.Alias
	}
	return node
}
