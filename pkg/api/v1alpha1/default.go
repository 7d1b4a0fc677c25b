package v1alpha1

import (
	"cmp"
	"slices"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/failover-krm/failover/pkg/target"
)

const (
	// DefaultNamespace is the namespace of a FailoverSpec that names none.
	DefaultNamespace = "default"
	// DefaultClusterDomain is the DNS domain of most clusters.
	DefaultClusterDomain = "cluster.local"
	// ClusterSetDomain is the DNS domain of Services that several clusters share, the
	// same everywhere (KEP 1645 of Kubernetes).
	ClusterSetDomain = "clusterset.local"

	defaultListenerPort    = 80
	defaultTLSListenerPort = 443
)

// Default fills in every field that was left out, so that what is rendered can
// be read from the FailoverSpec itself. A second call changes nothing.
func Default(fs *FailoverSpec) {
	fs.APIVersion = cmp.Or(fs.APIVersion, APIVersion)
	fs.Kind = cmp.Or(fs.Kind, Kind)
	fs.Namespace = cmp.Or(fs.Namespace, DefaultNamespace)

	spec := &fs.Spec
	spec.Target = cmp.Or(spec.Target, target.Default)
	spec.ClusterDomain = cmp.Or(spec.ClusterDomain, DefaultClusterDomain)
	spec.Prefer = cmp.Or(spec.Prefer, PreferActive)
	if spec.GRPCRoute != nil && len(spec.GRPCRoute.Rules) == 0 {
		spec.GRPCRoute.Rules = []gwapiv1.GRPCRouteRule{{}}
	}
	defaultGateway(fs)
	defaultWeights(spec.Active.Backends)
	defaultWeights(spec.Passive.Backends)
	for _, backend := range fs.AllBackends() {
		defaultBackend(backend, fs)
	}
	defaultPolicy(&spec.Policy, fs)
}

func defaultGateway(fs *FailoverSpec) {
	gateway := &fs.Spec.Gateway
	gateway.Namespace = cmp.Or(gateway.Namespace, fs.Namespace)
	if !gateway.MakesGateway() {
		return
	}
	gateway.GatewayClassName = cmp.Or(gateway.GatewayClassName, fs.Spec.Target.GatewayClassName())
	gateway.Name = cmp.Or(gateway.Name, fs.Name+"-gateway")
	if listener := defaultListener(fs.Spec.RouteKind()); len(gateway.Listeners) == 0 && listener != nil {
		openTo(listener, gateway.Namespace, fs.Namespace)
		gateway.Listeners = []gwapiv1.Listener{*listener}
	}
}

// defaultListener is the one that a kind of route needs; nil for a TCPRoute, whose port
// nobody can guess.
func defaultListener(route RouteKind) *gwapiv1.Listener {
	switch route {
	case RouteKindTLS:
		return &gwapiv1.Listener{
			Name:     "tls",
			Protocol: gwapiv1.TLSProtocolType,
			Port:     defaultTLSListenerPort,
			TLS:      &gwapiv1.ListenerTLSConfig{Mode: new(gwapiv1.TLSModePassthrough)},
		}
	case RouteKindTCP:
		return nil
	default:
		return &gwapiv1.Listener{Name: "http", Protocol: gwapiv1.HTTPProtocolType, Port: defaultListenerPort}
	}
}

// openTo lets the route's namespace attach to a listener, which Gateway API's own
// default does only for the Gateway's namespace.
func openTo(listener *gwapiv1.Listener, gatewayNamespace, routeNamespace string) {
	if gatewayNamespace != routeNamespace {
		listener.AllowedRoutes = &gwapiv1.AllowedRoutes{Namespaces: &gwapiv1.RouteNamespaces{
			From:     new(gwapiv1.NamespacesFromSelector),
			Selector: &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: routeNamespace}},
		}}
	}
}

func defaultWeights(backends []WeightedBackend) {
	for i := range backends {
		if backends[i].Weight == nil {
			backends[i].Weight = new(int32(1))
		}
	}
}

