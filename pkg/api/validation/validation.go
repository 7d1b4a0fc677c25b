// Package validation validates FailoverSpecs with their defaults filled in: how
// their fields fit together, which the schemas of the single fields cannot say.
package validation

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	"github.com/failover-krm/failover/pkg/apiserver/builtin"
	"github.com/failover-krm/failover/pkg/apiserver/metadata"
)

// ValidateFailoverSpec returns what is wrong with a spec that has the form of the
// schema and its defaults filled in.
func ValidateFailoverSpec(fs *v1alpha1.FailoverSpec) field.ErrorList {
	spec, path := &fs.Spec, field.NewPath("spec")
	var errs field.ErrorList
	errs = append(errs, validateMetadata(fs)...)
	errs = append(errs, validateHostnames(spec.Hostnames, path.Child("hostnames"))...)
	errs = append(errs, validateRoute(fs, path)...)
	errs = append(errs, validateGateway(fs, path.Child("gateway"))...)
	errs = append(errs, validateTier(spec.Active, path.Child("active"))...)
	errs = append(errs, validateTier(spec.Passive, path.Child("passive"))...)
	for _, backend := range fs.AllBackends() {
		errs = append(errs, validateBackend(fs, backend)...)
	}
	errs = append(errs, validateBackendsTogether(fs)...)
	errs = append(errs, validateHostRewrite(fs, path)...)
	errs = append(errs, validatePolicy(spec.Policy, path.Child("policy"))...)
	if fs.Spec.Policy.Name != fs.Name {
		errs = append(errs, validateName(spec.Policy.Name, validation.IsDNS1123Subdomain, path.Child("policy", "name"))...)
	}
	errs = append(errs, validateName(spec.ClusterDomain, validation.IsDNS1123Subdomain, path.Child("clusterDomain"))...)
	errs = append(errs, validateLabels(spec.Labels, path.Child("labels"))...)
	errs = append(errs, validateAnnotations(spec.Annotations, path.Child("annotations"))...)
	return errs
}

func validateMetadata(fs *v1alpha1.FailoverSpec) field.ErrorList {
	path := field.NewPath("metadata")
	if fs.Name == "" {
		return field.ErrorList{field.Required(path.Child("name"), "the names of the route and of all other objects come from it: write a name")}
	}
	errs := validateName(fs.Name, validation.IsDNS1123Label, path.Child("name"))
	return append(errs, validateName(fs.Namespace, validation.IsDNS1123Label, path.Child("namespace"))...)
}

// nameRule returns what is wrong with a name.
type nameRule func(string) []string

func validateName(name string, rule nameRule, path *field.Path) field.ErrorList {
	return metadata.Invalid(path, name, rule(name))
}

// validateDerivedName blames a name that was not given on metadata.name, which
// it defaults from.
func validateDerivedName(fs *v1alpha1.FailoverSpec, name, suffix, kind string, rule nameRule, path *field.Path) field.ErrorList {
	if name != fs.Name+suffix {
		return validateName(name, rule, path)
	}
	if len(validation.IsDNS1123Label(fs.Name)) > 0 {
		return nil // metadata.name has its error already
	}
	var errs field.ErrorList
	for _, detail := range rule(name) {
		errs = append(errs, field.Invalid(field.NewPath("metadata", "name"), fs.Name,
			fmt.Sprintf("the %s would be named %q by default: %s; shorten it, or set %s", kind, name, detail, path)))
	}
	return errs
}

// labelValueName is a DNS subdomain that fits into a label's value.
func labelValueName(name string) []string {
	details := validation.IsDNS1123Subdomain(name)
	if len(name) > validation.LabelValueMaxLength {
		details = append(details, validation.MaxLenError(validation.LabelValueMaxLength))
	}
	return details
}

