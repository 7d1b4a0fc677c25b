package command

import (
	"bufio"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/failover-krm/failover/pkg/check"
	"github.com/failover-krm/failover/pkg/drill"
	"github.com/failover-krm/failover/pkg/envoy"
	"github.com/failover-krm/failover/pkg/kubectl"
	"github.com/failover-krm/failover/pkg/target"
)

// The exit codes of a drill that was ended from outside, as those of a shell.
const (
	exitInterrupted = 130
	exitTerminated  = 143
)

// The values of --connections.
const (
	connectionsFresh = "fresh"
	connectionsKept  = "kept"
)

// drillFlags are those of drill.
type drillFlags struct {
	clusterFlags
	selectFlags
	choice   drill.Choice
	course   drill.Course
	restore  string
	undoFile string
	outage   string
	headers  []string
	body     string
	active   []string
	passive  []string
	conns    string
	insecure bool
	ca       string

	yes, dryRun, record      bool
	maxFailover, maxFailback time.Duration
	output, color, log       string
	reports                  []string
}

func newDrill() *cobra.Command {
	flags := drillFlags{
		selectFlags: selectFlags{target: string(target.Default)}, course: drill.DefaultCourse(), conns: connectionsFresh, output: string(drill.Text), color: colorAuto,
		choice: drill.Choice{Way: drill.WayScale, PortVariable: "HTTP_PORT=5000", Timeout: time.Minute},
	}
	cmd := &cobra.Command{
		Use:   "drill [FILE|DIR|-]...",
		Short: "Break active on a live cluster, watch the failover, and restore it",
		Long: `Drill makes an outage on purpose. It finds the failover of a FailoverSpec or any
manifests in the cluster of your kubectl, sends requests to its Gateway at a constant
rate, breaks active, restores it, and watches until only active answers again. It tells
what happened to the requests, and what "failover simulate" predicts for the same outage.

It changes nothing until active has answered every request of the calm phase, so it
breaks only a failover that works. It asks before it breaks anything, unless --yes is given.
Active is restored whatever happens: after an error, Ctrl-C or SIGTERM, and also where
the cluster cannot be reached for a while. How to restore it is written to a file
first: if the program itself is killed, "failover drill --restore FILE" restores it.

Active is broken by scaling its Deployments and StatefulSets to 0 (--way scale), by a
variable that makes its applications listen on another port (--way port), or by your own
command (--break and --restore), such as one that applies and deletes a manifest of a
chaos tool; --outage then says what kind of outage that is, for the prediction.

The field "pod" of a JSON body tells by the name of a pod which tier has answered, as with
the server of Envoy Gateway's guides; --active-is and --passive-is give another way:
header:NAME=REGEXP, json:FIELD=REGEXP or body=REGEXP.

The exit code is 0, or 1 where a budget is exceeded or active could not be restored, or
2 where there was no drill; 130 and 143 after an interrupt and a SIGTERM.`,
		Example: `  # What would it do?
  failover drill --dry-run failover.yaml

  # Break active for 20 seconds; fail where more than one request in a thousand is lost
  failover drill --yes --max-lost 0.1% --max-failover 2s failover.yaml

  # A report to attach, and one for the pipeline
  failover drill --yes --report html=drill.html --report junit=drill.xml failover.yaml

  # Break it in another way
  failover drill --break 'kubectl apply -f stress.yaml' --restore 'kubectl delete -f stress.yaml' --outage hang failover.yaml

  # Restore active after a drill was killed
  failover drill --restore failover-drill-web-shop-0.json`,
		SilenceUsage: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("max-failover") {
				flags.course.Budget.Failover = &flags.maxFailover
			}
			if cmd.Flags().Changed("max-failback") {
				flags.course.Budget.Failback = &flags.maxFailback
			}
			if flags.restore != "" && flags.choice.Break == "" {
				return runRestore(cmd, args, flags)
			}
			args, err := inputs(cmd, args)
			if err != nil {
				return err
			}
			if flags.choice.Break != "" && (cmd.Flags().Changed("way") || cmd.Flags().Changed("port-variable")) {
				return unusable("--break replaces --way and --port-variable: give only one of them")
			}
			if err := flags.validate(); err != nil {
				return err
			}
			return runDrill(args, flags, cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	set := cmd.Flags()
	flags.clusterFlags.add(cmd)
	flags.selectFlags.add(cmd)
	set.StringVar(&flags.choice.Address, "address", "", "HOST:PORT to connect to; by default the address of the Gateway's status and the listener's port")
	set.StringVar(&flags.choice.Way, "way", flags.choice.Way, "how active is broken, one of "+strings.Join(drill.Ways(), ", "))
	set.StringVar(&flags.choice.PortVariable, "port-variable", flags.choice.PortVariable, "with --way port: the variable that is set, and its value")
	set.StringVar(&flags.choice.Break, "break", "", "command line that breaks active, instead of --way")
	set.StringVar(&flags.restore, "restore", "", "command line that undoes --break; without --break, the file of a drill to restore")
	set.StringVar(&flags.outage, "outage", "", "kind of outage that --break makes, for the prediction, of "+strings.Join(words(envoy.Kinds()), ", "))
	set.DurationVar(&flags.course.Calm, "calm", flags.course.Calm, "how long active must answer everything before it is broken")
	set.DurationVar(&flags.course.For, "for", flags.course.For, "how long active is broken")
	set.DurationVar(&flags.course.Wait, "wait", flags.course.Wait, "how long to watch for failback at most")
	set.DurationVar(&flags.choice.Timeout, "timeout", flags.choice.Timeout, "how long to wait for the Gateway to be programmed, and for active to be ready")
	set.Float64Var(&flags.course.Rate, "rate", flags.course.Rate, "requests a second")
	set.DurationVar(&flags.course.Patience, "patience", flags.course.Patience, "how long a request waits for its answer")
	set.IntVar(&flags.course.Workers, "workers", flags.course.Workers, "threads of Envoy (its --concurrency), for the prediction")
	set.StringVar(&flags.choice.Method, "method", "", "method of the requests; by default that of the rule's match, or GET")
	set.StringVar(&flags.choice.Path, "path", "", "path of the requests, or /SERVICE/METHOD of gRPC; by default that of the rule's match")
	set.StringVar(&flags.choice.Host, "host", "", "hostname that requests ask for; by default the first that the route serves")
	set.StringArrayVar(&flags.headers, "header", nil, "NAME: VALUE that requests have; repeatable")
	set.StringVar(&flags.body, "body", "", "body of the requests, or @FILE; of gRPC the message in its binary form")
	set.StringVar(&flags.conns, "connections", flags.conns, "fresh for a new connection for each request, kept to keep connections")
	set.BoolVar(&flags.insecure, "insecure-skip-tls-verify", false, "do not verify the certificate of a listener")
	set.StringVar(&flags.ca, "certificate-authority", "", "file with the authorities that the certificate of a listener is verified by")
	set.StringArrayVar(&flags.active, "active-is", nil, "how an answer shows that it is of active; repeatable")
	set.StringArrayVar(&flags.passive, "passive-is", nil, "how an answer shows that it is of passive; repeatable")
	set.BoolVar(&flags.yes, "yes", false, "break active without asking")
	set.BoolVar(&flags.dryRun, "dry-run", false, "say what would be done, and change nothing")
	set.StringVar(&flags.undoFile, "undo-file", "", "where what restores active is written first; by default failover-drill-NAMESPACE-NAME-RULE.json")
	set.StringVar(&flags.course.Budget.Lost, "max-lost", "", "budget: requests that may be lost, as a number or as a part of those in the outage, such as 0.1%; the drill ends when it is exceeded")
	set.DurationVar(&flags.maxFailover, "max-failover", 0, "budget: time to fail over; the drill ends when it is exceeded")
	set.DurationVar(&flags.maxFailback, "max-failback", 0, "budget: time to fail back")
	set.StringVarP(&flags.output, "output", "o", flags.output, "format of the report, one of "+strings.Join(words(drill.Formats()), ", "))
	set.StringArrayVar(&flags.reports, "report", nil, "FORMAT=FILE: write the report to a file too; repeatable")
	set.StringVar(&flags.log, "log", "", "file for the requests, as lines of JSON that vegeta reads")
	set.BoolVar(&flags.record, "record", false, "write the date and the result to a file next to the file of the failover, which 'failover check' reads")
	set.StringVar(&flags.color, "color", flags.color, "the strip that is redrawn while the drill goes on, one of "+strings.Join(colorWords(), ", ")+"; auto is for a terminal")
	for name, allowed := range map[string][]string{
		"way": drill.Ways(), "outage": words(envoy.Kinds()), "output": words(drill.Formats()), "connections": {connectionsFresh, connectionsKept}, "color": colorWords(),
		"active-is": nil, "passive-is": nil, "header": nil,
	} {
		_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(allowed, cobra.ShellCompDirectiveNoFileComp))
	}
	return cmd
}

// clusterFlags name the user's kubectl and cluster.
type clusterFlags struct{ kubectl, kubeconfig, context string }

func (f *clusterFlags) add(cmd *cobra.Command) {
	set := cmd.Flags()
	set.StringVar(&f.kubectl, "kubectl", "kubectl", "kubectl to reach the cluster with")
	set.StringVar(&f.kubeconfig, "kubeconfig", "", "kubeconfig file for kubectl")
	set.StringVar(&f.context, "context", "", "context of the kubeconfig for kubectl")
}

func (f clusterFlags) client() kubectl.Kubectl {
	client := kubectl.Kubectl{Program: f.kubectl}
	if f.kubeconfig != "" {
		client.Flags = append(client.Flags, "--kubeconfig="+f.kubeconfig)
	}
	if f.context != "" {
		client.Flags = append(client.Flags, "--context="+f.context)
	}
	return client
}

// selectFlags choose one failover among those of manifests.
type selectFlags struct {
	target, route string
	rule          int
}

func (f *selectFlags) add(cmd *cobra.Command) {
	set := cmd.Flags()
	set.StringVar(&f.target, "target", f.target, targetUsage)
	set.StringVar(&f.route, "route", "", "NAME or NAMESPACE/NAME of the route, where there are several")
	set.IntVar(&f.rule, "rule", -1, "index of the rule, where the route has several")
	_ = cmd.RegisterFlagCompletionFunc("target", cobra.FixedCompletions(words(target.All()), cobra.ShellCompDirectiveNoFileComp))
}

// read returns the failover of manifests that is chosen.
func (f selectFlags) read(args []string, stdin io.Reader, stderr io.Writer) (check.Failover, error) {
	found, err := readFailovers(args, manifestsBut(nil), f.target, check.Options{}, stdin, stderr)
	if err != nil {
		return check.Failover{}, err
	}
	if found.problem() != nil || len(found.Failovers) == 0 {
		return check.Failover{}, &failure{code: exitUnusable}
	}
	return f.one(found.Failovers)
}

// one returns the failover that is chosen.
func (f selectFlags) one(failovers []check.Failover) (check.Failover, error) {
	namespace, name, isWhole := strings.Cut(f.route, "/")
	if !isWhole {
		namespace, name = "", f.route
	}
	var chosen []check.Failover
	var names []string
	for _, failover := range failovers {
		names = append(names, failover.Name())
		if (name == "" || failover.Route.Name == name) && (namespace == "" || failover.Route.Namespace == namespace) && (f.rule < 0 || failover.Rule == f.rule) {
			chosen = append(chosen, failover)
		}
	}
	switch len(chosen) {
	case 1:
		return chosen[0], nil
	case 0:
		return check.Failover{}, unusable("no failover is a rule of this route: --route and --rule must choose one of %s", strings.Join(names, ", "))
	}
	return check.Failover{}, unusable("there are several failovers: choose one of %s, by --route and --rule", strings.Join(names, ", "))
}

func (f *drillFlags) validate() error {
	var errs []error
	add := func(err error) { errs = append(errs, err) }
	if f.outage != "" {
		add(oneOf("--outage", f.outage, words(envoy.Kinds())))
		f.choice.Kind = envoy.Kind(f.outage)
		if f.choice.Break == "" {
			add(unusable("--outage is for --break: --way %s already says the kind of outage", f.choice.Way))
		}
	}
	for _, flag := range []struct {
		name, value string
		allowed     []string
	}{
		{"--target", f.target, words(target.All())},
		{"--way", f.choice.Way, drill.Ways()},
		{"--connections", f.conns, []string{connectionsFresh, connectionsKept}},
		{"--output", f.output, words(drill.Formats())},
		{"--color", f.color, colorWords()},
	} {
		add(oneOf(flag.name, flag.value, flag.allowed))
	}
	if f.choice.Break != "" && f.restore == "" {
		add(unusable("--break needs --restore, a command line that undoes it"))
	}
	f.choice.Restore = f.restore
	f.choice.Kept = f.conns == connectionsKept
	if !(f.course.Rate >= 0.1 && f.course.Rate <= mostRate) {
		add(unusable("--rate %g: must be from 0.1 to %d requests a second", f.course.Rate, mostRate))
	}
	for name, value := range map[string]time.Duration{"--calm": f.course.Calm, "--for": f.course.For, "--wait": f.course.Wait, "--patience": f.course.Patience, "--timeout": f.choice.Timeout} {
		if value <= 0 {
			add(unusable("%s %s: must be longer than 0s", name, value))
		}
	}
	if f.course.Workers < 1 {
		add(unusable("--workers %d: must be at least 1", f.course.Workers))
	}
	if err := f.course.Budget.Validate(); err != nil {
		add(unusable("%w", err))
	}
	if _, err := drillReports(f.reports); err != nil {
		add(err)
	}
	add(f.readRequest())
	return joined(errs)
}

// joined is one failure of all errors, each in a line.
func joined(errs []error) error {
	var texts []string
	for _, err := range errs {
		if err != nil {
			texts = append(texts, err.Error())
		}
	}
	slices.Sort(texts)
	if len(texts) == 0 {
		return nil
	}
	return unusable("%s", strings.Join(texts, "\n"))
}

// mostRate is how many requests a second a drill sends at most.
const mostRate = 1000

// readRequest reads the flags that say what a request is.
func (f *drillFlags) readRequest() error {
	var errs []error
	f.choice.Header = http.Header{}
	for _, header := range f.headers {
		name, value, found := strings.Cut(header, ":")
		if !found || strings.TrimSpace(name) == "" {
			errs = append(errs, unusable("--header %q: must be NAME: VALUE", header))
			continue
		}
		f.choice.Header.Add(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	if f.choice.Path != "" && !strings.HasPrefix(f.choice.Path, "/") {
		errs = append(errs, unusable("--path %q: must begin with /", f.choice.Path))
	}
	f.choice.Body = []byte(f.body)
	if file, isFile := strings.CutPrefix(f.body, "@"); isFile {
		content, err := os.ReadFile(file)
		if err != nil {
			errs = append(errs, unusable("--body: %w", err))
		}
		f.choice.Body = content
	}
	for _, of := range []struct {
		flag   string
		values []string
		marks  *[]drill.Mark
	}{{"--active-is", f.active, &f.choice.Marks.Active}, {"--passive-is", f.passive, &f.choice.Marks.Passive}} {
		for _, value := range of.values {
			mark, err := drill.ParseMark(value)
			if err != nil {
				errs = append(errs, unusable("%s %w", of.flag, err))
				continue
			}
			*of.marks = append(*of.marks, mark)
		}
	}
	if !f.insecure && f.ca == "" {
		return joined(errs)
	}
	f.choice.TLS = &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: f.insecure}
	if f.ca != "" {
		content, err := os.ReadFile(f.ca)
		authorities := x509.NewCertPool()
		switch {
		case err != nil:
			errs = append(errs, unusable("--certificate-authority: %w", err))
		case !authorities.AppendCertsFromPEM(content):
			errs = append(errs, unusable("--certificate-authority: %s has no certificate in PEM form: give a file with that of the authority", f.ca))
		}
		f.choice.TLS.RootCAs = authorities
	}
	return joined(errs)
}

// drillReport is a value of --report.
type drillReport struct {
	format drill.Format
	name   string
}

func drillReports(values []string) ([]drillReport, error) {
	var reports []drillReport
	for _, value := range values {
		format, name, found := strings.Cut(value, "=")
		if !found || name == "" {
			return nil, unusable("--report %q: must be FORMAT=FILE, such as html=drill.html", value)
		}
		if err := oneOf("--report", format, words(drill.Formats())); err != nil {
			return nil, err
		}
		reports = append(reports, drillReport{drill.Format(format), name})
	}
	return reports, nil
}

// interruptible is a context that ends with the first signal that asks to end; the second ends
// the process at once, after it has said what is left to do. The code is that of the signal.
func interruptible(stderr io.Writer, atOnce string) (ctx context.Context, code func() int, stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	var received atomic.Int32
	go func() {
		for which := range signals {
			if received.Load() != 0 {
				fmt.Fprintln(stderr, "error:", atOnce)
				os.Exit(int(received.Load()))
			}
			received.Store(exitInterrupted)
			if which != os.Interrupt {
				received.Store(exitTerminated)
			}
			cancel()
		}
	}()
	return ctx, func() int { return int(received.Load()) }, func() {
		signal.Stop(signals)
		close(signals)
		cancel()
	}
}

// runRestore finishes a drill that was killed.
func runRestore(cmd *cobra.Command, args []string, flags drillFlags) error {
	if len(args) > 0 {
		return unusable("--restore FILE restores what a drill has left broken, and reads no manifests; with --break, it is a command line")
	}
	undo, err := undoFile(flags.restore).read()
	if err != nil {
		return unusable("--restore: %w", err)
	}
	client := flags.client()
	if len(client.Flags) == 0 {
		client.Flags = undo.Cluster
	}
	stderr := cmd.ErrOrStderr()
	ctx, code, stop := interruptible(stderr, "stopped; "+flags.restore+" is still there")
	defer stop()
	for _, step := range undo.Restore {
		fmt.Fprintln(stderr, "info:", step)
	}
	if err := undo.Run(ctx, client, func(err error) { fmt.Fprintln(stderr, "info: restoring has failed, and is tried again:", err) }); err != nil {
		return &failure{cmp.Or(code(), exitWrong), fmt.Errorf("active of %s is not restored: %w", undo.Failover, err)}
	}
	if err := undoFile(flags.restore).Forget(); err != nil {
		return unusable("active of %s is restored, but the file is still there: %w", undo.Failover, err)
	}
	fmt.Fprintf(stderr, "info: active of %s is restored\n", undo.Failover)
	return nil
}

var notInFileName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`[^A-Za-z0-9.]+`)
})

