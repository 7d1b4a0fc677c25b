package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failover-krm/failover/pkg/check"
	"github.com/failover-krm/failover/pkg/compile"
	"github.com/failover-krm/failover/pkg/diagnostic"
	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/target"
)

// refusedExamples are those that Envoy Gateway refuses too, or that are no manifests
// as they stand.
var refusedExamples = map[string]string{
	"otel-headers": "its Backend is on localhost, which is allowed only for a gateway on the host",
}

// TestExamplesOfEnvoyGateway validates what each Envoy Gateway's own examples contain,
// for the target that has it inside: there is no error in any.
func TestExamplesOfEnvoyGateway(t *testing.T) {
	t.Parallel()
	for _, release := range target.Running(versions) {
		if filepath.Base(string(release.Target)) != "envoy-gateway-"+release.EnvoyGateway {
			continue // another distribution, with the same inside
		}
		t.Run(release.EnvoyGateway, func(t *testing.T) {
			module, err := moduleDirectory("github.com/envoyproxy/gateway@v" + release.EnvoyGateway)
			require.NoError(t, err)
			checked := 0
			require.NoError(t, filepath.WalkDir(filepath.Join(module, "examples"), func(path string, entry os.DirEntry, err error) error {
				if err != nil || entry.IsDir() || !slices.Contains([]string{".yaml", ".yml"}, filepath.Ext(path)) {
					return err
				}
				data, err := os.ReadFile(path)
				require.NoError(t, err)
				name, err := filepath.Rel(filepath.Join(module, "examples"), path)
				require.NoError(t, err)
				documents, err := document.Parse(data, name)
				if err != nil {
					t.Log("left out:", err) // a template
					return nil
				}
				report, err := compile.Check(diagnostic.Subjects(documents), release.Target, check.Options{})
				require.NoError(t, err)
				checked += report.Checked
				for _, found := range report.Diagnostics {
					if found.Severity == diagnostic.Error && refusedExamples[topDirectory(name)] == "" {
						assert.Fail(t, "a false error", found.String())
					}
				}
				return nil
			}))
			assert.Greater(t, checked, 10)
			t.Logf("%d objects", checked)
		})
	}
}

// topDirectory is the first part of a path.
func topDirectory(path string) string {
	for filepath.Dir(path) != "." {
		path = filepath.Dir(path)
	}
	return path
}
