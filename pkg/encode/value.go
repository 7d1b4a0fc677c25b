// Package encode writes typed objects as YAML: first as plain values, in which
// defaults are filled in, then as nodes with the fields in the order of the Go type.
package encode

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	utiljson "k8s.io/apimachinery/pkg/util/json"
)

// emptyStructs are the fields that a Go type writes as {} though nobody set
// them, by kind and path. Others mean something: passive: {} is a health check.
var emptyStructs = map[string][]string{
	"Deployment": {"spec.strategy", "spec.template.spec.containers.resources"},
}

// Value returns an object as encoding/json would write it and read it back, without
// nulls, the status, and empty structs that nobody set: maps, lists, strings, int64,
// float64 and bool.
//
// It does not use encoding/json, which builds an encoder for every type that an
// object could contain: that takes longer than all the rest of a process.
func Value(object runtime.Object) (map[string]any, error) {
	kind := object.GetObjectKind().GroupVersionKind().Kind
	encoder := encoder{dropEmpty: emptyStructs[kind]}
	value, err := encoder.value(reflect.ValueOf(object), "")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", kind, err)
	}
	fields, isObject := value.(map[string]any)
	if !isObject {
		return nil, fmt.Errorf("%s: is not an object", kind)
	}
	delete(fields, "status")
	return fields, nil
}

type encoder struct {
	// dropEmpty are the paths, without indexes, at which {} is left out.
	dropEmpty []string
}

var jsonMarshaler = reflect.TypeFor[json.Marshaler]()

// value returns the value at a path, or nil where JSON would have a null.
func (e encoder) value(value reflect.Value, path string) (any, error) {
	if isNil(value) {
		return nil, nil
	}
	if value.Type().Implements(jsonMarshaler) {
		return marshaled(value.Interface().(json.Marshaler))
	}
	switch value.Kind() {
	case reflect.Pointer, reflect.Interface:
		return e.value(value.Elem(), path)
	case reflect.Struct:
		fields := map[string]any{}
		return fields, e.addFields(fields, value, path)
	case reflect.Map:
		fields := make(map[string]any, value.Len())
		for key, field := range value.Seq2() {
			if err := e.add(fields, key.String(), field, path); err != nil {
				return nil, err
			}
		}
		return fields, nil
	case reflect.Slice:
		if value.Type().Elem().Kind() == reflect.Uint8 {
			return base64.StdEncoding.EncodeToString(value.Bytes()), nil
		}
		items := make([]any, value.Len())
		for i := range items {
			item, err := e.value(value.Index(i), path)
			if err != nil {
				return nil, err
			}
			items[i] = item
		}
		return items, nil
	case reflect.String:
		return value.String(), nil
	case reflect.Bool:
		return value.Bool(), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return value.Int(), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if value.Uint() > math.MaxInt64 {
			return float64(value.Uint()), nil // as an API server reads it
		}
		return int64(value.Uint()), nil
	case reflect.Float32:
		return strconv.ParseFloat(strconv.FormatFloat(value.Float(), 'g', -1, 32), 64)
	case reflect.Float64:
		return value.Float(), nil
	default:
		return nil, fmt.Errorf("a %s has no place in YAML", value.Kind())
	}
}

func isNil(value reflect.Value) bool {
	switch value.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Interface:
		return value.IsNil()
	default:
		return false
	}
}

// marshaled returns what knows its own JSON, as Quantity and IntOrString.
func marshaled(value json.Marshaler) (any, error) {
	data, err := value.MarshalJSON()
	if err != nil {
		return nil, err
	}
	var decoded any
	return decoded, utiljson.Unmarshal(data, &decoded)
}

// addFields adds the fields of a struct, those of inlined ones among them.
func (e encoder) addFields(fields map[string]any, value reflect.Value, path string) error {
	for _, field := range fieldsOf(value.Type()) {
		fieldValue := value.Field(field.index)
		var err error
		switch {
		case field.inline && isNil(fieldValue):
		case field.inline:
			err = e.addFields(fields, reflect.Indirect(fieldValue), path)
		case !field.absent(fieldValue):
			err = e.add(fields, field.name, fieldValue, path)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// add adds a field to a map, unless it is null or an empty struct nobody set.
func (e encoder) add(fields map[string]any, name string, value reflect.Value, path string) error {
	var fieldPath string
	if len(e.dropEmpty) > 0 { // which few kinds have, and paths take time
		fieldPath = strings.TrimPrefix(path+"."+name, ".")
	}
	child, err := e.value(value, fieldPath)
	if err != nil || child == nil {
		return err
	}
	if object, isObject := child.(map[string]any); isObject && len(object) == 0 && slices.Contains(e.dropEmpty, fieldPath) {
		return nil
	}
	fields[name] = child
	return nil
}
