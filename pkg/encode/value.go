// Package encode writes typed objects as YAML, with the fields in the order of the Go type:
// in one pass, or as plain values first, and then as nodes.
package encode

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strconv"

	"k8s.io/apimachinery/pkg/runtime"
	utiljson "k8s.io/apimachinery/pkg/util/json"

	"github.com/failover-krm/failover/pkg/typed"
)

// Value returns an object as encoding/json would write it and read it back, without
// nulls, the status, and empty structs that nobody set: maps, lists, strings, int64,
// float64 and bool.
//
// It does not use encoding/json, which builds an encoder for every type that an
// object could contain: that takes longer than all the rest of a process.
func Value(object runtime.Object) (map[string]any, error) {
	kind := object.GetObjectKind().GroupVersionKind().Kind
	value, err := valueOf(reflect.ValueOf(object))
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

func valueOf(value reflect.Value) (any, error) { return typeOf(value.Type()).value(value) }

// value returns a value of the type, or nil where JSON would have a null.
func (t *goType) value(value reflect.Value) (any, error) {
	if typed.IsNil(value) {
		return nil, nil
	}
	if t.marshalsJSON {
		return marshaled(value.Interface().(json.Marshaler))
	}
	switch value.Kind() {
	case reflect.Pointer:
		return t.element.get().value(value.Elem())
	case reflect.Interface:
		return valueOf(value.Elem())
	case reflect.Struct:
		fields := map[string]any{}
		return fields, t.addFields(fields, value)
	case reflect.Map:
		return t.mapping(value)
	case reflect.Slice:
		if value.Type().Elem().Kind() == reflect.Uint8 {
			return base64.StdEncoding.EncodeToString(value.Bytes()), nil
		}
		return t.list(value)
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

// mapping returns what a map has, without nulls.
func (t *goType) mapping(value reflect.Value) (map[string]any, error) {
	fields := make(map[string]any, value.Len())
	for key, field := range value.Seq2() {
		child, err := t.element.get().value(field)
		if err != nil {
			return nil, err
		}
		if child != nil {
			fields[key.String()] = child
		}
	}
	return fields, nil
}

func (t *goType) list(value reflect.Value) ([]any, error) {
	items := make([]any, value.Len())
	for i := range items {
		item, err := t.element.get().value(value.Index(i))
		if err != nil {
			return nil, err
		}
		items[i] = item
	}
	return items, nil
}

// marshaled returns what knows its own JSON, as Quantity and IntOrString.
func marshaled(value json.Marshaler) (any, error) {
	data, err := value.MarshalJSON()
	if err != nil {
		return nil, err
	}
	if number, err := strconv.ParseInt(string(data), 10, 64); err == nil {
		return number, nil // most are a port, and need no decoder
	}
	var decoded any
	return decoded, utiljson.Unmarshal(data, &decoded)
}

// addFields adds the fields of a struct, those of inlined ones among them.
func (t *goType) addFields(fields map[string]any, value reflect.Value) error {
	for _, field := range t.fields {
		fieldValue := value.Field(field.Index)
		switch {
		case field.Inline && typed.IsNil(fieldValue):
		case field.Inline:
			inlined := reflect.Indirect(fieldValue)
			if err := typeOf(inlined.Type()).addFields(fields, inlined); err != nil {
				return err
			}
		case !field.Absent(fieldValue):
			child, err := field.get().value(fieldValue)
			if err != nil {
				return err
			}
			if set, isMap := child.(map[string]any); field.omitsEmpty && isMap && len(set) == 0 {
				continue
			}
			if child != nil {
				fields[field.Name] = child
			}
		}
	}
	return nil
}
