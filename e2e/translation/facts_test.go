package translation

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/failover-krm/failover/pkg/envoygateway"
)

// facts are what both sides say about a set of manifests: what it is about, and the
// fact.
type facts map[string]string

// difference is a fact that is not the same on both sides; empty where one has none.
type difference struct{ about, model, egctl string }

func (d difference) String() string {
	return fmt.Sprintf("%s:\n      model: %s\n      egctl: %s", d.about, d.model, d.egctl)
}

// differences returns the facts that differ, or that only one side has.
func differences(model, real facts) []difference {
	abouts := slices.Collect(maps.Keys(model))
	abouts = slices.AppendSeq(abouts, maps.Keys(real))
	slices.Sort(abouts)
	var found []difference
	for _, about := range slices.Compact(abouts) {
		if model[about] != real[about] {
			found = append(found, difference{about, model[about], real[about]})
		}
	}
	return found
}

// duration makes durations of Go, Gateway API and protobuf stateable.
func duration(text string) string {
	parsed, err := time.ParseDuration(text)
	if err != nil {
		return text
	}
	return parsed.String()
}

func encode(fields map[string]any) string {
	if fields == nil {
		return ""
	}
	encoded, err := json.Marshal(fields)
	if err != nil {
		panic(err)
	}
	return string(encoded)
}

// put adds a field that has a value.
func put[T any](fields map[string]any, name string, value *T) {
	if value != nil {
		fields[name] = *value
	}
}

// ofModel states what the model says.
func ofModel(result envoygateway.Result, set *manifests) facts {
	stated := facts{}
	for _, route := range result.Routes {
		for _, parent := range route.Parents {
			switch parent.Reason {
			case envoygateway.ReasonOtherController, envoygateway.ReasonUnsupportedParent:
			default:
				stated[fmt.Sprintf("accepted %s %s", route.Object, parent.Path)] = fmt.Sprint(parent.Accepted)
			}
		}
		for i, rule := range route.Rules {
			for _, attachment := range rule.Attachments {
				stated.addAttachment(route, rule, i, attachment)
			}
		}
	}
	stateable := withOneTarget(set)
	for _, policy := range result.Policies {
		if stateable[policy.Object.Namespace+"/"+policy.Object.Name] {
			stated[fmt.Sprintf("policy %s/%s", policy.Object.Namespace, policy.Object.Name)] = attachmentOf(policy.Targets[0])
		}
	}
	return stated
}

// withOneTarget returns the policies with one target: the conditions of several are
// mixed. A Gateway must be among the manifests, since the model takes one elsewhere
// to exist.
func withOneTarget(set *manifests) map[string]bool {
	gateways := map[string]bool{}
	for _, gateway := range set.of("Gateway") {
		gateways[gateway.namespace()+"/"+gateway.name()] = true
	}
	policies := map[string]bool{}
	for _, policy := range set.of("BackendTrafficPolicy") {
		targets := policy.list("spec", "targetRefs")
		if deprecated, isSet := policy.at("spec", "targetRef").(map[string]any); isSet {
			targets = []object{deprecated}
		}
		if len(targets) != 1 || policy.at("spec", "targetSelectors") != nil {
			continue
		}
		if targets[0].text("kind") != "Gateway" || gateways[policy.namespace()+"/"+targets[0].text("name")] {
			policies[policy.namespace()+"/"+policy.name()] = true
		}
	}
	return policies
}

// attachmentOf says whether a policy is attached to its target. Nothing is told of a
// target that Envoy Gateway knows nothing of.
func attachmentOf(target envoygateway.PolicyTarget) string {
	switch {
	case target.Attached:
		return "attached"
	case target.Ignored.Reason == envoygateway.ReasonConflicted || target.Ignored.Reason == envoygateway.ReasonTargetNotFound:
		return string(target.Ignored.Reason)
	default:
		return ""
	}
}

