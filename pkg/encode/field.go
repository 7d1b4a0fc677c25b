package encode

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// structField is what the encoder needs to know of a field of a struct.
type structField struct {
	index               int
	name                string
	fieldType           reflect.Type
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
			index: i, name: cmp.Or(name, field.Name), fieldType: field.Type, inline: name == "" && field.Anonymous,
			omitEmpty: slices.Contains(options, "omitempty"), omitZero: slices.Contains(options, "omitzero"),
		})
	}
	structs.Store(structType, fields)
	return fields
}

// absent tells whether encoding/json would leave a field out, or write a null.
func (f structField) absent(value reflect.Value) bool {
	return isNil(value) || f.omitZero && isZero(value) || f.omitEmpty && isEmpty(value)
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
