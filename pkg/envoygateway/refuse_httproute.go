package envoygateway

import (
	"fmt"
	"regexp"
	"strings"
	"sync"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"
)

func validateHTTPRoute(r release, spec *gwapiv1.HTTPRouteSpec, path *field.Path) []Refusal {
	return each(spec.Rules, path.Child("rules"), func(rule gwapiv1.HTTPRouteRule, path *field.Path) []Refusal {
		refusals := each(rule.Matches, path.Child("matches"), validateHTTPRouteMatch)
		refusals = append(refusals, each(rule.Filters, path.Child("filters"), func(filter gwapiv1.HTTPRouteFilter, path *field.Path) []Refusal {
			return validateRouteFilter(r, filter, path)
		})...)
		if rule.Retry != nil {
			refusals = append(refusals, longerThan(0, rule.Retry.Backoff, Frozen, path.Child("retry", "backoff"))...)
		}
		return refusals
	})
}

func validateHTTPRouteMatch(match gwapiv1.HTTPRouteMatch, path *field.Path) []Refusal {
	var refusals []Refusal
	if match.Path != nil && ptr.Deref(match.Path.Type, "") == gwapiv1.PathMatchRegularExpression {
		at := path.Child("path", "value")
		refusals = append(refusals, regularExpression(ptr.Deref(match.Path.Value, ""), NotFound404, at)...)
		refusals = append(refusals, notEmpty(ptr.Deref(match.Path.Value, ""), Frozen, at)...)
	}
	refusals = append(refusals, each(match.Headers, path.Child("headers"), func(header gwapiv1.HTTPHeaderMatch, path *field.Path) []Refusal {
		if ptr.Deref(header.Type, "") != gwapiv1.HeaderMatchRegularExpression {
			return nil
		}
		return regularExpression(header.Value, NotFound404, path.Child("value"))
	})...)
	return append(refusals, each(match.QueryParams, path.Child("queryParams"), func(parameter gwapiv1.HTTPQueryParamMatch, path *field.Path) []Refusal {
		if ptr.Deref(parameter.Type, "") != gwapiv1.QueryParamMatchRegularExpression {
			return nil
		}
		return regularExpression(parameter.Value, NotFound404, path.Child("value"))
	})...)
}

func validateGRPCRoute(r release, spec *gwapiv1.GRPCRouteSpec, path *field.Path) []Refusal {
	return each(spec.Rules, path.Child("rules"), func(rule gwapiv1.GRPCRouteRule, path *field.Path) []Refusal {
		refusals := each(rule.Matches, path.Child("matches"), validateGRPCRouteMatch)
		return append(refusals, each(rule.Filters, path.Child("filters"), func(filter gwapiv1.GRPCRouteFilter, path *field.Path) []Refusal {
			return append(validateHeaderModifier(r, filter.RequestHeaderModifier, NotFound404, path.Child("requestHeaderModifier")),
				validateHeaderModifier(r, filter.ResponseHeaderModifier, NotFound404, path.Child("responseHeaderModifier"))...)
		})...)
	})
}

func validateGRPCRouteMatch(match gwapiv1.GRPCRouteMatch, path *field.Path) []Refusal {
	var refusals []Refusal
	if match.Method != nil && ptr.Deref(match.Method.Type, "") == gwapiv1.GRPCMethodMatchRegularExpression {
		refusals = append(refusals, regularExpression(ptr.Deref(match.Method.Service, ""), NotFound404, path.Child("method", "service"))...)
		refusals = append(refusals, regularExpression(ptr.Deref(match.Method.Method, ""), NotFound404, path.Child("method", "method"))...)
	}
	return append(refusals, each(match.Headers, path.Child("headers"), func(header gwapiv1.GRPCHeaderMatch, path *field.Path) []Refusal {
		if ptr.Deref(header.Type, "") != gwapiv1.GRPCHeaderMatchRegularExpression {
			return nil
		}
		return regularExpression(header.Value, NotFound404, path.Child("value"))
	})...)
}

