package echo

import (
	"context"
	"math"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

const (
	service = "e2e.Echo"
	method  = "Pod"
)

// pod is the server of the service: its name.
type pod string

// description is what a generator would make of the service. Its messages are well-known
// types, so that there is nothing to generate.
var description = grpc.ServiceDesc{
	ServiceName: service,
	HandlerType: (*any)(nil),
	Methods: []grpc.MethodDesc{{
		MethodName: method,
		Handler: func(server any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			if err := decode(&emptypb.Empty{}); err != nil {
				return nil, err
			}
			return wrapperspb.String(string(server.(pod))), nil
		},
	}},
}

// noKeepalive keeps the server from ending a connection on which something was not
// acknowledged for 20 s (TCP_USER_TIMEOUT): that is a matter of the library, and a drill is
// about what Envoy does.
var noKeepalive = grpc.KeepaliveParams(keepalive.ServerParameters{Time: math.MaxInt64})

// ServeGRPC answers calls with the name of the pod, and health checks with SERVING.
func ServeGRPC(listener net.Listener, name string) error {
	server := grpc.NewServer(noKeepalive)
	server.RegisterService(&description, pod(name))
	healthv1.RegisterHealthServer(server, health.NewServer())
	return server.Serve(listener)
}

// Failing is a server that answers every call with a status, health checks too.
func Failing(code codes.Code) *grpc.Server {
	return grpc.NewServer(grpc.UnknownServiceHandler(func(any, grpc.ServerStream) error {
		return status.Error(code, "the drill says so")
	}))
}
