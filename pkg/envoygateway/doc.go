// Package envoygateway is Envoy Gateway's twin: it says of objects that an API
// server accepts what Envoy Gateway would make of them.
package envoygateway
