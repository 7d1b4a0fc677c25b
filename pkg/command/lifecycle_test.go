package command_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kustomize/kyaml/kio"
	"sigs.k8s.io/kustomize/kyaml/kio/kioutil"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/failover-krm/failover/internal/randomspec"
	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	"github.com/failover-krm/failover/pkg/target"
)

// TestFunctionTwiceIsFunctionOnce runs the function on its own answer, for every
// golden case that succeeds: not a byte may change.
func TestFunctionTwiceIsFunctionOnce(t *testing.T) {
	answers, err := filepath.Glob("../../testdata/function/*/expected.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, answers)
	for _, answer := range answers {
		name := filepath.Base(filepath.Dir(answer))
		if strings.HasPrefix(name, "error-") {
			continue // the answer has the items as they came
		}
		t.Run(name, func(t *testing.T) {
			once, err := os.ReadFile(answer)
			require.NoError(t, err)
			want := withoutResults(t, string(once))
			twice := run(want)
			require.Zero(t, twice.code, twice.stderr)
			assert.Equal(t, want, withoutResults(t, twice.stdout))
		})
	}
}

// withoutResults takes the results out of an answer, as an orchestrator does.
func withoutResults(t *testing.T, answer string) string {
	list, err := yaml.Parse(answer)
	require.NoError(t, err)
	require.NoError(t, list.PipeE(yaml.Clear("results")))
	text, err := list.String()
	require.NoError(t, err)
	return text
}

// TestRandomEdits edits packages on disk, as users and other functions do, and
// runs the function after each edit: what it made is then what it would make from
// nothing, apart from what others put there, and theirs is not touched.
func TestRandomEdits(t *testing.T) {
	t.Parallel()
	const edits = 4
	sequences := uint64(manyOr(100, 12))
	succeeded := 0
	for number := range sequences {
		random := rand.New(rand.NewPCG(6, number))
		p := &pack{dir: t.TempDir(), random: random}
		for range 2 {
			p.edit(t, p.addSpec)
		}
		p.edit(t, p.addForeignItem)
		for step := range edits {
			if p.run(t).code == 0 {
				succeeded++
				p.check(t)
			} else {
				p.undo(t) // two specs that do not go together
			}
			if t.Failed() {
				t.Fatalf("sequence %d, after edit %d: %s", number, step, p.last)
			}
			p.editAtRandom(t)
		}
	}
	assert.Greater(t, succeeded, int(sequences)*edits*3/4, "most edits make a package that renders")
}

// pack is a package on disk.
type pack struct {
	dir    string
	random *rand.Rand
	// last says what was edited, and before how it was until then.
	last   string
	before map[string]string
	specs  int
}

type edit struct {
	name  string
	apply func([]*yaml.RNode) []*yaml.RNode
}

func (p *pack) editAtRandom(t *testing.T) {
	edits := []edit{
		{"add a spec", p.addSpec},
		{"delete a spec", p.deleteSpec},
		{"rename a spec", p.renameSpec},
		{"swap the names of two specs", p.swapNames},
		{"change a spec", p.changeSpec},
		{"move a spec to another directory", p.moveSpec},
		{"move an object to another file", p.moveChild},
		{"label and annotate an object", p.decorateChild},
		{"comment on an object", p.commentOnChild},
		{"delete an object", p.deleteChild},
		{"change an object", p.changeChild},
		{"set the namespace of all", p.setNamespace},
		{"add somebody's object", p.addForeignItem},
	}
	chosen := edits[p.random.IntN(len(edits))]
	p.last = chosen.name
	p.edit(t, chosen.apply)
}

// edit changes the package on disk.
func (p *pack) edit(t *testing.T, apply func([]*yaml.RNode) []*yaml.RNode) {
	p.before = p.files(t)
	onDisk := p.readWriter()
	items, err := onDisk.Read()
	require.NoError(t, err)
	require.NoError(t, onDisk.Write(apply(items)))
}

func (p *pack) readWriter() *kio.LocalPackageReadWriter {
	return &kio.LocalPackageReadWriter{PackagePath: p.dir, PackageFileName: "Kptfile", IncludeSubpackages: true}
}

func (p *pack) files(t *testing.T) map[string]string {
	files := map[string]string{}
	require.NoError(t, filepath.WalkDir(p.dir, func(name string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		files[name] = string(data)
		return err
	}))
	return files
}

func (p *pack) undo(t *testing.T) {
	for name := range p.files(t) {
		require.NoError(t, os.Remove(name))
	}
	for name, text := range p.before {
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
		require.NoError(t, os.WriteFile(name, []byte(text), 0o644))
	}
}

// run does what an orchestrator does: it reads the package, calls the function,
// and writes what comes back where there was no error.
func (p *pack) run(t *testing.T) result {
	onDisk := p.readWriter()
	items, err := onDisk.Read()
	require.NoError(t, err)
	var input bytes.Buffer
	require.NoError(t, kio.ByteWriter{
		Writer: &input, KeepReaderAnnotations: true, WrappingKind: kio.ResourceListKind, WrappingAPIVersion: kio.ResourceListAPIVersion,
	}.Write(items))
	foreignBefore := p.foreign(t)
	got := run(input.String())
	answered, err := (&kio.ByteReader{Reader: strings.NewReader(got.stdout), OmitReaderAnnotations: true}).Read()
	require.NoError(t, err)
	if got.code != 0 {
		assert.Len(t, answered, len(items), "the items come back as they were")
		return got
	}
	require.NoError(t, onDisk.Write(answered))
	assert.Equal(t, foreignBefore, p.foreign(t), "what others made is neither lost nor changed")
	return got
}

// foreign has what the function did not make, by file, in order.
func (p *pack) foreign(t *testing.T) map[string][]string {
	items := map[string][]string{}
	for _, item := range p.read(t) {
		if !isChild(item) {
			name := item.GetAnnotations()[kioutil.PathAnnotation]
			items[name] = append(items[name], textOf(t, item))
		}
	}
	return items
}

// read returns the items with the path annotation of the dialect of today.
func (p *pack) read(t *testing.T) []*yaml.RNode {
	items, err := p.readWriter().Read()
	require.NoError(t, err)
	return items
}

// check compares the package with one that is rendered from nothing.
func (p *pack) check(t *testing.T) {
	fresh := &pack{dir: t.TempDir()}
	items := slices.DeleteFunc(p.read(t), isChild)
	writer := kio.LocalPackageWriter{PackagePath: fresh.dir}
	require.NoError(t, writer.Write(items))
	got := fresh.run(t)
	require.Zero(t, got.code, got.stderr)

	want, have := fresh.children(t), p.children(t)
	assert.Equal(t, slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(have)), "no object too many, none missing")
	for part, child := range have {
		assert.Equal(t, want[part].text, child.text, part)
	}
	moved := func(part string) bool { return have[part].moved }
	assert.Equal(t, slices.DeleteFunc(fresh.order(t), moved), slices.DeleteFunc(p.order(t), moved), "where and in which order the objects are")

	ids := map[string]bool{}
	for _, item := range p.read(t) {
		id := strings.Join([]string{item.GetApiVersion(), item.GetKind(), item.GetNamespace(), item.GetName()}, " ")
		assert.False(t, ids[id], "twice: %s", id)
		ids[id] = true
	}

	onDisk := p.files(t)
	require.Zero(t, p.run(t).code)
	assert.Equal(t, onDisk, p.files(t), "a second run changes nothing")
}

