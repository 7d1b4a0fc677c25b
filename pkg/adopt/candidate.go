package adopt

import (
	"cmp"
	"slices"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	"github.com/failover-krm/failover/pkg/apiserver"
	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/envoygateway"
)

// part is a field of a FailoverSpec that can be written in several ways: a backend, by
// its path, the Gateway or the policy.
type part string

const (
	gatewayPart part = "spec.gateway"
	policyPart  part = "spec.policy"
)

// candidates are the ways to write a FailoverSpec for a failover, each part on its own.
// The first ones say the most in the fewest words, and the last ones say all that
// can be said.
type candidates struct {
	base     v1alpha1.FailoverSpec
	places   []tierBackend
	backends map[part][]v1alpha1.Backend
	gateways []v1alpha1.Gateway
	policies []v1alpha1.Policy
	// chosen is the index of each part.
	chosen map[part]int
	// ofGateway is what a spec that makes the Gateway cannot say of it.
	ofGateway []difference
}

func (c *candidates) count(of part) int {
	switch of {
	case gatewayPart:
		return len(c.gateways)
	case policyPart:
		return len(c.policies)
	default:
		return len(c.backends[of])
	}
}

// next goes on to another way to write a part, if there is one.
func (c *candidates) next(of part) bool {
	if c.chosen[of]+1 >= c.count(of) {
		return false
	}
	c.chosen[of]++
	return true
}

// nextFor goes on to another way to write what a path in the FailoverSpec is of.
func (c *candidates) nextFor(path document.Path) bool {
	parts := []part{gatewayPart, policyPart}
	for _, place := range c.places {
		parts = append(parts, place.part())
	}
	return slices.ContainsFunc(parts, func(of part) bool {
		at := document.ParsePath(string(of))
		return (path.Within(at) || at.Within(path)) && c.next(of)
	})
}

// spec returns the FailoverSpec as it is chosen.
func (c *candidates) spec() (*v1alpha1.FailoverSpec, error) {
	spec := c.base
	for _, place := range c.places {
		tier := &spec.Spec.Active
		if place.Tier == v1alpha1.TierPassive {
			tier = &spec.Spec.Passive
		}
		backend := c.backends[place.part()][c.chosen[place.part()]]
		if place.Number == 0 {
			tier.Backend = backend
		} else {
			tier.Backends = append(tier.Backends, v1alpha1.WeightedBackend{Backend: backend, Weight: place.Weight})
		}
	}
	spec.Spec.Gateway = c.gateways[c.chosen[gatewayPart]]
	spec.Spec.Policy = c.policies[c.chosen[policyPart]]
	var copied v1alpha1.FailoverSpec
	return &copied, convert(spec, &copied)
}

// candidates returns the ways to write a failover.
func (f *failover) candidates() *candidates {
	c := &candidates{backends: map[part][]v1alpha1.Backend{}, chosen: map[part]int{}}
	c.base.APIVersion, c.base.Kind = v1alpha1.APIVersion, v1alpha1.Kind
	c.base.Name, c.base.Namespace = f.Route.Name, f.route.Subject.Field("metadata.namespace")
	spec := &c.base.Spec
	f.sayRoute(spec)
	spec.Target = f.target
	c.places, spec.Prefer = f.backends()
	domain := clusterDomain(c.places)
	if domain != v1alpha1.DefaultClusterDomain {
		spec.ClusterDomain = domain
	}
	for _, place := range c.places {
		c.backends[place.part()] = f.waysToWrite(place, domain)
	}
	c.gateways, c.policies = f.gateways(), f.policies()
	return c
}

// clusterDomain returns the one that the hostnames of Services have.
func clusterDomain(backends []tierBackend) string {
	domain := ""
	for _, backend := range backends {
		named, _, isService := serviceOf(backend.written)
		if isService && named.clusterDomain != v1alpha1.ClusterSetDomain && (domain == "" || named.clusterDomain == v1alpha1.DefaultClusterDomain) {
			domain = named.clusterDomain
		}
	}
	return cmp.Or(domain, v1alpha1.DefaultClusterDomain)
}

