package command

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	"github.com/failover-krm/failover/pkg/check"
	"github.com/failover-krm/failover/pkg/compile"
	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/krm"
	"github.com/failover-krm/failover/pkg/target"
)

// never is the severity that no finding has.
const never = "never"

// failOnWords are what --fail-on may be.
func failOnWords() []string {
	var words []string
	for _, severity := range diagnostic.Severities() {
		words = append(words, string(severity))
	}
	return append(words, never)
}

func newCheck() *cobra.Command {
	on, failOn := string(target.Default), string(diagnostic.Error)
	var options check.Options
	cmd := &cobra.Command{
		Use:   "check [FILE|DIR|-]...",
		Short: "Tell whether manifests fail over, and validate them as the API server would",
		Long: `Check tells of each failover among manifests whether it fails over, and what is
wrong with one that does not: a rule of a route with a fallback Backend, or with
backends that are called active and passive. A finding ends with the id of its rule,
which "failover explain RULE" explains. What is referred to and is not in the files
may be in the cluster: that makes the verdict unknown, and with --complete it counts
as missing.

Check validates manifests without a cluster: FailoverSpecs, by what they render,
the kinds of Gateway API and Envoy Gateway that a failover is made of, Deployments
and Services. The schemas, defaults and CEL rules are those of the CRDs that the
target installs, and the verdict is that of its API server. Documents of other
kinds are counted, and nothing is said about them. Directories are read
recursively (.yaml and .yml), "-" is stdin. Of a ResourceList, it checks the items
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
			if err := oneOf("--target", on, words(target.All())); err != nil {
				return err
			}
			if err := oneOf("--fail-on", failOn, failOnWords()); err != nil {
				return err
			}
			return runCheck(args, target.Target(on), failOn, options, cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.Flags().StringVar(&on, "target", on, "distribution and version that will run manifests other than FailoverSpecs, one of "+strings.Join(words(target.All()), ", "))
	cmd.Flags().StringVar(&failOn, "fail-on", failOn, "the least severity that makes the exit code 1, one of "+strings.Join(failOnWords(), ", "))
	cmd.Flags().BoolVar(&options.Complete, "complete", false, "nothing else is in the cluster: what is referred to and is not in the files is missing")
	_ = cmd.RegisterFlagCompletionFunc("target", cobra.FixedCompletions(words(target.All()), cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("fail-on", cobra.FixedCompletions(failOnWords(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func runCheck(args []string, on target.Target, failOn string, options check.Options, stdin io.Reader, stdout, stderr io.Writer) error {
	documents, unread := readAll(args, stdin)
	if len(documents) == 1 && krm.IsResourceList(documents[0].Node) {
		return runCheckFunction(documents[0].Node, on, failOn, options, stdout, stderr)
	}
	if err := noResourceLists(documents, "give it alone"); err != nil {
		return err
	}
	if len(documents) == 0 && unread != nil {
		return &failure{exitUnusable, unread}
	}
	report, err := compile.Check(diagnostic.Subjects(documents), on, options)
	if err != nil {
		return err
	}
	if err := diagnostic.WriteText(stdout, report.Diagnostics); err != nil {
		return unusable("%w", err)
	}
	for _, failover := range report.Failovers {
		if _, err := fmt.Fprintln(stdout, failover); err != nil {
			return unusable("%w", err)
		}
	}
	_, err = fmt.Fprintf(stdout, "checked %d of %d documents of %s in %s%s; %s, errors: %d, warnings: %d\n",
		report.Checked, len(documents), countFiles(documents), strings.Join(sourceNames(args), ", "), forTargets(report.Targets), countFailovers(report.Failovers),
		diagnostic.Count(report.Diagnostics, diagnostic.Error), diagnostic.Count(report.Diagnostics, diagnostic.Warning))
	if err != nil {
		return unusable("%w", err)
	}
	if len(report.Others) > 0 {
		fmt.Fprintf(stderr, "info: not checked: %s\n", countKinds(report.Others))
	}
	if unread != nil {
		return &failure{exitUnusable, unread}
	}
	return failOnFindings(report.Diagnostics, failOn)
}

// countFiles says how many files documents are in.
func countFiles(documents []document.Document) string {
	files := map[string]bool{}
	for _, doc := range documents {
		files[doc.Source] = true
	}
	if len(files) == 1 {
		return "1 file"
	}
	return fmt.Sprintf("%d files", len(files))
}

// countFailovers says how many failovers there are of each verdict.
func countFailovers(failovers []check.Failover) string {
	if len(failovers) == 0 {
		return "no failover found"
	}
	counts := map[check.Verdict]int{}
	for _, failover := range failovers {
		counts[failover.Verdict]++
	}
	return fmt.Sprintf("failovers: %d (yes: %d, no: %d, unknown: %d)", len(failovers), counts[check.Yes], counts[check.No], counts[check.Unknown])
}

// forTargets says what documents were checked for.
func forTargets(targets []target.Target) string {
	var names []string
	for _, on := range targets {
		names = append(names, fmt.Sprintf("%s (Envoy Gateway %s)", on, on.EnvoyGateway()))
	}
	if len(names) == 0 {
		return ""
	}
	return " for " + strings.Join(names, ", ")
}

// runCheckFunction answers a ResourceList: check is then a KRM function, which
// kpt calls a validator. What a FailoverCheck says as its functionConfig counts more
// than the flags.
func runCheckFunction(resourceList *yaml.Node, on target.Target, failOn string, options check.Options, stdout, stderr io.Writer) error {
	answer, err := krm.Check(resourceList, v1alpha1.CheckSpec{Target: on, FailOn: v1alpha1.FailOn(failOn), Complete: options.Complete})
	if err != nil {
		return &failure{exitWrong, err}
	}
	return writeAnswer(answer, stdout, stderr)
}

// failOnFindings fails where there is a finding at or above a severity.
func failOnFindings(diagnostics []diagnostic.Diagnostic, failOn string) error {
	if failOn != never && diagnostic.AnyAtLeast(diagnostics, diagnostic.Severity(failOn)) {
		return &failure{code: exitWrong}
	}
	return nil
}