func validateHostnames(hostnames []gwapiv1.Hostname, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i, hostname := range hostnames {
		name := string(hostname)
		rule := validation.IsDNS1123Subdomain
		if strings.HasPrefix(name, "*") {
			rule = validation.IsWildcardDNS1123Subdomain
		}
		switch {
		case isIP(name):
			errs = append(errs, field.Invalid(path.Index(i), name, "must be a DNS name, not an IP address"))
		case slices.Contains(hostnames[:i], hostname):
			errs = append(errs, field.Duplicate(path.Index(i), name))
		default:
			errs = append(errs, validateName(name, rule, path.Index(i))...)
		}
	}
	return errs
}

func validateGateway(fs *v1alpha1.FailoverSpec, path *field.Path) field.ErrorList {
	gateway := fs.Spec.Gateway
	errs := validateName(gateway.Namespace, validation.IsDNS1123Label, path.Child("namespace"))
	if !gateway.MakesGateway() {
		if len(gateway.Listeners) > 0 {
			errs = append(errs, field.Forbidden(path.Child("listeners"),
				"listeners need a gatewayClassName: with only a name, the route attaches to a Gateway that has its own listeners"))
		}
		return append(errs, validateName(gateway.Name, labelValueName, path.Child("name"))...)
	}
	if gateway.SectionName != "" {
		errs = append(errs, field.Forbidden(path.Child("sectionName"),
			"sectionName is for attaching to a Gateway that exists: give its name, and no gatewayClassName"))
	}
	errs = append(errs, validateName(gateway.GatewayClassName, validation.IsDNS1123Subdomain, path.Child("gatewayClassName"))...)
	errs = append(errs, validateDerivedName(fs, gateway.Name, "-gateway", "Gateway", labelValueName, path.Child("name"))...)
	return append(errs, validateListeners(fs, path.Child("listeners"))...)
}

// validateListeners wants one listener at least to take this spec's own route.
func validateListeners(fs *v1alpha1.FailoverSpec, path *field.Path) field.ErrorList {
	gateway, kind := fs.Spec.Gateway, fs.Spec.RouteKind()
	if kind == v1alpha1.RouteKindTCP && len(gateway.Listeners) == 0 {
		return field.ErrorList{field.Required(path, fmt.Sprintf(
			"there is no default port, and a TCPRoute takes every connection of its listener: write [{name: tcp, protocol: TCP, port: %d}], with the port that clients connect to", suggestedPort(fs)))}
	}
	var errs field.ErrorList
	seen := map[gwapiv1.SectionName]bool{}
	for i, listener := range gateway.Listeners {
		if seen[listener.Name] {
			errs = append(errs, field.Duplicate(path.Index(i).Child("name"), listener.Name))
		}
		seen[listener.Name] = true
	}
	if !gateway.Admits(fs, "") {
		errs = append(errs, field.Invalid(path, strings.Join(gateway.ListenerNames(), ", "), fmt.Sprintf(
			"no listener takes this spec's %s: one must have protocol %s, no hostname%s, and allowedRoutes for namespace %q", kind, protocolsOf(kind), fittingHostname(kind), fs.Namespace)))
	}
	return errs
}

// suggestedPort is that of the first active backend: clients that reach it without a gateway use it.
func suggestedPort(fs *v1alpha1.FailoverSpec) int32 {
	if endpoints := fs.BackendEndpoints(*fs.AllBackends()[0].Backend); len(endpoints) > 0 {
		return v1alpha1.EndpointPort(endpoints[0])
	}
	return 5432
}

func protocolsOf(kind v1alpha1.RouteKind) string {
	var names []string
	for _, protocol := range kind.Protocols() {
		names = append(names, string(protocol))
	}
	return strings.Join(names, " or ")
}

func fittingHostname(kind v1alpha1.RouteKind) string {
	if kind == v1alpha1.RouteKindTCP {
		return ""
	}
	return " or one that fits spec.hostnames"
}

