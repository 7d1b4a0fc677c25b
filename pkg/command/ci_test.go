package command_test

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/failover-krm/failover/pkg/command"
)

// asCommand is set for the test program that stands in for failover.
const asCommand = "FAILOVER_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		os.Exit(command.Run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// step is one of a composite action.
type step struct {
	ID, Uses, Shell, Run string
	With, Env            map[string]string
}

// action is what there is of action.yml.
type action struct {
	Inputs map[string]struct {
		Description, Default string
	}
	Outputs map[string]struct {
		Description, Value string
	}
	Runs struct {
		Using string
		Steps []step
	}
}

var expression = regexp.MustCompile(`\$\{\{ inputs\.([a-z-]+) \}\}`)

// TestAction runs the script of the GitHub Action as a runner does.
func TestAction(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(moduleRoot, "action.yml"))
	require.NoError(t, err)
	var action action
	require.NoError(t, yaml.Unmarshal(data, &action))
	check := action.Runs.Steps[slices.IndexFunc(action.Runs.Steps, func(step step) bool { return step.ID == "check" })]
	assert.Equal(t, "composite", action.Runs.Using)
	assert.Equal(t, "bash", check.Shell)
	assert.NotContains(t, check.Run, "${{", "an input is never part of a script")
	used := map[string]bool{}
	for _, value := range check.Env {
		used[expression.FindStringSubmatch(value)[1]] = true
	}
	assert.ElementsMatch(t, slices.Collect(maps.Keys(action.Inputs)), slices.Collect(maps.Keys(used)), "every input is used, and there is no other")
	assert.Equal(t, "${{ steps.check.outputs.sarif }}", action.Outputs["sarif"].Value)

	right := failoverManifests(t)
	wrong := strings.Replace(right, "consecutive5XxErrors: 3", "consecutive5XxErrors: many", 1)
	for _, tc := range []struct {
		reason string
		inputs map[string]string
		code   int
		stdout string
		// outputs is what the step has as outputs, and sarif tells whether it wrote such
		// a file.
		outputs string
		sarif   bool
	}{
		{reason: "the defaults", code: 2, stdout: "::error file=web/wrong file.yaml,line="},
		{reason: "what is right", inputs: map[string]string{"paths": "web/right.yaml"}, stdout: "fails over: yes"},
		{reason: "two paths, one with a space", inputs: map[string]string{"paths": "web/right.yaml\nweb/wrong file.yaml\n"}, code: 1, stdout: " of 2 files in web/right.yaml, web/wrong file.yaml for "},
		{reason: "no path", inputs: map[string]string{"paths": ""}, code: 2, stdout: "::error::paths is empty"},
		{reason: "a path like a flag", inputs: map[string]string{"paths": "--help"}, code: 2, stdout: "title=failover%3A not read"},
		{reason: "ignored", inputs: map[string]string{"ignore": "**/wrong*\nbroken.yaml"}, stdout: "fails over: yes"},
		{reason: "a target", inputs: map[string]string{"paths": "web/right.yaml", "target": "envoy-gateway-1.9"}, stdout: "for envoy-gateway-1.9 ("},
		{reason: "complete", inputs: map[string]string{"paths": "web/incomplete.yaml", "complete": "true"}, code: 1, stdout: "fails over: no"},
		{reason: "never", inputs: map[string]string{"paths": "web/incomplete.yaml", "complete": "true", "fail-on": "never"}, stdout: "fails over: no"},
		{reason: "another format", inputs: map[string]string{"paths": "web/right.yaml", "format": "json"}, stdout: `"schemaVersion": 1`},
		{reason: "for code scanning", inputs: map[string]string{"paths": "web/wrong file.yaml", "sarif": "out.sarif"}, code: 1, outputs: "sarif=out.sarif\n", sarif: true},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			inDirectory(t, map[string]string{
				"web/right.yaml": right, "web/wrong file.yaml": wrong, "web/incomplete.yaml": withoutKind(t, right, "Gateway"), "broken.yaml": "a: [",
				".git/HEAD": "", ".runner/outputs": "", ".runner/script": check.Run,
			})
			program, err := os.Executable()
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(".runner/failover", []byte("#!/bin/sh\nexec env "+asCommand+"=1 '"+program+"' \"$@\"\n"), 0o755))
			bash := exec.CommandContext(t.Context(), "bash", "--noprofile", "--norc", "-eo", "pipefail", ".runner/script")
			bash.Env = append(os.Environ(), "RUNNER_TEMP=.runner", "GITHUB_OUTPUT=.runner/outputs", "GITHUB_STEP_SUMMARY=.runner/summary")
			for name, value := range check.Env {
				input := expression.FindStringSubmatch(value)[1]
				given, isGiven := tc.inputs[input]
				if !isGiven {
					given = action.Inputs[input].Default
				}
				bash.Env = append(bash.Env, name+"="+given)
			}
			var stdout, stderr bytes.Buffer
			bash.Stdout, bash.Stderr = &stdout, &stderr
			code := 0
			if err := bash.Run(); err != nil {
				exit, isExit := errors.AsType[*exec.ExitError](err)
				require.True(t, isExit, err)
				code = exit.ExitCode()
			}
			assert.Equal(t, tc.code, code, stderr.String())
			assert.Contains(t, stdout.String(), tc.stdout)
			outputs, err := os.ReadFile(".runner/outputs")
			require.NoError(t, err)
			assert.Equal(t, tc.outputs, string(outputs))
			if tc.sarif {
				assert.FileExists(t, "out.sarif")
			} else {
				assert.NoFileExists(t, "out.sarif")
			}
		})
	}
}

// TestPreCommitHook runs what pre-commit runs, on the examples.
func TestPreCommitHook(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(moduleRoot, ".pre-commit-hooks.yaml"))
	require.NoError(t, err)
	var hooks []struct {
		ID, Entry, Language string
		PassFilenames       bool `json:"pass_filenames"`
		Args                []string
	}
	require.NoError(t, yaml.Unmarshal(data, &hooks))
	require.Len(t, hooks, 1)
	hook := hooks[0]
	assert.Equal(t, "golang", hook.Language)
	assert.False(t, hook.PassFilenames)
	words := strings.Fields(hook.Entry)
	assert.FileExists(t, filepath.Join(moduleRoot, "fn", words[0], "main.go"), "go install ./... makes a program of this name")
	t.Chdir(filepath.Join(moduleRoot, "examples"))
	got := run("", slices.Concat(words[1:], hook.Args)...)
	assert.Zero(t, got.code, got.stdout+got.stderr)
	assert.Contains(t, got.stdout, "fails over: ")
}
