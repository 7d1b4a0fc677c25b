package v1alpha1

import (
	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/failover-krm/failover/pkg/target"
)

const (
	// Group is the API group of FailoverSpec.
	Group = "failover.krm.dev"
	// Version is the version of the API in this package.
	Version = "v1alpha1"
	// APIVersion is what a FailoverSpec has as its apiVersion.
	APIVersion = Group + "/" + Version
	// Kind is what a FailoverSpec has as its kind.
	Kind = "FailoverSpec"
)

// FailoverSpec describes one active/passive failover at a gateway: the route,
// the two sides of it, and the policy that moves traffic between them. It is
// read by tools and never applied to a cluster.
type FailoverSpec struct {
	metav1.TypeMeta `json:",inline"`

	// Name, namespace, labels and annotations; nothing else of Kubernetes'
	// metadata has a meaning here and is refused. The name is required: it names
	// the route, and every other name defaults from it, so it is a DNS label
	// of at most 63 characters and short enough for `NAME-gateway`,
	// `NAME-active` and `NAME-passive` to be one too. The namespace is that
	// of all objects except a Gateway placed elsewhere; it defaults to the one given
	// to the command, otherwise to `default`. Labels and annotations here are the
	// file's own and are not copied to the objects: see spec.labels.
	metav1.ObjectMeta `json:"metadata"`

	// What the failover consists of.
	Spec Spec `json:"spec"`
}

