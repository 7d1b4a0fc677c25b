package krm

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/failover-krm/failover/pkg/api/decode"
	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	"github.com/failover-krm/failover/pkg/compile"
	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/encode"
)

// resourceListVersions are the versions of the function's input that are
// answered, each in itself.
var resourceListVersions = []string{"config.kubernetes.io/v1", "config.kubernetes.io/v1beta1"}

// IsResourceList tells whether a document is the input of a KRM function, of
// whatever version.
func IsResourceList(node *yaml.Node) bool { return document.IsResourceList(node) }

// Answer is what a function answers.
type Answer struct {
	// YAML is the ResourceList: with the rendered objects where all is well, otherwise
	// with the items as they came. It is nil where the input is not a ResourceList.
	YAML []byte
	// Diagnostics are what to tell people: those among the results that call for
	// something to be done. kpt keeps what a function prints, and shows it as if
	// something were wrong.
	Diagnostics []diagnostic.Diagnostic
	// Failed tells that the orchestrator should not go on.
	Failed bool
}

// Function is the KRM function: it renders the FailoverSpecs in functionConfig
// and items of a ResourceList, and puts the objects into items. With a FailoverCheck as
// functionConfig, it is Check. The text is what the list was read from, or nil: what the
// function does not change is taken from there where that is safe, and otherwise written anew.
func Function(resourceListNode *yaml.Node, text []byte) (Answer, error) {
	list, diagnostics := readResourceList(resourceListNode, text)
	if diagnostic.Failed(diagnostics) {
		return Answer{Diagnostics: diagnostics, Failed: true}, nil
	}
	if list.hasCheck() {
		return list.check(v1alpha1.CheckSpec{})
	}
	sources, diagnostics := list.specs()
	objects, compiled, err := list.compileAll(sources)
	if err != nil {
		return Answer{}, err
	}
	diagnostics = append(diagnostics, compiled...)
	if !diagnostic.Failed(diagnostics) {
		diagnostics = append(diagnostics, list.place(objects)...)
	}
	told := slices.DeleteFunc(slices.Clone(diagnostics), func(d diagnostic.Diagnostic) bool {
		return d.Rule != "" && d.Severity == diagnostic.Info
	})
	return list.answer(diagnostics, told, v1alpha1.FailOnError)
}

// compileAll compiles FailoverSpecs to YAML, with the annotations that say whose
// each object is, and for those of a new spec where.
func (l *resourceList) compileAll(sources []source) ([]object, []diagnostic.Diagnostic, error) {
	ofSubject := map[*diagnostic.Subject]source{}
	var subjects []*diagnostic.Subject
	for _, source := range sources {
		ofSubject[source.Subject] = source
		subjects = append(subjects, source.Subject)
	}
	isNew := l.newSpecs(sources)
	mark := func(compiled compile.Object) {
		annotations := ownerAnnotations(compiled.Object)
		if spec := ofSubject[compiled.Subject]; isNew[spec.owner] {
			maps.Copy(annotations, locationOf(ownFile(spec), compiled.Index, dialectsOf(spec.Node)))
		}
		compiled.Resource.SetAnnotations(annotations)
	}
	return compile.Documents(subjects, compile.Options{Mark: mark}, func(compiled compile.Object) (object, error) {
		resource, spec := compiled.Resource, ofSubject[compiled.Subject]
		result := object{
			GroupKind: resource.GetObjectKind().GroupVersionKind().GroupKind(), namespace: resource.GetNamespace(), name: resource.GetName(),
			spec: spec, part: compiled.Part, isNew: isNew[spec.owner],
		}
		if result.isNew {
			if text, isPlain := encode.Item(resource); isPlain {
				result.text = text
				return result, nil
			}
		}
		value, err := encode.Value(resource)
		if err != nil {
			return result, err
		}
		result.node, err = encode.Node(value, resource)
		return result, err
	})
}

// answer writes the list with diagnostics as results. Those that are told decide
// whether it fails.
func (l *resourceList) answer(results, told []diagnostic.Diagnostic, failOn v1alpha1.FailOn) (Answer, error) {
	if err := l.addResults(results); err != nil {
		return Answer{}, err
	}
	answer, err := l.encode()
	failed := failOn != v1alpha1.FailOnNever && diagnostic.AnyAtLeast(told, diagnostic.Severity(failOn))
	return Answer{YAML: answer, Diagnostics: told, Failed: failed}, err
}

