package render

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
)

const (
	appLabel     = "app"
	versionLabel = "version"
	serviceLabel = "service"

	workloadVersion = "v1"
)

// portNames are by the kind of route: meshes and other tools take the protocol of a port
// from its name.
var portNames = map[v1alpha1.RouteKind]string{
	v1alpha1.RouteKindHTTP: "http",
	v1alpha1.RouteKindGRPC: "grpc",
	v1alpha1.RouteKindTLS:  "tls",
	v1alpha1.RouteKindTCP:  "tcp",
}

// service makes the Service of a workload.
func service(fs *v1alpha1.FailoverSpec, of tierBackend) *corev1.Service {
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{appLabel: of.Name, serviceLabel: of.Name}},
		Spec: corev1.ServiceSpec{
			ClusterIP: of.Workload.ClusterIP,
			Ports: []corev1.ServicePort{{
				Name:       portNames[fs.Spec.RouteKind()],
				Port:       of.Workload.Port,
				TargetPort: intstr.FromInt32(of.Workload.Port),
			}},
			Selector: map[string]string{appLabel: of.Name},
		},
	}
}

func serviceOrigins(path string) []origin {
	return []origin{
		{"metadata.name", path + ".name"},
		{"spec.ports[0]", path + ".workload"},
		{"spec.clusterIP", path + ".workload.clusterIP"},
		{"spec", path},
	}
}

// deployment makes the Deployment of a workload.
func deployment(of tierBackend) *appsv1.Deployment {
	workload := of.Workload
	podLabels := map[string]string{appLabel: of.Name, versionLabel: workloadVersion}
	return &appsv1.Deployment{Spec: appsv1.DeploymentSpec{
		Replicas: workload.Replicas,
		Selector: &metav1.LabelSelector{MatchLabels: podLabels},
		Template: corev1.PodTemplateSpec{
			ObjectMeta: metav1.ObjectMeta{Labels: podLabels},
			Spec: corev1.PodSpec{Containers: []corev1.Container{{
				Name:            of.Name,
				Image:           workload.Image,
				Command:         workload.Command,
				Args:            workload.Args,
				Ports:           []corev1.ContainerPort{{ContainerPort: workload.Port}},
				Env:             workload.Env,
				Resources:       workload.Resources,
				LivenessProbe:   workload.LivenessProbe,
				ReadinessProbe:  workload.ReadinessProbe,
				StartupProbe:    workload.StartupProbe,
				ImagePullPolicy: workload.ImagePullPolicy,
			}}},
		},
	}}
}

func deploymentOrigins(path string) []origin {
	const container = "spec.template.spec.containers[0]"
	return []origin{
		{"metadata.name", path + ".name"},
		{container + ".name", path + ".name"},
		{container, path + ".workload"},
		{"spec", path + ".workload"},
	}
}