// Spec is the content of a FailoverSpec.
type Spec struct {
	// Hostnames that the route answers to, as in Gateway API: each a DNS name,
	// the first label of which may be "*"; no IP addresses. Default: every
	// hostname of the listener. Required with tlsRoute, where they are server names
	// (SNI); an error with tcpRoute. At most 16.
	//
	// +optional
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:example={"shop.example.com"}
	Hostnames []gwapiv1.Hostname `json:"hostnames,omitempty"`

	// Matches select the requests of the route, as in Gateway API's HTTPRoute: a
	// request that fits any of them is routed. Default: every request. At most 64.
	// It is the short form of one rule; an error together with rules.
	//
	// +optional
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:example={{path: {type: PathPrefix, value: "/shop"}}}
	Matches []gwapiv1.HTTPRouteMatch `json:"matches,omitempty"`

	// Rules of the HTTPRoute, in place of matches. Each goes to both tiers, and is
	// a cluster of its own in Envoy, which learns of an outage separately: what could be
	// one rule with several matches should be one. At most 16.
	//
	// +optional
	// +kubebuilder:validation:MaxItems=16
	Rules []Rule `json:"rules,omitempty"`

	// GRPCRoute makes a GRPCRoute instead of the HTTPRoute: for gRPC, which is spoken
	// to the tiers too, in HTTP/2. At most one of matches, rules, grpcRoute, tlsRoute
	// and tcpRoute. Each rule is a cluster of its own in Envoy, and learns of an outage
	// separately.
	//
	// +optional
	GRPCRoute *GRPCRoute `json:"grpcRoute,omitempty"`

	// TLSRoute makes a TLSRoute instead of the HTTPRoute: Envoy passes TLS through to the
	// tiers as it comes, and finds the route by the server name that the client asks
	// for (SNI), which is one of spec.hostnames: they are required. Envoy sees connections
	// and no requests: it repeats nothing, and no answer of a tier counts as an error. Before
	// Envoy Gateway 1.8, TLSRoute is only in the experimental channel of Gateway API, which
	// Envoy Gateway's own chart installs.
	//
	// +optional
	TLSRoute *TLSRoute `json:"tlsRoute,omitempty"`

	// TCPRoute makes a TCPRoute instead of the HTTPRoute. It has no hostnames: all
	// connections of a listener are its own, so that gateway.listeners is required where
	// a Gateway is made, and sectionName is for choosing one where it is attached to.
	// Envoy sees connections and no requests: it repeats nothing, and no answer of a tier
	// counts as an error. Before Envoy Gateway 1.9, TCPRoute is only in the experimental
	// channel of Gateway API, which Envoy Gateway's own chart installs.
	//
	// +optional
	TCPRoute *TCPRoute `json:"tcpRoute,omitempty"`

	// Gateway that the route attaches to, or that is made for it. Default: a
	// Gateway `NAME-gateway` is made, of the target's class, with one HTTP
	// listener on port 80; for a TLSRoute, one listener that passes TLS through on
	// port 443.
	//
	// +optional
	Gateway Gateway `json:"gateway,omitzero"`

	// Active is the tier that serves while it is healthy; see prefer.
	Active Tier `json:"active"`

	// Passive is the tier that takes over when the active one is not healthy: its
	// Backend has `fallback: true`, which Envoy Gateway turns into Envoy's
	// priority 1.
	Passive Tier `json:"passive"`

	// Prefer says which tier serves while both are healthy: active or passive.
	// With passive, the active tier stands by instead: its Backend is the
	// fallback. It is for maintenance, and to hold traffic on the passive tier after
	// an outage until a person decides. Default: active.
	//
	// +optional
	// +kubebuilder:default=active
	Prefer Preference `json:"prefer,omitempty"`

	// HostRewrite set to Backend sends the hostname of the chosen backend as the
	// Host header, through an Envoy Gateway HTTPRouteFilter on the rule. A standby
	// elsewhere usually needs it. It holds for both tiers, since on only one it
	// would split Envoy's cluster and end the failover: the active application
	// too sees its own backend hostname as Host. Needs FQDN endpoints, or
	// a hostname on each IP endpoint; with grpcRoute, Envoy Gateway 1.9 or newer. An error
	// with tlsRoute and tcpRoute. Default: the client's Host goes through.
	//
	// +optional
	// +kubebuilder:validation:Enum=Backend
	HostRewrite egv1a1.HTTPHostnameModifierType `json:"hostRewrite,omitempty"`

	// Policy decides when traffic moves between the tiers, and what is retried.
	// Default: the profile `safe`.
	//
	// +optional
	Policy Policy `json:"policy,omitzero"`

	// Target is the gateway distribution that runs the result. It decides the
	// default gatewayClassName (`tigera-gateway-class` for Calico's, `eg` for
	// Envoy Gateway's), which fields a profile may use, and which defaults of the
	// CRDs are written out, so that a second apply changes nothing. Default:
	// `calico-3.32`.
	//
	// +optional
	Target target.Target `json:"target,omitempty"`

	// ClusterDomain is the DNS domain of the cluster, which ends the name of every
	// Service. Default: `cluster.local`.
	//
	// +optional
	// +kubebuilder:default="cluster.local"
	ClusterDomain string `json:"clusterDomain,omitempty"`

	// Labels are added to every object, never to a selector and not to pods, where
	// a new label would restart them. The keys `app.kubernetes.io/name`,
	// `app.kubernetes.io/component` and `app.kubernetes.io/managed-by` are set by
	// failover and refused here.
	//
	// +optional
	Labels map[string]string `json:"labels,omitempty"`

	// Annotations are added to every object, not to pods. Keys of failover.krm.dev
	// and those that orchestrators keep for themselves (config.kubernetes.io,
	// internal.config.kubernetes.io) are refused.
	//
	// +optional
	Annotations map[string]string `json:"annotations,omitempty"`
}

// Preference names the tier that serves while both are healthy.
//
// +kubebuilder:validation:Enum=active;passive
type Preference string

const (
	// PreferActive has the active tier serve.
	PreferActive Preference = "active"
	// PreferPassive has the passive tier serve.
	PreferPassive Preference = "passive"
)