func runDrill(args []string, flags drillFlags, stdin io.Reader, stdout, stderr io.Writer) error {
	isAsked := !flags.yes && !flags.dryRun
	if isAsked && (slices.Contains(args, "-") || !isTerminal(stdin)) {
		return unusable("a drill breaks active: give --yes, or --dry-run, where stdin is not a terminal to ask on")
	}
	if flags.record && slices.Contains(args, "-") {
		return unusable("--record writes a file next to the file of the failover, and stdin is not a file: give the failover in a file")
	}
	failover, err := flags.read(args, stdin, stderr)
	if err != nil {
		return err
	}
	if flags.record {
		if _, err := readRecords(recordFile(failover.Subject.File)); err != nil {
			return unusable("--record: %w", err)
		}
	}
	if flags.undoFile == "" {
		flags.undoFile = fmt.Sprintf("failover-drill-%s-%s-%d.json", notInFileName().ReplaceAllString(failover.Route.Namespace, "-"), notInFileName().ReplaceAllString(failover.Route.Name, "-"), failover.Rule)
	}
	ctx, code, stop := interruptible(stderr, "stopped; what restores active is in "+flags.undoFile+", if it was broken: run 'failover drill --restore "+flags.undoFile+"'")
	defer stop()
	plan, err := drill.Find(ctx, flags.client(), failover, flags.choice, flags.course)
	if err != nil {
		return unusable("%w", err)
	}
	if flags.dryRun {
		if err := plan.Write(stdout); err != nil {
			return unusable("%w", err)
		}
		return nil
	}
	if isAsked {
		if err := plan.Write(stderr); err != nil {
			return unusable("%w", err)
		}
		if !confirmed(ctx, stdin, stderr) {
			return &failure{cmp.Or(code(), exitUnusable), errors.New("nothing was broken")}
		}
	}
	progress := newProgress(stderr, wantsColor(flags.color, stderr))
	outcome, err := plan.Run(ctx, progress, undoFile(flags.undoFile))
	progress.end()
	var notRun drill.NotRunError
	var notRestored drill.NotRestoredError
	switch {
	case errors.As(err, &notRun):
		return &failure{cmp.Or(code(), exitUnusable), err}
	case errors.As(err, &notRestored):
		return &failure{exitWrong, fmt.Errorf("active is not restored: %w; run 'failover drill --restore %s' once the cluster can be reached", err, flags.undoFile)}
	case err != nil:
		return &failure{exitWrong, err}
	}
	return writeDrill(outcome.Report(), flags, code(), stdout, stderr)
}

