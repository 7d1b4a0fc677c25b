package envoygateway

import (
	"regexp"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	"k8s.io/utils/ptr"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// refuseHTTP returns why Envoy Gateway drops a rule of an HTTPRoute, or nil
// (processHTTPRouteRule in internal/gatewayapi/route.go).
func refuseHTTP(r *rule, f filtered) *Cause {
	cause := func(path string, reason Reason, message string) *Cause {
		return &Cause{Source: Source{Object: r.source.Object, Path: r.source.Path + path}, Reason: reason, Message: message}
	}
	for i, match := range r.http.Matches {
		path := at(".matches", i)
		if match.Path != nil && ptr.Deref(match.Path.Type, "") == gwapiv1.PathMatchRegularExpression {
			if message := invalid(ptr.Deref(match.Path.Value, "")); message != "" {
				return cause(path+".path.value", ReasonUnsupportedValue, message)
			}
		}
		for j, header := range match.Headers {
			if ptr.Deref(header.Type, "") == gwapiv1.HeaderMatchRegularExpression {
				if message := invalid(header.Value); message != "" {
					return cause(at(path+".headers", j)+".value", ReasonUnsupportedValue, message)
				}
			}
		}
		for j, parameter := range match.QueryParams {
			if ptr.Deref(parameter.Type, "") == gwapiv1.QueryParamMatchRegularExpression {
				if message := invalid(parameter.Value); message != "" {
					return cause(at(path+".queryParams", j)+".value", ReasonUnsupportedValue, message)
				}
			}
		}
	}
	return refuseCookies(r, f)
}

// refuseGRPC returns why Envoy Gateway drops a rule of a GRPCRoute, or nil.
func refuseGRPC(r *rule, f filtered) *Cause {
	for i, match := range r.grpc.Matches {
		path := at(r.source.Path+".matches", i)
		cause := func(field, message string) *Cause {
			return &Cause{Source: Source{Object: r.source.Object, Path: path + field}, Reason: ReasonUnsupportedValue, Message: message}
		}
		for j, header := range match.Headers {
			if ptr.Deref(header.Type, "") == gwapiv1.GRPCHeaderMatchRegularExpression {
				if message := invalid(header.Value); message != "" {
					return cause(at(".headers", j)+".value", message)
				}
			}
		}
		if match.Method == nil || ptr.Deref(match.Method.Type, "") != gwapiv1.GRPCMethodMatchRegularExpression {
			continue
		}
		if message := invalid(ptr.Deref(match.Method.Service, "")); message != "" {
			return cause(".method.service", message)
		}
		if message := invalid(ptr.Deref(match.Method.Method, "")); message != "" {
			return cause(".method.method", message)
		}
	}
	return refuseCookies(r, f)
}

func refuseCookies(r *rule, f filtered) *Cause {
	for _, match := range f.matches {
		for _, cookie := range match.Cookies {
			if ptr.Deref(cookie.Type, "") == egv1a1.CookieMatchRegularExpression {
				if message := invalid(cookie.Value); message != "" {
					return &Cause{Source: r.source, Reason: ReasonUnsupportedValue, Message: message}
				}
			}
		}
	}
	return nil
}

// invalid says what is wrong with a regular expression. Envoy's are RE2's, and so
// are Go's.
func invalid(expression string) string {
	if _, err := regexp.Compile(expression); err != nil {
		return err.Error()
	}
	return ""
}
