package command_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"html"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failover-krm/failover/internal/hostile"
	"github.com/failover-krm/failover/pkg/diagram"
	"github.com/failover-krm/failover/pkg/simulate"
)

// forms are those of a graph, with the names that their files end with.
var forms = map[string]string{"text": ".txt", "mermaid": ".mmd", "svg": ".svg"}

// exampleGraphs are the examples that have a failover, and where it is.
var exampleGraphs = map[string]string{
	"adopt": "manifests", "existing-services": "failover.yaml", "first-failover": "envoy-gateway.yaml", "grpc": "failover.yaml", "headless": "failover.yaml", "kpt": "shop.yaml", "kustomize": "base/shop.yaml",
	"multi-cluster": "failover.yaml", "rules": "failover.yaml", "switchover": "failover.yaml", "tcp": "failover.yaml", "tls-passthrough": "failover.yaml", "weighted": "failover.yaml", "workshop": "failover.yaml",
}

// TestExampleGraphs has the graph of each example, in every form. Its README shows it.
func TestExampleGraphs(t *testing.T) {
	t.Chdir(filepath.Join("..", ".."))
	for example, file := range exampleGraphs {
		t.Run(example, func(t *testing.T) {
			directory := filepath.Join("examples", example)
			for form, ending := range forms {
				got := run("", "graph", "-o", form, filepath.Join(directory, file))
				require.Zero(t, got.code, got.stderr)
				name := filepath.Join("testdata", "graph", "example", example+ending)
				if form == "svg" {
					name = filepath.Join(directory, "diagram.svg")
					assertPicture(t, got.stdout)
				}
				golden(t, name, got.stdout)
			}
			readme, err := os.ReadFile(filepath.Join(directory, "README.md"))
			require.NoError(t, err)
			assert.Contains(t, string(readme), "](diagram.svg)")
		})
	}
}

// rule returns the manifests for which a rule finds something.
func rule(t *testing.T, id string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "testdata", "rule", id, "fires.yaml"))
	require.NoError(t, err)
	return string(data)
}

// policyOfTheGateway is one that another policy is merged with.
const policyOfTheGateway = `---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: BackendTrafficPolicy
metadata: {name: public, namespace: web}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: public}]
  timeout: {tcp: {connectTimeout: 1s}}
`

// TestBrokenGraphs has the graphs of failovers with a fault, in every form.
func TestBrokenGraphs(t *testing.T) {
	nineFaults, err := os.ReadFile(filepath.Join("..", "..", "testdata", "check", "nine-faults", "input.yaml"))
	require.NoError(t, err)
	right, err := os.ReadFile(filepath.Join("..", "..", "testdata", "rule", "no-fallback", "quiet.yaml"))
	require.NoError(t, err)
	for name, manifests := range map[string]string{
		"split-by-address-type":         rule(t, "mixed-address-type"),
		"split-by-filters":              rule(t, "backendref-filters"),
		"no-fallback":                   rule(t, "no-fallback"),
		"no-primary":                    rule(t, "no-primary"),
		"missing-backend":               rule(t, "unresolvable-ref"),
		"ignored-policy":                rule(t, "policy-target"),
		"overridden-policy":             rule(t, "gateway-policy-overridden"),
		"refused-by-the-gateway":        rule(t, "route-not-served"),
		"refused-route":                 strings.Replace(string(right), "- www.example.com", "- SHOP", 1),
		"refused-by-the-api-server":     strings.Replace(string(right), "consecutive5XxErrors: 3", "consecutive5XxErrors: many", 1),
		"answered-500":                  rule(t, "merge-type") + policyOfTheGateway,
		"dead-rule":                     rule(t, "shadowed-rule"),
		"tiers-in-separate-rules":       rule(t, "tiers-in-separate-rules"),
		"scaled-to-zero":                rule(t, "tier-scaled-to-zero"),
		"backend-of-weight-0":           strings.Replace(string(right), "      name: passive\n", "      name: passive\n      weight: 0\n", 1),
		"policy-that-ejects-too-little": rule(t, "max-ejection-too-low"),
		"nine-faults":                   string(nineFaults),
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(filepath.Join("..", "..", "testdata", "graph"))
			for form, ending := range forms {
				got := run(manifests, "graph", "--target", "envoy-gateway-1.9", "-o", form)
				require.NotEmpty(t, got.stdout, got.stderr)
				golden(t, filepath.Join("broken", name+ending), got.stdout)
				if form == "svg" {
					assertPicture(t, got.stdout)
				}
			}
		})
	}
}

