package prober_test

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failover-krm/failover/pkg/prober"
)

func TestHTTP(t *testing.T) {
	tests := []struct {
		name        string
		secure      bool
		change      func(*prober.HTTP)
		want        string
		connections int32
	}{
		{name: "the least", change: func(*prober.HTTP) {}, want: "GET shop.example.com / HTTP/1.1", connections: 3},
		{
			name: "a body, a header and a query",
			change: func(h *prober.HTTP) {
				h.Method, h.Path, h.Header, h.Body = http.MethodPut, "/a?b=c", http.Header{"X-Version": {"2"}}, []byte("order")
			},
			want:        "PUT shop.example.com /a?b=c HTTP/1.1 2 order",
			connections: 3,
		},
		{name: "connections are kept", change: func(h *prober.HTTP) { h.Kept = true }, want: "GET shop.example.com / HTTP/1.1", connections: 1},
		{name: "HTTP/2 in clear text", change: func(h *prober.HTTP) { h.HTTP2 = true }, want: "GET shop.example.com / HTTP/2.0", connections: 3},
		{name: "HTTP/2, kept", change: func(h *prober.HTTP) { h.HTTP2, h.Kept = true, true }, want: "GET shop.example.com / HTTP/2.0", connections: 1},
		{name: "TLS", secure: true, change: func(*prober.HTTP) {}, want: "GET shop.example.com / HTTP/1.1", connections: 3},
		{name: "HTTP/2 by TLS, kept", secure: true, change: func(h *prober.HTTP) { h.HTTP2, h.Kept = true, true }, want: "GET shop.example.com / HTTP/2.0", connections: 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var connections atomic.Int32
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				assert.NoError(t, err)
				said := fmt.Sprintf("%s %s %s %s", r.Method, r.Host, r.URL, r.Proto)
				if version := r.Header.Get("X-Version"); version != "" {
					said += " " + version + " " + string(body)
				}
				fmt.Fprintf(w, `{"pod": %q}`, said)
			}))
			server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
				if state == http.StateNew {
					connections.Add(1)
				}
			}
			server.Config.Protocols = new(http.Protocols)
			server.Config.Protocols.SetHTTP1(true)
			server.Config.Protocols.SetUnencryptedHTTP2(true)
			target := prober.HTTP{Host: "shop.example.com", Path: "/"}
			if test.secure {
				server.EnableHTTP2 = true
				server.StartTLS()
				authorities := x509.NewCertPool()
				authorities.AddCert(server.Certificate())
				// The certificate of the test server is for this name.
				target.TLS = &tls.Config{RootCAs: authorities, ServerName: "example.com"}
			} else {
				server.Start()
			}
			defer server.Close()
			target.Address = server.Listener.Addr().String()
			test.change(&target)
			if target.Kept {
				kept, closeAll := target.Keep()
				defer closeAll()
				target = kept
			}
			for range 3 {
				answer, err := target.Ask(t.Context())
				require.NoError(t, err)
				assert.Equal(t, prober.Answer{Status: http.StatusOK, From: test.want}, answer)
			}
			assert.Equal(t, test.connections, connections.Load(), "connections")
		})
	}
}

func TestHTTPDoesNotFollowRedirects(t *testing.T) {
	server := httptest.NewServer(http.RedirectHandler("/elsewhere", http.StatusFound))
	defer server.Close()
	answer, err := prober.HTTP{Address: server.Listener.Addr().String(), Path: "/"}.Ask(t.Context())
	require.NoError(t, err)
	assert.Equal(t, http.StatusFound, answer.Status)
	assert.True(t, prober.Request{Answer: answer}.Lost())
}
