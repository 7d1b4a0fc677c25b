package prober

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"

	"google.golang.org/grpc/codes"
)

// HTTP is what requests of HTTP are sent to, or unary calls of gRPC, which are requests
// of HTTP/2. None is sent again by the client, unless a kept connection turns out to be
// closed before anything was sent on it.
type HTTP struct {
	// Address is the host and port to connect to.
	Address string
	// Host is the name that the request asks for, by TLS too.
	Host string
	// Path is that of the URL, with its query.
	Path string
	// Method is GET, unless it says otherwise.
	Method string
	// Header is sent too.
	Header http.Header
	// Body is sent too. For gRPC it is the message.
	Body []byte
	// TLS is nil for clear text.
	TLS *tls.Config
	// HTTP2 is for clear text: with TLS, it is negotiated.
	HTTP2 bool
	// GRPC tells that the path is that of a method of gRPC.
	GRPC bool
	// Kept keeps connections for the next request, otherwise each has its own.
	Kept bool
	// From tells who sent an answer that is no error; nil stands for JSONPod.
	From func(header http.Header, body []byte) string

	kept *http.Transport
}

// bodyLimit is how much of a body is looked at.
const bodyLimit = 1 << 20

// JSONPod is the field "pod" of a body in JSON, as the workshop's server writes it.
func JSONPod(_ http.Header, body []byte) string {
	var answer struct{ Pod string }
	// A body in another form names no pod, which is for the caller to decide.
	_ = json.Unmarshal(body, &answer)
	return answer.Pod
}

// Keep returns the target with connections of its own, to be kept, and what closes them.
func (t HTTP) Keep() (kept HTTP, closeAll func()) {
	t.Kept = true
	t.kept = t.transport()
	return t, t.kept.CloseIdleConnections
}

// Ask sends one request, and returns when the whole response has arrived.
func (t HTTP) Ask(ctx context.Context) (Answer, error) {
	request, err := t.request(ctx)
	if err != nil {
		return Answer{}, err
	}
	transport := t.kept
	if transport == nil {
		transport = t.transport()
		defer transport.CloseIdleConnections()
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return Answer{}, timeOf(ctx, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, bodyLimit))
	if err == nil {
		_, err = io.Copy(io.Discard, response.Body)
	}
	if err != nil {
		return Answer{Status: response.StatusCode}, timeOf(ctx, fmt.Errorf("read the body: %w", err))
	}
	answer := Answer{Status: response.StatusCode}
	if t.GRPC {
		answer.GRPC = statusOfGRPC(response)
		body = messageOf(body)
	}
	if answer.isOK() {
		from := t.From
		if from == nil {
			from = JSONPod
		}
		answer.From = from(response.Header, body)
	}
	return answer, nil
}

// timeOf makes an error the one of the context where the time was up.
func timeOf(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return ctx.Err()
	}
	return err
}

func (t HTTP) request(ctx context.Context) (*http.Request, error) {
	target, err := url.Parse(t.Path)
	if err != nil {
		return nil, err
	}
	target.Scheme, target.Host = "http", t.Host
	if t.TLS != nil {
		target.Scheme = "https"
	}
	if target.Host == "" {
		target.Host = t.Address
	}
	method, body := t.Method, t.Body
	if t.GRPC {
		method, body = http.MethodPost, framed(t.Body)
	}
	var content io.Reader
	if len(body) > 0 {
		content = bytes.NewReader(body)
	}
	request, err := http.NewRequestWithContext(ctx, method, target.String(), content)
	if err != nil {
		return nil, err
	}
	request.GetBody = nil // nothing is sent twice
	if t.Header != nil {
		request.Header = t.Header.Clone()
	}
	if t.GRPC {
		request.Header.Set("Content-Type", "application/grpc")
		request.Header.Set("Te", "trailers")
	}
	return request, nil
}

func (t HTTP) transport() *http.Transport {
	var protocols http.Protocols
	protocols.SetHTTP1(!t.GRPC && !t.HTTP2)
	protocols.SetHTTP2(t.TLS != nil && (t.GRPC || t.HTTP2))
	protocols.SetUnencryptedHTTP2(t.TLS == nil && (t.GRPC || t.HTTP2))
	return &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, t.Address)
		},
		TLSClientConfig:     t.TLS,
		DisableKeepAlives:   !t.Kept,
		DisableCompression:  true,
		MaxIdleConnsPerHost: maxKept,
		Protocols:           &protocols,
	}
}

// maxKept is how many connections of HTTP/1.1 are kept between requests.
const maxKept = 10_000

// framed is a message of gRPC as it is sent: not compressed, with its length before it.
func framed(message []byte) []byte {
	const prefix = 5
	frame := make([]byte, prefix, prefix+len(message))
	binary.BigEndian.PutUint32(frame[1:], uint32(len(message)))
	return append(frame, message...)
}

// messageOf is the first message of a body of gRPC.
func messageOf(body []byte) []byte {
	const prefix = 5
	if len(body) < prefix {
		return nil
	}
	length := binary.BigEndian.Uint32(body[1:prefix])
	return body[prefix:min(uint64(len(body)), prefix+uint64(length))]
}

// statusOfGRPC is in the trailer, or in the header of an answer without a message.
func statusOfGRPC(response *http.Response) codes.Code {
	const name = "Grpc-Status"
	text := response.Trailer.Get(name)
	if text == "" {
		text = response.Header.Get(name)
	}
	code, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		return codes.Unknown
	}
	return codes.Code(code)
}