// confirmed asks whether to break active.
func confirmed(ctx context.Context, stdin io.Reader, stderr io.Writer) bool {
	fmt.Fprint(stderr, "Break active? [y/N] ")
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(stdin).ReadString('\n') // no answer is a no
		answer <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case <-ctx.Done():
		return false
	case text := <-answer:
		return text == "y" || text == "yes"
	}
}

// writeDrill writes the report, everywhere that it is asked for.
func writeDrill(report drill.Report, flags drillFlags, interrupted int, stdout, stderr io.Writer) error {
	var errs []error
	reports, err := drillReports(flags.reports)
	errs = append(errs, err)
	for _, of := range reports {
		if err := writeFile(of.name, func(w io.Writer) error { return report.Write(w, of.format) }); err != nil {
			errs = append(errs, fmt.Errorf("--report %s: %w", of.format, err))
		}
	}
	if flags.log != "" {
		if err := writeFile(flags.log, report.WriteLog); err != nil {
			errs = append(errs, fmt.Errorf("--log: %w", err))
		}
	}
	if flags.record && report.Result != drill.Interrupted {
		name := recordFile(report.Plan.Failover.Subject.File)
		// Another drill may have written to it meanwhile.
		records, err := readRecords(name)
		if err == nil {
			err = writeFile(name, func(w io.Writer) error { return report.WriteRecord(w, records) })
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("--record: %w", err))
		} else {
			fmt.Fprintf(stderr, "info: %s says that the failover was drilled\n", name)
		}
	}
	errs = append(errs, report.Write(stdout, drill.Format(flags.output)))
	if err := errors.Join(errs...); err != nil {
		return unusable("%w", err)
	}
	switch {
	case interrupted != 0:
		return &failure{code: interrupted}
	case report.Result == drill.Exceeded:
		return &failure{code: exitWrong}
	}
	return nil
}

// readRecords reads the records of a file, or none where it is not there.
func readRecords(name string) ([]drill.Record, error) {
	data, err := os.ReadFile(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	}
	records, err := drill.ParseRecords(data, name)
	if err != nil {
		return nil, fmt.Errorf("%s has other documents than records of drills, and is not overwritten: correct it, or move it away\n%w", name, err)
	}
	return records, nil
}

// recordFile is where the records of drills are: next to the file of their failovers.
func recordFile(source string) string {
	return strings.TrimSuffix(source, filepath.Ext(source)) + ".drill.yaml"
}
