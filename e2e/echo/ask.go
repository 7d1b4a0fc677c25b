package echo

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"os"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/failover-krm/failover/pkg/prober"
)

// Calls are unary calls that ask for the name of the pod.
func Calls(address, host string) prober.HTTP {
	return prober.HTTP{Address: address, Host: host, Path: "/" + service + "/" + method, GRPC: true, From: nameIn}
}

// nameIn is the name in the message of an answer.
func nameIn(_ http.Header, message []byte) string {
	var name wrapperspb.StringValue
	// Another message names no pod, which is for the caller to decide.
	_ = proto.Unmarshal(message, &name)
	return name.GetValue()
}

// Connection is where new connections are made to, each for one small exchange.
type Connection struct {
	// Address is the host and port to connect to.
	Address string
	// ServerName is what TLS asks for; empty for TCP without TLS.
	ServerName string
}

// Ask makes one connection.
func (c Connection) Ask(ctx context.Context) (prober.Answer, error) {
	connection, err := (&net.Dialer{}).DialContext(ctx, "tcp", c.Address)
	if err != nil {
		return prober.Answer{}, err
	}
	defer func() { _ = connection.Close() }()
	if c.ServerName != "" {
		// The servers' certificates are their own; what is of interest is who has it.
		connection = tls.Client(connection, &tls.Config{ServerName: c.ServerName, InsecureSkipVerify: true})
	}
	pod, err := Exchange(ctx, connection)
	if err != nil {
		if errors.Is(err, os.ErrDeadlineExceeded) {
			err = context.DeadlineExceeded // that of ctx, which the connection has too
		}
		return prober.Answer{}, err
	}
	return prober.Answer{Status: http.StatusOK, From: pod}, nil
}
