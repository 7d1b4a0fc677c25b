package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failover-krm/failover/e2e/cluster"
)

// expected are the conditions that say that a resource is in force, by kind, and
// where in the status of the kind they are.
var expected = []struct {
	kind, path string
	conditions []string
}{
	{"deployment", ".status", []string{"Available"}},
	{"gateway", ".status", []string{"Accepted", "Programmed"}},
	{"gateway", ".status.listeners[0]", []string{"Accepted", "Programmed", "ResolvedRefs"}},
	{"httproute", ".status.parents[0]", []string{"Accepted", "ResolvedRefs"}},
	{"grpcroute", ".status.parents[0]", []string{"Accepted", "ResolvedRefs"}},
	{"tlsroute", ".status.parents[0]", []string{"Accepted", "ResolvedRefs"}},
	{"tcproute", ".status.parents[0]", []string{"Accepted", "ResolvedRefs"}},
	{"backend", ".status", []string{"Accepted"}},
	{"backendtrafficpolicy", ".status.ancestors[0]", []string{"Accepted"}},
}

// waitUntilInForce waits for the expected conditions of all resources in the
// namespaces, and then makes sure that no condition speaks against any.
func waitUntilInForce(t *testing.T, c *cluster.Cluster, namespaces ...string) {
	t.Helper()
	for _, namespace := range namespaces {
		for _, e := range expected {
			if names, err := c.Kubectl(t.Context(), "", "get", e.kind, "--namespace", namespace, "--output", "name"); err == nil && names == "" {
				continue
			}
			for _, condition := range e.conditions {
				_, err := c.Kubectl(t.Context(), "", "wait", e.kind, "--all", "--namespace", namespace, "--timeout", "60s",
					fmt.Sprintf(`--for=jsonpath={%s.conditions[?(@.type=="%s")].status}=True`, e.path, condition))
				require.NoError(t, err)
			}
		}
		assertNothingSpeaksAgainst(t, c, namespace)
	}
}

// resource is an object of the cluster, as far as its conditions go.
type resource struct {
	Kind     string
	Metadata struct {
		Name       string
		Generation int64
	}
	Status struct {
		Conditions []condition
		Listeners  []struct{ Conditions []condition }
		Parents    []struct{ Conditions []condition }
		Ancestors  []struct{ Conditions []condition }
	}
}

type condition struct {
	Type, Status, Reason, Message string
	ObservedGeneration            int64
}

// assertNothingSpeaksAgainst fails the test for each condition of a resource of
// the gateway that is not true, or not of the resource as it is now.
func assertNothingSpeaksAgainst(t *testing.T, c *cluster.Cluster, namespace string) {
	t.Helper()
	output, err := c.Kubectl(t.Context(), "", "get", "gateway,httproute,grpcroute,tlsroute,tcproute,backend,backendtrafficpolicy", "--namespace", namespace, "--output", "json")
	require.NoError(t, err)
	var list struct{ Items []resource }
	require.NoError(t, json.NewDecoder(strings.NewReader(output)).Decode(&list))
	for _, r := range list.Items {
		conditions := r.Status.Conditions
		for _, part := range [][]struct{ Conditions []condition }{r.Status.Listeners, r.Status.Parents, r.Status.Ancestors} {
			for _, p := range part {
				conditions = append(conditions, p.Conditions...)
			}
		}
		assert.NotEmpty(t, conditions, "%s %s", r.Kind, r.Metadata.Name)
		for _, condition := range conditions {
			assert.Equal(t, "True", condition.Status, "%s %s: %s: %s: %s", r.Kind, r.Metadata.Name, condition.Type, condition.Reason, condition.Message)
			assert.Equal(t, r.Metadata.Generation, condition.ObservedGeneration, "%s %s: %s", r.Kind, r.Metadata.Name, condition.Type)
		}
	}
}
