package encode

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/failover-krm/failover/pkg/typed"
)

// Node writes a value, as Value returns it, with the fields in the order of the Go
// type of an object, apiVersion first. A field that the type does not have comes
// after the others.
func Node(value map[string]any, object runtime.Object) (*yaml.Node, error) {
	node, err := mapping(value, reflect.TypeOf(object))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", object.GetObjectKind().GroupVersionKind().Kind, err)
	}
	return node, nil
}

// Struct writes what a pointer to a struct has, as Value and Node do, for one that is no
// object of Kubernetes.
func Struct(pointer any) (*yaml.Node, error) {
	value, err := valueOf(reflect.ValueOf(pointer))
	if err != nil {
		return nil, err
	}
	return node(value, reflect.TypeOf(pointer))
}

// node writes a value in the order that its Go type has, if any.
func node(value any, of reflect.Type) (*yaml.Node, error) {
	switch value := value.(type) {
	case map[string]any:
		return mapping(value, of)
	case []any:
		list := &yaml.Node{Kind: yaml.SequenceNode, Tag: yaml.NodeTagSeq}
		for _, item := range value {
			child, err := node(item, elementOf(of))
			if err != nil {
				return nil, err
			}
			list.Content = append(list.Content, child)
		}
		return list, nil
	case string:
		return String(value), nil
	case bool:
		return scalar(yaml.NodeTagBool, strconv.FormatBool(value)), nil
	case int64:
		return scalar(yaml.NodeTagInt, strconv.FormatInt(value, 10)), nil
	case float64:
		data, err := json.Marshal(value) // the shortest text that is read back the same
		tag := yaml.NodeTagInt
		if strings.ContainsAny(string(data), ".eE") {
			tag = yaml.NodeTagFloat
		}
		return scalar(tag, string(data)), err
	case nil:
		return scalar(yaml.NodeTagNull, "null"), nil
	default:
		return nil, fmt.Errorf("a %T has no place in YAML", value)
	}
}

func scalar(tag, text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: text}
}

// mapping writes the fields of a map: those of its Go type in their order, then the
// others by name.
func mapping(fields map[string]any, of reflect.Type) (*yaml.Node, error) {
	layout := layoutOf(of)
	object := &yaml.Node{Kind: yaml.MappingNode, Tag: yaml.NodeTagMap, Content: make([]*yaml.Node, 0, 2*len(fields))}
	add := func(name string, of reflect.Type) error {
		child, err := node(fields[name], of)
		object.Content = append(object.Content, String(name), child)
		return err
	}
	for _, field := range layout.fields {
		if _, given := fields[field.Name]; given {
			if err := add(field.Name, field.of); err != nil {
				return nil, err
			}
		}
	}
	if len(object.Content) == 2*len(fields) {
		return object, nil
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if !layout.has[name] {
			if err := add(name, layout.values); err != nil {
				return nil, err
			}
		}
	}
	return object, nil
}

// layout is the order of the fields of a Go type.
type layout struct {
	// fields of a struct, those of inlined ones in their place.
	fields []layoutField
	has    map[string]bool
	// values is the type of the values of a map.
	values reflect.Type
}

// layoutField is a field of a struct, or of one that is inlined in it.
type layoutField struct {
	*structField
	// within has the places of the inlined structs that it is in, the outermost first.
	within []int
	// key is the name with a colon, as YAML; nil where that takes more than one line.
	key []byte
}

// in returns the value of the field in a struct; none where it is in an inlined one that
// is not there.
func (f *layoutField) in(value reflect.Value) (reflect.Value, bool) {
	for _, index := range f.within {
		if value = value.Field(index); typed.IsNil(value) {
			return value, false
		}
		value = reflect.Indirect(value)
	}
	return value.Field(f.Index), true
}

// layouts has that of each type that a process has met.
var layouts sync.Map

func layoutOf(of reflect.Type) *layout {
	if of == nil {
		return &layout{}
	}
	if known, ok := layouts.Load(of); ok {
		return known.(*layout)
	}
	made := &layout{has: map[string]bool{}}
	if direct := indirect(of); direct.Kind() == reflect.Map {
		made.values = direct.Elem()
	}
	made.add(structOf(of), nil)
	if first := made.fields; len(first) > 1 && first[0].Name == "kind" && first[1].Name == "apiVersion" {
		first[0], first[1] = first[1], first[0] // Go's TypeMeta has an order that no manifest has
	}
	layouts.Store(of, made)
	return made
}

func (l *layout) add(of reflect.Type, within []int) {
	if of == nil {
		return
	}
	for _, field := range typeOf(of).fields {
		if field.Inline {
			l.add(structOf(field.of), append(slices.Clone(within), field.Index))
			continue
		}
		l.fields = append(l.fields, layoutField{field, within, keyOf(field.Name)})
		l.has[field.Name] = true
	}
}

// structOf returns the struct that a type is or points to. One that knows its own
// JSON has no fields of its own.
func structOf(of reflect.Type) reflect.Type {
	of = indirect(of)
	if of == nil || of.Kind() != reflect.Struct || of.Implements(jsonMarshaler) || reflect.PointerTo(of).Implements(jsonMarshaler) {
		return nil
	}
	return of
}

func elementOf(of reflect.Type) reflect.Type {
	if of = indirect(of); of != nil && of.Kind() == reflect.Slice {
		return of.Elem()
	}
	return nil
}

func indirect(of reflect.Type) reflect.Type {
	if of != nil && of.Kind() == reflect.Pointer {
		return of.Elem()
	}
	return of
}
