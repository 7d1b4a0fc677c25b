package krm

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/failover-krm/failover/pkg/apiserver/crd"
	"github.com/failover-krm/failover/pkg/apiserver/schema"
	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/render"
)

// emptyStructs are the fields that a Go type writes as {} though nobody set
// them, by kind and path. Others mean something: passive: {} is a health check.
var emptyStructs = map[string][]string{
	"Deployment": {"spec.strategy", "spec.template.spec.containers.resources"},
}

// toNode writes an object as YAML with the fields in the order of the Go type,
// apiVersion first, and without the status. The defaults of its CRD stand where
// the API server would put them: a second apply then changes nothing, since what
// was applied is what is there, also within lists, which kubectl replaces whole.
//
// It does what encoding/json would, straight to YAML: that builds an encoder for
// every type that an object could contain, which takes longer than all the rest
// of a process, and would be parsed again.
func toNode(resource render.Resource, known *schema.Node) (*yaml.Node, error) {
	kind := resource.GetObjectKind().GroupVersionKind().Kind
	encoder := encoder{dropEmpty: emptyStructs[kind]}
	node, err := encoder.node(reflect.ValueOf(resource), known, "")
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", kind, resource.GetName(), err)
	}
	apiVersionFirst(node)
	return node, nil
}

type encoder struct {
	// dropEmpty are the paths, without indexes, at which {} is left out.
	dropEmpty []string
}

var jsonMarshaler = reflect.TypeFor[json.Marshaler]()

// node returns the value at a path, or nil where JSON would have a null.
func (e encoder) node(value reflect.Value, known *schema.Node, path string) (*yaml.Node, error) {
	if kind := value.Kind(); (kind == reflect.Pointer || kind == reflect.Map || kind == reflect.Slice || kind == reflect.Interface) && value.IsNil() {
		return nil, nil
	}
	if value.Type().Implements(jsonMarshaler) {
		return marshaled(value.Interface().(json.Marshaler))
	}
	switch value.Kind() {
	case reflect.Pointer, reflect.Interface:
		return e.node(value.Elem(), known, path)
	case reflect.Struct:
		node := &yaml.Node{Kind: yaml.MappingNode, Tag: yaml.NodeTagMap}
		return node, e.addFields(node, value, known, path)
	case reflect.Map:
		return e.mapping(value, path)
	case reflect.Slice:
		if value.Type().Elem().Kind() == reflect.Uint8 {
			return stringNode(base64.StdEncoding.EncodeToString(value.Bytes())), nil
		}
		return e.sequence(value, known.Item(), path)
	case reflect.String:
		return stringNode(value.String()), nil
	case reflect.Bool:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: yaml.NodeTagBool, Value: strconv.FormatBool(value.Bool())}, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: yaml.NodeTagInt, Value: strconv.FormatInt(value.Int(), 10)}, nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: yaml.NodeTagInt, Value: strconv.FormatUint(value.Uint(), 10)}, nil
	case reflect.Float32, reflect.Float64:
		data, err := json.Marshal(value.Interface())
		return fromJSON(data, err)
	default:
		return nil, fmt.Errorf("%s: a %s has no place in YAML", path, value.Kind())
	}
}

// marshaled writes what knows its own JSON, as Quantity and IntOrString.
func marshaled(value json.Marshaler) (*yaml.Node, error) {
	data, err := value.MarshalJSON()
	return fromJSON(data, err)
}

func fromJSON(data []byte, err error) (*yaml.Node, error) {
	if err != nil {
		return nil, err
	}
	if len(data) == 0 || strings.ContainsRune("{[", rune(data[0])) {
		return collection(data)
	}
	var value any
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	switch value := value.(type) {
	case string:
		return stringNode(value), nil
	case bool:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: yaml.NodeTagBool, Value: strconv.FormatBool(value)}, nil
	case json.Number:
		tag := yaml.NodeTagInt
		if strings.ContainsAny(value.String(), ".eE") {
			tag = yaml.NodeTagFloat
		}
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: value.String()}, nil
	default:
		return nil, nil
	}
}

