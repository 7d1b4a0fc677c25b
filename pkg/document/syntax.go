package document

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"sort"
	"strings"
	"sync"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// SyntaxError says why an input is not a stream of YAML documents that can be read.
type SyntaxError struct {
	// Source names the input.
	Source string
	// Line is where the fault was found, or 0 where the whole input is meant.
	Line int
	// Reason says what is wrong.
	Reason string
}

func (e *SyntaxError) Error() string {
	if e.Line == 0 {
		return e.Source + ": " + e.Reason
	}
	return fmt.Sprintf("%s:%d: %s", e.Source, e.Line, e.Reason)
}

// syntaxError puts the YAML library's error at the line that is wrong. The library
// has read only a part of the text.
func (t text) syntaxError(err error) *SyntaxError {
	problem := problemOf(err)
	ends := lineEnds(t.data)
	line := faultLine(t.data, ends, problem)
	start := 0
	if line > 1 {
		start = ends[line-2]
	}
	return &SyntaxError{Line: t.above + line, Reason: "not YAML: " + explain(problem, t.data[start:ends[line-1]])}
}

var yamlError = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?s)^(?:yaml: )?(?:line \d+: )?(?:yaml: )?(.*)$`)
})

// problemOf returns what the YAML library says, without the line that it gives:
// that of something around the fault, the one before, or none.
func problemOf(err error) string { return yamlError().FindStringSubmatch(err.Error())[1] }

// lineEnds returns where each line of a text ends.
func lineEnds(data []byte) []int {
	var ends []int
	end := 0
	for line := range bytes.Lines(data) {
		end += len(line)
		ends = append(ends, end)
	}
	return ends
}

// faultLine returns the line with which a text goes wrong, counted from 1: with
// only those before it, it has no such problem.
func faultLine(data []byte, ends []int, problem string) int {
	goesWrong := func(lines int) bool {
		part := data[:ends[lines-1]:ends[lines-1]]
		// Within brackets, the end of a part would be the same problem, except for these.
		switch {
		case strings.HasPrefix(problem, "did not find expected ','"):
			part = append(part, ',')
		case problem == "did not find expected node content":
			part = append(part, 'x')
		}
		err := readAll(part)
		return err != nil && problemOf(err) == problem
	}
	wrong, step := len(ends), 1
	for ; wrong > step && goesWrong(wrong-step); step *= 2 {
		wrong -= step
	}
	first := max(1, wrong-step)
	return first + sort.Search(wrong-first, func(i int) bool { return goesWrong(first + i) })
}

func readAll(data []byte) error {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	for {
		err := decoder.Decode(&yaml.Node{})
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// bareAsterisk is a value that begins with an asterisk and is not in quotes, such as a
// wildcard.
var bareAsterisk = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?:^|[\s\[{,])(\*(?:[^\w\s,\]}][^\s,\]}]*)?)(?:$|[\s,\]}])`)
})

var unknownAnchor = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^unknown anchor '(.*)' referenced$`)
})

// explain says what the library's words do not.
func explain(problem string, line []byte) string {
	indentation := line[:len(line)-len(bytes.TrimLeft(line, " \t-?"))]
	anchor, asterisk := unknownAnchor().FindStringSubmatch(problem), bareAsterisk().FindSubmatch(line)
	switch {
	case anchor != nil:
		return fmt.Sprintf("alias *%[1]s has no anchor &%[1]s before it in its document, and those of other documents do not count", anchor[1])
	case problem == "did not find expected alphabetic or numeric character" && asterisk != nil:
		return fmt.Sprintf(`"*" begins an alias: write "%s", with the quotes`, asterisk[1])
	case strings.Contains(problem, "tab character"), problem == "found character that cannot start any token" && bytes.ContainsRune(indentation, '\t'):
		return "a tab where YAML needs spaces: indent with spaces"
	default:
		return problem
	}
}
