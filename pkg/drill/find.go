package drill

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/utils/ptr"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/failover-krm/failover/pkg/check"
	"github.com/failover-krm/failover/pkg/envoy"
	"github.com/failover-krm/failover/pkg/envoygateway"
	"github.com/failover-krm/failover/pkg/kubectl"
	"github.com/failover-krm/failover/pkg/prober"
)

// The ways to break a tier.
const (
	// WayScale scales its Deployments and StatefulSets to 0.
	WayScale = "scale"
	// WayPort has its applications listen on another port, as in Envoy Gateway's and Calico's guides.
	WayPort = "port"
)

// Ways are the ways to break a tier.
func Ways() []string { return []string{WayScale, WayPort} }

// Choice is what a user may say of a drill. What is empty is found.
type Choice struct {
	// Way is one of Ways.
	Way string
	// Break and Restore are command lines that take the place of the way.
	Break, Restore string
	// Kind is the outage that these make, for the prediction.
	Kind envoy.Kind
	// PortVariable is the variable that way port sets, as NAME=VALUE.
	PortVariable string
	// Address is the host and port to connect to.
	Address string
	// Host, Path, Method, Header and Body are those of the requests.
	Host, Path, Method string
	Header             http.Header
	Body               []byte
	// TLS is how certificates are verified, for a listener that has TLS.
	TLS *tls.Config
	// Kept keeps connections.
	Kept  bool
	Marks Marks
	// Timeout is how long to wait for the Gateway to be programmed, and for active to be
	// ready again.
	Timeout time.Duration
}

// Find finds in the cluster what a drill needs. All that is missing is one error.
func Find(ctx context.Context, k kubectl.Kubectl, failover check.Failover, choice Choice, course Course) (Plan, error) {
	plan := Plan{Failover: failover, Kubectl: k, Course: course, Kind: choice.Kind}
	if failover.At == nil || failover.Absent || len(failover.At.Clusters) == 0 || len(failover.At.Clusters[0].Tiers) == 0 {
		return plan, fmt.Errorf("%s is not served: %s; see 'failover check'", failover.Name(), failover.Reason)
	}
	plan.Gateway = failover.At.Gateway.Namespace + "/" + failover.At.Gateway.Name
	tiers, err := findTiers(ctx, k, failover.At.Clusters[0])
	if err != nil {
		return plan, err
	}
	gateway, err := waitForGateway(ctx, k, failover.At.Gateway, choice.Timeout)
	errs := []error{err}
	if err == nil {
		errs = append(errs, accepted(ctx, k, failover))
		plan.Target, err = targetOf(failover, gateway, choice)
		errs = append(errs, err)
	}
	plan.Break, plan.Restore, err = steps(tiers, choice)
	errs = append(errs, err)
	if choice.Break == "" {
		plan.Kind = envoy.Closed
	}
	plan.Marks, err = marksOf(tiers, choice.Marks)
	plan.Target.From = plan.Marks.from
	return plan, errors.Join(append(errs, err)...)
}

// waitForGateway waits until a Gateway is programmed.
func waitForGateway(ctx context.Context, k kubectl.Kubectl, id envoygateway.Object, timeout time.Duration) (gwapiv1.Gateway, error) {
	deadline := time.Now().Add(timeout)
	for {
		var gateway gwapiv1.Gateway
		found, err := k.Get(ctx, &gateway, "gateways.gateway.networking.k8s.io", id.Name, "--namespace="+id.Namespace)
		switch {
		case err != nil:
			return gateway, err
		case found && meta.IsStatusConditionTrue(gateway.Status.Conditions, string(gwapiv1.GatewayConditionProgrammed)):
			return gateway, nil
		case time.Now().After(deadline) && !found:
			return gateway, fmt.Errorf("the cluster has no Gateway %s/%s: apply the manifests first, as with 'failover render FILE | kubectl apply -f -'", id.Namespace, id.Name)
		case time.Now().After(deadline):
			return gateway, fmt.Errorf("gateway %s/%s is not Programmed after %s: %s", id.Namespace, id.Name, timeout, conditionText(gateway.Status.Conditions, string(gwapiv1.GatewayConditionProgrammed)))
		}
		select {
		case <-ctx.Done():
			return gateway, ctx.Err()
		case <-time.After(time.Second):
		}
	}
}

func conditionText(conditions []metav1.Condition, of string) string {
	condition := meta.FindStatusCondition(conditions, of)
	if condition == nil {
		return "it has no condition " + of + " yet"
	}
	return fmt.Sprintf("%s is %s, %s: %s", of, condition.Status, condition.Reason, condition.Message)
}

