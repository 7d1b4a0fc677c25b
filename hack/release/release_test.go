// Package release tests what goreleaser's own check cannot: that a release is made of the
// same bytes wherever it is built, and that it has all that the project promises.
package release

import (
	"bytes"
	"crypto/sha256"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

const root = "../.."

// configuration is what the tests read of .goreleaser.yaml.
type configuration struct {
	Builds []struct {
		Main                              string
		Env, Goos, Goarch, Flags, Ldflags []string
	}
	Nfpms []struct{ Formats []string }
}

func readConfiguration(t *testing.T) configuration {
	data, err := os.ReadFile(filepath.Join(root, ".goreleaser.yaml"))
	require.NoError(t, err)
	var read configuration
	require.NoError(t, yaml.Unmarshal(data, &read))
	require.Len(t, read.Builds, 1)
	return read
}

func TestPlatforms(t *testing.T) {
	read := readConfiguration(t)
	assert.Equal(t, []string{"linux", "darwin", "windows"}, read.Builds[0].Goos)
	assert.Equal(t, []string{"amd64", "arm64"}, read.Builds[0].Goarch)
	assert.Equal(t, []string{"deb", "rpm"}, read.Nfpms[0].Formats)
}

// TestImageIsBuiltAsArchives: the binary in the image is the one of the archives.
func TestImageIsBuiltAsArchives(t *testing.T) {
	dockerfile, err := os.ReadFile(filepath.Join(root, "Dockerfile"))
	require.NoError(t, err)
	build := readConfiguration(t).Builds[0]
	ldflags := strings.NewReplacer("v{{ .Version }}", "${VERSION}", "{{ .FullCommit }}", "${COMMIT}").Replace(strings.Join(build.Ldflags, " "))
	assert.Contains(t, string(dockerfile), strings.Join(build.Env, " ")+" GOOS=${TARGETOS} GOARCH=${TARGETARCH} go build "+
		strings.Join(build.Flags, " ")+` -ldflags="`+ldflags+`" -o /out/failover `+build.Main+"\n")
}

// TestBuildsAreReproducible builds in the repository, and a copy of it in another folder.
// With TEST_ALL=1 it does so for every platform, and what the copy is built from is
// compiled anew.
func TestBuildsAreReproducible(t *testing.T) {
	build := readConfiguration(t).Builds[0]
	platforms, cache := []string{"linux/amd64"}, ""
	if os.Getenv("TEST_ALL") != "" {
		platforms, cache = nil, t.TempDir()
		for _, system := range build.Goos {
			for _, processor := range build.Goarch {
				platforms = append(platforms, system+"/"+processor)
			}
		}
	}
	copied := copyRepository(t)
	for _, platform := range platforms {
		first := buildOnce(t, root, platform, "")
		assert.Equal(t, first, buildOnce(t, copied, platform, cache), "two builds for %s differ", platform)
	}
}

// placeholder is a template of goreleaser.
var placeholder = regexp.MustCompile(`{{[^}]*}}`)

// buildOnce returns the checksum of the command built in a folder.
func buildOnce(t *testing.T, folder, platform, cache string) [sha256.Size]byte {
	build := readConfiguration(t).Builds[0]
	output := filepath.Join(t.TempDir(), "failover")
	ldflags := placeholder.ReplaceAllString(strings.Join(build.Ldflags, " "), "0")
	command := exec.Command("go", slices.Concat([]string{"build"}, build.Flags, []string{"-ldflags=" + ldflags, "-o", output, build.Main})...)
	command.Dir = folder
	system, processor, _ := strings.Cut(platform, "/")
	command.Env = slices.Concat(os.Environ(), build.Env, []string{"GOFLAGS=", "GOOS=" + system, "GOARCH=" + processor})
	if cache != "" {
		command.Env = append(command.Env, "GOCACHE="+cache)
	}
	said, err := command.CombinedOutput()
	require.NoError(t, err, "%s: %s", platform, said)
	binary, err := os.ReadFile(output)
	require.NoError(t, err)
	return sha256.Sum256(binary)
}

// copyRepository copies the files that are under version control and are compiled.
func copyRepository(t *testing.T) string {
	list := exec.Command("git", "ls-files", "-z", "go.mod", "go.sum", "fn", "pkg")
	list.Dir = root
	names, err := list.Output()
	require.NoError(t, err)
	copied := t.TempDir()
	for name := range bytes.SplitSeq(bytes.Trim(names, "\x00"), []byte{0}) {
		data, err := os.ReadFile(filepath.Join(root, string(name)))
		require.NoError(t, err)
		to := filepath.Join(copied, string(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(to), 0o700))
		require.NoError(t, os.WriteFile(to, data, 0o600))
	}
	return copied
}
