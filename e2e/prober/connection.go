package prober

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"os"

	"github.com/failover-krm/failover/e2e/echo"
)

// Connection is where new connections are made to, each for one small exchange.
type Connection struct {
	// Address is the host and port to connect to.
	Address string
	// ServerName is what TLS asks for; empty for TCP without TLS.
	ServerName string
}

// Ask makes one connection.
func (c Connection) Ask(ctx context.Context) (Answer, error) {
	connection, err := (&net.Dialer{}).DialContext(ctx, "tcp", c.Address)
	if err != nil {
		return Answer{}, err
	}
	defer func() { _ = connection.Close() }()
	if c.ServerName != "" {
		// The servers' certificates are their own; what is of interest is who has it.
		connection = tls.Client(connection, &tls.Config{ServerName: c.ServerName, InsecureSkipVerify: true})
	}
	pod, err := echo.Exchange(ctx, connection)
	if err != nil {
		if errors.Is(err, os.ErrDeadlineExceeded) {
			err = context.DeadlineExceeded // that of ctx, which the connection has too
		}
		return Answer{}, err
	}
	return Answer{Status: http.StatusOK, Pod: pod}, nil
}
