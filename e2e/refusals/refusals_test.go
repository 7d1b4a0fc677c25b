package refusals

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strings"
	"testing"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	gwapiv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/failover-krm/failover/internal/mutate"
	"github.com/failover-krm/failover/pkg/apiserver/crd"
	"github.com/failover-krm/failover/pkg/apiserver/schema"
	"github.com/failover-krm/failover/pkg/document"
	"github.com/failover-krm/failover/pkg/envoygateway"
)

// kinds has what is compared, and the version of its API.
var kinds = map[string]string{
	"Backend":              egv1a1.GroupVersion.String(),
	"BackendTrafficPolicy": egv1a1.GroupVersion.String(),
	"HTTPRouteFilter":      egv1a1.GroupVersion.String(),
	"Gateway":              gwapiv1.GroupVersion.String(),
	"HTTPRoute":            gwapiv1.GroupVersion.String(),
	"GRPCRoute":            gwapiv1.GroupVersion.String(),
}

// TestValidate shows objects that an API server accepts, with fields at their
// edges, to Envoy Gateway's translation and to package envoygateway.
func TestValidate(t *testing.T) {
	program := translator(t)
	total := map[envoygateway.Consequence]int{}
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		t.Run(kind, func(t *testing.T) {
			candidates := candidates(t, kind)
			for i, outcome := range translate(t, program, kind, candidates) {
				want := observed(kind, outcome)
				total[want]++
				consequences, refusals := validate(candidates[i].Value)
				assert.Contains(t, predicted(kind, consequences), want, "%s %s\nEnvoy Gateway: %s\nfailover: %v", kind, candidates[i].Change, outcome.why(), refusals)
			}
		})
	}
	t.Logf("Envoy Gateway %s: %v", *envoyGatewayVersion, total)
}

