package document

import (
	"bytes"
	"errors"
	"fmt"
	"io"
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

// Bytes reads the whole of an input, up to MaxBytes. An error is a SyntaxError
// where the input is too long, otherwise the reader's own.
func Bytes(r io.Reader, source string) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return nil, err
	}
	if len(data) > MaxBytes {
		return nil, &SyntaxError{Source: source, Reason: fmt.Sprintf("longer than %d MiB, which is the limit for one input: split it", MaxBytes>>20)}
	}
	return data, nil
}

// Parse splits an input into its documents and leaves out empty ones. The items
// of a list (as kubectl get prints it) count as documents, and so do JSON values
// that follow one another. An error is a SyntaxError, and then there are no
// documents.
func Parse(data []byte, source string) ([]Document, error) {
	nodes, err := parse(data)
	if err != nil {
		err.Source = source
		return nil, err
	}
	var documents []Document
	for _, node := range nodes {
		if node.ShortTag() != yaml.NodeTagNull {
			documents = append(documents, Document{Source: source, Node: node})
		}
	}
	return documents, nil
}

func parse(data []byte) ([]*yaml.Node, *SyntaxError) {
	data, err := fromUTF16(data)
	if err != nil {
		return nil, err
	}
	if isPlain(data) {
		if roots, _, err := decode(data); err == nil {
			return addObjects(nil, roots)
		}
	}
	var nodes []*yaml.Node
	for text := range split(data) {
		roots, err := text.roots()
		if err != nil {
			return nil, err
		}
		if nodes, err = addObjects(nodes, roots); err != nil {
			return nil, err
		}
	}
	return nodes, nil
}

// addObjects adds documents to those before them, with the items of lists.
func addObjects(nodes, roots []*yaml.Node) ([]*yaml.Node, *SyntaxError) {
	for _, root := range roots {
		if err := checkAliases(root); err != nil {
			return nil, err
		}
		if err := checkList(root); err != nil {
			return nil, err
		}
		nodes = append(nodes, unlist(root)...)
	}
	return nodes, nil
}

// roots returns the documents of a text: one, unless they are JSON.
func (t text) roots() ([]*yaml.Node, *SyntaxError) {
	body := t.data[t.body:]
	if len(body) == 0 || body[0] != '{' && body[0] != '[' {
		return t.yaml()
	}
	roots, notJSON := t.json()
	if notJSON == nil {
		return roots, nil
	}
	// It may be YAML in flow style. Where it is neither, it is what goes well for
	// longer.
	roots, notYAML := t.yaml()
	if notYAML != nil && notJSON.Line > notYAML.Line {
		return nil, notJSON
	}
	return roots, notYAML
}

func (t text) yaml() ([]*yaml.Node, *SyntaxError) {
	roots, read, err := decode(t.data)
	if err != nil {
		t.data = t.data[:read]
		return nil, t.syntaxError(err)
	}
	for _, root := range roots {
		moveDown(root, t.above)
	}
	return roots, nil
}

// decode returns the documents that the YAML library finds, or its error, and how much it
// has read.
func decode(data []byte) (roots []*yaml.Node, read int, err error) {
	reader := bytes.NewReader(data)
	decoder := yaml.NewDecoder(reader)
	for {
		var root yaml.Node
		err := decoder.Decode(&root)
		if errors.Is(err, io.EOF) {
			return roots, len(data), nil
		}
		if err != nil {
			return nil, len(data) - reader.Len(), err
		}
		content := &root
		if root.Kind == yaml.DocumentNode {
			content = root.Content[0]
			content.HeadComment = strings.Trim(root.HeadComment+"\n\n"+content.HeadComment, "\n")
			content.FootComment = strings.Trim(content.FootComment+"\n\n"+root.FootComment, "\n")
		}
		roots = append(roots, content)
	}
}

// moveDown adds the lines above a node.
func moveDown(node *yaml.Node, lines int) {
	if lines == 0 {
		return
	}
	node.Line += lines
	for _, child := range node.Content {
		moveDown(child, lines)
	}
}

// Field returns the scalar of a path, such as metadata.name, or nothing.
func Field(root *yaml.Node, path string) string {
	node := Lookup(root, path)
	if node == nil || node.Kind != yaml.ScalarNode {
		return ""
	}
	return node.Value
}
