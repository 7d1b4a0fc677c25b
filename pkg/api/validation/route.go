package validation

import (
	"fmt"
	"strings"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	"github.com/failover-krm/failover/pkg/target"
)

// routeForm is a field by which a spec says what route it wants.
type routeForm struct {
	field string
	given bool
}

// validateRoute finds what does not go together with the kind of route.
func validateRoute(fs *v1alpha1.FailoverSpec, path *field.Path) field.ErrorList {
	spec := fs.Spec
	var errs field.ErrorList
	first := ""
	for _, form := range []routeForm{
		{"matches", len(spec.Matches) > 0},
		{"rules", len(spec.Rules) > 0},
		{"grpcRoute", spec.GRPCRoute != nil},
		{"tlsRoute", spec.TLSRoute != nil},
		{"tcpRoute", spec.TCPRoute != nil},
	} {
		switch {
		case !form.given:
		case first == "":
			first = form.field
		case form.field == "rules": // together with matches
			errs = append(errs, field.Forbidden(path.Child(first), "matches is the short form of one rule: move it into one of spec.rules"))
		default:
			errs = append(errs, field.Forbidden(path.Child(form.field), fmt.Sprintf("must not be given together with %s: a failover has one route; remove one, or write a FailoverSpec for each", path.Child(first))))
		}
	}
	errs = append(errs, validateRules(spec, path.Child("rules"))...)
	switch spec.RouteKind() {
	case v1alpha1.RouteKindGRPC:
		errs = append(errs, validateGRPCRoute(fs, path)...)
	case v1alpha1.RouteKindTLS, v1alpha1.RouteKindTCP:
		errs = append(errs, validateConnections(fs, path)...)
	}
	return errs
}

// validateRules finds what the rules of an HTTPRoute and the rest of the spec say twice.
func validateRules(spec v1alpha1.Spec, path *field.Path) field.ErrorList {
	if spec.HostRewrite == "" {
		return nil
	}
	var errs field.ErrorList
	for i, rule := range spec.Rules {
		for j, filter := range rule.Filters {
			if filter.URLRewrite != nil && filter.URLRewrite.Hostname != nil {
				errs = append(errs, field.Forbidden(path.Index(i).Child("filters").Index(j).Child("urlRewrite", "hostname"),
					"spec.hostRewrite already rewrites the Host: remove one of them"))
			}
		}
	}
	return errs
}

func validateGRPCRoute(fs *v1alpha1.FailoverSpec, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if fs.Spec.HostRewrite != "" && !fs.Spec.Target.Has(target.GRPCRouteFilter) {
		errs = append(errs, field.Forbidden(path.Child("hostRewrite"), fmt.Sprintf(
			"needs an HTTPRouteFilter in the GRPCRoute, which Envoy Gateway %s refuses: remove it, or choose a target with Envoy Gateway 1.%s or newer", fs.Spec.Target.EnvoyGateway(), target.GRPCRouteFilter.Minor)))
	}
	for _, backend := range fs.AllBackends() {
		if speaksWebSocket(*backend.Backend) {
			errs = append(errs, field.Invalid(field.NewPath(backend.Path()).Child("appProtocols"), protocols(*backend.Backend), fmt.Sprintf("a GRPCRoute needs HTTP/2: remove it, or write %s", egv1a1.AppProtocolTypeH2C)))
		}
	}
	return errs
}

// validateConnections finds what is about requests, which Envoy does not see in what
// a TLSRoute or TCPRoute takes.
func validateConnections(fs *v1alpha1.FailoverSpec, path *field.Path) field.ErrorList {
	spec, kind := fs.Spec, fs.Spec.RouteKind()
	var errs field.ErrorList
	switch {
	case kind == v1alpha1.RouteKindTCP && len(spec.Hostnames) > 0:
		errs = append(errs, field.Forbidden(path.Child("hostnames"), "a TCPRoute has no hostnames: it takes every connection of its listener; remove them, or use tlsRoute, which finds the route by the server name of TLS"))
	case kind == v1alpha1.RouteKindTLS && len(spec.Hostnames) == 0:
		errs = append(errs, field.Required(path.Child("hostnames"), "a TLSRoute is found by the server name of TLS (SNI): write the names that clients ask for, such as shop.example.com"))
	}
	none := fmt.Sprintf("Envoy sees connections in a %s, and no requests", kind)
	if spec.HostRewrite != "" {
		errs = append(errs, field.Invalid(path.Child("hostRewrite"), string(spec.HostRewrite), none+": there is no Host header to rewrite; remove it"))
	}
	policy := path.Child("policy")
	if spec.Policy.Profile == v1alpha1.ProfileZeroLoss {
		errs = append(errs, field.NotSupported(policy.Child("profile"), spec.Policy.Profile, []v1alpha1.Profile{v1alpha1.ProfileSafe, v1alpha1.ProfileCustom}))
		errs[len(errs)-1].Detail += ": " + none + ", so Envoy can repeat nothing; with an active check, fewer connections are lost"
	}
	for _, setting := range v1alpha1.RequestSettings(spec.Policy.BackendTrafficPolicySpec) {
		errs = append(errs, field.Forbidden(policy.Child(setting), none+", so this has no effect: remove it"))
	}
	for _, backend := range fs.AllBackends() {
		at := field.NewPath(backend.Path())
		if len(backend.AppProtocols) > 0 {
			errs = append(errs, field.Invalid(at.Child("appProtocols"), protocols(*backend.Backend), none+", so this has no effect: remove it"))
		}
		if kind == v1alpha1.RouteKindTLS && backend.TLS != nil {
			errs = append(errs, field.Forbidden(at.Child("tls"), "a TLSRoute passes the client's own TLS through to the tier, and a server does not accept TLS inside TLS: remove it; or use a listener of protocol HTTPS, and no tlsRoute"))
		}
	}
	return append(errs, validateCheckOfConnections(spec, kind, policy.Child("healthCheck", "active"))...)
}

// validateCheckOfConnections refuses an active check in clear text of what speaks TLS.
func validateCheckOfConnections(spec v1alpha1.Spec, kind v1alpha1.RouteKind, path *field.Path) field.ErrorList {
	if kind != v1alpha1.RouteKindTLS || spec.Policy.HealthCheck == nil || spec.Policy.HealthCheck.Active == nil {
		return nil
	}
	check := spec.Policy.HealthCheck.Active
	if check.Type == "" || check.Type == egv1a1.ActiveHealthCheckerTypeTCP || check.Overrides != nil && check.Overrides.Port != 0 {
		return nil
	}
	return field.ErrorList{field.Invalid(path.Child(strings.ToLower(string(check.Type))), field.OmitValueType{}, fmt.Sprintf(
		"a check of type %s is sent in clear text, and the servers behind a TLSRoute speak TLS, so every check fails: write tcp: {}, or overrides: {port: PORT} for a port in clear text", check.Type))}
}