// rendered is an object that the function made, without what others put on it.
type rendered struct {
	text  string
	moved bool
}

func (p *pack) children(t *testing.T) map[string]rendered {
	children := map[string]rendered{}
	for _, item := range p.read(t) {
		if !isChild(item) {
			continue
		}
		name := item.GetAnnotations()[kioutil.PathAnnotation]
		owner := item.GetAnnotations()[v1alpha1.AnnotationOwner]
		for key := range item.GetLabels() {
			if strings.HasPrefix(key, "foreign.example.com/") {
				require.NoError(t, item.PipeE(yaml.Lookup("metadata", "labels"), yaml.Clear(key)))
			}
		}
		require.NoError(t, item.PipeE(yaml.Lookup("metadata", "annotations"), yaml.Clear("foreign.example.com/note")))
		withoutComments(item.YNode())
		children[partOf(item)] = rendered{textOf(t, item), path.Base(name) != owner+"-failover.yaml"}
	}
	return children
}

// order has the objects of each file in their order.
func (p *pack) order(t *testing.T) []string {
	var parts []string
	for _, item := range p.read(t) {
		if isChild(item) {
			parts = append(parts, partOf(item))
		}
	}
	return parts
}

func partOf(item *yaml.RNode) string {
	annotations := item.GetAnnotations()
	return annotations[v1alpha1.AnnotationOwner] + "/" + annotations[v1alpha1.AnnotationPart]
}

