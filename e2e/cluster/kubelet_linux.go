package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	appslisters "k8s.io/client-go/listers/apps/v1"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/utils/ptr"

	"github.com/failover-krm/failover/e2e/programs"
)

// gatewayServer is the name under which Envoy looks for Envoy Gateway, which
// runs next to the API server and has no Service.
const gatewayServer = "envoy-gateway." + gatewayNamespace + ".svc." + clusterDomain

// retryInterval is the time after which the kubelet looks again at what was
// not ready or went wrong.
const retryInterval = 100 * time.Millisecond

// kubelet makes processes of Deployments and names of Services. It stands for
// the kubelet, the kube-proxy, the controllers of both kinds, and the machine
// that hands out addresses to load balancers.
type kubelet struct {
	client      kubernetes.Interface
	deployments appslisters.DeploymentLister
	services    corelisters.ServiceLister
	runtime     *podRuntime
	network     *network
	names       *nameServer
	log         *log.Logger
	changed     chan struct{}

	mutex sync.Mutex
	// pods are those of each Deployment.
	pods map[types.NamespacedName][]*pod
	// slices holds the EndpointSlices as they were last written.
	slices map[types.NamespacedName]*discoveryv1.EndpointSlice
}

// startKubelet starts a kubelet that works until ctx ends.
func startKubelet(ctx context.Context, client kubernetes.Interface, network *network, names *nameServer, set programs.Set, logs string) (*kubelet, error) {
	diary, err := os.Create(filepath.Join(logs, "kubelet.log"))
	if err != nil {
		return nil, err
	}
	factory := informers.NewSharedInformerFactory(client, 0)
	k := &kubelet{
		client:      client,
		deployments: factory.Apps().V1().Deployments().Lister(),
		services:    factory.Core().V1().Services().Lister(),
		network:     network,
		names:       names,
		log:         log.New(io.Writer(diary), "", log.LstdFlags|log.Lmicroseconds),
		changed:     make(chan struct{}, 1),
		pods:        map[types.NamespacedName][]*pod{},
		slices:      map[types.NamespacedName]*discoveryv1.EndpointSlice{},
	}
	k.runtime = &podRuntime{client: client, programs: set, logs: logs, ended: k.wake}
	for _, informer := range []cache.SharedInformer{
		factory.Apps().V1().Deployments().Informer(),
		factory.Core().V1().Services().Informer(),
	} {
		if _, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
			AddFunc:    func(any) { k.wake() },
			UpdateFunc: func(any, any) { k.wake() },
			DeleteFunc: func(any) { k.wake() },
		}); err != nil {
			return nil, err
		}
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	go k.run(ctx)
	return k, nil
}

func (k *kubelet) wake() {
	select {
	case k.changed <- struct{}{}:
	default: // A look is due already.
	}
}

func (k *kubelet) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-k.changed:
		}
		settled, err := k.reconcile(ctx)
		if err != nil {
			k.log.Print(err)
		}
		if !settled || err != nil {
			time.AfterFunc(retryInterval, k.wake)
		}
	}
}

// reconcile brings pods, names and statuses in line with the Deployments and
// Services. It is settled when every pod is ready.
func (k *kubelet) reconcile(ctx context.Context) (settled bool, err error) {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	deployments, err := k.deployments.List(labels.Everything())
	if err != nil {
		return false, err
	}
	services, err := k.services.List(labels.Everything())
	if err != nil {
		return false, err
	}
	var problems []error
	settled = true
	wanted := map[types.NamespacedName]bool{}
	for _, deployment := range deployments {
		if ptr.Deref(deployment.Spec.Replicas, 1) == 0 {
			wanted[nameOf(deployment)] = true
			problems = append(problems, k.rest(ctx, deployment))
			continue
		}
		wanted[nameOf(deployment)] = true
		ready, err := k.reconcileDeployment(ctx, deployment)
		settled = settled && ready
		if err != nil {
			problems = append(problems, fmt.Errorf("deployment %s: %w", nameOf(deployment), err))
		}
	}
	for name, pods := range k.pods {
		if wanted[name] {
			continue
		}
		for _, pod := range pods {
			pod.stop()
			problems = append(problems, pod.link.detach())
		}
		delete(k.pods, name)
	}
	records := map[string][]netip.Addr{gatewayServer: {hostAddress}}
	for _, service := range services {
		isHeadless := service.Spec.ClusterIP == corev1.ClusterIPNone
		var addresses []netip.Addr
		for _, pod := range k.selected(service) {
			if !isHeadless || pod.isReady {
				addresses = append(addresses, pod.link.address)
			}
		}
		if !isHeadless || len(addresses) > 0 { // CoreDNS knows no headless Service without pods
			records[fmt.Sprintf("%s.%s.svc.%s", service.Name, service.Namespace, clusterDomain)] = addresses
		}
		problems = append(problems, k.reportService(ctx, service, addresses))
	}
	k.names.publish(records)
	problems = append(problems, k.reportEndpoints(ctx, services))
	return settled, errors.Join(problems...)
}

