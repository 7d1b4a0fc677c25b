package main

import (
	"bytes"
	"go/ast"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/controller-tools/pkg/markers"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/failover-krm/failover/pkg/document"
)

// exampleFiles are documents that tests render or check without an error, those for readers
// first.
var exampleFiles = []string{
	wholeExample, "examples/*/*.yaml", "examples/*/*/*.yaml",
	"testdata/render/*/input.yaml", "testdata/function/*/input.yaml",
}

// examples has for each field, as TYPE.FIELD, the shortest value that a document has for it,
// as YAML on one line.
type examples map[string]string

// readExamples looks for values of the fields of the kinds in all example files.
func readExamples(root string, found map[string]*markers.TypeInfo, kinds ...string) (examples, error) {
	all := examples{}
	for _, pattern := range exampleFiles {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			return nil, err
		}
		of := examples{}
		for _, file := range files {
			if strings.HasPrefix(filepath.Base(filepath.Dir(file)), "error-") {
				continue
			}
			data, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			documents, err := document.Parse(data, file)
			if err != nil {
				continue // a template
			}
			for _, doc := range documents {
				node := doc.Node
				if config := document.Lookup(node, "functionConfig"); config != nil {
					node = config
				}
				if kind := document.Field(node, "kind"); slices.Contains(kinds, kind) {
					if err := of.add(found, kind, node); err != nil {
						return nil, err
					}
				}
			}
		}
		for field, value := range of {
			if all[field] == "" {
				all[field] = value
			}
		}
	}
	return all, nil
}

// add takes the values of a type's fields, and of those below them, out of a node.
func (e examples) add(found map[string]*markers.TypeInfo, name string, node *yaml.Node) error {
	info, ok := found[name]
	if !ok {
		return nil
	}
	for _, field := range info.Fields {
		key, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		child := typeBelow(field.RawField.Type)
		if key == "" && strings.Contains(options, "inline") {
			if err := e.add(found, child, node); err != nil {
				return err
			}
			continue
		}
		value := document.Lookup(node, key)
		if value == nil {
			continue
		}
		text, err := onOneLine(key, value)
		if err != nil {
			return err
		}
		if known := e[name+"."+key]; known == "" || len(text) < len(known) {
			e[name+"."+key] = text
		}
		below := []*yaml.Node{value}
		if value.Kind == yaml.SequenceNode {
			below = value.Content
		}
		for _, node := range below {
			if err := e.add(found, child, node); err != nil {
				return err
			}
		}
	}
	return nil
}

// typeBelow names the type of a field, or of the entries of a list.
func typeBelow(expr ast.Expr) string {
	switch t := expr.(type) {
	case *ast.StarExpr:
		return typeBelow(t.X)
	case *ast.ArrayType:
		return typeBelow(t.Elt)
	}
	return types.ExprString(expr)
}

// onOneLine writes a field in YAML's flow style, without comments.
func onOneLine(key string, value *yaml.Node) (string, error) {
	var text bytes.Buffer
	encoder := yaml.NewEncoder(&text)
	err := encoder.Encode(&yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{{Kind: yaml.ScalarNode, Value: key}, inFlow(value)}})
	return strings.Join(strings.Fields(text.String()), " "), err
}

func inFlow(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	flow := &yaml.Node{Kind: node.Kind, Tag: node.Tag, Value: node.Value, Style: node.Style&^yaml.TaggedStyle | yaml.FlowStyle}
	for _, child := range node.Content {
		flow.Content = append(flow.Content, inFlow(child))
	}
	return flow
}