// candidates returns objects that an API server accepts.
func candidates(t *testing.T, kind string) []mutate.Mutant {
	t.Helper()
	node := crd.Schema(*envoyGatewayVersion, kinds[kind], kind)
	require.NotNil(t, node)
	var objects []map[string]any
	var found []mutate.Mutant
	for i, shape := range shapes[kind] {
		object := manifest(t, kind, shape, node)
		if !accepts(object) {
			t.Logf("shape %d of %s is not for %s", i, kind, *envoyGatewayVersion)
			continue
		}
		objects = append(objects, object)
		found = append(found, mutate.Mutant{Change: fmt.Sprintf("shape %d", i), Value: object})
	}
	for i, object := range objects {
		for _, mutant := range mutate.Edges(object, node, fixed...) {
			if accepts(mutant.Value) {
				mutant.Change = fmt.Sprintf("shape %d %s", i, mutant.Change)
				found = append(found, mutant)
			}
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	pairs := len(found)
	if *count > 0 {
		random.Shuffle(len(found), func(i, j int) { found[i], found[j] = found[j], found[i] })
		found = found[:min(len(found), *count/len(kinds))]
		pairs = *count / 10
	}
	return append(found, mutate.EdgePairs(objects, node, pairs, random, accepts, fixed...)...)
}

// manifest makes an object of a shape, without the fields that a version lacks.
func manifest(t *testing.T, kind, shape string, node *schema.Node) map[string]any {
	t.Helper()
	spec := map[string]any{}
	decode(t, []byte(shape), &spec)
	prune(spec, node.Field("spec"))
	return map[string]any{"apiVersion": kinds[kind], "kind": kind, "metadata": map[string]any{"name": "shop", "namespace": "web"}, "spec": spec}
}

func decode(t *testing.T, text []byte, into *map[string]any) {
	t.Helper()
	documents, err := document.Parse(text, "shape")
	require.NoError(t, err)
	value, errs := document.Value(documents[0].Node)
	require.Empty(t, errs)
	*into = value.(map[string]any)
}

// fixed are those paths of attachments.
var fixed = []string{".spec.targetRefs", ".spec.gatewayClassName"}

// attachments are the fields by which an object of a kind is in use.
func attachments(kind string) map[string]any {
	switch kind {
	case "BackendTrafficPolicy":
		return map[string]any{"targetRefs": []any{map[string]any{"group": gwapiv1.GroupName, "kind": "HTTPRoute", "name": "shop"}}}
	case "Gateway":
		return map[string]any{"gatewayClassName": "eg"}
	default:
		return nil
	}
}

// prune removes the fields that a schema does not know.
func prune(value any, node *schema.Node) {
	switch value := value.(type) {
	case map[string]any:
		for name, child := range value {
			switch {
			case node.Field(name) != nil:
				prune(child, node.Field(name))
			case node != nil && node.Values != nil:
				prune(child, node.Values)
			case node != nil && node.Type == schema.Object:
				delete(value, name)
			}
		}
	case []any:
		for _, item := range value {
			prune(item, node.Item())
		}
	}
}

// accepts tells whether an API server accepts an object, once it is in use and has
// its defaults.
func accepts(object map[string]any) bool {
	if spec, isMap := object["spec"].(map[string]any); isMap {
		maps.Copy(spec, attachments(fmt.Sprint(object["kind"])))
	}
	crd.Default(*envoyGatewayVersion, object)
	return len(crd.Validate(*envoyGatewayVersion, object)) == 0
}

// validate returns what package envoygateway says of an object, and the
// consequences with those of references to objects that are not there.
func validate(value map[string]any) ([]envoygateway.Consequence, []envoygateway.Refusal) {
	object, refusals := envoygateway.Read(value)
	if object != nil {
		refusals = envoygateway.Validate(*envoyGatewayVersion, object)
	}
	var consequences []envoygateway.Consequence
	for _, refusal := range refusals {
		consequences = append(consequences, refusal.Consequence)
	}
	for _, reference := range envoygateway.References(*envoyGatewayVersion, object) {
		if !slices.Contains(there, fmt.Sprint(reference.GroupKind, " ", reference.Namespace, "/", reference.Name)) {
			consequences = append(consequences, reference.Consequence)
		}
	}
	return consequences, refusals
}

// outcome is what the program under tools/translate writes.
type outcome struct {
	LoadError, IRError, XDSError, Panic string
	Resources                           map[string]any
	Routes                              map[string]string
}

// translate returns what becomes of each candidate among the objects that it
// needs.
func translate(t *testing.T, program, kind string, candidates []mutate.Mutant) []outcome {
	t.Helper()
	var input bytes.Buffer
	encoder := json.NewEncoder(&input)
	needed := around(t)
	for _, candidate := range candidates {
		require.NoError(t, encoder.Encode(map[string]any{"objects": append(slices.Clone(needed), surroundings(t, kind, candidate.Value)...)}))
	}
	command := exec.CommandContext(t.Context(), program)
	command.Stdin = &input
	var complaint bytes.Buffer
	command.Stderr = &complaint
	output, err := command.Output()
	require.NoError(t, err, complaint.String())
	var outcomes []outcome
	decoder := json.NewDecoder(bytes.NewReader(output))
	for {
		var one outcome
		err := decoder.Decode(&one)
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		outcomes = append(outcomes, one)
	}
	require.Len(t, outcomes, len(candidates))
	return outcomes
}

// why says what an outcome follows from.
func (o outcome) why() string {
	var falses []string
	for kind, objects := range o.Resources {
		visit(objects, func(condition map[string]any) {
			if condition["status"] == "False" || condition["type"] == "PartiallyInvalid" || condition["type"] == "Conflicted" {
				falses = append(falses, fmt.Sprint(kind, " ", condition["type"], ": ", condition["message"]))
			}
		})
	}
	slices.Sort(falses)
	text, _ := json.Marshal(map[string]any{"load": o.LoadError, "ir": o.IRError, "xds": last(o.XDSError), "panic": o.Panic, "conditions": falses, "routes": o.Routes})
	return string(text)
}

// last returns the end of an error, where its cause is.
func last(text string) string { return text[max(0, len(text)-400):] }

func visit(value any, call func(map[string]any)) {
	switch value := value.(type) {
	case map[string]any:
		call(value)
		for _, child := range value {
			visit(child, call)
		}
	case []any:
		for _, child := range value {
			visit(child, call)
		}
	}
}

// accepted is the consequence of an object that is taken.
const accepted envoygateway.Consequence = ""

// observed returns the consequence that an outcome shows.
func observed(kind string, o outcome) envoygateway.Consequence {
	if o.LoadError != "" {
		return envoygateway.Unreadable
	}
	if o.IRError != "" || o.XDSError != "" || o.Panic != "" {
		return envoygateway.Frozen
	}
	states := map[string]bool{}
	for resource, objects := range o.Resources {
		visit(objects, func(condition map[string]any) {
			states[fmt.Sprint(resource, " ", condition["type"], "=", condition["status"])] = true
		})
	}
	directResponse := slices.Contains(slices.Collect(maps.Values(o.Routes)), "500")
	switch kind {
	case "Backend":
		if states["backends Accepted=False"] || states["httpRoutes ResolvedRefs=False"] {
			return envoygateway.InvalidBackend
		}
	case "Gateway":
		if states["gateways Programmed=False"] || states["gateways Conflicted=True"] {
			return envoygateway.NotProgrammed
		}
	default:
		switch {
		case directResponse:
			return envoygateway.DirectResponse500
		case states["httpRoutes Accepted=False"] || states["grpcRoutes Accepted=False"]:
			return envoygateway.NotFound404
		case states["backendTrafficPolicies Accepted=False"]:
			return "NotAccepted"
		}
	}
	return accepted
}

// masks has the consequences in the order in which one hides the next: a route
// that answers 500 makes no cluster that could be wrong.
var masks = []envoygateway.Consequence{
	envoygateway.Unreadable, envoygateway.NotFound404, envoygateway.DirectResponse500, envoygateway.InvalidBackend, envoygateway.NotProgrammed, envoygateway.Frozen,
}

// predicted returns what may be seen of all consequences together. The headers of a
// route are in its configuration even where it answers 500.
func predicted(kind string, consequences []envoygateway.Consequence) []envoygateway.Consequence {
	for _, consequence := range masks {
		if !slices.Contains(consequences, consequence) {
			continue
		}
		possible := []envoygateway.Consequence{consequence}
		if strings.HasPrefix(kind, "HTTPRoute") && consequence == envoygateway.DirectResponse500 && slices.Contains(consequences, envoygateway.Frozen) {
			possible = append(possible, envoygateway.Frozen)
		}
		return possible
	}
	return []envoygateway.Consequence{accepted}
}

// surroundings returns an object with those that use it, or that it uses.
func surroundings(t *testing.T, kind string, object map[string]any) []map[string]any {
	t.Helper()
	const rules = "rules: [{backendRefs: [{group: gateway.envoyproxy.io, kind: Backend, name: shop}, {group: gateway.envoyproxy.io, kind: Backend, name: standby}]}]"
	specs := map[string]string{
		"Gateway":   `{gatewayClassName: eg, listeners: [{name: http, protocol: HTTP, port: 80}]}`,
		"Backend":   `{endpoints: [{fqdn: {hostname: shop.web.svc.cluster.local, port: 8080}}]}`,
		"HTTPRoute": `{parentRefs: [{name: shop}], ` + rules + `}`,
	}
	switch kind {
	case "HTTPRouteFilter":
		specs["HTTPRoute"] = strings.Replace(specs["HTTPRoute"], "rules: [{",
			"rules: [{filters: [{type: ExtensionRef, extensionRef: {group: gateway.envoyproxy.io, kind: HTTPRouteFilter, name: shop}}], ", 1)
	case "Backend":
		if object["spec"].(map[string]any)["type"] == "DynamicResolver" { // which must be the only one
			specs["HTTPRoute"] = strings.Replace(specs["HTTPRoute"], ", {group: gateway.envoyproxy.io, kind: Backend, name: standby}", "", 1)
		}
	case "HTTPRoute", "GRPCRoute":
		object = withBackends(t, object)
		delete(specs, "HTTPRoute")
	}
	delete(specs, kind)
	objects := []map[string]any{object}
	for _, other := range slices.Sorted(maps.Keys(specs)) {
		made := manifest(t, other, specs[other], crd.Schema(*envoyGatewayVersion, kinds[other], other))
		require.True(t, accepts(made), other)
		objects = append(objects, made)
	}
	return objects
}

// withBackends gives each rule of a route the two tiers, and the route its Gateway.
func withBackends(t *testing.T, route map[string]any) map[string]any {
	t.Helper()
	data, err := json.Marshal(route)
	require.NoError(t, err)
	var copied map[string]any
	require.NoError(t, json.Unmarshal(data, &copied))
	spec := copied["spec"].(map[string]any)
	spec["parentRefs"] = []any{map[string]any{"name": "shop"}}
	rules, _ := spec["rules"].([]any)
	for _, rule := range rules {
		rule.(map[string]any)["backendRefs"] = []any{
			map[string]any{"group": egv1a1.GroupName, "kind": "Backend", "name": "shop"},
			map[string]any{"group": egv1a1.GroupName, "kind": "Backend", "name": "standby"},
		}
	}
	crd.Default(*envoyGatewayVersion, copied)
	return copied
}