// TestHostileGraphs: what manifests have in their names and values is text in every form,
// and what is refused is drawn all the same.
func TestHostileGraphs(t *testing.T) {
	t.Parallel()
	texts := hostile.Texts(manyOr(300, 100))
	manifests := hostile.Manifests(texts)
	for form := range forms {
		got := run(manifests, "graph", "-o", form)
		require.Equal(t, 1, got.code, "there is much to refuse")
		require.NotEmpty(t, got.stdout)
		for _, char := range got.stdout + got.stderr {
			require.True(t, char == '\n' || char == ' ' || unicode.IsPrint(char), "%q in %s", char, form)
		}
		if form == "svg" {
			assertPicture(t, got.stdout)
			assert.Contains(t, got.stdout, html.EscapeString("<script>alert(1)</script>"))
		}
	}
}

// pictures are those of docs, and the commands that make them.
var pictures = map[string][]string{
	"docs/pictures/workshop-closed.svg":  {"simulate", "--outage", "closed", "-o", "svg", "examples/workshop/failover.yaml"},
	"docs/pictures/safe-500.svg":         {"simulate", "--outage", "500", "-o", "svg", "examples/kustomize/base/shop.yaml"},
	"docs/pictures/safe-hang.svg":        {"simulate", "--outage", "hang", "-o", "svg", "examples/kustomize/base/shop.yaml"},
	"docs/pictures/workshop-dropped.svg": {"simulate", "--outage", "dropped", "-o", "svg", "examples/workshop/failover.yaml"},
	"docs/pictures/safe-dropped.svg":     {"simulate", "--outage", "dropped", "-o", "svg", "examples/kustomize/base/shop.yaml"},
}

// TestPictures makes the pictures of docs, of outages that are simulated and of those that
// drills measured.
func TestPictures(t *testing.T) {
	t.Chdir(filepath.Join("..", ".."))
	for name, args := range pictures {
		got := run("", args...)
		require.Zero(t, got.code, got.stderr)
		assertPicture(t, got.stdout)
		golden(t, name, got.stdout)
	}
	recordings, err := filepath.Glob("docs/drills/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, recordings)
	for _, recording := range recordings {
		data, err := os.ReadFile(recording)
		require.NoError(t, err)
		var measured diagram.Measured
		require.NoError(t, json.Unmarshal(data, &measured))
		picture := string(diagram.Outage(measured.Run()))
		assertPicture(t, picture)
		golden(t, "docs/pictures/drill-"+strings.TrimSuffix(filepath.Base(recording), ".json")+".svg", picture)
	}
}

// TestLongMermaid: Mermaid itself would draw an error.
func TestLongMermaid(t *testing.T) {
	var specs []string
	for i := range 60 {
		specs = append(specs, strings.Replace(simulated, "name: shop,", fmt.Sprintf("name: shop-%d,", i), 1))
	}
	for count, want := range map[int]string{5: "", 60: "warning: Mermaid refuses a diagram of more than 50000 characters"} {
		got := run(strings.Join(specs[:count], "---\n"), "graph", "-o", "mermaid", "-")
		require.Zero(t, got.code, got.stderr)
		if want == "" {
			assert.Empty(t, got.stderr)
		}
		assert.Contains(t, got.stderr, want)
	}
}

// assertPicture fails the test for what is no XML, has an id twice, or refers to anything
// outside.
func assertPicture(t *testing.T, svg string) {
	t.Helper()
	ids := map[string]bool{}
	decoder := xml.NewDecoder(strings.NewReader(svg))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		element, isStart := token.(xml.StartElement)
		if !isStart {
			continue
		}
		assert.Contains(t, []string{"svg", "title", "desc", "style", "g", "rect", "path", "circle", "text"}, element.Name.Local)
		for _, attribute := range element.Attr {
			assert.NotContains(t, []string{"href", "src", "onload", "style"}, attribute.Name.Local)
			assert.NotContains(t, attribute.Value, "url(")
			if attribute.Name.Local == "id" {
				assert.False(t, ids[attribute.Value], "the id %s is there twice", attribute.Value)
				ids[attribute.Value] = true
			}
		}
	}
	assert.Len(t, ids, 2)
}

