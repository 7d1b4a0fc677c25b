package compile

import (
	"path/filepath"
	"strings"

	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/document"
)

// kustomizePatches returns the files that a kustomization among the documents uses
// as patches: they are parts of objects, which no API server would take as they are.
func kustomizePatches(subjects []*diagnostic.Subject) map[string]bool {
	patches := map[string]bool{}
	for _, subject := range subjects {
		group, _, _ := strings.Cut(subject.Field("apiVersion"), "/")
		isNamed := strings.HasPrefix(filepath.Base(subject.File), "kustomization.") && subject.Field("apiVersion") == ""
		if group != "kustomize.config.k8s.io" && !isNamed {
			continue
		}
		value, _ := document.Value(subject.Node)
		fields, _ := value.(map[string]any)
		for _, list := range []string{"patches", "patchesStrategicMerge", "patchesJson6902"} {
			entries, _ := fields[list].([]any)
			for _, entry := range entries {
				if object, isObject := entry.(map[string]any); isObject {
					entry = object["path"]
				}
				if path, isText := entry.(string); isText {
					patches[filepath.Join(filepath.Dir(subject.File), path)] = true
				}
			}
		}
	}
	return patches
}
