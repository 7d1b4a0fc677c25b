package cluster

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
)

// OutsideNetwork has the addresses of servers outside the cluster. It is the one that
// is set apart for tests of networks (RFC 2544).
var OutsideNetwork = netip.MustParsePrefix("198.18.0.0/15")

// Outside is a server outside the cluster: it has an address of its own, and a name in
// the DNS.
type Outside struct {
	name    string
	address netip.Addr
	network link
	// ports tells of each whether it speaks TLS.
	ports map[int]bool

	certificate *tls.Certificate
	servers     []*http.Server
}

// StartOutside starts a server at an address of the OutsideNetwork, and gives it a name
// in the DNS. Its ports map tells of each port whether it speaks TLS, with a certificate
// for the name that every Envoy trusts. It answers any request with its name, in the form
// in which echo-basic says the name of its pod, and the health check of gRPC.
func (c *Cluster) StartOutside(name string, address netip.Addr, ports map[int]bool) (*Outside, error) {
	if !OutsideNetwork.Contains(address) {
		return nil, fmt.Errorf("%s is not in %s", address, OutsideNetwork)
	}
	certificate, err := c.authority.issue(name)
	if err != nil {
		return nil, err
	}
	c.names.add(name, address)
	o := &Outside{name: name, address: address, network: c.network.outside, ports: ports, certificate: certificate}
	return o, o.Restore()
}

// Break closes the ports, and every connection.
func (o *Outside) Break() {
	for _, server := range o.servers {
		_ = server.Close() // What is closed already needs nothing more.
	}
	o.servers = nil
}

// Restore opens the ports.
func (o *Outside) Restore() error {
	var problems []error
	for port, speaksTLS := range o.ports {
		var listener net.Listener
		err := o.network.inside(func() (err error) {
			listener, err = net.Listen("tcp", netip.AddrPortFrom(o.address, uint16(port)).String())
			return err
		})
		if err != nil {
			problems = append(problems, err)
			continue
		}
		server := &http.Server{Handler: http.HandlerFunc(o.answer), Protocols: new(http.Protocols), ErrorLog: log.New(io.Discard, "", 0)}
		server.Protocols.SetHTTP1(true)
		server.Protocols.SetHTTP2(true)
		server.Protocols.SetUnencryptedHTTP2(true)
		server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{*o.certificate}}
		o.servers = append(o.servers, server)
		go func() { // Both end with an error, always.
			if speaksTLS {
				_ = server.ServeTLS(listener, "", "")
				return
			}
			_ = server.Serve(listener)
		}()
	}
	return errors.Join(problems...)
}

func (o *Outside) answer(w http.ResponseWriter, request *http.Request) {
	if request.URL.Path == "/grpc.health.v1.Health/Check" {
		answerHealthCheck(w)
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]string{"pod": o.name}) // The client may be gone.
}

// answerHealthCheck answers a health check of gRPC: a message of two bytes, whose field
// status is SERVING.
func answerHealthCheck(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/grpc")
	w.Header().Set("Trailer", "Grpc-Status")
	_, _ = w.Write([]byte{0, 0, 0, 0, 2, 8, 1})
	w.Header().Set("Grpc-Status", "0")
}
