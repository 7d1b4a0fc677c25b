// Package crd knows the CRDs that each version of Envoy Gateway installs, as far
// as an API server would use them on what failover renders: the defaults that it
// fills in.
package crd

import (
	"cmp"
	"slices"
)

//go:generate go -C ../../hack/crdgen run . -root ../..

// Schema is the part of a CRD's schema that has defaults. A nil Schema has none.
type Schema struct {
	// Default is the value, as JSON, that the API server gives a field that is not
	// there; empty where there is none.
	Default string

	fields []field
	items  *Schema
}

type field struct {
	name   string
	schema *Schema
}

// For returns the schema of a kind in a version of Envoy Gateway, such as 1.8.2,
// or nil where it has no such CRD.
func For(envoyGateway, kind string) *Schema { return byVersion[envoyGateway][kind] }

// Field returns the schema of a field, or nil where there are no defaults in it.
func (s *Schema) Field(name string) *Schema {
	if s == nil {
		return nil
	}
	i, found := slices.BinarySearchFunc(s.fields, name, func(f field, name string) int { return cmp.Compare(f.name, name) })
	if !found {
		return nil
	}
	return s.fields[i].schema
}

// Fields returns the names of the fields that have defaults in them, sorted.
func (s *Schema) Fields() []string {
	if s == nil {
		return nil
	}
	names := make([]string, 0, len(s.fields))
	for _, f := range s.fields {
		names = append(names, f.name)
	}
	return names
}

// Items returns the schema of the items of a list.
func (s *Schema) Items() *Schema {
	if s == nil {
		return nil
	}
	return s.items
}
