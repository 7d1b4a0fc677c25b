package diagnostic

import (
	"sync"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/failover-krm/failover/pkg/document"
)

// Subject is a document that diagnostics are about, and what is known of where
// it came from.
type Subject struct {
	// Node is the document; nil after DropNode.
	Node *yaml.Node
	// File is the path of the file that the document is in, where known.
	File string
	// Item is the document's place in the file, counted from 0, where an
	// orchestrator says so.
	Item int
	// HasLines tells that the lines of Node are those of File.
	HasLines bool
	// FormerName is what the object is called in its file, where an orchestrator has
	// renamed it since.
	FormerName string

	once  sync.Once
	index *document.Index
}

// Subjects returns the documents of files as subjects.
func Subjects(documents []document.Document) []*Subject {
	subjects := make([]*Subject, 0, len(documents))
	for _, doc := range documents {
		subjects = append(subjects, &Subject{Node: doc.Node, File: doc.Source, HasLines: true})
	}
	return subjects
}

// ID is what the document says it is.
func (s *Subject) ID() yaml.ResourceIdentifier {
	return yaml.ResourceIdentifier{
		TypeMeta: yaml.TypeMeta{APIVersion: s.Field("apiVersion"), Kind: s.Field("kind")},
		NameMeta: yaml.NameMeta{Name: s.Field("metadata.name"), Namespace: s.Field("metadata.namespace")},
	}
}

// Field returns the scalar of a path, such as metadata.name, or nothing.
func (s *Subject) Field(path string) string {
	if s.Node == nil {
		return s.index.Field(document.ParsePath(path))
	}
	return document.Field(s.Node, path)
}

// Position returns where a field stands, in the file if HasLines, otherwise among the
// other fields of the document.
func (s *Subject) Position(path document.Path) document.Position {
	if s == nil {
		return document.Position{}
	}
	s.once.Do(func() { s.index = document.NewIndex(s.Node) })
	return s.index.Position(path)
}

// DropNode forgets the document except its fields and where they stand, for what is kept
// long after the document was read.
func (s *Subject) DropNode() {
	s.Position(nil)
	s.Node = nil
}
