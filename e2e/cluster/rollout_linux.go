package cluster

import (
	"context"
	"slices"
	"syscall"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
)

// roll brings the pods of a Deployment with several replicas a step nearer to what it
// says, as Kubernetes does by default: at most a quarter more pods than are wanted, rounded
// up, and never fewer that are ready.
func (k *kubelet) roll(ctx context.Context, deployment *appsv1.Deployment) (settled bool, err error) {
	name, wanted := nameOf(deployment), int(ptr.Deref(deployment.Spec.Replicas, 1))
	isOld := func(p *pod) bool {
		return p.process != nil && !equality.Semantic.DeepEqual(p.template, deployment.Spec.Template)
	}
	var old int
	for _, p := range k.pods[name] {
		if isOld(p) {
			old++
		}
	}
	surge := (wanted + 3) / 4
	for len(k.pods[name])-old < wanted && len(k.pods[name]) < wanted+surge {
		if err := k.addPod(name); err != nil {
			return false, err
		}
	}
	ready := 0
	for _, p := range k.pods[name] {
		if !isOld(p) {
			if err := k.runtime.update(ctx, p, deployment); err != nil {
				return false, err
			}
		}
		p.isReady = p.ready(ctx)
		ready += int(counted(p.isReady))
	}
	// Old ones go first, and then those that are too many.
	slices.SortStableFunc(k.pods[name], func(a, b *pod) int { return int(counted(isOld(b)) - counted(isOld(a))) })
	for len(k.pods[name]) > wanted && ready > wanted {
		first := k.pods[name][0]
		ready -= int(counted(first.isReady))
		old -= int(counted(isOld(first)))
		k.pods[name] = k.pods[name][1:]
		k.leave(first)
	}
	all := len(k.pods[name])
	settled = all == wanted && old == 0 && ready == wanted
	return settled, k.reportDeployment(ctx, deployment, replicas{all: int32(all), updated: int32(all - old), ready: int32(ready)})
}

// leaveAll ends the pods of a Deployment that has several.
func (k *kubelet) leaveAll(deployment types.NamespacedName) {
	if pods := k.pods[deployment]; len(pods) > 1 {
		for _, p := range pods {
			k.leave(p)
		}
		delete(k.pods, deployment)
	}
}

// defaultGrace is how long Kubernetes waits for a pod to end.
const defaultGrace = 30 * time.Second

// leave ends a pod that is no longer one of its Deployment's, as a kubelet does: its process
// goes on while preStop sleeps, and is asked to end then.
func (k *kubelet) leave(p *pod) {
	grace := defaultGrace
	if seconds := p.template.Spec.TerminationGracePeriodSeconds; seconds != nil {
		grace = time.Duration(*seconds) * time.Second
	}
	end := time.Now().Add(grace)
	go func() {
		time.Sleep(min(preStop(p.container), grace))
		if p.process != nil {
			_ = p.process.signal(syscall.SIGTERM) // It may have ended already.
			select {
			case <-p.process.exited:
			case <-time.After(time.Until(end)):
			}
		}
		p.stop()
		if err := p.link.detach(); err != nil {
			k.log.Print(err)
		}
	}()
}

// preStop is how long a container goes on before it is asked to end.
func preStop(container corev1.Container) time.Duration {
	if container.Lifecycle == nil || container.Lifecycle.PreStop == nil || container.Lifecycle.PreStop.Sleep == nil {
		return 0
	}
	return time.Duration(container.Lifecycle.PreStop.Sleep.Seconds) * time.Second
}