func validateRouteFilter(r release, filter gwapiv1.HTTPRouteFilter, path *field.Path) []Refusal {
	var refusals []Refusal
	if filter.ExtensionRef != nil && (filter.ExtensionRef.Group != egv1a1.GroupName || filter.ExtensionRef.Kind != egv1a1.KindHTTPRouteFilter) {
		refusals = append(refusals, Refusal{field.NotSupported(path.Child("extensionRef", "kind"), filter.ExtensionRef.Kind, []string{egv1a1.KindHTTPRouteFilter}), DirectResponse500})
	}
	if rewrite, at := filter.URLRewrite, path.Child("urlRewrite"); rewrite != nil {
		refusals = append(refusals, validateRouteHostname(rewrite.Hostname, at.Child("hostname"))...)
		refusals = append(refusals, validateReplacement(rewrite.Path, at.Child("path"))...)
	}
	if redirect, at := filter.RequestRedirect, path.Child("requestRedirect"); redirect != nil {
		refusals = append(refusals, validateRouteHostname(redirect.Hostname, at.Child("hostname"))...)
		refusals = append(refusals, validateReplacement(redirect.Path, at.Child("path"))...)
	}
	refusals = append(refusals, validateHeaderModifier(r, filter.RequestHeaderModifier, DirectResponse500, path.Child("requestHeaderModifier"))...)
	return append(refusals, validateHeaderModifier(r, filter.ResponseHeaderModifier, DirectResponse500, path.Child("responseHeaderModifier"))...)
}

// maxLabel is the longest label of a hostname.
const maxLabel = 63

func validateRouteHostname(given *gwapiv1.PreciseHostname, path *field.Path) []Refusal {
	hostname := string(ptr.Deref(given, ""))
	if isAddress(hostname) {
		return refusal(DirectResponse500, field.Invalid(path, hostname, "must not be an IP address"))
	}
	for label := range strings.SplitSeq(hostname, ".") {
		if len(label) > maxLabel {
			return refusal(DirectResponse500, field.Invalid(path, hostname, fmt.Sprintf("must have no label of more than %d characters", maxLabel)))
		}
	}
	return nil
}

func validateReplacement(replacement *gwapiv1.HTTPPathModifier, path *field.Path) []Refusal {
	if replacement == nil {
		return nil
	}
	return append(headerText(ptr.Deref(replacement.ReplaceFullPath, ""), path.Child("replaceFullPath")),
		headerText(ptr.Deref(replacement.ReplacePrefixMatch, ""), path.Child("replacePrefixMatch"))...)
}

// headerValue is what a filter may write into a header.
var headerValue = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[!-~]+([\t ]?[!-~]+)*$`)
})

// validatesHeaderValues is since when the values of header filters are looked at.
const validatesHeaderValues behaviour = "1.4"

func validateHeaderModifier(r release, modifier *gwapiv1.HTTPHeaderFilter, consequence Consequence, path *field.Path) []Refusal {
	if modifier == nil {
		return nil
	}
	validate := func(header gwapiv1.HTTPHeader, path *field.Path) []Refusal {
		refusals := validateModifiedName(string(header.Name), consequence, path.Child("name"))
		if r.has(validatesHeaderValues) && !headerValue().MatchString(header.Value) {
			refusals = append(refusals, Refusal{field.Invalid(path.Child("value"), header.Value, "must be visible ASCII characters, with single spaces or tabs between them"), consequence})
		}
		return refusals
	}
	refusals := each(modifier.Add, path.Child("add"), validate)
	refusals = append(refusals, each(modifier.Set, path.Child("set"), validate)...)
	return append(refusals, each(modifier.Remove, path.Child("remove"), func(name string, path *field.Path) []Refusal {
		return append(validateModifiedName(name, consequence, path), headerText(name, path)...)
	})...)
}

func validateModifiedName(name string, consequence Consequence, path *field.Path) []Refusal {
	switch {
	case name == "":
		return notEmpty(name, consequence, path)
	case strings.EqualFold(name, "host"):
		return refusal(consequence, field.Invalid(path, name, "the Host header is changed by a URLRewrite filter"))
	case strings.ContainsAny(name, "/:"):
		return refusal(consequence, field.Invalid(path, name, "must not contain / or :"))
	}
	return nil
}
