package krm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/failover-krm/failover/pkg/render"
)

// emptyStructs are the fields that a Go type writes as {} though nobody set
// them, by kind and path. Others mean something: passive: {} is a health check.
var emptyStructs = map[string][]string{
	"Deployment": {"spec.strategy", "spec.template.spec.containers.resources"},
}

// toNode writes an object as YAML with the fields in the order of the Go type,
// apiVersion first, and without what only an API server fills in.
func toNode(resource render.Resource) (*yaml.Node, error) {
	var data bytes.Buffer
	encoder := json.NewEncoder(&data)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(resource); err != nil {
		return nil, fmt.Errorf("%s %s: %w", resource.GetObjectKind().GroupVersionKind().Kind, resource.GetName(), err)
	}
	decoder := json.NewDecoder(&data)
	decoder.UseNumber()
	reader := jsonReader{decoder: decoder, dropEmpty: emptyStructs[resource.GetObjectKind().GroupVersionKind().Kind]}
	node, err := reader.node("")
	if err != nil {
		return nil, err
	}
	apiVersionFirst(node)
	return node, nil
}

// jsonReader builds YAML nodes from JSON, in the order of the JSON.
type jsonReader struct {
	decoder *json.Decoder
	// dropEmpty are the paths, without indexes, at which {} is left out.
	dropEmpty []string
}

// node returns the value at a path, or nil where it is null.
func (r *jsonReader) node(path string) (*yaml.Node, error) {
	token, err := r.decoder.Token()
	if err != nil {
		return nil, err
	}
	switch value := token.(type) {
	case json.Delim:
		if value == '[' {
			return r.sequence(path)
		}
		return r.mapping(path)
	case string:
		return stringNode(value), nil
	case json.Number:
		return numberNode(value), nil
	case bool:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: yaml.NodeTagBool, Value: fmt.Sprint(value)}, nil
	default:
		return nil, nil
	}
}

func (r *jsonReader) sequence(path string) (*yaml.Node, error) {
	node := &yaml.Node{Kind: yaml.SequenceNode, Tag: yaml.NodeTagSeq}
	for r.decoder.More() {
		item, err := r.node(path)
		if err != nil {
			return nil, err
		}
		node.Content = append(node.Content, item)
	}
	_, err := r.decoder.Token()
	return node, err
}

func (r *jsonReader) mapping(path string) (*yaml.Node, error) {
	node := &yaml.Node{Kind: yaml.MappingNode, Tag: yaml.NodeTagMap}
	for r.decoder.More() {
		token, err := r.decoder.Token()
		if err != nil {
			return nil, err
		}
		key := token.(string)
		childPath := strings.TrimPrefix(path+"."+key, ".")
		child, err := r.node(childPath)
		if err != nil {
			return nil, err
		}
		empty := child != nil && child.Kind == yaml.MappingNode && len(child.Content) == 0
		if child == nil || childPath == "status" || empty && slices.Contains(r.dropEmpty, childPath) {
			continue
		}
		node.Content = append(node.Content, stringNode(key), child)
	}
	_, err := r.decoder.Token()
	return node, err
}

// stringNode quotes what a YAML 1.1 reader, as kubectl's, would not read as
// a string, as the YAML library does for Go strings.
func stringNode(value string) *yaml.Node {
	node := &yaml.Node{Kind: yaml.ScalarNode, Tag: yaml.NodeTagString, Value: value}
	if mayNotBeString(value) {
		var encoded yaml.Node
		if err := encoded.Encode(value); err == nil {
			node.Style = encoded.Style & (yaml.DoubleQuotedStyle | yaml.SingleQuotedStyle)
		}
	}
	return node
}

// mayNotBeString is a quick look that spares most strings a YAML parser: all
// that is not a string begins with one of these, and is short.
func mayNotBeString(value string) bool {
	return value != "" && len(value) < 64 && strings.ContainsRune("0123456789+-.~<=yYnNtTfFoO", rune(value[0]))
}

func numberNode(number json.Number) *yaml.Node {
	tag := yaml.NodeTagInt
	if strings.ContainsAny(number.String(), ".eE") {
		tag = yaml.NodeTagFloat
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: number.String()}
}

// apiVersionFirst swaps kind and apiVersion, which Go's TypeMeta has in an order
// that no manifest does.
func apiVersionFirst(node *yaml.Node) {
	content := node.Content
	if len(content) >= 4 && content[0].Value == "kind" && content[2].Value == "apiVersion" {
		content[0], content[1], content[2], content[3] = content[2], content[3], content[0], content[1]
	}
}
