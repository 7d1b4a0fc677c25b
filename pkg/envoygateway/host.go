package envoygateway

import (
	"fmt"
	"net"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
)

// hostsOf returns the endpoints of a Service's port: those of its EndpointSlices or,
// where there are none among the manifests, the pods of its Deployments
// (getIREndpointsFromEndpointSlices in internal/gatewayapi/route.go).
func (t *translator) hostsOf(id Object, service *corev1.Service, port *corev1.ServicePort) ([]Host, map[AddressType]bool) {
	endpointSlices := t.slices[id.key()]
	if len(endpointSlices) == 0 {
		pods, from := t.podsOf(service)
		if ptr.Deref(pods, 1) == 0 {
			return nil, nil
		}
		host := Host{Source: Source{Object: id, Path: "spec.selector"}, Type: AddressTypePods, Port: uint32(port.Port), Service: &id, Count: pods, Pods: pods, PodsFrom: from}
		return []Host{host}, map[AddressType]bool{AddressTypeIP: true}
	}
	var hosts []Host
	addressTypes := map[AddressType]bool{}
	for _, slice := range endpointSlices {
		addressType := AddressTypeIP
		if slice.AddressType == discoveryv1.AddressTypeFQDN {
			addressType = AddressTypeFQDN
		}
		addressTypes[addressType] = true
		for i, endpoint := range slice.Endpoints {
			for _, slicePort := range slice.Ports {
				if ptr.Deref(slicePort.Name, "") != port.Name || ptr.Deref(slicePort.Protocol, corev1.ProtocolTCP) != corev1.ProtocolTCP {
					continue
				}
				for _, address := range endpoint.Addresses {
					hosts = append(hosts, Host{
						Source: Source{Object: objectOf(kindEndpointSlice, slice), Path: at("endpoints", i)},
						Type:   addressType, Address: address, Port: uint32(ptr.Deref(slicePort.Port, 0)),
						Draining: isDraining(endpoint.Conditions),
						Service:  &id, Count: ptr.To[int32](1), Pods: ptr.To[int32](1),
					})
				}
			}
		}
	}
	return hosts, addressTypes
}

// isDraining tells whether an endpoint takes no new requests.
func isDraining(conditions discoveryv1.EndpointConditions) bool {
	if conditions.Serving != nil && conditions.Terminating != nil {
		return *conditions.Terminating || !*conditions.Serving
	}
	return !ptr.Deref(conditions.Ready, true)
}

// podsOf returns the number of pods behind a Service, by the replicas of the
// Deployments that it selects; nil where none is among the manifests.
func (t *translator) podsOf(service *corev1.Service) (*int32, []Source) {
	if len(service.Spec.Selector) == 0 {
		return nil, nil
	}
	// All labels of the selector are needed, so that the Deployments of any one of them
	// are enough to look at.
	var candidates []*appsv1.Deployment
	isFirst := true
	for key, value := range service.Spec.Selector {
		if having := t.deployments[podLabel{service.Namespace, key, value}]; isFirst || len(having) < len(candidates) {
			candidates, isFirst = having, false
		}
	}
	selector := labels.SelectorFromSet(service.Spec.Selector)
	var pods int32
	var from []Source
	for _, deployment := range candidates {
		if selector.Matches(labels.Set(deployment.Spec.Template.Labels)) {
			pods += ptr.Deref(deployment.Spec.Replicas, 1)
			from = append(from, Source{Object: objectOf(kindDeployment, deployment), Path: "spec.replicas"})
		}
	}
	if from == nil {
		return nil, nil
	}
	return &pods, from
}

// IsClusterSet tells whether a hostname is that of a Service which several clusters share
// (KEP 1645 of Kubernetes). It is behind a ServiceImport, and no Service of this cluster.
func IsClusterSet(hostname string) bool {
	return strings.HasSuffix(strings.TrimSuffix(hostname, "."), ".svc.clusterset.local")
}

// findService finds the Service that a hostname of a cluster stands for, such as
// shop.web.svc.cluster.local. The name of a headless Service is a host for each
// pod, that of any other one host for all.
func (t *translator) findService(host *Host) {
	parts := strings.SplitN(strings.TrimSuffix(host.Address, "."), ".", 4)
	if len(parts) < 3 || parts[2] != "svc" || IsClusterSet(host.Address) {
		return
	}
	id := Object{Kind: kindService, Namespace: parts[1], Name: parts[0]}
	host.Service = &id
	service, found := t.services[types.NamespacedName{Namespace: parts[1], Name: parts[0]}]
	if !found {
		t.lacks(Source{Object: host.Object, Path: host.Path + ".fqdn.hostname"}, id)
		host.Count = nil
		return
	}
	if host.Pods, host.PodsFrom = t.podsOf(service); len(t.slices[id.key()]) > 0 {
		host.Pods, host.PodsFrom = t.readyEndpoints(id)
	}
	if service.Spec.ClusterIP == corev1.ClusterIPNone {
		host.Count, host.Headless = host.Pods, true
	}
}

// readyEndpoints counts the endpoints of a Service that take requests.
func (t *translator) readyEndpoints(id Object) (*int32, []Source) {
	var ready int32
	var from []Source
	for _, slice := range t.slices[id.key()] {
		from = append(from, Source{Object: objectOf(kindEndpointSlice, slice), Path: "endpoints"})
		for _, endpoint := range slice.Endpoints {
			if !isDraining(endpoint.Conditions) {
				ready++
			}
		}
	}
	return &ready, from
}

// CountOr returns the number of hosts that Envoy sees or, where the manifests do not say, another.
// They do not for a name outside the cluster, of which each address is a host.
func (h Host) CountOr(other int) int {
	isOutside := h.Type == AddressTypeFQDN && h.Service == nil
	if h.Count == nil || isOutside {
		return other
	}
	return int(*h.Count)
}

// String writes the address, and how many pods are behind it.
func (h Host) String() string {
	port := strconv.FormatUint(uint64(h.Port), 10)
	text := net.JoinHostPort(h.Address, port)
	switch h.Type {
	case AddressTypeUnix:
		text = h.Address
	case AddressTypePods:
		text = "port " + port
	}
	switch {
	case h.Service == nil || h.Object.Kind == kindEndpointSlice:
	case h.Pods == nil:
		text += ", pods unknown"
	case *h.Pods == 1:
		text += ", 1 pod"
	default:
		text += fmt.Sprintf(", %d pods", *h.Pods)
		if h.Type == AddressTypeFQDN && h.Count != nil && *h.Count > 1 {
			text += ", each a host"
		}
	}
	if h.Draining {
		text += ", draining"
	}
	return text
}
