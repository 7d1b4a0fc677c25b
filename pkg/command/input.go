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
	"runtime/debug"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/krm"
	"github.com/failover-krm/failover/pkg/report"
)

// inputs returns the files that a command reads: its arguments, or stdin where there are
// none. Nobody writes manifests into a terminal, so there it shows the help instead.
func inputs(cmd *cobra.Command, args []string) ([]string, error) {
	if len(args) > 0 {
		return args, nil
	}
	if isTerminal(cmd.InOrStdin()) {
		cmd.SetOut(cmd.ErrOrStderr())
		_ = cmd.Help()
		return nil, &failure{code: exitUnusable}
	}
	return []string{"-"}, nil
}

// readManifests reads the documents of all files, which must not be the input of
// a function.
func readManifests(args []string, stdin io.Reader, needs memory) ([]document.Document, error) {
	read := readAll(args, stdin, selection{memory: needs})
	if len(read.unread) > 0 {
		texts := make([]string, 0, len(read.unread))
		for _, unread := range read.unread {
			texts = append(texts, unread.String())
		}
		return nil, unusable("%s", strings.Join(texts, "\n"))
	}
	return read.documents, noResourceLists(read.documents, "use 'failover' without arguments")
}

func noResourceLists(documents []document.Document, advice string) error {
	for _, doc := range documents {
		if krm.IsResourceList(doc.Node) {
			return unusable("%s has a ResourceList, which is the input of a KRM function: %s", doc.Source, advice)
		}
	}
	return nil
}

// selection says which of the files that arguments stand for are not read.
type selection struct {
	ignore []*ignorePattern
	// withoutCharts leaves out the templates of Helm charts, which are no manifests.
	withoutCharts bool
	// memory is how much what is read may need.
	memory memory
}

// ignorePattern is a value of --ignore.
type ignorePattern struct {
	document.FilePattern
	used bool
}

// ignores tells whether a file or directory is named by a pattern. A relative pattern
// is seen from the working directory, however the file is given.
func (s selection) ignores(name string) bool {
	if name == "-" {
		return false
	}
	ignored := false
	for _, pattern := range s.ignore {
		if pattern.Matches(relativeTo(workingDirectory(), name, filepath.IsAbs(string(pattern.FilePattern)))) {
			pattern.used, ignored = true, true
		}
	}
	return ignored
}

// addComplete adds --complete to a command.
func addComplete(cmd *cobra.Command, complete *bool) {
	cmd.Flags().BoolVar(complete, "complete", false, "the files have everything that is in the cluster: an object that is referred to and is not in the files is missing")
}

// addIgnore adds --ignore to a command.
func addIgnore(cmd *cobra.Command, patterns *[]string) {
	cmd.Flags().StringArrayVar(patterns, "ignore", nil, "file, directory or glob (such as **/testdata) to leave out, relative to the working directory; repeatable")
}

// validateIgnore says what is wrong with the values of --ignore.
func validateIgnore(patterns []string) error {
	for _, pattern := range patterns {
		if err := document.FilePattern(pattern).Validate(); err != nil {
			return unusable("--ignore %q: %w", pattern, err)
		}
	}
	return nil
}

// manifestsBut selects manifests: all files but those that the values of --ignore name,
// and the templates of Helm charts.
func manifestsBut(ignored []string) selection {
	selected := selection{withoutCharts: true, memory: forManifests}
	for _, pattern := range ignored {
		selected.ignore = append(selected.ignore, &ignorePattern{FilePattern: document.FilePattern(pattern)})
	}
	return selected
}

// tellUnused says which values of --ignore did nothing.
func (s selection) tellUnused(stderr io.Writer) {
	for _, pattern := range s.ignore {
		if !pattern.used {
			fmt.Fprintf(stderr, "warning: --ignore %q names no file that would be read\n", pattern.FilePattern)
		}
	}
}

// input is what was read.
type input struct {
	documents []document.Document
	// unread are the files that could not be read.
	unread []report.Unread
	// helmTemplates are files of charts that were left out.
	helmTemplates []string
}

// readAll reads the documents of all files, each file once: those that can be read, and
// what is wrong with the others.
func readAll(args []string, stdin io.Reader, selected selection) input {
	var read input
	seen := map[string]bool{}
	bytesRead := 0
	for _, arg := range args {
		files, errs := expand(arg, selected)
		for _, err := range errs {
			read.unread = append(read.unread, unreadOf(arg, err))
		}
		for _, file := range files {
			name := identityOf(file)
			if seen[name] {
				continue
			}
			seen[name] = true
			if selected.withoutCharts && chartOf(file) != "" {
				read.helmTemplates = append(read.helmTemplates, file)
				continue
			}
			data, err := readFile(file, stdin)
			if bytesRead += len(data); len(data) >= largeFile {
				selected.memory.limit(bytesRead) // it has many nodes
			}
			var inFile []document.Document
			if err == nil {
				inFile, err = parseFile(file, data)
			}
			if err != nil {
				read.unread = append(read.unread, unreadOf(file, err))
			}
			read.documents = append(read.documents, inFile...)
		}
	}
	selected.memory.limit(bytesRead)
	return read
}

