// Package programs builds or finds the programs that the suite runs: the API
// server and its store, Envoy Gateway, Envoy, the server of the workshop, and the
// orchestrators of KRM functions.
//
// Each program, and each version of it, is pinned by a directory of its own
// under tools. What is built or unpacked is kept in the user's cache, under the
// hash of the files that pin it, so that a second run starts at once.
package programs
