package kubectl

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"regexp"
	"strings"
	"sync"
)

// forwarding is what kubectl says once a port is forwarded.
var forwarding = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`Forwarding from (127\.0\.0\.1:[0-9]+) ->`)
})

// Forward forwards a port of a pod, and calls with its address on this machine. It ends when
// that returns.
func (k Kubectl) Forward(ctx context.Context, namespace, pod string, port int, with func(address string) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	args := []string{"port-forward", "--namespace=" + namespace, "--address=127.0.0.1", "pod/" + pod, fmt.Sprintf(":%d", port)}
	cmd := k.command(ctx, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return explain(ctx, err, "", args)
	}
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		if found := forwarding().FindStringSubmatch(lines.Text()); found != nil {
			err := with(found[1])
			cancel()
			_ = cmd.Wait() // it was told to end
			return err
		}
	}
	err = cmd.Wait()
	if err == nil {
		return fmt.Errorf("kubectl %s: it ended without a message", strings.Join(args, " "))
	}
	return explain(ctx, err, stderr.String(), args)
}
