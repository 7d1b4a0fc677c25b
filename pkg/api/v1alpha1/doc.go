// Package v1alpha1 is the API failover.krm.dev/v1alpha1: the types of FailoverSpec and
// FailoverCheck, their defaults, profiles and JSON Schema. Package compile takes them to objects.
package v1alpha1
