package command

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/failover-krm/failover/pkg/check"
	"github.com/failover-krm/failover/pkg/compile"
	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/diagram"
	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/target"
)

// The values of -o that name a picture.
const (
	outputSVG     = "svg"
	outputMermaid = "mermaid"
)

// longestMermaid is how many characters Mermaid takes where nobody configures it, as on
// GitHub.
const longestMermaid = 50_000

// graphs are the forms of a graph.
var graphs = map[string]func([]diagram.View) []byte{outputText: diagram.Text, outputSVG: diagram.SVG, outputMermaid: diagram.Mermaid}

func graphWords() []string { return []string{outputText, outputSVG, outputMermaid} }

// graphFlags are those of graph.
type graphFlags struct {
	target, output string
	options        check.Options
	ignore         []string
}

func newGraph() *cobra.Command {
	flags := graphFlags{target: string(target.Default), output: outputText}
	cmd := &cobra.Command{
		Use:   "graph [FILE|DIR|-]...",
		Short: "Draw failovers: which tier serves, which stands by, and what is wrong",
		Long: `Graph draws each failover among FailoverSpecs or any manifests: the listener where
clients come in, the route and the policy in effect, the tiers in the order of their
priority, and which tier serves before, in and after an outage. It shows what is split,
refused, ignored or missing, and the errors and warnings of "failover check", each at
the object that it is about.

The forms are text (a tree, within 80 columns), svg (light and dark, for a page of
any width) and mermaid (for a code block of Markdown).

The exit code is 0, even where the drawing shows problems, or 1 where a FailoverSpec or
a manifest is refused, or 2 where an input cannot be read.`,
		Example: `  # Look at the failovers of a directory
  failover graph manifests/

  # A picture for a page
  failover graph -o svg failover.yaml > failover.svg

  # What is in a cluster
  kubectl get httproutes,gateways,backends,backendtrafficpolicies -A -o yaml | failover graph -`,
		SilenceUsage: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			args, err := inputs(cmd, args)
			if err != nil {
				return err
			}
			if err := oneOf("--target", flags.target, words(target.All())); err != nil {
				return err
			}
			if err := oneOf("--output", flags.output, graphWords()); err != nil {
				return err
			}
			if err := validateIgnore(flags.ignore); err != nil {
				return err
			}
			return runGraph(args, flags, cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.Flags().StringVar(&flags.target, "target", flags.target, targetUsage)
	addComplete(cmd, &flags.options.Complete)
	addIgnore(cmd, &flags.ignore)
	cmd.Flags().StringVarP(&flags.output, "output", "o", flags.output, "form, one of "+strings.Join(graphWords(), ", "))
	for name, allowed := range map[string][]string{"target": words(target.All()), "output": graphWords()} {
		_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(allowed, cobra.ShellCompDirectiveNoFileComp))
	}
	return cmd
}

func runGraph(args []string, flags graphFlags, stdin io.Reader, stdout, stderr io.Writer) error {
	selected := manifestsBut(flags.ignore)
	found, err := readFailovers(args, selected, flags.target, flags.options, stdin, stderr)
	if err != nil {
		return err
	}
	selected.tellUnused(stderr)
	problem := found.problem()
	if problem != nil && len(found.Failovers) == 0 {
		return problem
	}
	graph := graphs[flags.output](diagram.Views(found.Failovers, found.Diagnostics))
	if _, err := stdout.Write(graph); err != nil {
		return unusable("%w", err)
	}
	if flags.output == outputMermaid && len(graph) > longestMermaid {
		fmt.Fprintf(stderr, "warning: Mermaid refuses a diagram of more than %d characters, unless its maxTextSize says otherwise: give fewer manifests\n", longestMermaid)
	}
	return problem
}

// failovers are those that a command shows, whatever rules say of them.
type failovers struct {
	compile.Report
	// refused tells that an API server or Envoy Gateway refuses something, and unread that
	// a file could not be read.
	refused, unread bool
	documents       []document.Document
}

// readFailovers finds the failovers among FailoverSpecs and manifests, and says on stderr
// what is refused, and what could not be read.
func readFailovers(args []string, selected selection, on string, options check.Options, stdin io.Reader, stderr io.Writer) (failovers, error) {
	read := readAll(args, stdin, selected)
	if err := noResourceLists(read.documents, "give its items"); err != nil {
		return failovers{}, err
	}
	checked, err := compile.Check(diagnostic.Subjects(read.documents), target.Target(on), options)
	if err != nil {
		return failovers{}, err
	}
	refused := refusedIn(checked.Diagnostics)
	if err := diagnostic.WriteText(stderr, refused); err != nil {
		return failovers{}, unusable("%w", err)
	}
	for _, unread := range read.unread {
		fmt.Fprintln(stderr, "error:", unread)
	}
	if len(checked.Failovers) == 0 {
		fmt.Fprintf(stderr, "info: no failover found in %s\n", strings.Join(sourceNames(args), ", "))
	}
	return failovers{checked, len(refused) > 0, len(read.unread) > 0, read.documents}, nil
}

// problem is what the exit code tells of the input.
func (f failovers) problem() error {
	switch {
	case f.unread:
		return &failure{code: exitUnusable}
	case f.refused:
		return &failure{code: exitWrong}
	}
	return nil
}
