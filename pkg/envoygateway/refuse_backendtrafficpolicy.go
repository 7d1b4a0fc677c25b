package envoygateway

import (
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"sync"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"
)

func validateBackendTrafficPolicy(r release, spec *egv1a1.BackendTrafficPolicySpec, path *field.Path) []Refusal {
	refusals := validateClusterSettings(r, &spec.ClusterSettings, path)
	refusals = append(refusals, validateRateLimit(spec.RateLimit, path.Child("rateLimit"))...)
	refusals = append(refusals, validateBandwidthLimit(spec.BandwidthLimit, path.Child("bandwidthLimit"))...)
	refusals = append(refusals, validateCompression(spec, path)...)
	refusals = append(refusals, validateFaultInjection(spec.FaultInjection, path.Child("faultInjection"))...)
	refusals = append(refusals, each(spec.ResponseOverride, path.Child("responseOverride"), validateResponseOverride)...)
	refusals = append(refusals, each(spec.HTTPUpgrade, path.Child("httpUpgrade"), validateHTTPUpgrade)...)
	refusals = append(refusals, validateRequestBuffer(spec.RequestBuffer, path.Child("requestBuffer"))...)
	return append(refusals, validateTelemetry(spec.Telemetry, path.Child("telemetry"))...)
}

// secondsOf has the length of each unit of a bandwidth limit.
var secondsOf = map[egv1a1.BandwidthLimitUnit]int64{
	egv1a1.BandwidthLimitUnitSecond: 1, egv1a1.BandwidthLimitUnitMinute: 60, egv1a1.BandwidthLimitUnitHour: 3600,
}

func validateBandwidthLimit(limit *egv1a1.BandwidthLimitSpec, path *field.Path) []Refusal {
	if limit == nil {
		return nil
	}
	var refusals []Refusal
	// Envoy's limit is in whole KiB a second.
	validate := func(value egv1a1.BandwidthLimitValue, path *field.Path) {
		refusals = append(refusals, quantity(&value.Value, 1024*secondsOf[value.Unit], math.MaxInt64, path.Child("limit", "value"))...)
	}
	if limit.Request != nil {
		validate(limit.Request.Limit, path.Child("request"))
	}
	if limit.Response != nil {
		validate(limit.Response.Limit, path.Child("response"))
	}
	return refusals
}

// validateCompression refuses a compressor that is there twice: Envoy has one of each
// type, and Envoy Gateway fails where the route has a bandwidth limit too.
func validateCompression(spec *egv1a1.BackendTrafficPolicySpec, path *field.Path) []Refusal {
	list, at := spec.Compression, path.Child("compression")
	needsBlock := len(spec.Compressor) > 0
	if needsBlock {
		list, at = spec.Compressor, path.Child("compressor")
	}
	consequence := Dropped
	if spec.BandwidthLimit != nil {
		consequence = Frozen
	}
	known := map[egv1a1.CompressorType]bool{}
	return each(list, at, func(compression *egv1a1.Compression, path *field.Path) []Refusal {
		if block := blockOf(compression); needsBlock && block != "" {
			return refusal(Dropped, field.Required(path.Child(block), "needed for type "+string(compression.Type)))
		}
		if !known[compression.Type] {
			known[compression.Type] = true
			return nil
		}
		return refusal(consequence, field.Duplicate(path.Child("type"), string(compression.Type)))
	})
}

// blockOf names the block that a compressor of a type needs and does not have.
func blockOf(compression *egv1a1.Compression) string {
	switch {
	case compression.Type == egv1a1.GzipCompressorType && compression.Gzip == nil:
		return "gzip"
	case compression.Type == egv1a1.BrotliCompressorType && compression.Brotli == nil:
		return "brotli"
	case compression.Type == egv1a1.ZstdCompressorType && compression.Zstd == nil:
		return "zstd"
	}
	return ""
}

func validateFaultInjection(fault *egv1a1.FaultInjection, path *field.Path) []Refusal {
	if fault == nil {
		return nil
	}
	var refusals []Refusal
	if fault.Delay != nil {
		refusals = append(refusals, longerThan(0, fault.Delay.FixedDelay, Frozen, path.Child("delay", "fixedDelay"))...)
	}
	if fault.Abort != nil && ptr.Deref(fault.Abort.HTTPStatus, 0) == 600 {
		refusals = append(refusals, Refusal{field.Invalid(path.Child("abort", "httpStatus"), 600, "must be between 200 and 599"), Frozen})
	}
	return refusals
}

func validateResponseOverride(override *egv1a1.ResponseOverride, path *field.Path) []Refusal {
	if override == nil {
		return nil
	}
	var refusals []Refusal
	if len(override.Match.StatusCodes) == 0 && len(override.Match.ResponseHeaders) == 0 {
		refusals = append(refusals, Refusal{field.Required(path.Child("match"), "needs statusCodes or responseHeaders"), Frozen})
	}
	if override.Redirect != nil {
		refusals = append(refusals, validateReplacement(override.Redirect.Path, path.Child("redirect", "path"))...)
	}
	if response := override.Response; response != nil {
		at := path.Child("response")
		if code := response.StatusCode; code != nil && (*code < 200 || *code > 599) {
			refusals = append(refusals, Refusal{field.Invalid(at.Child("statusCode"), *code, "must be between 200 and 599"), Frozen})
		}
		if response.ContentType != nil {
			refusals = append(refusals, validateContentType(*response.ContentType, at.Child("contentType"))...)
		}
		refusals = append(refusals, validateResponseBody(response.Body, at.Child("body"))...)
		refusals = append(refusals, validateAddedHeaders(response.Header, at.Child("header"))...)
	}
	return refusals
}