// unreadOf says why a file could not be read.
func unreadOf(name string, err error) report.Unread {
	unread := report.Unread{File: sourceName(name), Message: err.Error()}
	if syntax, isSyntax := errors.AsType[*document.SyntaxError](err); isSyntax {
		unread.Line, unread.Message = syntax.Line, syntax.Reason
	} else if failed, isPath := errors.AsType[*fs.PathError](err); isPath {
		unread.File, unread.Message = failed.Path, failed.Err.Error()
	}
	return unread
}

// chartOf returns the directory of the Helm chart that a file is a template of, or
// nothing.
func chartOf(file string) string {
	directory := filepath.Dir(relativeTo(workingDirectory(), file, true))
	for ; directory != filepath.Dir(directory); directory = filepath.Dir(directory) {
		if filepath.Base(directory) != "templates" {
			continue
		}
		chart := filepath.Dir(directory)
		if info, err := os.Stat(filepath.Join(chart, "Chart.yaml")); err == nil && info.Mode().IsRegular() {
			return relativeTo(workingDirectory(), chart, filepath.IsAbs(file))
		}
	}
	return ""
}

// memory is how much a process may use before its garbage is collected more often than
// by default.
type memory struct {
	// least is enough for few files, and perByte what a byte that is read needs.
	least, perByte int64
	// percent is how much the heap may grow between two collections within that; 0 stands
	// for the default of main.
	percent int
	// perSpec is what a FailoverSpec needs that is in memory with those that it meets.
	perSpec int64
}

var (
	// forManifests: nodes, values and objects are kept to the end.
	forManifests = memory{least: 240 << 20, perByte: 50}
	// forTexts: what is kept of a FailoverSpec is the text of its objects, except those that
	// meet at a Gateway or at a Service: they are compiled together.
	forTexts = memory{least: 240 << 20, perByte: 32, percent: 300, perSpec: 160 << 10}
	// forList: the nodes of a ResourceList are kept, and of what is rendered the text.
	forList = memory{least: 512 << 20, perByte: 400, percent: 300}
)

// largeFile is from how many bytes on a file is large.
const largeFile = 1 << 20

// limit sets the limit for what is read, unless the environment says otherwise.
func (m memory) limit(read int) {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(max(m.least, m.perByte*int64(read)))
	}
	if os.Getenv("GOGC") == "" && m.percent > 0 {
		debug.SetGCPercent(m.percent)
	}
}

// together raises the limit where it is too low for specs that are in memory together:
// otherwise half of the time would go to collecting what is still in use.
func (m memory) together(specs int) {
	const asIs, percent = -1, 100
	if needed := m.perSpec * int64(specs); os.Getenv("GOMEMLIMIT") == "" && needed > debug.SetMemoryLimit(asIs) {
		debug.SetMemoryLimit(needed)
		if os.Getenv("GOGC") == "" {
			debug.SetGCPercent(percent)
		}
	}
}

// identityOf is the same for all names of a file.
func identityOf(file string) string {
	resolved, err := filepath.EvalSymlinks(file)
	if err != nil {
		return file // stdin, or reading it says what is wrong
	}
	absolute, err := filepath.Abs(resolved)
	if err != nil {
		return file
	}
	return absolute
}

// expand returns the files that an argument stands for: itself, or the .yaml and
// .yml files of a directory, in lexical order. A link counts as what it leads to,
// but a link to a directory within one is not followed, and what is not a regular file,
// such as a pipe, is left out. What cannot be looked at does not hide the others.
func expand(arg string, selected selection) (files []string, errs []error) {
	info, err := os.Stat(arg)
	switch {
	case arg == "-":
		return []string{arg}, nil
	case arg == "":
		return nil, []error{errors.New("must be a file, a directory or -, and is empty")}
	case err != nil:
		return nil, []error{err}
	case selected.ignores(arg):
		return nil, nil
	case !info.IsDir():
		return []string{arg}, nil
	}
	_ = filepath.WalkDir(filepath.Clean(arg)+string(filepath.Separator), func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			errs = append(errs, err)
			return nil
		case entry.IsDir() && selected.ignores(path):
			return filepath.SkipDir
		case entry.IsDir() || !slices.Contains([]string{".yaml", ".yml"}, filepath.Ext(path)) || selected.ignores(path):
			return nil
		}
		if info, err := os.Stat(path); err != nil {
			errs = append(errs, err)
		} else if info.Mode().IsRegular() {
			files = append(files, path)
		}
		return nil
	})
	return files, errs
}

func readFile(name string, stdin io.Reader) ([]byte, error) {
	reader := stdin
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer func() { _ = file.Close() }()
		reader = file
	}
	return document.Bytes(reader, sourceName(name))
}

func parseFile(name string, data []byte) ([]document.Document, error) {
	documents, err := document.Parse(data, sourceName(name))
	if syntax, isSyntax := errors.AsType[*document.SyntaxError](err); isSyntax && bytes.Contains(data, []byte("{{")) && utf8.Valid(data) && !bytes.ContainsRune(data, 0) {
		syntax.Reason += "; it looks like a Helm template: give what 'helm template' prints instead"
	}
	return documents, err
}

// sourceName returns what messages call an argument.
func sourceName(arg string) string {
	switch arg {
	case "-":
		return stdinName
	case "":
		return `""`
	}
	return arg
}

// sourceNames returns what messages call the arguments.
func sourceNames(args []string) []string {
	names := make([]string, len(args))
	for i, arg := range args {
		names[i] = sourceName(arg)
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