// collection reads a list or a map.
func collection(data []byte) (*yaml.Node, error) {
	parsed, err := yaml.Parse(string(data))
	if err != nil {
		return nil, err
	}
	inBlockStyle(parsed.YNode())
	return parsed.YNode(), nil
}

// inBlockStyle undoes the braces and quotes of JSON.
func inBlockStyle(node *yaml.Node) {
	if node.Kind == yaml.ScalarNode && node.ShortTag() == yaml.NodeTagString {
		*node = *stringNode(node.Value)
		return
	}
	node.Style = 0
	for _, child := range node.Content {
		inBlockStyle(child)
	}
}

// addFields adds the fields of a struct, those of inlined ones in their place.
func (e encoder) addFields(node *yaml.Node, value reflect.Value, known *schema.Node, path string) error {
	for _, field := range fieldsOf(value.Type()) {
		fieldValue := value.Field(field.index)
		switch {
		case path == "" && field.name == "status":
			continue
		case field.inline:
			if fieldValue.Kind() == reflect.Pointer {
				if fieldValue.IsNil() {
					continue
				}
				fieldValue = fieldValue.Elem()
			}
			if err := e.addFields(node, fieldValue, known, path); err != nil {
				return err
			}
			continue
		}
		fieldSchema := known.Field(field.name)
		if field.absent(fieldValue) {
			if err := addDefault(node, field.name, fieldSchema); err != nil {
				return err
			}
			continue
		}
		if err := e.add(node, field.name, fieldValue, fieldSchema, path); err != nil {
			return err
		}
	}
	return nil
}

// structField is what the encoder needs to know of a field of a struct.
type structField struct {
	index               int
	name                string
	inline              bool
	omitEmpty, omitZero bool
}

// structs has the fields of each type that a process has met.
var structs sync.Map

// fieldsOf returns the fields that encoding/json would write.
func fieldsOf(structType reflect.Type) []structField {
	if known, ok := structs.Load(structType); ok {
		return known.([]structField)
	}
	var fields []structField
	for i := range structType.NumField() {
		field := structType.Field(i)
		name, rest, _ := strings.Cut(field.Tag.Get("json"), ",")
		if !field.IsExported() || name == "-" {
			continue
		}
		options := strings.Split(rest, ",")
		fields = append(fields, structField{
			index: i, name: cmp.Or(name, field.Name), inline: name == "" && field.Anonymous,
			omitEmpty: slices.Contains(options, "omitempty"), omitZero: slices.Contains(options, "omitzero"),
		})
	}
	structs.Store(structType, fields)
	return fields
}

// add adds a field to a map, unless it is null or an empty struct nobody set.
func (e encoder) add(node *yaml.Node, name string, value reflect.Value, known *schema.Node, path string) error {
	fieldPath := strings.TrimPrefix(path+"."+name, ".")
	child, err := e.node(value, known, fieldPath)
	if err != nil || child == nil {
		return err
	}
	empty := child.Kind == yaml.MappingNode && len(child.Content) == 0
	if !empty || !slices.Contains(e.dropEmpty, fieldPath) {
		node.Content = append(node.Content, stringNode(name), child)
	}
	return nil
}

// addDefault adds a field that is not there, if its CRD has a default for it.
func addDefault(node *yaml.Node, name string, known *schema.Node) error {
	if known == nil || known.Default == "" {
		return nil
	}
	child, err := fromJSON([]byte(known.Default), nil)
	if err != nil {
		return err
	}
	node.Content = append(node.Content, stringNode(name), child)
	return fillDefaults(child, known)
}

// fillDefaults adds the defaults within a default.
func fillDefaults(node *yaml.Node, known *schema.Node) error {
	if node.Kind == yaml.SequenceNode {
		for _, item := range node.Content {
			if err := fillDefaults(item, known.Item()); err != nil {
				return err
			}
		}
	}
	if node.Kind != yaml.MappingNode {
		return nil
	}
	for _, name := range known.FieldNames() {
		given := document.Lookup(node, name)
		if given == nil {
			if err := addDefault(node, name, known.Field(name)); err != nil {
				return err
			}
			continue
		}
		if err := fillDefaults(given, known.Field(name)); err != nil {
			return err
		}
	}
	return nil
}