func defaultBackend(backend TierBackend, fs *FailoverSpec) {
	backend.Name = cmp.Or(backend.Name, fs.Name+backend.NameSuffix())
	if workload := backend.Workload; workload != nil {
		if workload.Replicas == nil {
			workload.Replicas = new(int32(1))
		}
		workload.ImagePullPolicy = cmp.Or(workload.ImagePullPolicy, corev1.PullIfNotPresent)
	}
	if backend.Service != nil {
		backend.Service.Namespace = cmp.Or(backend.Service.Namespace, fs.Namespace)
	}
	if backend.ServiceImport != nil {
		backend.ServiceImport.Namespace = cmp.Or(backend.ServiceImport.Namespace, fs.Namespace)
	}
	defaultServerName(backend.Backend, fs)
}

// defaultServerName gives TLS the one name that the backend is reached by, as both
// SNI and the name that the certificate must carry.
func defaultServerName(backend *Backend, fs *FailoverSpec) {
	if !NeedsServerName(backend.TLS) || !fs.Spec.Target.Has(target.SNI) {
		return
	}
	if names := Hostnames(fs.BackendEndpoints(*backend)); len(names) == 1 && names[0] != "" {
		backend.TLS.SNI = new(gwapiv1.PreciseHostname(names[0]))
	}
}

// NeedsServerName tells whether a TLS block verifies certificates and names
// nobody that they should be for.
func NeedsServerName(tls *egv1a1.BackendTLSSettings) bool {
	return tls != nil && tls.SNI == nil && !HasAutoSNI(tls) && !ptr.Deref(tls.InsecureSkipVerify, false)
}

// hasHeadlessWorkload tells whether Envoy learns from DNS how many pods a backend has.
func (fs *FailoverSpec) hasHeadlessWorkload() bool {
	return slices.ContainsFunc(fs.AllBackends(), func(backend TierBackend) bool {
		return backend.Workload != nil && backend.Workload.ClusterIP == corev1.ClusterIPNone
	})
}

func defaultPolicy(policy *Policy, fs *FailoverSpec) {
	policy.Name = cmp.Or(policy.Name, fs.Name)
	policy.Profile = cmp.Or(policy.Profile, ProfileSafe)

	blocks := policy.Profile.blocks(fs.Spec.Target, fs.Spec.RouteKind())
	if policy.DNS == nil && fs.hasHeadlessWorkload() {
		policy.DNS = blocks.headlessDNS
	}
	if policy.Timeout == nil {
		policy.Timeout = blocks.timeout
	}
	if policy.Retry == nil {
		policy.Retry = blocks.retry
	}
	if blocks.passive != nil {
		if policy.HealthCheck == nil {
			policy.HealthCheck = &egv1a1.HealthCheck{}
		}
		if policy.HealthCheck.Passive == nil {
			policy.HealthCheck.Passive = blocks.passive
		}
	}
	if policy.HealthCheck != nil && policy.HealthCheck.Active != nil {
		defaultActiveHealthCheck(policy.HealthCheck.Active, blocks.active)
	}
}

// defaultActiveHealthCheck infers the type from the one block that is there, and
// completes what the profile knows better than Envoy Gateway's defaults.
func defaultActiveHealthCheck(check, profile *egv1a1.ActiveHealthCheck) {
	if check.Type == "" {
		check.Type = OnlyCheckerType(check)
	}
	if check.Type == "" || profile == nil {
		return
	}
	check.Timeout = cmp.Or(check.Timeout, profile.Timeout)
	check.Interval = cmp.Or(check.Interval, profile.Interval)
	check.UnhealthyThreshold = cmp.Or(check.UnhealthyThreshold, profile.UnhealthyThreshold)
	check.HealthyThreshold = cmp.Or(check.HealthyThreshold, profile.HealthyThreshold)
}

// OnlyCheckerType returns the type of the one checker that is given, or nothing
// where there is none or a choice.
func OnlyCheckerType(check *egv1a1.ActiveHealthCheck) egv1a1.ActiveHealthCheckerType {
	switch {
	case check.HTTP != nil && check.TCP == nil && check.GRPC == nil:
		return egv1a1.ActiveHealthCheckerTypeHTTP
	case check.HTTP == nil && check.TCP != nil && check.GRPC == nil:
		return egv1a1.ActiveHealthCheckerTypeTCP
	case check.HTTP == nil && check.TCP == nil && check.GRPC != nil:
		return egv1a1.ActiveHealthCheckerTypeGRPC
	}
	return ""
}

// HasAutoSNI tells whether a TLS block takes the server name from the endpoint.
func HasAutoSNI(tls *egv1a1.BackendTLSSettings) bool {
	return tls != nil && ptr.Deref(tls.AutoSNIFromEndpointHostname, false)
}
