package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apischema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	metavalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"

	"github.com/failover-krm/failover/internal/mutate"
	"github.com/failover-krm/failover/pkg/apiserver"
	"github.com/failover-krm/failover/pkg/apiserver/crd"
	"github.com/failover-krm/failover/pkg/apiserver/schema"
	"github.com/failover-krm/failover/pkg/document"
)

// referee validates as an API server does, with its own code and the CRD as it is.
type referee struct {
	structural *apischema.Structural
	validator  validation.SchemaValidator
	rules      *cel.Validator
	namespaced bool
	hasStatus  bool
}

func newReferee(t *testing.T, definition *apiextensionsv1.CustomResourceDefinition, served apiextensionsv1.CustomResourceDefinitionVersion) referee {
	var internal apiextensions.JSONSchemaProps
	require.NoError(t, apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(served.Schema.OpenAPIV3Schema, &internal, nil))
	structural, err := apischema.NewStructural(&internal)
	require.NoError(t, err)
	validator, _, err := validation.NewSchemaValidator(&internal)
	require.NoError(t, err)
	return referee{
		structural: structural, validator: validator,
		rules:      cel.NewValidator(structural, true, celconfig.PerCallLimit),
		namespaced: definition.Spec.Scope == apiextensionsv1.NamespaceScoped,
		hasStatus:  served.Subresources != nil && served.Subresources.Status != nil,
	}
}

func (r referee) validate(t *testing.T, data []byte) field.ErrorList {
	var object map[string]any
	require.NoError(t, utiljson.Unmarshal(data, &object))
	var errs field.ErrorList
	for _, unknown := range pruning.PruneWithOptions(object, r.structural, true, apischema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true}) {
		errs = append(errs, field.Forbidden(field.NewPath(unknown), "unknown field"))
	}
	if r.hasStatus {
		delete(object, "status")
	}
	if _, isMap := object["metadata"].(map[string]any); !isMap {
		return append(errs, field.Required(field.NewPath("metadata"), ""))
	}
	defaulting.PruneNonNullableNullsWithoutDefaults(object, r.structural)
	defaulting.Default(object, r.structural)
	errs = append(errs, validation.ValidateCustomResource(nil, object, r.validator)...)
	errs = append(errs, metavalidation.ValidateObjectMetaAccessor(&unstructured.Unstructured{Object: object}, r.namespaced, metavalidation.NameIsDNSSubdomain, field.NewPath("metadata"))...)
	errs = append(errs, listtype.ValidateListSetsAndMaps(nil, r.structural, object)...)
	blocking := []field.ErrorType{field.ErrorTypeRequired, field.ErrorTypeTooLong, field.ErrorTypeTooMany, field.ErrorTypeTypeInvalid}
	if slices.ContainsFunc(errs, func(err *field.Error) bool { return slices.Contains(blocking, err.Type) }) {
		return errs
	}
	ruleErrs, _ := r.rules.Validate(t.Context(), nil, r.structural, object, nil, celconfig.RuntimeCELCostBudget)
	return append(errs, ruleErrs...)
}

// all tells that every mutant is compared, as it is every night, and not a sample.
var all = os.Getenv("TEST_ALL") != ""

