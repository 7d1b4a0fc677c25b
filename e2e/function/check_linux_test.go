package function

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestCheckAsValidator: with a FailoverCheck, the function is a validator of kpt, and the
// last transformer of kustomize, by exec and by the image: what fails over passes and is written, what does
// not stops the pipeline, and nothing is written.
func TestCheckAsValidator(t *testing.T) {
	c := needImage(t)
	example := filepath.Join(repository, "examples", "kpt")
	spec, err := os.ReadFile(filepath.Join(example, "shop.yaml"))
	require.NoError(t, err)
	check, err := os.ReadFile(filepath.Join(example, "check.yaml"))
	require.NoError(t, err)
	inert := string(spec) + "  policy: {profile: custom}\n"
	const finding = "neither an active nor a passive health check"

	for _, by := range []struct {
		what, kpt, kustomize, flag string
		environment                []string
	}{
		{"exec", "exec: failover", "exec: {path: failover}", "--allow-exec", withFailover()},
		{"image", "image: " + image, "container: {image: " + image + "}", "--image-pull-policy=never", c.environment()},
	} {
		for _, tc := range []struct {
			what, spec string
			status     int
		}{
			{"fails over", string(spec), 0},
			{"does not", inert, 1},
		} {
			t.Run("kpt by "+by.what+", "+tc.what, func(t *testing.T) {
				directory := t.TempDir()
				write(t, directory, map[string]string{
					"Kptfile": "apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata: {name: shop}\npipeline:\n  mutators:\n  - " + by.kpt +
						"\n  validators:\n  - " + by.kpt + "\n    configPath: check.yaml\n",
					"shop.yaml": tc.spec, "check.yaml": string(check),
				})
				got := run(t, by.environment, "", installed.Kpt, "fn", "render", by.flag, directory)
				assert.Equal(t, tc.status, got.status, got.stderr)
				files := readAll(t, directory)
				assert.Equal(t, string(check), files["check.yaml"])
				if tc.status != 0 {
					assert.Contains(t, got.stderr, finding)
				}
				_, isWritten := files["shop-failover.yaml"]
				assert.Equal(t, tc.status == 0, isWritten)
			})
			t.Run("kustomize by "+by.what+", "+tc.what, func(t *testing.T) {
				directory := t.TempDir()
				rendered := run(t, nil, tc.spec, installed.Failover, "render", "-")
				require.Zero(t, rendered.status, rendered.stderr)
				write(t, directory, map[string]string{
					"kustomization.yaml": "resources: [shop.yaml]\ntransformers: [check.yaml]\n",
					"shop.yaml":          rendered.stdout,
					"check.yaml": strings.Replace(string(check), "  annotations:\n",
						"  annotations:\n    config.kubernetes.io/function: \""+by.kustomize+"\"\n", 1),
				})
				got := run(t, by.environment, "", installed.Kustomize, "build", "--enable-alpha-plugins", "--enable-exec", directory)
				assert.Equal(t, tc.status, got.status, got.stderr)
				if tc.status != 0 {
					assert.Contains(t, got.stderr, finding)
					assert.Empty(t, got.stdout)
					return
				}
				assert.Contains(t, got.stdout, "kind: HTTPRoute")
				assert.NotContains(t, got.stdout, "FailoverCheck")
			})
		}
	}
}

func write(t *testing.T, directory string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		require.NoError(t, os.WriteFile(filepath.Join(directory, name), []byte(text), 0o644))
	}
}