func (f facts) addAttachment(route envoygateway.Route, rule envoygateway.Rule, index int, a envoygateway.Attachment) {
	gateway := a.Gateway.Namespace + "/" + a.Gateway.Name
	isHTTP := route.Object.Kind == "HTTPRoute" || route.Object.Kind == "GRPCRoute"
	if isHTTP {
		about := fmt.Sprintf("rule %s/%s %s/%s/%s/rule/%d ", gateway, a.Listener, strings.ToLower(route.Object.Kind), route.Object.Namespace, route.Object.Name, index)
		f[about+"answer"] = answerOf(a)
		f[about+"hostnames"] = strings.Join(a.Hostnames, " ")
		if a.Outcome == envoygateway.OutcomeCluster || a.Outcome == envoygateway.OutcomeWeightedClusters {
			f[about+"timeout"] = timeoutOf(rule, a.Policy.Spec)
			f[about+"retry"] = retryOf(rule, a.Policy.Spec)
		}
	}
	for _, cluster := range a.Clusters {
		if cluster.Unavailable {
			continue
		}
		about := fmt.Sprintf("cluster %s %s ", gateway, cluster.Name)
		f[about+"hosts"] = hostsOf(cluster)
		spec := a.ClusterPolicy.Spec
		if spec == nil {
			spec = &egv1a1.BackendTrafficPolicySpec{}
		}
		f[about+"outlierDetection"] = outlierDetectionOf(spec)
		f[about+"healthCheck"] = healthCheckOf(spec)
		f[about+"circuitBreakers"] = circuitBreakersOf(spec)
		f[about+"connectTimeout"] = connectTimeoutOf(spec)
		f[about+"panicThreshold"] = panicThresholdOf(spec)
	}
}

func answerOf(a envoygateway.Attachment) string {
	switch a.Outcome {
	case envoygateway.OutcomeCluster:
		return "cluster " + a.Clusters[0].Name
	case envoygateway.OutcomeWeightedClusters:
		var clusters []string
		status := 500
		for _, cluster := range a.Clusters {
			clusters = append(clusters, fmt.Sprintf("%s:%d", cluster.Name, cluster.Weight))
			if cluster.Unavailable {
				status = cluster.Status
			}
		}
		return fmt.Sprintf("weighted clusters %s, else %d", strings.Join(clusters, " "), status)
	case envoygateway.OutcomeDirectResponse:
		return fmt.Sprintf("direct response %d", a.Status)
	default:
		return "redirect"
	}
}

func hostsOf(cluster envoygateway.Cluster) string {
	var localities []string
	for _, tier := range cluster.Tiers {
		for i, backend := range tier.Backends {
			if backend.Dynamic && i == 0 {
				return "dynamic"
			}
			var hosts []string
			for _, host := range backend.Hosts {
				hosts = append(hosts, fmt.Sprintf("%s:%d", host.Address, host.Port))
			}
			localities = append(localities, locality(tier.Priority, backend.Weight, hosts))
		}
	}
	return joined(localities)
}

func locality(priority, weight any, hosts []string) string {
	return fmt.Sprintf("priority %s [%s] weight %s", number(priority), strings.Join(hosts, " "), number(weight))
}

// number writes one of JSON without an exponent.
func number(value any) string {
	if value, isFloat := value.(float64); isFloat {
		return strconv.FormatFloat(value, 'f', -1, 64)
	}
	return fmt.Sprint(value)
}

// joined leaves out the weight where there is nothing to weigh it against: one
// backend is a locality for each zone where the policy is zone-aware.
func joined(localities []string) string {
	if len(localities) == 1 {
		alone, _, _ := strings.Cut(localities[0], " weight ")
		return alone
	}
	slices.Sort(localities)
	return strings.Join(localities, ", ")
}

func timeoutOf(rule envoygateway.Rule, spec *egv1a1.BackendTrafficPolicySpec) string {
	if rule.Timeouts != nil {
		if rule.Timeouts.BackendRequest != nil && rule.Retry == nil {
			return duration(string(*rule.Timeouts.BackendRequest))
		}
		if rule.Timeouts.Request != nil {
			return duration(string(*rule.Timeouts.Request))
		}
	}
	if spec != nil && spec.Timeout != nil && spec.Timeout.HTTP != nil && spec.Timeout.HTTP.RequestTimeout != nil {
		return duration(string(*spec.Timeout.HTTP.RequestTimeout))
	}
	return ""
}

// Envoy Gateway's defaults for a retry.
const defaultRetryOn = "cancelled,connect-failure,refused-stream,retriable-status-codes,unavailable"

