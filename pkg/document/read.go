package document

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// MaxBytes is the longest input that is read. A package of 10,000 failovers with
// all that they render is about half of it.
const MaxBytes = 256 << 20

// Document is one YAML document of an input.
type Document struct {
	// Source names the input: a file's path, or "stdin".
	Source string
	// Node is the document's content; its lines count from the top of the input.
	Node *yaml.Node
}

// SyntaxError says why an input is no stream of YAML documents that can be read.
type SyntaxError struct {
	// Source names the input.
	Source string
	// Line is where the fault was found, or 0 where that is unknown.
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

// Bytes reads the whole of an input, up to MaxBytes. An error is a SyntaxError
// where the input is too long, else the reader's own.
func Bytes(r io.Reader, source string) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return nil, err
	}
	if len(data) > MaxBytes {
		return nil, &SyntaxError{Source: source, Reason: fmt.Sprintf("longer than %d MiB, which is all that is read at once: split it", MaxBytes>>20)}
	}
	return data, nil
}

// Parse splits an input into its documents and leaves out empty ones. The items
// of a List (as kubectl get prints it) count as documents. An error is
// a SyntaxError, and then there are no documents.
func Parse(data []byte, source string) ([]Document, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var documents []Document
	for {
		var root yaml.Node
		err := decoder.Decode(&root)
		if errors.Is(err, io.EOF) {
			return documents, nil
		}
		if err != nil {
			return nil, syntaxError(err, source)
		}
		if err := checkAliases(&root, source); err != nil {
			return nil, err
		}
		content := &root
		if root.Kind == yaml.DocumentNode {
			content = root.Content[0]
		}
		for _, item := range unlist(content) {
			if item.ShortTag() != yaml.NodeTagNull {
				documents = append(documents, Document{Source: source, Node: item})
			}
		}
	}
}

// unlist returns the items of a List, or the node itself.
func unlist(node *yaml.Node) []*yaml.Node {
	if Field(node, "apiVersion") == "v1" && Field(node, "kind") == "List" {
		if items := Lookup(node, "items"); items != nil && items.Kind == yaml.SequenceNode {
			return items.Content
		}
	}
	return []*yaml.Node{node}
}

// Field returns the scalar of a path, such as metadata.name, or nothing.
func Field(root *yaml.Node, path string) string {
	node := Lookup(root, path)
	if node == nil || node.Kind != yaml.ScalarNode {
		return ""
	}
	return node.Value
}

var yamlError = regexp.MustCompile(`(?s)^(?:yaml: )?(?:line (\d+): )?(.*)$`)

func syntaxError(err error, source string) *SyntaxError {
	parts := yamlError.FindStringSubmatch(err.Error())
	failure := &SyntaxError{Source: source, Reason: "not YAML: " + strings.TrimPrefix(parts[2], "yaml: ")}
	if _, err := fmt.Sscan(parts[1], &failure.Line); err != nil && !strings.Contains(parts[2], "anchor") {
		failure.Line = 1 // which the library leaves out
	}
	return failure
}
