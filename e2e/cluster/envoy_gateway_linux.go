package cluster

import (
	"context"
	_ "embed"
	"os"
	"path/filepath"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	gatewayNamespace = "envoy-gateway-system"
	// clusterDomain ends the names of Services.
	clusterDomain = "cluster.local"
	// certificateDirectory is where Envoy Gateway expects its certificates; no
	// flag changes that.
	certificateDirectory = "/certs"
)

var (
	//go:embed manifests/envoy-gateway.yaml
	envoyGatewayConfig []byte
	//go:embed manifests/gateway-class.yaml
	gatewayClass string
)

// startEnvoyGateway installs what a Helm chart would install, starts Envoy
// Gateway next to the API server, and waits until it accepts the GatewayClass.
func (c *Cluster) startEnvoyGateway(ctx context.Context) error {
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: gatewayNamespace}}
	if _, err := c.client.CoreV1().Namespaces().Create(ctx, namespace, metav1.CreateOptions{}); err != nil {
		return err
	}
	if _, err := c.Kubectl(ctx, "", "apply", "--server-side", "--recursive", "--filename", c.programs.CRDs); err != nil {
		return err
	}
	if _, err := c.Kubectl(ctx, "", "wait", "crd", "--all", "--for=condition=Established", "--timeout=60s"); err != nil {
		return err
	}
	if err := c.makeCertificates(ctx); err != nil {
		return err
	}
	config := filepath.Join(c.directory, "envoy-gateway.yaml")
	if err := os.WriteFile(config, envoyGatewayConfig, 0o600); err != nil {
		return err
	}
	if _, err := startProcess(c.logs, "envoy-gateway", c.gatewayEnvironment(),
		c.programs.EnvoyGateway, "server", "--config-path", config); err != nil {
		return err
	}
	if err := c.Apply(ctx, gatewayClass); err != nil {
		return err
	}
	_, err := c.Kubectl(ctx, "", "wait", "gatewayclass", "--all", "--for=condition=Accepted", "--timeout=60s")
	return err
}

// makeCertificates makes the secrets with which Envoy and Envoy Gateway know
// each other, and puts Envoy Gateway's own where it looks for them.
func (c *Cluster) makeCertificates(ctx context.Context) error {
	generate, err := startProcess(c.logs, "certgen", c.gatewayEnvironment(),
		c.programs.EnvoyGateway, "certgen", "--disable-topology-injector")
	if err != nil {
		return err
	}
	<-generate.exited
	secret, err := c.client.CoreV1().Secrets(gatewayNamespace).Get(ctx, "envoy-gateway", metav1.GetOptions{})
	if err != nil {
		return err
	}
	return writeFiles(certificateDirectory, secret.Data)
}

func (c *Cluster) gatewayEnvironment() []string {
	return append(os.Environ(),
		"KUBECONFIG="+c.kubeconfig(),
		"ENVOY_GATEWAY_NAMESPACE="+gatewayNamespace,
		"KUBERNETES_CLUSTER_DOMAIN="+clusterDomain,
	)
}

func writeFiles(directory string, files map[string][]byte) error {
	if err := os.MkdirAll(directory, 0o755); err != nil {
		return err
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(directory, name), content, 0o600); err != nil {
			return err
		}
	}
	return nil
}