func retryOf(rule envoygateway.Rule, spec *egv1a1.BackendTrafficPolicySpec) string {
	fields := map[string]any{"numRetries": 2, "retryOn": defaultRetryOn, "codes": []int{503}}
	switch {
	case rule.Retry != nil:
		retryOfRule(fields, rule)
	case spec != nil && spec.Retry != nil:
		retryOfPolicy(fields, spec.Retry)
	default:
		return ""
	}
	return encode(fields)
}

func retryOfRule(fields map[string]any, rule envoygateway.Rule) {
	put(fields, "numRetries", rule.Retry.Attempts)
	if len(rule.Retry.Codes) > 0 {
		fields["codes"] = rule.Retry.Codes
	}
	if rule.Retry.Backoff != nil {
		fields["baseInterval"] = duration(string(*rule.Retry.Backoff))
	}
	if rule.Timeouts != nil && rule.Timeouts.BackendRequest != nil {
		fields["perTryTimeout"] = duration(string(*rule.Timeouts.BackendRequest))
	}
}

func retryOfPolicy(fields map[string]any, retry *egv1a1.Retry) {
	put(fields, "numRetries", retry.NumRetries)
	if retry.NumAttemptsPerPriority != nil && *retry.NumAttemptsPerPriority > 0 {
		fields["attemptsPerPriority"] = *retry.NumAttemptsPerPriority
	}
	if retry.RetryOn != nil && (retry.RetryOn.Triggers != nil || retry.RetryOn.HTTPStatusCodes != nil) {
		if len(retry.RetryOn.Triggers) > 0 {
			var triggers []string
			for _, trigger := range retry.RetryOn.Triggers {
				triggers = append(triggers, string(trigger))
			}
			fields["retryOn"] = sorted(triggers)
		}
		codes := slices.Clone(retry.RetryOn.HTTPStatusCodes)
		slices.Sort(codes)
		fields["codes"] = slices.Compact(codes)
	}
	if retry.PerRetry == nil {
		return
	}
	if retry.PerRetry.Timeout != nil {
		fields["perTryTimeout"] = duration(string(*retry.PerRetry.Timeout))
	}
	if backOff := retry.PerRetry.BackOff; backOff != nil {
		putDuration(fields, "baseInterval", backOff.BaseInterval)
		putDuration(fields, "maxInterval", backOff.MaxInterval)
	}
}

func sorted(triggers []string) string {
	slices.Sort(triggers)
	return strings.Join(slices.Compact(triggers), ",")
}

func putDuration(fields map[string]any, name string, value *gwapiv1.Duration) {
	if value != nil {
		fields[name] = duration(string(*value))
	}
}

func outlierDetectionOf(spec *egv1a1.BackendTrafficPolicySpec) string {
	if spec.HealthCheck == nil || spec.HealthCheck.Passive == nil {
		return ""
	}
	passive := spec.HealthCheck.Passive
	fields := map[string]any{}
	putDuration(fields, "interval", passive.Interval)
	putDuration(fields, "baseEjectionTime", passive.BaseEjectionTime)
	if passive.SplitExternalLocalOriginErrors != nil && *passive.SplitExternalLocalOriginErrors {
		fields["splitExternalLocalOriginErrors"] = true
	}
	if passive.MaxEjectionPercent != nil && *passive.MaxEjectionPercent > 0 {
		fields["maxEjectionPercent"] = *passive.MaxEjectionPercent
	}
	put(fields, "consecutiveLocalOriginFailure", passive.ConsecutiveLocalOriginFailures)
	put(fields, "consecutive5xx", passive.Consecutive5xxErrors)
	if passive.ConsecutiveGatewayErrors != nil {
		fields["consecutiveGatewayFailure"], fields["enforcingConsecutiveGatewayFailure"] = *passive.ConsecutiveGatewayErrors, 100
	}
	if passive.FailurePercentageThreshold != nil {
		fields["failurePercentageThreshold"], fields["enforcingFailurePercentage"] = *passive.FailurePercentageThreshold, 100
	}
	put(fields, "alwaysEjectOneHost", passive.AlwaysEjectOneEndpoint)
	return encode(fields)
}

