package cluster

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

const (
	etcdURL      = "http://127.0.0.1:2379"
	apiServerURL = "https://127.0.0.1:6443"
	adminToken   = "e2e"
)

// startAPIServer starts etcd and the API server, and waits until it is ready.
func (c *Cluster) startAPIServer(ctx context.Context) error {
	if _, err := startProcess(c.logs, "etcd", os.Environ(), c.programs.Etcd,
		"--data-dir", filepath.Join(c.directory, "etcd"),
		"--listen-client-urls", etcdURL, "--advertise-client-urls", etcdURL,
		"--listen-peer-urls", "http://127.0.0.1:2380",
		// The data is in memory, and of no use after the run.
		"--unsafe-no-fsync",
	); err != nil {
		return err
	}
	signingKey := filepath.Join(c.directory, "service-accounts.key")
	if err := writeSigningKey(signingKey); err != nil {
		return err
	}
	tokens := filepath.Join(c.directory, "tokens.csv")
	if err := os.WriteFile(tokens, []byte(adminToken+`,admin,1,"system:masters"`+"\n"), 0o600); err != nil {
		return err
	}
	certificates := filepath.Join(c.directory, "api-server")
	server, err := startProcess(c.logs, "kube-apiserver", os.Environ(), c.programs.APIServer,
		"--etcd-servers", etcdURL,
		"--cert-dir", certificates,
		"--bind-address", "127.0.0.1", "--secure-port", "6443",
		"--advertise-address", hostAddress.String(),
		"--service-cluster-ip-range", "10.96.0.0/16",
		"--service-account-issuer", apiServerURL,
		"--service-account-key-file", signingKey,
		"--service-account-signing-key-file", signingKey,
		"--token-auth-file", tokens,
		"--authorization-mode", "RBAC",
		// Nothing here makes service accounts, which pods would wait for.
		"--disable-admission-plugins", "ServiceAccount",
	)
	if err != nil {
		return err
	}
	return c.connect(ctx, server, filepath.Join(certificates, "apiserver.crt"))
}

// connect waits for the API server and makes the clients of it.
func (c *Cluster) connect(ctx context.Context, server *process, authority string) error {
	err := waitFor(ctx, "the API server", func(ctx context.Context) (bool, error) {
		if !server.running() {
			return false, fmt.Errorf("ended by itself, see %s", c.logs)
		}
		config := &rest.Config{
			Host: apiServerURL, BearerToken: adminToken,
			TLSClientConfig: rest.TLSClientConfig{CAFile: authority},
			// The loop stands for hundreds of kubelets' worth of clients.
			QPS: 500, Burst: 1000,
		}
		client, err := kubernetes.NewForConfig(config)
		if err != nil {
			return false, nil // Its certificate isn't written yet.
		}
		c.client = client
		status := 0
		client.RESTClient().Get().AbsPath("/readyz").Do(ctx).StatusCode(&status)
		return status == http.StatusOK, nil
	})
	if err != nil {
		return err
	}
	return clientcmd.WriteToFile(clientcmdapi.Config{
		Clusters:       map[string]*clientcmdapi.Cluster{"e2e": {Server: apiServerURL, CertificateAuthority: authority}},
		AuthInfos:      map[string]*clientcmdapi.AuthInfo{"admin": {Token: adminToken}},
		Contexts:       map[string]*clientcmdapi.Context{"e2e": {Cluster: "e2e", AuthInfo: "admin"}},
		CurrentContext: "e2e",
	}, c.kubeconfig())
}

func writeSigningKey(path string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), 0o600)
}

// waitFor calls done, often, until it reports true or an error.
func waitFor(ctx context.Context, what string, done func(context.Context) (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		ok, err := done(ctx)
		if err != nil {
			return fmt.Errorf("wait for %s: %w", what, err)
		}
		if ok {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", what, ctx.Err())
		case <-tick.C:
		}
	}
}
