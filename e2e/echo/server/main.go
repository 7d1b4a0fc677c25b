// Command server is the application of the drills of gRPC, TLS and TCP.
package main

import (
	"cmp"
	"crypto/tls"
	"fmt"
	"log"
	"net"
	"os"

	"github.com/failover-krm/failover/e2e/echo"
	"github.com/failover-krm/failover/e2e/manifests"
)

func main() {
	log.Fatal(serve(os.Getenv("PROTOCOL"), os.Getenv("POD_NAME")))
}

// serve listens where echo-basic would.
func serve(protocol, pod string) error {
	listener, err := net.Listen("tcp", ":"+cmp.Or(os.Getenv("HTTP_PORT"), "3000"))
	if err != nil {
		return err
	}
	switch protocol {
	case manifests.ProtocolGRPC:
		return echo.ServeGRPC(listener, pod)
	case manifests.ProtocolTCP:
		return echo.ServeLines(listener, pod)
	case manifests.ProtocolTLS:
		certificate, key, err := manifests.SelfSigned()
		if err != nil {
			return err
		}
		pair, err := tls.X509KeyPair([]byte(certificate), []byte(key))
		if err != nil {
			return err
		}
		return echo.ServeLines(tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{pair}}), pod)
	}
	return fmt.Errorf("unknown protocol %q", protocol)
}