// TestGraphPlaces: a finding stands at the thing that it is about, and at that of its own
// failover.
func TestGraphPlaces(t *testing.T) {
	const workloads = `apiVersion: failover.krm.dev/v1alpha1
kind: FailoverSpec
metadata: {name: shop, namespace: web}
spec:
  gateway: {gatewayClassName: eg}
  target: envoy-gateway-1.9
  active:
    backends:
    - {name: stable, workload: {image: example.com/shop:1, port: 80}, weight: 9}
    - {name: canary, workload: {image: example.com/shop:1, port: 80}}
  passive: {name: standby, workload: {image: example.com/shop:1, port: 80}}
`
	for _, tc := range []struct{ reason, old, with, want string }{
		{"the second backend of active", "{name: canary, workload: {image: example.com/shop:1, port: 80}}", "{name: canary, workload: {image: example.com/shop:1, port: 80, replicas: 0}}", "Backend web/canary\n.*\n.*\n[ │]*error tier-scaled-to-zero"},
		{"the passive tier", "standby, workload: {image: example.com/shop:1, port: 80}", "standby, workload: {image: example.com/shop:1, port: 80, replicas: 0}", "Backend web/standby\n.*\n[ │]*error tier-scaled-to-zero"},
		{"the passive tier, where it is preferred", "standby, workload: {image: example.com/shop:1, port: 80}}", "standby, workload: {image: example.com/shop:1, port: 80, replicas: 0}}\n  prefer: passive", "priority 0\n[ │]*Backend web/standby\n.*\n[ │]*error tier-scaled-to-zero"},
		{"the second backend of active, where passive is preferred", "{name: canary, workload: {image: example.com/shop:1, port: 80}}", "{name: canary, workload: {image: example.com/shop:1, port: 80, replicas: 0}}\n  prefer: passive", "Backend web/canary\n.*\n.*\n[ │]*error tier-scaled-to-zero"},
		{"the policy", "  target:", "  policy: {profile: custom, healthCheck: {passive: {maxEjectionPercent: 100}}}\n  target:", "BackendTrafficPolicy web/shop\n(.*\n)*[ │]*warning no-retry(.*\n)*.*├─ priority 0"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			require.Contains(t, workloads, tc.old)
			got := run(strings.Replace(workloads, tc.old, tc.with, 1), "graph")
			assert.Zero(t, got.code, got.stderr)
			assert.Regexp(t, tc.want, got.stdout)
		})
	}

	directory := t.TempDir()
	fires := rule(t, "max-ejection-too-low")
	quiet, err := os.ReadFile(filepath.Join("..", "..", "testdata", "rule", "max-ejection-too-low", "quiet.yaml"))
	require.NoError(t, err)
	for overlay, manifests := range map[string]string{"production": string(quiet), "staging": fires} {
		require.NoError(t, os.Mkdir(filepath.Join(directory, overlay), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(directory, overlay, "shop.yaml"), []byte(manifests), 0o644))
	}
	got := run("", "graph", directory)
	require.Zero(t, got.code, got.stderr)
	production, staging, _ := strings.Cut(got.stdout, "\n\nweb/shop (")
	assert.NotContains(t, production, "max-ejection-too-low")
	assert.Contains(t, staging, "max-ejection-too-low")

	t.Chdir(directory)
	got = run("", "graph", "--ignore", "staging", "--ignore", "nowhere", ".")
	assert.Equal(t, production+"\n", got.stdout)
	assert.Equal(t, "warning: --ignore \"nowhere\" names no file that would be read\n", got.stderr)
}

// TestGraphExitCodes: what is wrong with a failover is drawn, and is no error.
func TestGraphExitCodes(t *testing.T) {
	for _, tc := range []struct {
		reason, input string
		args          []string
		code          int
		stderr        string
	}{
		{"a failover that fails over", simulated, nil, 0, ""},
		{"one that does not", rule(t, "no-fallback"), nil, 0, ""},
		{"a spec that is wrong", strings.Replace(simulated, "port: 8080", "port: 80800", 1), nil, 1, "error: FailoverSpec web/shop: spec.active.service.port"},
		{"a spec that is wrong, as a picture", strings.Replace(simulated, "port: 8080", "port: 80800", 1), []string{"-o", "svg"}, 1, "error: FailoverSpec web/shop: spec.active.service.port"},
		{"nothing", "", nil, 0, "info: no failover found in stdin\n"},
		{"not YAML", "{", nil, 2, "error: "},
		{"an unknown form", simulated, []string{"-o", "png"}, 2, `error: --output "png": did you mean "svg"? It must be one of text, svg, mermaid`},
		{"an unknown target", simulated, []string{"--target", "istio"}, 2, `error: --target "istio"`},
		{"the input of a function", "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems: []\n", nil, 2, "give its items"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			got := run(tc.input, append([]string{"graph"}, tc.args...)...)
			assert.Equal(t, tc.code, got.code, got.stderr)
			if tc.stderr == "" {
				assert.Empty(t, got.stderr)
				assert.NotEmpty(t, got.stdout)
			} else {
				assert.Empty(t, got.stdout)
			}
			assert.Contains(t, got.stderr, tc.stderr)
		})
	}
}

