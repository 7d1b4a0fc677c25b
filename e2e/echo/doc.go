// Package echo has servers of gRPC, TLS and TCP that answer with the name of their pod,
// and how to ask them. Their program is in the directory server.
package echo