// Rule is a rule of an HTTPRoute, Gateway API's own without backendRefs, which are the
// tiers, and without retry, which is the policy's.
type Rule struct {
	// Name of the rule, by which a policy of your own can target it. Unique in the
	// route.
	//
	// +optional
	Name *gwapiv1.SectionName `json:"name,omitempty"`

	// Matches select the requests of the rule: any of them suffices. Default: every
	// request. At most 64, and 128 in all rules.
	//
	// +optional
	// +kubebuilder:validation:MaxItems=64
	Matches []gwapiv1.HTTPRouteMatch `json:"matches,omitempty"`

	// Filters change requests and answers, or refer to an object that does: an
	// extensionRef names it as it is in the FailoverSpec's namespace. At most 16,
	// with the one of spec.hostRewrite.
	//
	// +optional
	// +kubebuilder:validation:MaxItems=16
	Filters []gwapiv1.HTTPRouteFilter `json:"filters,omitempty"`

	// Timeouts of the rule, which take the place of those in policy.timeout.http.
	//
	// +optional
	Timeouts *gwapiv1.HTTPRouteTimeouts `json:"timeouts,omitempty"`

	// SessionPersistence keeps a client with the host that served it first: also
	// with the passive tier, after the active one is back.
	//
	// +optional
	SessionPersistence *gwapiv1.SessionPersistence `json:"sessionPersistence,omitempty"`
}

// Gateway says which Gateway the route attaches to. With a gatewayClassName, or
// without a name, the Gateway is made by this spec; with only a name, the
// route attaches to one that exists or that another spec makes.
type Gateway struct {
	// Name of the Gateway. Default when it is made: `NAME-gateway`,
	// after the FailoverSpec. Required
	// when the route attaches. At most 63 characters, because Envoy Gateway puts
	// it into a label.
	//
	// +optional
	// +kubebuilder:example=public
	Name string `json:"name,omitempty"`

	// Namespace of the Gateway. Default: the FailoverSpec's.
	//
	// +optional
	// +kubebuilder:example=infra
	Namespace string `json:"namespace,omitempty"`

	// GatewayClassName of the Gateway that is made. Default without a name: the
	// target's class. Next to a name it says that this spec makes the Gateway.
	//
	// +optional
	// +kubebuilder:example="tigera-gateway-class"
	GatewayClassName string `json:"gatewayClassName,omitempty"`

	// SectionName is the one listener of an existing Gateway to attach to. Default:
	// all that allow it. An error where this spec makes the Gateway.
	//
	// +optional
	// +kubebuilder:example=https
	SectionName gwapiv1.SectionName `json:"sectionName,omitempty"`

	// Listeners of the Gateway that is made, Gateway API's own type. Default: one,
	// `http`, protocol HTTP, port 80, open to the FailoverSpec's namespace; with
	// tlsRoute `tls`, protocol TLS, mode Passthrough, port 443; with tcpRoute there
	// is no default, since no port suits every application. An
	// error where the route only attaches. At most 64.
	//
	// +optional
	// +kubebuilder:validation:MaxItems=64
	Listeners []gwapiv1.Listener `json:"listeners,omitempty"`
}

// Tier is one side of the failover. Exactly one of workload, service, serviceImport,
// endpoints and backends says where it is; all backends of both tiers are reached by hostname, or
// all by IP address, since Envoy Gateway splits a mix into clusters that share the
// traffic and never fail over.
type Tier struct {
	// The one backend of a tier that has no list of them.
	Backend `json:",inline"`

	// Backends share the traffic of the tier by weight: a canary next to the stable
	// version, or two sites. They take the place of name, workload, service,
	// serviceImport, endpoints, tls and appProtocols of the tier, which each entry has
	// of its own.
	// They stay one cluster in Envoy: a part of the traffic goes to the other tier
	// when fewer than 72 % of the tier's hosts are healthy, whatever the weights. At most 15, and 16
	// in both tiers, which is Gateway API's limit for a rule.
	//
	// +optional
	// +kubebuilder:validation:MaxItems=15
	Backends []WeightedBackend `json:"backends,omitempty"`
}

// WeightedBackend is one of several backends that share the traffic of a tier.
type WeightedBackend struct {
	// Where it is.
	Backend `json:",inline"`

	// Weight is the share of the tier's traffic, in proportion to the sum of the
	// weights of its backends. 1 to 1000000; for none, remove the entry. Default: 1,
	// as in Gateway API.
	//
	// +optional
	// +kubebuilder:default=1
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000000
	Weight *int32 `json:"weight,omitempty"`
}

