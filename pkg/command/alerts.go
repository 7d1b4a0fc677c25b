package command

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/failover-krm/failover/pkg/check"
	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/metrics"
	"github.com/failover-krm/failover/pkg/target"
)

// The values of -o of alerts.
const (
	outputPrometheusRule = "prometheusrule"
	outputRules          = "rules"
)

// metricsFlags are those of the commands that write what asks Envoy's metrics.
type metricsFlags struct {
	target   string
	complete bool
	hosts    metrics.Hosts
}

func newMetricsFlags() metricsFlags {
	return metricsFlags{target: string(target.Default), hosts: metrics.Hosts{Active: 1, Passive: 1}}
}

func (f *metricsFlags) add(cmd *cobra.Command) {
	set := cmd.Flags()
	set.StringVar(&f.target, "target", f.target, targetUsage)
	addComplete(cmd, &f.complete)
	set.IntVar(&f.hosts.Active, "active-hosts", f.hosts.Active, "hosts of each name of active, the tier that serves first, where the manifests do not say: a Service that is not among them, or a name outside the cluster")
	set.IntVar(&f.hosts.Passive, "passive-hosts", f.hosts.Passive, "hosts of each name of passive, where the manifests do not say")
	_ = cmd.RegisterFlagCompletionFunc("target", cobra.FixedCompletions(words(target.All()), cobra.ShellCompDirectiveNoFileComp))
}

func (f *metricsFlags) validate() []error {
	errs := []error{oneOf("--target", f.target, words(target.All()))}
	if f.hosts.Active < 1 || f.hosts.Passive < 1 {
		errs = append(errs, unusable("--active-hosts %d, --passive-hosts %d: each tier has at least one host", f.hosts.Active, f.hosts.Passive))
	}
	return errs
}

// read returns the failovers that metrics can be asked about. Where anything is refused or could
// not be read, there is none, since what is written goes to a cluster.
func (f *metricsFlags) read(args []string, stdin io.Reader, stderr io.Writer) ([]metrics.Subject, error) {
	found, err := readFailovers(args, manifestsBut(nil), f.target, check.Options{Complete: f.complete}, stdin, stderr)
	if err != nil {
		return nil, err
	}
	if err := found.problem(); err != nil {
		return nil, err
	}
	subjects, remarks := metrics.SubjectsOf(found.Failovers, f.hosts)
	if len(subjects) > 0 {
		for _, warning := range withoutMetrics(found.documents) {
			fmt.Fprintln(stderr, "warning:", warning)
		}
	}
	for _, remark := range remarks {
		fmt.Fprintln(stderr, "info:", remark)
	}
	return subjects, nil
}

// defaultStatName is clusterStatName of an EnvoyProxy where it has none.
const defaultStatName = "%ROUTE_KIND%/%ROUTE_NAMESPACE%/%ROUTE_NAME%/rule/%ROUTE_RULE_NUMBER%"

// withoutMetrics says which EnvoyProxies take away the metrics that are asked for, or name them in
// another way.
func withoutMetrics(documents []document.Document) []string {
	const at = "spec.telemetry.metrics."
	var warnings []string
	for _, subject := range diagnostic.Subjects(documents) {
		if subject.Field("kind") != "EnvoyProxy" {
			continue
		}
		warn := func(format string, values ...any) {
			name := fmt.Sprintf("EnvoyProxy %s/%s: %s", subject.Field("metadata.namespace"), subject.Field("metadata.name"), at)
			warnings = append(warnings, diagnostic.Printable(name)+fmt.Sprintf(format, values...))
		}
		if name := subject.Field(at + "clusterStatName"); name != "" && name != defaultStatName {
			warn("clusterStatName %q gives clusters other names: at its Gateways, the queries written here find nothing for HTTPRoutes and GRPCRoutes; remove the field", name)
		}
		if disable := subject.Field(at + "prometheus.disable"); disable == "true" {
			warn("prometheus.disable %q removes all metrics: at its Gateways, the queries written here find nothing; remove the field", disable)
		}
		if document.Lookup(subject.Node, at+"matches") != nil {
			warn("matches removes metrics: at its Gateways, the queries written here find nothing, unless it keeps all metrics of \"cluster.\"")
		}
	}
	return warnings
}

// alertsFlags are those of alerts.
type alertsFlags struct {
	metricsFlags
	metrics.Options
	output   string
	duration time.Duration
	labels   []string
}

func alertsWords() []string { return []string{outputPrometheusRule, outputRules} }

