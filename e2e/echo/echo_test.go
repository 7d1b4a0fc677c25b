package echo_test

import (
	"net"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/failover-krm/failover/e2e/echo"
	"github.com/failover-krm/failover/pkg/prober"
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
	fresh := echo.Calls(listener.Addr().String(), "grpc.example.com")
	kept, closeAll := fresh.Keep()
	defer closeAll()
	for _, calls := range []prober.HTTP{fresh, kept, kept} {
		answer, err := calls.Ask(t.Context())
		require.NoError(t, err)
		assert.Equal(t, prober.Answer{Status: http.StatusOK, From: "active-1"}, answer)
	}
	fresh.Path = "/e2e.Echo/Unknown"
	answer, err := fresh.Ask(t.Context())
	require.NoError(t, err)
	assert.Equal(t, prober.Answer{Status: http.StatusOK, GRPC: codes.Unimplemented}, answer)
	health, err := healthv1.NewHealthClient(connection).Check(t.Context(), &healthv1.HealthCheckRequest{})
	require.NoError(t, err)
	assert.Equal(t, healthv1.HealthCheckResponse_SERVING, health.GetStatus())
}

func TestFailing(t *testing.T) {
	listener := listen(t)
	server := echo.Failing(codes.Unavailable)
	go func() { _ = server.Serve(listener) }()
	defer server.Stop()
	answer, err := echo.Calls(listener.Addr().String(), "").Ask(t.Context())
	require.NoError(t, err)
	assert.Equal(t, prober.Answer{Status: http.StatusOK, GRPC: codes.Unavailable}, answer)
	connection := connect(t, listener)
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