// accepted tells whether the route is in the cluster, and what its Gateway says against it.
func accepted(ctx context.Context, k kubectl.Kubectl, failover check.Failover) error {
	var route struct {
		Status gwapiv1.RouteStatus `json:"status"`
	}
	id := failover.Route
	found, err := k.Get(ctx, &route, strings.ToLower(id.Kind)+"s.gateway.networking.k8s.io", id.Name, "--namespace="+id.Namespace)
	if err != nil {
		return err
	}
	if !found {
		return fmt.Errorf("the cluster has no %s %s/%s: apply the manifests first, as with 'failover render FILE | kubectl apply -f -'", id.Kind, id.Namespace, id.Name)
	}
	var errs []error
	for _, parent := range route.Status.Parents {
		namespace := string(ptr.Deref(parent.ParentRef.Namespace, gwapiv1.Namespace(id.Namespace)))
		if string(parent.ParentRef.Name) != failover.At.Gateway.Name || namespace != failover.At.Gateway.Namespace {
			continue
		}
		for _, of := range []gwapiv1.RouteConditionType{gwapiv1.RouteConditionAccepted, gwapiv1.RouteConditionResolvedRefs} {
			if condition := meta.FindStatusCondition(parent.Conditions, string(of)); condition != nil && condition.Status == metav1.ConditionFalse {
				errs = append(errs, fmt.Errorf("%s %s/%s: %s", id.Kind, id.Namespace, id.Name, conditionText(parent.Conditions, string(of))))
			}
		}
	}
	return errors.Join(errs...)
}

// targetOf returns where requests of the failover are sent, and of what they are.
func targetOf(failover check.Failover, gateway gwapiv1.Gateway, choice Choice) (prober.HTTP, error) {
	listener, err := listenerOf(failover, gateway)
	if err != nil {
		return prober.HTTP{}, err
	}
	target := prober.HTTP{
		Address: choice.Address, Host: cmp.Or(choice.Host, hostOf(failover.At.Hostnames)), Kept: choice.Kept,
		GRPC: failover.Route.Kind == "GRPCRoute", Body: choice.Body, Header: choice.Header.Clone(),
	}
	if target.Address == "" {
		if len(gateway.Status.Addresses) == 0 {
			return target, fmt.Errorf("gateway %s has no address in its status: give --address HOST:PORT, such as that of a kubectl port-forward to its Service", gateway.Name)
		}
		target.Address = net.JoinHostPort(gateway.Status.Addresses[0].Value, strconv.Itoa(int(listener.Port)))
	}
	if listener.Protocol == gwapiv1.HTTPSProtocolType || listener.Protocol == gwapiv1.TLSProtocolType {
		target.TLS = choice.TLS
		if target.TLS == nil {
			target.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
		}
	}
	method, path, header, err := matchOf(failover.OfRule)
	if target.Header == nil {
		target.Header = http.Header{}
	}
	for name, values := range header {
		if target.Header.Get(name) == "" {
			target.Header[name] = values
		}
	}
	target.Method = cmp.Or(choice.Method, method, http.MethodGet)
	target.Path = cmp.Or(choice.Path, path)
	if target.Path == "" && target.GRPC {
		target.Path = "/grpc.health.v1.Health/Check"
	}
	if choice.Path != "" || err == nil {
		return target, nil
	}
	return target, err
}

// listenerOf is the listener that serves the failover, or could.
func listenerOf(failover check.Failover, gateway gwapiv1.Gateway) (gwapiv1.Listener, error) {
	protocols := map[string][]gwapiv1.ProtocolType{
		"HTTPRoute": {gwapiv1.HTTPProtocolType, gwapiv1.HTTPSProtocolType},
		"GRPCRoute": {gwapiv1.HTTPProtocolType, gwapiv1.HTTPSProtocolType},
		"TLSRoute":  {gwapiv1.TLSProtocolType},
		"TCPRoute":  {gwapiv1.TCPProtocolType},
	}[failover.Route.Kind]
	for _, listener := range gateway.Spec.Listeners {
		isNamed := failover.At.Listener == "" || string(listener.Name) == failover.At.Listener
		if isNamed && slices.Contains(protocols, listener.Protocol) {
			return listener, nil
		}
	}
	return gwapiv1.Listener{}, fmt.Errorf("gateway %s in the cluster has no listener %q for %s", gateway.Name, failover.At.Listener, envoygateway.WithArticle(failover.Route.Kind))
}

// hostOf is a name that a route serves; empty where it serves any.
func hostOf(hostnames []string) string {
	for _, hostname := range hostnames {
		if rest, isWildcard := strings.CutPrefix(hostname, "*."); isWildcard {
			return "failover-drill." + rest
		}
		if hostname != "" && hostname != "*" {
			return hostname
		}
	}
	return ""
}

