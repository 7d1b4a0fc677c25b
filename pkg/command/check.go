package command

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	"github.com/failover-krm/failover/pkg/check"
	"github.com/failover-krm/failover/pkg/compile"
	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/krm"
	"github.com/failover-krm/failover/pkg/report"
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

// checkFlags are the flags of check.
type checkFlags struct {
	target, failOn, output, color string
	// date is the day that the age of records of drills counts from.
	date            string
	options         check.Options
	reports, ignore []string
	showSuppressed  bool
}

// validate says what is wrong with the flags.
func (f checkFlags) validate() error {
	for _, flag := range []struct {
		name, value string
		allowed     []string
	}{
		{"--target", f.target, words(target.All())},
		{"--fail-on", f.failOn, failOnWords()},
		{"--output", f.output, words(report.Formats())},
		{"--color", f.color, colorWords()},
	} {
		if err := oneOf(flag.name, flag.value, flag.allowed); err != nil {
			return err
		}
	}
	if err := validateIgnore(f.ignore); err != nil {
		return err
	}
	if _, err := f.today(); err != nil {
		return err
	}
	_, err := reportFiles(f.reports)
	return err
}

// today is the day that the age of records counts from.
func (f checkFlags) today() (time.Time, error) {
	if f.date == "" {
		return time.Now().UTC(), nil
	}
	day, err := time.Parse(time.DateOnly, f.date)
	if err != nil {
		return time.Time{}, unusable("--date %q: must be a day such as 2026-11-27", f.date)
	}
	return day, nil
}

