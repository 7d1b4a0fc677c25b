package cluster

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/rand"
	"k8s.io/client-go/kubernetes"

	"github.com/failover-krm/failover/e2e/programs"
)

// sidecarNotRun is the container next to Envoy that drains it before it ends.
const sidecarNotRun = "shutdown-manager"

// pod is a replica of a Deployment. The address of a single one stays the same for
// as long as the Deployment exists, as that of a Service would.
type pod struct {
	deployment types.NamespacedName
	link       link
	generation int64
	template   corev1.PodTemplateSpec
	name       string
	container  corev1.Container
	process    *process
	// started and stopped are when that last happened to a process.
	started, stopped time.Time
	isReady          bool

	// answering stops the server that takes the process' place while the pod
	// answers errors.
	answering func()
}

// podRuntime starts the processes of pods.
type podRuntime struct {
	client   kubernetes.Interface
	programs programs.Set
	logs     string
	// ended is called when a process has ended, whatever the reason.
	ended func()
}

// update makes the pod run what the Deployment says.
func (r *podRuntime) update(ctx context.Context, p *pod, deployment *appsv1.Deployment) error {
	p.generation = deployment.Generation
	template := deployment.Spec.Template
	changed := !equality.Semantic.DeepEqual(p.template, template)
	crashed := p.process != nil && !p.process.running() && p.answering == nil && time.Since(p.started) > time.Second
	if !changed && !crashed && p.process != nil {
		return nil
	}
	container, err := mainContainer(template.Spec)
	if err != nil {
		return err
	}
	p.stop()
	p.template, p.container = template, container
	p.name = fmt.Sprintf("%s-%s-%s", p.deployment.Name, rand.SafeEncodeString(strconv.FormatInt(p.generation, 10)), rand.String(5))
	return r.start(ctx, p)
}

func (r *podRuntime) start(ctx context.Context, p *pod) error {
	invocation, err := r.invocation(ctx, p)
	if err != nil {
		return err
	}
	p.process, err = startProcess(r.logs, p.deployment.Namespace+"."+p.deployment.Name, invocation.environment, invocation.program, invocation.arguments...)
	if err != nil {
		return err
	}
	p.started = time.Now()
	go func(exited <-chan struct{}) {
		<-exited
		r.ended()
	}(p.process.exited)
	return nil
}

func (p *pod) stop() {
	if p.process != nil {
		p.process.stop()
		p.stopped = time.Now()
		p.process = nil
	}
	if p.answering != nil {
		p.answering()
		p.answering = nil
	}
}

// ready does what a kubelet does to find out: it asks the container, if it says
// how, and otherwise takes it for ready once it runs.
func (p *pod) ready(ctx context.Context) bool {
	if p.process == nil || !p.process.running() {
		return p.answering != nil
	}
	probe := p.container.ReadinessProbe
	if probe == nil || probe.HTTPGet == nil {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	address := net.JoinHostPort(p.link.address.String(), probe.HTTPGet.Port.String())
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+probe.HTTPGet.Path, nil)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	response.Body.Close()
	return response.StatusCode == http.StatusOK
}

func mainContainer(spec corev1.PodSpec) (corev1.Container, error) {
	var found []corev1.Container
	for _, container := range spec.Containers {
		if container.Name != sidecarNotRun {
			found = append(found, container)
		}
	}
	if len(found) != 1 {
		return corev1.Container{}, fmt.Errorf("has %d containers, but only one is supported", len(found))
	}
	return found[0], nil
}
