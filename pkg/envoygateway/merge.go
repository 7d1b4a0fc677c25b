package envoygateway

import (
	"encoding/json"
	"fmt"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	jsonpatch "github.com/evanphx/json-patch"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
)

// merge returns the parent's policy with a route's merged over it, by the mergeType
// of the latter (internal/utils/merge.go).
func merge(parent, policy *egv1a1.BackendTrafficPolicy) (*egv1a1.BackendTrafficPolicy, error) {
	original, err := json.Marshal(parent)
	if err != nil {
		return nil, err
	}
	patch, err := json.Marshal(policy)
	if err != nil {
		return nil, err
	}
	var patched []byte
	switch *policy.Spec.MergeType {
	case egv1a1.StrategicMerge:
		patched, err = strategicpatch.StrategicMergePatch(original, patch, egv1a1.BackendTrafficPolicy{})
	case egv1a1.JSONMerge:
		patched, err = jsonpatch.MergePatch(original, patch)
	default:
		err = fmt.Errorf("mergeType %s is not supported", *policy.Spec.MergeType)
	}
	if err != nil {
		return nil, err
	}
	merged := &egv1a1.BackendTrafficPolicy{}
	return merged, json.Unmarshal(patched, merged)
}