// waysToWrite returns those of a backend: as a workload, a Service, or endpoints.
func (f *failover) waysToWrite(place tierBackend, domain string) []v1alpha1.Backend {
	backend := place.written
	base := v1alpha1.Backend{TLS: backend.Spec.TLS, AppProtocols: backend.Spec.AppProtocols}
	if backend.Name != f.Route.Name+place.NameSuffix() {
		base.Name = backend.Name
	}
	if tls := backend.Spec.TLS; tls != nil && tls.SNI != nil {
		// The hostname of the endpoint is its default.
		withoutName := *tls
		withoutName.SNI = nil
		if names := v1alpha1.Hostnames(backend.Spec.Endpoints); v1alpha1.NeedsServerName(&withoutName) && len(names) == 1 && names[0] == string(*tls.SNI) {
			base.TLS = &withoutName
		}
	}
	var found []v1alpha1.Backend
	if named, port, isService := serviceOf(backend); isService && named.clusterDomain == v1alpha1.ClusterSetDomain {
		of := base
		of.ServiceImport = &v1alpha1.ServiceImport{Name: named.name, Namespace: named.namespace, Port: port}
		if named.namespace == f.Route.Namespace {
			of.ServiceImport.Namespace = ""
		}
		found = append(found, of)
	} else if isService && named.clusterDomain == domain {
		if workload := f.workload(backend, named, port); workload != nil {
			of := base
			of.Workload = workload
			found = append(found, of)
		}
		of := base
		of.Service = &v1alpha1.Service{Name: named.name, Namespace: named.namespace, Port: port}
		if named.namespace == f.Route.Namespace {
			of.Service.Namespace = ""
		}
		found = append(found, of)
	}
	// A hostname that an endpoint gets anyway is left out.
	short := slices.Clone(backend.Spec.Endpoints)
	for i, endpoint := range short {
		if endpoint.FQDN != nil && endpoint.Hostname != nil && *endpoint.Hostname == endpoint.FQDN.Hostname {
			short[i].Hostname = nil
		}
	}
	for _, endpoints := range [][]egv1a1.BackendEndpoint{short, backend.Spec.Endpoints} {
		of := base
		of.Endpoints = endpoints
		found = append(found, of)
	}
	// As it is: the default of the server name may be another one.
	last := found[len(found)-1]
	last.TLS = backend.Spec.TLS
	return append(found, last)
}

// workload returns the workload that a Deployment and its Service may be; nil where
// they are not, or not here. Whether they are shows when it is rendered.
func (f *failover) workload(backend *egv1a1.Backend, named serviceName, port int32) *v1alpha1.Workload {
	if named.name != backend.Name || named.namespace != f.Route.Namespace {
		return nil
	}
	id := envoygateway.Object{Kind: kindDeployment, Namespace: named.namespace, Name: named.name}
	deployment := f.find(id, f.route)
	id.Kind = kindService
	service := f.find(id, f.route)
	if deployment == nil || service == nil || f.made[deployment] != "" || f.made[service] != "" {
		return nil
	}
	headless, _ := service.typed.(*corev1.Service)
	typed, isDeployment := deployment.typed.(*appsv1.Deployment)
	if !isDeployment || len(typed.Spec.Template.Spec.Containers) != 1 {
		return nil
	}
	container := typed.Spec.Template.Spec.Containers[0]
	workload := &v1alpha1.Workload{
		Image: container.Image, Port: port, Command: container.Command, Args: container.Args, Env: container.Env, Resources: container.Resources,
		LivenessProbe: container.LivenessProbe, ReadinessProbe: container.ReadinessProbe, StartupProbe: container.StartupProbe,
	}
	if headless != nil && headless.Spec.ClusterIP == corev1.ClusterIPNone {
		workload.ClusterIP = headless.Spec.ClusterIP
	}
	if replicas := ptr.Deref(typed.Spec.Replicas, 1); replicas != 1 {
		workload.Replicas = &replicas
	}
	if policy := cmp.Or(container.ImagePullPolicy, apiserver.PullPolicy(container.Image)); policy != corev1.PullIfNotPresent {
		workload.ImagePullPolicy = policy
	}
	return workload
}

