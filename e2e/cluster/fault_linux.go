package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"

	"google.golang.org/grpc/codes"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/failover-krm/failover/e2e/echo"
)

// Fault is a way in which a tier fails.
type Fault string

const (
	// PortClosed is the drill of the workshop: the server listens elsewhere.
	PortClosed Fault = "closed"
	// AnswersErrors is a server that answers every request with status 500.
	AnswersErrors Fault = "500"
	// AnswersUnavailable is one that answers every request with status 503.
	AnswersUnavailable Fault = "503"
	// Unavailable is a server of gRPC that answers every call with UNAVAILABLE.
	Unavailable Fault = "unavailable"
	// Internal is one that answers every call with INTERNAL.
	Internal Fault = "internal"
	// Hangs is a server that accepts connections and never answers.
	Hangs Fault = "hang"
	// PacketsDropped is a pod whose network is gone.
	PacketsDropped Fault = "dropped"
)

// Faults lists the faults of the first table of docs/drills.md.
var Faults = []Fault{PortClosed, AnswersErrors, Hangs, PacketsDropped}

// closedPort is where the server listens while its own port is closed.
const closedPort = "5000"

// Break makes the pod of a Deployment fail, and returns since when it does.
func (c *Cluster) Break(ctx context.Context, deployment types.NamespacedName, fault Fault) (inForce time.Time, err error) {
	if fault == PortClosed {
		if err := c.setPort(ctx, deployment, map[string]any{"name": "HTTP_PORT", "value": closedPort}); err != nil {
			return time.Time{}, err
		}
		err := c.kubelet.withPod(deployment, func(p *pod) error { inForce = p.stopped; return nil })
		return inForce, err
	}
	err = c.kubelet.withPod(deployment, func(p *pod) error {
		defer func() { inForce = time.Now() }()
		switch fault {
		case AnswersErrors:
			return p.answerAll(http.StatusInternalServerError)
		case AnswersUnavailable:
			return p.answerAll(http.StatusServiceUnavailable)
		case Unavailable:
			return p.answerCalls(codes.Unavailable)
		case Internal:
			return p.answerCalls(codes.Internal)
		case Hangs:
			return p.process.signal(syscall.SIGSTOP)
		case PacketsDropped:
			return p.link.setUp(false)
		}
		return fmt.Errorf("unknown fault %q", fault)
	})
	return inForce, err
}

// Restore undoes what Break has done, and returns when the process runs again.
func (c *Cluster) Restore(ctx context.Context, deployment types.NamespacedName, fault Fault) error {
	if fault == PortClosed {
		return c.setPort(ctx, deployment, map[string]any{"name": "HTTP_PORT", "$patch": "delete"})
	}
	return c.kubelet.withPod(deployment, func(p *pod) error {
		switch fault {
		case AnswersErrors, AnswersUnavailable, Unavailable, Internal:
			p.stop()
			return c.kubelet.runtime.start(ctx, p)
		case Hangs:
			return p.process.signal(syscall.SIGCONT)
		case PacketsDropped:
			return p.link.setUp(true)
		}
		return fmt.Errorf("unknown fault %q", fault)
	})
}

// setPort changes the container's HTTP_PORT, and waits until that has happened.
func (c *Cluster) setPort(ctx context.Context, name types.NamespacedName, variable map[string]any) error {
	deployments := c.client.AppsV1().Deployments(name.Namespace)
	var container string
	if err := c.kubelet.withPod(name, func(p *pod) error { container = p.container.Name; return nil }); err != nil {
		return err
	}
	patch, err := json.Marshal(map[string]any{"spec": map[string]any{"template": map[string]any{"spec": map[string]any{
		"containers": []any{map[string]any{"name": container, "env": []any{variable}}},
	}}}})
	if err != nil {
		return err
	}
	changed, err := deployments.Patch(ctx, name.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{})
	if err != nil {
		return err
	}
	return waitFor(ctx, "a new process of "+name.String(), func(context.Context) (bool, error) {
		updated := false
		err := c.kubelet.withPod(name, func(p *pod) error { updated = p.generation >= changed.Generation; return nil })
		return updated, err
	})
}

// AnswerOnlyTo puts a server in the place of a Deployment's process that knows one
// hostname: it answers 404 to a request for any other.
func (c *Cluster) AnswerOnlyTo(deployment types.NamespacedName, hostname string) error {
	return c.kubelet.withPod(deployment, func(p *pod) error {
		return p.answer(func(w http.ResponseWriter, request *http.Request) {
			if host, _, _ := strings.Cut(request.Host, ":"); host != hostname {
				http.NotFound(w, request)
				return
			}
			_ = json.NewEncoder(w).Encode(map[string]string{"pod": p.name}) // as echo-basic does; the client may be gone
		})
	})
}

// answerAll puts a server in the place of the pod's process that answers every
// request with a status.
func (p *pod) answerAll(status int) error {
	return p.answer(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
}

// answerCalls puts a server of gRPC in the place of the pod's process that answers every
// call with a status.
func (p *pod) answerCalls(code codes.Code) error {
	server := echo.Failing(code)
	return p.replace(server.Serve, server.Stop)
}

// answer puts a server of HTTP in the place of the pod's process.
func (p *pod) answer(handler http.HandlerFunc) error {
	server := &http.Server{Handler: handler}
	return p.replace(server.Serve, func() { _ = server.Close() })
}

// replace ends the pod's process, and serves on its port instead.
func (p *pod) replace(serve func(net.Listener) error, stop func()) error {
	if len(p.container.Ports) == 0 {
		return errors.New("the container names no port")
	}
	address := net.JoinHostPort("", strconv.Itoa(int(p.container.Ports[0].ContainerPort)))
	p.process.stop()
	return p.link.inside(func() error {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			return err
		}
		p.answering = stop
		go func() { _ = serve(listener) }() // It ends when it is stopped.
		return nil
	})
}
