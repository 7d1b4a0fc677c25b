package command

import (
	"encoding/json"
	"io"

	"github.com/spf13/cobra"

	"github.com/failover-krm/failover/pkg/metrics"
)

// dashboardFlags are those of dashboard.
type dashboardFlags struct {
	metricsFlags
	title string
}

func newDashboard() *cobra.Command {
	flags := dashboardFlags{metricsFlags: newMetricsFlags(), title: "Failover"}
	cmd := &cobra.Command{
		Use:   "dashboard [FILE|DIR|-]...",
		Short: "Write a dashboard of Grafana: who serves now, ejections, retries, errors",
		Long: `Dashboard writes a dashboard of Grafana, as JSON, about the failovers among FailoverSpecs
or any manifests: who serves now, requests by tier and host, answers by status, hosts,
ejections, active health checks and retries. It uses the metrics of Envoy, under the
names that they have for each failover, from a Prometheus that is chosen on the dashboard.

Requests by tier and host need the metrics of each endpoint, enablePerEndpointStats of
EnvoyProxy. See docs/alerts.md.

The exit code is 0, or 1 where a FailoverSpec or a manifest is refused, or 2 where an
input cannot be read; then nothing is written.`,
		Example: `  # For Grafana's "Import dashboard"
  failover dashboard failover.yaml > failover.json

  # For the sidecar of kube-prometheus-stack's Grafana
  failover dashboard manifests/ > failover.json
  kubectl create configmap failover-dashboard --from-file=failover.json --dry-run=client -o yaml |
    kubectl label --local -f - grafana_dashboard=1 -o yaml | kubectl apply -n monitoring -f -`,
		SilenceUsage: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			args, err := inputs(cmd, args)
			if err != nil {
				return err
			}
			errs := flags.validate()
			if flags.title == "" {
				errs = append(errs, unusable("--title: must not be empty"))
			}
			if err := joined(errs); err != nil {
				return err
			}
			return runDashboard(args, flags, cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags.add(cmd)
	cmd.Flags().StringVar(&flags.title, "title", flags.title, "title of the dashboard; another title makes another dashboard")
	return cmd
}

func runDashboard(args []string, flags dashboardFlags, stdin io.Reader, stdout, stderr io.Writer) error {
	subjects, err := flags.read(args, stdin, stderr)
	if err != nil || len(subjects) == 0 {
		return err
	}
	encoder := json.NewEncoder(stdout)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(metrics.DashboardOf(flags.title, subjects)); err != nil {
		return unusable("%w", err)
	}
	return nil
}
