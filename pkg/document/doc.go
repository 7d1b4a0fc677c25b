// Package document reads YAML documents and answers what a checker asks of one:
// its value as JSON, and where in the file a field stands.
package document
