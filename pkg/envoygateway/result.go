package envoygateway

import (
	"cmp"
	"fmt"
	"strings"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// Object names an object. Namespace is empty for a kind that has none.
type Object struct {
	Kind      string
	Namespace string
	Name      string
}

// WithArticle returns a kind with its indefinite article, as in "an HTTPRoute".
func WithArticle(kind string) string {
	if strings.HasPrefix(kind, "HTTP") || strings.IndexAny(kind, "AEIO") == 0 {
		return "an " + kind
	}
	return "a " + kind
}

// String returns the kind and the name, as in HTTPRoute web/shop.
func (o Object) String() string {
	if o.Namespace == "" {
		return o.Kind + " " + o.Name
	}
	return fmt.Sprintf("%s %s/%s", o.Kind, o.Namespace, o.Name)
}

// Compare orders objects by kind, namespace and name.
func (o Object) Compare(other Object) int {
	return cmp.Or(cmp.Compare(o.Kind, other.Kind), cmp.Compare(o.Namespace, other.Namespace), cmp.Compare(o.Name, other.Name))
}

// Source is the field of an object that a fact comes from.
type Source struct {
	Object Object
	// Path of the field, such as spec.rules[0].backendRefs[1].
	Path string
}

// Reason is why something is as it is, as one word. For a reference that doesn't
// resolve, and for a route that isn't accepted, it is the reason of Envoy Gateway's
// own condition.
type Reason string

// Reasons for a cluster of its own for each backendRef of a rule: the traffic is
// split by weight, and nothing fails over from one to another.
const (
	// ReasonFilters is for a backendRef with filters.
	ReasonFilters Reason = "BackendRefFilters"
	// ReasonMixedAddressTypes is for hostnames together with IP addresses.
	ReasonMixedAddressTypes Reason = "MixedAddressTypes"
	// ReasonZoneAware is for a policy with loadBalancer.zoneAware.
	ReasonZoneAware Reason = "ZoneAware"
	// ReasonPreferLocal is for a Service that prefers endpoints of its own zone.
	ReasonPreferLocal Reason = "PreferLocal"
	// ReasonMixedProtocols is for a WebSocket backend together with one that speaks HTTP/2.
	ReasonMixedProtocols Reason = "MixedProtocols"
	// ReasonMixedAutoSNI is for autoSNIFromEndpointHostname on some backends, not all.
	ReasonMixedAutoSNI Reason = "MixedAutoSNI"
)

// Reasons for a reference that doesn't resolve and for a rule or route that isn't
// served.
const (
	ReasonBackendNotFound          Reason = "BackendNotFound"
	ReasonEndpointsNotFound        Reason = "EndpointsNotFound"
	ReasonInvalidAddress           Reason = "InvalidAddress"
	ReasonInvalidBackendFilters    Reason = "InvalidBackendFilters"
	ReasonInvalidBackendRef        Reason = "InvalidBackendRef"
	ReasonInvalidKind              Reason = "InvalidKind"
	ReasonPortNotFound             Reason = "PortNotFound"
	ReasonPortNotSpecified         Reason = "PortNotSpecified"
	ReasonRefNotPermitted          Reason = "RefNotPermitted"
	ReasonUnsupportedAddressType   Reason = "UnsupportedAddressType"
	ReasonUnsupportedRefValue      Reason = "UnsupportedRefValue"
	ReasonUnsupportedValue         Reason = "UnsupportedValue"
	ReasonUnsupportedSetting       Reason = "UnsupportedSetting"
	ReasonIncompatibleFilters      Reason = "IncompatibleFilters"
	ReasonNoWeight                 Reason = "NoWeight"
	ReasonDirectResponse           Reason = "DirectResponse"
	ReasonRequestRedirect          Reason = "RequestRedirect"
	ReasonPolicyInvalid            Reason = "PolicyInvalid"
	ReasonAccepted                 Reason = "Accepted"
	ReasonGatewayNotInManifests    Reason = "GatewayNotInManifests"
	ReasonOtherController          Reason = "OtherController"
	ReasonNoMatchingParent         Reason = "NoMatchingParent"
	ReasonNotRead                  Reason = "NotRead"
	ReasonNotAllowedByListeners    Reason = "NotAllowedByListeners"
	ReasonNoMatchingHostname       Reason = "NoMatchingListenerHostname"
	ReasonListenerTaken            Reason = "ListenerTaken"
	ReasonInvalidRule              Reason = "InvalidRule"
	ReasonListenerNotReady         Reason = "ListenerNotReady"
	ReasonUnsupportedParent        Reason = "UnsupportedParent"
	ReasonConflicted               Reason = "Conflicted"
	ReasonTargetNotFound           Reason = "TargetNotFound"
	ReasonTargetNotInManifests     Reason = "TargetNotInManifests"
	ReasonTargetOfOtherController  Reason = "TargetOfOtherController"
	ReasonSectionNameWithoutEffect Reason = "SectionNameWithoutEffect"
)

// Cause is a reason, the field that it comes from, and a sentence with the values
// at hand.
type Cause struct {
	Source
	Reason  Reason
	Message string
}

// MissingReference is a reference to an object that is not among the manifests.
type MissingReference struct {
	Source
	To Object
}

// Result is what Envoy Gateway makes of the manifests.
type Result struct {
	// Routes in the order in which Envoy Gateway handles them: by kind, age,
	// namespace and name.
	Routes []Route
	// Listeners of every Gateway.
	Listeners []Listener
	// Policies are the BackendTrafficPolicies, and what becomes of each.
	Policies []Policy
	// Missing are the references to objects that are not among the manifests.
	Missing []MissingReference
}

// Listener is one listener of a Gateway.
type Listener struct {
	// Source is the Gateway and the path of the listener.
	Source
	Name string
	// Refused is why the listener takes no traffic; nil for one that does.
	Refused *Cause
}

// Route is an HTTPRoute, GRPCRoute, TCPRoute or TLSRoute.
type Route struct {
	Object  Object
	Parents []Parent
	Rules   []Rule
}

// Parent is what becomes of a parentRef.
type Parent struct {
	// Source is the route and the path of the parentRef.
	Source
	Gateway Object
	// SectionName and Port are what the parentRef asks for, if anything.
	SectionName gwapiv1.SectionName
	Port        gwapiv1.PortNumber
	// Accepted tells whether the route attaches here.
	Accepted bool
	// Reason is that of the condition Accepted.
	Reason  Reason
	Message string
	// Listeners has the names of those that the route attaches to.
	Listeners []string
}

// Rule is one rule of a route.
type Rule struct {
	// Source is the route and the path of the rule.
	Source
	Name string
	// Refused is why Envoy Gateway drops the rule; nil for one that it takes.
	Refused *Cause
	// Backends has each backendRef of the rule, in order.
	Backends []Backend
	// HTTPMatches are the matches of an HTTPRoute's rule, GRPCMatches those of a GRPCRoute's.
	HTTPMatches []gwapiv1.HTTPRouteMatch
	GRPCMatches []gwapiv1.GRPCRouteMatch
	// Timeouts and Retry of an HTTPRoute's rule take the place of the policy's.
	Timeouts *gwapiv1.HTTPRouteTimeouts
	Retry    *gwapiv1.HTTPRouteRetry
	// Attachments has one entry for each listener that serves the rule.
	Attachments []Attachment
}

// Outcome is what Envoy does with a request that a rule matches.
type Outcome string

const (
	// OutcomeCluster sends it to one cluster: its tiers fail over.
	OutcomeCluster Outcome = "Cluster"
	// OutcomeWeightedClusters splits the traffic among clusters by weight: nothing
	// fails over from one to another. A rule with one backendRef can be one, with
	// nothing to split.
	OutcomeWeightedClusters Outcome = "WeightedClusters"
	// OutcomeDirectResponse answers from Envoy itself.
	OutcomeDirectResponse Outcome = "DirectResponse"
	// OutcomeRedirect answers with a redirect, as a filter asks for.
	OutcomeRedirect Outcome = "Redirect"
)

// Attachment is a rule on a listener.
type Attachment struct {
	Gateway Object
	// Listener is its name; empty where the Gateway is not among the manifests, and so are
	// its Protocol and Port.
	Listener string
	Protocol gwapiv1.ProtocolType
	Port     gwapiv1.PortNumber
	// Terminates tells that TLS ends at the listener.
	Terminates bool
	// Hostnames are those that both the listener and the route serve.
	Hostnames []string
	Outcome   Outcome
	// Status of a direct response.
	Status int
	// Causes of anything but one cluster.
	Causes []Cause
	// Clusters that the requests go to: one, or one for each backendRef.
	Clusters []Cluster
	// Policy is in effect for the requests: retries and timeouts.
	Policy PolicyInEffect
	// ClusterPolicy is in effect for the clusters: health checks, circuit breakers
	// and load balancing. It differs from Policy where two listeners of a Gateway
	// serve the rule under different policies: they share the cluster, and the
	// first listener's policy makes it.
	ClusterPolicy PolicyInEffect
}

// Cluster is one cluster of Envoy.
type Cluster struct {
	// Name is Envoy's, such as httproute/web/shop/rule/0.
	Name string
	// Weight of the cluster among others.
	Weight uint32
	// Unavailable tells that no backend is behind it: its share of the traffic is
	// answered with an error, Status.
	Unavailable bool
	Status      int
	// Tiers in the order of their priority.
	Tiers []Tier
}

// Tier has the backends of one priority of a cluster.
type Tier struct {
	Priority uint32
	Backends []Backend
}

// Backend is a backendRef and what it resolves to.
type Backend struct {
	// Source is the route and the path of the backendRef.
	Source
	// Ref is the object that it refers to.
	Ref    Object
	Port   *int32
	Weight uint32
	// Fallback tells that the Backend is a fallback: priority 1.
	Fallback bool
	// Protocol is the one that Envoy speaks to it: HTTP, HTTP2, GRPC or TCP.
	Protocol string
	// TLS is nil for plain text.
	TLS *TLS
	// Dynamic tells that the host is taken from the request (DynamicResolver).
	Dynamic bool
	Hosts   []Host
	// Invalid is why the reference doesn't resolve; nil for one that does.
	Invalid *Cause
}

// IsUnread tells that it is of a kind that Envoy Gateway reads, and Translate does not.
func (b Backend) IsUnread() bool { return b.Invalid != nil && b.Invalid.Reason == ReasonNotRead }

// SpeaksHTTP2 tells whether Envoy speaks HTTP/2 to it, as all of gRPC is.
func (b Backend) SpeaksHTTP2() bool { return b.Protocol == protocolHTTP2 || b.Protocol == protocolGRPC }

// TLS is how Envoy connects to a backend.
type TLS struct {
	// From is the Backend, or the BackendTLSPolicy where one applies.
	From Source
	// SNI is the server name; empty where Envoy takes it from elsewhere.
	SNI                         string
	AutoSNIFromEndpointHostname bool
	InsecureSkipVerify          bool
}

// AddressType is the type of a host's address.
type AddressType string

const (
	// AddressTypeIP is an IP address.
	AddressTypeIP AddressType = "IP"
	// AddressTypeFQDN is a name that Envoy resolves with DNS.
	AddressTypeFQDN AddressType = "FQDN"
	// AddressTypeUnix is a path of a Unix domain socket.
	AddressTypeUnix AddressType = "Unix"
	// AddressTypePods stands for the pods behind a Service that is referred to
	// without its EndpointSlices among the manifests.
	AddressTypePods AddressType = "Pods"
)

// Host is an address that Envoy sends requests to.
type Host struct {
	// Source is the endpoint of the Backend, the EndpointSlice, or the Service.
	Source
	Type    AddressType
	Address string
	Port    uint32
	// Hostname is the endpoint's own, which an HTTP health check sends.
	Hostname string
	Draining bool
	// Service is behind the address; nil where none is known to be.
	Service *Object
	// Count is the number of hosts that Envoy sees; nil for unknown. A ClusterIP's
	// name is one host, however many pods are behind it, and so is taken a name outside the
	// cluster, where CountOr does not say another.
	Count *int32
	// Headless tells that the address is the name of a headless Service, of which each pod
	// that is ready is a host.
	Headless bool
	// Pods is the number of pods behind the address; nil for unknown.
	Pods *int32
	// PodsFrom has the fields that say so.
	PodsFrom []Source
}

// PolicyInEffect is a BackendTrafficPolicySpec and where it comes from. The zero
// value stands for no policy.
type PolicyInEffect struct {
	// Spec is merged where mergeType says so; nil without a policy. That of a
	// TCPRoute or TLSRoute has only the fields that apply to one.
	Spec *egv1a1.BackendTrafficPolicySpec
	// From has the policies that it comes from, the most specific first.
	From []PolicyLayer
}

// PolicyLayer is a policy that is in effect, and the target by which it is.
type PolicyLayer struct {
	// Source is the policy and the path of the target.
	Source
	Spec *egv1a1.BackendTrafficPolicySpec
}

// Policy is what becomes of a BackendTrafficPolicy.
type Policy struct {
	Object  Object
	Targets []PolicyTarget
}

// PolicyTarget is what becomes of one target of a policy.
type PolicyTarget struct {
	// Source is the policy and the path of the targetRef or targetSelector.
	Source
	// Target is what it refers to, or what the selector found.
	Target      Object
	SectionName string
	// Attached tells whether the policy is taken for the target.
	Attached bool
	// Ignored is why it isn't.
	Ignored *Cause
	// Overridden has the rules for which a more specific policy takes its place,
	// each with the target of that policy.
	Overridden []Override
}

// Override is a more specific policy that takes the place of another one, whole.
type Override struct {
	// Rule is the route and the path of its rule.
	Rule Source
	// By is the policy in effect.
	By Source
}