// validateTier wants one answer to the question where a tier is.
func validateTier(tier v1alpha1.Tier, path *field.Path) field.ErrorList {
	sources := backendSources(tier.Backend)
	if len(tier.Backends) > 0 {
		sources = append(sources, "backends")
	}
	errs := exactlyOne(sources, "workload, service, serviceImport, endpoints and backends", path)
	if len(errs) > 0 || len(tier.Backends) == 0 {
		return errs
	}
	for _, given := range []struct {
		name string
		is   bool
	}{{"name", tier.Name != ""}, {"tls", tier.TLS != nil}, {"appProtocols", len(tier.AppProtocols) > 0}} {
		if given.is {
			errs = append(errs, field.Forbidden(path.Child(given.name), "is a field of one backend: move it into the entries of backends"))
		}
	}
	return errs
}

// exactlyOne wants one source of those that there are.
func exactlyOne(given []string, of string, path *field.Path) field.ErrorList {
	detail := "must have exactly one of " + of
	switch len(given) {
	case 0:
		return field.ErrorList{field.Required(path, detail)}
	case 1:
		return nil
	default:
		return field.ErrorList{field.Invalid(path, strings.Join(given, " and "), detail)}
	}
}

func validateBackend(fs *v1alpha1.FailoverSpec, backend v1alpha1.TierBackend) field.ErrorList {
	path := field.NewPath(backend.Path())
	var errs field.ErrorList
	if backend.Number > 0 {
		errs = exactlyOne(backendSources(*backend.Backend), "workload, service, serviceImport and endpoints", path)
	}
	if len(backendSources(*backend.Backend)) != 1 {
		return errs // of a tier that has no list, it is said already
	}
	rule, kind := nameRule(validation.IsDNS1123Subdomain), egv1a1.KindBackend
	switch {
	case backend.Workload != nil:
		rule, kind = validation.IsDNS1035Label, "Service"
		errs = append(errs, validateWorkload(*backend.Workload, path.Child("workload"))...)
	case backend.Service != nil:
		errs = append(errs, validateService(*backend.Service, path.Child("service"))...)
	case backend.ServiceImport != nil:
		errs = append(errs, validateService(v1alpha1.Service(*backend.ServiceImport), path.Child("serviceImport"))...)
	default:
		errs = append(errs, validateEndpoints(backend.Endpoints, path.Child("endpoints"))...)
	}
	errs = append(errs, validateDerivedName(fs, backend.Name, backend.NameSuffix(), kind, rule, path.Child("name"))...)
	if backend.Workload != nil || backend.Service != nil {
		errs = append(errs, validateServiceHostname(fs, *backend.Backend)...)
	}
	return append(errs, validateTLS(fs, *backend.Backend, path.Child("tls"))...)
}

// validateServiceHostname finds a hostname that is too long, though its parts
// are not.
func validateServiceHostname(fs *v1alpha1.FailoverSpec, backend v1alpha1.Backend) field.ErrorList {
	hostname := fs.BackendEndpoints(backend)[0].FQDN.Hostname
	if len(hostname) <= validation.DNS1123SubdomainMaxLength {
		return nil
	}
	return field.ErrorList{field.Invalid(field.NewPath("spec", "clusterDomain"), fs.Spec.ClusterDomain,
		fmt.Sprintf("the hostname %s: %s", hostname, validation.MaxLenError(validation.DNS1123SubdomainMaxLength)))}
}

// backendSources names the sources that are given.
func backendSources(backend v1alpha1.Backend) []string {
	var sources []string
	if backend.Workload != nil {
		sources = append(sources, "workload")
	}
	if backend.Service != nil {
		sources = append(sources, "service")
	}
	if backend.ServiceImport != nil {
		sources = append(sources, "serviceImport")
	}
	if len(backend.Endpoints) > 0 {
		sources = append(sources, "endpoints")
	}
	return sources
}

