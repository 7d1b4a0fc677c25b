package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// envoyAdmin listens on the loopback interface of Envoy's pod.
const envoyAdmin = "127.0.0.1:19000"

// GatewayHost returns the host and port where the Gateway's first listener
// answers.
func (c *Cluster) GatewayHost(ctx context.Context, gateway types.NamespacedName) (string, error) {
	output, err := c.Kubectl(ctx, "", "get", "gateway", gateway.Name, "--namespace", gateway.Namespace, "--output", "json")
	if err != nil {
		return "", err
	}
	var object struct {
		Spec   struct{ Listeners []struct{ Port int } }
		Status struct{ Addresses []struct{ Value string } }
	}
	if err := json.Unmarshal([]byte(output), &object); err != nil {
		return "", err
	}
	if len(object.Status.Addresses) == 0 {
		return "", fmt.Errorf("gateway %s has no address", gateway)
	}
	return net.JoinHostPort(object.Status.Addresses[0].Value, fmt.Sprint(object.Spec.Listeners[0].Port)), nil
}

// AskEnvoy returns what the administration interface of the Gateway's Envoy
// answers to a GET of the path, in the form of JSON, in the given variable.
func (c *Cluster) AskEnvoy(ctx context.Context, gateway types.NamespacedName, path string, into any) error {
	deployment, err := c.envoyOf(ctx, gateway)
	if err != nil {
		return err
	}
	var network link
	if err := c.kubelet.withPod(deployment, func(p *pod) error { network = p.link; return nil }); err != nil {
		return err
	}
	client := http.Client{
		Timeout: 10 * time.Second,
		Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, kind, address string) (connection net.Conn, err error) {
			err = network.inside(func() error {
				connection, err = (&net.Dialer{}).DialContext(ctx, kind, address)
				return err
			})
			return connection, err
		}},
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+envoyAdmin+path, nil)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	return json.NewDecoder(response.Body).Decode(into)
}

// envoyOf returns the name of the Deployment that Envoy Gateway made for the
// Gateway.
func (c *Cluster) envoyOf(ctx context.Context, gateway types.NamespacedName) (types.NamespacedName, error) {
	deployments, err := c.client.AppsV1().Deployments(corev1.NamespaceAll).List(ctx, metav1.ListOptions{LabelSelector: fmt.Sprintf(
		"gateway.envoyproxy.io/owning-gateway-name=%s,gateway.envoyproxy.io/owning-gateway-namespace=%s", gateway.Name, gateway.Namespace)})
	if err != nil {
		return types.NamespacedName{}, err
	}
	if len(deployments.Items) != 1 {
		return types.NamespacedName{}, fmt.Errorf("gateway %s has %d Envoys, not one", gateway, len(deployments.Items))
	}
	return nameOf(&deployments.Items[0]), nil
}

// Envoys are where the pods of the Gateway's Envoys are reached: the addresses of the pods, and
// those of their administration interfaces, which are reachable until ctx ends.
func (c *Cluster) Envoys(ctx context.Context, gateway types.NamespacedName) (pods []netip.Addr, admins []string, err error) {
	deployment, err := c.envoyOf(ctx, gateway)
	if err != nil {
		return nil, nil, err
	}
	c.kubelet.mutex.Lock()
	running := slices.Clone(c.kubelet.pods[deployment])
	c.kubelet.mutex.Unlock()
	for _, p := range running {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, nil, err
		}
		context.AfterFunc(ctx, func() { _ = listener.Close() })
		go forward(ctx, listener, p.link)
		pods, admins = append(pods, p.link.address), append(admins, listener.Addr().String())
	}
	return pods, admins, nil
}

// forward connects whoever comes to the administration interface in a pod.
func forward(ctx context.Context, listener net.Listener, to link) {
	for {
		outside, err := listener.Accept()
		if err != nil {
			return // the listener is closed
		}
		go func() {
			defer func() { _ = outside.Close() }()
			var inside net.Conn
			if err := to.inside(func() (err error) {
				inside, err = (&net.Dialer{}).DialContext(ctx, "tcp", envoyAdmin)
				return err
			}); err != nil {
				return // as a port-forward does where nobody listens
			}
			defer func() { _ = inside.Close() }()
			go func() { _, _ = io.Copy(inside, outside) }()
			_, _ = io.Copy(outside, inside)
		}()
	}
}
