package failovers

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	jsonpatch "github.com/evanphx/json-patch"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// roles tell what a variation calls each object.
var roles = map[string]string{"Gateway/public": "gateway", "HTTPRoute/shop": "route", "BackendTrafficPolicy/shop": "policy", "Backend/active": "active", "Backend/passive": "passive"}

// Variations returns the variations of a set that a YAML file has: by name, a JSON merge
// patch for each object that is changed.
func Variations(set Set, file []byte) ([]Set, error) {
	var changes map[string]map[string]json.RawMessage
	if err := yaml.UnmarshalStrict(file, &changes); err != nil {
		return nil, err
	}
	var variations []Set
	for _, name := range slices.Sorted(maps.Keys(changes)) {
		variation := Set{Name: name}
		left := maps.Clone(changes[name])
		for _, object := range set.Objects {
			role := roles[object.GetKind()+"/"+object.GetName()]
			patched, err := patch(object, left[role])
			if err != nil {
				return nil, fmt.Errorf("%s: %s: %w", name, role, err)
			}
			variation.Objects = append(variation.Objects, patched)
			delete(left, role)
		}
		if len(left) > 0 {
			return nil, fmt.Errorf("%s: no object is called %s", name, slices.Sorted(maps.Keys(left))[0])
		}
		variations = append(variations, variation)
	}
	return variations, nil
}

func patch(object unstructured.Unstructured, change json.RawMessage) (unstructured.Unstructured, error) {
	if change == nil {
		return *object.DeepCopy(), nil
	}
	original, err := object.MarshalJSON()
	if err != nil {
		return object, err
	}
	merged, err := jsonpatch.MergePatch(original, change)
	if err != nil {
		return object, err
	}
	var patched unstructured.Unstructured
	return patched, patched.UnmarshalJSON(merged)
}
