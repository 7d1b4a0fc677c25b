package v1alpha1

import (
	_ "embed"
	"slices"
)

//go:generate go -C ../../../hack/apigen run . -root ../..

//go:embed failoverspec.schema.json
var jsonSchema []byte

//go:embed failovercheck.schema.json
var checkJSONSchema []byte

// JSONSchema returns the JSON Schema of FailoverSpec, for editors.
func JSONSchema() []byte { return slices.Clone(jsonSchema) }

// CheckJSONSchema returns the JSON Schema of FailoverCheck.
func CheckJSONSchema() []byte { return slices.Clone(checkJSONSchema) }
