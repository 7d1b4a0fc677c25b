// Package krm is the KRM function: a ResourceList in and out, what belongs to which
// FailoverSpec, and where in a package it is put.
package krm