func validateService(service v1alpha1.Service, path *field.Path) field.ErrorList {
	errs := validateName(service.Name, validation.IsDNS1035Label, path.Child("name"))
	errs = append(errs, validateName(service.Namespace, validation.IsDNS1123Label, path.Child("namespace"))...)
	return append(errs, builtin.ValidatePort(service.Port, path.Child("port"))...)
}

func validatePolicy(policy v1alpha1.Policy, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if retry := policy.Retry; retry != nil && retry.NumAttemptsPerPriority != nil {
		// Envoy Gateway's CRD default.
		numRetries := int32(2)
		if retry.NumRetries != nil {
			numRetries = *retry.NumRetries
		}
		if *retry.NumAttemptsPerPriority > numRetries {
			errs = append(errs, field.Invalid(path.Child("retry", "numAttemptsPerPriority"), *retry.NumAttemptsPerPriority, fmt.Sprintf(
				"must not exceed numRetries (%d): otherwise no retry is left for the passive tier", numRetries)))
		}
	}
	if balancer := policy.LoadBalancer; balancer != nil && balancer.ZoneAware != nil {
		const detail = "gives each tier a cluster of its own in Envoy, which share the traffic and never fail over: remove it"
		zoneAware := path.Child("loadBalancer", "zoneAware")
		if balancer.ZoneAware.PreferLocal != nil {
			errs = append(errs, field.Forbidden(zoneAware.Child("preferLocal"), detail))
		}
		if len(balancer.ZoneAware.WeightedZones) > 0 {
			errs = append(errs, field.Forbidden(zoneAware.Child("weightedZones"), detail))
		}
	}
	if policy.HealthCheck != nil && policy.HealthCheck.Active != nil {
		errs = append(errs, validateActiveHealthCheck(*policy.HealthCheck.Active, path.Child("healthCheck", "active"))...)
	}
	return errs
}

func validateActiveHealthCheck(check egv1a1.ActiveHealthCheck, path *field.Path) field.ErrorList {
	only := v1alpha1.OnlyCheckerType(&check)
	switch {
	case check.Type == "" && check.HTTP == nil && check.TCP == nil && check.GRPC == nil:
		return field.ErrorList{field.Required(path, "must have one of http, tcp and grpc, such as http: {path: /healthz}")}
	case check.Type == "":
		return field.ErrorList{field.Invalid(path, "several checkers", "must have one of http, tcp and grpc")}
	case check.Type != only && (check.Type != egv1a1.ActiveHealthCheckerTypeGRPC || only != ""):
		return field.ErrorList{field.Invalid(path.Child("type"), string(check.Type), "must be the type of the checker that is given: http, tcp or grpc")}
	}
	return nil
}

// reservedLabels are set by failover on every object.
var reservedLabels = []string{v1alpha1.LabelName, v1alpha1.LabelComponent, v1alpha1.LabelManagedBy}

func validateLabels(labels map[string]string, path *field.Path) field.ErrorList {
	errs := metadata.ValidateLabels(labels, path)
	for _, key := range reservedLabels {
		if value, given := labels[key]; given {
			errs = append(errs, field.Forbidden(path.Key(key), fmt.Sprintf("%q: failover sets this label: remove it", value)))
		}
	}
	return errs
}

// reservedAnnotations are the domains whose annotations have an owner.
var reservedAnnotations = []string{v1alpha1.Group + "/", "config.kubernetes.io/", "internal.config.kubernetes.io/", "config.k8s.io/"}

func validateAnnotations(annotations map[string]string, path *field.Path) field.ErrorList {
	errs := metadata.ValidateAnnotations(annotations, path)
	for _, key := range slices.Sorted(maps.Keys(annotations)) {
		for _, domain := range reservedAnnotations {
			if strings.HasPrefix(key, domain) {
				errs = append(errs, field.Forbidden(path.Key(key), "annotations of "+strings.TrimSuffix(domain, "/")+" are reserved for failover and the orchestrator: remove it"))
			}
		}
	}
	return errs
}