// resourceList is the function's input, which becomes its answer.
type resourceList struct {
	root           *yaml.Node
	items          *yaml.Node
	functionConfig *yaml.Node
	// rendered has the items that this call has rendered, and the text of those that are
	// an empty node for now.
	rendered map[*yaml.Node][]byte
	// texts has those of the items, and of the values of other fields, as they came; nil where
	// they are written anew.
	texts map[*yaml.Node][]byte
	// wholePackage tells that the call is about all FailoverSpecs of a package, not
	// only about a functionConfig's.
	wholePackage bool
}

func readResourceList(root *yaml.Node, text []byte) (*resourceList, []diagnostic.Diagnostic) {
	list := &resourceList{
		root: root, items: document.Lookup(root, "items"), functionConfig: document.Lookup(root, "functionConfig"),
		rendered: map[*yaml.Node][]byte{}, texts: textsOf(root, text),
	}
	if version := document.Field(root, "apiVersion"); !slices.Contains(resourceListVersions, version) {
		return nil, []diagnostic.Diagnostic{{Severity: diagnostic.Error, Message: fmt.Sprintf(
			"ResourceList: apiVersion %q is not supported; supported are %s", diagnostic.Shorten(version), strings.Join(resourceListVersions, " and "))}}
	}
	if list.items == nil || list.items.ShortTag() == yaml.NodeTagNull {
		list.items = &yaml.Node{Kind: yaml.SequenceNode, Tag: yaml.NodeTagSeq}
		set(root, "items", list.items)
	}
	if list.items.Kind != yaml.SequenceNode {
		return nil, []diagnostic.Diagnostic{{Severity: diagnostic.Error, Message: "ResourceList: items must be a list"}}
	}
	for i, item := range list.items.Content {
		if item.Kind != yaml.MappingNode {
			return nil, []diagnostic.Diagnostic{{Severity: diagnostic.Error, Message: fmt.Sprintf("ResourceList: items[%d] must be a map", i)}}
		}
	}
	list.ownItems()
	list.moveComments()
	return list, nil
}

// ownItems gives the list items of its own where they are an alias, or a merge
// key's, and takes them out of what others share where they have an anchor.
func (l *resourceList) ownItems() {
	if l.itemsKey() < 0 {
		l.items = withoutAliases(l.items)
		set(l.root, "items", l.items)
	}
	if l.items.Anchor != "" {
		writeOut(l.aliases(), l.items)
		l.items.Anchor = ""
	}
}

// itemsKey returns where the key of the items is in the content of the list, or -1.
func (l *resourceList) itemsKey() int {
	for i := 0; i+1 < len(l.root.Content); i += 2 {
		if l.root.Content[i].Value == "items" && l.root.Content[i+1] == l.items {
			return i
		}
	}
	return -1
}

// specs returns the FailoverSpecs of functionConfig and items. One that is in
// both counts once, as the item, since that knows its file.
func (l *resourceList) specs() ([]source, []diagnostic.Diagnostic) {
	config, diagnostics := l.configSpec()
	var sources, same []source
	known := map[owner]source{}
	for _, item := range l.items.Content {
		if decode.ClaimsCheck(item) || decode.ClaimsDrill(item) {
			continue
		}
		if !decode.Claims(item) {
			diagnostics = append(diagnostics, misspelt(item)...)
			continue
		}
		source := sourceOf(item)
		if config != nil && isConfig(config.owner, source.owner) {
			same = append(same, source)
		}
		if other, isKnown := known[source.owner]; isKnown && source.owner.name != "" {
			diagnostics = append(diagnostics, duplicateName(source, "among the items"+other.inFile()))
			continue
		}
		known[source.owner] = source
		sources = append(sources, source)
	}
	l.wholePackage = config == nil || len(same) > 0
	if config == nil {
		return sources, diagnostics
	}
	if len(same) == 0 {
		diagnostics = append(diagnostics, l.adopt(config)...)
		return append([]source{*config}, sources...), diagnostics
	}
	if !slices.ContainsFunc(same, func(other source) bool { return sameSpec(config.Node, other.Node) }) {
		diagnostics = append(diagnostics, duplicateName(same[0], "in functionConfig, and differs from it"))
	}
	return sources, diagnostics
}