// Backend is where requests go: it becomes one Backend of Envoy Gateway. Exactly one
// of workload, service, serviceImport and endpoints says where it is.
type Backend struct {
	// Name of the Backend, and of its Deployment and Service where a workload is
	// given. Default: `NAME-active` and `NAME-passive`, after the FailoverSpec; in
	// a list of backends `NAME-active-1`, `NAME-active-2` and so on, by the place in
	// the list, so give names where entries come and go. A DNS subdomain; with
	// a workload a DNS label of at most 63 characters that begins with a letter, as
	// a Service needs. All backends differ in it.
	//
	// +optional
	Name string `json:"name,omitempty"`

	// Workload is an application to run: a Deployment and a Service are made.
	//
	// +optional
	Workload *Workload `json:"workload,omitempty"`

	// Service that exists already, in any namespace. It is reached by its DNS
	// name, `NAME.NAMESPACE.svc.CLUSTERDOMAIN`, because a Service reference next to
	// a Backend would split Envoy's cluster and never fail over.
	//
	// +optional
	Service *Service `json:"service,omitempty"`

	// ServiceImport is a Service that several clusters share, by Kubernetes' Multi-Cluster
	// Services API. It is reached by its DNS name, `NAME.NAMESPACE.svc.clusterset.local`,
	// which the cluster's DNS must know: Cilium, Submariner, GKE, Istio and others provide it.
	//
	// +optional
	ServiceImport *ServiceImport `json:"serviceImport,omitempty"`

	// Endpoints are addresses outside or inside the cluster, Envoy Gateway's own
	// type: fqdn or ip, all of one kind. A unix socket is refused, since it is in
	// the gateway's own pod. At most 256.
	//
	// +optional
	// +kubebuilder:validation:MaxItems=256
	// +kubebuilder:example={{fqdn: {hostname: "shop.dr.example.net", port: 443}}}
	Endpoints []egv1a1.BackendEndpoint `json:"endpoints,omitempty"`

	// TLS to the backend, Envoy Gateway's own type; an error with tlsRoute, where it is
	// the client's own TLS that reaches the backend. caCertificateRefs,
	// wellKnownCACertificates or insecureSkipVerify is needed. Without `sni` the
	// endpoint's hostname is used as `sni`, since Envoy Gateway would otherwise verify
	// no name at all, or the one that the client asked for. Where the endpoints
	// have no hostname, or several, an absent `sni` is an error. Since Envoy
	// Gateway 1.5 (1.4 has it only for DynamicResolver backends); `sni` since 1.6.
	//
	// +optional
	TLS *egv1a1.BackendTLSSettings `json:"tls,omitempty"`

	// AppProtocols that the backend speaks, Envoy Gateway's own type. All backends
	// of both tiers must agree on h2c, which holds for the whole cluster in Envoy.
	// Default: HTTP/1.1; with grpcRoute HTTP/2. An error with tlsRoute and tcpRoute.
	//
	// +optional
	AppProtocols []egv1a1.AppProtocolType `json:"appProtocols,omitempty"`
}

// Workload is an application to run as a backend: one container in a Deployment,
// behind a Service. Pods are labelled and selected by `app: NAME` (the backend's) and
// `version: v1`. What is not here is done by patches in kustomize.
type Workload struct {
	// Image of the container.
	//
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:example="registry.example.com/shop:1.0"
	Image string `json:"image"`

	// Port that the container listens on, and the Service too. 1 to 65535.
	//
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65535
	// +kubebuilder:example=8080
	Port int32 `json:"port"`

	// Replicas of the Deployment. Default: 1. Not negative.
	//
	// +optional
	// +kubebuilder:default=1
	// +kubebuilder:validation:Minimum=0
	Replicas *int32 `json:"replicas,omitempty"`

	// ClusterIP of the Service: None makes it headless, so that its name stands for
	// the pods. Each is then a host of its own for Envoy, which ejects one that fails
	// and keeps the others; the name of a Service with a ClusterIP is one host,
	// however many pods are behind it. An API server does not accept this change of
	// a Service that exists: delete that one first. Default: a ClusterIP of the
	// cluster's choice. See docs/hosts.md.
	//
	// +optional
	// +kubebuilder:validation:Enum=None
	ClusterIP string `json:"clusterIP,omitempty"`

	// ImagePullPolicy of the container: Always, IfNotPresent or Never. Default:
	// IfNotPresent.
	//
	// +optional
	// +kubebuilder:default=IfNotPresent
	// +kubebuilder:validation:Enum=Always;IfNotPresent;Never
	ImagePullPolicy corev1.PullPolicy `json:"imagePullPolicy,omitempty"`

	// Command of the container, instead of the image's entrypoint.
	//
	// +optional
	Command []string `json:"command,omitempty"`

	// Args of the container, instead of the image's command.
	//
	// +optional
	Args []string `json:"args,omitempty"`

	// Env are environment variables of the container.
	//
	// +optional
	Env []corev1.EnvVar `json:"env,omitempty"`

	// Resources that the container asks for and is limited to.
	//
	// +optional
	Resources corev1.ResourceRequirements `json:"resources,omitzero"`

	// LivenessProbe restarts the container when it fails.
	//
	// +optional
	LivenessProbe *corev1.Probe `json:"livenessProbe,omitempty"`

	// ReadinessProbe takes the pod out of the Service when it fails.
	//
	// +optional
	ReadinessProbe *corev1.Probe `json:"readinessProbe,omitempty"`

	// StartupProbe holds back the other two until it passes.
	//
	// +optional
	StartupProbe *corev1.Probe `json:"startupProbe,omitempty"`
}

