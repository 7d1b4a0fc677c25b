package krm

import (
	"bytes"
	"io"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	"github.com/failover-krm/failover/pkg/document"
)

// Stream is what came of rendering a stream of documents.
type Stream struct {
	// YAML has all objects, one document each; it is nil where there was an error.
	YAML []byte
	// Specs is how many FailoverSpecs there were.
	Specs int
	// Others counts the other documents by kind.
	Others map[string]int
	// Diagnostics are all errors, warnings and notes, in the order of the input.
	Diagnostics []Diagnostic
}

// Failed tells whether there was an error.
func (s Stream) Failed() bool { return hasErrors(s.Diagnostics) }

// Render renders every FailoverSpec among documents. The namespace is given to
// the specs that name none; it may be empty.
func Render(documents []document.Document, namespace string) (Stream, error) {
	stream := Stream{Others: map[string]int{}}
	var sources []*Source
	for _, doc := range documents {
		if v1alpha1.Claims(doc.Node) {
			sources = append(sources, &Source{Node: doc.Node, File: doc.Source, HasLines: true})
			continue
		}
		stream.Others[document.Field(doc.Node, "kind")]++
	}
	stream.Specs = len(sources)
	objects, _, diagnostics, err := compiler{namespace: namespace, asText: true}.compile(sources)
	stream.Diagnostics = diagnostics
	if err != nil || stream.Failed() {
		return stream, err
	}
	stream.YAML = join(objects)
	return stream, nil
}

func join(objects []compiled) []byte {
	var texts [][]byte
	for _, object := range objects {
		texts = append(texts, object.text)
	}
	return bytes.Join(texts, []byte("---\n"))
}

func encodeNode(w io.Writer, node *yaml.Node) error {
	encoder := yaml.NewEncoder(w)
	if err := encoder.Encode(node); err != nil {
		return err
	}
	return encoder.Close()
}