func isChild(item *yaml.RNode) bool { return item.GetAnnotations()[v1alpha1.AnnotationOwner] != "" }

func isSpec(item *yaml.RNode) bool { return item.GetKind() == v1alpha1.Kind }

// textOf is an item as a file has it.
func textOf(t *testing.T, item *yaml.RNode) string {
	copied := item.Copy()
	for key := range copied.GetAnnotations() {
		if strings.Contains(key, "config.k") {
			require.NoError(t, copied.PipeE(yaml.ClearAnnotation(key)))
		}
	}
	require.NoError(t, yaml.ClearEmptyAnnotations(copied))
	text, err := copied.String()
	require.NoError(t, err)
	return text
}

func withoutComments(node *yaml.Node) {
	node.HeadComment, node.LineComment, node.FootComment = "", "", ""
	for _, child := range node.Content {
		withoutComments(child)
	}
}

// pick returns one of the items that are wanted, or nil.
func (p *pack) pick(items []*yaml.RNode, wanted func(*yaml.RNode) bool) *yaml.RNode {
	var candidates []*yaml.RNode
	for _, item := range items {
		if wanted(item) {
			candidates = append(candidates, item)
		}
	}
	if len(candidates) == 0 {
		return yaml.NewRNode(&yaml.Node{Kind: yaml.MappingNode}) // an edit of nothing
	}
	return candidates[p.random.IntN(len(candidates))]
}

func without(items []*yaml.RNode, gone *yaml.RNode) []*yaml.RNode {
	return slices.DeleteFunc(items, func(item *yaml.RNode) bool { return item == gone })
}

func annotate(item *yaml.RNode, key, value string) {
	if err := item.PipeE(yaml.SetAnnotation(key, value)); err != nil {
		panic(err)
	}
}

func setPath(item *yaml.RNode, name string, index int) {
	for key, value := range map[string]string{
		kioutil.PathAnnotation: name, kioutil.IndexAnnotation: fmt.Sprint(index),
		kioutil.LegacyPathAnnotation: name, kioutil.LegacyIndexAnnotation: fmt.Sprint(index), //nolint:staticcheck // the writer compares both
	} {
		annotate(item, key, value)
	}
}

// newSpec is valid, and has a name of its own.
func (p *pack) newSpec() *yaml.RNode {
	spec := randomspec.New(p.random.IntN(1000), target.All()[p.random.IntN(len(target.All()))])
	data, err := json.Marshal(spec)
	if err != nil {
		panic(err)
	}
	item := yaml.MustParse(string(data))
	inBlocks(item.YNode())
	p.specs++
	return item
}

func inBlocks(node *yaml.Node) {
	node.Style = 0
	for _, child := range node.Content {
		inBlocks(child)
	}
}

func (p *pack) name() string { return fmt.Sprintf("spec%d", p.specs) }

