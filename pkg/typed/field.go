// Package typed fills Go types from plain values, as encoding/json does from text. It looks
// only at the types that a value has: encoding/json looks at all that an object could
// contain, before it reads the first field.
package typed

import (
	"cmp"
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// Field is a field of a struct that encoding/json would write.
type Field struct {
	// Index is its place in the struct, Name its name in JSON.
	Index int
	Name  string
	Type  reflect.Type
	// Inline tells that its own fields are fields of the struct.
	Inline              bool
	OmitEmpty, OmitZero bool

	// knowsZero tells that the type says itself what is zero.
	knowsZero bool
}

// Absent tells whether encoding/json would leave the field out for a value, or write a null.
func (f *Field) Absent(value reflect.Value) bool {
	return IsNil(value) || f.OmitZero && f.isZero(value) || f.OmitEmpty && isEmpty(value)
}

// isZero is what omitzero asks for.
func (f *Field) isZero(value reflect.Value) bool {
	if f.knowsZero {
		return value.Interface().(interface{ IsZero() bool }).IsZero()
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

// IsNil tells whether a value is nil, of a type that has a nil.
func IsNil(value reflect.Value) bool {
	switch value.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Interface:
		return value.IsNil()
	default:
		return false
	}
}

// knownFields has those of each struct that a process has met.
var knownFields sync.Map

// Fields returns the fields of a struct that encoding/json would write. They are the same
// slice for every caller.
func Fields(of reflect.Type) []Field {
	if known, ok := knownFields.Load(of); ok {
		return known.([]Field)
	}
	fields := fieldsOf(of)
	knownFields.Store(of, fields)
	return fields
}

func fieldsOf(of reflect.Type) []Field {
	var fields []Field
	for i := range of.NumField() {
		field := of.Field(i)
		name, rest, _ := strings.Cut(field.Tag.Get("json"), ",")
		if !field.IsExported() || name == "-" {
			continue
		}
		options := strings.Split(rest, ",")
		fields = append(fields, Field{
			Index: i, Name: cmp.Or(name, field.Name), Type: field.Type, Inline: name == "" && field.Anonymous,
			OmitEmpty: slices.Contains(options, "omitempty"), OmitZero: slices.Contains(options, "omitzero"),
			knowsZero: field.Type.Implements(zeroer),
		})
	}
	return fields
}

// shape is what Fill needs to know of a type.
type shape struct {
	// readsJSON tells that a pointer to the type reads its own JSON.
	readsJSON bool
	fields    []Field
}

// shapes has that of each type that a process has met.
var shapes sync.Map

var (
	jsonUnmarshaler = reflect.TypeFor[json.Unmarshaler]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
	zeroer          = reflect.TypeFor[interface{ IsZero() bool }]()
)

func shapeOf(of reflect.Type) *shape {
	if known, ok := shapes.Load(of); ok {
		return known.(*shape)
	}
	pointer := reflect.PointerTo(of)
	made := &shape{readsJSON: pointer.Implements(jsonUnmarshaler) || pointer.Implements(textUnmarshaler)}
	if of.Kind() == reflect.Struct && !made.readsJSON {
		made.fields = Fields(of)
	}
	shapes.Store(of, made)
	return made
}
