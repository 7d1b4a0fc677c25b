package e2e

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/failover-krm/failover/internal/mutate"
	"github.com/failover-krm/failover/internal/randomspec"
	"github.com/failover-krm/failover/pkg/apiserver"
	"github.com/failover-krm/failover/pkg/apiserver/builtin"
	"github.com/failover-krm/failover/pkg/apiserver/crd"
	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/target"
)

// resources has the path of each kind that is created in a dry run.
var resources = map[string]string{
	"Service": "/api/v1/namespaces/default/services", "Deployment": "/apis/apps/v1/namespaces/default/deployments",
	"Backend":              "/apis/gateway.envoyproxy.io/v1alpha1/namespaces/default/backends",
	"BackendTrafficPolicy": "/apis/gateway.envoyproxy.io/v1alpha1/namespaces/default/backendtrafficpolicies",
	"HTTPRouteFilter":      "/apis/gateway.envoyproxy.io/v1alpha1/namespaces/default/httproutefilters",
	"Gateway":              "/apis/gateway.networking.k8s.io/v1/namespaces/default/gateways",
	"HTTPRoute":            "/apis/gateway.networking.k8s.io/v1/namespaces/default/httproutes",
	"GRPCRoute":            "/apis/gateway.networking.k8s.io/v1/namespaces/default/grpcroutes",
}

// resourceOf returns where an object is created. The routes for connections have had
// several versions.
func resourceOf(object map[string]any) string {
	kind := fmt.Sprint(object["kind"])
	if kind == "TLSRoute" || kind == "TCPRoute" {
		return fmt.Sprintf("/apis/%s/namespaces/default/%ss", object["apiVersion"], strings.ToLower(kind))
	}
	return resources[kind]
}

// perShape is how many mutants of an object are shown to the API server, perKind how
// many of each group of Deployments and Services that were made for its rules.
const (
	perShape = 40
	perKind  = 1500
)

// listOfFormatted is the one thing in which failover is stricter, on purpose: an
// API server takes a list for a string that has a format, as interval: [3s].
var listOfFormatted = regexp.MustCompile(`: \[\S+\]$`)

// schemaOnly are the parts of a Deployment of which failover knows the form and not
// the rules: there the API server may be stricter. docs/validation.md says so.
var schemaOnly = regexp.MustCompile(`^\.spec\.template\.spec\.(\w+:|(affinity|dnsConfig|dnsPolicy|hostAliases|hostUsers|hostname|imagePullSecrets|initContainers|nodeName|nodeSelector|os|overhead|preemptionPolicy|priorityClassName|readinessGates|resourceClaims|resources|runtimeClassName|schedulingGates|schedulingGroup|securityContext|serviceAccountName|subdomain|tolerations|topologySpreadConstraints|volumes|hostNetwork|terminationGracePeriodSeconds|containers\[0\]\.(restartPolicy|restartPolicyRules|securityContext|volumeDevices|volumeMounts))\b)`)

// ofTheCluster is what one cluster takes and another one does not: the ranges of its
// addresses and ports, and its families of addresses.
var ofTheCluster = regexp.MustCompile(`provided port is not in the valid range|not in the valid range|not configured on this cluster|failed to allocate|provided IP`)

// TestVerdict creates what the golden cases render, mutants of it and random
// objects in server-side dry runs: the API server and failover accept the same.
func TestVerdict(t *testing.T) {
	c := startCluster(t)
	rendered, err := mutate.Rendered("../testdata")
	require.NoError(t, err)
	breakers, err := mutate.RuleBreakers("../testdata")
	require.NoError(t, err)
	compared, accepted := map[string]int{}, 0
	for _, candidate := range candidates(rendered, breakers) {
		if listOfFormatted.MatchString(candidate.Change) {
			continue
		}
		if metadata, isMap := candidate.Value["metadata"].(map[string]any); isMap {
			metadata["namespace"] = "default"
		}
		data, err := json.Marshal(candidate.Value)
		require.NoError(t, err)
		kind := fmt.Sprint(candidate.Value["kind"])
		theirs := c.DryRun(t.Context(), resourceOf(candidate.Value), data)
		ours := verdict(t, kind, data)
		compared[kind]++
		if theirs == nil {
			accepted++
		}
		if theirs != nil && len(ours) == 0 && (schemaOnly.MatchString(candidate.Change) || ofTheCluster.MatchString(theirs.Error())) {
			continue
		}
		assert.Equal(t, theirs == nil, len(ours) == 0, "%s %s\nthe API server: %v\nfailover: %v", kind, candidate.Change, theirs, ours)
	}
	t.Logf("%v objects compared, %d of them accepted", compared, accepted)
	assert.Greater(t, compared["Deployment"]+compared["Service"], 2000)
	assert.Greater(t, compared["HTTPRoute"]+compared["BackendTrafficPolicy"], 100)
}