// matchOf is a request that the rule serves.
func matchOf(rule *envoygateway.Rule) (method, path string, header http.Header, err error) {
	header = http.Header{}
	if len(rule.GRPCMatches) > 0 {
		match := rule.GRPCMatches[0]
		for _, of := range match.Headers {
			header.Set(string(of.Name), of.Value)
			if ptr.Deref(of.Type, gwapiv1.GRPCHeaderMatchExact) != gwapiv1.GRPCHeaderMatchExact {
				err = fmt.Errorf("the rule matches the header %s by a regular expression: give --header and --path", of.Name)
			}
		}
		if match.Method != nil {
			service, name := ptr.Deref(match.Method.Service, ""), ptr.Deref(match.Method.Method, "")
			if service == "" || name == "" || ptr.Deref(match.Method.Type, gwapiv1.GRPCMethodMatchExact) != gwapiv1.GRPCMethodMatchExact {
				return http.MethodPost, "", header, errors.New("the rule does not match one method of gRPC: give --path /SERVICE/METHOD")
			}
			path = "/" + service + "/" + name
		}
		return http.MethodPost, path, header, err
	}
	path = "/"
	if len(rule.HTTPMatches) == 0 {
		return "", path, header, nil
	}
	match := rule.HTTPMatches[0]
	if match.Path != nil {
		path = ptr.Deref(match.Path.Value, "/")
		if ptr.Deref(match.Path.Type, gwapiv1.PathMatchPathPrefix) == gwapiv1.PathMatchRegularExpression {
			err = fmt.Errorf("the rule matches paths by a regular expression, %s: give --path", path)
		}
	}
	for _, of := range match.Headers {
		header.Set(string(of.Name), of.Value)
		if ptr.Deref(of.Type, gwapiv1.HeaderMatchExact) != gwapiv1.HeaderMatchExact {
			err = fmt.Errorf("the rule matches the header %s by a regular expression: give --header and --path", of.Name)
		}
	}
	if len(match.QueryParams) > 0 {
		query := make([]string, 0, len(match.QueryParams))
		for _, of := range match.QueryParams {
			query = append(query, string(of.Name)+"="+of.Value)
		}
		path += "?" + strings.Join(query, "&")
	}
	return string(ptr.Deref(match.Method, "")), path, header, err
}

// workload is what makes the pods of a tier.
type workload struct {
	Kind     string
	Metadata metav1.ObjectMeta
	Spec     struct {
		Replicas *int32
		Template corev1.PodTemplateSpec
	}
}

func (w workload) name() string { return strings.ToLower(w.Kind) + "/" + w.Metadata.Name }

// pods is a pattern of the names of its pods.
func (w workload) pods() string {
	name := regexp.QuoteMeta(w.Metadata.Name)
	if w.Kind == "StatefulSet" {
		return "^" + name + "-[0-9]+$"
	}
	return "^" + name + "-[a-z0-9]+-[a-z0-9]{5}$"
}

// tierInCluster is what a cluster runs of a tier.
type tierInCluster struct {
	workloads []workload
	// outside tells of backends that no workload was found for.
	outside []string
}

// findTiers finds the workloads behind the tiers: those whose pods the Services select.
func findTiers(ctx context.Context, k kubectl.Kubectl, cluster envoygateway.Cluster) ([]tierInCluster, error) {
	tiers := make([]tierInCluster, len(cluster.Tiers))
	for i, tier := range cluster.Tiers {
		for _, backend := range tier.Backends {
			for _, host := range backend.Hosts {
				if host.Service == nil {
					tiers[i].outside = append(tiers[i].outside, host.Address)
					continue
				}
				found, err := workloadsOf(ctx, k, *host.Service)
				if err != nil {
					return nil, err
				}
				if len(found) == 0 {
					tiers[i].outside = append(tiers[i].outside, host.Service.String())
				}
				tiers[i].workloads = append(tiers[i].workloads, found...)
			}
		}
	}
	return tiers, nil
}

func workloadsOf(ctx context.Context, k kubectl.Kubectl, id envoygateway.Object) ([]workload, error) {
	var service corev1.Service
	found, err := k.Get(ctx, &service, "services", id.Name, "--namespace="+id.Namespace)
	if err != nil || !found || len(service.Spec.Selector) == 0 {
		return nil, err
	}
	var list struct{ Items []workload }
	if _, err := k.Get(ctx, &list, "deployments,statefulsets", "--namespace="+id.Namespace); err != nil {
		return nil, err
	}
	selector := labels.SelectorFromSet(service.Spec.Selector)
	return slices.DeleteFunc(list.Items, func(w workload) bool { return !selector.Matches(labels.Set(w.Spec.Template.Labels)) }), nil
}