func (p *pack) addSpec(items []*yaml.RNode) []*yaml.RNode {
	spec := p.newSpec()
	if err := spec.SetName(p.name()); err != nil {
		panic(err)
	}
	setPath(spec, path.Join([]string{"", "a", "b/c"}[p.random.IntN(3)], p.name()+".yaml"), 0)
	return append(items, spec)
}

func (p *pack) deleteSpec(items []*yaml.RNode) []*yaml.RNode {
	return without(items, p.pick(items, isSpec))
}

func (p *pack) renameSpec(items []*yaml.RNode) []*yaml.RNode {
	p.specs++
	_ = p.pick(items, isSpec).SetName(p.name())
	return items
}

func (p *pack) swapNames(items []*yaml.RNode) []*yaml.RNode {
	one, other := p.pick(items, isSpec), p.pick(items, isSpec)
	name := one.GetName()
	_ = one.SetName(other.GetName())
	_ = other.SetName(name)
	return items
}

func (p *pack) changeSpec(items []*yaml.RNode) []*yaml.RNode {
	_ = p.pick(items, isSpec).PipeE(yaml.SetField("spec", p.newSpec().Field("spec").Value))
	return items
}

func (p *pack) moveSpec(items []*yaml.RNode) []*yaml.RNode {
	if spec := p.pick(items, isSpec); spec.GetKind() != "" {
		setPath(spec, "moved/"+spec.GetName()+".yaml", 0)
	}
	return items
}

func (p *pack) moveChild(items []*yaml.RNode) []*yaml.RNode {
	if child := p.pick(items, isChild); child.GetKind() != "" {
		setPath(child, fmt.Sprintf("mine/%s.yaml", child.GetName()), p.random.IntN(1000))
	}
	return items
}

func (p *pack) decorateChild(items []*yaml.RNode) []*yaml.RNode {
	if child := p.pick(items, isChild); child.GetKind() != "" {
		annotate(child, "foreign.example.com/note", "somebody's")
		_ = child.PipeE(yaml.SetLabel("foreign.example.com/team", "web"))
	}
	return items
}

func (p *pack) commentOnChild(items []*yaml.RNode) []*yaml.RNode {
	if child := p.pick(items, isChild); child.GetKind() != "" {
		child.Field("kind").Value.YNode().LineComment = "# a comment on the kind"
		child.Field("spec").Key.YNode().HeadComment = "# a comment above the spec"
	}
	return items
}

func (p *pack) deleteChild(items []*yaml.RNode) []*yaml.RNode {
	return without(items, p.pick(items, isChild))
}

func (p *pack) changeChild(items []*yaml.RNode) []*yaml.RNode {
	if child := p.pick(items, isChild); child.GetKind() != "" {
		_ = child.PipeE(yaml.SetField("spec", yaml.MustParse("{changed: true}")))
		_ = child.SetName("renamed-" + child.GetName())
	}
	return items
}

func (p *pack) setNamespace(items []*yaml.RNode) []*yaml.RNode {
	namespace := fmt.Sprintf("ns%d", p.random.IntN(2))
	for _, item := range items {
		_ = item.SetNamespace(namespace)
	}
	return items
}

func (p *pack) addForeignItem(items []*yaml.RNode) []*yaml.RNode {
	p.specs++
	item := yaml.MustParse(fmt.Sprintf(`# somebody's
apiVersion: v1
kind: ConfigMap # with comments
metadata: {name: foreign%d, annotations: {failover.krm.dev/part: active-backend}}
data:
  # above a key
  b: "quoted"
  a: 'single'
`, p.specs))
	name := fmt.Sprintf("foreign%d.yaml", p.random.IntN(3))
	if spec := p.pick(items, isSpec); spec.GetKind() != "" && p.random.IntN(2) == 0 {
		name = spec.GetName() + "-failover.yaml" // in the midst of what is rendered
	}
	setPath(item, name, 100+p.specs)
	return append(items, item)
}
