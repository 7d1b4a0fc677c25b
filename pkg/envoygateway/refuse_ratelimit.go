package envoygateway

import (
	"net/netip"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"
)

func validateRateLimit(limit *egv1a1.RateLimitSpec, path *field.Path) []Refusal {
	if limit == nil {
		return nil
	}
	var refusals []Refusal
	local, global := limit.Local != nil, limit.Global != nil
	switch ptr.Deref(limit.Type, "") {
	case egv1a1.LocalRateLimitType:
		global = false
		if !local {
			refusals = append(refusals, Refusal{field.Required(path.Child("local"), "needed for type Local"), DirectResponse500})
		}
	case egv1a1.GlobalRateLimitType:
		local = false
		if !global {
			refusals = append(refusals, Refusal{field.Required(path.Child("global"), "needed for type Global"), DirectResponse500})
		}
	}
	if local {
		refusals = append(refusals, validateLocalRateLimit(limit.Local, path.Child("local", "rules"))...)
	}
	if global {
		refusals = append(refusals, each(limit.Global.Rules, path.Child("global", "rules"), validateRateLimitRule)...)
	}
	return refusals
}

// secondsOfUnit has the length of each unit of a rate limit.
var secondsOfUnit = map[egv1a1.RateLimitUnit]int64{
	egv1a1.RateLimitUnitSecond: 1, egv1a1.RateLimitUnitMinute: 60, egv1a1.RateLimitUnitHour: 3600, egv1a1.RateLimitUnitDay: 86400,
	egv1a1.RateLimitUnitWeek: 604800, egv1a1.RateLimitUnitMonth: 2592000, egv1a1.RateLimitUnitYear: 31536000,
}

func validateLocalRateLimit(limit *egv1a1.LocalRateLimit, path *field.Path) []Refusal {
	var refusals []Refusal
	var common *egv1a1.RateLimitRule
	for i := range limit.Rules {
		rule, at := &limit.Rules[i], path.Index(i)
		switch {
		case len(rule.ClientSelectors) > 0:
			refusals = append(refusals, validateRateLimitRule(*rule, at)...)
		case common == nil:
			common = rule
		default:
			refusals = append(refusals, Refusal{field.Forbidden(at, "only one rule may be without clientSelectors"), DirectResponse500})
		}
	}
	if common == nil {
		return refusals
	}
	for i, rule := range limit.Rules {
		if secondsOfUnit[rule.Limit.Unit]%secondsOfUnit[common.Limit.Unit] != 0 {
			refusals = append(refusals, Refusal{field.Invalid(path.Index(i).Child("limit", "unit"), string(rule.Limit.Unit),
				"must be a multiple of the unit of the rule without clientSelectors, "+string(common.Limit.Unit)), DirectResponse500})
		}
	}
	return refusals
}

func validateRateLimitRule(rule egv1a1.RateLimitRule, path *field.Path) []Refusal {
	return each(rule.ClientSelectors, path.Child("clientSelectors"), func(selector egv1a1.RateLimitSelectCondition, path *field.Path) []Refusal {
		refusals := each(selector.Headers, path.Child("headers"), validateRateLimitHeader)
		refusals = append(refusals, each(selector.QueryParams, path.Child("queryParams"), validateRateLimitParameter)...)
		if selector.Path != nil && ptr.Deref(selector.Path.Type, "") == gwapiv1.PathMatchRegularExpression {
			refusals = append(refusals, regularExpression(selector.Path.Value, DirectResponse500, path.Child("path", "value"))...)
		}
		if selector.SourceCIDR != nil {
			refusals = append(refusals, validateCIDR(selector.SourceCIDR.Value, path.Child("sourceCIDR", "value"))...)
		}
		if len(selector.Headers) == 0 && len(selector.Methods) == 0 && selector.Path == nil && selector.SourceCIDR == nil && len(selector.QueryParams) == 0 {
			refusals = append(refusals, Refusal{field.Required(path, "needs one of headers, methods, path, sourceCIDR and queryParams"), DirectResponse500})
		}
		return refusals
	})
}

func validateRateLimitHeader(header egv1a1.HeaderMatch, path *field.Path) []Refusal {
	value := path.Child("value")
	switch ptr.Deref(header.Type, egv1a1.HeaderMatchExact) {
	case egv1a1.HeaderMatchDistinct:
		return validateDistinct(header.Value, header.Invert, path)
	case egv1a1.HeaderMatchRegularExpression:
		if header.Value != nil {
			return regularExpression(*header.Value, DirectResponse500, value)
		}
	}
	if header.Value == nil {
		return refusal(DirectResponse500, field.Required(value, "needed unless type is Distinct"))
	}
	return nil
}

func validateRateLimitParameter(parameter egv1a1.QueryParamMatch, path *field.Path) []Refusal {
	kind := ptr.Deref(parameter.Type, egv1a1.QueryParamMatchExact)
	switch {
	case kind == egv1a1.QueryParamMatchDistinct:
		return validateDistinct(parameter.Value, parameter.Invert, path)
	case ptr.Deref(parameter.Value, "") == "":
		return refusal(DirectResponse500, field.Required(path.Child("value"), "needed unless type is Distinct"))
	case kind == egv1a1.QueryParamMatchRegularExpression:
		return regularExpression(*parameter.Value, DirectResponse500, path.Child("value"))
	}
	return nil
}

// validateDistinct refuses what a match of each value by itself can't have.
func validateDistinct(value *string, invert *bool, path *field.Path) []Refusal {
	var refusals []Refusal
	if value != nil {
		refusals = append(refusals, Refusal{field.Forbidden(path.Child("value"), "type Distinct counts each value by itself"), DirectResponse500})
	}
	if ptr.Deref(invert, false) {
		refusals = append(refusals, Refusal{field.Forbidden(path.Child("invert"), "type Distinct counts each value by itself"), DirectResponse500})
	}
	return refusals
}

func validateCIDR(value string, path *field.Path) []Refusal {
	if _, err := netip.ParsePrefix(value); err != nil {
		return refusal(DirectResponse500, field.Invalid(path, value, "must be a CIDR, such as 192.0.2.0/24 or 2001:db8::/32"))
	}
	return nil
}
