package translation

import (
	"cmp"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failover-krm/failover/e2e/programs"
	"github.com/failover-krm/failover/pkg/envoygateway"
)

// The flags that the suite has too mean the same here. Each has a variable, since
// 'go test ./...' hands flags to packages that don't know them.
var (
	required = flag.Bool("require", os.Getenv("E2E_REQUIRE") != "",
		"fail where egctl can't be built, instead of skipping the comparison (E2E_REQUIRE)")
	envoyGateway = flag.String("envoy-gateway", cmp.Or(os.Getenv("E2E_ENVOY_GATEWAY"), "1.8.2"),
		"version of Envoy Gateway, one of those under tools (E2E_ENVOY_GATEWAY)")
	long = flag.Bool("long", os.Getenv("E2E_LONG") != "",
		"compare all sets of manifests, not a hundred of them (E2E_LONG)")
	seed = flag.Uint64("seed", 1, "of the mutations")
)

// TestTranslation compares the model with egctl.
func TestTranslation(t *testing.T) {
	egctl, err := programs.Egctl(t.Context(), "../tools", *envoyGateway)
	if err != nil && !*required {
		t.Skip(err)
	}
	require.NoError(t, err)
	c := &comparison{egctl: egctl, skipped: map[string]int{}, seen: map[string]int{}, excused: map[string]int{}}
	base := rendered(t)
	base = append(base, preferringOwnZone(t, base))
	sources := append(slices.Clone(base), upstream(t, moduleDirectory(t))...)
	count := 1000
	if !*long {
		sources, count = append(every(sources, 8), ofOtherRoutes(base)...), 50
		sources = append(sources, base[len(base)-1])
	}
	for _, set := range append(sources, mutated(base, count)...) {
		c.add(t, set)
	}
	const inOneCall = 40
	for batch := range slices.Chunk(c.sets, inOneCall) {
		c.compare(t, batch)
		t.Logf("%d of %d sets compared", c.compared, len(c.sets))
	}
	t.Logf("%d facts; left out: %v; excused: %v; seen: %v", c.facts, c.skipped, c.excused, c.seen)
	if *long {
		assert.GreaterOrEqual(t, c.compared, 1000)
		for _, expected := range worthSeeing() {
			assert.NotZero(t, c.seen[expected], "no set leads to %s", expected)
		}
	}
}

// every returns one in n of the sets.
func every(sets []*manifests, n int) []*manifests {
	var some []*manifests
	for i := 0; i < len(sets); i += n {
		some = append(some, sets[i])
	}
	return some
}

// ofOtherRoutes returns the sets with a route that is no HTTPRoute: there are few of them.
func ofOtherRoutes(sets []*manifests) []*manifests {
	return slices.DeleteFunc(slices.Clone(sets), func(set *manifests) bool { return len(set.of("GRPCRoute", "TCPRoute", "TLSRoute")) == 0 })
}

// moduleDirectory is where Go keeps the sources of a version of Envoy Gateway.
func moduleDirectory(t *testing.T) string {
	t.Helper()
	directory, err := programs.GatewayModule(t.Context(), "../tools", *envoyGateway)
	require.NoError(t, err)
	return directory
}

// mutated makes sets out of others, by one to four mutations each. The same seed
// makes the same sets.
func mutated(base []*manifests, count int) []*manifests {
	random := rand.New(rand.NewPCG(*seed, 0))
	var sets []*manifests
	for len(sets) < count {
		set := base[random.IntN(len(base))].clone("")
		var names []string
		for range 1 + random.IntN(4) {
			if m := mutations[random.IntN(len(mutations))]; m.apply(random, set) {
				names = append(names, m.name)
			}
		}
		set.name = fmt.Sprintf("%d: %s", len(sets), strings.Join(names, ", "))
		sets = append(sets, set)
	}
	return sets
}

// comparison collects sets, and what they come to.
type comparison struct {
	egctl           string
	sets            []*manifests
	compared, facts int
	// skipped counts the sets that cannot be compared, by reason.
	skipped map[string]int
	// excused counts the differences that stay, by reason.
	excused map[string]int
	// seen counts what the model says: outcomes, and the reasons for them.
	seen map[string]int
}

// add takes a set that the API server takes.
func (c *comparison) add(t *testing.T, set *manifests) {
	t.Helper()
	prepared := set.prefixed(fmt.Sprintf("s%d-", len(c.sets)))
	if err := prepared.prepare(t, *envoyGateway); err != nil {
		c.skipped["the API server refuses it"]++
		return
	}
	if reason := incomparable(prepared); reason != "" {
		c.skipped[reason]++
		return
	}
	c.sets = append(c.sets, prepared)
}

// incomparable says why the two sides are not given the same, or nothing.
func incomparable(set *manifests) string {
	names := map[string]bool{}
	for _, o := range set.objects {
		name := o.kind() + " " + o.namespace() + "/" + o.name()
		if names[name] {
			return "two objects of one name, as no API server has"
		}
		names[name] = true
	}
	for _, service := range set.of("Service") {
		if service.text("spec", "clusterIP") == "None" {
			return "a headless Service: egctl reads no EndpointSlices"
		}
	}
	for _, gateway := range set.of("Gateway") {
		for _, listener := range gateway.list("spec", "listeners") {
			if len(listener.list("tls", "certificateRefs")) > 0 {
				return "a certificate, which the model takes for valid"
			}
		}
	}
	for _, route := range set.of("HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute") {
		for _, parent := range route.list("spec", "parentRefs") {
			if strings.HasSuffix(parent.text("kind"), "ListenerSet") {
				return "a route on a ListenerSet, which neither side reads"
			}
		}
	}
	for _, o := range set.of("Backend", "BackendTLSPolicy") {
		if o.at("spec", "tls", "caCertificateRefs") != nil || o.at("spec", "validation", "caCertificateRefs") != nil || o.at("spec", "tls", "clientCertificateRef") != nil {
			return "a certificate, which the model takes for valid"
		}
	}
	for _, filter := range set.of("HTTPRouteFilter") {
		if filter.at("spec", "credentialInjection") != nil || filter.at("spec", "directResponse", "body", "valueRef") != nil {
			return "a Secret or ConfigMap, which the model takes for valid"
		}
	}
	return ""
}

