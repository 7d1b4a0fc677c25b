package v1alpha1_test

import (
	"encoding/json"
	"strings"
	"testing"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	"github.com/failover-krm/failover/pkg/target"
)

// shop is a valid spec built in Go.
func shop() *v1alpha1.FailoverSpec {
	return &v1alpha1.FailoverSpec{
		ObjectMeta: metav1.ObjectMeta{Name: "shop", Namespace: "web"},
		Spec: v1alpha1.Spec{
			Active:  v1alpha1.Tier{Backend: v1alpha1.Backend{Service: &v1alpha1.Service{Name: "shop", Port: 8080}}},
			Passive: v1alpha1.Tier{Backend: v1alpha1.Backend{Service: &v1alpha1.Service{Name: "shop-standby", Port: 8080}}},
		},
	}
}

// TestProfilesAreWhatWasMeasured pins the policies whose lost requests are
// documented in docs/profiles.md: change one only with a new measurement.
func TestProfilesAreWhatWasMeasured(t *testing.T) {
	passive := `{"interval": "2s", "baseEjectionTime": "10s", "maxEjectionPercent": 100, "consecutive5XxErrors": 3}`
	active := `{"type": "HTTP", "interval": "2s", "timeout": "1s", "unhealthyThreshold": 2, "healthyThreshold": 2, "http": {"path": "/healthz"}}`
	timeout := `{"tcp": {"connectTimeout": "1s"}}`
	safeRetry := `{"numRetries": 2, "numAttemptsPerPriority": 1, "retryOn": {"triggers": ["connect-failure", "refused-stream", "reset-before-request"]}}`
	zeroLossRetry := `{"numRetries": 2, "numAttemptsPerPriority": 1, "perRetry": {"timeout": "2s"},
		"retryOn": {"triggers": ["connect-failure", "refused-stream", "reset", "gateway-error", "retriable-status-codes"], "httpStatusCodes": [500]}}`

	grpcZeroLossRetry := strings.Replace(zeroLossRetry, `"retriable-status-codes"`, `"retriable-status-codes", "cancelled", "deadline-exceeded", "internal", "unavailable"`, 1)
	grpc := v1alpha1.Spec{GRPCRoute: &v1alpha1.GRPCRoute{}}
	for _, tc := range []struct {
		reason, retry string
		profile       v1alpha1.Profile
		route         v1alpha1.Spec
	}{
		{"safe is the default", safeRetry, "", v1alpha1.Spec{}},
		{"safe", safeRetry, v1alpha1.ProfileSafe, v1alpha1.Spec{}},
		{"zero-loss", zeroLossRetry, v1alpha1.ProfileZeroLoss, v1alpha1.Spec{}},
		{"safe, gRPC", safeRetry, v1alpha1.ProfileSafe, grpc},
		{"zero-loss, gRPC", grpcZeroLossRetry, v1alpha1.ProfileZeroLoss, grpc},
		{"safe, TLS", "null", v1alpha1.ProfileSafe, v1alpha1.Spec{TLSRoute: &v1alpha1.TLSRoute{}}},
		{"safe, TCP", "null", v1alpha1.ProfileSafe, v1alpha1.Spec{TCPRoute: &v1alpha1.TCPRoute{}}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			fs := shop()
			fs.Spec.GRPCRoute, fs.Spec.TLSRoute, fs.Spec.TCPRoute = tc.route.GRPCRoute, tc.route.TLSRoute, tc.route.TCPRoute
			fs.Spec.Policy.Profile = tc.profile
			fs.Spec.Policy.HealthCheck = &egv1a1.HealthCheck{Active: &egv1a1.ActiveHealthCheck{HTTP: &egv1a1.HTTPActiveHealthChecker{Path: "/healthz"}}}
			v1alpha1.Default(fs)
			assertJSON(t, timeout, fs.Spec.Policy.Timeout)
			assertJSON(t, tc.retry, fs.Spec.Policy.Retry)
			assertJSON(t, passive, fs.Spec.Policy.HealthCheck.Passive)
			assertJSON(t, active, fs.Spec.Policy.HealthCheck.Active)
		})
	}
}

func assertJSON(t *testing.T, want string, got any) {
	t.Helper()
	data, err := json.Marshal(got)
	require.NoError(t, err)
	assert.JSONEq(t, want, string(data))
}

// TestEveryTargetRenders makes sure that the enum of the schema and the table of
// distributions name the same targets.
func TestEveryTargetRenders(t *testing.T) {
	var schema jsonObject
	require.NoError(t, json.Unmarshal(v1alpha1.JSONSchema(), &schema))
	known := schema["properties"].(jsonObject)["spec"].(jsonObject)["properties"].(jsonObject)["target"].(jsonObject)
	assert.Equal(t, string(target.Default), known["default"])
	var names []target.Target
	for _, name := range known["enum"].([]any) {
		names = append(names, target.Target(name.(string)))
	}
	assert.ElementsMatch(t, target.All(), names)
}