func healthCheckOf(spec *egv1a1.BackendTrafficPolicySpec) string {
	if spec.HealthCheck == nil || spec.HealthCheck.Active == nil {
		return ""
	}
	active := spec.HealthCheck.Active
	fields := map[string]any{"type": string(active.Type)}
	putDuration(fields, "timeout", active.Timeout)
	putDuration(fields, "interval", active.Interval)
	put(fields, "unhealthyThreshold", active.UnhealthyThreshold)
	put(fields, "healthyThreshold", active.HealthyThreshold)
	if active.HTTP != nil {
		fields["path"] = active.HTTP.Path
	}
	return encode(fields)
}

func circuitBreakersOf(spec *egv1a1.BackendTrafficPolicySpec) string {
	fields := map[string]any{"maxRetries": 1024}
	if breaker := spec.CircuitBreaker; breaker != nil {
		put(fields, "maxConnections", breaker.MaxConnections)
		put(fields, "maxPendingRequests", breaker.MaxPendingRequests)
		put(fields, "maxRequests", breaker.MaxParallelRequests)
		put(fields, "maxRetries", breaker.MaxParallelRetries)
	}
	return encode(fields)
}

func connectTimeoutOf(spec *egv1a1.BackendTrafficPolicySpec) string {
	if spec.Timeout != nil && spec.Timeout.TCP != nil && spec.Timeout.TCP.ConnectTimeout != nil {
		return duration(string(*spec.Timeout.TCP.ConnectTimeout))
	}
	return "10s"
}

func panicThresholdOf(spec *egv1a1.BackendTrafficPolicySpec) string {
	if spec.HealthCheck == nil || spec.HealthCheck.PanicThreshold == nil {
		return "50"
	}
	return fmt.Sprint(*spec.HealthCheck.PanicThreshold)
}

// ofEgctl states what egctl says about the objects whose namespaces have a prefix.
func ofEgctl(answer *told, set *manifests, prefix string) facts {
	stated := facts{}
	for _, routes := range [][]object{answer.HTTPRoutes, answer.GRPCRoutes, answer.TCPRoutes, answer.TLSRoutes} {
		for _, route := range routes {
			if strings.HasPrefix(route.namespace(), prefix) {
				stated.addStatus(route, set)
			}
		}
	}
	stateable := withOneTarget(set)
	for _, policy := range answer.BackendTrafficPolicies {
		if stateable[policy.namespace()+"/"+policy.name()] {
			stated.addPolicy(policy)
		}
	}
	for gateway, dump := range answer.XDS {
		if strings.HasPrefix(gateway, prefix) {
			stated.addConfigDump(gateway, dump)
		}
	}
	return stated
}

// addStatus states whether each parent accepts a route.
func (f facts) addStatus(route object, set *manifests) {
	i := slices.IndexFunc(set.objects, func(o object) bool {
		return o.kind() == route.kind() && o.namespace() == route.namespace() && o.name() == route.name()
	})
	references := set.objects[i].list("spec", "parentRefs")
	for _, parent := range route.list("status", "parents") {
		accepted := "none"
		for _, condition := range parent.list("conditions") {
			if condition["type"] == "Accepted" {
				accepted = strings.ToLower(condition.text("status"))
			}
		}
		for j, reference := range references {
			if sameParent(reference, parent) {
				f[fmt.Sprintf("accepted %s %s/%s spec.parentRefs[%d]", route.kind(), route.namespace(), route.name(), j)] = accepted
			}
		}
	}
}

// addPolicy states whether a policy is attached, for all of the parents of its target.
// One that is refused for its settings is attached too.
func (f facts) addPolicy(policy object) {
	for _, ancestor := range policy.list("status", "ancestors") {
		for _, condition := range ancestor.list("conditions") {
			if condition["type"] != "Accepted" {
				continue
			}
			reason := condition.text("reason")
			if reason == "Accepted" || reason == "Invalid" {
				reason = "attached"
			}
			f.say(fmt.Sprintf("policy %s/%s", policy.namespace(), policy.name()), reason)
		}
	}
}

func sameParent(reference, parent object) bool {
	for _, field := range []string{"name", "namespace", "sectionName", "port"} {
		if fmt.Sprint(reference[field]) != fmt.Sprint(parent.at("parentRef", field)) {
			return false
		}
	}
	return true
}