func newAlerts() *cobra.Command {
	flags := alertsFlags{metricsFlags: newMetricsFlags(), output: outputPrometheusRule}
	cmd := &cobra.Command{
		Use:   "alerts [FILE|DIR|-]...",
		Short: "Write alerts of Prometheus: passive serves, the standby is unhealthy, and others",
		Long: `Alerts writes alerts of Prometheus for each failover among FailoverSpecs or any
manifests: passive serves, no tier is healthy, hosts that fail cannot be ejected, the
traffic goes back and forth, the standby is unhealthy or has no hosts. They use the
metrics of Envoy, under the names that Envoy Gateway gives them.

Some need the metrics of each endpoint, enablePerEndpointStats of EnvoyProxy, to tell
one tier from the other; they do not fire where these are off. docs/alerts.md says what
each alert sees and does not see, and under which policy.

With -o prometheusrule, each route has a PrometheusRule, for the Prometheus Operator,
whose Prometheus often selects rules by a label. With -o rules, the result is a file of
rules, for Prometheus itself.

The exit code is 0, or 1 where a FailoverSpec or a manifest is refused, or 2 where an
input cannot be read; then nothing is written.`,
		Example: `  # For kube-prometheus-stack, whose release is called "monitoring"
  failover alerts --label release=monitoring failover.yaml | kubectl apply -f -

  # All in one namespace
  failover alerts -n monitoring --label release=monitoring manifests/ | kubectl apply -f -

  # A file of rules, for rule_files of prometheus.yml
  failover alerts -o rules failover.yaml > failover.rules.yml
  promtool check rules failover.rules.yml`,
		SilenceUsage: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			args, err := inputs(cmd, args)
			if err != nil {
				return err
			}
			if cmd.Flags().Changed("for") {
				flags.For = &flags.duration
			}
			if err := flags.validate(cmd.Flags().Changed); err != nil {
				return err
			}
			return runAlerts(args, flags, cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags.add(cmd)
	set := cmd.Flags()
	set.StringVarP(&flags.output, "output", "o", flags.output, "form, one of "+strings.Join(alertsWords(), ", "))
	set.DurationVar(&flags.duration, "for", 0, "how long the condition of each alert must be true before it fires, instead of the alert's own time, in whole seconds, such as 90s; some also look back for 1m to 30m")
	set.StringVarP(&flags.Namespace, "namespace", "n", "", "with -o prometheusrule: namespace of all objects, instead of the namespace of each route")
	set.StringArrayVar(&flags.labels, "label", nil, "with -o prometheusrule: label of all objects, such as release=monitoring; repeatable")
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(alertsWords(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (f *alertsFlags) validate(isGiven func(string) bool) error {
	errs := append(f.metricsFlags.validate(), oneOf("--output", f.output, alertsWords()))
	if f.For != nil && (*f.For < 0 || *f.For%time.Second != 0) {
		errs = append(errs, unusable("--for %s: must be whole seconds, 0s or more", *f.For))
	}
	if isGiven("namespace") {
		errs = append(errs, validateNamespace(f.Namespace))
	}
	for _, name := range []string{"namespace", "label"} {
		if f.output == outputRules && isGiven(name) {
			errs = append(errs, unusable("--%s is for -o %s: a file of rules is not an object", name, outputPrometheusRule))
		}
	}
	labels, problems := labelsOf(f.labels)
	f.Labels = labels
	return joined(append(errs, problems...))
}

// labelsOf reads the values of --label.
func labelsOf(given []string) (labels map[string]string, problems []error) {
	labels = map[string]string{}
	own := metrics.OwnLabels()
	for _, label := range given {
		key, value, found := strings.Cut(label, "=")
		_, isTwice := labels[key]
		problem := ""
		switch {
		case !found:
			problem = "must be KEY=VALUE, such as release=monitoring"
		case len(validation.IsQualifiedName(key)) > 0:
			problem = `the key must be 1 to 63 letters, digits, "-", "_" and ".", and begin and end with a letter or digit, optionally after a domain and "/", such as release or example.com/team`
		case len(validation.IsValidLabelValue(value)) > 0:
			problem = `the value must be at most 63 letters, digits, "-", "_" and ".", and begin and end with a letter or digit`
		case own[key] != "":
			problem = fmt.Sprintf("%s is a label that failover sets itself, %q: leave it out", key, own[key])
		case isTwice:
			problem = fmt.Sprintf("%s is given twice: give it once", key)
		}
		if problem != "" {
			problems = append(problems, unusable("--label %q: %s", label, problem))
		}
		labels[key] = value
	}
	return labels, problems
}

func runAlerts(args []string, flags alertsFlags, stdin io.Reader, stdout, stderr io.Writer) error {
	subjects, err := flags.read(args, stdin, stderr)
	if err != nil || len(subjects) == 0 {
		return err
	}
	var documents [][]byte
	add := func(document any) error {
		text, err := yamlOf(document)
		documents = append(documents, text)
		return err
	}
	if flags.output == outputRules {
		err = add(metrics.RulesOf(subjects, flags.Options))
	} else {
		for _, object := range metrics.PrometheusRulesOf(subjects, flags.Options) {
			if err = add(object); err != nil {
				break
			}
		}
	}
	if err != nil {
		return err
	}
	if _, err := stdout.Write(bytes.Join(documents, []byte("---\n"))); err != nil {
		return unusable("%w", err)
	}
	return nil
}
