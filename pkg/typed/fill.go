package typed

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
)

// Fill fills what a pointer points to from a value: maps, lists, strings, int64, float64
// and bool. The names of fields must be exact; those that the type does not have are
// left out.
func Fill(pointer, value any) error { return fill(reflect.ValueOf(pointer).Elem(), value) }

func fill(into reflect.Value, value any) error {
	if value == nil {
		return nil
	}
	if into.Kind() == reflect.Pointer {
		into.Set(reflect.New(into.Type().Elem()))
		return fill(into.Elem(), value)
	}
	shape := shapeOf(into.Type())
	if shape.readsJSON || into.Kind() == reflect.Interface {
		return throughJSON(into, value)
	}
	switch value := value.(type) {
	case map[string]any:
		switch into.Kind() {
		case reflect.Struct:
			return shape.fill(into, value)
		case reflect.Map:
			return fillMap(into, value)
		}
	case []any:
		if into.Kind() == reflect.Slice {
			return fillList(into, value)
		}
	case string:
		switch into.Kind() {
		case reflect.String:
			into.SetString(value)
			return nil
		case reflect.Slice: // of bytes, in base64
			return throughJSON(into, value)
		}
	case bool:
		if into.Kind() == reflect.Bool {
			into.SetBool(value)
			return nil
		}
	case int64:
		return fillNumber(into, value)
	case float64:
		return throughJSON(into, value)
	}
	return mismatch(into, value)
}

func mismatch(into reflect.Value, value any) error {
	return fmt.Errorf("%v does not fit into %s", value, into.Type())
}

// throughJSON is for what reads its own JSON, such as a Quantity, and for what is rare.
func throughJSON(into reflect.Value, value any) error {
	data, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, into.Addr().Interface())
}

func (s *shape) fill(into reflect.Value, value map[string]any) error {
	for i := range s.fields {
		field := &s.fields[i]
		at := into.Field(field.Index)
		if field.Inline {
			if err := fillInlined(at, value); err != nil {
				return err
			}
			continue
		}
		if given, isGiven := value[field.Name]; isGiven {
			if err := fill(at, given); err != nil {
				return fmt.Errorf("%s: %w", field.Name, err)
			}
		}
	}
	return nil
}

// fillInlined fills a struct that is a part of another. Where it is pointed to, it is made
// only if the value has a field of it.
func fillInlined(into reflect.Value, value map[string]any) error {
	if into.Kind() != reflect.Pointer {
		return shapeOf(into.Type()).fill(into, value)
	}
	if hasField(value, into.Type()) {
		into.Set(reflect.New(into.Type().Elem()))
		return shapeOf(into.Type().Elem()).fill(into.Elem(), value)
	}
	return nil
}

// hasField tells whether a value has a field of a struct, or of one that it points to.
func hasField(value map[string]any, of reflect.Type) bool {
	if of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	return slices.ContainsFunc(shapeOf(of).fields, func(field Field) bool {
		_, given := value[field.Name]
		return !field.Inline && given || field.Inline && hasField(value, field.Type)
	})
}

func fillMap(into reflect.Value, value map[string]any) error {
	if into.Type().Key().Kind() != reflect.String {
		return mismatch(into, value)
	}
	filled := reflect.MakeMapWithSize(into.Type(), len(value))
	for name, given := range value {
		item := reflect.New(into.Type().Elem()).Elem()
		if err := fill(item, given); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		filled.SetMapIndex(reflect.ValueOf(name).Convert(into.Type().Key()), item)
	}
	into.Set(filled)
	return nil
}

func fillList(into reflect.Value, value []any) error {
	filled := reflect.MakeSlice(into.Type(), len(value), len(value))
	for i, given := range value {
		if err := fill(filled.Index(i), given); err != nil {
			return fmt.Errorf("[%d]: %w", i, err)
		}
	}
	into.Set(filled)
	return nil
}

func fillNumber(into reflect.Value, value int64) error {
	switch {
	case into.CanInt() && !into.OverflowInt(value):
		into.SetInt(value)
	case into.CanUint() && value >= 0 && !into.OverflowUint(uint64(value)):
		into.SetUint(uint64(value))
	case into.CanFloat():
		into.SetFloat(float64(value))
	default:
		return mismatch(into, value)
	}
	return nil
}
