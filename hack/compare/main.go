// Command compare measures whole processes in turn, so that all see the same
// machine: failover on the workshop, or on many copies of it, validation
// included, against others that do the like. It counts CPU time, of the user and of the
// system, and memory.
//
//	go run ./hack/compare                        a cold start, against a bare kyaml function
//	go run ./hack/compare -with helm,egctl       and against helm template and egctl x translate
//	go run ./hack/compare -with helm -specs 1000 many specs at once, as a command and as a function
//	go run ./hack/compare -foreign 10000         a function on a spec among many items of others
//	go run ./hack/compare -with kustomize,kpt -specs 1000
//	                                             as a function in these, a file for each spec
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	runs := flag.Int("runs", 30, "how often each is timed")
	specs := flag.Int("specs", 1, "how many FailoverSpecs there are")
	foreign := flag.Int("foreign", 0, "how many other items there are next to a FailoverSpec, for a function")
	with := flag.String("with", "", "others to compare with, of helm, egctl, kustomize and kpt; they take minutes to build")
	flag.Parse()
	if err := compare(*runs, *specs, *foreign, strings.Split(*with, ",")); err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
}

const (
	workshop = "examples/workshop"
	// kptModule has kpt's fn commands; the end-to-end suite uses it too.
	kptModule = "e2e/tools/kpt-1.0.0-beta.61"
)

// contestant is a program that writes the workshop's resources.
type contestant struct {
	what, program string
	args          []string
	stdin         string
	// path is a folder with programs that this one runs.
	path string
	// wanted is what its output has once for each spec.
	wanted string

	// times are of CPUs, of the user and of the system, and of the processes that it started
	// too.
	times []time.Duration
	// peak is the most memory that one process had, in bytes.
	peak int64
}

func compare(runs, specs, foreign int, with []string) error {
	dir, err := os.MkdirTemp("", "compare")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	contestants, err := prepare(dir, specs, foreign, with)
	if err != nil {
		return err
	}
	const warmUps = 3
	for i := range min(warmUps, runs) + runs {
		for _, c := range contestants {
			state, err := c.run(specs)
			if err != nil {
				return err
			}
			if i >= min(warmUps, runs) {
				c.times = append(c.times, state.UserTime()+state.SystemTime())
				c.peak = max(c.peak, peakMemory(state))
			}
		}
	}
	report(contestants, runs)
	return nil
}

// prepare builds the programs and writes what they read.
func prepare(dir string, specs, foreign int, with []string) ([]*contestant, error) {
	failover, err := build(dir, "./fn/failover", "")
	if err != nil {
		return nil, err
	}
	input, err := writeSpecs(dir, specs)
	if err != nil {
		return nil, err
	}
	bare, err := build(dir, "./hack/compare/bare", "")
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(input)
	if err != nil {
		return nil, err
	}
	render := &contestant{what: "failover render", program: failover, args: []string{"render", input}, wanted: "\nkind: HTTPRoute\n"}
	function := &contestant{what: "failover as a function", program: failover, stdin: resourceList(string(text)), wanted: "kind: HTTPRoute\n"}
	contestants := []*contestant{render}
	switch {
	case foreign > 0:
		function.stdin = resourceList(string(text) + others(foreign))
		passed := &contestant{what: "bare kyaml function", program: bare, stdin: function.stdin, wanted: "kind: FailoverSpec\n"}
		contestants = []*contestant{function, passed}
	case specs == 1:
		rendered, err := os.ReadFile(filepath.Join(workshop, "rendered.yaml"))
		if err != nil {
			return nil, err
		}
		contestants = append(contestants, &contestant{what: "bare kyaml function", program: bare, stdin: resourceList(string(rendered)), wanted: "kind: HTTPRoute\n"})
	default:
		contestants = append(contestants, function)
	}
	for _, name := range with {
		if name == "" {
			continue
		}
		other, err := peer(dir, name, specs)
		if err != nil {
			return nil, err
		}
		contestants = append(contestants, other)
	}
	return contestants, nil
}

