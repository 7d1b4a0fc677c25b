package document

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// json reads a text as JSON values that follow one another. Most JSON is YAML, and
// is read to the same nodes; but the YAML library refuses two values without
// --- between them, and characters written as two escapes, as in "\ud83d\ude80".
func (t text) json() ([]*yaml.Node, *SyntaxError) {
	if !utf8.Valid(t.data) {
		return nil, &SyntaxError{Reason: "not JSON: not UTF-8"} // which the decoder lets pass
	}
	reader := &jsonReader{data: t.data[t.body:], decoder: json.NewDecoder(bytes.NewReader(t.data[t.body:]))}
	reader.decoder.UseNumber()
	reader.line, reader.column = t.above+bytes.Count(t.data[:t.body], []byte("\n"))+1, 1
	var roots []*yaml.Node
	for {
		root, err := reader.next(0)
		if errors.Is(err, io.EOF) {
			return roots, nil
		}
		if err != nil {
			return nil, reader.syntaxError(err)
		}
		roots = append(roots, root)
	}
}

// jsonReader makes nodes of JSON.
type jsonReader struct {
	decoder *json.Decoder
	data    []byte
	// offset is a place in data; line and column are where it is in the input.
	offset, line, column int
}

// maxDepth is how deep the YAML library lets lists and maps be nested.
const maxDepth = 10000

// next reads a value, or the closing bracket of the list or map that it is in:
// then there is neither a node nor an error.
func (r *jsonReader) next(depth int) (*yaml.Node, error) {
	between := r.data[r.decoder.InputOffset():]
	token, err := r.decoder.Token()
	if err != nil {
		return nil, err
	}
	r.moveTo(len(r.data) - len(bytes.TrimLeft(between, " \t\r\n,:")))
	node := &yaml.Node{Kind: yaml.ScalarNode, Line: r.line, Column: r.column}
	switch token := token.(type) {
	case json.Delim:
		if token == '}' || token == ']' {
			return nil, nil
		}
		return node, r.collection(node, token, depth)
	case string:
		node.Tag, node.Value, node.Style = yaml.NodeTagString, token, yaml.DoubleQuotedStyle
	case json.Number:
		node.Value = token.String()
		if node.Tag = node.ShortTag(); node.Tag == yaml.NodeTagString {
			node.Tag = yaml.NodeTagFloat // of any size, whatever YAML takes it for
		}
	case bool:
		node.Tag, node.Value = yaml.NodeTagBool, fmt.Sprint(token)
	case nil:
		node.Tag, node.Value = yaml.NodeTagNull, "null"
	}
	return node, nil
}

func (r *jsonReader) collection(node *yaml.Node, open json.Delim, depth int) error {
	if depth == maxDepth {
		return fmt.Errorf("exceeded max depth of %d", maxDepth)
	}
	node.Kind, node.Tag, node.Style = yaml.MappingNode, yaml.NodeTagMap, yaml.FlowStyle
	if open == '[' {
		node.Kind, node.Tag = yaml.SequenceNode, yaml.NodeTagSeq
	}
	for {
		child, err := r.next(depth + 1)
		if errors.Is(err, io.EOF) {
			return io.ErrUnexpectedEOF
		}
		if child == nil || err != nil {
			return err
		}
		node.Content = append(node.Content, child)
	}
}

// moveTo counts the lines and columns up to a place, as the YAML library does.
func (r *jsonReader) moveTo(offset int) {
	for r.offset < offset {
		char, size := utf8.DecodeRune(r.data[r.offset:])
		r.offset += size
		switch {
		case char == '\n', char == '\r' && !bytes.HasPrefix(r.data[r.offset:], []byte("\n")):
			r.line, r.column = r.line+1, 1
		case char != '\r':
			r.column++
		}
	}
}

func (r *jsonReader) syntaxError(err error) *SyntaxError {
	offset := r.decoder.InputOffset()
	if at, isSyntax := errors.AsType[*json.SyntaxError](err); isSyntax {
		offset = at.Offset
	}
	r.moveTo(min(int(offset), len(r.data)))
	return &SyntaxError{Line: r.line, Reason: "not JSON: " + err.Error()}
}
