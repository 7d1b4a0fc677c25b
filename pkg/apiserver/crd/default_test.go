package crd_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failover-krm/failover/internal/randomspec"
	"github.com/failover-krm/failover/pkg/api/decode"
	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	"github.com/failover-krm/failover/pkg/apiserver/crd"
	"github.com/failover-krm/failover/pkg/apiserver/schema"
	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/encode"
	"github.com/failover-krm/failover/pkg/render"
	"github.com/failover-krm/failover/pkg/target"
	"github.com/failover-krm/failover/pkg/typed"
)

// rendered calls a function for every object of random specs, for every target.
func rendered(t *testing.T, do func(envoyGateway string, resource render.Resource)) {
	t.Helper()
	for number := range 600 {
		on := target.All()[number%len(target.All())]
		data, err := json.Marshal(randomspec.New(number, on))
		require.NoError(t, err)
		documents, err := document.Parse(data, "")
		require.NoError(t, err)
		fs, errs := decode.FailoverSpec(documents[0].Node, "")
		require.Empty(t, errs)
		for _, object := range render.Render([]*v1alpha1.FailoverSpec{fs}) {
			do(on.EnvoyGateway(), object.Resource)
		}
	}
}

// TestDefaultTypedAgreesWithDefault: a Go type gets the same defaults as its value.
func TestDefaultTypedAgreesWithDefault(t *testing.T) {
	kinds := map[string]int{}
	filled := 0
	rendered(t, func(envoyGateway string, resource render.Resource) {
		want, err := encode.Value(resource)
		require.NoError(t, err)
		before := fmt.Sprint(want)
		crd.Default(envoyGateway, want)
		require.NoError(t, crd.DefaultTyped(envoyGateway, resource))
		got, err := encode.Value(resource)
		require.NoError(t, err)
		require.Equal(t, want, got)
		kinds[resource.GetObjectKind().GroupVersionKind().Kind]++
		if fmt.Sprint(want) != before {
			filled++
		}
	})
	assert.Greater(t, len(kinds), 9, kinds)
	assert.Greater(t, filled, 1000)
}

// TestTypesHoldDefaults: each default of a kind that is rendered has a field in its Go type,
// which says afterwards that it is there.
func TestTypesHoldDefaults(t *testing.T) {
	type kind struct {
		envoyGateway, apiVersion, name string
	}
	checked := map[kind]bool{}
	defaults := 0
	rendered(t, func(envoyGateway string, resource render.Resource) {
		apiVersion, name := resource.GetObjectKind().GroupVersionKind().ToAPIVersionAndKind()
		of := kind{envoyGateway, apiVersion, name}
		root := crd.Schema(envoyGateway, apiVersion, name)
		if checked[of] || root == nil {
			return
		}
		checked[of] = true
		defaults += holdsDefaults(t, fmt.Sprint(of), root, reflect.TypeOf(resource))
	})
	assert.Greater(t, defaults, 300)
}

// holdsDefaults counts the defaults below a value of a type.
func holdsDefaults(t *testing.T, path string, node *schema.Node, of reflect.Type) int {
	t.Helper()
	for of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	count := 0
	switch {
	case node == nil:
	case node.Items != nil && of.Kind() == reflect.Slice:
		count += holdsDefaults(t, path+"[]", node.Items, of.Elem())
	case node.Values != nil && of.Kind() == reflect.Map:
		count += holdsDefaults(t, path+"{}", node.Values, of.Elem())
	default:
		for _, field := range node.Fields {
			path := path + "." + field.Name
			if field.Name == "status" {
				continue // which no rendered object has
			}
			of, known := fieldOf(t, path, field, of)
			if !known { // what has no place in the type is never there
				assert.Empty(t, field.Node.Default, "%s: the Go type has no such field", path)
				continue
			}
			if field.Node.Default != "" {
				count++
			}
			count += holdsDefaults(t, path, field.Node, of)
		}
	}
	return count
}

// fieldOf returns the type of a field of a struct, and whether it has it. Its default must be
// there once it is filled in.
func fieldOf(t *testing.T, path string, field schema.Field, of reflect.Type) (reflect.Type, bool) {
	t.Helper()
	if of.Kind() != reflect.Struct {
		return nil, false
	}
	for _, known := range typed.Fields(of) {
		if known.Inline {
			inlined := known.Type
			for inlined.Kind() == reflect.Pointer {
				inlined = inlined.Elem()
			}
			if found, has := fieldOf(t, path, field, inlined); has {
				assert.True(t, known.Type.Kind() != reflect.Pointer || field.Node.Default == "", "%s is in a struct that may not be there", path)
				return found, true
			}
		}
		if known.Name != field.Name || known.Inline {
			continue
		}
		if field.Node.Default != "" {
			value := reflect.New(known.Type).Elem()
			var decoded any
			require.NoError(t, json.Unmarshal([]byte(field.Node.Default), &decoded))
			require.NoError(t, typed.Fill(value.Addr().Interface(), decoded), path)
			assert.False(t, known.Absent(value), "%s: default %s", path, field.Node.Default)
		}
		return known.Type, true
	}
	return nil, false
}
