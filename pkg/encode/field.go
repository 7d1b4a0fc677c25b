package encode

import (
	"encoding/json"
	"reflect"
	"sync"
	"sync/atomic"

	"github.com/failover-krm/failover/pkg/typed"
)

// goType is what the encoder needs to know of a type. Those that it refers to are looked
// at when a value has them, since an object could contain hundreds.
type goType struct {
	marshalsJSON bool
	// fields of a struct are those that encoding/json would write.
	fields []*structField
	// element is that of a pointer, a list or a map.
	element lazyType
}

// lazyType is a type that is looked at when it is needed.
type lazyType struct {
	of    reflect.Type
	known atomic.Pointer[goType]
}

func (l *lazyType) get() *goType {
	known := l.known.Load()
	if known == nil {
		known = typeOf(l.of)
		l.known.Store(known)
	}
	return known
}

// structField is what the encoder needs to know of a field of a struct.
type structField struct {
	lazyType
	typed.Field
	// knowsZero tells that the type says itself what is zero.
	knowsZero bool
}

// types has each type that a process has met.
var types sync.Map

var (
	jsonMarshaler = reflect.TypeFor[json.Marshaler]()
	zeroer        = reflect.TypeFor[interface{ IsZero() bool }]()
)

func typeOf(of reflect.Type) *goType {
	if known, ok := types.Load(of); ok {
		return known.(*goType)
	}
	made := &goType{marshalsJSON: of.Implements(jsonMarshaler)}
	switch of.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		made.element.of = of.Elem()
	case reflect.Struct:
		for _, field := range typed.Fields(of) {
			made.fields = append(made.fields, &structField{lazyType: lazyType{of: field.Type}, Field: field, knowsZero: field.Type.Implements(zeroer)})
		}
	}
	known, _ := types.LoadOrStore(of, made)
	return known.(*goType)
}

// absent tells whether encoding/json would leave a field out, or write a null.
func (f *structField) absent(value reflect.Value) bool {
	return isNil(value) || f.OmitZero && f.isZero(value) || f.OmitEmpty && isEmpty(value)
}

// isZero is what omitzero asks for.
func (f *structField) isZero(value reflect.Value) bool {
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