// TestVerdictIsTheAPIServers compares package crd with apiextensions' own
// validators on what the golden cases render, everything near it, and at random.
func TestVerdictIsTheAPIServers(t *testing.T) {
	t.Parallel()
	rendered, err := mutate.Rendered("../../testdata")
	require.NoError(t, err)
	breakers, err := mutate.RuleBreakers("../../testdata")
	require.NoError(t, err)
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			crds, err := crdsOf(version)
			require.NoError(t, err)
			compared, accepted := 0, 0
			refused := map[string]bool{}
			for _, definition := range crds {
				for _, served := range definition.Spec.Versions {
					if !served.Served {
						continue
					}
					apiVersion, kind := definition.Spec.Group+"/"+served.Name, definition.Spec.Names.Kind
					referee := newReferee(t, &definition, served)
					for _, candidate := range candidates(version, apiVersion, kind, rendered, breakers) {
						theirs, ours := verdicts(t, referee, version, candidate.Value)
						compared++
						for _, err := range theirs {
							refused[err.Detail] = true
						}
						if len(theirs) == 0 {
							accepted++
						}
						if len(theirs) == 0 && len(ours) == 1 && ours[0].Detail == "must be a string" && listOfFormatted.MatchString(candidate.Change) {
							continue
						}
						assert.Equal(t, len(theirs) == 0, len(ours) == 0, "%s %s: %s\nan API server: %v\npackage crd: %v", apiVersion, kind, candidate.Change, theirs, ours)
					}
				}
			}
			for _, kind := range []string{"Backend", "BackendTrafficPolicy", "Gateway", "HTTPRoute", "HTTPRouteFilter"} {
				for _, message := range messagesOf(version, kind) {
					if !all {
						break // a sample does not break every rule
					}
					assert.True(t, refused[message], "no %s here breaks the rule: %s", kind, message)
				}
			}
			t.Logf("%d objects compared, %d of them accepted", compared, accepted)
		})
	}
}

// listOfFormatted is the one thing in which package crd is stricter: an API
// server takes a list for a string that has a format, such as interval: [3s],
// and Envoy Gateway then cannot read what it stored.
var listOfFormatted = regexp.MustCompile(`: \[\S+\]$`)

func candidates(version, apiVersion, kind string, rendered, breakers []map[string]any) []mutate.Mutant {
	node := crd.Schema(version, apiVersion, kind)
	var found []mutate.Mutant
	for _, object := range rendered {
		if object["kind"] == kind && object["apiVersion"] == apiVersion {
			found = append(found, sample(mutate.All(object, node))...)
		}
	}
	for _, object := range breakers {
		if object["kind"] == kind && object["apiVersion"] == apiVersion {
			object["metadata"].(map[string]any)["namespace"] = "default" // of the request
			found = append(found, mutate.Mutant{Change: "breaks a rule", Value: object})
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 30 {
		object, _ := mutate.Random(node, random, 0).(map[string]any)
		object["apiVersion"], object["kind"] = apiVersion, kind
		object["metadata"] = map[string]any{"name": "random", "namespace": "default"}
		delete(object, "status")
		found = append(found, mutate.Mutant{Change: fmt.Sprintf("random %d", i), Value: object})
	}
	return found
}

// sample leaves most mutants out, other ones of each object, unless all are asked for.
func sample(mutants []mutate.Mutant) []mutate.Mutant {
	if all {
		return mutants
	}
	const oneIn = 40
	var kept []mutate.Mutant
	for i := len(mutants) % oneIn; i < len(mutants); i += oneIn {
		kept = append(kept, mutants[i])
	}
	return kept
}

func verdicts(t *testing.T, referee referee, version string, object map[string]any) (theirs, ours field.ErrorList) {
	data, err := json.Marshal(object)
	require.NoError(t, err)
	documents, err := document.Parse(data, "candidate")
	require.NoError(t, err)
	value, errs := document.Value(documents[0].Node)
	if len(errs) > 0 {
		return referee.validate(t, data), errs
	}
	return referee.validate(t, data), apiserver.Validate(version, value.(map[string]any))
}

// messagesOf returns what the rules of a kind say when they are broken.
func messagesOf(version, kind string) []string {
	var messages []string
	var visit func(*schema.Node)
	visit = func(node *schema.Node) {
		if node == nil {
			return
		}
		for _, rule := range node.Rules {
			messages = append(messages, strings.TrimSpace(cmp.Or(rule.Message, "failed rule: "+rule.Text)))
		}
		for _, field := range node.Fields {
			visit(field.Node)
		}
		visit(node.Items)
		visit(node.Values)
	}
	for _, apiVersion := range []string{"gateway.envoyproxy.io/v1alpha1", "gateway.networking.k8s.io/v1"} {
		visit(crd.Schema(version, apiVersion, kind))
	}
	return messages
}
