package mutate

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/failover-krm/failover/pkg/document"
)

// Rendered returns the objects that golden cases render, one for each that
// differs in which fields it has, in an order that depends on nothing else.
func Rendered(testdata string) ([]map[string]any, error) {
	objects, err := read(filepath.Join(testdata, "render", "*", "expected.yaml"))
	shapes := map[string]map[string]any{}
	for _, object := range objects {
		shape := fmt.Sprint(object["kind"], fieldsOf(object["spec"]))
		if shapes[shape] == nil {
			shapes[shape] = object
		}
	}
	var distinct []map[string]any
	for _, shape := range slices.Sorted(maps.Keys(shapes)) {
		distinct = append(distinct, shapes[shape])
	}
	return distinct, err
}

// RuleBreakers returns the objects of the golden cases that break every CEL rule.
func RuleBreakers(testdata string) ([]map[string]any, error) {
	return read(filepath.Join(testdata, "check", "rules-*", "input.yaml"))
}

// read returns all objects in files.
func read(pattern string) ([]map[string]any, error) {
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no golden cases at %s: %w", pattern, err)
	}
	var objects []map[string]any
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		documents, err := document.Parse(data, file)
		if err != nil {
			return nil, err
		}
		for _, doc := range documents {
			value, errs := document.Value(doc.Node)
			object, isObject := value.(map[string]any)
			if len(errs) > 0 || !isObject {
				return nil, fmt.Errorf("%s: %w", file, errs.ToAggregate())
			}
			objects = append(objects, object)
		}
	}
	return objects, nil
}

// fieldsOf writes which fields a value has, whatever is in them.
func fieldsOf(value any) string {
	switch value := value.(type) {
	case map[string]any:
		var text strings.Builder
		for _, name := range slices.Sorted(maps.Keys(value)) {
			text.WriteString(name + "{" + fieldsOf(value[name]) + "}")
		}
		return text.String()
	case []any:
		if len(value) > 0 {
			return "[" + fieldsOf(value[0]) + "]"
		}
	}
	return ""
}
