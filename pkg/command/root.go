// Package command is the command line of failover.
package command

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/failover-krm/failover/pkg/api/decode"
	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/krm"
)

// The exit codes of every command.
const (
	// exitWrong is for a spec that is wrong.
	exitWrong = 1
	// exitUnusable is for what could not be read, or asked for.
	exitUnusable = 2
)

// stdinName is what messages call standard input.
const stdinName = "stdin"

// Run executes the command with its arguments, and returns the exit code. All it
// reads and writes comes from and goes to the streams and files given.
func Run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	output := &checkedWriter{Writer: stdout}
	code := run(args, stdin, output, stderr)
	if code == 0 && output.err != nil { // of what cobra writes, such as help
		fmt.Fprintln(stderr, "error:", output.err)
		return exitUnusable
	}
	return code
}

// checkedWriter remembers that something could not be written.
type checkedWriter struct {
	io.Writer
	err error
}

func (w *checkedWriter) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	w.err = cmp.Or(w.err, err)
	return n, err
}

func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newRoot(stdin, stdout, stderr)
	root.SetArgs(append([]string{}, args...)) // cobra takes nil as the arguments of the process
	cmd, err := root.ExecuteC()
	if err == nil {
		return 0
	}
	if failure, ok := errors.AsType[*failure](err); ok {
		if failure.err != nil {
			for line := range strings.SplitSeq(failure.Error(), "\n") {
				fmt.Fprintln(stderr, "error:", line)
			}
		}
		return failure.code
	}
	fmt.Fprintf(stderr, "error: %v\nRun '%s --help' for usage.\n", plain(err), cmd.CommandPath())
	return exitUnusable
}

// valueTypes says what is allowed, by the type of a flag.
var valueTypes = map[string]string{
	"bool":     "true or false",
	"duration": "a duration such as 90s, 5m or 24h",
	"float64":  "a number",
	"int":      "a whole number",
}

// plain says what is allowed where the library says what a parser has met.
func plain(err error) error {
	invalid, ok := errors.AsType[*pflag.InvalidValueError](err)
	if !ok {
		return err
	}
	flag := invalid.GetFlag()
	allowed, ok := valueTypes[flag.Value.Type()]
	if !ok {
		return err
	}
	return fmt.Errorf("--%s %q: must be %s", flag.Name, invalid.GetValue(), allowed)
}

// failure is an error with the exit code that it calls for.
type failure struct {
	code int
	// err is what is still to be said, if anything.
	err error
}

func (f *failure) Error() string { return fmt.Sprint(f.err) }

func unusable(format string, args ...any) error {
	return &failure{exitUnusable, fmt.Errorf(format, args...)}
}

// Root returns the command line without running it, for what writes its documentation.
func Root() *cobra.Command { return newRoot(strings.NewReader(""), io.Discard, io.Discard) }

func newRoot(stdin io.Reader, stdout, stderr io.Writer) *cobra.Command {
	root := &cobra.Command{
		Use:   "failover",
		Short: "Render active/passive failover at a Kubernetes gateway",
		Long: `failover renders active/passive failover for Envoy Gateway and Calico Ingress
Gateway from a dozen lines, the FailoverSpec.

Called without arguments it is a KRM function for kustomize and kpt: it reads
a ResourceList on stdin and writes a ResourceList to stdout. It renders the
FailoverSpecs among the items, or the one that is the functionConfig:

  apiVersion: failover.krm.dev/v1alpha1
  kind: FailoverSpec
  metadata: {name: shop, namespace: web}
  spec:
    active: {service: {name: shop, port: 8080}}
    passive: {service: {name: shop-standby, port: 8080}}

The objects are put next to the spec, with annotations that say which spec they belong
to. The next run updates them, keeps the labels, annotations and comments that others
put on them, and removes objects that are no longer rendered, even those of a spec that no
longer exists; with a FailoverSpec as functionConfig, only that spec's objects are touched.`,
		Example: `  # Render a FailoverSpec and apply the result
  failover render spec.yaml | kubectl apply -f -

  # Run as a function on a kpt package
  kpt fn eval PACKAGE --exec failover`,
		Version:       buildVersion(),
		Args:          noFiles,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if isTerminal(stdin) {
				cmd.SetOut(stderr)
				_ = cmd.Help()
				return &failure{code: exitUnusable}
			}
			return runFunction(stdin, stdout, stderr)
		},
	}
	if strings.HasPrefix(filepath.Base(os.Args[0]), "kubectl-") { // a plugin of kubectl
		root.Annotations = map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl failover"}
	}
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.AddCommand(newAdopt(), newAlerts(), newCheck(), newDashboard(), newDrill(), newExplain(), newGraph(), newRender(), newSchema(), newSimulate(), newStatus(), newTarget(), newVersion())
	root.SetHelpCommand(newHelp())
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		if cmd.HasSubCommands() {
			cmd.Args, cmd.RunE = cobra.ArbitraryArgs, onlySubcommands
		}
	}
	return root
}