func (f facts) addConfigDump(gateway string, dump object) {
	assignments := map[string]object{}
	for _, config := range dump.list("configs") {
		for _, endpoints := range config.list("dynamicEndpointConfigs") {
			assignment := object(endpoints.at("endpointConfig").(map[string]any))
			assignments[assignment.text("clusterName")] = assignment
		}
	}
	used := map[string]bool{}
	for _, config := range dump.list("configs") {
		for _, dynamic := range config.list("dynamicRouteConfigs") {
			for _, host := range object(dynamic.at("routeConfig").(map[string]any)).list("virtualHosts") {
				f.addVirtualHost(host, used)
			}
		}
	}
	for _, config := range dump.list("configs") {
		for _, dynamic := range config.list("dynamicActiveClusters") {
			cluster := object(dynamic.at("cluster").(map[string]any))
			// A reference that doesn't resolve gets a cluster too, to which nothing is sent.
			if name := cluster.text("name"); used[name] || strings.HasPrefix(name, "tcproute/") || strings.HasPrefix(name, "tlsroute/") {
				f.addCluster(gateway, cluster, assignments)
			}
		}
	}
}

// addVirtualHost states what Envoy does with each rule of a listener.
func (f facts) addVirtualHost(host object, used map[string]bool) {
	listener := host.text("name")
	listener = listener[:strings.LastIndex(listener, "/")]
	domains, _ := host["domains"].([]any)
	for _, route := range host.list("routes") {
		parts := strings.Split(route.text("name"), "/")
		if len(parts) < 5 {
			continue
		}
		about := fmt.Sprintf("rule %s %s ", listener, strings.Join(parts[:5], "/"))
		answer := ""
		switch {
		case route["directResponse"] != nil:
			answer = fmt.Sprintf("direct response %v", route.at("directResponse", "status"))
		case route["redirect"] != nil:
			answer = "redirect"
		default:
			action := object(route.at("route").(map[string]any))
			answer = actionOf(action)
			used[action.text("cluster")] = true
			for _, cluster := range action.list("weightedClusters", "clusters") {
				used[cluster.text("name")] = true
			}
			f.say(about+"timeout", duration(action.text("timeout")))
			f.say(about+"retry", retryPolicyOf(action))
		}
		f.say(about+"answer", answer)
		hostname := strings.TrimSuffix(fmt.Sprint(domains[0]), ":*")
		if known := f[about+"hostnames"]; known != "" && !slices.Contains(strings.Fields(known), hostname) {
			hostnames := append(strings.Fields(known), hostname)
			slices.Sort(hostnames)
			f[about+"hostnames"] = strings.Join(hostnames, " ")
		} else if known == "" {
			f[about+"hostnames"] = hostname
		}
	}
}

// say states a fact. Two that differ, as for the matches of one rule, are both kept:
// the model has one, so that is a disagreement.
func (f facts) say(about, fact string) {
	if known, isKnown := f[about]; isKnown && known != fact {
		fact = known + " | " + fact
	}
	f[about] = fact
}

func actionOf(action object) string {
	if cluster := action.text("cluster"); cluster != "" {
		return "cluster " + cluster
	}
	var clusters []string
	for _, cluster := range action.list("weightedClusters", "clusters") {
		clusters = append(clusters, fmt.Sprintf("%s:%s", cluster.text("name"), number(cluster["weight"])))
	}
	status := map[string]int{"INTERNAL_SERVER_ERROR": 500, "": 503}[action.text("clusterNotFoundResponseCode")]
	if !strings.Contains(strings.Join(clusters, " "), "invalid-backend-cluster") {
		status = 500
	}
	return fmt.Sprintf("weighted clusters %s, else %d", strings.Join(clusters, " "), status)
}

func retryPolicyOf(action object) string {
	policy, isSet := action["retryPolicy"].(map[string]any)
	if !isSet {
		return ""
	}
	retry := object(policy)
	fields := map[string]any{"numRetries": cmpOr(retry["numRetries"], 0), "retryOn": sorted(strings.Split(retry.text("retryOn"), ",")), "codes": retry["retriableStatusCodes"]}
	if frequency := retry.at("retryPriority", "typedConfig", "updateFrequency"); frequency != nil {
		fields["attemptsPerPriority"] = frequency
	}
	if timeout := retry.text("perTryTimeout"); timeout != "" {
		fields["perTryTimeout"] = duration(timeout)
	}
	for _, name := range []string{"baseInterval", "maxInterval"} {
		if interval, _ := retry.at("retryBackOff", name).(string); interval != "" {
			fields[name] = duration(interval)
		}
	}
	return encode(fields)
}

