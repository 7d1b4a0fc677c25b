package refusals

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/failover-krm/failover/e2e/programs"
	"github.com/failover-krm/failover/pkg/apiserver/crd"
	"github.com/failover-krm/failover/pkg/envoygateway"
)

// TestEgctl shows some of the objects to egctl itself: the program that the others
// are shown to says the same. egctl takes those that are not frozen in one call, each
// in a namespace of its own; a frozen one silences all, so it has a call of its own.
func TestEgctl(t *testing.T) {
	program := translator(t)
	egctl, err := programs.Egctl(t.Context(), "../tools", *envoyGatewayVersion)
	if err != nil && !*required {
		t.Skip("no egctl of this version is pinned: ", err)
	}
	require.NoError(t, err)
	const kind = "BackendTrafficPolicy"
	sample := candidates(t, kind)
	sample = sample[:min(len(sample), 40)]
	needed := around(t)
	var text bytes.Buffer
	write(t, &text, needed[0]) // the class
	want := map[string]string{}
	for i, outcome := range translate(t, program, kind, sample) {
		switch observed(kind, outcome) {
		case envoygateway.Unreadable, envoygateway.Frozen:
			continue
		}
		namespace := fmt.Sprintf("web-%d", i)
		for _, object := range append(needed[1:len(needed):len(needed)], surroundings(t, kind, sample[i].Value)...) {
			write(t, &text, into(t, object, namespace))
		}
		for name, action := range outcome.Routes {
			want[strings.Replace(name, "/web/", "/"+namespace+"/", 1)] = action
		}
	}
	require.Greater(t, len(want), 20)
	told, complaint := run(t, egctl, text.Bytes())
	got := map[string]string{}
	visit(told["xds"], func(fields map[string]any) {
		name, _ := fields["name"].(string)
		switch response, _ := fields["directResponse"].(map[string]any); {
		case !strings.HasPrefix(name, "httproute/"):
		case response != nil:
			got[name] = fmt.Sprint(response["status"])
		case fields["route"] != nil:
			got[name] = "cluster"
			if fields["route"].(map[string]any)["weightedClusters"] != nil {
				got[name] = "weightedClusters"
			}
		}
	})
	assert.Equal(t, want, got, complaint)

	frozen := manifest(t, kind, "timeout: {tcp: {connectTimeout: 0s}}", crd.Schema(*envoyGatewayVersion, kinds[kind], kind))
	require.True(t, accepts(frozen))
	text.Reset()
	for _, object := range append(needed, surroundings(t, kind, frozen)...) {
		write(t, &text, object)
	}
	told, complaint = run(t, egctl, text.Bytes())
	assert.Empty(t, told)
	assert.Contains(t, complaint, "failed to translate xds ir")
}

func write(t *testing.T, text *bytes.Buffer, object map[string]any) {
	t.Helper()
	document, err := yaml.Marshal(object)
	require.NoError(t, err)
	fmt.Fprintf(text, "---\n%s", document)
}

// into moves an object into a namespace, or renames a Namespace.
func into(t *testing.T, object map[string]any, namespace string) map[string]any {
	t.Helper()
	data, err := json.Marshal(object)
	require.NoError(t, err)
	var moved map[string]any
	require.NoError(t, json.Unmarshal(data, &moved))
	metadata := moved["metadata"].(map[string]any)
	if moved["kind"] == "Namespace" {
		metadata["name"] = namespace
	} else {
		metadata["namespace"] = namespace
	}
	return moved
}

// run runs egctl, whose exit status hides errors.
func run(t *testing.T, egctl string, resources []byte) (told map[string]any, complaint string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "all.yaml")
	require.NoError(t, os.WriteFile(file, resources, 0o600))
	command := exec.CommandContext(t.Context(), egctl, "x", "translate", "--from", "gateway-api", "--to", "xds", "--type", "all", "--output", "yaml", "--file", file)
	var output, errors bytes.Buffer
	command.Stdout, command.Stderr = &output, &errors
	_ = command.Run()
	complaint = errors.String()
	if yaml.Unmarshal(output.Bytes(), &told) != nil {
		return nil, complaint + output.String()
	}
	return told, complaint[:min(len(complaint), 2000)]
}
