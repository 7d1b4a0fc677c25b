package echo

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
)

// ServeLines answers the first line of each connection with the name of the pod.
func ServeLines(listener net.Listener, name string) error {
	for {
		connection, err := listener.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer func() { _ = connection.Close() }()
			if _, err := bufio.NewReader(connection).ReadString('\n'); err == nil {
				fmt.Fprintln(connection, name) // The client may be gone.
			}
		}()
	}
}

// Exchange asks for the name of the pod on a new connection.
func Exchange(ctx context.Context, connection net.Conn) (name string, err error) {
	if deadline, ok := ctx.Deadline(); ok {
		if err := connection.SetDeadline(deadline); err != nil {
			return "", err
		}
	}
	if _, err := fmt.Fprintln(connection, "who"); err != nil {
		return "", err
	}
	name, err = bufio.NewReader(connection).ReadString('\n')
	return strings.TrimSpace(name), err
}