func (k *kubelet) reconcileDeployment(ctx context.Context, deployment *appsv1.Deployment) (ready bool, err error) {
	name := nameOf(deployment)
	if ptr.Deref(deployment.Spec.Replicas, 1) > 1 || len(k.pods[name]) > 1 {
		return k.roll(ctx, deployment)
	}
	if len(k.pods[name]) == 0 {
		if err := k.addPod(name); err != nil {
			return false, err
		}
	}
	p := k.pods[name][0]
	if err := k.runtime.update(ctx, p, deployment); err != nil {
		return false, err
	}
	p.isReady = p.ready(ctx)
	ready = p.isReady
	return ready, k.reportDeployment(ctx, deployment, replicas{all: 1, updated: 1, ready: counted(ready)})
}

// rest ends the pods of a Deployment that is to have none. The address of a single pod
// stays, and refuses connections: kube-proxy does so for a Service without endpoints.
func (k *kubelet) rest(ctx context.Context, deployment *appsv1.Deployment) error {
	k.leaveAll(nameOf(deployment))
	for _, p := range k.pods[nameOf(deployment)] {
		p.stop()
		p.isReady = false
	}
	return k.reportDeployment(ctx, deployment, replicas{})
}

// addPod adds a pod to a Deployment, which nothing runs in yet.
func (k *kubelet) addPod(deployment types.NamespacedName) error {
	link, err := k.network.attach()
	if err != nil {
		return err
	}
	k.pods[deployment] = append(k.pods[deployment], &pod{deployment: deployment, link: link})
	return nil
}

// selected returns the pods that the Service selects.
func (k *kubelet) selected(service *corev1.Service) []*pod {
	if len(service.Spec.Selector) == 0 {
		return nil
	}
	var selected []*pod
	selector := labels.SelectorFromSet(service.Spec.Selector)
	for name, pods := range k.pods {
		for _, pod := range pods {
			if name.Namespace == service.Namespace && selector.Matches(labels.Set(pod.template.Labels)) {
				selected = append(selected, pod)
			}
		}
	}
	slices.SortFunc(selected, func(a, b *pod) int { return a.link.address.Compare(b.link.address) })
	return selected
}

// replicas counts the pods of a Deployment.
type replicas struct{ all, updated, ready int32 }

func counted(isReady bool) int32 {
	if isReady {
		return 1
	}
	return 0
}

func (k *kubelet) reportDeployment(ctx context.Context, deployment *appsv1.Deployment, pods replicas) error {
	status := appsv1.DeploymentStatus{
		ObservedGeneration: deployment.Generation,
		Replicas:           pods.all,
		UpdatedReplicas:    pods.updated,
		ReadyReplicas:      pods.ready,
		AvailableReplicas:  pods.ready,
		Conditions: []appsv1.DeploymentCondition{{
			Type: appsv1.DeploymentAvailable, Status: corev1.ConditionFalse, Reason: "MinimumReplicasUnavailable",
		}},
	}
	if pods.ready >= ptr.Deref(deployment.Spec.Replicas, 1) {
		status.Conditions[0].Status, status.Conditions[0].Reason = corev1.ConditionTrue, "MinimumReplicasAvailable"
	}
	if equality.Semantic.DeepEqual(deployment.Status, status) {
		return nil
	}
	update := deployment.DeepCopy()
	update.Status = status
	_, err := k.client.AppsV1().Deployments(deployment.Namespace).UpdateStatus(ctx, update, metav1.UpdateOptions{})
	return err
}

// reportService gives a load balancer the address of the pod behind it.
func (k *kubelet) reportService(ctx context.Context, service *corev1.Service, addresses []netip.Addr) error {
	if service.Spec.Type != corev1.ServiceTypeLoadBalancer || len(addresses) == 0 {
		return nil
	}
	mode := corev1.LoadBalancerIPModeVIP
	ingress := []corev1.LoadBalancerIngress{{IP: addresses[0].String(), IPMode: &mode}}
	if equality.Semantic.DeepEqual(service.Status.LoadBalancer.Ingress, ingress) {
		return nil
	}
	update := service.DeepCopy()
	update.Status.LoadBalancer.Ingress = ingress
	_, err := k.client.CoreV1().Services(service.Namespace).UpdateStatus(ctx, update, metav1.UpdateOptions{})
	return err
}

// withPod calls do with the pod of a Deployment, the oldest of several, while nothing else changes it.
func (k *kubelet) withPod(deployment types.NamespacedName, do func(*pod) error) error {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	if len(k.pods[deployment]) == 0 {
		return fmt.Errorf("deployment %s has no pod", deployment)
	}
	return do(k.pods[deployment][0])
}

func nameOf(object metav1.Object) types.NamespacedName {
	return types.NamespacedName{Namespace: object.GetNamespace(), Name: object.GetName()}
}
