package envoygateway

import (
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"time"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"
)

func validateClusterSettings(r release, settings *egv1a1.ClusterSettings, path *field.Path) []Refusal {
	refusals := validateLoadBalancer(settings.LoadBalancer, path.Child("loadBalancer"))
	refusals = append(refusals, validateRetry(settings.Retry, path.Child("retry"))...)
	refusals = append(refusals, validateHealthCheck(r, settings.HealthCheck, path.Child("healthCheck"))...)
	refusals = append(refusals, validateConnection(settings.Connection, path.Child("connection"))...)
	refusals = append(refusals, validateHTTP2(settings.HTTP2, path.Child("http2"))...)
	if settings.Timeout != nil && settings.Timeout.TCP != nil {
		refusals = append(refusals, longerThan(0, settings.Timeout.TCP.ConnectTimeout, Frozen, path.Child("timeout", "tcp", "connectTimeout"))...)
	}
	if settings.DNS != nil {
		refusals = append(refusals, longerThan(time.Millisecond, settings.DNS.DNSRefreshRate, Frozen, path.Child("dns", "dnsRefreshRate"))...)
	}
	return refusals
}

func validateLoadBalancer(balancer *egv1a1.LoadBalancer, path *field.Path) []Refusal {
	if balancer == nil || balancer.ConsistentHash == nil {
		return nil
	}
	return validateConsistentHash(balancer.ConsistentHash, path.Child("consistentHash"))
}

// maxTableSize is the largest table of Envoy's Maglev.
const maxTableSize = 5000011

func validateConsistentHash(hash *egv1a1.ConsistentHash, path *field.Path) []Refusal {
	var refusals []Refusal
	if size := hash.TableSize; size != nil && (*size > maxTableSize || !big.NewInt(int64(*size)).ProbablyPrime(0)) {
		refusals = append(refusals, Refusal{field.Invalid(path.Child("tableSize"), *size, fmt.Sprintf("must be a prime number, at most %d", maxTableSize)), DirectResponse500})
	}
	name := func(name string, path *field.Path) {
		refusals = append(refusals, notEmpty(name, Frozen, path)...)
		refusals = append(refusals, headerText(name, path)...)
	}
	switch hash.Type {
	case egv1a1.HeaderConsistentHashType:
		if hash.Header != nil {
			name(hash.Header.Name, path.Child("header", "name"))
		}
	case egv1a1.HeadersConsistentHashType:
		for i, header := range hash.Headers {
			name(header.Name, path.Child("headers").Index(i).Child("name"))
		}
	case egv1a1.CookieConsistentHashType:
		if hash.Cookie != nil {
			refusals = append(refusals, validateCookie(hash.Cookie, path.Child("cookie"))...)
		}
	case egv1a1.QueryParamsConsistentHashType:
		for i, parameter := range hash.QueryParams {
			refusals = append(refusals, notEmpty(parameter.Name, Frozen, path.Child("queryParams").Index(i).Child("name"))...)
		}
	}
	return refusals
}

// maxCookieAttribute is the longest name or value of an attribute, in bytes.
const maxCookieAttribute = 16384

func validateCookie(cookie *egv1a1.Cookie, path *field.Path) []Refusal {
	refusals := notEmpty(cookie.Name, Frozen, path.Child("name"))
	for _, name := range slices.Sorted(maps.Keys(cookie.Attributes)) {
		at := path.Child("attributes").Key(name)
		refusals = append(refusals, notEmpty(name, Frozen, at)...)
		for _, text := range []string{name, cookie.Attributes[name]} {
			refusals = append(refusals, headerText(text, at)...)
			if len(text) > maxCookieAttribute {
				refusals = append(refusals, Refusal{field.TooLong(at, "", maxCookieAttribute), Frozen})
			}
		}
	}
	return refusals
}

func validateRetry(retry *egv1a1.Retry, path *field.Path) []Refusal {
	if retry == nil || retry.PerRetry == nil || retry.PerRetry.BackOff == nil {
		return nil
	}
	backOff, at := retry.PerRetry.BackOff, path.Child("perRetry", "backOff")
	refusals := longerThan(0, backOff.BaseInterval, DirectResponse500, at.Child("baseInterval"))
	refusals = append(refusals, longerThan(0, backOff.MaxInterval, DirectResponse500, at.Child("maxInterval"))...)
	base, maximum := duration(backOff.BaseInterval), duration(backOff.MaxInterval)
	switch {
	case len(refusals) > 0 || maximum == nil:
	case base == nil:
		refusals = append(refusals, Refusal{field.Required(at.Child("baseInterval"), "needed together with maxInterval"), Frozen})
	case *base > *maximum:
		refusals = append(refusals, Refusal{field.Invalid(at.Child("maxInterval"), string(*backOff.MaxInterval),
			"must not be shorter than baseInterval, "+string(*backOff.BaseInterval)), DirectResponse500})
	}
	return refusals
}

