package crd

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	exprpb "google.golang.org/genproto/googleapis/api/expr/v1alpha1"
	"google.golang.org/protobuf/proto"

	"github.com/failover-krm/failover/pkg/apiserver/schema"
)

// TestEveryRuleCanRun finds a function that a CRD's rule calls and planner does
// not have, or that the runtime does not know what to do with.
func TestEveryRuleCanRun(t *testing.T) {
	known := map[string]bool{}
	for _, function := range functions() {
		for _, overload := range function.OverloadDecls() {
			known[overload.ID()] = true
		}
	}
	seen := map[*schema.Node]bool{}
	rules := 0
	var visit func(node *schema.Node, path string)
	visit = func(node *schema.Node, path string) {
		if node == nil || seen[node] {
			return
		}
		seen[node] = true
		for i := range node.Rules {
			rules++
			_, err := programOf(&node.Rules[i])
			require.NoError(t, err, "%s: %s", path, node.Rules[i].Text)
			var checked exprpb.CheckedExpr
			require.NoError(t, proto.Unmarshal([]byte(node.Rules[i].Checked), &checked))
			for _, reference := range checked.GetReferenceMap() {
				for _, overload := range reference.GetOverloadId() {
					assert.Contains(t, known, overload, "%s: %s", path, node.Rules[i].Text)
				}
			}
		}
		for _, field := range node.Fields {
			visit(field.Node, path+"."+field.Name)
		}
		visit(node.Items, path+"[]")
		visit(node.Values, path+"{}")
	}
	for _, release := range releases {
		for _, kind := range release.kinds {
			visit(kind.schema, release.envoyGateway+" "+kind.name)
		}
	}
	assert.Greater(t, rules, 100)
}
