package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"k8s.io/client-go/kubernetes"

	"github.com/failover-krm/failover/e2e/programs"
	"github.com/failover-krm/failover/e2e/sandbox"
)

// Cluster is a running cluster with Envoy Gateway and the GatewayClass of the
// workshop. It runs until the process ends.
type Cluster struct {
	programs  programs.Set
	directory string
	logs      string
	client    kubernetes.Interface
	kubelet   *kubelet
	network   *network
	names     *nameServer
	authority *authority
}

// Start starts a cluster of the given programs, which write their logs into the
// given directory, and returns when it is ready for use.
func Start(ctx context.Context, set programs.Set, logs string) (c *Cluster, err error) {
	if !sandbox.Inside() {
		return nil, errors.New("a cluster changes networks and mounts: it can be started in a sandbox only")
	}
	c = &Cluster{programs: set, directory: filepath.Join(sandbox.Directory, "cluster"), logs: logs}
	if err = errors.Join(os.MkdirAll(c.directory, 0o700), os.MkdirAll(logs, 0o755)); err != nil {
		return nil, err
	}
	if c.network, err = newNetwork(); err != nil {
		return nil, err
	}
	if c.names, err = startNameServer(hostAddress); err != nil {
		return nil, err
	}
	if c.authority, err = newAuthority(); err != nil {
		return nil, err
	}
	resolver := fmt.Sprintf("nameserver %s\n", hostAddress)
	if err := os.WriteFile("/etc/resolv.conf", []byte(resolver), 0o644); err != nil {
		return nil, err
	}
	if err := c.startAPIServer(ctx); err != nil {
		return nil, err
	}
	if c.kubelet, err = startKubelet(ctx, c.client, c.network, c.names, set, logs); err != nil {
		return nil, err
	}
	return c, c.startEnvoyGateway(ctx)
}
