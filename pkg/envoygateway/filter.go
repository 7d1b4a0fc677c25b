package envoygateway

import (
	"fmt"
	"strings"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	"k8s.io/utils/ptr"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// filter is a filter of an HTTPRoute or of a GRPCRoute.
type filter struct {
	source         Source
	kind           string
	urlRewrite     *gwapiv1.HTTPURLRewriteFilter
	redirect       *gwapiv1.HTTPRequestRedirectFilter
	requestHeader  *gwapiv1.HTTPHeaderFilter
	responseHeader *gwapiv1.HTTPHeaderFilter
	mirror         *gwapiv1.HTTPRequestMirrorFilter
	extensionRef   *gwapiv1.LocalObjectReference
}

func httpFilters(source Source, specs []gwapiv1.HTTPRouteFilter) []filter {
	var filters []filter
	for i, spec := range specs {
		filters = append(filters, filter{
			source: Source{Object: source.Object, Path: at(source.Path+".filters", i)}, kind: string(spec.Type),
			urlRewrite: spec.URLRewrite, redirect: spec.RequestRedirect, mirror: spec.RequestMirror,
			requestHeader: spec.RequestHeaderModifier, responseHeader: spec.ResponseHeaderModifier, extensionRef: spec.ExtensionRef,
		})
	}
	return filters
}

func grpcFilters(source Source, specs []gwapiv1.GRPCRouteFilter) []filter {
	var filters []filter
	for i, spec := range specs {
		filters = append(filters, filter{
			source: Source{Object: source.Object, Path: at(source.Path+".filters", i)}, kind: string(spec.Type),
			requestHeader: spec.RequestHeaderModifier, responseHeader: spec.ResponseHeaderModifier, mirror: spec.RequestMirror, extensionRef: spec.ExtensionRef,
		})
	}
	return filters
}

// filtered is what the filters of a rule lead to.
type filtered struct {
	redirect *Cause
	direct   *Cause
	status   int
	// errors make Envoy answer 500.
	errors []Cause
	// accepted is false where an error is of the kind that takes Accepted away.
	accepted bool
	mirrors  bool
	rewrites rewrites
	// matches are further conditions of an HTTPRouteFilter.
	matches []egv1a1.HTTPRouteMatchFilter
}

// rewrites has what is rewritten so far: each may be set once.
type rewrites struct {
	host, path, extensionHost, extensionPath bool
	// hostFromPath tells that the host is taken from the path of the request.
	hostFromPath bool
}

func (f *filtered) fail(source Source, accepted bool, reason Reason, format string, values ...any) {
	f.errors = append(f.errors, Cause{Source: source, Reason: reason, Message: fmt.Sprintf(format, values...)})
	f.accepted = f.accepted && accepted
}

// filter finds out what the filters of a rule lead to (ProcessHTTPFilters and
// ProcessGRPCFilters in internal/gatewayapi/filters.go).
func (t *translator) filter(r *route, filters []filter, g *gateway) filtered {
	result := filtered{accepted: true}
	for _, spec := range filters {
		if result.direct != nil {
			break
		}
		switch gwapiv1.HTTPRouteFilterType(spec.kind) {
		case gwapiv1.HTTPRouteFilterURLRewrite:
			result.rewrite(spec)
		case gwapiv1.HTTPRouteFilterRequestRedirect:
			result.redirectTo(spec)
		case gwapiv1.HTTPRouteFilterRequestHeaderModifier:
			result.modifyHeaders(spec, spec.requestHeader)
		case gwapiv1.HTTPRouteFilterResponseHeaderModifier:
			result.modifyHeaders(spec, spec.responseHeader)
		case gwapiv1.HTTPRouteFilterRequestMirror:
			t.mirror(r, spec, g, &result)
		case gwapiv1.HTTPRouteFilterExtensionRef:
			t.extend(r, spec, &result)
		case gwapiv1.HTTPRouteFilterCORS:
		default:
			result.direct, result.status = &Cause{Source: spec.source, Reason: ReasonUnsupportedValue, Message: "filter " + spec.kind + " is not supported"}, 500
			result.fail(spec.source, false, ReasonUnsupportedValue, "filter %s is not supported", spec.kind)
		}
	}
	if result.mirrors && result.direct != nil {
		result.fail(result.direct.Source, false, ReasonIncompatibleFilters, "a direct response together with a mirror")
		result.direct = nil
	}
	if result.mirrors && result.redirect != nil {
		result.fail(result.redirect.Source, false, ReasonIncompatibleFilters, "a redirect together with a mirror")
		result.redirect = nil
	}
	if r.id.Kind == kindGRPCRoute && result.direct != nil && result.status >= 200 && result.status < 300 && t.atLeast("1.9.0") {
		result.fail(result.direct.Source, false, ReasonUnsupportedValue, "a direct response of %d to a gRPC request", result.status)
		result.direct = nil
	}
	return result
}

func (f *filtered) rewrite(spec filter) {
	rewrite := spec.urlRewrite
	if rewrite == nil {
		return
	}
	host, path := rewrite.Hostname != nil, rewrite.Path != nil
	second := (host || path) && (f.rewrites.host || f.rewrites.path)
	if second || host && f.rewrites.extensionHost || path && f.rewrites.extensionPath {
		f.fail(spec.source, false, ReasonUnsupportedValue, "more than one urlRewrite in a rule")
		return
	}
	if host {
		if message := faultOf(string(*rewrite.Hostname), true); message != "" && !strings.HasSuffix(message, "has no dot") {
			f.fail(spec.source, false, ReasonUnsupportedValue, "%s", message)
			return
		}
	}
	f.rewrites.host, f.rewrites.path = f.rewrites.host || host, f.rewrites.path || path
}

func (f *filtered) redirectTo(spec filter) {
	switch {
	case f.redirect != nil:
		f.fail(spec.source, false, ReasonUnsupportedValue, "more than one requestRedirect in a rule")
	case spec.redirect != nil && spec.redirect.Scheme != nil && *spec.redirect.Scheme != "http" && *spec.redirect.Scheme != "https":
		f.fail(spec.source, false, ReasonUnsupportedValue, "scheme %s is not supported", *spec.redirect.Scheme)
	default:
		f.redirect = &Cause{Source: spec.source, Reason: ReasonRequestRedirect, Message: "the rule answers with a redirect"}
	}
}

func (f *filtered) modifyHeaders(spec filter, headers *gwapiv1.HTTPHeaderFilter) {
	if headers == nil {
		return
	}
	for _, header := range append(append([]gwapiv1.HTTPHeader{}, headers.Add...), headers.Set...) {
		if name := string(header.Name); !isModifiable(name) || !headerValue().MatchString(header.Value) {
			f.fail(spec.source, false, ReasonUnsupportedValue, "header %q can't be set to %q", name, header.Value)
			return
		}
	}
	for _, name := range headers.Remove {
		if !isModifiable(name) {
			f.fail(spec.source, false, ReasonUnsupportedValue, "header %q can't be removed", name)
			return
		}
	}
}

func isModifiable(header string) bool {
	return header != "" && !strings.ContainsAny(header, "/:") && !strings.EqualFold(header, "host")
}

// mirror makes sure that the backend of a RequestMirror is there.
func (t *translator) mirror(r *route, spec filter, g *gateway, result *filtered) {
	if spec.mirror == nil {
		return
	}
	source := Source{Object: spec.source.Object, Path: spec.source.Path + ".requestMirror.backendRef"}
	s := t.resolve(r, backendRef{source: source, BackendRef: gwapiv1.BackendRef{BackendObjectReference: spec.mirror.BackendRef}}, g, PolicyInEffect{})
	switch {
	case s.Invalid == nil:
		result.mirrors = true
	case s.Invalid.Reason != ReasonEndpointsNotFound:
		result.errors = append(result.errors, *s.Invalid)
	}
}

// extend applies an HTTPRouteFilter.
func (t *translator) extend(r *route, spec filter, result *filtered) {
	if spec.extensionRef == nil {
		return
	}
	unresolved := func(accepted bool, format string, values ...any) {
		result.fail(spec.source, accepted, ReasonUnsupportedValue, format, values...)
		result.direct, result.status = &result.errors[len(result.errors)-1], 500
	}
	id := Object{Kind: string(spec.extensionRef.Kind), Namespace: r.id.Namespace, Name: string(spec.extensionRef.Name)}
	known := id.Kind == kindHTTPRouteFilter && string(spec.extensionRef.Group) == egv1a1.GroupName
	if !known || r.id.Kind == kindGRPCRoute && !t.atLeast("1.9.0") {
		unresolved(false, "%s can't have a filter of kind %s", WithArticle(r.id.Kind), id.Kind)
		return
	}
	extension, found := t.filters[id.key()]
	if !found {
		t.lacks(spec.source, id)
		unresolved(true, "%s is not there", id)
		return
	}
	if len(extension.Spec.Matches) > 0 {
		if result.matches != nil {
			result.fail(spec.source, false, ReasonUnsupportedValue, "more than one HTTPRouteFilter with matches")
			return
		}
		result.matches = extension.Spec.Matches
	}
	if rewrite := extension.Spec.URLRewrite; rewrite != nil && !result.extendRewrite(spec, rewrite) {
		return
	}
	if response := extension.Spec.DirectResponse; response != nil {
		if response.Body != nil && response.Body.ValueRef != nil {
			configMap := Object{Kind: string(response.Body.ValueRef.Kind), Namespace: id.Namespace, Name: string(response.Body.ValueRef.Name)}
			t.lacks(Source{Object: id, Path: "spec.directResponse.body.valueRef"}, configMap)
		}
		result.status = ptr.Deref(response.StatusCode, 200)
		result.direct = &Cause{Source: Source{Object: id, Path: "spec.directResponse"}, Reason: ReasonDirectResponse, Message: fmt.Sprintf("the rule answers %d itself", result.status)}
	}
}

// extendRewrite takes the urlRewrite of an HTTPRouteFilter, and tells whether it can.
func (f *filtered) extendRewrite(spec filter, rewrite *egv1a1.HTTPURLRewriteFilter) bool {
	host, path := rewrite.Hostname != nil, rewrite.Path != nil
	second := (host || path) && (f.rewrites.extensionHost || f.rewrites.extensionPath)
	if second || host && f.rewrites.host || path && f.rewrites.path {
		f.fail(spec.source, false, ReasonUnsupportedValue, "more than one urlRewrite in a rule")
		return false
	}
	var expressions []string
	if path && rewrite.Path.ReplaceRegexMatch != nil {
		expressions = append(expressions, rewrite.Path.ReplaceRegexMatch.Pattern)
	}
	if host && rewrite.Hostname.PathRegex != nil {
		f.rewrites.hostFromPath = true
		expressions = append(expressions, rewrite.Hostname.PathRegex.Pattern)
	}
	for _, expression := range expressions {
		if message := invalid(expression); message != "" {
			f.fail(spec.source, false, ReasonUnsupportedValue, "%s", message)
			return false
		}
	}
	f.rewrites.extensionHost, f.rewrites.extensionPath = f.rewrites.extensionHost || host, f.rewrites.extensionPath || path
	return true
}

// validateBackendFilters refuses filters that a backendRef can't have
// (validateBackendRefFilters in internal/gatewayapi/validate.go).
func (t *translator) validateBackendFilters(s *setting, reference backendRef) {
	for i, spec := range reference.httpFilters {
		path := at(".filters", i)
		switch spec.Type {
		case gwapiv1.HTTPRouteFilterRequestHeaderModifier, gwapiv1.HTTPRouteFilterResponseHeaderModifier:
		case gwapiv1.HTTPRouteFilterURLRewrite:
			switch {
			case !t.atLeast("1.8.0"):
				s.fail(path, ReasonUnsupportedRefValue, "a backendRef can't have a filter of type %s", spec.Type)
			case spec.URLRewrite != nil && spec.URLRewrite.Path != nil:
				s.fail(path, ReasonUnsupportedRefValue, "the filter of a backendRef can't rewrite the path")
			}
		case gwapiv1.HTTPRouteFilterExtensionRef:
			if spec.ExtensionRef == nil || string(spec.ExtensionRef.Group) != egv1a1.GroupName || string(spec.ExtensionRef.Kind) != kindHTTPRouteFilter {
				s.fail(path, ReasonUnsupportedRefValue, "a backendRef can't have this filter")
			}
		default:
			s.fail(path, ReasonUnsupportedRefValue, "a backendRef can't have a filter of type %s", spec.Type)
		}
	}
	for i, spec := range reference.grpcFilters {
		if spec.Type != gwapiv1.GRPCRouteFilterRequestHeaderModifier && spec.Type != gwapiv1.GRPCRouteFilterResponseHeaderModifier {
			s.fail(at(".filters", i), ReasonUnsupportedRefValue, "a backendRef can't have a filter of type %s", spec.Type)
		}
	}
}

// resolveBackendFilters applies the filters of a backendRef: one that doesn't
// resolve makes the reference invalid.
func (t *translator) resolveBackendFilters(r *route, s *setting, reference backendRef, g *gateway) {
	filters := append(httpFilters(reference.source, reference.httpFilters), grpcFilters(reference.source, reference.grpcFilters)...)
	if len(filters) == 0 {
		return
	}
	s.hasFilters = true
	if result := t.filter(r, filters, g); len(result.errors) > 0 {
		first := result.errors[0]
		s.failAt(first.Source, ReasonInvalidBackendFilters, "%s", first.Message)
	}
}