// newHelp is cobra's help command, but an unknown topic is an error.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:   "help [command]",
		Short: "Help about any command",
		RunE: func(cmd *cobra.Command, args []string) error {
			topic, rest, err := cmd.Root().Find(args)
			if err != nil || topic == nil || len(rest) > 0 {
				return unknownCommand(cmd.Root(), strings.Join(args, " "))
			}
			topic.InitDefaultHelpFlag()
			return topic.Help()
		},
	}
}

// onlySubcommands is what a command does that has nothing of its own to do.
func onlySubcommands(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return unknownCommand(cmd, args[0])
	}
	return cmd.Help()
}

// unknownCommand says which command was most likely meant.
func unknownCommand(parent *cobra.Command, name string) error {
	var known []string
	for _, cmd := range parent.Commands() {
		if cmd.IsAvailableCommand() {
			known = append(known, cmd.Name())
		}
	}
	if parent.HasParent() {
		return oneOf("argument of "+parent.CommandPath(), name, known)
	}
	return oneOf("unknown command", name, known)
}

// noFiles sends those who name a file to the command that takes one.
func noFiles(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		if _, err := os.Stat(args[0]); err == nil {
			return unusable("failover without a command takes no files: use 'failover render %s'", strings.Join(args, " "))
		}
	}
	if len(args) > 0 {
		return unknownCommand(cmd, args[0])
	}
	return nil
}

// isTerminal tells whether a stream that is read or written is a terminal.
func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// runFunction answers a ResourceList. Whatever is wrong with it, stdout gets
// either a whole ResourceList or nothing.
func runFunction(stdin io.Reader, stdout, stderr io.Writer) error {
	data, err := document.Bytes(stdin, stdinName)
	if err != nil {
		return functionInputError(err)
	}
	forList.limit(len(data))
	documents, err := document.Parse(data, stdinName)
	if err != nil {
		return functionInputError(err)
	}
	if len(documents) != 1 || !krm.IsResourceList(documents[0].Node) {
		return noResourceList(documents)
	}
	answer, err := krm.Function(documents[0].Node, data)
	if err != nil {
		return &failure{exitWrong, err}
	}
	return writeAnswer(answer, stdout, stderr)
}

// writeAnswer writes a function's answer, and for people what its results say.
func writeAnswer(answer krm.Answer, stdout, stderr io.Writer) error {
	_ = diagnostic.WriteText(stderr, answer.Diagnostics)
	if _, err := stdout.Write(answer.YAML); err != nil {
		return unusable("%w", err)
	}
	if answer.Failed {
		return &failure{code: exitWrong}
	}
	return nil
}

// functionInputError has the exit code by which orchestrators know a failed
// function, for an input that is not YAML; one that cannot be read is another
// matter.
func functionInputError(err error) error {
	if _, ok := errors.AsType[*document.SyntaxError](err); ok {
		return &failure{exitWrong, err}
	}
	return unusable("stdin: %w", err)
}

// noResourceList says what to type instead.
func noResourceList(documents []document.Document) error {
	for _, doc := range documents {
		if decode.Claims(doc.Node) {
			return unusable("stdin has a FailoverSpec, and without arguments failover is a KRM function that reads a ResourceList: use 'failover render -'")
		}
	}
	if len(documents) == 0 {
		return unusable("stdin is empty, and without arguments failover is a KRM function that reads a ResourceList: see 'failover --help'")
	}
	if slices.ContainsFunc(documents, func(doc document.Document) bool { return krm.IsResourceList(doc.Node) }) {
		return unusable("stdin has %d documents (%s), and the function reads one ResourceList: give each a call of its own", len(documents), describe(documents))
	}
	return unusable("stdin has no ResourceList (%s), which failover without arguments reads as a KRM function: see 'failover --help'", describe(documents))
}

func describe(documents []document.Document) string {
	kinds := map[string]int{}
	for _, doc := range documents {
		kinds[kindOf(doc.Node)]++
	}
	return countKinds(kinds)
}

func kindOf(node *yaml.Node) string { return document.Field(node, "kind") }

// words are the texts of values.
func words[T ~string](values []T) []string {
	var texts []string
	for _, value := range values {
		texts = append(texts, string(value))
	}
	return texts
}

// oneOf refuses a flag's value, or a word, that is not among those allowed.
func oneOf(name, value string, allowed []string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	meant := document.Suggest(value, allowed)
	if i := slices.IndexFunc(allowed, func(word string) bool { return value != "" && strings.HasPrefix(word, value) }); i >= 0 {
		meant = allowed[i]
	}
	if meant != "" {
		return unusable("%s %q: did you mean %q? It must be one of %s", name, value, meant, strings.Join(allowed, ", "))
	}
	return unusable("%s %q: must be one of %s", name, value, strings.Join(allowed, ", "))
}
