// Command coldstart times whole processes: failover rendering the workshop,
// against a bare kyaml function that passes the workshop's nine objects through.
// The two run in turn, so that both see the same machine.
//
//	go run ./hack/coldstart
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

func main() {
	runs := flag.Int("runs", 30, "how often each is timed")
	flag.Parse()
	if err := compare(*runs); err != nil {
		fmt.Fprintln(os.Stderr, "coldstart:", err)
		os.Exit(1)
	}
}

const workshop = "examples/workshop"

func compare(runs int) error {
	dir, err := os.MkdirTemp("", "coldstart")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	failover, err := build(dir, "./fn/failover")
	if err != nil {
		return err
	}
	bare, err := build(dir, "./hack/coldstart/bare")
	if err != nil {
		return err
	}
	rendered, err := os.ReadFile(filepath.Join(workshop, "rendered.yaml"))
	if err != nil {
		return err
	}
	list := resourceList(string(rendered))

	const warmUps = 3
	var ours, theirs []time.Duration
	for i := range warmUps + runs {
		a, err := timed("", failover, "render", filepath.Join(workshop, "failover.yaml"))
		if err != nil {
			return err
		}
		b, err := timed(list, bare)
		if err != nil {
			return err
		}
		if i >= warmUps {
			ours, theirs = append(ours, a), append(theirs, b)
		}
	}
	fmt.Printf("%-42s %8s %8s %8s\n", fmt.Sprintf("whole process, %d runs in turn", runs), "min", "median", "max")
	report("failover render, the workshop", ours)
	report("bare kyaml function, its nine objects", theirs)
	fmt.Printf("%-42s %17.2f\n", "ratio of the medians", float64(median(ours))/float64(median(theirs)))
	return nil
}

// build makes a program as the Dockerfile does.
func build(dir, pkg string) (string, error) {
	binary := filepath.Join(dir, filepath.Base(pkg))
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", binary, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, output)
	}
	return binary, nil
}

// resourceList wraps a stream of documents as the input of a function.
func resourceList(stream string) string {
	var list strings.Builder
	list.WriteString("apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n")
	for document := range strings.SplitSeq(strings.TrimSpace(stream), "\n---\n") {
		list.WriteString("- " + strings.ReplaceAll(document, "\n", "\n  ") + "\n")
	}
	return list.String()
}

func timed(stdin, program string, args ...string) (time.Duration, error) {
	cmd := exec.Command(program, args...)
	cmd.Stdin = strings.NewReader(stdin)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	start := time.Now()
	err := cmd.Run()
	took := time.Since(start)
	if err != nil || strings.Count(stdout.String(), "kind: HTTPRoute\n") == 0 {
		return 0, fmt.Errorf("%s: %w: %s", program, err, stderr.String())
	}
	return took, nil
}

func median(durations []time.Duration) time.Duration {
	return slices.Sorted(slices.Values(durations))[len(durations)/2]
}

func report(name string, durations []time.Duration) {
	milliseconds := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	fmt.Printf("%-42s %8.1f %8.1f %8.1f ms\n", name, milliseconds(slices.Min(durations)), milliseconds(median(durations)), milliseconds(slices.Max(durations)))
}
