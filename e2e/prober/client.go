package prober

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"google.golang.org/grpc/codes"
)

// Asker sends one request, or makes one connection, and tells what came back.
type Asker interface {
	Ask(ctx context.Context) (Answer, error)
}

// Target is what requests of HTTP are sent to.
type Target struct {
	// Address is the host and port to connect to.
	Address string
	// Host is the name that the request asks for.
	Host string
	// Path is that of the URL.
	Path string
	// Method is GET, unless it says otherwise. POST sends a small body.
	Method string
}

// Answer is what came back.
type Answer struct {
	// Status is that of the response, or 0 if there was none. It is 200 for an exchange
	// without HTTP, and for gRPC, whose own status says more.
	Status int
	// GRPC is the status of gRPC.
	GRPC codes.Code
	// Pod is the name of the pod that answered, as far as the body tells.
	Pod string
}

// Ask sends one request on a connection of its own, and returns when the whole
// response has arrived.
func (t Target) Ask(ctx context.Context) (Answer, error) {
	var body io.Reader
	if t.Method == http.MethodPost {
		body = strings.NewReader(`{"order": 1}`)
	}
	request, err := http.NewRequestWithContext(ctx, t.Method, "http://"+t.Address+t.Path, body)
	if err != nil {
		return Answer{}, err
	}
	request.Host = t.Host
	response, err := oneConnectionEach.RoundTrip(request)
	if err != nil {
		return Answer{}, err
	}
	defer response.Body.Close()
	answer := Answer{Status: response.StatusCode}
	content, err := io.ReadAll(response.Body)
	if err != nil {
		return Answer{}, fmt.Errorf("read the body: %w", err)
	}
	if answer.Status == http.StatusOK {
		// A body in another form names no pod, which is for the caller to decide.
		_ = json.Unmarshal(content, &answer)
	}
	return answer, nil
}

var oneConnectionEach = &http.Transport{DisableKeepAlives: true}
