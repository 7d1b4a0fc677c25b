package prober

import (
	"context"

	"google.golang.org/grpc/codes"
)

// Asker sends one request, or makes one connection, and tells what came back.
type Asker interface {
	Ask(ctx context.Context) (Answer, error)
}

// Answer is what came back.
type Answer struct {
	// Status is that of the response, or 0 if there was none. It is 200 for an exchange
	// without HTTP.
	Status int
	// GRPC is the status of gRPC.
	GRPC codes.Code
	// From is who answered, as far as the answer tells.
	From string
}

// isOK tells whether it is what a client wants: a status of 200 to 299, and OK by gRPC.
func (a Answer) isOK() bool { return a.Status >= 200 && a.Status < 300 && a.GRPC == codes.OK }