func (c *comparison) compare(t *testing.T, sets []*manifests) {
	t.Helper()
	answers := translate(t, c.egctl, sets)
	for _, set := range sets {
		if refused := answers[set].refused; refused != nil {
			c.skipped["egctl refuses it, without a word on others"]++
			t.Logf("%s: %v", set.name, refused)
			continue
		}
		prefix := set.prefix()
		result := envoygateway.Translate(set.typed(t), envoygateway.Options{EnvoyGateway: *envoyGateway, ServiceRouting: true})
		c.see(result)
		model := ofModel(result, set)
		c.compared++
		c.facts += len(model)
		found := slices.DeleteFunc(differences(model, ofEgctl(answers[set].told, set, prefix)), func(d difference) bool {
			reason := excuse(d, result)
			if reason != "" {
				c.excused[reason]++
			}
			return reason != ""
		})
		if len(found) > 0 {
			t.Errorf("%s (%s): the model says otherwise:\n    %s", set.name, prefix, strings.Join(texts(found), "\n    "))
		}
	}
}

func texts(found []difference) []string {
	var texts []string
	for _, d := range found {
		texts = append(texts, d.String())
	}
	return texts
}

// excuses are the differences that stay, each with its reason.
var excuses = []struct {
	reason string
	covers func(d difference, result envoygateway.Result) bool
}{
	{
		"Envoy Gateway sets Accepted to True again for a route that no listener takes, if some of its rules are dropped and some are not",
		func(d difference, result envoygateway.Result) bool {
			for _, route := range result.Routes {
				dropped := slices.ContainsFunc(route.Rules, func(rule envoygateway.Rule) bool { return rule.Refused != nil })
				for _, parent := range route.Parents {
					about := fmt.Sprintf("accepted %s %s", route.Object, parent.Path)
					if d.about == about && d.egctl == "true" && dropped && len(parent.Listeners) == 0 {
						return true
					}
				}
			}
			return false
		},
	},
}

// excuse returns the reason why a difference stays, or nothing.
func excuse(d difference, result envoygateway.Result) string {
	for _, e := range excuses {
		if e.covers(d, result) {
			return e.reason
		}
	}
	return ""
}

// see counts what the model says of a set.
func (c *comparison) see(result envoygateway.Result) {
	for _, route := range result.Routes {
		for _, parent := range route.Parents {
			c.seen["parent "+string(parent.Reason)]++
		}
		for _, rule := range route.Rules {
			if rule.Refused != nil {
				c.seen["refused "+string(rule.Refused.Reason)]++
			}
			for _, attachment := range rule.Attachments {
				c.seen[route.Object.Kind+" "+string(attachment.Outcome)]++
				for _, cause := range attachment.Causes {
					c.seen[string(attachment.Outcome)+" "+string(cause.Reason)]++
				}
				if len(attachment.Policy.From) > 1 {
					c.seen["merged or layered policy"]++
				}
			}
		}
	}
	for _, policy := range result.Policies {
		for _, target := range policy.Targets {
			if target.Ignored != nil {
				c.seen["policy "+string(target.Ignored.Reason)]++
			}
			if len(target.Overridden) > 0 {
				c.seen["policy overridden"]++
			}
		}
	}
}

// worthSeeing is what a full comparison must have met, or it proves too little.
func worthSeeing() []string {
	expected := []string{
		"HTTPRoute Cluster", "HTTPRoute WeightedClusters", "HTTPRoute DirectResponse", "HTTPRoute Redirect",
		"GRPCRoute Cluster", "GRPCRoute WeightedClusters", "GRPCRoute DirectResponse", "TCPRoute Cluster", "TLSRoute Cluster",
		"WeightedClusters BackendNotFound", "WeightedClusters BackendRefFilters", "WeightedClusters InvalidAddress", "WeightedClusters InvalidKind",
		"WeightedClusters MixedAddressTypes", "WeightedClusters MixedProtocols", "WeightedClusters RefNotPermitted", "WeightedClusters ZoneAware",
		"WeightedClusters PreferLocal", "WeightedClusters PortNotFound", "WeightedClusters UnsupportedAddressType", "WeightedClusters UnsupportedValue",
		"DirectResponse NoWeight", "DirectResponse PolicyInvalid", "DirectResponse BackendNotFound", "DirectResponse InvalidBackendRef",
		"parent Accepted", "parent ListenerNotReady", "parent NoMatchingListenerHostname", "parent NoMatchingParent", "parent NotAllowedByListeners",
		"parent OtherController", "refused UnsupportedValue", "merged or layered policy", "policy Conflicted", "policy TargetNotFound", "policy overridden",
	}
	if *envoyGateway == "1.9.1" {
		expected = append(expected, "WeightedClusters MixedAutoSNI")
	}
	return expected
}
