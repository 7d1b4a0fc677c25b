package programs

import (
	"context"
	"os"
	"path/filepath"
)

// gateway is Envoy Gateway's module.
const gateway = "github.com/envoyproxy/gateway"

// Egctl returns the path of egctl of a version pinned under tools.
func Egctl(ctx context.Context, tools, envoyGateway string) (string, error) {
	return goModule{directory: filepath.Join(tools, "envoy-gateway-"+envoyGateway)}.build(gateway + "/cmd/egctl")(ctx)
}

// Translate returns the path of the program under tools/translate, built out of
// the packages of one version of Envoy Gateway: the translation that its
// controller runs, for many objects in one process. A version that nothing under
// tools pins is asked of the module proxy.
func Translate(ctx context.Context, tools, envoyGateway string) (string, error) {
	source := filepath.Join(tools, "translate", "main.go")
	pinned := filepath.Join(tools, "envoy-gateway-"+envoyGateway)
	pins := []string{source}
	_, err := os.Stat(pinned)
	isPinned := err == nil
	if isPinned {
		pins = append(pins, filepath.Join(pinned, "go.mod"), filepath.Join(pinned, "go.sum"))
	}
	return cached(pins, "translate-"+envoyGateway, func(target string) error {
		scratch, err := os.MkdirTemp("", "translate-*")
		if err != nil {
			return err
		}
		defer os.RemoveAll(scratch)
		if err := copyInto(scratch, pins...); err != nil {
			return err
		}
		module := goModule{directory: scratch}
		const path = gateway + "/translate"
		steps := [][]string{{"mod", "edit", "-module=" + path}}
		if !isPinned {
			steps = [][]string{{"mod", "init", path}, {"mod", "edit", "-require=" + gateway + "@v" + envoyGateway}}
		}
		build := []string{"build", "-mod=mod", "-ldflags=-s -w", "-o", target, "."}
		for _, arguments := range append(steps, build) {
			if err := module.goCommand(arguments...).run(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}

func copyInto(directory string, files ...string) error {
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(directory, filepath.Base(file)), content, 0o600); err != nil {
			return err
		}
	}
	return nil
}
