package command

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/failover-krm/failover/pkg/api/decode"
	"github.com/failover-krm/failover/pkg/compile"
	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/encode"
	"github.com/failover-krm/failover/pkg/krm"
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
		Example: `  # Print what a spec stands for
  failover render spec.yaml

  # Apply all specs of a directory, in a namespace
  failover render -n web specs/ | kubectl apply -f -`,
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
			if details := validation.IsDNS1123Label(namespace); namespace != "" && len(details) > 0 {
				return unusable("--namespace %q: %s", namespace, strings.Join(details, "; "))
			}
			return runRender(args, namespace, cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.Flags().StringVarP(&namespace, "namespace", "n", "", "namespace of the specs that name none")
	return cmd
}

func runRender(args []string, namespace string, stdin io.Reader, stdout, stderr io.Writer) error {
	documents, err := readManifests(args, stdin)
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
	texts, diagnostics, err := compile.Documents(subjects, compile.Options{Namespace: namespace}, textOf)
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
	if _, err = stdout.Write(bytes.Join(texts, []byte("---\n"))); err != nil {
		return unusable("%w", err)
	}
	return nil
}

// textOf writes an object as a YAML document.
func textOf(object compile.Object) ([]byte, error) {
	node, err := encode.Node(object.Value, object.Resource)
	if err != nil {
		return nil, err
	}
	return encode.Text(node)
}

// readManifests reads the documents of all files, which must not be the input of
// a function.
func readManifests(args []string, stdin io.Reader) ([]document.Document, error) {
	documents, err := readAll(args, stdin)
	if err != nil {
		return nil, err
	}
	return documents, noResourceLists(documents, "use 'failover' without arguments")
}

func noResourceLists(documents []document.Document, advice string) error {
	for _, doc := range documents {
		if krm.IsResourceList(doc.Node) {
			return unusable("%s has a ResourceList, which is the input of a KRM function: %s", doc.Source, advice)
		}
	}
	return nil
}

// readAll reads the documents of all files, or returns what is wrong with any.
func readAll(args []string, stdin io.Reader) ([]document.Document, error) {
	var documents []document.Document
	var errs []error
	for _, arg := range args {
		files, err := expand(arg)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		for _, file := range files {
			inFile, err := readFile(file, stdin)
			errs = append(errs, err)
			documents = append(documents, inFile...)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, &failure{exitUnusable, err}
	}
	return documents, nil
}

// expand returns the files that an argument stands for: itself, or the .yaml and
// .yml files of a directory, in lexical order. A link counts as what it leads to,
// but a link to a directory within one is not followed.
func expand(arg string) ([]string, error) {
	info, err := os.Stat(arg)
	if arg == "-" || err == nil && !info.IsDir() {
		return []string{arg}, nil
	}
	if err != nil {
		return nil, err
	}
	var files []string
	err = filepath.WalkDir(filepath.Clean(arg)+string(filepath.Separator), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !slices.Contains([]string{".yaml", ".yml"}, filepath.Ext(path)) {
			return err
		}
		info, err := os.Stat(path)
		if err == nil && !info.IsDir() {
			files = append(files, path)
		}
		return err
	})
	return files, err
}

func readFile(name string, stdin io.Reader) ([]document.Document, error) {
	reader := stdin
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer func() { _ = file.Close() }()
		reader = file
	}
	source := sourceNames([]string{name})[0]
	data, err := document.Bytes(reader, source)
	if err != nil {
		return nil, err
	}
	return document.Parse(data, source)
}

// sourceNames returns what messages call the arguments.
func sourceNames(args []string) []string {
	names := slices.Clone(args)
	for i, name := range names {
		if name == "-" {
			names[i] = stdinName
		}
	}
	return names
}

// countKinds writes how many documents there are of each kind.
func countKinds(kinds map[string]int) string {
	counted := make([]string, 0, len(kinds))
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		name := kind
		if name == "" {
			name = "without a kind"
		}
		counted = append(counted, fmt.Sprintf("%d %s", kinds[kind], name))
	}
	return strings.Join(counted, ", ")
}