// candidates returns the objects themselves, a sample of their mutants, and
// random ones of each kind of a CRD; all mutants where E2E_LONG is set.
func candidates(rendered, breakers []map[string]any) []mutate.Mutant {
	random := rand.New(rand.NewPCG(1, 2))
	var found []mutate.Mutant
	for _, object := range breakers {
		found = append(found, mutate.Mutant{Change: "breaks a rule", Value: object})
	}
	for _, object := range rendered {
		apiVersion, kind := fmt.Sprint(object["apiVersion"]), fmt.Sprint(object["kind"])
		node := cmp.Or(crd.Schema(*envoyGatewayVersion, apiVersion, kind), builtin.Schema(apiVersion, kind))
		if node == nil {
			continue // of a version of the API that this Envoy Gateway does not have
		}
		found = append(found, mutate.Mutant{Change: "as it is", Value: object})
		found = append(found, sample(mutate.All(object, node), perShape, random)...)
		if builtin.Knows(apiVersion, kind) {
			continue
		}
		value := mutate.Random(node, random, 0).(map[string]any)
		value["apiVersion"], value["kind"], value["metadata"] = apiVersion, kind, map[string]any{"name": "random"}
		delete(value, "status")
		found = append(found, mutate.Mutant{Change: "random", Value: value})
	}
	found = append(found, sample(mutate.Workloads(), perKind, random)...)
	found = append(found, sample(mutate.Rollouts(), perKind, random)...)
	return append(found, sample(mutate.Services(), perKind, random)...)
}

// sample returns some mutants, or all where E2E_LONG is set.
func sample(mutants []mutate.Mutant, size int, random *rand.Rand) []mutate.Mutant {
	if *long {
		return mutants
	}
	random.Shuffle(len(mutants), func(i, j int) { mutants[i], mutants[j] = mutants[j], mutants[i] })
	return mutants[:min(size, len(mutants))]
}

func verdict(t *testing.T, kind string, data []byte) field.ErrorList {
	documents, err := document.Parse(data, kind)
	require.NoError(t, err)
	value, errs := document.Value(documents[0].Node)
	if len(errs) > 0 {
		return errs
	}
	return apiserver.Validate(*envoyGatewayVersion, value.(map[string]any))
}

// TestRandomSpecs renders valid FailoverSpecs, a thousand in the long form: the API
// server takes every object.
func TestRandomSpecs(t *testing.T) {
	c := startCluster(t)
	var specs strings.Builder
	count := 250
	if *long {
		count = 1000
	}
	for number := range count {
		data, err := json.Marshal(randomspec.New(number, target.Target(targets[*envoyGatewayVersion])))
		require.NoError(t, err)
		fmt.Fprintf(&specs, "---\n%s\n", data)
	}
	documents, err := document.Parse([]byte(render(t, specs.String())), "rendered")
	require.NoError(t, err)
	for _, doc := range documents {
		value, errs := document.Value(doc.Node)
		require.Empty(t, errs)
		object := value.(map[string]any)
		object["metadata"].(map[string]any)["namespace"] = "default" // the others are not there
		data, err := json.Marshal(object)
		require.NoError(t, err)
		require.NoError(t, c.DryRun(t.Context(), resourceOf(object), data), string(data))
	}
	t.Logf("%d objects accepted", len(documents))
}

// TestTarget gives failover the CRDs of a cluster, as kubectl prints them: it names
// the Envoy Gateway that runs.
func TestTarget(t *testing.T) {
	c := startCluster(t)
	crds := kubectl(t, c, "get crd --output yaml")
	failover := exec.CommandContext(t.Context(), installed.Failover, "target", "-")
	failover.Stdin = strings.NewReader(crds)
	recognized, err := failover.CombinedOutput()
	require.NoError(t, err, string(recognized))
	assert.Contains(t, string(recognized), "Envoy Gateway ")
	assert.Contains(t, string(recognized), "target: envoy-gateway-"+*envoyGatewayVersion+"\n")
	t.Log(string(recognized))
}
