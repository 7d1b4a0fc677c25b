package command

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"sigs.k8s.io/kustomize/kyaml/fn/framework"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/failover-krm/failover/pkg/krm"
	"github.com/failover-krm/failover/pkg/target"
)

// severities are those of findings, the worst first, and the word for none.
var severities = []string{"error", "warning", "info", "never"}

func newCheck() *cobra.Command {
	on, failOn := string(target.Default), severities[0]
	cmd := &cobra.Command{
		Use:   "check [FILE|DIR|-]...",
		Short: "Judge manifests as the API server of a target would",
		Long: `Check judges manifests without a cluster: FailoverSpecs, by what they render,
the kinds of Gateway API and Envoy Gateway that a failover is made of, Deployments
and Services. The schemas, defaults and CEL rules are those of the CRDs that the
target installs, and the verdict is that of its API server. Documents of other
kinds are counted, and nothing is said about them. Directories are read
recursively (.yaml and .yml), "-" is stdin. Of a ResourceList, it judges the items
and answers with the ResourceList and its results: it is then a KRM function, such
as a validator of kpt.

The exit code is 0, or 1 where there is a finding at or above --fail-on, or 2
where an input cannot be read.`,
		Example: `  # Check the manifests of a directory
  failover check manifests/

  # Check what is in a cluster, for the version that it is to run next
  kubectl get httproutes,backends,backendtrafficpolicies -A -o yaml | failover check --target envoy-gateway-1.9 -

  # Check a kpt package, as its validator
  kpt fn eval PACKAGE --exec "failover check"`,
		SilenceUsage: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				if isTerminal(cmd.InOrStdin()) {
					cmd.SetOut(cmd.ErrOrStderr())
					_ = cmd.Help()
					return &failure{code: exitUnusable}
				}
				args = []string{"-"}
			}
			if !target.Target(on).IsKnown() {
				return unusable("--target %q: must be one of %s", on, joinTargets())
			}
			if !slices.Contains(severities, failOn) {
				return unusable("--fail-on %q: must be one of %s", failOn, strings.Join(severities, ", "))
			}
			return runCheck(args, target.Target(on), failOn, cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.Flags().StringVar(&on, "target", on, "distribution and version that will run manifests other than FailoverSpecs, one of "+joinTargets())
	cmd.Flags().StringVar(&failOn, "fail-on", failOn, "the least severity that makes the exit code 1, one of "+strings.Join(severities, ", "))
	return cmd
}

func joinTargets() string {
	var names []string
	for _, known := range target.All() {
		names = append(names, string(known))
	}
	return strings.Join(names, ", ")
}

func runCheck(args []string, on target.Target, failOn string, stdin io.Reader, stdout, stderr io.Writer) error {
	documents, err := readAll(args, stdin)
	if err != nil {
		return err
	}
	if len(documents) == 1 && krm.IsResourceList(documents[0].Node) {
		return runCheckFunction(documents[0].Node, on, failOn, stdout, stderr)
	}
	if err := noResourceLists(documents, "give it alone"); err != nil {
		return err
	}
	report, err := krm.Check(documents, on)
	if err != nil {
		return err
	}
	printDiagnostics(stdout, report.Diagnostics)
	counts := report.Count()
	fmt.Fprintf(stdout, "checked %d of %d documents in %s for %s (Envoy Gateway %s); errors: %d, warnings: %d\n",
		report.Judged, len(documents), strings.Join(sourceNames(args), ", "), on, on.EnvoyGateway(), counts[framework.Error], counts[framework.Warning])
	if len(report.Others) > 0 {
		fmt.Fprintf(stderr, "info: not checked: %s\n", countKinds(report.Others))
	}
	return findingsFail(report, failOn)
}

// runCheckFunction answers a ResourceList: check is then a KRM function, which
// kpt calls a validator.
func runCheckFunction(resourceList *yaml.Node, on target.Target, failOn string, stdout, stderr io.Writer) error {
	answer, report, err := krm.CheckItems(resourceList, on)
	if err != nil {
		return &failure{exitWrong, err}
	}
	printDiagnostics(stderr, answer.Diagnostics)
	if _, err := stdout.Write(answer.YAML); err != nil {
		return unusable("%w", err)
	}
	if answer.Failed() {
		return &failure{code: exitWrong}
	}
	return findingsFail(report, failOn)
}

// findingsFail fails where there is a finding at or above a severity.
func findingsFail(report krm.Report, failOn string) error {
	counts := report.Count()
	for _, severity := range severities[:slices.Index(severities, failOn)+1] {
		if counts[framework.Severity(severity)] > 0 {
			return &failure{code: exitWrong}
		}
	}
	return nil
}
