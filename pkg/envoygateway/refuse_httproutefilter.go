package envoygateway

import (
	"regexp"
	"sync"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"
)

func validateHTTPRouteFilter(_ release, spec *egv1a1.HTTPRouteFilterSpec, path *field.Path) []Refusal {
	var refusals []Refusal
	if spec.URLRewrite != nil {
		refusals = append(refusals, validateURLRewrite(spec.URLRewrite, spec.DirectResponse != nil, path.Child("urlRewrite"))...)
	}
	if spec.DirectResponse != nil {
		refusals = append(refusals, validateDirectResponse(spec.DirectResponse, path.Child("directResponse"))...)
	}
	if spec.CredentialInjection != nil {
		refusals = append(refusals, validateCredentialInjection(spec.CredentialInjection, path.Child("credentialInjection"))...)
	}
	return append(refusals, each(spec.Matches, path.Child("matches"), func(match egv1a1.HTTPRouteMatchFilter, path *field.Path) []Refusal {
		return each(match.Cookies, path.Child("cookies"), func(cookie egv1a1.HTTPCookieMatch, path *field.Path) []Refusal {
			if cookie.Type == nil || *cookie.Type != egv1a1.CookieMatchRegularExpression {
				return nil
			}
			return regularExpression(cookie.Value, NotFound404, path.Child("value"))
		})
	})...)
}

// validateURLRewrite knows whether the filter answers the request itself, when
// Envoy gets no rewrite.
func validateURLRewrite(rewrite *egv1a1.HTTPURLRewriteFilter, answered bool, path *field.Path) []Refusal {
	var refusals []Refusal
	if rewrite.Path != nil && rewrite.Path.ReplaceRegexMatch != nil {
		replace, at := rewrite.Path.ReplaceRegexMatch, path.Child("path", "replaceRegexMatch")
		refusals = append(refusals, regularExpression(replace.Pattern, DirectResponse500, at.Child("pattern"))...)
		refusals = append(refusals, notEmpty(replace.Substitution, Frozen, at.Child("substitution"))...)
		if !answered {
			refusals = append(refusals, headerText(replace.Substitution, at.Child("substitution"))...)
		}
	}
	if rewrite.Hostname != nil {
		at := path.Child("hostname")
		if rewrite.Hostname.Header != nil && !answered {
			refusals = append(refusals, headerText(*rewrite.Hostname.Header, at.Child("header"))...)
		}
		if rewrite.Hostname.PathRegex != nil {
			refusals = append(refusals, regularExpression(rewrite.Hostname.PathRegex.Pattern, DirectResponse500, at.Child("pathRegex", "pattern"))...)
		}
	}
	return refusals
}

// headerName is what a header may be called.
var headerName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile("^:?[0-9a-zA-Z!#$%&'*+-.^_|~`]+$")
})

func validateCredentialInjection(injection *egv1a1.HTTPCredentialInjectionFilter, path *field.Path) []Refusal {
	var refusals []Refusal
	if header := ptr.Deref(injection.Header, ""); header != "" && !headerName().MatchString(header) {
		refusals = append(refusals, Refusal{field.Invalid(path.Child("header"), header, "must be the name of a header"), Frozen})
	}
	return append(refusals, validateSecretRef(injection.Credential.ValueRef, DirectResponse500, path.Child("credential", "valueRef"))...)
}

func validateDirectResponse(response *egv1a1.HTTPDirectResponseFilter, path *field.Path) []Refusal {
	var refusals []Refusal
	if code := response.StatusCode; code != nil && (*code < 200 || *code > 599) {
		refusals = append(refusals, Refusal{field.Invalid(path.Child("statusCode"), *code, "must be between 200 and 599"), Frozen})
	}
	if response.ContentType != nil {
		refusals = append(refusals, validateContentType(*response.ContentType, path.Child("contentType"))...)
	}
	refusals = append(refusals, validateResponseBody(response.Body, path.Child("body"))...)
	refusals = append(refusals, validateAddedHeaders(response.Header, path.Child("header"))...)
	return append(refusals, validateHeadersOnce(response, path)...)
}

// maxHeaderValue is the longest value of a header, in bytes.
const maxHeaderValue = 16384

func validateContentType(value string, path *field.Path) []Refusal {
	if len(value) > maxHeaderValue {
		return refusal(Frozen, field.TooLong(path, "", maxHeaderValue))
	}
	return headerText(value, path)
}

// validateHeadersOnce refuses a header of a direct response that is there twice.
func validateHeadersOnce(response *egv1a1.HTTPDirectResponseFilter, path *field.Path) []Refusal {
	var refusals []Refusal
	known := map[string]bool{"Content-Type": response.ContentType != nil}
	see := func(headers []gwapiv1.HTTPHeader, path *field.Path) {
		for i, header := range headers {
			name := string(header.Name)
			if known[name] {
				refusals = append(refusals, Refusal{field.Duplicate(path.Index(i).Child("name"), name), Frozen})
			}
			known[name] = true
		}
	}
	if response.Header != nil {
		see(response.Header.Add, path.Child("header", "add"))
		see(response.Header.Set, path.Child("header", "set"))
	}
	return refusals
}

// validateAddedHeaders refuses values that Envoy would not send.
func validateAddedHeaders(headers *gwapiv1.HTTPHeaderFilter, path *field.Path) []Refusal {
	if headers == nil {
		return nil
	}
	validate := func(header gwapiv1.HTTPHeader, path *field.Path) []Refusal {
		return headerText(header.Value, path.Child("value"))
	}
	return append(each(headers.Add, path.Child("add"), validate), each(headers.Set, path.Child("set"), validate)...)
}
