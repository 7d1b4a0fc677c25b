package command

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/failover-krm/failover/pkg/check"
	"github.com/failover-krm/failover/pkg/diagram"
	"github.com/failover-krm/failover/pkg/envoy"
	"github.com/failover-krm/failover/pkg/simulate"
	"github.com/failover-krm/failover/pkg/target"
)

// The values of simulate's -o.
const (
	outputText = "text"
	outputJSON = "json"
	outputCSV  = "csv"
)

// simulateFlags are those of simulate.
type simulateFlags struct {
	simulate.Options
	simulate.Budget
	outages        []string
	target, output string
	// areKindsGiven tells that --outage was written.
	areKindsGiven, requests  bool
	complete                 bool
	maxFailover, maxFailback time.Duration
}

func newSimulate() *cobra.Command {
	flags := simulateFlags{Options: simulate.Defaults(), target: string(target.Default), output: outputText}
	cmd := &cobra.Command{
		Use:   "simulate [FILE|DIR|-]...",
		Short: "Tell what an outage costs: requests lost, and the times to fail over and back",
		Long: `Simulate tells for each failover among FailoverSpecs or any manifests what it costs
when active is broken, without a cluster: the requests lost, the time until passive
answers, the time until active is back once it works again, and the slowest answer.
Each is a range over many runs, since much depends on when it begins. Active is the tier
that serves first, even where its name says otherwise, as with prefer: passive.

It simulates Envoy under the policy in effect, and is compared with drills on a real
one: docs/simulation.md has the results, and what is not covered. Findings of "failover
check" do not prevent a simulation.

The kinds of outage: closed (the process is gone), 500 and 503 (it answers errors),
hang (it is stuck), dropped (the node or its network is gone). For a GRPCRoute,
unavailable and internal take the place of 500 and 503: the server answers that status
of gRPC. For a TCPRoute and a TLSRoute there is no answer that is an error, and
connections are counted. With a single kind, the output shows each second, and what
happened. With -o svg, each is a picture of the first run, one below the other.

The exit code is 0, or 1 where an outage costs more than a budget permits (in the
worst run) or a FailoverSpec is wrong, or 2 where an input cannot be read, or where
there is a budget and a failover that is not simulated.`,
		Example: `  # What would an outage of 20 seconds cost?
  failover simulate failover.yaml

  # What happens when the node is gone, second by second
  failover simulate --outage dropped failover.yaml

  # The same as a picture
  failover simulate --outage dropped -o svg failover.yaml > outage.svg

  # In a pipeline: fail where more than one request in a thousand would be lost
  failover simulate --max-lost 0.1% --max-failover 2s manifests/`,
		SilenceUsage: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			args, err := inputs(cmd, args)
			if err != nil {
				return err
			}
			if cmd.Flags().Changed("max-failover") {
				flags.Failover = &flags.maxFailover
			}
			if cmd.Flags().Changed("max-failback") {
				flags.Failback = &flags.maxFailback
			}
			if err := flags.validate(cmd.Flags().Changed); err != nil {
				return err
			}
			return runSimulate(args, flags, cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	set := cmd.Flags()
	set.StringVar(&flags.target, "target", flags.target, targetUsage)
	addComplete(cmd, &flags.complete)
	set.StringSliceVar(&flags.outages, "outage", words(flags.Kinds), "kinds of outage, of "+strings.Join(words(envoy.Kinds()), ", "))
	set.DurationVar(&flags.For, "for", flags.For, "how long the outage lasts")
	set.DurationVar(&flags.Begin, "begin", flags.Begin, "when it begins, after the first request")
	set.Float64Var(&flags.Rate, "rate", flags.Rate, "requests a second, each on a new connection")
	set.StringVar(&flags.Method, "method", flags.Method, "the method of the requests of an HTTPRoute, only for the title: Envoy repeats a POST as it repeats a GET")
	set.DurationVar(&flags.Patience, "patience", flags.Patience, "how long a client waits for an answer")
	set.IntVar(&flags.Workers, "workers", flags.Workers, "threads of Envoy (its --concurrency)")
	set.IntVar(&flags.ActiveHosts, "active-hosts", flags.ActiveHosts, "hosts of each name of active, the tier that serves first, where the manifests do not say: a Service that is not among them, or a name outside the cluster")
	set.IntVar(&flags.PassiveHosts, "passive-hosts", flags.PassiveHosts, "hosts of each name of passive, where the manifests do not say")
	set.IntVar(&flags.BrokenHosts, "broken-hosts", flags.BrokenHosts, "how many hosts of active are broken; 0 for all")
	set.IntVar(&flags.Seeds, "seeds", flags.Seeds, "number of runs")
	set.StringVarP(&flags.output, "output", "o", flags.output, "format, one of "+strings.Join(outputWords(), ", "))
	set.BoolVar(&flags.requests, "requests", false, "with -o json: every request of the first run too")
	set.StringVar(&flags.Lost, "max-lost", "", "budget: requests that may be lost, as a number or as a part of those in the outage, such as 0.1%")
	set.DurationVar(&flags.maxFailover, "max-failover", 0, "budget: time to fail over")
	set.DurationVar(&flags.maxFailback, "max-failback", 0, "budget: time to fail back")
	for name, allowed := range map[string][]string{"target": words(target.All()), "outage": words(envoy.Kinds()), "output": outputWords()} {
		_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(allowed, cobra.ShellCompDirectiveNoFileComp))
	}
	return cmd
}

func outputWords() []string { return []string{outputText, outputJSON, outputCSV, outputSVG} }

func (f *simulateFlags) validate(isGiven func(string) bool) error {
	f.areKindsGiven = isGiven("outage")
	errs := []error{oneOf("--target", f.target, words(target.All())), oneOf("--output", f.output, outputWords())}
	if f.requests && f.output != outputJSON {
		errs = append(errs, errors.New("--requests is for -o json: add that, or leave it out"))
	}
	f.Kinds = nil
	if f.areKindsGiven && len(f.outages) == 0 {
		errs = append(errs, oneOf("--outage", "", words(envoy.Kinds())))
	}
	for _, kind := range f.outages {
		errs = append(errs, oneOf("--outage", kind, words(envoy.Kinds())))
		if !slices.Contains(f.Kinds, envoy.Kind(kind)) {
			f.Kinds = append(f.Kinds, envoy.Kind(kind))
		}
	}
	if isGiven("max-lost") && f.Lost == "" {
		errs = append(errs, errors.New(`--max-lost "": must not be empty: leave it out where any number may be lost`))
	}
	if err := errors.Join(append(errs, f.Options.Validate(), f.Budget.Validate())...); err != nil {
		return unusable("%w", err)
	}
	return nil
}

func runSimulate(args []string, flags simulateFlags, stdin io.Reader, stdout, stderr io.Writer) error {
	// What is refused is no failover; a finding of a rule says nothing against a number.
	found, err := readFailovers(args, manifestsBut(nil), flags.target, check.Options{Complete: flags.complete}, stdin, stderr)
	if err != nil {
		return err
	}
	var served []simulate.Served
	for _, failover := range found.Failovers {
		for _, on := range failover.Distinct() {
			served = append(served, on.Served())
		}
	}
	if err := errors.Join(flags.validateBroken(served), flags.validateKinds(served)); err != nil {
		return unusable("%w", err)
	}
	for _, line := range withoutOutage(served, flags) {
		fmt.Fprintln(stderr, "info:", line)
	}
	if problem := found.problem(); problem != nil && len(served) == 0 {
		return problem
	}
	results, err := simulate.Run(served, flags.Options)
	if err != nil {
		return unusable("%w", err)
	}
	if err := writeSimulated(results, flags, stdout); err != nil {
		return unusable("%w", err)
	}
	exceeded := flags.Exceeded(results)
	for _, line := range exceeded {
		fmt.Fprintln(stderr, "error:", line)
	}
	untested := flags.Untested(results)
	for _, line := range untested {
		fmt.Fprintln(stderr, "error:", line)
	}
	switch problem := found.problem(); {
	case len(untested) > 0:
		return &failure{code: exitUnusable}
	case problem != nil || len(exceeded) == 0:
		return problem
	}
	return &failure{code: exitWrong}
}

// validateBroken refuses more hosts than the active tier of any failover has.
func (f *simulateFlags) validateBroken(served []simulate.Served) error {
	most := 0
	for _, failover := range served {
		most = max(most, failover.ActiveHosts(f.Options))
	}
	if most == 0 || f.BrokenHosts <= most {
		return nil
	}
	return fmt.Errorf("--broken-hosts %d: no active tier has so many hosts: must be from 0 to %d; --active-hosts says how many there are where the manifests do not", f.BrokenHosts, most)
}

// validateKinds refuses kinds that were asked for by name, where no failover can have any.
func (f *simulateFlags) validateKinds(served []simulate.Served) error {
	if !f.areKindsGiven || slices.ContainsFunc(served, func(failover simulate.Served) bool { return len(failover.Kinds(f.Kinds)) > 0 }) {
		return nil
	}
	var errs []error
	seen := map[string]bool{}
	for _, failover := range served {
		if !seen[failover.Kind] {
			errs = append(errs, fmt.Errorf("--outage %s: %s", strings.Join(f.outages, ","), failover.CanHave()))
		}
		seen[failover.Kind] = true
	}
	return errors.Join(errs...)
}

// withoutOutage says for each failover which kinds that were asked for by name it cannot have.
func withoutOutage(served []simulate.Served, flags simulateFlags) []string {
	var lines []string
	for _, failover := range served {
		has := failover.Kinds(envoy.Kinds())
		for _, kind := range flags.Kinds {
			if flags.areKindsGiven && !slices.Contains(has, kind) {
				lines = append(lines, fmt.Sprintf("%s: --outage %s is left out: %s", failover.Name, kind, failover.CanHave()))
			}
		}
	}
	return lines
}

func writeSimulated(results []simulate.Failover, flags simulateFlags, stdout io.Writer) error {
	switch flags.output {
	case outputJSON:
		return simulate.WriteJSON(stdout, results, flags.requests)
	case outputCSV:
		return simulate.WriteCSV(stdout, results)
	case outputSVG:
		_, err := stdout.Write(diagram.Outage(diagram.Simulated(results, flags.Options)...))
		return err
	default:
		return simulate.WriteText(stdout, results, flags.Options)
	}
}
