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
	portName        = "http"
)

// service makes the Service of a tier's workload.
func service(fs *v1alpha1.FailoverSpec, tier tier) *corev1.Service {
	return &corev1.Service{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
		ObjectMeta: objectMeta(fs, tier.Name, tier.component, map[string]string{appLabel: tier.Name, serviceLabel: tier.Name}),
		Spec: corev1.ServiceSpec{
			Ports: []corev1.ServicePort{{
				Name:       portName,
				Port:       tier.Workload.Port,
				TargetPort: intstr.FromInt32(tier.Workload.Port),
			}},
			Selector: map[string]string{appLabel: tier.Name},
		},
	}
}

func serviceOrigins(tier string) []origin {
	return []origin{{"metadata.name", tier + ".name"}, {"spec.ports[0]", tier + ".workload"}, {"spec", tier}}
}

// deployment makes the Deployment of a tier's workload.
func deployment(fs *v1alpha1.FailoverSpec, tier tier) *appsv1.Deployment {
	workload := tier.Workload
	podLabels := map[string]string{appLabel: tier.Name, versionLabel: workloadVersion}
	return &appsv1.Deployment{
		TypeMeta:   metav1.TypeMeta{APIVersion: appsv1.SchemeGroupVersion.String(), Kind: "Deployment"},
		ObjectMeta: objectMeta(fs, tier.Name, tier.component, nil),
		Spec: appsv1.DeploymentSpec{
			Replicas: workload.Replicas,
			Selector: &metav1.LabelSelector{MatchLabels: podLabels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: podLabels},
				Spec: corev1.PodSpec{Containers: []corev1.Container{{
					Name:            tier.Name,
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
		},
	}
}

func deploymentOrigins(tier string) []origin {
	const container = "spec.template.spec.containers[0]"
	return []origin{
		{"metadata.name", tier + ".name"},
		{container + ".name", tier + ".name"},
		{container, tier + ".workload"},
		{"spec", tier + ".workload"},
	}
}
