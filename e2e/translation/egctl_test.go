package translation

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
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

	BackendTrafficPolicies []object `json:"backendTrafficPolicies"`

	// XDS has a config dump for each Gateway, by namespace/name.
	XDS map[string]object `json:"xds"`
}

// answer is what egctl says of a set of manifests, or why it refuses the set.
type answer struct {
	told    *told
	refused error
}

// translate shows sets of manifests to egctl, in one call if it can be: one object
// that it refuses silences all others, so then the sets that its error may be about
// are shown without the others, and if those are all, each half by itself.
func translate(t *testing.T, egctl string, sets []*manifests) map[*manifests]answer {
	t.Helper()
	told, err := call(t, egctl, sets)
	answers := map[*manifests]answer{}
	if err == nil || len(sets) == 1 {
		for _, set := range sets {
			answers[set] = answer{told: told, refused: err}
		}
		return answers
	}
	suspects, others := suspected(sets, err)
	if len(suspects) == 0 || len(others) == 0 {
		suspects, others = sets[:len(sets)/2], sets[len(sets)/2:]
	}
	maps.Copy(answers, translate(t, egctl, suspects))
	maps.Copy(answers, translate(t, egctl, others))
	return answers
}

// xdsKey and invalidObject are how egctl's errors name a Gateway or an object.
var (
	xdsKey        = regexp.MustCompile(`xds ir for key (s\d+-)`)
	invalidObject = regexp.MustCompile(`validation error: (\w+)\.\S+ "([^"]+)" is invalid`)
)

// suspected parts the sets that an error may be about from the others.
func suspected(sets []*manifests, err error) (suspects, others []*manifests) {
	isSuspect := func(*manifests) bool { return false }
	if key := xdsKey.FindStringSubmatch(err.Error()); key != nil {
		isSuspect = func(set *manifests) bool { return set.prefix() == key[1] }
	} else if named := invalidObject.FindStringSubmatch(err.Error()); named != nil {
		isSuspect = func(set *manifests) bool {
			return slices.ContainsFunc(set.of(named[1]), func(o object) bool { return o.name() == named[2] })
		}
	}
	for _, set := range sets {
		if isSuspect(set) {
			suspects = append(suspects, set)
		} else {
			others = append(others, set)
		}
	}
	return suspects, others
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
