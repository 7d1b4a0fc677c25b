package cluster

import (
	"context"
	"errors"
	"maps"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// reportEndpoints writes an EndpointSlice for each Service with a selector, and
// removes those of Services that are gone. Envoy Gateway reads the slices of its
// proxies' own Services; without them each Envoy waits 15 seconds at its start.
func (k *kubelet) reportEndpoints(ctx context.Context, services []*corev1.Service) error {
	var problems []error
	wanted := map[types.NamespacedName]bool{}
	for _, service := range services {
		if len(service.Spec.Selector) == 0 {
			continue
		}
		slice := k.endpointSlice(service)
		wanted[nameOf(slice)] = true
		if equality.Semantic.DeepEqual(k.slices[nameOf(slice)], slice) {
			continue
		}
		if err := k.writeEndpointSlice(ctx, slice); err != nil {
			problems = append(problems, err)
			continue
		}
		k.slices[nameOf(slice)] = slice
	}
	for name := range k.slices {
		if wanted[name] {
			continue
		}
		problems = append(problems, k.client.DiscoveryV1().EndpointSlices(name.Namespace).Delete(ctx, name.Name, metav1.DeleteOptions{}))
		delete(k.slices, name)
	}
	return errors.Join(problems...)
}

func (k *kubelet) writeEndpointSlice(ctx context.Context, slice *discoveryv1.EndpointSlice) error {
	slices := k.client.DiscoveryV1().EndpointSlices(slice.Namespace)
	_, err := slices.Update(ctx, slice, metav1.UpdateOptions{})
	if apierrors.IsNotFound(err) {
		_, err = slices.Create(ctx, slice, metav1.CreateOptions{})
	}
	return err
}

func (k *kubelet) endpointSlice(service *corev1.Service) *discoveryv1.EndpointSlice {
	slice := &discoveryv1.EndpointSlice{
		ObjectMeta:  metav1.ObjectMeta{Namespace: service.Namespace, Name: service.Name, Labels: map[string]string{}},
		AddressType: discoveryv1.AddressTypeIPv4,
	}
	maps.Copy(slice.Labels, service.Labels)
	slice.Labels[discoveryv1.LabelServiceName] = service.Name
	for _, pod := range k.selected(service) {
		slice.Endpoints = append(slice.Endpoints, discoveryv1.Endpoint{
			Addresses:  []string{pod.link.address.String()},
			Conditions: discoveryv1.EndpointConditions{Ready: new(pod.isReady)},
		})
	}
	for _, port := range service.Spec.Ports {
		slice.Ports = append(slice.Ports, discoveryv1.EndpointPort{
			Name: new(port.Name), Protocol: new(port.Protocol), Port: new(port.TargetPort.IntVal),
		})
	}
	return slice
}
