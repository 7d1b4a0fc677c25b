package krm

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/failover-krm/failover/pkg/document"
)

// TestComments gives the function items of others with comments at random places,
// and texts in every style: nothing is lost that the YAML library reads, and twice
// is once. Where items are handed on as they came, the answer says the same as it does
// where all is written anew.
func TestComments(t *testing.T) {
	const seeds = 400
	handedOn := 0
	for seed := range uint64(seeds) {
		w := &writer{random: rand.New(rand.NewPCG(seed, 0)), rarity: 1 << (seed % 4)}
		w.resourceList()
		input := w.text.String()

		once := call(t, input)
		require.Equal(t, comments(read(t, input)), comments(read(t, once)), "in:\n%s\nout:\n%s", input, once)
		require.Equal(t, contents(t, input), contents(t, once), "in:\n%s\nout:\n%s", input, once)
		require.Equal(t, once, call(t, once), input)
		where, differ := difference(read(t, writtenAnew(t, input)), read(t, once))
		require.False(t, differ, "%s\nin:\n%s\nout:\n%s", where, input, once)
		if isHandedOn(t, input, once) {
			handedOn++
			require.NotNil(t, textsOf(read(t, once), []byte(once)), once)
		}
	}
	require.Greater(t, handedOn, seeds/4)
}

// isHandedOn tells whether the items of a list are handed on as they came. Then they have
// the same comments where each is read without the others.
func isHandedOn(t *testing.T, input, once string) bool {
	t.Helper()
	root := read(t, input)
	texts := textsOf(root, []byte(input))
	for _, item := range document.Lookup(root, "items").Content {
		if texts == nil || !strings.Contains(once, string(texts[item])) {
			return false
		}
		only := document.Lookup(read(t, itemsLine+string(texts[item])), "items[0]")
		require.True(t, haveSameComments(item, only), "in:\n%s\nitem:\n%s", input, texts[item])
	}
	return texts != nil
}

func read(t *testing.T, text string) *yaml.Node {
	t.Helper()
	documents, err := document.Parse([]byte(text), "input")
	require.NoError(t, err, text)
	return documents[0].Node
}

func call(t *testing.T, input string) string {
	t.Helper()
	answer, err := Function(read(t, input), []byte(input))
	require.NoError(t, err, input)
	return string(answer.YAML)
}

// writtenAnew is an answer for which no text is taken from the input.
func writtenAnew(t *testing.T, input string) string {
	t.Helper()
	answer, err := Function(read(t, input), nil)
	require.NoError(t, err, input)
	return string(answer.YAML)
}

// comments returns those of a document, sorted.
func comments(node *yaml.Node) []string {
	found := regexp.MustCompile(`# c\d+`).FindAllString(strings.Join([]string{node.HeadComment, node.LineComment, node.FootComment}, "\n"), -1)
	for _, child := range node.Content {
		found = append(found, comments(child)...)
	}
	slices.Sort(found)
	return found
}

// contents are the items without what was rendered.
func contents(t *testing.T, text string) []any {
	t.Helper()
	var list struct{ Items []any }
	require.NoError(t, yaml.Unmarshal([]byte(text), &list), text)
	return slices.DeleteFunc(list.Items, func(item any) bool {
		return strings.HasPrefix(fmt.Sprint(item.(map[string]any)["apiVersion"]), "gateway.")
	})
}

// writer writes a ResourceList with comments at random places.
type writer struct {
	random   *rand.Rand
	text     strings.Builder
	comments int
	// rarity is how many times rarer than usual comments are.
	rarity  int
	anchors int
}

