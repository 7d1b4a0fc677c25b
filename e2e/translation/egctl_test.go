package translation

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// told is what egctl prints, as far as it is compared.
type told struct {
	HTTPRoutes []object `json:"httpRoutes"`
	GRPCRoutes []object `json:"grpcRoutes"`
	TCPRoutes  []object `json:"tcpRoutes"`
	TLSRoutes  []object `json:"tlsRoutes"`
	// XDS has a config dump for each Gateway, by namespace/name.
	XDS map[string]object `json:"xds"`
}

// translate shows sets of manifests to egctl, in one call if it can be: one object
// that it refuses silences all others, so then each half is shown by itself. It
// returns what it says of each set, and its error for the sets that it refuses.
func translate(t *testing.T, egctl string, sets []*manifests) (answers []*told, refused []error) {
	t.Helper()
	answer, err := call(t, egctl, sets)
	if err == nil {
		for range sets {
			answers, refused = append(answers, answer), append(refused, nil)
		}
		return answers, refused
	}
	if len(sets) == 1 {
		return []*told{nil}, []error{err}
	}
	for _, half := range [][]*manifests{sets[:len(sets)/2], sets[len(sets)/2:]} {
		some, errs := translate(t, egctl, half)
		answers, refused = append(answers, some...), append(refused, errs...)
	}
	return answers, refused
}

func call(t *testing.T, egctl string, sets []*manifests) (*told, error) {
	t.Helper()
	var input bytes.Buffer
	fmt.Fprintf(&input, "apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {name: %s}\n"+
		"spec: {controllerName: gateway.envoyproxy.io/gatewayclass-controller}\n", ourClass)
	for _, set := range sets {
		for _, o := range set.objects {
			if o.kind() == "Deployment" {
				continue
			}
			encoded, err := json.Marshal(o)
			require.NoError(t, err)
			fmt.Fprintf(&input, "---\n%s\n", encoded)
		}
	}
	file := filepath.Join(t.TempDir(), "all.yaml")
	require.NoError(t, os.WriteFile(file, input.Bytes(), 0o600))
	command := exec.CommandContext(t.Context(), egctl, "x", "translate", "--from", "gateway-api", "--to", "gateway-api,xds",
		"--type", "all", "--output", "json", "--file", file)
	var output, complaint bytes.Buffer
	command.Stdout, command.Stderr = &output, &complaint
	if err := command.Run(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, firstLine(complaint.String()))
	}
	answer := &told{}
	if err := json.Unmarshal(output.Bytes(), answer); err != nil {
		return nil, fmt.Errorf("%w: %s", err, firstLine(complaint.String()))
	}
	return answer, nil
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	if len(line) > 600 {
		line = line[:600]
	}
	return line
}
