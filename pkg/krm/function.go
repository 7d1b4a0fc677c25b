package krm

import (
	"bytes"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/fn/framework"
	"sigs.k8s.io/kustomize/kyaml/kio"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	"github.com/failover-krm/failover/pkg/document"
)

// resourceListVersions are the versions of the function's input that are
// answered, each in itself.
var resourceListVersions = []string{kio.ResourceListAPIVersion, "config.kubernetes.io/v1beta1"}

// IsResourceList tells whether a document is the input of a KRM function.
func IsResourceList(node *yaml.Node) bool {
	return document.Field(node, "kind") == kio.ResourceListKind
}

// Answer is what a function answers.
type Answer struct {
	// YAML is the ResourceList: with the rendered objects where all is well, else
	// with the items as they came. It is nil where the input is no ResourceList.
	YAML []byte
	// Diagnostics are all errors, warnings and notes.
	Diagnostics []Diagnostic
}

// Failed tells whether there was an error.
func (a Answer) Failed() bool { return hasErrors(a.Diagnostics) }

// Function is the KRM function: it renders the FailoverSpecs in functionConfig
// and items of a ResourceList, and puts the objects into items.
func Function(resourceList *yaml.Node) (Answer, error) {
	list, diagnostics := readResourceList(resourceList)
	if hasErrors(diagnostics) {
		return Answer{Diagnostics: diagnostics}, nil
	}
	sources, diagnostics := list.specs()
	objects, origins, compiled, err := compiler{owned: true}.compile(sources)
	if err != nil {
		return Answer{}, err
	}
	diagnostics = append(diagnostics, compiled...)
	if !hasErrors(diagnostics) {
		diagnostics = append(diagnostics, list.place(objects, origins)...)
	}
	if err := list.addResults(diagnostics); err != nil {
		return Answer{}, err
	}
	answer, err := list.encode()
	return Answer{YAML: answer, Diagnostics: diagnostics}, err
}

// encode writes the list, and makes sure that what is read back is the same: the
// YAML library has texts and comments that it writes wrongly.
func (l *resourceList) encode() ([]byte, error) {
	for _, node := range append([]*yaml.Node{l.root}, l.root.Content...) {
		node.HeadComment, node.LineComment, node.FootComment = "", "", "" // of the list, which is no user's file
	}
	unfold(l.root)
	var answer bytes.Buffer
	if err := encodeNode(&answer, l.root); err != nil {
		return nil, err
	}
	documents, err := document.Parse(answer.Bytes(), "answer")
	if err != nil {
		return nil, fmt.Errorf("the YAML library cannot write the items back: %w", err)
	}
	for i, item := range l.items.Content {
		if written := document.Lookup(documents[0].Node, fmt.Sprintf("items[%d]", i)); written == nil || !sameContent(item, written) {
			return nil, fmt.Errorf("the YAML library cannot write items[%d] back as it is (%s): write its texts in quotes", i, displayName(sourceOf(item).id()))
		}
	}
	return answer.Bytes(), nil
}

// unfold writes a folded text of several paragraphs literally: the YAML library
// would add lines to some, every time.
func unfold(node *yaml.Node) {
	if node.Style&yaml.FoldedStyle != 0 && strings.Contains(strings.TrimRight(node.Value, "\n"), "\n") {
		node.Style = yaml.LiteralStyle
	}
	for _, child := range node.Content {
		unfold(child)
	}
}

// sameContent compares what two nodes say, comments and style aside.
func sameContent(a, b *yaml.Node) bool {
	if a.Kind == yaml.AliasNode && b.Kind == yaml.AliasNode {
		return a.Value == b.Value
	}
	return a.Kind == b.Kind && a.ShortTag() == b.ShortTag() && a.Value == b.Value && a.Anchor == b.Anchor &&
		slices.EqualFunc(a.Content, b.Content, sameContent)
}

// resourceList is the function's input, which becomes its answer.
type resourceList struct {
	root           *yaml.Node
	items          *yaml.Node
	functionConfig *yaml.Node
	// wholePackage tells that the call is about all FailoverSpecs of a package, not
	// about a functionConfig's alone.
	wholePackage bool
}

func readResourceList(root *yaml.Node) (*resourceList, []Diagnostic) {
	list := &resourceList{root: root, items: document.Lookup(root, "items"), functionConfig: document.Lookup(root, "functionConfig")}
	if version := document.Field(root, "apiVersion"); !slices.Contains(resourceListVersions, version) {
		return nil, []Diagnostic{{Severity: framework.Error, Message: fmt.Sprintf(
			"ResourceList: apiVersion %q is not supported; supported are %s", shorten(version), strings.Join(resourceListVersions, " and "))}}
	}
	if list.items == nil || list.items.ShortTag() == yaml.NodeTagNull {
		list.items = &yaml.Node{Kind: yaml.SequenceNode, Tag: yaml.NodeTagSeq}
		set(root, "items", list.items)
	}
	if list.items.Kind != yaml.SequenceNode {
		return nil, []Diagnostic{{Severity: framework.Error, Message: "ResourceList: items must be a list"}}
	}
	for i, item := range list.items.Content {
		if item.Kind != yaml.MappingNode {
			return nil, []Diagnostic{{Severity: framework.Error, Message: fmt.Sprintf("ResourceList: items[%d] must be a map", i)}}
		}
	}
	return list, nil
}