func (w *writer) resourceList() {
	for _, line := range []string{"apiVersion: config.kubernetes.io/v1", "kind: ResourceList", "items:"} {
		w.commentLines(0)
		w.line(line)
	}
	withSpec := w.random.IntN(2)
	for i := range 1 + w.random.IntN(2) {
		if w.commentLines(0); i == withSpec {
			w.line("- apiVersion: failover.krm.dev/v1alpha1")
			w.line("  kind: FailoverSpec")
			w.line("  metadata: {name: shop, namespace: web}")
			w.line("  spec: {target: calico-3.32, active: {service: {name: shop, port: 1}}, passive: {service: {name: standby, port: 1}}, policy: {healthCheck: {active: {http: {path: /}}}}}")
			continue
		}
		w.line("- apiVersion: v1")
		w.mapping("", 2, 3)
	}
	w.commentLines(0)
	if w.random.IntN(2) == 0 {
		w.line("functionConfig:")
		w.commentLines(2)
		w.line("  kind: ConfigMap")
		w.commentLines(0)
	}
}

// line writes a line, which may end with a comment, and an empty line may follow it.
func (w *writer) line(text string) {
	w.text.WriteString(text)
	if w.random.IntN(16*w.rarity) == 0 {
		w.comments++
		fmt.Fprintf(&w.text, " # c%d", w.comments)
	}
	w.text.WriteString("\n" + strings.Repeat("\n", w.random.IntN(24)/23))
}

// commentLines writes some comments, or none, with or without empty lines around.
func (w *writer) commentLines(indentation int) {
	for w.random.IntN(8*w.rarity) == 0 {
		w.comments++
		emptyLine := func() string { return strings.Repeat("\n", w.random.IntN(4)/3) }
		fmt.Fprintf(&w.text, "%s%s# c%d\n%s", emptyLine(), spaces(indentation), w.comments, emptyLine())
	}
}

func spaces(count int) string { return strings.Repeat(" ", count) }

// mapping writes a map, whose first key is on the line that has begun, if any.
func (w *writer) mapping(begun string, indentation, depth int) {
	for i := range 1 + w.random.IntN(3) {
		w.value(w.begin(begun, indentation)+fmt.Sprintf("key%d:", i), indentation+2, depth)
		begun = ""
	}
	w.commentLines(indentation)
}

// sequence writes a list, whose first item is on the line that has begun, if any.
func (w *writer) sequence(begun string, indentation, depth int) {
	for range 1 + w.random.IntN(3) {
		w.value(w.begin(begun, indentation)+"-", indentation+2, depth)
		begun = ""
	}
	w.commentLines(indentation)
}

func (w *writer) begin(begun string, indentation int) string {
	if begun != "" {
		return begun + " "
	}
	w.commentLines(indentation)
	return spaces(indentation)
}

// value writes what follows a key or a dash.
func (w *writer) value(before string, indentation, depth int) {
	isItem := strings.HasSuffix(before, "-")
	switch kind := w.random.IntN(8); {
	case kind < 4 && depth > 0:
		collection := []func(string, int, int){w.mapping, w.sequence}[kind/2]
		if isItem {
			collection(before, indentation, depth-1)
			return
		}
		if w.line(before); kind >= 2 {
			indentation -= 2 * w.random.IntN(2)
		}
		collection("", indentation, depth-1)
	case kind == 4:
		header := []string{"|", "|-", "|+", ">", ">-", ">+", "|2", ">2"}[w.random.IntN(8)]
		w.line(before + " " + header)
		if strings.HasSuffix(header, "2") {
			w.text.WriteString(spaces(indentation) + "\techo\n")
		}
		fmt.Fprintf(&w.text, "%[1]stext\n%[1]smore\n%s", spaces(indentation), strings.Repeat("\n", w.random.IntN(3)))
	case kind == 5 && w.random.IntN(4) == 0:
		w.anchors++
		w.line(fmt.Sprintf("%s &a%d x", before, w.anchors))
	case kind == 5 && w.anchors > 0 && w.random.IntN(4) == 0:
		w.line(fmt.Sprintf("%s *a%d", before, w.anchors))
	default:
		w.line(before + []string{" x", " 'x'", " \"\\tx\\n\"", " {a: [x]}", " []", " {a: 1,\n" + spaces(indentation+1) + "b:  y}", " 'x\n\n" + spaces(indentation+1) + "y'"}[w.random.IntN(7)])
	}
}
