package encode

import (
	"encoding/json"
	"reflect"
	"sync"
	"sync/atomic"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

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
	// omitsEmpty tells that the type writes {} for it though nobody set it.
	omitsEmpty bool
}

// types has each type that a process has met.
var types sync.Map

var jsonMarshaler = reflect.TypeFor[json.Marshaler]()

// emptyStructs are the fields that a Go type writes as {} though nobody set them. Others
// mean something: passive: {} is a health check.
var emptyStructs = map[reflect.Type]string{
	reflect.TypeFor[appsv1.DeploymentSpec](): "strategy",
	reflect.TypeFor[corev1.Container]():      "resources",
}

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
			made.fields = append(made.fields, &structField{lazyType: lazyType{of: field.Type}, Field: field, omitsEmpty: emptyStructs[of] == field.Name})
		}
	}
	known, _ := types.LoadOrStore(of, made)
	return known.(*goType)
}
