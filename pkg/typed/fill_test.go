package typed_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/failover-krm/failover/pkg/typed"
)

type all struct {
	Inlined  `json:",inline"`
	Port     *int32             `json:"port,omitempty"`
	Small    uint8              `json:"small"`
	Share    float64            `json:"share"`
	On       *bool              `json:"on"`
	Bytes    []byte             `json:"bytes"`
	List     []*Inlined         `json:"list"`
	Map      map[string]Inlined `json:"map"`
	Any      any                `json:"any"`
	Own      intstr.IntOrString `json:"own"`
	Left     string             `json:"-"`
	Untagged string
}

// Inlined has fields of its own.
type Inlined struct {
	Name string `json:"name"`
}

type object = map[string]any

// TestFillAgreesWithJSON: what fits a type is read as encoding/json does, and what does not
// fit is an error.
func TestFillAgreesWithJSON(t *testing.T) {
	for name, value := range map[string]object{
		"nothing":                   {},
		"nulls":                     {"port": nil, "small": nil, "list": nil, "map": nil, "any": nil},
		"an inlined field":          {"name": "a"},
		"an unknown field":          {"other": "a", "-": "b", "Left": "c"},
		"a field without a tag":     {"Untagged": "a"},
		"numbers":                   {"port": int64(80), "small": int64(255), "share": 0.5},
		"an integer as a number":    {"share": int64(2)},
		"a whole number":            {"port": 80.0},
		"a bool":                    {"on": true},
		"bytes":                     {"bytes": "YQ=="},
		"lists":                     {"list": []any{object{"name": "a"}, nil, object{}}},
		"an empty list":             {"list": []any{}, "map": object{}},
		"maps":                      {"map": object{"a": object{"name": "b"}, "c": nil}},
		"anything":                  {"any": object{"a": []any{int64(1), "b"}}},
		"its own JSON":              {"own": "http"},
		"too large":                 {"port": int64(1) << 31},
		"negative":                  {"small": int64(-1)},
		"a fraction as an integer":  {"port": 0.5},
		"a text as a number":        {"port": "80"},
		"a number as a text":        {"name": int64(1)},
		"a text as a bool":          {"on": "true"},
		"a list as a map":           {"map": []any{}},
		"a map as a list":           {"list": object{}},
		"a text as a map":           {"map": "a"},
		"bytes that are not base64": {"bytes": "?"},
		"a wrong item":              {"list": []any{"a"}},
		"a wrong value of a map":    {"map": object{"a": "b"}},
	} {
		t.Run(name, func(t *testing.T) {
			data, err := json.Marshal(value)
			require.NoError(t, err)
			var want, got all
			wrong := json.Unmarshal(data, &want)
			err = typed.Fill(&got, value)
			if wrong != nil {
				assert.Error(t, err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, want, got)
		})
	}
}