// specs returns the FailoverSpecs of functionConfig and items. One that is in
// both counts once, as the item, since that knows its file.
func (l *resourceList) specs() ([]*Source, []Diagnostic) {
	config, diagnostics := l.configSpec()
	var sources, twins []*Source
	known := map[owner]*Source{}
	for _, item := range l.items.Content {
		if !v1alpha1.Claims(item) {
			continue
		}
		source := sourceOf(item)
		if config != nil && isConfig(config.owner, source.owner) {
			twins = append(twins, source)
		}
		if twin := known[source.owner]; twin != nil && source.owner.name != "" {
			diagnostics = append(diagnostics, duplicateName(source, "among the items"+inFile(twin)))
			continue
		}
		known[source.owner] = source
		sources = append(sources, source)
	}
	l.wholePackage = config == nil || len(twins) > 0
	if config == nil {
		return sources, diagnostics
	}
	if len(twins) == 0 {
		return append([]*Source{config}, sources...), append(diagnostics, l.adopt(config)...)
	}
	if !slices.ContainsFunc(twins, func(twin *Source) bool { return sameSpec(config.Node, twin.Node) }) {
		diagnostics = append(diagnostics, duplicateName(twins[0], "in functionConfig, and differs from it"))
	}
	return sources, diagnostics
}

// adopt finds the package of a functionConfig that does not say it, by the
// children that it has among the items.
func (l *resourceList) adopt(config *Source) []Diagnostic {
	if config.owner.packagePath != "" {
		return nil
	}
	packages := map[string]bool{}
	for _, item := range l.items.Content {
		if c, isChild := childOf(item); isChild && c.name == config.owner.name {
			packages[c.packagePath] = true
		}
	}
	if len(packages) > 1 {
		return []Diagnostic{{
			Severity: framework.Error, Source: config, Field: "metadata.name", Value: config.owner.name,
			Message: fmt.Sprintf("there are objects of such a FailoverSpec in several packages (%s), and a functionConfig does not say which one is meant: move it into its package, and leave functionConfig out",
				strings.Join(slices.Sorted(maps.Keys(packages)), ", ")),
		}}
	}
	for packagePath := range packages {
		config.owner.packagePath = packagePath
	}
	return nil
}

// configSpec returns the functionConfig where it is a FailoverSpec.
func (l *resourceList) configSpec() (*Source, []Diagnostic) {
	config := l.functionConfig
	if config == nil || config.ShortTag() == yaml.NodeTagNull {
		return nil, nil
	}
	source := sourceOf(config)
	if v1alpha1.Claims(config) {
		return source, nil
	}
	if document.Field(config, "kind") != "ConfigMap" {
		return nil, []Diagnostic{{
			Severity: framework.Error, Source: source, Field: "kind",
			Message: "is no functionConfig of failover: give a FailoverSpec, or a ConfigMap or nothing to render those among the items",
		}}
	}
	if len(stringMap(config, "data")) > 0 {
		return nil, []Diagnostic{{
			Severity: framework.Warning, Source: source, Field: "data",
			Message: "a ConfigMap as functionConfig is not read: write a FailoverSpec",
		}}
	}
	return nil, nil
}

// isConfig tells whether an item is the functionConfig too. An orchestrator need
// not say which package that is from.
func isConfig(config, item owner) bool {
	return config == item || config.packagePath == "" && config.name == item.name
}

func duplicateName(source *Source, where string) Diagnostic {
	name := shorten(source.owner.name)
	return Diagnostic{
		Severity: framework.Error, Source: source, Field: "metadata.name", Value: name,
		Message: fmt.Sprintf("Duplicate value: %q: another FailoverSpec of this package has the name, %s: the name tells what belongs to which spec, give it another", name, where),
	}
}

// sameSpec tells whether two FailoverSpecs say the same, whatever the
// orchestrator has noted on them.
func sameSpec(a, b *yaml.Node) bool {
	return reflect.DeepEqual(said(a), said(b))
}

func said(spec *yaml.Node) []any {
	value, _ := document.Value(spec)
	fields, _ := value.(map[string]any)
	return []any{document.Field(spec, "apiVersion"), document.Field(spec, "metadata.namespace"), fields["spec"]}
}

// addResults puts diagnostics beside the items, after those of other functions.
func (l *resourceList) addResults(diagnostics []Diagnostic) error {
	if len(diagnostics) == 0 {
		return nil
	}
	results := make(framework.Results, 0, len(diagnostics))
	for _, diagnostic := range diagnostics {
		results = append(results, diagnostic.result())
	}
	data, err := yaml.Marshal(results)
	if err != nil {
		return err
	}
	parsed, err := yaml.Parse(string(data))
	if err != nil {
		return err
	}
	if earlier := document.Lookup(l.root, "results"); earlier != nil && earlier.Kind == yaml.SequenceNode {
		earlier.Content = append(earlier.Content, parsed.YNode().Content...)
		return nil
	}
	set(l.root, "results", parsed.YNode())
	return nil
}

// set gives a field of a map a value, at its place or at the end.
func set(mapping *yaml.Node, name string, value *yaml.Node) {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == name {
			mapping.Content[i+1] = value
			return
		}
	}
	mapping.Content = append(mapping.Content, stringNode(name), value)
}