// Service names a Service that exists already. The name of one with a ClusterIP is one
// host for Envoy, however many pods are behind it: when it is ejected, all of them are
// out. The name of a headless one (`clusterIP: None`) is a host for each pod that is
// ready; then the port must be that of the pods, and `policy.dns` decides how soon Envoy
// learns of new ones. See docs/hosts.md.
type Service struct {
	// Name of the Service.
	//
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:example=shop
	Name string `json:"name"`

	// Namespace of the Service. Default: the FailoverSpec's.
	//
	// +optional
	Namespace string `json:"namespace,omitempty"`

	// Port of the Service, as a number: 1 to 65535.
	//
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65535
	// +kubebuilder:example=8080
	Port int32 `json:"port"`
}

// ServiceImport names a Service that is imported from other clusters. It stands for all
// clusters that export it, and where the FailoverSpec's own cluster exports it too, for
// the pods there: for a tier that stands by for them, export it only elsewhere. The name
// of one of type ClusterSetIP is one host for Envoy, that of a headless one a host for each
// pod that is ready. See docs/hosts.md.
type ServiceImport struct {
	// Name of the ServiceImport, and of the Service that is exported.
	//
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:example=shop
	Name string `json:"name"`

	// Namespace of the ServiceImport. Default: the FailoverSpec's.
	//
	// +optional
	Namespace string `json:"namespace,omitempty"`

	// Port of the Service, as a number: 1 to 65535.
	//
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65535
	// +kubebuilder:example=8080
	Port int32 `json:"port"`
}

// Policy is Envoy Gateway's BackendTrafficPolicy with a profile below it. A
// block that is written here (retry, timeout, healthCheck.passive) replaces
// the whole block of the profile; healthCheck.active is completed field by field.
type Policy struct {
	// Name of the BackendTrafficPolicy. Default: the FailoverSpec's.
	//
	// +optional
	Name string `json:"name,omitempty"`

	// Profile that supplies what is not written.
	//
	// +optional
	// +kubebuilder:default=safe
	Profile Profile `json:"profile,omitempty"`

	// Every field of Envoy Gateway's BackendTrafficPolicySpec except the targets,
	// since the policy is the route's.
	egv1a1.BackendTrafficPolicySpec `json:",inline"`
}

// Profile is a named set of timeouts, retries and health checks, with the
// requests that it loses measured on a real Envoy.
//
// +kubebuilder:validation:Enum=safe;zero-loss;custom
type Profile string

const (
	// ProfileSafe never repeats a request that a backend may have acted on.
	ProfileSafe Profile = "safe"
	// ProfileZeroLoss is for traffic that may be repeated: an attempt that takes
	// longer than two seconds is tried on the other tier.
	ProfileZeroLoss Profile = "zero-loss"
	// ProfileCustom adds nothing to what is written; the defaults of the CRD, which
	// an API server fills in anyway, are written out as for every object.
	ProfileCustom Profile = "custom"
)