// TestGraphOfWhatIsNotHere: what is not known is drawn as that.
func TestGraphOfWhatIsNotHere(t *testing.T) {
	const active = "    - group: gateway.envoyproxy.io\n      kind: Backend\n      name: active\n"
	for _, tc := range []struct{ reason, with, want string }{
		{"a ServiceImport", "    - group: multicluster.x-k8s.io\n      kind: ServiceImport\n      name: active\n      port: 80\n", "tier not known\n[ │]*ServiceImport web/active: not read\n"},
		{"a Backend of weight 0", active + "    - group: gateway.envoyproxy.io\n      kind: Backend\n      name: canary\n      weight: 0\n", "weight 0, gets nothing\n[ │]*Backend web/canary: not in these files\n"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			got := run(replaced(t, rule(t, "max-ejection-too-low"), active, tc.with), "graph")
			assert.Zero(t, got.code, got.stderr)
			assert.Regexp(t, tc.want, got.stdout)
		})
	}
}

// TestGraphOfATierWithoutPods: who serves in its place is drawn.
func TestGraphOfATierWithoutPods(t *testing.T) {
	got := run(workload("0"), "graph")
	require.Zero(t, got.code, got.stderr)
	assert.Contains(t, got.stdout, "calm      shop-passive serves\noutage    nothing takes over: 399 of 400 requests are lost")
	assert.Contains(t, got.stdout, "failback  shop-passive serves\n")
	none := run(strings.Replace(workload("0"), "service: {name: shop-standby,", "workload: {image: shop, replicas: 0,", 1), "graph")
	require.Zero(t, none.code, none.stderr)
	assert.Equal(t, 3, strings.Count(none.stdout, "no pod is there to serve"), none.stdout)
	got = run(workload("0"), "graph", "-o", "svg")
	assert.Equal(t, 4, strings.Count(got.stdout, "is down"), "shop-active in every phase, and shop-passive in the outage")
}

// TestNoFailover: graph and simulate say so on stderr, and write a picture that says so too,
// since an empty file is none.
func TestNoFailover(t *testing.T) {
	for _, tc := range []struct{ args, want string }{
		{"graph -o text", ""},
		{"graph -o svg", "No failover was found."},
		{"graph -o mermaid", "no failover was found"},
		{"simulate -o text", ""},
		{"simulate -o svg", "Nothing was simulated."},
	} {
		t.Run(tc.args, func(t *testing.T) {
			got := run("kind: ConfigMap\napiVersion: v1\nmetadata: {name: x}\n", strings.Fields(tc.args)...)
			assert.Zero(t, got.code)
			assert.Equal(t, "info: no failover found in stdin\n", got.stderr)
			assert.Contains(t, got.stdout, tc.want)
			assert.Equal(t, tc.want == "", got.stdout == "", got.stdout)
		})
	}
}

// TestGraphOfManyFindings: a thing shows a few of them, errors before warnings, and says
// how many there are.
func TestGraphOfManyFindings(t *testing.T) {
	var hostnames []string
	for i := range 16 {
		hostnames = append(hostnames, fmt.Sprintf("  - %s%02d.example.com\n", strings.Repeat("a", 64), i))
	}
	manifests := replaced(t, rule(t, "no-fallback"), "  hostnames:\n  - www.example.com\n", "  hostnames:\n"+strings.Join(hostnames, ""))
	for _, form := range []string{"text", "svg", "mermaid"} {
		t.Run(form, func(t *testing.T) {
			got := run(manifests, "graph", "-o", form)
			require.Zero(t, got.code, got.stderr)
			assert.Contains(t, got.stdout, "no-fallback")
			assert.Equal(t, 4, strings.Count(got.stdout, "bad-hostname"))
			assert.Contains(t, got.stdout, "and 12 more")
			assert.Contains(t, got.stdout, "failover check")
		})
	}
}

// TestGraphWithoutNumbers: beyond the failovers that there is time to simulate, who takes
// over is drawn all the same.
func TestGraphWithoutNumbers(t *testing.T) {
	var specs strings.Builder
	for i := range simulate.MostSettings + 1 {
		name := fmt.Sprintf("shop-%03d", i)
		specs.WriteString("---\n" + strings.Replace(simulated, "name: shop,", "name: "+name+",", 1) +
			fmt.Sprintf("  policy: {timeout: {tcp: {connectTimeout: %dms}}}\n", 1000+i))
	}
	got := run(specs.String(), "graph")
	require.Zero(t, got.code, got.stderr)
	assert.Equal(t, 1, strings.Count(got.stdout, "-passive serves\n"))
	assert.NotContains(t, got.stdout, "for the reason above")
}
