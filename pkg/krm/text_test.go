package krm

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestItemsAreHandedOn: the items have a spelling that the YAML library would not keep.
func TestItemsAreHandedOn(t *testing.T) {
	const head, items, config = "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\n", "items:\n- kind: A\n  data: {x:   y}\n- kind: B\n  data:   z\n", "functionConfig: {kind:   ConfigMap}\n"
	const list = head + items + config
	replaced := func(old, new string) string { return strings.Replace(list, old, new, 1) }
	for _, tc := range []struct {
		reason, input string
		want          bool
	}{
		{"nothing unusual", list, true},
		{"the items are last", head + config + items, true},
		{"an item on lines of its own", replaced("- kind: A", "-\n  kind: A"), true},
		{"a comment after a dash", replaced("- kind: A", "- # comment\n  kind: A"), true},
		{"a comment at the end of a line", replaced("y}", "y} # comment"), true},
		{"a comment within an item", replaced("  data:", "  # comment\n  data:"), true},
		{"a comment within functionConfig", replaced("{kind:   ConfigMap}", "\n  # comment\n  kind: ConfigMap"), true},
		{"empty lines", replaced("- kind: B", "\n- kind: B"), true},
		{"a text with empty lines at its end", replaced("{x:   y}", "{x:   y}\n  text: |+\n    a\n\n"), true},
		{"an alias of something in the item", replaced("- kind: A", "- kind: &a A\n  name: *a"), true},
		{"an anchor of the same name in each item", strings.NewReplacer("kind: A", "kind: &a A\n  name: *a", "kind: B", "kind: &a B\n  name: *a").Replace(list), true},
		{"results of an earlier function", list + "results:\n- message: m\n- message: n\n", true},
		{"a list with indentation", list + "results:\n  - message: m\n  - message: n\n", true},

		{"a comment between items", replaced("- kind: B", "# comment\n- kind: B"), false},
		{"a comment at the end of an item", replaced("- kind: B", "  # comment\n- kind: B"), false},
		{"a comment after the items", replaced(config, "  # comment\n"+config), false},
		{"a comment at the end of the list", list + "  # comment\n", false},
		{"a comment before the list", "# comment\n" + list, false},
		{"a comment before the list, with indentation", "  # comment\n" + list, false},
		{"a comment before the items", replaced("items:", "# comment\nitems:"), false},
		{"a comment at the items", replaced("items:", "items: # comment"), false},
		{"items with indentation", head + strings.ReplaceAll(strings.TrimSuffix(items, "\n"), "\n", "\n  ") + "\n", false},
		{"items with an anchor", replaced("items:", "items: &a"), false},
		{"items in quotes", replaced("items:", "'items':"), false},
		{"a key of its own line", replaced("items:", "? items\n:"), false},
		{"an alias of something in another item", strings.NewReplacer("kind: A", "kind: &a A", "kind: B", "kind: *a").Replace(list), false},
		{"an alias of something in another field", strings.NewReplacer("kind: B", "kind: &a B", "ConfigMap}", "ConfigMap, data: *a}").Replace(list), false},
		{"a text whose second line looks like an item", replaced("{x:   y}", "{x:   y, s: 'a\n- b'}"), false},
		{"a text whose second line looks like a field", replaced("{x:   y}", "{x:   y, s: 'a\nb'}"), false},
		{"a line with nothing but a tab", replaced("{x:   y}", "{x:   y, s: 'a\n\t\n  b'}"), false},
		{"lines that end with CR", strings.ReplaceAll(list, "\n", "\r\n"), false},
		{"a character that ends a line, for the YAML library only", replaced("{x:   y}", "{x:   y, s: 'a\u2028b'}"), false},
		{"no end of the last line", strings.TrimSuffix(list, "\n"), false},
		{"a byte order mark", "\uFEFF" + list, false},
		{"the mark of a document", "---\n" + list, false},
		{"the mark of its end", list + "...\n", false},
		{"a directive", "%YAML 1.1\n---\n" + list, false},
		{"a text that ends like a comment", replaced("{x:   y}", "{x:   y}\n  text: |\n    # a\n"), false},
		{"a folded text, which the YAML library writes wrongly", replaced("{x:   y}", "{x:   y}\n  text: >\n    a\n\n    b\n"), false},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			once := call(t, tc.input)
			assert.Equal(t, tc.want, strings.Contains(once, "{x:   y") && strings.Contains(once, "data:   z\n"), once)
			assert.Equal(t, once, call(t, once))
			_, differ := difference(read(t, writtenAnew(t, tc.input)), read(t, once))
			assert.False(t, differ, once)
		})
	}
}

// TestWhatIsRenderedMayKeepItemsFromBeingHandedOn: the spec has a spelling that the YAML
// library would not keep.
func TestWhatIsRenderedMayKeepItemsFromBeingHandedOn(t *testing.T) {
	const spec = "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n- apiVersion: failover.krm.dev/v1alpha1\n  kind:   FailoverSpec\n  metadata: {name: shop, namespace: web}\n" +
		"  spec: {active: {service: {name: shop, port: 8080}}, passive: {service: {name: standby, port: 8080}}, annotations: {note: \"a note\"}}\n"
	rendered := call(t, spec)
	for _, tc := range []struct {
		reason, input string
		want          bool
	}{
		{"plain", spec, true},
		{"again", rendered, true},
		{"a text that is not ASCII", strings.Replace(spec, "a note", "ä", 1), true},
		{"a text of several lines", strings.Replace(spec, "a note", `a\nb\n`, 1), true},
		{"a text with what looks like a comment", strings.Replace(spec, "a note", `a\n# b\n`, 1), true},
		{"a message that is not ASCII", strings.Replace(spec, "name: shop, namespace", "name: ä, namespace", 1), true},
		{"a comment on an object that stays as it is", strings.Replace(rendered, "kind: Backend\n", "kind: Backend # comment\n", 1), true},
		{"an object that has changed", strings.Replace(rendered, "port: 8080\n", "port: 1\n", 1), true},
		{"a comment on one that has changed", strings.Replace(rendered, "port: 8080\n", "port: 1 # comment\n", 1), false},
		{"an object that is gone", strings.Replace(rendered, "kind: Gateway\n", "kind: Other\n", 1), true},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			once := call(t, tc.input)
			assert.Equal(t, tc.want, strings.Contains(once, "kind:   FailoverSpec\n"), once)
			once, _, _ = strings.Cut(once, "results:\n") // an orchestrator takes them out
			again, _, _ := strings.Cut(call(t, once), "results:\n")
			assert.Equal(t, once, again)
			anew, _, _ := strings.Cut(writtenAnew(t, tc.input), "results:\n")
			_, differ := difference(read(t, anew), read(t, once))
			assert.False(t, differ, once)
		})
	}
}

func TestCanBeHandedOn(t *testing.T) {
	for _, tc := range []struct {
		reason, text string
		want         bool
	}{
		{"what it should be", "results:\n- message: |\n    a\n    b\n", true},
		{"another text", "results:\n- message: |\n    a\n", false},
		{"no YAML", "results: [\n", false},
		{"another place", " results:\n - message: |\n    a\n    b\n", false},
		{"a comment at its end", "results:\n- message: |\n    a\n    b\n  # comment\n", false},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			node := read(t, "results: [{message: \"a\\nb\\n\"}]")
			assert.Equal(t, tc.want, canBeHandedOn(part{node: node, text: []byte(tc.text)}))
		})
	}
}
