package cel

import (
	"cmp"
	"fmt"
	"math"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// function is one that the rules call.
type function struct {
	// overloads are those of its overloads that call knows, by CEL's names for them.
	overloads []string
	// call has room for two arguments, which no function of the rules exceeds; the second is nil
	// where there is one only. A list of them would be allocated at each call.
	call func(first, second any) (any, error)
}

// functions has what the rules call, by CEL's names: of the language, of its library
// of strings, and of Kubernetes.
var functions = map[string]function{
	"!_":   {[]string{"logical_not"}, unary(func(operand bool) (any, error) { return !operand, nil })},
	"_==_": {[]string{"equals"}, func(a, b any) (any, error) { return equal(a, b), nil }},
	"_!=_": {[]string{"not_equals"}, func(a, b any) (any, error) { return !equal(a, b), nil }},
	"_<_":  {orderings("less"), ordering(func(order int) bool { return order < 0 })},
	"_<=_": {orderings("less_equals"), ordering(func(order int) bool { return order <= 0 })},
	"_>_":  {orderings("greater"), ordering(func(order int) bool { return order > 0 })},
	"_>=_": {orderings("greater_equals"), ordering(func(order int) bool { return order >= 0 })},
	"_+_":  {[]string{"add_int64", "add_list"}, add},
	"@in":  {[]string{"in_list"}, in},
	"_[_]": {[]string{"index_list", "index_map"}, index},
	"size": {[]string{"size_list", "size_map", "size_string", "list_size", "map_size", "string_size"}, size},

	"contains":   {[]string{"contains_string"}, binary(func(text, part string) (any, error) { return strings.Contains(text, part), nil })},
	"startsWith": {[]string{"starts_with_string"}, binary(func(text, prefix string) (any, error) { return strings.HasPrefix(text, prefix), nil })},
	"endsWith":   {[]string{"ends_with_string"}, binary(func(text, suffix string) (any, error) { return strings.HasSuffix(text, suffix), nil })},
	"matches":    {[]string{"matches_string"}, binary(matches)},
	"split":      {[]string{"string_split_string"}, binary(split)},
	"substring":  {[]string{"string_substring_int"}, binary(substring)},
	"upperAscii": {[]string{"string_upper_ascii"}, unary(upperASCII)},
	"duration":   {[]string{"string_to_duration"}, unary(duration)},
	"isIP":       {[]string{"is_ip"}, unary(isIP)},
}

// Supports tells whether a rule may call an overload of a function.
func Supports(name, overload string) bool {
	return slices.Contains(functions[name].overloads, overload)
}

func unary[A any](call func(A) (any, error)) func(any, any) (any, error) {
	return func(a, _ any) (any, error) {
		if first, ok := a.(A); ok {
			return call(first)
		}
		return nil, errNoOverload
	}
}

func binary[A, B any](call func(A, B) (any, error)) func(any, any) (any, error) {
	return func(a, b any) (any, error) {
		first, isA := a.(A)
		second, isB := b.(B)
		if isA && isB {
			return call(first, second)
		}
		return nil, errNoOverload
	}
}

// equal compares as CEL does: numbers by their value, and values of different types are
// different.
func equal(a, b any) bool {
	switch a := a.(type) {
	case int64, float64:
		order, err := compare(a, b)
		return err == nil && order == 0
	case []any:
		b, isList := b.([]any)
		return isList && slices.EqualFunc(a, b, equal)
	case map[string]any:
		b, isMap := b.(map[string]any)
		if !isMap || len(a) != len(b) {
			return false
		}
		for key, value := range a {
			if other, isThere := b[key]; !isThere || !equal(value, other) {
				return false
			}
		}
		return true
	default:
		return a == b
	}
}

func orderings(relation string) []string {
	return []string{relation + "_int64", relation + "_double", relation + "_string", relation + "_duration"}
}

func ordering(holds func(order int) bool) func(any, any) (any, error) {
	return func(a, b any) (any, error) {
		order, err := compare(a, b)
		return holds(order), err
	}
}

func compare(a, b any) (int, error) {
	switch a := a.(type) {
	case int64:
		switch b := b.(type) {
		case int64:
			return cmp.Compare(a, b), nil
		case float64:
			return cmp.Compare(float64(a), b), nil
		}
	case float64:
		switch b := b.(type) {
		case int64:
			return cmp.Compare(a, float64(b)), nil
		case float64:
			return cmp.Compare(a, b), nil
		}
	case string:
		if b, ok := b.(string); ok {
			return cmp.Compare(a, b), nil
		}
	case time.Duration:
		if b, ok := b.(time.Duration); ok {
			return cmp.Compare(a, b), nil
		}
	}
	return 0, errNoOverload
}

func add(first, second any) (any, error) {
	switch a := first.(type) {
	case int64:
		if b, ok := second.(int64); ok {
			if b > 0 && a > math.MaxInt64-b || b < 0 && a < math.MinInt64-b {
				return nil, fmt.Errorf("integer overflow")
			}
			return a + b, nil
		}
	case []any:
		if b, ok := second.([]any); ok {
			return slices.Concat(a, b), nil
		}
	}
	return nil, errNoOverload
}

func in(value, of any) (any, error) {
	list, isList := of.([]any)
	if !isList {
		return nil, errNoOverload
	}
	return slices.ContainsFunc(list, func(element any) bool { return equal(element, value) }), nil
}

func index(of, at any) (any, error) {
	switch of := of.(type) {
	case []any:
		i, isInt := at.(int64)
		switch {
		case !isInt:
			return nil, errNoOverload
		case i < 0 || i >= int64(len(of)):
			return nil, fmt.Errorf("index out of bounds: %d", i)
		}
		return of[i], nil
	case map[string]any:
		key, isString := at.(string)
		value, isThere := of[key]
		if !isString || !isThere {
			return nil, fmt.Errorf("no such key: %v", at)
		}
		return value, nil
	}
	return nil, errNoOverload
}

func size(of, _ any) (any, error) {
	switch of := of.(type) {
	case string:
		return int64(utf8.RuneCountInString(of)), nil
	case []any:
		return int64(len(of)), nil
	case map[string]any:
		return int64(len(of)), nil
	}
	return nil, errNoOverload
}

// expressions has the regular expressions that a process has met.
var expressions sync.Map

func matches(text, expression string) (any, error) {
	known, isKnown := expressions.Load(expression)
	if !isKnown {
		compiled, err := regexp.Compile(expression)
		if err != nil {
			return nil, err
		}
		known, _ = expressions.LoadOrStore(expression, compiled)
	}
	return known.(*regexp.Regexp).MatchString(text), nil
}

func split(text, separator string) (any, error) {
	var parts []any
	for part := range strings.SplitSeq(text, separator) {
		parts = append(parts, part)
	}
	return parts, nil
}

func substring(text string, start int64) (any, error) {
	characters := []rune(text)
	if start < 0 || start > int64(len(characters)) {
		return nil, fmt.Errorf("index out of range: %d", start)
	}
	return string(characters[start:]), nil
}

func upperASCII(text string) (any, error) {
	return strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' {
			return r - 'a' + 'A'
		}
		return r
	}, text), nil
}

func duration(text string) (any, error) { return time.ParseDuration(text) }

// isIP takes what Kubernetes takes for an IP address: no zone, and no IPv4 in IPv6.
func isIP(text string) (any, error) {
	address, err := netip.ParseAddr(text)
	return err == nil && address.Zone() == "" && !address.Is4In6(), nil
}