// absent tells whether encoding/json would leave a field out, or write a null.
func (f structField) absent(value reflect.Value) bool {
	if kind := value.Kind(); (kind == reflect.Pointer || kind == reflect.Map || kind == reflect.Slice) && value.IsNil() {
		return true
	}
	return f.omitZero && isZero(value) || f.omitEmpty && isEmpty(value)
}

// isZero is what omitzero asks for.
func isZero(value reflect.Value) bool {
	if zeroer, ok := reflect.TypeAssert[interface{ IsZero() bool }](value); ok {
		return zeroer.IsZero()
	}
	return value.IsZero()
}

// isEmpty is what omitempty asks for.
func isEmpty(value reflect.Value) bool {
	switch value.Kind() {
	case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
		return value.Len() == 0
	case reflect.Struct:
		return false
	default:
		return value.IsZero()
	}
}

func (e encoder) mapping(value reflect.Value, path string) (*yaml.Node, error) {
	fields := map[string]reflect.Value{}
	for key, field := range value.Seq2() {
		fields[key.String()] = field
	}
	node := &yaml.Node{Kind: yaml.MappingNode, Tag: yaml.NodeTagMap}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if err := e.add(node, name, fields[name], nil, path); err != nil {
			return nil, err
		}
	}
	return node, nil
}

func (e encoder) sequence(value reflect.Value, known *schema.Node, path string) (*yaml.Node, error) {
	node := &yaml.Node{Kind: yaml.SequenceNode, Tag: yaml.NodeTagSeq}
	for i := range value.Len() {
		item, err := e.node(value.Index(i), known, path)
		if err != nil {
			return nil, err
		}
		if item == nil {
			item = &yaml.Node{Kind: yaml.ScalarNode, Tag: yaml.NodeTagNull, Value: "null"}
		}
		node.Content = append(node.Content, item)
	}
	return node, nil
}

// stringNode quotes what a YAML 1.1 reader, as kubectl's, would not read as
// a string, as the YAML library does for Go strings.
func stringNode(value string) *yaml.Node {
	node := &yaml.Node{Kind: yaml.ScalarNode, Tag: yaml.NodeTagString, Value: value}
	if mayNotBeString(value) {
		var encoded yaml.Node
		if err := encoded.Encode(value); err == nil {
			node.Style = encoded.Style & (yaml.DoubleQuotedStyle | yaml.SingleQuotedStyle)
		}
	}
	return node
}

// mayNotBeString is a quick look that spares most strings a YAML parser: what is
// not a string is one of these words, or begins like a number or a merge key.
func mayNotBeString(value string) bool {
	if value == "" || len(value) > 64 {
		return false
	}
	if strings.ContainsRune("0123456789+-.~<=", rune(value[0])) {
		return true
	}
	return len(value) <= 5 && slices.Contains([]string{"y", "n", "yes", "no", "on", "off", "true", "false", "null"}, strings.ToLower(value))
}

// schemaOf returns the schema of an object in the target of its spec.
func schemaOf(object render.Object) *schema.Node {
	apiVersion, kind := object.Resource.GetObjectKind().GroupVersionKind().ToAPIVersionAndKind()
	return crd.Schema(object.Spec.Spec.Target.EnvoyGateway(), apiVersion, kind)
}

// apiVersionFirst swaps kind and apiVersion, which Go's TypeMeta has in an order
// that no manifest does.
func apiVersionFirst(node *yaml.Node) {
	content := node.Content
	if len(content) >= 4 && content[0].Value == "kind" && content[2].Value == "apiVersion" {
		content[0], content[1], content[2], content[3] = content[2], content[3], content[0], content[1]
	}
}