// healthCheckMethods are the methods of requests that an active check may send.
var healthCheckMethods = []string{"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"}

func validateHealthCheck(r release, check *egv1a1.HealthCheck, path *field.Path) []Refusal {
	if check == nil {
		return nil
	}
	var refusals []Refusal
	if passive, at := check.Passive, path.Child("passive"); passive != nil {
		refusals = append(refusals, longerThan(0, passive.BaseEjectionTime, Frozen, at.Child("baseEjectionTime"))...)
		refusals = append(refusals, longerThan(0, passive.Interval, Frozen, at.Child("interval"))...)
		if percent := ptr.Deref(passive.MaxEjectionPercent, 0); percent < 0 || percent > 100 { // the CRDs have no maximum before 1.8
			refusals = append(refusals, Refusal{field.Invalid(at.Child("maxEjectionPercent"), percent, "must be between 0 and 100"), Frozen})
		}
	}
	if active, at := check.Active, path.Child("active"); active != nil {
		refusals = append(refusals, longerThan(0, active.Timeout, Frozen, at.Child("timeout"))...)
		refusals = append(refusals, longerThan(0, active.Interval, Frozen, at.Child("interval"))...)
		if active.Overrides != nil && active.Overrides.Port == 0 {
			refusals = append(refusals, Refusal{field.Required(at.Child("overrides", "port"), "must be between 1 and 65535"), Frozen})
		}
		if active.HTTP != nil {
			refusals = append(refusals, validateHTTPCheck(r, active.HTTP, at.Child("http"))...)
		}
		if active.TCP != nil {
			refusals = append(refusals, validatePayload(active.TCP.Send, at.Child("tcp", "send"))...)
			refusals = append(refusals, validatePayload(active.TCP.Receive, at.Child("tcp", "receive"))...)
		}
	}
	return refusals
}

// refusesControlCharacters is since when an active check's path must have no
// control characters at all.
const refusesControlCharacters behaviour = "1.8"

func validateHTTPCheck(r release, check *egv1a1.HTTPActiveHealthChecker, path *field.Path) []Refusal {
	refusals := headerText(check.Path, path.Child("path"))
	if len(refusals) == 0 && r.has(refusesControlCharacters) && strings.ContainsFunc(check.Path, isControl) {
		refusals = refusal(Frozen, field.Invalid(path.Child("path"), check.Path, "must not contain control characters"))
	}
	if method := ptr.Deref(check.Method, ""); method != "" && !slices.Contains(healthCheckMethods, strings.ToUpper(method)) {
		refusals = append(refusals, Refusal{field.NotSupported(path.Child("method"), method, healthCheckMethods), Frozen})
	}
	refusals = append(refusals, validatePayload(check.ExpectedResponse, path.Child("expectedResponse"))...)
	return append(refusals, validatePayload(check.RequestBody, path.Child("requestBody"))...)
}

// isControl tells whether a character is a control character other than a tab.
func isControl(character rune) bool {
	return character < ' ' && character != '\t' || character == 0x7f
}

func validatePayload(payload *egv1a1.ActiveHealthCheckPayload, path *field.Path) []Refusal {
	switch {
	case payload == nil:
		return nil
	case payload.Type == egv1a1.ActiveHealthCheckPayloadTypeText:
		return notEmpty(ptr.Deref(payload.Text, ""), Frozen, path.Child("text"))
	default:
		return notEmpty(string(payload.Binary), Frozen, path.Child("binary"))
	}
}

// maxPreconnect is Envoy's largest ratio of connections to requests.
const maxPreconnect = 300

func validateConnection(connection *egv1a1.BackendConnection, path *field.Path) []Refusal {
	if connection == nil {
		return nil
	}
	refusals := quantity(connection.BufferLimit, 0, maxUint32, path.Child("bufferLimit"))
	if preconnect := connection.Preconnect; preconnect != nil && ptr.Deref(preconnect.PredictivePercent, 0) > maxPreconnect {
		refusals = append(refusals, Refusal{field.Invalid(path.Child("preconnect", "predictivePercent"), *preconnect.PredictivePercent,
			fmt.Sprintf("must be between 100 and %d", maxPreconnect)), Frozen})
	}
	return refusals
}

// The bounds of HTTP/2's windows, in bytes.
const (
	minWindow = 65535
	maxWindow = 2147483647
)

func validateHTTP2(settings *egv1a1.HTTP2Settings, path *field.Path) []Refusal {
	if settings == nil {
		return nil
	}
	refusals := quantity(settings.InitialStreamWindowSize, minWindow, maxWindow, path.Child("initialStreamWindowSize"))
	return append(refusals, quantity(settings.InitialConnectionWindowSize, minWindow, maxWindow, path.Child("initialConnectionWindowSize"))...)
}
