package function

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/failover-krm/failover/e2e/sandbox"
)

const (
	image        = "localhost/failover:e2e"
	imageVersion = "v0.0.0-e2e"
)

// cgroup is the parent of the containers' own. Its name is this run's, since cgroups
// are the one thing that the sandbox shares with the machine.
var cgroup = "failover-e2e-" + strings.ToLower(rand.Text())

// containers is podman, in the place of docker: what it makes is in the sandbox, and
// gone with it.
type containers struct {
	// directory has docker and podman, to be put on the PATH.
	directory string
	// calls is a file with the arguments of each call.
	calls string
}

var theContainers = sync.OnceValues(func() (containers, error) {
	c, err := startContainers()
	if err != nil {
		return c, err
	}
	return c, buildImage()
})

// needImage returns what runs the image. Where nothing can, it skips the test.
func needImage(t *testing.T) containers {
	t.Helper()
	needSandbox(t)
	for _, program := range []string{"buildah", "podman", "runc"} {
		if _, err := exec.LookPath(program); err != nil {
			skip(t, err)
		}
	}
	c, err := theContainers()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(c.calls, nil, 0o600))
	return c
}

// environment is what a program gets that runs the image.
func (c containers) environment() []string {
	return append(os.Environ(), "PATH="+c.directory+":"+os.Getenv("PATH"), "KRM_FN_RUNTIME=podman")
}

// runs returns the arguments of every container that was run since needImage.
func (c containers) runs(t *testing.T) []string {
	t.Helper()
	calls, err := os.ReadFile(c.calls)
	require.NoError(t, err)
	var runs []string
	for call := range strings.Lines(string(calls)) {
		if arguments, isRun := strings.CutPrefix(call, "run "); isRun {
			runs = append(runs, strings.TrimSpace(arguments))
		}
	}
	return runs
}

// startContainers configures podman and buildah so that they need no more of the
// machine than the sandbox has.
func startContainers() (c containers, err error) {
	// They keep caches there, wherever their storage is.
	if err := errors.Join(sandbox.Hide("/var/lib"), sandbox.Hide("/var/cache")); err != nil {
		return c, err
	}
	podman, err := exec.LookPath("podman")
	if err != nil {
		return c, err
	}
	home := filepath.Join(sandbox.Directory, "containers")
	c = containers{directory: filepath.Join(home, "bin"), calls: filepath.Join(home, "calls")}
	files := map[string]string{
		"storage.conf": fmt.Sprintf("[storage]\ndriver = 'vfs'\ngraphroot = '%[1]s/graph'\nrunroot = '%[1]s/run'\n", home),
		"containers.conf": `[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "none"
runtime = "runc"
`,
		// kustomize and kpt leave the root writable, and podman adds /tmp and the like to
		// one that is not: here there is nothing to write to.
		"bin/docker": fmt.Sprintf(`#!/bin/sh
echo "$*" >>%s
if [ "$1" = run ]; then
	shift
	set -- run --read-only --read-only-tmpfs=false --cgroup-parent=/%s "$@"
fi
exec %s "$@"
`, c.calls, cgroup, podman),
	}
	for name, text := range files {
		path := filepath.Join(home, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o755)); err != nil {
			return c, err
		}
	}
	return c, errors.Join(
		os.Symlink("docker", filepath.Join(c.directory, "podman")),
		os.Setenv("CONTAINERS_STORAGE_CONF", filepath.Join(home, "storage.conf")),
		os.Setenv("CONTAINERS_CONF", filepath.Join(home, "containers.conf")),
	)
}

// buildImage builds the repository's Dockerfile as it stands. Its base image can't be
// pulled in the sandbox: an empty one of that name, with the machine's Go and shell
// mounted into it, takes its place.
func buildImage() error {
	dockerfile, err := os.ReadFile(filepath.Join(repository, "Dockerfile"))
	if err != nil {
		return err
	}
	base := regexp.MustCompile(`(?m)^FROM .*\b(golang:\S+) AS build$`).FindSubmatch(dockerfile)
	if base == nil {
		return errors.New("the Dockerfile has no stage 'build' from golang")
	}
	settings, err := exec.Command("go", "env", "GOROOT", "GOMODCACHE", "GOCACHE").Output()
	if err != nil {
		return err
	}
	goSettings := strings.Fields(string(settings))
	goRoot, modules, cache := goSettings[0], goSettings[1], goSettings[2]
	standIn := fmt.Sprintf("FROM scratch\nWORKDIR /tmp\nENV PATH=%s/bin:/usr/bin:/bin GOTOOLCHAIN=local GOPROXY=off GOMODCACHE=%s GOCACHE=%s\n", goRoot, modules, cache)
	if err := buildah(standIn, "--tag", "docker.io/library/"+string(base[1]), "--file", "-", os.TempDir()); err != nil {
		return err
	}
	arguments := []string{
		"--tag", image, "--platform", "linux/" + runtime.GOARCH, "--build-arg", "VERSION=" + imageVersion, "--pull-never",
		"--volume", cache + ":" + cache,
	}
	for _, directory := range []string{"/usr", "/bin", "/lib", "/lib64", goRoot, modules} {
		if _, err := os.Stat(directory); err == nil {
			arguments = append(arguments, "--volume", directory+":"+directory+":ro")
		}
	}
	return buildah("", append(arguments, repository)...)
}

func buildah(stdin string, arguments ...string) error {
	build := exec.Command("buildah", append([]string{"build", "--isolation", "chroot"}, arguments...)...)
	build.Stdin = strings.NewReader(stdin)
	if output, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(build.Args, " "), err, output)
	}
	return nil
}

// removeCgroups removes what is left of the containers' cgroups.
func removeCgroups() {
	var left []string
	for _, pattern := range []string{"/sys/fs/cgroup/", "/sys/fs/cgroup/*/"} { // version 2, version 1
		roots, _ := filepath.Glob(pattern + cgroup)
		for _, root := range roots {
			_ = filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
				if err == nil && entry.IsDir() {
					left = append(left, path)
				}
				return nil
			})
		}
	}
	for _, directory := range slices.Backward(left) {
		_ = os.Remove(directory) // an empty one
	}
}

// outcome is what a user sees of a program.
type outcome struct {
	stdout, stderr string
	status         int
}

func run(t *testing.T, environment []string, stdin, program string, arguments ...string) outcome {
	t.Helper()
	command := exec.CommandContext(t.Context(), program, arguments...)
	command.Env = environment
	command.Stdin = strings.NewReader(stdin)
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		_, isExit := errors.AsType[*exec.ExitError](err)
		require.True(t, isExit, "%s: %v", program, err)
	}
	return outcome{stdout.String(), stderr.String(), command.ProcessState.ExitCode()}
}
