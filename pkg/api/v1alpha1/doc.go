// Package v1alpha1 is the API failover.krm.dev/v1alpha1: the FailoverSpec, its
// defaults, its validation and its JSON Schema.
//
// Load takes a YAML node to a complete, validated FailoverSpec. Those who build
// one in Go call Default, then Validate.
package v1alpha1