// peer builds another program, and writes what it reads.
func peer(dir, name string, specs int) (*contestant, error) {
	switch name {
	case "helm":
		helm, err := build(dir, "helm.sh/helm/v4/cmd/helm", "hack/tools/helm/go.mod")
		return &contestant{
			what: "helm template", program: helm, wanted: "\nkind: HTTPRoute\n",
			args: []string{"template", "hack/compare/chart", "--set", fmt.Sprintf("count=%d", specs)},
		}, err
	case "egctl":
		egctl, err := build(dir, "github.com/envoyproxy/gateway/cmd/egctl", "e2e/tools/envoy-gateway-1.8.2/go.mod")
		if err != nil {
			return nil, err
		}
		manifests, err := writeManifests(dir)
		return &contestant{
			what: "egctl x translate", program: egctl, wanted: "www.example.com",
			args: []string{"x", "translate", "--from", "gateway-api", "--to", "xds", "--type", "route", "-f", manifests},
		}, err
	case "kustomize":
		kustomize, err := build(dir, "sigs.k8s.io/kustomize/kustomize/v5", "hack/tools/kustomize/go.mod")
		if err != nil {
			return nil, err
		}
		fleet, err := writePackage(dir, specs)
		return &contestant{
			what: "kustomize build, with failover", program: kustomize, wanted: "\nkind: HTTPRoute\n", path: dir,
			args: []string{"build", "--enable-alpha-plugins", "--enable-exec", fleet},
		}, err
	case "kpt":
		kpt, err := build(dir, "./kpt", filepath.Join(kptModule, "go.mod"))
		if err != nil {
			return nil, err
		}
		fleet, err := writePackage(dir, specs)
		return &contestant{
			what: "kpt fn render, with failover", program: kpt, wanted: "\nkind: HTTPRoute\n", path: dir,
			args: []string{"fn", "render", "--allow-exec", "--output", "unwrap", fleet},
		}, err
	default:
		return nil, fmt.Errorf("-with %s: must be helm, egctl, kustomize or kpt", name)
	}
}

// build makes a program as the Dockerfile does, with the pins of a module file.
func build(dir, pkg, pins string) (string, error) {
	binary := filepath.Join(dir, filepath.Base(pkg))
	args := []string{"build", "-trimpath", "-ldflags=-s -w", "-o", binary}
	cmd := exec.Command("go")
	switch {
	case strings.HasPrefix(pkg, "./") && pins != "": // a program of that module
		cmd.Dir = filepath.Dir(pins)
	case pins != "":
		args = append(args, "-modfile="+pins)
	}
	cmd.Args = append(append(cmd.Args, args...), pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, output)
	}
	return binary, install(binary)
}

// install writes a program anew, from its beginning to its end, as whatever installs it
// does: the pages that the linker writes here and there take longer to map.
func install(binary string) error {
	linked := binary + ".linked"
	if err := os.Rename(binary, linked); err != nil {
		return err
	}
	from, err := os.Open(linked)
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }()
	to, err := os.OpenFile(binary, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	return errors.Join(err, to.Close(), os.Remove(linked))
}

// writeSpecs writes copies of the workshop's spec, each with names of its own.
func writeSpecs(dir string, specs int) (string, error) {
	if specs == 1 {
		return filepath.Join(workshop, "failover.yaml"), nil
	}
	copies, err := copiesOfSpec(specs)
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "specs.yaml")
	return path, os.WriteFile(path, []byte("---\n"+strings.Join(copies, "---\n")), 0o644)
}

func copiesOfSpec(specs int) ([]string, error) {
	spec, err := os.ReadFile(filepath.Join(workshop, "failover.yaml"))
	if err != nil {
		return nil, err
	}
	copies := make([]string, specs)
	for i := range copies {
		copies[i] = strings.NewReplacer(
			"name: ha-failover", fmt.Sprintf("name: ha-failover-%d", i),
			"name: active", fmt.Sprintf("name: active-%d", i),
			"name: passive-health-check", fmt.Sprintf("name: passive-health-check-%d", i),
			"name: passive", fmt.Sprintf("name: passive-%d", i),
		).Replace(string(spec))
	}
	return copies, nil
}

