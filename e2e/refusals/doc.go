// Package refusals holds package envoygateway against Envoy Gateway's own
// translation: what one refuses, the other does too, and for the same reason.
package refusals
