package command

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/failover-krm/failover/pkg/check"
	"github.com/failover-krm/failover/pkg/envoy"
	"github.com/failover-krm/failover/pkg/envoygateway"
	"github.com/failover-krm/failover/pkg/kubectl"
	"github.com/failover-krm/failover/pkg/status"
	"github.com/failover-krm/failover/pkg/target"
)

// statusFlags are those of status.
type statusFlags struct {
	clusterFlags
	target, output string
	admin          []string
	watch          bool
	interval       time.Duration
}

func newStatus() *cobra.Command {
	flags := statusFlags{target: string(target.Default), output: outputText, interval: 2 * time.Second}
	outputs := []string{outputText, outputJSON}
	cmd := &cobra.Command{
		Use:   "status [FILE|DIR|-]...",
		Short: "Tell which tier serves now, by every Envoy of the Gateway",
		Long: `Status shows the state of each failover among FailoverSpecs or any manifests in the
cluster of your kubectl: which tier serves now, which hosts are ejected or fail their
checks, and which conditions of the Gateway, the route, the Backends and the policy show
a problem, with what to do for the usual ones.

Each Envoy of the Gateway tells the state of its hosts. Its administration interface is
reached by kubectl port-forward to each of its pods, or at the URLs of --admin. Envoy does
not tell since when a host is out; --watch shows each change.

The exit code is 0 where the state is known, even a bad one; otherwise it is 2.`,
		Example: `  # Which tier serves now?
  failover status failover.yaml

  # What is in the cluster, whoever wrote it
  kubectl get gateways,httproutes,backends,backendtrafficpolicies -A -o yaml | failover status -

  # Each change, with its time
  failover status --watch failover.yaml`,
		SilenceUsage: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			args, err := inputs(cmd, args)
			if err != nil {
				return err
			}
			if err := flags.validate(outputs); err != nil {
				return err
			}
			return runStatus(args, flags, cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	set := cmd.Flags()
	flags.add(cmd)
	set.StringVar(&flags.target, "target", flags.target, targetUsage)
	set.StringArrayVar(&flags.admin, "admin", nil, "URL of the administration interface of an Envoy, such as http://127.0.0.1:19000, instead of kubectl port-forward; repeatable")
	set.BoolVarP(&flags.watch, "watch", "w", false, "go on, and write the status again when it changes")
	set.DurationVar(&flags.interval, "interval", flags.interval, "with --watch: the time between two looks")
	set.StringVarP(&flags.output, "output", "o", flags.output, "format, one of "+strings.Join(outputs, ", "))
	for name, allowed := range map[string][]string{"target": words(target.All()), "output": outputs} {
		_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(allowed, cobra.ShellCompDirectiveNoFileComp))
	}
	return cmd
}

func (f statusFlags) validate(outputs []string) error {
	errs := []error{oneOf("--target", f.target, words(target.All())), oneOf("--output", f.output, outputs)}
	for _, admin := range f.admin {
		if at, err := url.Parse(admin); err != nil || at.Scheme != "http" && at.Scheme != "https" || at.Host == "" {
			errs = append(errs, unusable("--admin %q: must be a URL, such as http://127.0.0.1:19000", admin))
		}
	}
	if f.interval <= 0 {
		errs = append(errs, unusable("--interval %s: must be longer than 0s", f.interval))
	}
	return joined(errs)
}

func runStatus(args []string, flags statusFlags, stdin io.Reader, stdout, stderr io.Writer) error {
	found, err := readFailovers(args, manifestsBut(nil), flags.target, check.Options{}, stdin, stderr)
	if err != nil {
		return err
	}
	if found.problem() != nil || len(found.Failovers) == 0 {
		return &failure{code: exitUnusable}
	}
	ctx, code, stop := interruptible(stderr, "stopped")
	defer stop()
	var before []byte
	for {
		failovers, err := lookAll(ctx, found.Failovers, flags)
		if ctx.Err() != nil {
			return &failure{code: code()}
		}
		if err != nil {
			return unusable("%w", err)
		}
		now, err := json.Marshal(serving(failovers))
		if err != nil {
			return unusable("%w", err)
		}
		if !bytes.Equal(now, before) {
			if flags.watch && flags.output == outputText {
				fmt.Fprintf(stdout, "%s\n", time.Now().UTC().Format("2006-01-02 15:04:05 UTC"))
			}
			if err := writeStatus(failovers, flags.output, stdout); err != nil {
				return unusable("%w", err)
			}
		}
		before = now
		if !flags.watch {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil // as every watch ends
		case <-time.After(flags.interval):
		}
	}
}

// serving is what of a status is worth to be told again when it changes: all but the counters.
func serving(failovers []status.Failover) []status.Failover {
	all := slices.Clone(failovers)
	for i := range all {
		all[i].Envoys = slices.Clone(all[i].Envoys)
		for j := range all[i].Envoys {
			hosts := slices.Clone(all[i].Envoys[j].Hosts)
			for k := range hosts {
				hosts[k].Requests, hosts[k].Failed = 0, 0
			}
			all[i].Envoys[j].Hosts = hosts
		}
	}
	return all
}

func writeStatus(failovers []status.Failover, output string, stdout io.Writer) error {
	if output == outputText {
		return status.WriteText(stdout, failovers)
	}
	encoder := json.NewEncoder(stdout)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(struct {
		Failovers []status.Failover `json:"failovers"`
	}{failovers})
}

// lookAll looks at all failovers, each of which may be served by several Gateways.
func lookAll(ctx context.Context, failovers []check.Failover, flags statusFlags) ([]status.Failover, error) {
	k := flags.client()
	known := map[string]map[string][]status.Host{} // what each Envoy has said
	var all []status.Failover
	for _, failover := range failovers {
		for _, on := range failover.Distinct() {
			if on.At == nil {
				all = append(all, status.Failover{Name: on.Name(), Tiers: []string{}, Envoys: []status.Envoy{}, Conditions: []status.Condition{}})
				continue
			}
			gateways := []envoygateway.Attachment{*on.At}
			for _, other := range on.Alike {
				if !slices.ContainsFunc(gateways, func(a envoygateway.Attachment) bool { return a.Gateway == other.Gateway }) {
					gateways = append(gateways, other)
				}
			}
			for i := range gateways {
				one := on
				one.At = &gateways[i]
				looked, err := lookAt(ctx, k, one, flags.admin, known)
				if err != nil {
					return nil, err
				}
				all = append(all, looked)
			}
		}
	}
	return all, nil
}

// lookAt looks at a failover on one Gateway.
func lookAt(ctx context.Context, k kubectl.Kubectl, failover check.Failover, admin []string, known map[string]map[string][]status.Host) (status.Failover, error) {
	at := failover.At
	looked := status.Failover{Name: failover.Name(), Gateway: at.Gateway.Namespace + "/" + at.Gateway.Name, Tiers: []string{}, Envoys: []status.Envoy{}, Conditions: []status.Condition{}}
	panicThreshold := envoy.DefaultPanicThreshold
	if len(at.Clusters) > 0 {
		looked.Cluster = at.Clusters[0].Name
		for _, tier := range at.Clusters[0].Tiers {
			looked.Tiers = append(looked.Tiers, tierText(tier))
		}
		panicThreshold = envoy.SettingsOf(failover.Route.Kind, *failover.OfRule, *at, failover.EnvoyGateway).PanicThreshold
	}
	for _, id := range objectsOf(failover) {
		var object status.Object
		found, err := k.Get(ctx, &object, resources[id.Kind], id.Name, "--namespace="+id.Namespace)
		if err != nil {
			return looked, err
		}
		if !found {
			looked.Conditions = append(looked.Conditions, status.Condition{Object: id.String(), Type: "Exists", Status: "False", Reason: "NotFound", Fix: "apply it, as with 'failover render FILE | kubectl apply -f -'"})
			continue
		}
		object.Kind, object.Metadata.Namespace, object.Metadata.Name = id.Kind, id.Namespace, id.Name
		looked.Conditions = append(looked.Conditions, status.Against(object)...)
	}
	add := func(name string, ask func() ([]byte, error)) {
		if known[name] == nil {
			answer, err := ask()
			if err == nil {
				known[name], err = status.ReadClusters(answer)
			}
			if err != nil {
				looked.Envoys = append(looked.Envoys, status.Envoy{Name: name, Hosts: []status.Host{}, Load: []int{}, Problem: err.Error()})
				return
			}
		}
		looked.Envoys = append(looked.Envoys, status.NewEnvoy(name, looked.Cluster, known[name], panicThreshold))
	}
	for _, at := range admin {
		add(at, func() ([]byte, error) { return askAdmin(ctx, at) })
	}
	if len(admin) > 0 {
		return looked, nil
	}
	pods, err := podsOfGateway(ctx, k, at.Gateway)
	if err != nil {
		return looked, err
	}
	for _, pod := range pods {
		add(pod.Namespace+"/"+pod.Name, func() (answer []byte, err error) {
			err = k.Forward(ctx, pod.Namespace, pod.Name, adminPort, func(address string) (err error) {
				answer, err = askAdmin(ctx, "http://"+address)
				return err
			})
			return answer, err
		})
	}
	return looked, nil
}

// resources are those of the kinds that have conditions.
var resources = map[string]string{
	"Gateway": "gateways.gateway.networking.k8s.io", "HTTPRoute": "httproutes.gateway.networking.k8s.io", "GRPCRoute": "grpcroutes.gateway.networking.k8s.io",
	"TLSRoute": "tlsroutes.gateway.networking.k8s.io", "TCPRoute": "tcproutes.gateway.networking.k8s.io",
	"Backend": "backends.gateway.envoyproxy.io", "BackendTrafficPolicy": "backendtrafficpolicies.gateway.envoyproxy.io",
}

// objectsOf are the objects of a failover that have conditions.
func objectsOf(failover check.Failover) []envoygateway.Object {
	objects := []envoygateway.Object{failover.At.Gateway, failover.Route}
	add := func(id envoygateway.Object) {
		if resources[id.Kind] != "" && !slices.Contains(objects, id) {
			objects = append(objects, id)
		}
	}
	for _, backend := range failover.OfRule.Backends {
		add(backend.Ref)
	}
	for _, layer := range slices.Concat(failover.At.Policy.From, failover.At.ClusterPolicy.From) {
		add(layer.Object)
	}
	return objects
}

func tierText(tier envoygateway.Tier) string {
	names := make([]string, 0, len(tier.Backends))
	for _, backend := range tier.Backends {
		names = append(names, backend.Ref.String())
	}
	return strings.Join(names, ", ")
}

// adminPort is that of the administration interface of Envoy Gateway's Envoys.
const adminPort = 19000

// podsOfGateway are the Envoys of a Gateway: its own, or those of its class where Gateways are
// merged.
func podsOfGateway(ctx context.Context, k kubectl.Kubectl, id envoygateway.Object) ([]corev1.Pod, error) {
	const label = "gateway.envoyproxy.io/owning-gateway"
	pods, err := runningPods(ctx, k, fmt.Sprintf("%s-name=%s,%[1]s-namespace=%[3]s", label, id.Name, id.Namespace))
	if err != nil || len(pods) > 0 {
		return pods, err
	}
	var gateway gwapiv1.Gateway
	found, err := k.Get(ctx, &gateway, resources["Gateway"], id.Name, "--namespace="+id.Namespace)
	if err != nil || !found {
		return nil, err
	}
	return runningPods(ctx, k, fmt.Sprintf("%sclass=%s", label, gateway.Spec.GatewayClassName))
}

func runningPods(ctx context.Context, k kubectl.Kubectl, selector string) ([]corev1.Pod, error) {
	var list corev1.PodList
	if _, err := k.Get(ctx, &list, "pods", "--all-namespaces", "--selector="+selector, "--field-selector=status.phase=Running"); err != nil {
		return nil, err
	}
	return list.Items, nil
}

// adminPatience is how long an Envoy may take to answer.
const adminPatience = 10 * time.Second

// askAdmin asks an Envoy for its clusters.
func askAdmin(ctx context.Context, at string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, adminPatience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(at, "/")+"/clusters?format=json", nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = errors.New(response.Status)
	}
	return answer, err
}