func cmpOr(value, otherwise any) any {
	if value == nil {
		return otherwise
	}
	return value
}

func (f facts) addCluster(gateway string, cluster object, assignments map[string]object) {
	name := cluster.text("name")
	about := fmt.Sprintf("cluster %s %s ", gateway, name)
	assignment := assignments[name]
	if inline, isInline := cluster["loadAssignment"].(map[string]any); isInline {
		assignment = inline
	}
	f[about+"hosts"] = assignmentOf(cluster, assignment)
	f[about+"outlierDetection"] = picked(cluster.at("outlierDetection"), "interval", "baseEjectionTime", "splitExternalLocalOriginErrors", "maxEjectionPercent",
		"consecutiveLocalOriginFailure", "consecutive5xx", "consecutiveGatewayFailure", "enforcingConsecutiveGatewayFailure", "failurePercentageThreshold",
		"enforcingFailurePercentage", "alwaysEjectOneHost")
	f[about+"healthCheck"] = ""
	if checks := cluster.list("healthChecks"); len(checks) > 0 {
		f[about+"healthCheck"] = checkOf(checks[0])
	}
	f[about+"circuitBreakers"] = picked(map[string]any(cluster.list("circuitBreakers", "thresholds")[0]), "maxConnections", "maxPendingRequests", "maxRequests", "maxRetries")
	f[about+"connectTimeout"] = duration(cluster.text("connectTimeout"))
	f[about+"panicThreshold"] = "50"
	if threshold, isSet := cluster.at("commonLbConfig", "healthyPanicThreshold").(map[string]any); isSet {
		f[about+"panicThreshold"] = fmt.Sprint(cmpOr(threshold["value"], 0))
	}
}

func assignmentOf(cluster, assignment object) string {
	if strings.Contains(cluster.text("clusterType", "name"), "dynamic_forward_proxy") {
		return "dynamic"
	}
	var localities []string
	var alone []string
	for _, endpoints := range assignment.list("endpoints") {
		var hosts []string
		for _, endpoint := range endpoints.list("lbEndpoints") {
			address := object(endpoint.at("endpoint", "address", "socketAddress").(map[string]any))
			hosts = append(hosts, fmt.Sprintf("%s:%v", address.text("address"), cmpOr(address["portValue"], 0)))
		}
		localities = append(localities, locality(cmpOr(endpoints["priority"], 0), cmpOr(endpoints["loadBalancingWeight"], 1), hosts))
		alone = append(alone, hosts...)
	}
	// The one backend of a cluster may be in several zones, each a locality.
	if strings.Contains(cluster.text("name"), "/backend/") && len(localities) > 1 {
		return joined([]string{locality(cmpOr(assignment.list("endpoints")[0]["priority"], 0), 1, alone)})
	}
	return joined(localities)
}

// picked returns fields of a message, with durations as Go writes them.
func picked(value any, names ...string) string {
	message, isSet := value.(map[string]any)
	if !isSet {
		return ""
	}
	fields := map[string]any{}
	for _, name := range names {
		switch value := message[name].(type) {
		case nil:
		case string:
			fields[name] = duration(value)
		default:
			fields[name] = value
		}
	}
	return encode(fields)
}

func checkOf(check object) string {
	fields := map[string]any{}
	for field, checker := range map[string]string{"httpHealthCheck": "HTTP", "tcpHealthCheck": "TCP", "grpcHealthCheck": "GRPC"} {
		if check[field] != nil {
			fields["type"] = checker
		}
	}
	if path, _ := check.at("httpHealthCheck", "path").(string); path != "" {
		fields["path"] = path
	}
	for _, name := range []string{"timeout", "interval"} {
		fields[name] = duration(cmp.Or(check.text(name), "0s"))
	}
	for _, name := range []string{"unhealthyThreshold", "healthyThreshold"} {
		if check[name] != nil {
			fields[name] = check[name]
		}
	}
	return encode(fields)
}
