package command

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/failover-krm/failover/pkg/apiserver/crd"
	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/target"
)

// targetUsage describes the flag --target of the commands that read any manifests.
const targetUsage = "distribution and version that will run manifests other than FailoverSpecs, such as envoy-gateway-1.9: 'failover target' lists them"

func newTarget() *cobra.Command {
	return &cobra.Command{
		Use:   "target [FILE|-]",
		Short: "List the targets, or recognize the one of a cluster",
		Long: `Target lists the distributions and versions that a FailoverSpec can name as its
target, and the version of Envoy Gateway inside each. A target without a patch
means the newest one listed. Some operators of a Calico release install another
Envoy Gateway than the release itself does.

Given the CRDs of a cluster, in a file or on stdin, it says which Envoy Gateway installed
them, and which targets have that Envoy Gateway. Versions with the same CRDs cannot be
distinguished, and accept the same manifests.`,
		Example: `  # List the targets
  failover target

  # Which one is this cluster?
  kubectl get crd -o yaml | failover target -`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			piped := len(args) == 0 && !isTerminal(cmd.InOrStdin())
			if len(args) == 0 && !piped {
				return listTargets(cmd.OutOrStdout())
			}
			if piped {
				args = []string{"-"}
			}
			documents, err := readManifests(args, cmd.InOrStdin(), forManifests)
			if err != nil {
				return err
			}
			if piped && len(documents) == 0 { // as in a script, where stdin is nothing
				return listTargets(cmd.OutOrStdout())
			}
			return recognizeTarget(documents, cmd.OutOrStdout())
		},
		SilenceUsage: true,
	}
}

func listTargets(stdout io.Writer) error {
	table := tabwriter.NewWriter(stdout, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "TARGET\tENVOY GATEWAY\tGATEWAYCLASS")
	for _, release := range target.Releases() {
		version := release.EnvoyGateway
		if len(release.Others) > 0 {
			version += " (or " + strings.Join(release.Others, ", ") + ", by operator)"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\n", strings.Join(words(release.Names()), ", "), version, release.Target.GatewayClassName())
	}
	if err := table.Flush(); err != nil {
		return unusable("%w", err)
	}
	return nil
}

// recognizeTarget says which Envoy Gateway the CRDs among documents are of.
func recognizeTarget(documents []document.Document, stdout io.Writer) error {
	var crds []map[string]any
	isCalico := false
	for _, subject := range diagnostic.Subjects(documents) {
		if subject.Field("kind") != "CustomResourceDefinition" {
			continue
		}
		value, errs := document.Value(subject.Node)
		if len(errs) > 0 {
			_ = diagnostic.WriteText(stdout, diagnostic.Errors(subject, errs))
			return &failure{code: exitWrong}
		}
		object, _ := value.(map[string]any)
		crds = append(crds, object)
		isCalico = isCalico || subject.Field("spec.group") == "operator.tigera.io"
	}
	versions, known := crd.Recognize(crds)
	switch {
	case known == 0:
		return &failure{exitWrong, fmt.Errorf("no CRD of Envoy Gateway among %d documents: give what 'kubectl get crd -o yaml' prints", len(documents))}
	case len(versions) == 0:
		return &failure{exitWrong, fmt.Errorf("no Envoy Gateway that failover knows installs these %d CRDs (it knows %s): choose the nearest target, and see docs/validation.md",
			known, strings.Join(target.EnvoyGateways(), ", "))}
	}
	_, err := fmt.Fprintf(stdout, "Envoy Gateway %s, by its CRDs\n", strings.Join(versions, " or "))
	for _, release := range target.Running(versions) {
		if strings.HasPrefix(string(release.Target), "calico-") == isCalico && err == nil {
			_, err = fmt.Fprintf(stdout, "target: %s\n", release.Target)
		}
	}
	if err != nil {
		return unusable("%w", err)
	}
	return nil
}
