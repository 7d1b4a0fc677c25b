package schema

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
)

// Fingerprint is the same for schemas that differ only in their descriptions.
func Fingerprint(schema any) string {
	data, err := json.Marshal(withoutDescriptions(schema))
	if err != nil {
		return "" // not a value of a document
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:8])
}

func withoutDescriptions(value any) any {
	switch value := value.(type) {
	case map[string]any:
		kept := make(map[string]any, len(value))
		for name, child := range value {
			if _, isText := child.(string); name == "description" && isText {
				continue
			}
			kept[name] = withoutDescriptions(child)
		}
		return kept
	case []any:
		kept := make([]any, len(value))
		for i, child := range value {
			kept[i] = withoutDescriptions(child)
		}
		return kept
	case string:
		return strings.TrimSpace(value)
	default:
		return value
	}
}