// steps returns the commands that break active and that restore it.
func steps(tiers []tierInCluster, choice Choice) (breaks, restores []Step, err error) {
	if choice.Break != "" {
		return []Step{{Shell: choice.Break}}, []Step{{Shell: choice.Restore}}, nil
	}
	const otherwise = "give --break COMMAND and --restore COMMAND"
	if outside := tiers[0].outside; len(outside) > 0 {
		return nil, nil, fmt.Errorf("no Deployment or StatefulSet in the cluster is behind %s of active: %s", strings.Join(outside, ", "), otherwise)
	}
	var waits []Step
	for _, w := range tiers[0].workloads {
		if slices.ContainsFunc(tiers[1:], func(t tierInCluster) bool {
			return slices.ContainsFunc(t.workloads, func(other workload) bool { return other.Metadata.UID == w.Metadata.UID })
		}) {
			return nil, nil, fmt.Errorf("%s in %s is behind both tiers: %s", w.name(), w.Metadata.Namespace, otherwise)
		}
		of := []string{w.name(), "--namespace=" + w.Metadata.Namespace}
		wait := Step{Kubectl: slices.Concat([]string{"rollout", "status"}, of, []string{"--timeout=" + choice.Timeout.String()})}
		waits = append(waits, wait)
		switch choice.Way {
		case WayPort:
			set, unset, err := portPatches(w, choice.PortVariable)
			if err != nil {
				return nil, nil, err
			}
			patch := func(with string) Step {
				return Step{Kubectl: slices.Concat([]string{"patch"}, of, []string{"--type=strategic", "--patch=" + with})}
			}
			breaks, restores = append(breaks, patch(set)), append(restores, patch(unset))
		default:
			replicas := ptr.Deref(w.Spec.Replicas, 1)
			if replicas == 0 {
				return nil, nil, fmt.Errorf("%s in %s has no replicas: there is nothing to break", w.name(), w.Metadata.Namespace)
			}
			breaks = append(breaks, Step{Kubectl: slices.Concat([]string{"scale"}, of, []string{fmt.Sprintf("--current-replicas=%d", replicas), "--replicas=0"})})
			restores = append(restores, Step{OnlyAtZero: of, Kubectl: slices.Concat([]string{"scale"}, of, []string{fmt.Sprintf("--replicas=%d", replicas)})})
		}
	}
	return breaks, append(restores, waits...), nil
}

// portPatches set a variable of the workload's containers, and give it its own value again, or
// none.
func portPatches(w workload, variable string) (set, unset string, err error) {
	name, value, found := strings.Cut(variable, "=")
	if !found || name == "" {
		return "", "", fmt.Errorf("--port-variable %q: must be NAME=VALUE, such as HTTP_PORT=5000", variable)
	}
	var setting, unsetting []any
	for _, container := range w.Spec.Template.Spec.Containers {
		before := any(map[string]any{"name": name, "$patch": "delete"})
		for _, own := range container.Env {
			if own.Name == name {
				if own.ValueFrom != nil {
					return "", "", fmt.Errorf("%s in %s has %s from elsewhere (valueFrom): give --break COMMAND and --restore COMMAND", w.name(), w.Metadata.Namespace, name)
				}
				before = map[string]any{"name": name, "value": own.Value}
			}
		}
		setting = append(setting, map[string]any{"name": container.Name, "env": []any{map[string]any{"name": name, "value": value}}})
		unsetting = append(unsetting, map[string]any{"name": container.Name, "env": []any{before}})
	}
	return patchOf(setting), patchOf(unsetting), nil
}

func patchOf(containers []any) string {
	patch, err := json.Marshal(map[string]any{"spec": map[string]any{"template": map[string]any{"spec": map[string]any{"containers": containers}}}})
	if err != nil {
		panic(err) // there are texts only
	}
	return string(patch)
}

// marksOf returns how the tiers are told apart: as the user says, otherwise by the names of pods in
// the JSON field "pod".
func marksOf(tiers []tierInCluster, chosen Marks) (Marks, error) {
	if len(chosen.Active)+len(chosen.Passive) > 0 {
		return chosen, nil
	}
	var marks Marks
	for i, tier := range tiers {
		for _, w := range tier.workloads {
			mark := Mark{"json", "pod", regexp.MustCompile(w.pods())}
			if i == 0 {
				marks.Active = append(marks.Active, mark)
			} else {
				marks.Passive = append(marks.Passive, mark)
			}
		}
		if len(tier.outside) > 0 && i > 0 {
			marks.Passive = nil // what is not active's
			break
		}
	}
	if len(marks.Active) == 0 {
		return marks, errors.New("the answers of active cannot be recognized, since none of its pods are known: give --active-is, which " + markForm)
	}
	return marks, nil
}