func newCheck() *cobra.Command {
	flags := checkFlags{target: string(target.Default), failOn: string(diagnostic.Error), output: string(report.Text), color: colorAuto}
	cmd := &cobra.Command{
		Use:   "check [FILE|DIR|-]...",
		Short: "Tell whether manifests fail over, and validate them as the API server would",
		Long: `Check tells for each failover among manifests whether it fails over, and what is
wrong with one that does not. A failover is a rule of a route with a fallback Backend,
or with backends that are called active and passive. A finding ends with the id of its rule,
which "failover explain RULE" explains. An object that is referred to and is
not in the files may be in the cluster: then the verdict is unknown. With --complete,
it counts as missing.

Check validates manifests without a cluster: FailoverSpecs and what they render,
the kinds of Gateway API and Envoy Gateway that a failover is made of, Deployments
and Services. The schemas, defaults and CEL rules are those of the CRDs that the
target installs, and the verdict is that of its API server. Documents of other
kinds are counted, and nothing is said about them. Directories are read
recursively (.yaml and .yml), "-" is stdin. Files that --ignore names are left out,
and so are the templates of Helm charts: check what "helm template" prints. Of
a ResourceList, it checks the items and answers with the ResourceList and its
results: it is then a KRM function, such as a validator of kpt.

The annotation failover.krm.dev/ignore: "RULE: reason; OTHER-RULE: reason" of an
object suppresses the findings of these rules at that object; on a FailoverSpec, also
the findings at its rendered objects. They are counted separately, and the verdict stays.

The exit code is the same for every format: 0, or 1 where there is a finding at or
above --fail-on, or 2 where an input cannot be read; the others are still
checked.`,
		Example: `  # Check the manifests of a directory
  failover check manifests/

  # Check what is in a cluster, for the version that it will run next
  kubectl get httproutes,backends,backendtrafficpolicies -A -o yaml | failover check --target envoy-gateway-1.9 -

  # Check a chart
  helm template charts/shop | failover check -

  # Annotate a pull request, and also write a file for code scanning
  failover check -o github --report sarif=failover.sarif manifests/

  # Check a kpt package, as its validator
  kpt fn eval PACKAGE --exec "failover check"`,
		SilenceUsage: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			args, err := inputs(cmd, args)
			if err != nil {
				return err
			}
			if err := flags.validate(); err != nil {
				return err
			}
			return runCheck(args, flags, cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.Flags().StringVar(&flags.target, "target", flags.target, targetUsage)
	cmd.Flags().StringVar(&flags.failOn, "fail-on", flags.failOn, "the lowest severity that makes the exit code 1, one of "+strings.Join(failOnWords(), ", "))
	addComplete(cmd, &flags.options.Complete)
	cmd.Flags().StringVarP(&flags.output, "output", "o", flags.output, "format of what is written to stdout, one of "+strings.Join(words(report.Formats()), ", "))
	cmd.Flags().StringArrayVar(&flags.reports, "report", nil, "FORMAT=FILE: write the same to a file, in a format of its own; repeatable")
	addIgnore(cmd, &flags.ignore)
	cmd.Flags().BoolVar(&flags.showSuppressed, "show-suppressed", false, "show suppressed findings in the text too; the other formats always have them")
	cmd.Flags().StringVar(&flags.date, "date", "", "YYYY-MM-DD: the day that the age of recorded drills counts from (default today)")
	cmd.Flags().StringVar(&flags.color, "color", flags.color, "colours in the text, one of "+strings.Join(colorWords(), ", ")+"; auto is for a terminal, unless NO_COLOR is set or TERM is dumb")
	for name, allowed := range map[string][]string{
		"target": words(target.All()), "fail-on": failOnWords(), "output": words(report.Formats()), "color": colorWords(),
	} {
		_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(allowed, cobra.ShellCompDirectiveNoFileComp))
	}
	return cmd
}

func runCheck(args []string, flags checkFlags, stdin io.Reader, stdout, stderr io.Writer) error {
	selected := manifestsBut(flags.ignore)
	read := readAll(args, stdin, selected)
	if len(read.documents) == 1 && krm.IsResourceList(read.documents[0].Node) {
		return runCheckFunction(read.documents[0].Node, flags, stdout, stderr)
	}
	err := noResourceLists(read.documents, "give only that")
	if err != nil {
		return err
	}
	if flags.options.Today, err = flags.today(); err != nil {
		return err
	}
	checked, err := compile.Check(diagnostic.Subjects(read.documents), target.Target(flags.target), flags.options)
	if err != nil {
		return err
	}
	whole := report.Report{
		Version: buildVersion(), Sources: sourceNames(args),
		Files: countFiles(read.documents), Documents: len(read.documents), Checked: checked.Checked,
		Others: checked.Others, HelmTemplates: read.helmTemplates, Unread: read.unread,
		Targets: checked.Targets, Failovers: checked.Failovers, Diagnostics: checked.Diagnostics,
	}
	if err := writeReports(whole, flags, stdout, stderr); err != nil {
		return err
	}
	tellLeftOut(whole, selected, stderr)
	if len(read.unread) > 0 {
		for _, unread := range read.unread {
			fmt.Fprintln(stderr, "error:", unread)
		}
		return &failure{code: exitUnusable}
	}
	return failOnFindings(whole.Diagnostics, flags.failOn)
}

// writeReports writes a report to the files that are asked for, and to stdout.
func writeReports(whole report.Report, flags checkFlags, stdout, stderr io.Writer) error {
	files, err := reportFiles(flags.reports)
	if err != nil {
		return err
	}
	options := report.Options{ShowSuppressed: flags.showSuppressed, InRepository: inRepository()}
	as := func(format report.Format) func(io.Writer) error {
		return func(w io.Writer) error { return whole.Write(w, format, options) }
	}
	for _, file := range files {
		if err := writeFile(file.name, as(file.format)); err != nil {
			return unusable("--report %s: %w", file.format, err)
		}
	}
	options.Color = wantsColor(flags.color, stdout)
	if err := as(report.Format(flags.output))(stdout); err != nil {
		return unusable("%w", err)
	}
	summary := os.Getenv("GITHUB_STEP_SUMMARY")
	if summary == "" || flags.output != string(report.GitHub) {
		return nil
	}
	if err := writeTo(summary, os.O_APPEND|os.O_CREATE|os.O_WRONLY, as(report.Markdown)); err != nil {
		fmt.Fprintf(stderr, "warning: no summary in GITHUB_STEP_SUMMARY: %v\n", err)
	}
	return nil
}

// tellLeftOut says what was not looked at.
func tellLeftOut(whole report.Report, selected selection, stderr io.Writer) {
	if len(whole.Others) > 0 {
		fmt.Fprintf(stderr, "info: not checked: %s\n", diagnostic.Printable(countKinds(whole.Others)))
	}
	templates := map[string]int{}
	for _, file := range whole.HelmTemplates {
		templates[chartOf(file)]++
	}
	for _, chart := range slices.Sorted(maps.Keys(templates)) {
		what := "a Helm template"
		if templates[chart] > 1 {
			what = fmt.Sprintf("%d Helm templates", templates[chart])
		}
		fmt.Fprintf(stderr, "info: not checked: %s of %s: check what 'helm template %[2]s' prints\n", what, diagnostic.Printable(chart))
	}
	selected.tellUnused(stderr)
}

// countFiles counts the files that documents are in.
func countFiles(documents []document.Document) int {
	files := map[string]bool{}
	for _, doc := range documents {
		files[doc.Source] = true
	}
	return len(files)
}

// runCheckFunction answers a ResourceList: check is then a KRM function, which
// kpt calls a validator. What a FailoverCheck says as its functionConfig counts more
// than the flags.
func runCheckFunction(resourceList *yaml.Node, flags checkFlags, stdout, stderr io.Writer) error {
	if flags.output != string(report.Text) || len(flags.reports) > 0 {
		return unusable("-o and --report are for files: a ResourceList is answered with a ResourceList, which has the results")
	}
	answer, err := krm.Check(resourceList, v1alpha1.CheckSpec{Target: target.Target(flags.target), FailOn: v1alpha1.FailOn(flags.failOn), Complete: flags.options.Complete, Ignore: flags.ignore})
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
