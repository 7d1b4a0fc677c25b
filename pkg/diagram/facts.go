package diagram

import (
	"fmt"
	"strings"
	"time"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	"k8s.io/utils/ptr"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/failover-krm/failover/pkg/check"
	"github.com/failover-krm/failover/pkg/envoy"
)

// matchesOf writes the matches of a rule in short, those of most first.
func matchesOf(failover check.Failover) []string {
	kind, rule, at := failover.Route.Kind, failover.OfRule, failover.At
	var texts []string
	for _, match := range rule.HTTPMatches {
		texts = append(texts, httpMatch(match))
	}
	for _, match := range rule.GRPCMatches {
		texts = append(texts, grpcMatch(match))
	}
	const most = 4
	switch {
	case kind == "TCPRoute":
		return []string{"every connection"}
	case kind == "TLSRoute" && at != nil && at.Terminates:
		return []string{"every connection, decrypted by the Gateway"}
	case kind == "TLSRoute" && (at == nil || at.Listener == ""):
		return []string{"every connection"}
	case kind == "TLSRoute":
		return []string{"every connection, passed through"}
	case len(texts) == 0:
		return []string{"every request"}
	case len(texts) > most:
		return append(texts[:most-1], fmt.Sprintf("and %d more matches", len(texts)-most+1))
	}
	return texts
}

func httpMatch(match gwapiv1.HTTPRouteMatch) string {
	var parts []string
	if match.Method != nil {
		parts = append(parts, string(*match.Method))
	}
	if path := match.Path; path != nil {
		value := ptr.Deref(path.Value, "/")
		switch ptr.Deref(path.Type, gwapiv1.PathMatchPathPrefix) {
		case gwapiv1.PathMatchExact:
			parts = append(parts, "path "+value)
		case gwapiv1.PathMatchRegularExpression:
			parts = append(parts, "path like "+value)
		default:
			if value != "/" {
				parts = append(parts, "path prefix "+value)
			}
		}
	}
	for _, header := range match.Headers {
		parts = append(parts, valueMatch(string(header.Name), ": ", header.Value, header.Type))
	}
	for _, query := range match.QueryParams {
		parts = append(parts, valueMatch("?"+string(query.Name), "=", query.Value, query.Type))
	}
	if len(parts) == 0 {
		return "every request"
	}
	return strings.Join(parts, ", ")
}

// valueMatch writes what a header or a query parameter must be.
func valueMatch[T gwapiv1.HeaderMatchType | gwapiv1.QueryParamMatchType | gwapiv1.GRPCHeaderMatchType](name, is, value string, by *T) string {
	if by != nil && string(*by) == string(gwapiv1.HeaderMatchRegularExpression) {
		return name + " like " + value
	}
	return name + is + value
}

func grpcMatch(match gwapiv1.GRPCRouteMatch) string {
	var parts []string
	if method := match.Method; method != nil {
		like := ""
		if ptr.Deref(method.Type, gwapiv1.GRPCMethodMatchExact) == gwapiv1.GRPCMethodMatchRegularExpression {
			like = "methods like "
		}
		parts = append(parts, like+ptr.Deref(method.Service, "any service")+"/"+ptr.Deref(method.Method, "any method"))
	}
	for _, header := range match.Headers {
		parts = append(parts, valueMatch(string(header.Name), ": ", header.Value, header.Type))
	}
	if len(parts) == 0 {
		return "every call"
	}
	return strings.Join(parts, ", ")
}

// settingsOf writes the policy in effect in a few words, a line for each means.
func settingsOf(failover check.Failover) []string {
	settings := envoy.SettingsOf(failover.Route.Kind, *failover.OfRule, *failover.At, failover.EnvoyGateway)
	lines := []string{checkLine(settings.Check, failover.At.ClusterPolicy.Spec), ejectionLine(settings.Outlier), retryLine(settings)}
	timeouts := "timeouts: connect " + short(settings.ConnectTimeout)
	if !settings.Connections {
		timeouts += ", request " + orNone(settings.RequestTimeout)
	}
	return append(lines, timeouts)
}

func checkLine(settings *envoy.HealthCheck, spec *egv1a1.BackendTrafficPolicySpec) string {
	if settings == nil {
		return "no active check"
	}
	active, what := spec.HealthCheck.Active, ""
	switch active.Type {
	case egv1a1.ActiveHealthCheckerTypeHTTP:
		what = "HTTP"
		if active.HTTP != nil {
			what += " " + active.HTTP.Path
		}
	case egv1a1.ActiveHealthCheckerTypeGRPC:
		what = "gRPC"
	default:
		what = "TCP"
	}
	return fmt.Sprintf("active check: %s, every %s, out after %d", what, short(settings.Interval), settings.Unhealthy)
}

func ejectionLine(outlier *envoy.OutlierDetection) string {
	if outlier == nil {
		return "no passive check"
	}
	var after []string
	for _, reason := range []struct {
		count  int
		format string
	}{
		{outlier.Consecutive5xx, "%d errors in a row"},
		{outlier.ConsecutiveGatewayErrors, "%d gateway errors"},
		{outlier.FailurePercentage, "%d %% errors"},
	} {
		if reason.count > 0 {
			text := fmt.Sprintf(reason.format, reason.count)
			if reason.count == 1 {
				text = strings.NewReplacer("errors in a row", "error", "errors", "error").Replace(text)
			}
			after = append(after, text)
		}
	}
	if outlier.SplitLocalOrigin && outlier.ConsecutiveLocalOrigin > 0 {
		after = append(after, fmt.Sprintf("%d failed connections", outlier.ConsecutiveLocalOrigin))
	}
	if len(after) == 0 {
		return "passive check: ejects nothing"
	}
	const all = 100
	text := fmt.Sprintf("ejects after %s, for %s", strings.Join(after, " or "), short(outlier.BaseEjectionTime))
	if outlier.MaxEjectionPercent < all {
		text += fmt.Sprintf(", up to %d %% of the hosts", outlier.MaxEjectionPercent)
	}
	return text
}

func retryLine(settings envoy.Settings) string {
	retry := settings.Retry
	switch {
	case settings.Connections:
		return "connections are not retried"
	case retry == nil || retry.NumRetries == 0:
		return "no retry"
	}
	times := "once"
	if retry.NumRetries > 1 {
		times = fmt.Sprintf("up to %d times", retry.NumRetries)
	}
	if retry.AttemptsPerPriority > 0 && retry.AttemptsPerPriority <= retry.NumRetries {
		times += ", on the next tier"
	} else {
		times += ", in any tier that is up"
	}
	return "retries " + times
}

// short writes a duration without what is zero, with a space before the unit.
func short(d time.Duration) string {
	switch {
	case d%time.Minute == 0 && d >= time.Minute:
		return fmt.Sprintf("%d min", d/time.Minute)
	case d%time.Second == 0:
		return fmt.Sprintf("%d s", d/time.Second)
	case d > time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return fmt.Sprintf("%d ms", d.Milliseconds())
}

func orNone(d time.Duration) string {
	if d == 0 {
		return "none"
	}
	return short(d)
}