// misspelt refuses an item that is nearly a FailoverSpec: taken for another tool's,
// all that it rendered before would be removed.
func misspelt(item *yaml.Node) []diagnostic.Diagnostic {
	apiVersion, kind := document.Field(item, "apiVersion"), document.Field(item, "kind")
	group, _, _ := strings.Cut(apiVersion, "/")
	if document.Suggest(kind, []string{v1alpha1.Kind}) == "" || document.Suggest(group, []string{v1alpha1.Group}) == "" {
		return nil
	}
	return diagnostic.Errors(sourceOf(item).Subject, field.ErrorList{
		field.NotSupported(field.NewPath("apiVersion"), apiVersion, []string{v1alpha1.APIVersion}),
		field.NotSupported(field.NewPath("kind"), kind, []string{v1alpha1.Kind}),
	})
}

// adopt finds the package of a functionConfig that does not say it, by the
// children that it has among the items.
func (l *resourceList) adopt(config *source) []diagnostic.Diagnostic {
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
		return []diagnostic.Diagnostic{nameError(*config, fmt.Sprintf(
			"there are objects of such a FailoverSpec in several packages (%s), and a functionConfig does not say which one is meant: move it into its package, and leave functionConfig out",
			strings.Join(slices.Sorted(maps.Keys(packages)), ", ")))}
	}
	for packagePath := range packages {
		config.owner.packagePath = packagePath
	}
	return nil
}

// configSpec returns the functionConfig where it is a FailoverSpec.
func (l *resourceList) configSpec() (*source, []diagnostic.Diagnostic) {
	config := l.functionConfig
	if config == nil || config.ShortTag() == yaml.NodeTagNull {
		return nil, nil
	}
	source := sourceOf(config)
	if decode.Claims(config) {
		return &source, nil
	}
	if source.Field("kind") != "ConfigMap" {
		return nil, []diagnostic.Diagnostic{diagnostic.New(diagnostic.Error, source.Subject, document.ParsePath("kind"),
			"is not a functionConfig of failover: give a FailoverSpec, or a ConfigMap or nothing to render those among the items, or a FailoverCheck to check the items")}
	}
	if len(stringMap(config, "data")) > 0 {
		return nil, []diagnostic.Diagnostic{diagnostic.New(diagnostic.Warning, source.Subject, document.ParsePath("data"),
			"a ConfigMap as functionConfig is not read: write a FailoverSpec")}
	}
	return nil, nil
}

// isConfig tells whether an item is the functionConfig too. An orchestrator need
// not say which package that is from.
func isConfig(config, item owner) bool {
	return config == item || config.packagePath == "" && config.name == item.name
}

func duplicateName(spec source, where string) diagnostic.Diagnostic {
	return nameError(spec, fmt.Sprintf("Duplicate value: %q: another FailoverSpec of this package has the name, %s: objects belong to a spec by its name: give it another name",
		diagnostic.Shorten(spec.owner.name), where))
}

// sameSpec tells whether two FailoverSpecs say the same, whatever the
// orchestrator has noted on them.
func sameSpec(a, b *yaml.Node) bool {
	return reflect.DeepEqual(content(a), content(b))
}

func content(spec *yaml.Node) []any {
	value, _ := document.Value(spec)
	fields, _ := value.(map[string]any)
	return []any{document.Field(spec, "apiVersion"), document.Field(spec, "metadata.namespace"), fields["spec"]}
}

// addResults adds diagnostics to the items, after those of other functions.
func (l *resourceList) addResults(diagnostics []diagnostic.Diagnostic) error {
	results, err := diagnostic.Results(diagnostics)
	if err != nil || len(results.Content) == 0 {
		return err
	}
	if earlier := document.Lookup(l.root, "results"); earlier != nil && earlier.Kind == yaml.SequenceNode {
		all := *earlier
		all.Content = slices.Concat(earlier.Content, results.Content)
		results = &all
	}
	set(l.root, "results", results)
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
	mapping.Content = append(mapping.Content, encode.String(name), value)
}
