package echo_test

import (
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/failover-krm/failover/e2e/echo"
)

func listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	return listener
}

func connect(t *testing.T, listener net.Listener) *grpc.ClientConn {
	t.Helper()
	connection, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	t.Cleanup(func() { _ = connection.Close() })
	return connection
}

func TestGRPC(t *testing.T) {
	listener := listen(t)
	go func() { _ = echo.ServeGRPC(listener, "active-1") }()
	connection := connect(t, listener)
	name, err := echo.Call(t.Context(), connection)
	require.NoError(t, err)
	assert.Equal(t, "active-1", name)
	health, err := healthv1.NewHealthClient(connection).Check(t.Context(), &healthv1.HealthCheckRequest{})
	require.NoError(t, err)
	assert.Equal(t, healthv1.HealthCheckResponse_SERVING, health.GetStatus())
}

func TestFailing(t *testing.T) {
	listener := listen(t)
	server := echo.Failing(codes.Unavailable)
	go func() { _ = server.Serve(listener) }()
	defer server.Stop()
	connection := connect(t, listener)
	_, err := echo.Call(t.Context(), connection)
	assert.Equal(t, codes.Unavailable, status.Code(err))
	_, err = healthv1.NewHealthClient(connection).Check(t.Context(), &healthv1.HealthCheckRequest{})
	assert.Equal(t, codes.Unavailable, status.Code(err))
}

func TestLines(t *testing.T) {
	listener := listen(t)
	go func() { _ = echo.ServeLines(listener, "passive-1") }()
	connection, err := net.Dial("tcp", listener.Addr().String())
	require.NoError(t, err)
	defer func() { _ = connection.Close() }()
	name, err := echo.Exchange(t.Context(), connection)
	require.NoError(t, err)
	assert.Equal(t, "passive-1", name)
}