// writePackage writes such copies, each into a file of its own, as a package of kpt that
// is a kustomization too.
func writePackage(dir string, specs int) (string, error) {
	copies, err := copiesOfSpec(specs)
	if err != nil {
		return "", err
	}
	files := map[string]string{
		"Kptfile": "apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata: {name: fleet}\npipeline: {mutators: [{exec: failover}]}\n",
		"failover.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: failover\n  annotations:\n" +
			"    config.kubernetes.io/local-config: \"true\"\n    config.kubernetes.io/function: \"exec: {path: failover}\"\n",
	}
	var kustomization strings.Builder
	kustomization.WriteString("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\ntransformers: [failover.yaml]\nresources:\n")
	for i, spec := range copies {
		name := fmt.Sprintf("spec-%d.yaml", i)
		files[name] = spec
		kustomization.WriteString("- " + name + "\n")
	}
	files["kustomization.yaml"] = kustomization.String()
	directory := filepath.Join(dir, "fleet")
	if err := os.MkdirAll(directory, 0o755); err != nil {
		return "", err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(directory, name), []byte(text), 0o644); err != nil {
			return "", err
		}
	}
	return directory, nil
}

// writeManifests writes what egctl translates: the workshop, and its class.
func writeManifests(dir string) (string, error) {
	rendered, err := os.ReadFile(filepath.Join(workshop, "rendered.yaml"))
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "manifests.yaml")
	return path, os.WriteFile(path, append(rendered, `---
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: tigera-gateway-class}
spec: {controllerName: gateway.envoyproxy.io/gatewayclass-controller}
`...), 0o644)
}

// others are ConfigMaps, which are nobody's.
func others(count int) string {
	var all strings.Builder
	for i := range count {
		fmt.Fprintf(&all, "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings-%d\n  namespace: default\n  labels:\n    app: shop\ndata:\n  url: https://shop-%d.example.com/\n  level: info\n", i, i)
	}
	return all.String()
}

// resourceList wraps a stream of documents as the input of a function.
func resourceList(stream string) string {
	var list strings.Builder
	list.WriteString("apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n")
	for document := range strings.SplitSeq(strings.TrimSpace(strings.TrimPrefix(stream, "---\n")), "\n---\n") {
		list.WriteString("- " + strings.ReplaceAll(document, "\n", "\n  ") + "\n")
	}
	return list.String()
}

// run runs the program, and returns what it took.
func (c *contestant) run(specs int) (*os.ProcessState, error) {
	cmd := exec.Command(c.program, c.args...)
	cmd.Stdin = strings.NewReader(c.stdin)
	cmd.Env = append(os.Environ(), "PATH="+c.path+string(filepath.ListSeparator)+os.Getenv("PATH"))
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if got := strings.Count(stdout.String(), c.wanted); err != nil || got < specs {
		return nil, fmt.Errorf("%s: %d of %d: %w: %s", c.what, got, specs, err, stderr.String())
	}
	return cmd.ProcessState, nil
}

// peakMemory is the most that the process, or one that it started, had resident.
func peakMemory(state *os.ProcessState) int64 {
	if usage, ok := state.SysUsage().(*syscall.Rusage); ok {
		return usage.Maxrss << 10 // Linux counts in KiB
	}
	return 0
}

func report(contestants []*contestant, runs int) {
	milliseconds := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	fmt.Printf("%-32s %9s %9s %9s %14s %9s\n", fmt.Sprintf("CPU time, %d runs in turn", runs), "min", "median", "max", "peak memory", "ratio")
	ours := median(contestants[0].times)
	for _, c := range contestants {
		fmt.Printf("%-32s %9.1f %9.1f %9.1f ms %7d MiB %9.2f\n", c.what,
			milliseconds(slices.Min(c.times)), milliseconds(median(c.times)), milliseconds(slices.Max(c.times)),
			c.peak>>20, float64(ours)/float64(median(c.times)))
	}
	fmt.Printf("ratio: the median of %s to this one's\n", contestants[0].what)
}

func median(durations []time.Duration) time.Duration {
	return slices.Sorted(slices.Values(durations))[len(durations)/2]
}
