package envoy

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
)

// Key is a text that differs between values that differ, wherever in memory they are. It
// is not for people. Maps have keys that are integers.
func Key(values ...any) string {
	var key []byte
	for _, value := range values {
		key = appendKey(key, reflect.ValueOf(value))
	}
	return string(key)
}

// appendKey ends what it adds, so that neighbours cannot be taken for each other.
func appendKey(key []byte, value reflect.Value) []byte {
	switch value.Kind() {
	case reflect.Struct:
		for i := range value.NumField() { //nolint:modernize // Fields describes each field too, and takes six times as long
			key = appendKey(key, value.Field(i))
		}
		return key
	case reflect.Pointer:
		if value.IsNil() {
			return append(key, '~')
		}
		return appendKey(append(key, '&'), value.Elem())
	case reflect.Slice:
		if value.IsNil() {
			return append(key, '~')
		}
		key = append(key, '[')
		for i := range value.Len() {
			key = appendKey(key, value.Index(i))
		}
		return append(key, ']')
	case reflect.Map:
		return appendMap(key, value)
	case reflect.String:
		key = strconv.AppendQuote(key, value.String())
	case reflect.Bool:
		key = strconv.AppendBool(key, value.Bool())
	case reflect.Float64:
		key = strconv.AppendFloat(key, value.Float(), 'g', -1, 64)
	case reflect.Uint32:
		key = strconv.AppendUint(key, value.Uint(), 36)
	case reflect.Int, reflect.Int64:
		key = strconv.AppendInt(key, value.Int(), 36)
	default:
		panic(fmt.Sprintf("a key of %s", value.Type())) // a fault of a type of this package
	}
	return append(key, ' ')
}

func appendMap(key []byte, value reflect.Value) []byte {
	if value.IsNil() {
		return append(key, '~')
	}
	key = append(key, '{')
	names := value.MapKeys()
	slices.SortFunc(names, func(a, b reflect.Value) int { return int(a.Int() - b.Int()) })
	for _, name := range names {
		key = appendKey(appendKey(key, name), value.MapIndex(name))
	}
	return append(key, '}')
}
