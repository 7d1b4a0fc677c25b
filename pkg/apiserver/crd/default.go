package crd

import (
	"fmt"
	"reflect"
	"sync"

	"k8s.io/apimachinery/pkg/runtime"
	utiljson "k8s.io/apimachinery/pkg/util/json"

	"github.com/failover-krm/failover/pkg/apiserver/schema"
	"github.com/failover-krm/failover/pkg/typed"
)

// DefaultTyped fills in what Default does, in an object that is a Go type. It changes also
// what the object points to.
func DefaultTyped(envoyGateway string, object runtime.Object) error {
	apiVersion, name := object.GetObjectKind().GroupVersionKind().ToAPIVersionAndKind()
	kind := releaseOf(envoyGateway).kind(apiVersion, name)
	if kind == nil {
		return nil
	}
	if err := fillTyped(kind.schema, reflect.ValueOf(object)); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// fillTyped fills in the defaults below a value, which can be set.
func fillTyped(node *schema.Node, value reflect.Value) error {
	if node == nil || typed.IsNil(value) {
		return nil
	}
	switch value.Kind() {
	case reflect.Pointer:
		return fillTyped(node, value.Elem())
	case reflect.Struct:
		if len(node.Fields) > 0 {
			return fillStruct(node, value)
		}
	case reflect.Slice:
		for i := range value.Len() {
			if node.Items == nil || len(node.Items.Fields) == 0 {
				break // texts, or what has no defaults
			}
			if err := fillTyped(node.Items, value.Index(i)); err != nil {
				return err
			}
		}
	case reflect.Map:
		if node.Values != nil && len(node.Values.Fields) > 0 {
			return fillMap(node.Values, value)
		}
	}
	return nil
}

func fillMap(node *schema.Node, value reflect.Value) error {
	for key, item := range value.Seq2() {
		filled := reflect.New(item.Type()).Elem()
		filled.Set(item)
		if err := fillTyped(node, filled); err != nil {
			return err
		}
		value.SetMapIndex(key, filled)
	}
	return nil
}

func fillStruct(node *schema.Node, value reflect.Value) error {
	fields := fieldsOf(node, value.Type())
	for i := range fields {
		field := &fields[i]
		at := value.Field(field.Index)
		switch {
		case field.Inline && !typed.IsNil(at):
			if err := fillStruct(node, reflect.Indirect(at)); err != nil {
				return err
			}
		case field.node == nil:
		case !field.Absent(at):
			if err := fillTyped(field.node, at); err != nil {
				return err
			}
		case field.missing != nil:
			if err := typed.Fill(at.Addr().Interface(), field.missing); err != nil {
				return fmt.Errorf("default of %s: %w", field.Name, err)
			}
			if err := fillTyped(field.node, at); err != nil {
				return err
			}
		}
	}
	return nil
}

// typedField is a field of a Go struct, with what a schema says of it.
type typedField struct {
	typed.Field
	// node is nil where the schema does not have the field.
	node *schema.Node
	// missing is the default; nil where there is none.
	missing any
}

// typedFields has, for each Go struct that a process has met, its fields for each schema.
var typedFields sync.Map

func fieldsOf(node *schema.Node, of reflect.Type) []typedField {
	ofType, isKnown := typedFields.Load(of)
	if !isKnown {
		ofType, _ = typedFields.LoadOrStore(of, new(sync.Map))
	}
	bySchema := ofType.(*sync.Map)
	if known, isKnown := bySchema.Load(node); isKnown {
		return known.([]typedField)
	}
	var fields []typedField
	for _, field := range typed.Fields(of) {
		made := typedField{Field: field, node: node.Field(field.Name)}
		if made.node != nil && made.node.Default != "" {
			_ = utiljson.Unmarshal([]byte(made.node.Default), &made.missing) // the API server accepts the CRD
		}
		if made.node != nil || made.Inline {
			fields = append(fields, made)
		}
	}
	bySchema.Store(node, fields)
	return fields
}
