package command

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/failover-krm/failover/pkg/api/decode"
	"github.com/failover-krm/failover/pkg/compile"
	"github.com/failover-krm/failover/pkg/diagnostic"
)

func newRender() *cobra.Command {
	var namespace string
	cmd := &cobra.Command{
		Use:   "render [FILE|DIR|-]...",
		Short: "Print the objects of FailoverSpecs as YAML",
		Long: `Render prints every object of every FailoverSpec in the files given, as YAML
documents in an order that kubectl apply can follow. Directories are read
recursively (.yaml and .yml), "-" is stdin. Other documents in these files are
counted on stderr and never printed.

Nothing is printed unless everything is right. The exit code is 0, or 1 where
a spec is wrong or there is none, or 2 where an input cannot be read.`,
		Example: `  # Print the objects of a spec
  failover render spec.yaml

  # Apply all specs of a directory, in a namespace
  failover render -n web specs/ | kubectl apply -f -`,
		SilenceUsage: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			args, err := inputs(cmd, args)
			if err != nil {
				return err
			}
			if namespace != "" {
				if err := validateNamespace(namespace); err != nil {
					return err
				}
			}
			return runRender(args, namespace, cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.Flags().StringVarP(&namespace, "namespace", "n", "", "namespace of the specs that have none")
	return cmd
}

func validateNamespace(value string) error {
	if len(validation.IsDNS1123Label(value)) > 0 {
		return unusable("--namespace %q: must be 1 to 63 lower-case letters, digits and \"-\", and begin and end with a letter or digit", value)
	}
	return nil
}

func runRender(args []string, namespace string, stdin io.Reader, stdout, stderr io.Writer) error {
	documents, err := readManifests(args, stdin, forTexts)
	if err != nil {
		return err
	}
	var subjects []*diagnostic.Subject
	others := map[string]int{}
	for _, subject := range diagnostic.Subjects(documents) {
		if decode.Claims(subject.Node) {
			subjects = append(subjects, subject)
		} else {
			others[subject.Field("kind")]++
		}
	}
	stream, diagnostics, err := compile.YAML(subjects, compile.Options{Namespace: namespace, DropNodes: true, Together: forTexts.together})
	if err != nil {
		return err
	}
	_ = diagnostic.WriteText(stderr, diagnostics)
	if len(others) > 0 {
		fmt.Fprintf(stderr, "info: not rendered: %s\n", countKinds(others))
	}
	switch {
	case diagnostic.Failed(diagnostics):
		return &failure{exitWrong, errors.New("nothing is printed: fix the errors above")}
	case len(subjects) == 0:
		return &failure{exitWrong, fmt.Errorf("no FailoverSpec in %s", strings.Join(sourceNames(args), ", "))}
	}
	if err := stream.Write(stdout); err != nil {
		return unusable("%w", err)
	}
	return nil
}
