package prober

import (
	"context"
	"net/http"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/failover-krm/failover/e2e/echo"
)

// GRPC is what unary calls are sent to.
type GRPC struct {
	// Address is the host and port to connect to, and Host the authority of each call.
	Address, Host string
	// Kept is the connection of all calls; nil for a new one each.
	Kept *grpc.ClientConn
}

// Dial makes a connection, when it is used first. A call on it is not repeated by the
// client, unless nothing of it was sent.
func (g GRPC) Dial() (*grpc.ClientConn, error) {
	return grpc.NewClient("passthrough:///"+g.Address, grpc.WithAuthority(g.Host), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDisableRetry(), grpc.WithDisableServiceConfig())
}

// Ask makes one call.
func (g GRPC) Ask(ctx context.Context) (Answer, error) {
	connection := g.Kept
	if connection == nil {
		own, err := g.Dial()
		if err != nil {
			return Answer{}, err
		}
		defer func() { _ = own.Close() }()
		connection = own
	}
	pod, err := echo.Call(ctx, connection)
	if err != nil && ctx.Err() != nil {
		return Answer{}, ctx.Err()
	}
	return Answer{Status: http.StatusOK, GRPC: status.Code(err), Pod: pod}, nil
}

func (a Answer) isOK() bool { return a.Status == http.StatusOK && a.GRPC == codes.OK }
