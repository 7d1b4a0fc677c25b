// Package krm takes FailoverSpecs from YAML to YAML: as a stream of documents
// for kubectl, and as a KRM function over a ResourceList.
package krm