// gateways returns the ways to write the Gateway: made by this spec, where it is among
// the manifests and no other spec makes it, or attached to.
func (f *failover) gateways() []v1alpha1.Gateway {
	ref := f.parentRef()
	id, _ := f.gatewayOf(ref)
	attached := v1alpha1.Gateway{Name: id.Name, Namespace: id.Namespace, SectionName: ptr.Deref(ref.SectionName, "")}
	if id.Namespace == f.Route.Namespace {
		attached.Namespace = ""
	}
	found := f.find(id, f.route)
	if found == nil || ref.SectionName != nil || f.made[found] != "" || found.Refused || madeForAnother(found, f.Route.Name) {
		return []v1alpha1.Gateway{attached}
	}
	gateway, isGateway := found.typed.(*gwapiv1.Gateway)
	if !isGateway {
		return []v1alpha1.Gateway{attached}
	}
	made := attached
	made.GatewayClassName = string(gateway.Spec.GatewayClassName)
	if made.Name == f.Route.Name+"-gateway" {
		made.Name = ""
	}
	withListeners := made
	withListeners.Listeners = gateway.Spec.Listeners
	return []v1alpha1.Gateway{made, withListeners, attached}
}

// madeForAnother tells whether a Gateway was rendered from the FailoverSpec of another
// route.
func madeForAnother(gateway *object, route string) bool {
	labels := gateway.typed.GetLabels()
	return labels[v1alpha1.LabelManagedBy] == v1alpha1.ManagedBy && labels[v1alpha1.LabelName] != route
}

// policies returns the ways to write the policy: as a profile that supplies what it has,
// or with exactly its fields.
func (f *failover) policies() []v1alpha1.Policy {
	found := f.policy()
	if found == nil {
		policy := v1alpha1.Policy{Profile: v1alpha1.ProfileCustom}
		if id := (envoygateway.Object{Kind: kindBackendTrafficPolicy, Namespace: f.Route.Namespace, Name: f.Route.Name}); f.find(id, f.route) != nil {
			policy.Name = f.Route.Name + "-none" // it is deleted, and that one is not meant
		}
		return []v1alpha1.Policy{policy}
	}
	policy := found.typed.(*egv1a1.BackendTrafficPolicy)
	exact := v1alpha1.Policy{Profile: v1alpha1.ProfileCustom, BackendTrafficPolicySpec: *policy.Spec.DeepCopy()}
	if policy.Name != f.Route.Name {
		exact.Name = policy.Name
	}
	exact.PolicyTargetReferences = egv1a1.PolicyTargetReferences{}
	var all []v1alpha1.Policy
	hasRetry := exact.Retry != nil || !f.routeKind().HasRequests()
	if exact.Timeout != nil && hasRetry && exact.HealthCheck != nil && exact.HealthCheck.Passive != nil {
		for _, profile := range []v1alpha1.Profile{"", v1alpha1.ProfileZeroLoss} {
			supplied := exact
			supplied.Profile, supplied.Timeout, supplied.Retry = profile, nil, nil
			health := *exact.HealthCheck
			health.Passive = nil
			supplied.HealthCheck = &health
			if health.Active != nil {
				short := health
				check := *health.Active
				check.Timeout, check.Interval, check.UnhealthyThreshold, check.HealthyThreshold = nil, nil, nil, nil
				short.Active, supplied.HealthCheck = &check, &short
				all = append(all, supplied)
				supplied.HealthCheck = &health
			} else if health.PanicThreshold == nil {
				supplied.HealthCheck = nil
			}
			all = append(all, supplied)
		}
	}
	return append(all, exact)
}