func validateResponseBody(body *egv1a1.CustomResponseBody, path *field.Path) []Refusal {
	if body != nil && ptr.Deref(body.Type, "") == egv1a1.ResponseValueTypeValueRef && body.ValueRef == nil {
		return refusal(Frozen, field.Required(path.Child("valueRef"), "needed for type ValueRef"))
	}
	return nil
}

func validateHTTPUpgrade(upgrade *egv1a1.ProtocolUpgradeConfig, path *field.Path) []Refusal {
	if upgrade == nil {
		return nil
	}
	refusals := notEmpty(upgrade.Type, Frozen, path.Child("type"))
	return append(refusals, headerText(upgrade.Type, path.Child("type"))...)
}

func validateRequestBuffer(buffer *egv1a1.RequestBuffer, path *field.Path) []Refusal {
	if buffer == nil {
		return nil
	}
	limit := path.Child("limit")
	if buffer.Limit.IsZero() {
		return refusal(Frozen, field.Required(limit, "must be at least 1 byte"))
	}
	return quantity(&buffer.Limit, 1, maxUint32, limit)
}

// routeStatOperators are what a statistic's name may contain between percent signs.
var routeStatOperators = []string{
	egv1a1.StatFormatterRouteName, egv1a1.StatFormatterRouteNamespace, egv1a1.StatFormatterRouteKind, egv1a1.StatFormatterRouteRuleName,
}

var statOperator = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile("%[^%]*%")
})

func validateTelemetry(telemetry *egv1a1.BackendTelemetry, path *field.Path) []Refusal {
	if telemetry == nil {
		return nil
	}
	var refusals []Refusal
	if telemetry.Metrics != nil {
		refusals = append(refusals, validateStatName(ptr.Deref(telemetry.Metrics.RouteStatName, ""), path.Child("metrics", "routeStatName"))...)
	}
	if telemetry.Tracing != nil {
		refusals = append(refusals, validateTracing(telemetry.Tracing, path.Child("tracing"))...)
	}
	return refusals
}

func validateStatName(name string, path *field.Path) []Refusal {
	operators := statOperator().FindAllString(name, -1)
	supported := !slices.ContainsFunc(operators, func(operator string) bool { return !slices.Contains(routeStatOperators, operator) })
	if supported && (len(operators) > 0 || !strings.Contains(name, "%")) {
		return nil
	}
	return refusal(DirectResponse500, field.Invalid(path, name, "may have between percent signs: "+strings.Join(routeStatOperators, ", ")))
}

func validateTracing(tracing *egv1a1.Tracing, path *field.Path) []Refusal {
	var refusals []Refusal
	for _, name := range slices.Sorted(maps.Keys(tracing.CustomTags)) {
		if _, replaced := tracing.Tags[name]; !replaced {
			refusals = append(refusals, validateCustomTag(name, tracing.CustomTags[name], path.Child("customTags"))...)
		} else {
			refusals = append(refusals, validateTagSource(tracing.CustomTags[name], path.Child("customTags").Key(name))...)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(tracing.Tags)) {
		refusals = append(refusals, notEmpty(name, Frozen, path.Child("tags").Key(name))...)
	}
	return refusals
}

// validateTagSource refuses a tag whose type names a source that is not there.
func validateTagSource(tag egv1a1.CustomTag, path *field.Path) []Refusal {
	sources := map[egv1a1.CustomTagType]struct {
		name  string
		given bool
	}{
		egv1a1.CustomTagTypeLiteral:       {"literal", tag.Literal != nil},
		egv1a1.CustomTagTypeEnvironment:   {"environment", tag.Environment != nil},
		egv1a1.CustomTagTypeRequestHeader: {"requestHeader", tag.RequestHeader != nil},
	}
	if source := sources[tag.Type]; !source.given {
		return refusal(Frozen, field.Required(path.Child(source.name), "needed for type "+string(tag.Type)))
	}
	return nil
}

func validateCustomTag(name string, tag egv1a1.CustomTag, path *field.Path) []Refusal {
	at := path.Key(name)
	refusals := notEmpty(name, Frozen, at)
	if missing := validateTagSource(tag, at); len(missing) > 0 {
		return append(refusals, missing...)
	}
	switch tag.Type {
	case egv1a1.CustomTagTypeLiteral:
		refusals = append(refusals, notEmpty(tag.Literal.Value, Frozen, at.Child("literal", "value"))...)
	case egv1a1.CustomTagTypeEnvironment:
		refusals = append(refusals, notEmpty(tag.Environment.Name, Frozen, at.Child("environment", "name"))...)
	case egv1a1.CustomTagTypeRequestHeader:
		refusals = append(refusals, notEmpty(tag.RequestHeader.Name, Frozen, at.Child("requestHeader", "name"))...)
		refusals = append(refusals, headerText(tag.RequestHeader.Name, at.Child("requestHeader", "name"))...)
	}
	return refusals
}
