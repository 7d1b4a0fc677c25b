package command

import (
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

	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/krm"
)

// readManifests reads the documents of all files, which must not be the input of
// a function.
func readManifests(args []string, stdin io.Reader) ([]document.Document, error) {
	documents, err := readAll(args, stdin)
	if err != nil {
		return nil, &failure{exitUnusable, err}
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

// readAll reads the documents of all files, each file once. It returns those that
// can be read, and what is wrong with the others.
func readAll(args []string, stdin io.Reader) ([]document.Document, error) {
	var documents []document.Document
	var errs []error
	seen := map[string]bool{}
	read := 0
	for _, arg := range args {
		files, err := expand(arg)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		for _, file := range files {
			name := identityOf(file)
			if seen[name] {
				continue
			}
			seen[name] = true
			inFile, size, err := readFile(file, stdin)
			read += size
			errs = append(errs, err)
			documents = append(documents, inFile...)
		}
	}
	limitMemory(read)
	return documents, errors.Join(errs...)
}

// limitMemory has the garbage collected earlier where there is much to do: main lets
// the heap grow to thrice what is in use. What is read needs some thirty times its
// size, as nodes, values and objects.
func limitMemory(read int) {
	const enough, perByte = 240 << 20, 50
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(max(enough, perByte*int64(read)))
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
// but a link to a directory within one is not followed, and what is no regular file,
// such as a pipe, is left out.
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
		if err == nil && info.Mode().IsRegular() {
			files = append(files, path)
		}
		return err
	})
	return files, err
}

func readFile(name string, stdin io.Reader) (documents []document.Document, size int, err error) {
	reader := stdin
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, 0, err
		}
		defer func() { _ = file.Close() }()
		reader = file
	}
	source := sourceNames([]string{name})[0]
	data, err := document.Bytes(reader, source)
	if err != nil {
		return nil, 0, err
	}
	documents, err = document.Parse(data, source)
	return documents, len(data), err
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
